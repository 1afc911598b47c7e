//! The log of a coordinator's partition, as a harness keeps it in memory.

use crate::model::record::{Record, clean};

/// All records that were ever written.
#[derive(Clone, Debug, Default)]
pub(super) struct Log(Vec<Record>);

impl Log {
    pub(super) fn append(&mut self, records: &[Record]) {
        self.0.extend_from_slice(records);
    }

    /// One beyond the last record.
    pub(super) fn end(&self) -> u64 {
        self.0.len() as u64
    }

    /// Records with their places; of a compacted log only the last of each key, and no tombstones.
    /// Compaction leaves transactions and their markers alone here.
    pub(super) fn read(&self, compact: bool) -> Vec<(u64, Record)> {
        let mut records: Vec<(u64, Record)> = (0..).zip(self.0.iter().cloned()).collect();
        if compact {
            clean(&mut records);
        }
        records
    }
}
