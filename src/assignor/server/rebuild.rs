//! Changes a member's target as Kafka does, map by map and set by set, so that it is walked in the
//! same order afterwards.
//!
//! A builder that wants to change a target first copies it: the map gets a capacity that fits, and
//! so does each set. Then partitions leave and come, one by one; a topic without a set gets one by
//! `computeIfAbsent`.

use super::answer::{Held, Rows, Run};
use super::group::Lists;
use crate::kernel::java_map::{JavaMap, JavaSet};
use crate::kernel::java_order::{self, Growth};
use crate::model::uuid::Uuid;

const NONE: u32 = u32::MAX;

/// Smaller numbers fall into the bucket that is left of them modulo the capacity.
const PLAIN: u32 = 1 << 16;

/// What happens to a partition.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Step {
    /// It comes to the member.
    Added,
    /// It comes though it is there already. That changes nothing except that the map of topics is
    /// asked for the topic's set, and may grow at that.
    AddedAgain,
    /// It leaves.
    Removed,
}

/// A partition that comes to a member or leaves it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Change {
    pub topic: u32,
    pub partition: u32,
    pub step: Step,
}

/// Changes of all members as they happen.
#[derive(Debug, Default)]
pub(super) struct Log {
    members: Vec<u32>,
    changes: Vec<Change>,
}

impl Log {
    pub(super) fn add(&mut self, member: u32, change: Change) {
        self.members.push(member);
        self.changes.push(change);
    }

    /// The places of each member's changes.
    pub(super) fn by_member(&self, members: usize) -> Lists {
        Lists::of(members, || self.members.iter().copied().zip(0..))
    }

    pub(super) fn get(&self, place: u32) -> Change {
        self.changes[place as usize]
    }
}

/// What the builders do differently.
#[derive(Clone, Debug, Default)]
pub(super) struct Manner {
    /// Whether a topic goes with its last partition.
    pub empty_topics_go: bool,
    /// The capacity that a new set of each topic is made with; empty: Java's default.
    pub capacities: Vec<usize>,
    /// Whether targets overlap or name partitions that do not exist. Only real maps know what
    /// becomes of that.
    pub is_odd: bool,
}

/// A topic of the member at work.
#[derive(Clone, Copy)]
struct Topic {
    /// Says for which member the rest holds.
    stamp: u32,
    /// Partitions now.
    len: u32,
    is_present: bool,
    /// Where its partitions stand that are older than its changes.
    base: Option<Run>,
    /// The change that brought it; [`NONE`] if it was there before.
    born: u32,
    /// Its changes since: the first and the last.
    changes: Option<(u32, u32)>,
}

const ABSENT: Topic =
    Topic { stamp: 0, len: 0, is_present: false, base: None, born: NONE, changes: None };

/// Changes targets, with memory that is used again for each member.
pub(super) struct Rebuild<'a> {
    held: &'a Held,
    manner: Manner,
    stamp: u32,
    topics: Vec<Topic>,
    /// The next change of the same topic.
    next: Vec<u32>,
    /// Topics that the member's map ever held, and those that came by a change.
    ever: Vec<u32>,
    created: Vec<(u32, u32)>,
    order: Vec<u32>,
    /// Partitions that a set ever held, whether they are still in it, and where each one stands.
    keys: Vec<u32>,
    is_live: Vec<bool>,
    places: Vec<u32>,
}

impl<'a> Rebuild<'a> {
    /// For partitions below `partitions`; any beyond that make do with real maps.
    pub(super) fn new(held: &'a Held, partitions: u32, manner: Manner) -> Self {
        Rebuild {
            held,
            manner,
            stamp: 0,
            topics: vec![ABSENT; held.topics.len()],
            next: Vec::new(),
            ever: Vec::new(),
            created: Vec::new(),
            order: Vec::new(),
            keys: Vec::new(),
            is_live: Vec::new(),
            places: vec![0; partitions as usize],
        }
    }

    /// Adds the row of a member whose target was copied, lost the topics that `keeps` does not
    /// keep, and was changed.
    pub(super) fn row(
        &mut self,
        member: usize,
        keeps: impl Fn(u32) -> bool,
        changes: &[Change],
        rows: &mut Rows,
    ) {
        let mark = rows.mark();
        if self.manner.is_odd || !self.try_row(member, &keeps, changes, rows) {
            rows.back_to(mark);
            self.row_by_maps(member, keeps, changes, rows);
        }
        rows.end_member();
    }

