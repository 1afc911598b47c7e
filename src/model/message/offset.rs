//! `OffsetCommit`, `OffsetFetch` and their like: where a group has got to.

use crate::model::Name;
use crate::model::error::ErrorCode;
use crate::model::uuid::Uuid;
use serde::{Deserialize, Serialize};

/// `OffsetCommit`: store positions of a group.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct OffsetCommitRequest {
    /// The group.
    pub group_id: Name,
    /// Generation or member epoch; negative without membership.
    pub generation_id_or_member_epoch: i32,
    /// The member.
    pub member_id: Name,
    /// `group.instance.id`
    pub group_instance_id: Option<Name>,
    /// Retention of old clients (ms); −1: the broker's.
    pub retention_time_ms: i64,
    /// What is committed.
    pub topics: Vec<OffsetCommitTopic>,
}

impl Default for OffsetCommitRequest {
    fn default() -> Self {
        OffsetCommitRequest {
            group_id: "".into(),
            generation_id_or_member_epoch: -1,
            member_id: "".into(),
            group_instance_id: None,
            retention_time_ms: -1,
            topics: Vec::new(),
        }
    }
}

/// Commits in one topic.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct OffsetCommitTopic {
    /// The topic's name.
    pub name: Name,
    /// Its id; the request layer fills it in.
    pub topic_id: Uuid,
    /// Commits by partition.
    pub partitions: Vec<OffsetCommitPartition>,
}

/// The commit of one partition.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct OffsetCommitPartition {
    /// The partition.
    pub partition_index: u32,
    /// The next offset to read.
    pub committed_offset: i64,
    /// Leader epoch of the last record read; −1: unknown.
    pub committed_leader_epoch: i32,
    /// The client's note.
    pub committed_metadata: Option<Name>,
}

impl Default for OffsetCommitPartition {
    fn default() -> Self {
        OffsetCommitPartition {
            partition_index: 0,
            committed_offset: 0,
            committed_leader_epoch: -1,
            committed_metadata: Some("".into()),
        }
    }
}

/// The answer to `OffsetCommit`.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct OffsetCommitResponse {
    /// Answers by topic.
    pub topics: Vec<OffsetCommitResponseTopic>,
}

impl OffsetCommitResponse {
    /// The same error for every partition of the request (`OffsetCommitRequest.getErrorResponse`).
    pub fn of_error(topics: &[OffsetCommitTopic], error_code: ErrorCode) -> Self {
        let topics = topics.iter().map(|topic| OffsetCommitResponseTopic {
            name: topic.name.clone(),
            partitions: topic
                .partitions
                .iter()
                .map(|p| OffsetCommitResponsePartition {
                    partition_index: p.partition_index,
                    error_code,
                })
                .collect(),
        });
        OffsetCommitResponse { topics: topics.collect() }
    }

    /// The first error of any partition: what decides the client's reaction.
    pub fn first_error(&self) -> ErrorCode {
        let partitions = self.topics.iter().flat_map(|topic| &topic.partitions);
        partitions.map(|p| p.error_code).find(|code| !code.is_none()).unwrap_or_default()
    }
}

/// Answers of one topic.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct OffsetCommitResponseTopic {
    /// The topic's name.
    pub name: Name,
    /// Answers by partition.
    pub partitions: Vec<OffsetCommitResponsePartition>,
}

/// The answer of one partition.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct OffsetCommitResponsePartition {
    /// The partition.
    pub partition_index: u32,
    /// What went wrong.
    pub error_code: ErrorCode,
}

/// `TxnOffsetCommit`: store positions of a group when a transaction ends.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct TxnOffsetCommitRequest {
    /// `transactional.id`
    pub transactional_id: Name,
    /// The group.
    pub group_id: Name,
    /// The producer.
    pub producer_id: i64,
    /// Its epoch.
    pub producer_epoch: i16,
    /// Generation or member epoch; −1: not given.
    pub generation_id: i32,
    /// The member; empty: not given.
    pub member_id: Name,
    /// `group.instance.id`
    pub group_instance_id: Option<Name>,
    /// What is committed.
    pub topics: Vec<OffsetCommitTopic>,
}

