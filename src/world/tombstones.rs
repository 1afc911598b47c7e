//! What tombstones in `__consumer_offsets` tell: offsets that are gone, and groups with the last of
//! them (kafka-semantics 7.5).

use super::World;
use crate::model::Name;
use crate::model::fact::{Fact, GroupFact};
use crate::model::id::{GroupId, PartitionId};
use crate::model::record::Record;
use std::collections::BTreeMap;

impl World<'_> {
    /// The groups that a batch removes, and the facts of the offsets that it takes away, which count
    /// when it is committed.
    pub(super) fn tombstones(&self, records: &[Record]) -> (Vec<GroupId>, Vec<Fact>) {
        let mut groups = Vec::new();
        let mut offsets: BTreeMap<GroupId, Vec<PartitionId>> = BTreeMap::new();
        for record in records {
            if let Record::OffsetCommit { key, value: None, .. } = record
                && let Some(partition) = self.partition_named(&key.topic, key.partition)
            {
                offsets.entry(self.group_named(&key.group)).or_default().push(partition);
            }
            if let Some(name) = ends(record).filter(|name| !goes_on(name, records)) {
                groups.push(self.group_named(name));
            }
        }
        let fact = |(group, partitions)| {
            let what = GroupFact::OffsetsDeleted { partitions };
            Fact::Group { group, what }
        };
        (groups, offsets.into_iter().map(fact).collect())
    }
}

/// The group whose existence a record ends.
fn ends(record: &Record) -> Option<&Name> {
    match record {
        Record::GroupMetadata { key, value: None } => Some(&key.group),
        Record::ConsumerGroupMetadata { key, value: None } => Some(&key.group_id),
        _ => None,
    }
}

/// Whether a batch has the group under the other protocol.
fn goes_on(name: &Name, batch: &[Record]) -> bool {
    batch.iter().any(|record| match record {
        Record::GroupMetadata { key, value: Some(_) } => key.group == *name,
        Record::ConsumerGroupMetadata { key, value: Some(_) } => key.group_id == *name,
        _ => false,
    })
}
