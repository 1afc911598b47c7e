//! Partitions per member in three flat lists.

use super::group::Index;
use super::{Partitions, Question, Target, Thrown};
use crate::kernel::java_hash::JavaKey;
use crate::kernel::java_map::{JavaMap, JavaSet};
use crate::kernel::java_order::{self, Growth};
use crate::model::uuid::Uuid;

/// What a strategy answers: a target for each member of the question, in its order.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    topics: Vec<Uuid>,
    rows: Rows,
}

impl Answer {
    pub(super) fn new(topics: Vec<Uuid>, rows: Rows) -> Self {
        Answer { topics, rows }
    }

    /// The answer that gives these targets.
    pub fn of_targets(targets: impl IntoIterator<Item = Target>) -> Self {
        let mut answer = Answer::default();
        let mut numbers = JavaMap::new();
        for target in targets {
            for Partitions { topic, partitions } in target {
                let next = numbers.len() as u32;
                let number = *numbers.compute_if_absent(topic, || next);
                if number == next {
                    answer.topics.push(topic);
                }
                answer.rows.partitions.extend(partitions);
                answer.rows.end_topic(number);
            }
            answer.rows.end_member();
        }
        answer
    }

    /// The number of members.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are no members.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What the member in this place of the question gets.
    pub fn of(&self, member: usize) -> impl ExactSizeIterator<Item = (Uuid, &[u32])> {
        let runs = self.rows.of(member);
        runs.map(|run| (self.topics[run.topic as usize], self.rows.partitions(run)))
    }

    /// [`of`](Self::of) as a target.
    pub fn target(&self, member: usize) -> Target {
        let partitions =
            |(topic, list): (Uuid, &[u32])| Partitions { topic, partitions: list.to_vec() };
        self.of(member).map(partitions).collect()
    }
}

/// Partitions of a topic that belong to a member: a part of [`Rows`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Run {
    pub topic: u32,
    pub start: u32,
    pub end: u32,
}

impl Run {
    pub(super) const fn len(self) -> usize {
        (self.end - self.start) as usize
    }
}

/// Partitions by member and topic; topics by number.
#[derive(Clone, Debug, Default)]
pub(super) struct Rows {
    /// Where the runs of each member end.
    ends: Vec<u32>,
    /// The row of each member; empty: they stand in order.
    row_of: Vec<u32>,
    runs: Vec<Run>,
    /// To add to the run under way.
    pub partitions: Vec<u32>,
}

impl Rows {
    pub(super) fn with_capacity(members: usize, partitions: usize) -> Self {
        Rows {
            ends: Vec::with_capacity(members),
            runs: Vec::with_capacity(members),
            partitions: Vec::with_capacity(partitions),
            row_of: Vec::new(),
        }
    }

    /// Nothing for anybody.
    pub(super) fn empty(members: usize) -> Self {
        Rows { ends: vec![0; members], ..Rows::default() }
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Where the run under way begins.
    pub(super) fn start(&self) -> u32 {
        self.runs.last().map_or(0, |run| run.end)
    }

    /// Ends the run under way.
    pub(super) fn end_topic(&mut self, topic: u32) {
        self.runs.push(Run { topic, start: self.start(), end: self.partitions.len() as u32 });
    }

    /// Ends the row under way.
    pub(super) fn end_member(&mut self) {
        self.ends.push(self.runs.len() as u32);
    }

    /// Where the row under way stands, to come back to.
    pub(super) fn mark(&self) -> (usize, usize) {
        (self.runs.len(), self.partitions.len())
    }

    /// Forgets what was added since.
    pub(super) fn back_to(&mut self, (runs, partitions): (usize, usize)) {
        self.runs.truncate(runs);
        self.partitions.truncate(partitions);
    }

    pub(super) fn of(&self, member: usize) -> impl ExactSizeIterator<Item = Run> + Clone {
        let row = self.row_of.get(member).map_or(member, |&row| row as usize);
        let start = if row == 0 { 0 } else { self.ends[row - 1] };
        self.runs[start as usize..self.ends[row] as usize].iter().copied()
    }

    pub(super) fn partitions(&self, run: Run) -> &[u32] {
        &self.partitions[run.start as usize..run.end as usize]
    }

    /// Rows whose runs are ranges of the numbers below `most`.
    pub(super) fn of_numbers(members: usize, runs: usize, most: u32) -> Self {
        Rows {
            ends: Vec::with_capacity(members),
            runs: Vec::with_capacity(runs),
            partitions: (0..most).collect(),
            row_of: Vec::new(),
        }
    }

    /// Adds a run of partitions that are in the list.
    pub(super) fn add_run(&mut self, run: Run) {
        self.runs.push(run);
    }

    /// Puts each row in the place that `places` names for it.
    pub(super) fn place(&mut self, places: &[u32]) {
        self.row_of = vec![0; places.len()];
        for (row, &place) in (0..).zip(places) {
            self.row_of[place as usize] = row;
        }
    }

    /// Adds a row that is another one's.
    pub(super) fn copy(&mut self, other: &Rows, member: usize) {
        for run in other.of(member) {
            self.partitions.extend_from_slice(other.partitions(run));
            self.end_topic(run.topic);
        }
        self.end_member();
    }
}

/// The members' targets as the broker holds them: maps of sets that were made of the records.
pub(super) struct Held {
    /// In the order in which the maps are walked.
    pub rows: Rows,
    /// Ids of all topics: first those that the question knows, then those that only targets name.
    pub topics: Vec<Uuid>,
    /// Their hashes.
    pub hashes: Vec<i32>,
    index: Index,
}

impl Held {
    pub(super) fn of(question: &Question) -> Result<Self, Thrown> {
        let members = question.members.len();
        let topics: Vec<Uuid> = question.topics.iter().map(|topic| topic.id).collect();
        let hashes: Vec<i32> = topics.iter().map(JavaKey::java_hash).collect();
        let rows = Rows::with_capacity(members, 0);
        let mut held = Held { rows, index: Index::of(&hashes), topics, hashes };
        let mut last = None;
        let mut order: Vec<(i32, u32, &[u32])> = Vec::new();
        for member in &question.members {
            order.clear();
            for Partitions { topic, partitions } in member.target.iter() {
                let number = match last {
                    Some((known, number)) if known == *topic => number,
                    _ => held.number(*topic),
                };
                last = Some((*topic, number));
                order.push((held.hashes[number as usize], number, partitions));
            }
            held.order_topics(&mut order)?;
            for &(_, number, partitions) in &order {
                held.add_set(partitions);
                held.rows.end_topic(number);
            }
            held.rows.end_member();
        }
        Ok(held)
    }

