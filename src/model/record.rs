//! Records of `__consumer_offsets`: all that a coordinator knows for good.
//!
//! A record replaces the earlier one of its key; without a value it is a tombstone
//! (kafka-semantics 7.2, `GroupCoordinatorRecordHelpers`).

pub mod consumer;
mod key;
pub mod modern;
pub mod share;

use super::Name;
use super::consumer_protocol::ProtocolBytes;
use super::uuid::Uuid;
use consumer::{ConsumerMemberValue, CurrentAssignmentValue, RegexKey, RegexValue};
pub use key::{RecordKey, clean};
use modern::{EpochValue, ModernGroupKey, ModernMemberKey, TargetMemberValue, TargetMetadataValue};
use serde::{Deserialize, Serialize};
use share::{ShareAssignmentValue, ShareMemberValue, SharePartitionsValue};

/// One record: key, and value or tombstone.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "type", deny_unknown_fields)]
pub enum Record {
    /// A committed offset.
    OffsetCommit {
        /// Group, topic, partition.
        key: OffsetCommitKey,
        /// The offset.
        value: Option<OffsetCommitValue>,
        /// The producer whose transaction it is part of.
        #[serde(rename = "producerId", default, skip_serializing_if = "Option::is_none")]
        producer_id: Option<i64>,
    },
    /// The marker of a transaction's end.
    EndTransaction {
        /// The producer whose transaction it was.
        #[serde(rename = "producerId")]
        producer_id: i64,
        /// Whether it was committed; otherwise it was aborted.
        commit: bool,
    },
    /// A classic group at a generation.
    GroupMetadata {
        /// The group.
        key: GroupKey,
        /// Generation, members and assignment.
        value: Option<GroupMetadataValue>,
    },
    /// A consumer group at an epoch.
    ConsumerGroupMetadata {
        /// The group.
        key: ModernGroupKey,
        /// The epoch.
        value: Option<EpochValue>,
    },
    /// What Kafka before 4.0 kept of a group's topics; now only its tombstone is written.
    ConsumerGroupPartitionMetadata {
        /// The group.
        key: ModernGroupKey,
        /// Nothing.
        value: Option<()>,
    },
    /// A member of a consumer group.
    ConsumerGroupMemberMetadata {
        /// Group and member.
        key: ModernMemberKey,
        /// What it says about itself.
        value: Option<ConsumerMemberValue>,
    },
    /// The epoch of a consumer group's target assignment.
    ConsumerGroupTargetAssignmentMetadata {
        /// The group.
        key: ModernGroupKey,
        /// The epoch.
        value: Option<TargetMetadataValue>,
    },
    /// What a member of a consumer group is to own.
    ConsumerGroupTargetAssignmentMember {
        /// Group and member.
        key: ModernMemberKey,
        /// Its partitions.
        value: Option<TargetMemberValue>,
    },
    /// What a member of a consumer group owns.
    ConsumerGroupCurrentMemberAssignment {
        /// Group and member.
        key: ModernMemberKey,
        /// Its partitions, epoch and state.
        value: Option<CurrentAssignmentValue>,
    },
    /// A share group at an epoch.
    ShareGroupMetadata {
        /// The group.
        key: ModernGroupKey,
        /// The epoch.
        value: Option<EpochValue>,
    },
    /// A member of a share group.
    ShareGroupMemberMetadata {
        /// Group and member.
        key: ModernMemberKey,
        /// What it says about itself.
        value: Option<ShareMemberValue>,
    },
    /// The epoch of a share group's target assignment.
    ShareGroupTargetAssignmentMetadata {
        /// The group.
        key: ModernGroupKey,
        /// The epoch.
        value: Option<TargetMetadataValue>,
    },
    /// What a member of a share group is to read.
    ShareGroupTargetAssignmentMember {
        /// Group and member.
        key: ModernMemberKey,
        /// Its partitions.
        value: Option<TargetMemberValue>,
    },
    /// What a member of a share group reads.
    ShareGroupCurrentMemberAssignment {
        /// Group and member.
        key: ModernMemberKey,
        /// Its partitions and epoch.
        value: Option<ShareAssignmentValue>,
    },
    /// How far the share coordinator knows the partitions of a group.
    ShareGroupStatePartitionMetadata {
        /// The group.
        key: ModernGroupKey,
        /// The partitions.
        value: Option<SharePartitionsValue>,
    },
    /// What a regular expression of a consumer group matched.
    ConsumerGroupRegularExpression {
        /// Group and expression.
        key: RegexKey,
        /// Its topics.
        value: Option<RegexValue>,
    },
}

impl Record {
    /// The consumer group (KIP-848) that it is about; `None`: it is about something else.
    pub const fn consumer_group(&self) -> Option<&Name> {
        match self {
            Record::ConsumerGroupMetadata { key, .. }
            | Record::ConsumerGroupPartitionMetadata { key, .. }
            | Record::ConsumerGroupTargetAssignmentMetadata { key, .. } => Some(&key.group_id),
            Record::ConsumerGroupMemberMetadata { key, .. }
            | Record::ConsumerGroupTargetAssignmentMember { key, .. }
            | Record::ConsumerGroupCurrentMemberAssignment { key, .. } => Some(&key.group_id),
            Record::ConsumerGroupRegularExpression { key, .. } => Some(&key.group_id),
            _ => None,
        }
    }