impl Default for TxnOffsetCommitRequest {
    fn default() -> Self {
        TxnOffsetCommitRequest {
            transactional_id: "".into(),
            group_id: "".into(),
            producer_id: 0,
            producer_epoch: 0,
            generation_id: -1,
            member_id: "".into(),
            group_instance_id: None,
            topics: Vec::new(),
        }
    }
}

/// `WriteTxnMarkers` for one producer in one partition of `__consumer_offsets`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct EndTransactionRequest {
    /// The producer.
    pub producer_id: i64,
    /// Its epoch.
    pub producer_epoch: i16,
    /// Whether the transaction is committed; otherwise it is aborted.
    pub commit: bool,
}

impl Default for EndTransactionRequest {
    fn default() -> Self {
        EndTransactionRequest { producer_id: 0, producer_epoch: 0, commit: true }
    }
}

/// `OffsetDelete`: take positions of a group away.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct OffsetDeleteRequest {
    /// The group.
    pub group_id: Name,
    /// What is taken away.
    pub topics: Vec<OffsetDeleteTopic>,
}

/// Partitions of one topic to delete offsets of.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct OffsetDeleteTopic {
    /// The topic's name.
    pub name: Name,
    /// Its partitions.
    pub partitions: Vec<OffsetDeletePartition>,
}

/// A partition to delete the offset of.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct OffsetDeletePartition {
    /// The partition.
    pub partition_index: u32,
}

/// The answer to `OffsetDelete`.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct OffsetDeleteResponse {
    /// What went wrong with the request as a whole.
    pub error_code: ErrorCode,
    /// Answers by topic.
    pub topics: Vec<OffsetCommitResponseTopic>,
}

/// `OffsetFetch` of one group: where it has got to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct OffsetFetchRequest {
    /// The group.
    pub group_id: Name,
    /// The member, if it says so.
    pub member_id: Option<Name>,
    /// Its epoch; −1: not given.
    pub member_epoch: i32,
    /// Which partitions; `None`: all that have a commit.
    pub topics: Option<Vec<OffsetFetchTopic>>,
    /// Whether to wait for what is still on its way into the log (KIP-447).
    #[serde(skip)]
    pub require_stable: bool,
}

impl Default for OffsetFetchRequest {
    fn default() -> Self {
        OffsetFetchRequest {
            group_id: "".into(),
            member_id: None,
            member_epoch: -1,
            topics: Some(Vec::new()),
            require_stable: false,
        }
    }
}

/// Partitions of one topic to fetch offsets of.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct OffsetFetchTopic {
    /// The topic's name.
    pub name: Name,
    /// Its id; zero: not known.
    pub topic_id: Uuid,
    /// Its partitions.
    pub partition_indexes: Vec<u32>,
}

/// The answer to `OffsetFetch`.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct OffsetFetchResponse {
    /// The group.
    pub group_id: Name,
    /// Offsets by topic.
    pub topics: Vec<OffsetFetchResponseTopic>,
    /// What went wrong with the request as a whole.
    pub error_code: ErrorCode,
}

/// Offsets of one topic.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct OffsetFetchResponseTopic {
    /// The topic's name.
    pub name: Name,
    /// Offsets by partition.
    pub partitions: Vec<OffsetFetchResponsePartition>,
}

/// The committed offset of one partition.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct OffsetFetchResponsePartition {
    /// The partition.
    pub partition_index: u32,
    /// The committed offset; −1: none.
    pub committed_offset: i64,
    /// Leader epoch of the commit; −1: unknown.
    pub committed_leader_epoch: i32,
    /// The client's note.
    pub metadata: Option<Name>,
    /// What went wrong.
    pub error_code: ErrorCode,
}

impl Default for OffsetFetchResponsePartition {
    fn default() -> Self {
        OffsetFetchResponsePartition {
            partition_index: 0,
            committed_offset: 0,
            committed_leader_epoch: -1,
            metadata: Some("".into()),
            error_code: ErrorCode::None,
        }
    }
}
