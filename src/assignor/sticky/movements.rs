//! Which partitions have moved from whom to whom, to turn a movement back rather than to add
//! another one to it.

use super::super::frame::{Frame, NONE};
use super::claims::Claims;
use crate::kernel::java_hash::{JavaKey, combine, string_hash};
use crate::kernel::java_map::JavaSet;
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// From one member to another.
type Way = (u32, u32);

/// See [`Movements::state`].
pub(super) type State = Vec<((u32, Way), usize, Vec<u32>)>;

/// Movements of one run of the algorithm.
pub(super) struct Movements<'a> {
    frame: &'a Frame<'a>,
    claims: &'a Claims,
    /// Hashes of the topics' names.
    hashes: Vec<i32>,
    /// The way of each partition that is not where it began.
    ways: Vec<Way>,
    /// Partitions of a topic that went this way.
    moved: BTreeMap<(u32, Way), JavaSet<Key>>,
}

const AT_HOME: Way = (NONE, NONE);

impl<'a> Movements<'a> {
    pub(super) fn new(frame: &'a Frame, claims: &'a Claims) -> Self {
        Movements {
            frame,
            claims,
            hashes: frame.topics.iter().map(|topic| string_hash(&topic.name)).collect(),
            ways: vec![AT_HOME; claims.partitions() as usize],
            moved: BTreeMap::new(),
        }
    }

    /// The partition to move so that `to` gets one of this topic from `from`: if one has gone the
    /// other way, it goes back.
    pub(super) fn instead_of(&self, partition: u32, from: u32, to: u32) -> u32 {
        let (origin, _) = self.ways[partition as usize];
        let from = if origin == NONE { from } else { origin };
        let back = self.moved.get(&(self.claims.topic(partition), (to, from)));
        back.and_then(|moved| moved.keys().next()).map_or(partition, |key| key.partition)
    }

    /// Notes a movement; several in a row count as one from the origin.
    pub(super) fn note(&mut self, partition: u32, from: u32, to: u32) {
        let way = self.ways[partition as usize];
        if way == AT_HOME {
            self.set(partition, (from, to));
            return;
        }
        let place = (self.claims.topic(partition), way);
        let key = self.key(partition);
        if let Some(moved) = self.moved.get_mut(&place) {
            moved.remove(&key);
            if moved.is_empty() {
                self.moved.remove(&place);
            }
        }
        self.ways[partition as usize] = AT_HOME;
        if way.0 != to {
            self.set(partition, (way.0, to));
        }
    }

    /// Everything that decides what is moved next: movements with the walks and sizes of their sets.
    pub(super) fn state(&self) -> State {
        let walk = |set: &JavaSet<Key>| set.keys().map(|key| key.partition).collect();
        self.moved.iter().map(|(&at, set)| (at, set.capacity(), walk(set))).collect()
    }

    fn set(&mut self, partition: u32, way: Way) {
        self.ways[partition as usize] = way;
        let key = self.key(partition);
        self.moved.entry((self.claims.topic(partition), way)).or_default().add(key);
    }

    fn key(&self, partition: u32) -> Key {
        let topic = self.claims.topic(partition) as usize;
        debug_assert!(topic < self.frame.topics.len());
        let hash = combine(combine(1, self.claims.index(partition)), self.hashes[topic]);
        Key { partition, hash }
    }
}

/// A partition with its hash.
#[derive(Clone, Copy)]
struct Key {
    partition: u32,
    hash: i32,
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.partition == other.partition
    }
}

impl Eq for Key {}

impl JavaKey for Key {
    fn java_hash(&self) -> i32 {
        self.hash
    }

    /// Java has no order for them; so many partitions of one topic never share a bucket.
    fn java_cmp(&self, other: &Self) -> Ordering {
        self.partition.cmp(&other.partition)
    }
}