    /// The number of a topic, a new one if need be.
    fn number(&mut self, topic: Uuid) -> u32 {
        self.find(topic).unwrap_or_else(|| {
            self.topics.push(topic);
            self.hashes.push(topic.java_hash());
            self.index.add(&self.hashes);
            self.topics.len() as u32 - 1
        })
    }

    /// The number of a topic if it has one.
    pub(super) fn find(&self, topic: Uuid) -> Option<u32> {
        self.index.find(topic.java_hash(), |number| self.topics[number as usize] == topic)
    }

    /// Topics of a record in the order of the map that the broker makes of it.
    fn order_topics(&self, order: &mut Vec<(i32, u32, &[u32])>) -> Result<(), Thrown> {
        if order.len() < 2 {
            return Ok(());
        }
        let mut growth = Growth::new();
        growth.put_all(order.len());
        let hash = |(hash, ..): (i32, _, _)| hash;
        if !java_order::is_crowded(order, 0, 16, growth, hash) {
            java_order::walk(order, growth.capacity(), hash);
            let same_hash = |pair: &[(i32, u32, _)]| pair[0].0 == pair[1].0;
            if order.windows(2).any(same_hash) && has_twice(order) {
                return Err(Thrown::IllegalState);
            }
            return Ok(());
        }
        let mut map = JavaMap::new();
        for &entry in &*order {
            if map.put(self.topics[entry.1 as usize], entry).is_some() {
                return Err(Thrown::IllegalState);
            }
        }
        order.clear();
        order.extend(map.values().copied());
        Ok(())
    }

    /// Adds the partitions of a record to the run under way, in the order of the set that the
    /// broker makes of them.
    fn add_set(&mut self, partitions: &[u32]) {
        let start = self.rows.partitions.len();
        self.rows.partitions.extend_from_slice(partitions);
        if partitions.len() < 2 {
            return;
        }
        let growth = Growth::of_collection(partitions.len());
        let added = &mut self.rows.partitions[start..];
        if java_order::walk_numbers(added, growth.capacity()) {
            return;
        }
        let mut sorted = added.to_vec();
        sorted.sort_unstable();
        let different = sorted.is_sorted_by(|a, b| a < b);
        let crowded = java_order::are_numbers_crowded(added, 0, growth.capacity(), growth);
        if crowded || !different {
            let set = JavaSet::of_collection(partitions.iter().copied());
            self.rows.partitions.truncate(start);
            self.rows.partitions.extend(set.keys());
        }
    }
}

/// Whether a topic stands in the list twice.
fn has_twice(order: &[(i32, u32, &[u32])]) -> bool {
    let mut numbers: Vec<u32> = order.iter().map(|&(_, number, _)| number).collect();
    numbers.sort_unstable();
    numbers.windows(2).any(|pair| pair[0] == pair[1])
}