    /// Adds the row of a member that had nothing and gets partitions, all that it gets of a topic
    /// in a row and upwards; `false` if they are not like that.
    pub(super) fn try_fresh_row(&mut self, pool: &[(u32, u32)], rows: &mut Rows) -> bool {
        self.stamp += 1;
        self.created.clear();
        let mut growth = Growth::with_capacity(0);
        let mut end = 0;
        for run in pool.chunk_by(|a, b| a.0 == b.0 && a.1 + 1 == b.1) {
            let topic = run[0].0;
            let state = &mut self.topics[topic as usize];
            if state.stamp == self.stamp || run[run.len() - 1].1 >= PLAIN {
                return false;
            }
            state.stamp = self.stamp;
            growth.compute_if_absent(true);
            if run.len() > 1 {
                growth.compute_if_absent(false);
            }
            end += run.len() as u32;
            self.created.push((topic, end));
        }
        let hash = |(topic, _): (u32, u32)| self.held.hashes[topic as usize];
        if java_order::is_crowded(&self.created, 0, 1, growth, hash) {
            return false;
        }
        // Where each run begins, which its end will not tell in another order.
        let mut start = 0;
        for (topic, end) in &self.created {
            self.topics[*topic as usize].len = *end - start;
            start = *end;
        }
        self.created.reverse();
        java_order::walk(&mut self.created, growth.capacity(), hash);
        for &(topic, end) in &self.created {
            let len = self.topics[topic as usize].len;
            let (first, last) = (pool[(end - len) as usize].1, pool[end as usize - 1].1);
            let mut growth = Growth::new();
            growth.put_all(len as usize);
            let capacity = growth.capacity() as u32;
            let wraps_at = first.next_multiple_of(capacity).min(last + 1);
            rows.partitions.extend(wraps_at..=last);
            rows.partitions.extend(first..wraps_at);
            rows.end_topic(topic);
        }
        rows.end_member();
        true
    }

    /// Without maps; `false` if that cannot be done.
    fn try_row(
        &mut self,
        member: usize,
        keeps: impl Fn(u32) -> bool,
        changes: &[Change],
        rows: &mut Rows,
    ) -> bool {
        if !self.walk_topics(member, keeps, changes) {
            return false;
        }
        let order = std::mem::take(&mut self.order);
        let done = order.iter().all(|&topic| {
            let done = self.walk_set(topic, changes, rows);
            rows.end_topic(topic);
            done
        });
        self.order = order;
        done
    }

    /// Finds the order of the member's topics.
    fn walk_topics(
        &mut self,
        member: usize,
        keeps: impl Fn(u32) -> bool,
        changes: &[Change],
    ) -> bool {
        self.stamp += 1;
        self.ever.clear();
        self.created.clear();
        self.next.clear();
        self.next.resize(changes.len(), NONE);
        let runs = self.held.rows.of(member);
        let capacity = runs.len().next_power_of_two();
        let mut growth = Growth::with_capacity(capacity);
        for run in runs.clone() {
            growth.put();
            self.ever.push(run.topic);
        }
        for run in runs.clone() {
            let is_present = keeps(run.topic);
            let base = Some(run).filter(|_| is_present);
            let len = run.len() as u32;
            let stamp = self.stamp;
            self.topics[run.topic as usize] = Topic { stamp, len, is_present, base, ..ABSENT };
            if !is_present {
                growth.remove();
            }
        }
        for (place, change) in (0..).zip(changes) {
            let topic = &mut self.topics[change.topic as usize];
            if topic.stamp != self.stamp {
                *topic = Topic { stamp: self.stamp, ..ABSENT };
            }
            if change.step == Step::Removed {
                topic.len -= 1;
                if topic.len == 0 && self.manner.empty_topics_go {
                    topic.is_present = false;
                    growth.remove();
                }
            } else {
                growth.compute_if_absent(!topic.is_present);
                if !topic.is_present {
                    let stamp = self.stamp;
                    *topic = Topic { stamp, is_present: true, born: place, ..ABSENT };
                    self.created.push((change.topic, place));
                    self.ever.push(change.topic);
                }
                if change.step == Step::AddedAgain {
                    continue;
                }
                topic.len += 1;
            }
            if let Some((_, last)) = topic.changes {
                self.next[last as usize] = place;
            }
            topic.changes = Some((topic.changes.map_or(place, |(first, _)| first), place));
        }
        let hash = |topic: u32| self.held.hashes[topic as usize];
        let gone = self.ever.len() - growth.len();
        if java_order::is_crowded(&self.ever, gone, capacity, growth, hash) {
            return false;
        }
        let state = |topic: u32| &self.topics[topic as usize];
        let created = self
            .created
            .iter()
            .rev()
            .filter(|&&(topic, place)| state(topic).is_present && state(topic).born == place);
        self.order.clear();
        self.order.extend(created.map(|&(topic, _)| topic));
        let old = runs.map(|run| run.topic);
        self.order.extend(old.filter(|&topic| {
            let topic = state(topic);
            topic.is_present && topic.base.is_some()
        }));
        java_order::walk(&mut self.order, growth.capacity(), hash);
        true
    }

