//! Fetch, `ListOffsets` and `OffsetForLeaderEpoch`: reading a log. Offsets stand for records, which are never carried.

use crate::kernel::time::Span;
use crate::model::error::ErrorCode;
use crate::model::id::PartitionId;

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
}

/// `ListOffsets`: where do these partitions begin or end?
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ListOffsetsRequest {
    /// What is asked of each partition.
    pub partitions: Vec<(PartitionId, OffsetSpec)>,
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
    /// Per partition the offset, or `None` where no record is that young.
    pub partitions: Vec<(PartitionId, Option<u64>)>,
}

/// `OffsetForLeaderEpoch`: do these positions still lie in the log?
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OffsetForLeaderEpochRequest {
    /// Whose positions are meant.
    pub partitions: Vec<PartitionId>,
}

/// The answer to `OffsetForLeaderEpoch`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OffsetForLeaderEpochResponse {
    /// Whose positions hold: all, since logs are never truncated.
    pub partitions: Vec<PartitionId>,
}
