//! The log of a coordinator's partition, as a harness keeps it in memory.

use crate::model::record::Record;
use std::collections::BTreeMap;

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
        let mut last: BTreeMap<String, u64> = BTreeMap::new();
        let records = || (0..).zip(&self.0);
        for (place, record) in records().filter(|_| compact) {
            if let Some(key) = key(record) {
                last.insert(key, place);
            }
        }
        let kept = |place: u64, record: &Record| {
            let in_transaction =
                matches!(record, Record::OffsetCommit { producer_id: Some(_), .. });
            match key(record) {
                Some(key) if compact && !in_transaction => {
                    last[&key] == place && !record.is_tombstone()
                }
                _ => true,
            }
        };
        let kept = records().filter(|(place, record)| kept(*place, record));
        kept.map(|(place, record)| (place, record.clone())).collect()
    }
}

/// What compaction goes by: type and key; `None`: a marker, which has none.
fn key(record: &Record) -> Option<String> {
    let record = serde_json::to_value(record).ok()?;
    Some(format!("{} {}", record["type"], record.get("key")?))
}
