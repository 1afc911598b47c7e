//! Fetch, `ListOffsets` and `OffsetForLeaderEpoch`: reading a log. Offsets stand for records, which are never carried.

use crate::kernel::time::Span;
use crate::model::error::ErrorCode;
use crate::model::id::{BrokerId, PartitionId};

/// Fetch: records of these partitions from these offsets on.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct FetchRequest {
    /// `fetch.max.wait.ms`: how long the broker may wait for `min_bytes`.
    pub max_wait: Span,
    /// `fetch.min.bytes`
    pub min_bytes: u32,
    /// `fetch.max.bytes` of the whole response.
    pub max_bytes: u32,
    /// `max.partition.fetch.bytes`
    pub partition_max_bytes: u32,
    /// What to read, in the client's order.
    pub partitions: Vec<FetchPartition>,
}

/// A partition of a Fetch: `from` on the way out, [from, to) on the way back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FetchPartition {
    /// The partition.
    pub partition: PartitionId,
    /// The epoch of the leader, as the client knows it; -1: not at all.
    pub leader_epoch: i32,
    /// First offset wanted, then first offset read.
    pub from: u64,
    /// One beyond the last offset read; equal to `from` while nothing is.
    pub to: u64,
    /// What went wrong.
    pub error_code: ErrorCode,
}

/// The answer to Fetch; partitions without news are left out, as in an incremental fetch session.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct FetchResponse {
    /// What was read, in the request's order.
    pub partitions: Vec<FetchPartition>,
    /// Replicas nearer to the client, to be asked from now on (`preferred_read_replica`, KIP-392).
    pub preferred: Vec<(PartitionId, BrokerId)>,
    /// Who leads instead, and in which epoch, where the broker refuses because somebody else does
    /// (KIP-951).
    pub leaders: Vec<(PartitionId, BrokerId, i32)>,
}

/// `ListOffsets`: where do these partitions begin or end?
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ListOffsetsRequest {
    /// What is asked of each partition.
    pub partitions: Vec<OffsetQuestion>,
}

/// A partition of a [`ListOffsetsRequest`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OffsetQuestion {
    /// The partition.
    pub partition: PartitionId,
    /// The epoch of the leader, as the client knows it; -1: not at all.
    pub leader_epoch: i32,
    /// Which offset.
    pub spec: OffsetSpec,
}

/// Which offset is meant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OffsetSpec {
    /// The log start.
    Earliest,
    /// The visible end.
    Latest,
    /// The first record not older than this; counted back from when the broker answers.
    MaxAge(Span),
}

/// The answer to `ListOffsets`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ListOffsetsResponse {
    /// What was found, by partition.
    pub partitions: Vec<OffsetFound>,
}

/// A partition of a [`ListOffsetsResponse`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OffsetFound {
    /// The partition.
    pub partition: PartitionId,
    /// What went wrong.
    pub error_code: ErrorCode,
    /// The offset; `None`: no record is that young.
    pub offset: Option<u64>,
    /// The epoch of the leader who wrote the record there, or will; -1: not known.
    pub leader_epoch: i32,
}

/// `OffsetForLeaderEpoch`: where do these leader epochs end (KIP-320)?
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OffsetForLeaderEpochRequest {
    /// What is asked of each partition.
    pub partitions: Vec<EpochQuestion>,
}

/// A partition of an [`OffsetForLeaderEpochRequest`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EpochQuestion {
    /// The partition.
    pub partition: PartitionId,
    /// The epoch of the leader, as the client knows it; -1: not at all.
    pub current_leader_epoch: i32,
    /// The epoch in which the record before the client's position was written.
    pub leader_epoch: i32,
}

/// The answer to `OffsetForLeaderEpoch`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OffsetForLeaderEpochResponse {
    /// What was found, by partition.
    pub partitions: Vec<EpochEnd>,
}

/// A partition of an [`OffsetForLeaderEpochResponse`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EpochEnd {
    /// The partition.
    pub partition: PartitionId,
    /// What went wrong.
    pub error_code: ErrorCode,
    /// The largest epoch in the log that is not larger than the one asked for; -1: none.
    pub leader_epoch: i32,
    /// One beyond that epoch's last record.
    pub end_offset: u64,
}
