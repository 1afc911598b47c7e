//! What is stored of offsets, in the order of Kafka's maps: those that are committed, and those of
//! transactions that have not ended (`OffsetMetadataManager.replay`).

use crate::kernel::java_hash::JavaKey;
use crate::kernel::timeline_forest::{Forest, TableId};
use crate::kernel::timeline_table::LATEST;
use crate::model::Name;
use crate::model::record::{OffsetCommitKey, OffsetCommitValue, Record};
use crate::model::uuid::Uuid;
use std::cmp::Ordering;
use std::collections::BTreeSet;

/// A key of one of the maps: a group's or topic's name, or the number of a partition or producer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Key {
    Name(Name),
    Number(i64),
}

impl JavaKey for Key {
    fn java_hash(&self) -> i32 {
        match self {
            Key::Name(name) => name.java_hash(),
            Key::Number(number) => number.java_hash(),
        }
    }

    fn java_cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Key::Name(a), Key::Name(b)) => a.java_cmp(b),
            (Key::Number(a), Key::Number(b)) => a.cmp(b),
            (Key::Name(_), Key::Number(_)) => Ordering::Less,
            (Key::Number(_), Key::Name(_)) => Ordering::Greater,
        }
    }
}

impl From<u32> for Key {
    fn from(partition: u32) -> Self {
        Key::Number(i64::from(partition))
    }
}

impl From<&Name> for Key {
    fn from(name: &Name) -> Self {
        Key::Name(name.clone())
    }
}

/// An offset, and the place of its record in the log.
#[derive(Clone, Debug)]
pub(in crate::coordinator) struct Stored {
    pub value: OffsetCommitValue,
    record: u64,
}

impl Stored {
    /// Whether it is of the topic with this id, and not of an earlier one of its name, as far as both
    /// are known (`OffsetMetadataManager.isMismatchedTopicId`).
    pub(in crate::coordinator) fn is_of(&self, topic: Uuid) -> bool {
        [Uuid::ZERO, topic].contains(&self.value.topic_id) || topic == Uuid::ZERO
    }
}

/// Offsets by group, topic and partition; see the [module](self).
#[derive(Debug)]
pub(in crate::coordinator) struct Offsets {
    /// Committed offsets, and those of transactions by producer.
    pub(super) stored: Forest<Key, Stored>,
    /// Producers with a transaction that has an offset, by group, topic and partition.
    pub(super) open: Forest<Key, ()>,
}

impl Default for Offsets {
    fn default() -> Self {
        Offsets { stored: Forest::new(2), open: Forest::new(1) }
    }
}

impl Offsets {
    pub(super) fn committed(&self) -> TableId {
        self.stored.root(0)
    }

    fn pending(&self) -> TableId {
        self.stored.root(1)
    }

    /// Changes memory as a record of an offset or of a transaction's end says; others are none of
    /// ours. `offset` is the record's place in the log.
    pub(in crate::coordinator) fn apply(&mut self, offset: u64, record: &Record) {
        match record {
            Record::OffsetCommit { key, value: Some(value), producer_id } => {
                let path = [Key::from(&key.group), Key::from(&key.topic)];
                let leaf = Key::from(key.partition);
                let from = match producer_id {
                    None => self.committed(),
                    Some(producer) => {
                        let [group, topic] = path.clone();
                        let set = self.open.plant(self.open.root(0), &[group, topic, leaf.clone()]);
                        let producer = Key::Number(*producer);
                        if self.open.leaf(set, &producer, LATEST).is_none() {
                            self.open.put(set, producer.clone(), ());
                        }
                        self.stored.plant(self.pending(), &[producer])
                    }
                };
                let table = self.stored.plant(from, &path);
                self.stored.put(table, leaf, Stored { value: value.clone(), record: offset });
            }
            Record::OffsetCommit { key, value: None, .. } => self.remove(key),
            Record::EndTransaction { producer_id, commit } => {
                self.end_transaction(*producer_id, *commit);
            }
            _ => {}
        }
    }

    /// A tombstone takes an offset away, and those of transactions with it.
    fn remove(&mut self, key: &OffsetCommitKey) {
        let path = [Key::from(&key.group), Key::from(&key.topic), Key::from(key.partition)];
        self.stored.prune(self.committed(), &path);
        let open = self.open.root(0);
        let Some(set) = self.open.descend(open, &path, LATEST) else { return };
        let producers: Vec<Key> =
            self.open.leaves(set, LATEST).map(|(key, ())| key.clone()).collect();
        for producer in producers {
            if let Some(of) = self.stored.descend(self.pending(), &[producer], LATEST) {
                self.stored.prune(of, &path);
            }
        }
        self.open.prune(open, &path);
    }

    /// A transaction ends: its offsets are committed or forgotten. One whose record lies before that
    /// of the committed offset is out of date.
    fn end_transaction(&mut self, producer: i64, commit: bool) {
        let producer = Key::Number(producer);
        let pending = self.pending();
        let Some(of) = self.stored.descend(pending, std::slice::from_ref(&producer), LATEST) else {
            return;
        };
        self.stored.remove(pending, &producer);
        let ended: Vec<([Key; 3], Stored)> = self.under(of);
        for ([group, topic, partition], _) in &ended {
            let path = [group.clone(), topic.clone(), partition.clone(), producer.clone()];
            self.open.prune(self.open.root(0), &path);
        }
        for ([group, topic, partition], stored) in ended.into_iter().filter(|_| commit) {
            let path = [group, topic];
            let table = self.stored.descend(self.committed(), &path, LATEST);
            let present = table.and_then(|id| self.stored.leaf(id, &partition, LATEST));
            if present.is_none_or(|present| present.record < stored.record) {
                let table = self.stored.plant(self.committed(), &path);
                self.stored.put(table, partition, stored);
            }
        }
    }

