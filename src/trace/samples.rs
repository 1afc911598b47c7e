//! Samples at even times: what charts and series show.

use crate::kernel::time::{Instant, Span};

/// Values of all groups at even times.
#[derive(Clone, PartialEq, Debug)]
pub struct Samples {
    /// Time between two samples.
    pub step: Span,
    /// When they were taken.
    pub times: Vec<Instant>,
    /// By group.
    pub groups: Vec<GroupSamples>,
    /// Visible log end by partition, one row a sample.
    pub log_end: Vec<Vec<u64>>,
}

/// Values of a group, one entry a sample.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct GroupSamples {
    /// Lag by partition, one row a sample; `None` where the group does not read the topic.
    pub lag: Vec<Vec<Option<u64>>>,
    /// Lag of all partitions.
    pub total_lag: Vec<u64>,
    /// Members as the coordinator counts them.
    pub members: Vec<u32>,
    /// Members that own something.
    pub active: Vec<u32>,
    /// Running members that own nothing while the group is stable.
    pub idle: Vec<u32>,
    /// Running consumers between two assignments.
    pub rebalancing: Vec<u32>,
    /// Distinct records processed so far.
    pub processed: Vec<u64>,
    /// Attempts beyond the first so far.
    pub duplicates: Vec<u64>,
}

impl Samples {
    pub(super) fn new(groups: usize, step: Span) -> Self {
        Samples {
            step,
            times: Vec::new(),
            groups: vec![GroupSamples::default(); groups],
            log_end: Vec::new(),
        }
    }
}
