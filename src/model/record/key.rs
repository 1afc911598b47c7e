//! What compaction goes by: a record replaces the earlier one of its key.

use super::Record;
use crate::model::Name;
use std::collections::BTreeMap;

/// The key of a record, as far as the log's cleaner looks: its type, and the names in it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct RecordKey {
    kind: i16,
    group: Name,
    /// Topic, member or expression.
    within: Option<Name>,
    partition: u32,
}

impl Record {
    /// Its key (`CoordinatorRecordType`); `None`: a marker, which the cleaner treats in its own way.
    pub fn key(&self) -> Option<RecordKey> {
        let (kind, group, within) = match self {
            Record::EndTransaction { .. } => return None,
            Record::OffsetCommit { key, .. } => {
                return Some(RecordKey {
                    kind: 1,
                    group: key.group.clone(),
                    within: Some(key.topic.clone()),
                    partition: key.partition,
                });
            }
            Record::GroupMetadata { key, .. } => (2, &key.group, None),
            Record::ConsumerGroupMetadata { key, .. } => (3, &key.group_id, None),
            Record::ConsumerGroupPartitionMetadata { key, .. } => (4, &key.group_id, None),
            Record::ConsumerGroupMemberMetadata { key, .. } => {
                (5, &key.group_id, Some(&key.member_id))
            }
            Record::ConsumerGroupTargetAssignmentMetadata { key, .. } => (6, &key.group_id, None),
            Record::ConsumerGroupTargetAssignmentMember { key, .. } => {
                (7, &key.group_id, Some(&key.member_id))
            }
            Record::ConsumerGroupCurrentMemberAssignment { key, .. } => {
                (8, &key.group_id, Some(&key.member_id))
            }
            Record::ShareGroupMemberMetadata { key, .. } => {
                (10, &key.group_id, Some(&key.member_id))
            }
            Record::ShareGroupMetadata { key, .. } => (11, &key.group_id, None),
            Record::ShareGroupTargetAssignmentMetadata { key, .. } => (12, &key.group_id, None),
            Record::ShareGroupTargetAssignmentMember { key, .. } => {
                (13, &key.group_id, Some(&key.member_id))
            }
            Record::ShareGroupCurrentMemberAssignment { key, .. } => {
                (14, &key.group_id, Some(&key.member_id))
            }
            Record::ShareGroupStatePartitionMetadata { key, .. } => (15, &key.group_id, None),
            Record::ConsumerGroupRegularExpression { key, .. } => {
                (16, &key.group_id, Some(&key.regular_expression))
            }
        };
        Some(RecordKey { kind, group: group.clone(), within: within.cloned(), partition: 0 })
    }
}

/// Cleans a log: of each key only the last record is kept, and that only if it is no tombstone.
/// Transactions and their markers are left alone.
pub fn clean(records: &mut Vec<(u64, Record)>) {
    let mut last = BTreeMap::new();
    for (place, record) in &*records {
        if let Some(key) = record.key() {
            last.insert(key, *place);
        }
    }
    records.retain(|(place, record)| match record.key() {
        Some(_) if matches!(record, Record::OffsetCommit { producer_id: Some(_), .. }) => true,
        Some(key) => last[&key] == *place && !record.is_tombstone(),
        None => true,
    });
}