    /// Adds the partitions of a topic in the order of its set.
    fn walk_set(&mut self, topic: u32, changes: &[Change], rows: &mut Rows) -> bool {
        let state = self.topics[topic as usize];
        let old = state.base.map_or(&[][..], |run| self.held.rows.partitions(run));
        let mut growth = match state.base {
            Some(_) => Growth::of_collection(old.len()),
            None => Growth::with_capacity(self.capacity(topic)),
        };
        let capacity = growth.capacity();
        let Some((first, last)) = state.changes else {
            rows.partitions.extend_from_slice(old);
            return !java_order::are_numbers_crowded(old, 0, capacity, growth);
        };
        self.keys.clear();
        self.keys.extend_from_slice(old);
        self.is_live.clear();
        self.is_live.resize(old.len(), true);
        let mut is_placed = false;
        let mut place = first;
        loop {
            let Change { partition, step, .. } = changes[place as usize];
            if step == Step::Added {
                self.keys.push(partition);
                self.is_live.push(true);
                growth.put();
                if is_placed && !self.put_in_place(self.keys.len() - 1) {
                    return false;
                }
            } else {
                if !is_placed && !(0..self.keys.len()).all(|index| self.put_in_place(index)) {
                    return false;
                }
                is_placed = true;
                let index = self.places[partition as usize] as usize;
                debug_assert!(self.keys[index] == partition && self.is_live[index]);
                self.is_live[index] = false;
                growth.remove();
            }
            if place == last {
                break;
            }
            place = self.next[place as usize];
        }
        let gone = self.keys.len() - growth.len();
        if java_order::are_numbers_crowded(&self.keys, gone, capacity, growth) {
            return false;
        }
        let start = rows.partitions.len();
        let live = self.keys.iter().zip(&self.is_live).filter(|&(_, &is_live)| is_live);
        rows.partitions.extend(live.map(|(&key, _)| key));
        java_order::walk_numbers(&mut rows.partitions[start..], growth.capacity());
        true
    }

    /// Notes where a key stands; `false` if the partition is beyond the notes.
    fn put_in_place(&mut self, index: usize) -> bool {
        let place = self.places.get_mut(self.keys[index] as usize);
        place.map(|place| *place = index as u32).is_some()
    }

    fn capacity(&self, topic: u32) -> usize {
        self.manner.capacities.get(topic as usize).copied().unwrap_or(16)
    }

    /// With the maps and sets themselves.
    fn row_by_maps(
        &self,
        member: usize,
        keeps: impl Fn(u32) -> bool,
        changes: &[Change],
        rows: &mut Rows,
    ) {
        let runs = self.held.rows.of(member);
        let id = |topic: u32| self.held.topics[topic as usize];
        let mut map: JavaMap<Uuid, (u32, JavaSet<u32>)> = JavaMap::with_capacity(runs.len());
        for run in runs.clone() {
            let old = self.held.rows.partitions(run).iter().copied();
            map.put(id(run.topic), (run.topic, JavaSet::of_collection(old)));
        }
        for run in runs.filter(|run| !keeps(run.topic)) {
            map.remove(&id(run.topic));
        }
        for &Change { topic, partition, step } in changes {
            if step != Step::Removed {
                let capacity = self.capacity(topic);
                let new = || (topic, JavaSet::with_capacity(capacity));
                map.compute_if_absent(id(topic), new).1.add(partition);
            } else if let Some((_, set)) = map.get_mut(&id(topic)) {
                set.remove(&partition);
                if set.is_empty() && self.manner.empty_topics_go {
                    map.remove(&id(topic));
                }
            }
        }
        for (topic, set) in map.values() {
            rows.partitions.extend(set.keys());
            rows.end_topic(*topic);
        }
    }
}
