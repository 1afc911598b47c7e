//! Kafka's error codes, by Kafka's names.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What a response says went wrong (`org.apache.kafka.common.protocol.Errors`).
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the names are Kafka's")]
pub enum ErrorCode {
    #[default]
    None,
    UnknownServerError,
    OffsetOutOfRange,
    UnknownTopicOrPartition,
    NotLeaderOrFollower,
    RequestTimedOut,
    MessageTooLarge,
    OffsetMetadataTooLarge,
    CoordinatorLoadInProgress,
    CoordinatorNotAvailable,
    NotCoordinator,
    InvalidTopicException,
    RecordListTooLarge,
    NotEnoughReplicas,
    NotEnoughReplicasAfterAppend,
    InvalidFetchSize,
    IllegalGeneration,
    InconsistentGroupProtocol,
    InvalidGroupId,
    UnknownMemberId,
    InvalidSessionTimeout,
    RebalanceInProgress,
    InvalidRequest,
    UnsupportedVersion,
    KafkaStorageError,
    NonEmptyGroup,
    GroupIdNotFound,
    FencedLeaderEpoch,
    UnknownLeaderEpoch,
    OffsetNotAvailable,
    MemberIdRequired,
    GroupMaxSizeReached,
    FencedInstanceId,
    UnstableOffsetCommit,
    GroupSubscribedToTopic,
    FencedMemberEpoch,
    UnreleasedInstanceId,
    UnsupportedAssignor,
    StaleMemberEpoch,
    InvalidRegularExpression,
}

impl ErrorCode {
    /// Whether all went well.
    pub const fn is_none(self) -> bool {
        matches!(self, ErrorCode::None)
    }

    /// What a coordinator tells a client when writing its records failed with this error
    /// (`GroupMetadataManager.appendGroupMetadataErrorToResponseError`,
    /// `CoordinatorOperationExceptionHelper`).
    pub const fn of_failed_write(self) -> Self {
        match self {
            ErrorCode::UnknownTopicOrPartition
            | ErrorCode::NotEnoughReplicas
            | ErrorCode::RequestTimedOut => ErrorCode::CoordinatorNotAvailable,
            ErrorCode::NotLeaderOrFollower | ErrorCode::KafkaStorageError => {
                ErrorCode::NotCoordinator
            }
            ErrorCode::MessageTooLarge
            | ErrorCode::RecordListTooLarge
            | ErrorCode::InvalidFetchSize => ErrorCode::UnknownServerError,
            other => other,
        }
    }
}

impl fmt::Display for ErrorCode {
    /// Kafka's name: `UNKNOWN_MEMBER_ID`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_kafkas() {
        assert_eq!(ErrorCode::UnknownMemberId.to_string(), "UNKNOWN_MEMBER_ID");
    }
}