    /// The share group (KIP-932) that it is about, and the member if it replaces one; `None`: it
    /// is about something else.
    pub const fn share_group(&self) -> Option<(&Name, Option<&Name>)> {
        match self {
            Record::ShareGroupMetadata { key, .. }
            | Record::ShareGroupTargetAssignmentMetadata { key, .. }
            | Record::ShareGroupStatePartitionMetadata { key, .. } => Some((&key.group_id, None)),
            Record::ShareGroupTargetAssignmentMember { key, .. } => Some((&key.group_id, None)),
            Record::ShareGroupMemberMetadata { key, .. }
            | Record::ShareGroupCurrentMemberAssignment { key, .. } => {
                Some((&key.group_id, Some(&key.member_id)))
            }
            _ => None,
        }
    }

    /// Group and member, if it replaces a member of a consumer or share group.
    pub const fn modern_member(&self) -> Option<(&Name, &Name)> {
        match self {
            Record::ConsumerGroupMemberMetadata { key, .. }
            | Record::ConsumerGroupCurrentMemberAssignment { key, .. }
            | Record::ShareGroupMemberMetadata { key, .. }
            | Record::ShareGroupCurrentMemberAssignment { key, .. } => {
                Some((&key.group_id, &key.member_id))
            }
            _ => None,
        }
    }

    /// The record as it stands in the log. An offset whose client said when it expires is written in
    /// a form that knows neither leader epochs nor topic ids
    /// (`GroupCoordinatorRecordHelpers.newOffsetCommitRecord`).
    pub fn written(&self) -> Record {
        let mut record = self.clone();
        if let Record::OffsetCommit { value: Some(value), .. } = &mut record
            && value.expire_timestamp != -1
        {
            value.leader_epoch = -1;
            value.topic_id = Uuid::ZERO;
        }
        record
    }

    /// Whether it says that there is nothing of its key any more.
    pub const fn is_tombstone(&self) -> bool {
        matches!(
            self,
            Record::OffsetCommit { value: None, .. }
                | Record::GroupMetadata { value: None, .. }
                | Record::ConsumerGroupMetadata { value: None, .. }
                | Record::ConsumerGroupPartitionMetadata { value: None, .. }
                | Record::ConsumerGroupMemberMetadata { value: None, .. }
                | Record::ConsumerGroupTargetAssignmentMetadata { value: None, .. }
                | Record::ConsumerGroupTargetAssignmentMember { value: None, .. }
                | Record::ConsumerGroupCurrentMemberAssignment { value: None, .. }
                | Record::ConsumerGroupRegularExpression { value: None, .. }
                | Record::ShareGroupMetadata { value: None, .. }
                | Record::ShareGroupMemberMetadata { value: None, .. }
                | Record::ShareGroupTargetAssignmentMetadata { value: None, .. }
                | Record::ShareGroupTargetAssignmentMember { value: None, .. }
                | Record::ShareGroupCurrentMemberAssignment { value: None, .. }
                | Record::ShareGroupStatePartitionMetadata { value: None, .. }
        )
    }
}

/// Key of a record about a group as a whole.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupKey {
    /// The group.
    pub group: Name,
}

/// Key of a committed offset.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OffsetCommitKey {
    /// The group.
    pub group: Name,
    /// The topic's name.
    pub topic: Name,
    /// The partition.
    pub partition: u32,
}

/// A committed offset.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct OffsetCommitValue {
    /// The next offset to read.
    pub offset: i64,
    /// Leader epoch of the last record read; −1: unknown.
    pub leader_epoch: i32,
    /// The client's note.
    pub metadata: Name,
    /// When it was committed (ms of the coordinator's clock).
    pub commit_timestamp: i64,
    /// When it expires, if an old client said so (ms); −1: by retention.
    pub expire_timestamp: i64,
    /// The topic's id.
    pub topic_id: Uuid,
}

impl Default for OffsetCommitValue {
    fn default() -> Self {
        OffsetCommitValue {
            offset: 0,
            leader_epoch: -1,
            metadata: "".into(),
            commit_timestamp: 0,
            expire_timestamp: -1,
            topic_id: Uuid::ZERO,
        }
    }
}

/// A classic group at a generation.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct GroupMetadataValue {
    /// Kind of group; empty: none yet.
    pub protocol_type: Name,
    /// The generation.
    pub generation: i32,
    /// The selected assignor.
    pub protocol: Option<Name>,
    /// Member id of the leader.
    pub leader: Option<Name>,
    /// When the group entered its state (ms of the coordinator's clock).
    pub current_state_timestamp: i64,
    /// Its members.
    pub members: Vec<MemberMetadata>,
}

impl Default for GroupMetadataValue {
    fn default() -> Self {
        GroupMetadataValue {
            protocol_type: "".into(),
            generation: 0,
            protocol: Some("".into()),
            leader: Some("".into()),
            current_state_timestamp: -1,
            members: Vec::new(),
        }
    }
}

/// A member of a classic group.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MemberMetadata {
    /// Its id.
    pub member_id: Name,
    /// `group.instance.id`
    pub group_instance_id: Option<Name>,
    /// `client.id`
    pub client_id: Name,
    /// Where it is.
    pub client_host: Name,
    /// Rebalance timeout (ms); −1: the session timeout.
    pub rebalance_timeout: i32,
    /// Session timeout (ms).
    pub session_timeout: i32,
    /// Its subscription for the selected assignor.
    pub subscription: ProtocolBytes,
    /// Its assignment.
    pub assignment: ProtocolBytes,
}

impl Default for MemberMetadata {
    fn default() -> Self {
        MemberMetadata {
            member_id: "".into(),
            group_instance_id: None,
            client_id: "".into(),
            client_host: "".into(),
            rebalance_timeout: -1,
            session_timeout: 0,
            subscription: ProtocolBytes::Empty,
            assignment: ProtocolBytes::Empty,
        }
    }
}