    /// What is committed of a partition.
    pub(in crate::coordinator) fn committed_of(
        &self,
        group: &Name,
        topic: &Name,
        partition: u32,
    ) -> Option<&Stored> {
        let path = [group.into(), topic.into()];
        let table = self.stored.descend(self.committed(), &path, LATEST)?;
        self.stored.leaf(table, &partition.into(), LATEST)
    }

    /// All offsets below a table of groups.
    fn under(&self, groups: TableId) -> Vec<([Key; 3], Stored)> {
        let mut all = Vec::new();
        for (group, topics) in self.stored.children(groups, LATEST) {
            for (topic, partitions) in self.stored.children(topics, LATEST) {
                for (partition, stored) in self.stored.leaves(partitions, LATEST) {
                    let key = [group.clone(), topic.clone(), partition.clone()];
                    all.push((key, stored.clone()));
                }
            }
        }
        all
    }

    /// The log took a batch that ends here.
    pub(in crate::coordinator) fn written(&mut self, end: u64) {
        self.stored.snapshot(end);
        self.open.snapshot(end);
    }

    /// The log refused these records, which were to begin at `from`: memory has followed them, and
    /// goes back. The maps show that in their order.
    pub(in crate::coordinator) fn apply_in_vain(&mut self, from: u64, records: &[Record]) {
        for (offset, record) in (from..).zip(records) {
            self.apply(offset, record);
        }
        self.stored.revert();
        self.open.revert();
    }

    /// What was written before `end` is committed.
    pub(in crate::coordinator) fn settle(&mut self, end: u64) {
        self.stored.forget_before(end);
        self.open.forget_before(end);
    }

    /// Whether a transaction has an offset of the group.
    pub(super) fn has_open(&self, group: &Name) -> bool {
        self.open.descend(self.open.root(0), &[group.into()], LATEST).is_some()
    }

    /// Whether a transaction has an offset of the partition.
    pub(super) fn is_open(&self, group: &Name, topic: &Name, partition: u32) -> bool {
        let path = [group.into(), topic.into(), partition.into()];
        self.open.descend(self.open.root(0), &path, LATEST).is_some()
    }

    /// Whether the partition has a committed offset.
    pub(super) fn has_committed(&self, group: &Name, topic: &Name, partition: u32) -> bool {
        self.committed_of(group, topic, partition).is_some()
    }

    /// Tombstones for the offsets of topics that are gone. An offset that does not say which topic
    /// of its name it is of goes with it.
    pub(in crate::coordinator) fn tombstones_of_topics(
        &self,
        deleted: &[(Name, Uuid)],
    ) -> Vec<Record> {
        let producers = self.stored.children(self.pending(), LATEST).map(|(_, table)| table);
        let mut records = Vec::new();
        for store in [self.committed()].into_iter().chain(producers) {
            for (group, topics) in self.stored.children(store, LATEST) {
                for (topic, id) in deleted {
                    let path = [Key::from(topic)];
                    let Some(partitions) = self.stored.descend(topics, &path, LATEST) else {
                        continue;
                    };
                    for (partition, stored) in self.stored.leaves(partitions, LATEST) {
                        if stored.is_of(*id) {
                            records.extend(tombstone(group, &path[0], partition));
                        }
                    }
                }
            }
        }
        records
    }

    /// Tombstones for all offsets of a group.
    pub(in crate::coordinator) fn tombstones(&self, group: &Name) -> Vec<Record> {
        let name = Key::from(group);
        let path = std::slice::from_ref(&name);
        let mut records = Vec::new();
        let topics = self.stored.descend(self.committed(), path, LATEST);
        for (topic, partitions) in
            topics.into_iter().flat_map(|id| self.stored.children(id, LATEST))
        {
            for (partition, _) in self.stored.leaves(partitions, LATEST) {
                records.extend(tombstone(&name, topic, partition));
            }
        }
        let written: BTreeSet<(Name, u32)> = records.iter().filter_map(place).collect();
        let open = self.open.descend(self.open.root(0), path, LATEST);
        for (topic, partitions) in open.into_iter().flat_map(|id| self.open.children(id, LATEST)) {
            for (partition, _) in self.open.children(partitions, LATEST) {
                let record = tombstone(&name, topic, partition);
                let known = |record: &Record| place(record).is_some_and(|at| written.contains(&at));
                records.extend(record.filter(|record| !known(record)));
            }
        }
        records
    }
}

/// The topic and partition that a record of an offset is about.
fn place(record: &Record) -> Option<(Name, u32)> {
    match record {
        Record::OffsetCommit { key, .. } => Some((key.topic.clone(), key.partition)),
        _ => None,
    }
}

fn tombstone(group: &Key, topic: &Key, partition: &Key) -> Option<Record> {
    match (group, topic, partition) {
        (Key::Name(group), Key::Name(topic), Key::Number(partition)) => {
            Some(tombstone_of(group, topic, u32::try_from(*partition).ok()?))
        }
        _ => None,
    }
}

/// The record that takes an offset away.
pub(super) fn tombstone_of(group: &Name, topic: &Name, partition: u32) -> Record {
    let key = OffsetCommitKey { group: group.clone(), topic: topic.clone(), partition };
    Record::OffsetCommit { key, value: None, producer_id: None }
}
