//! Whether a consumer group accepts commits and fetches of offsets (KIP-1251, kafka-semantics
//! 4.10; `ConsumerGroup.validateOffsetCommit`).

use super::group::ConsumerGroup;
use super::member::Member;
use crate::model::Name;
use crate::model::error::ErrorCode;
use crate::model::uuid::Uuid;
use std::sync::Arc;

/// From this version on `OffsetCommit` knows member epochs.
const MEMBER_EPOCH_VERSION: i16 = 9;

/// A commit of an older epoch: accepted for partitions that the member has had since then.
pub(in crate::coordinator) struct OlderEpoch {
    member: Arc<Member>,
    epoch: i32,
}

impl OlderEpoch {
    /// Whether the partition may be committed. If not, nothing of the request is.
    pub(in crate::coordinator) fn check(
        &self,
        topic: Uuid,
        partition: u32,
    ) -> Result<(), ErrorCode> {
        let of = |owned: &super::super::modern::partitions::Owned| {
            owned.get(&topic).and_then(|partitions| partitions.get(&partition)).copied()
        };
        let since = of(&self.member.assigned).or_else(|| of(&self.member.revoking));
        if since.is_some_and(|since| self.epoch >= since) {
            Ok(())
        } else {
            Err(stale(&self.member))
        }
    }
}

/// What a member hears that uses another epoch: one of the classic protocol calls it generation.
fn stale(member: &Member) -> ErrorCode {
    match member.classic {
        Some(_) => ErrorCode::IllegalGeneration,
        None => ErrorCode::StaleMemberEpoch,
    }
}

impl ConsumerGroup {
    /// Whether the group accepts a commit of this member at this epoch; `Some`: depending on the
    /// partition.
    pub(in crate::coordinator) fn validate_commit(
        &self,
        member: &Name,
        epoch: i32,
        api_version: i16,
    ) -> Result<Option<OlderEpoch>, ErrorCode> {
        // An administrator, or a consumer that assigns its partitions itself.
        if epoch < 0 && self.members.is_empty() {
            return Ok(None);
        }
        let member = self.member(member).ok_or(ErrorCode::UnknownMemberId)?;
        if member.classic.is_none() && api_version < MEMBER_EPOCH_VERSION {
            return Err(ErrorCode::UnsupportedVersion);
        }
        match epoch.cmp(&member.epoch) {
            std::cmp::Ordering::Equal => Ok(None),
            std::cmp::Ordering::Greater => Err(stale(member)),
            std::cmp::Ordering::Less => Ok(Some(OlderEpoch { member: member.clone(), epoch })),
        }
    }

    /// Whether the group accepts a fetch of offsets; without a member everybody may.
    pub(in crate::coordinator) fn validate_fetch(
        &self,
        member: Option<&Name>,
        epoch: i32,
    ) -> Result<(), ErrorCode> {
        if member.is_none() && epoch < 0 {
            return Ok(());
        }
        let member = member.and_then(|id| self.member(id)).ok_or(ErrorCode::UnknownMemberId)?;
        if member.epoch == epoch { Ok(()) } else { Err(stale(member)) }
    }
}
