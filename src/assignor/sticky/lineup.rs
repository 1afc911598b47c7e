//! Members by how much they have: the first in line is the one with the least, and of those the
//! first by id.

use super::super::frame::{Frame, NONE};
use super::super::names;
use super::rack::Nearness;
use std::collections::{BTreeMap, BTreeSet};

/// Members that take part, in line.
pub(super) struct Lineup {
    /// Members alike in subscription and rack.
    pub(super) kinds: Vec<Kind>,
    kind_of: Vec<u32>,
    /// The kinds that subscribe to each topic.
    of_topic: Vec<Vec<u32>>,
    /// Place of each member by id.
    rank: Vec<u32>,
    by_rank: Vec<u32>,
    /// How many members have so many partitions.
    counts: Vec<u32>,
    least: usize,
    most: usize,
    len: usize,
}

/// Members that subscribe to the same topics and have the same rack.
pub(super) struct Kind {
    pub(super) class: u32,
    rack: u32,
    /// (number of partitions, place by id).
    line: BTreeSet<(u32, u32)>,
}

impl Lineup {
    /// Lines up all members, with the sizes of their lists.
    pub(super) fn new(frame: &Frame, nearness: Option<&Nearness>, lists: &[Vec<u32>]) -> Self {
        let ids: Vec<&str> = frame.question.members.iter().map(|m| &*m.id).collect();
        let by_rank = names::sorted(&ids);
        let mut place_of = vec![0; by_rank.len()];
        for (place, &member) in (0..).zip(&by_rank) {
            place_of[member as usize] = place;
        }
        let mut kinds: Vec<Kind> = Vec::new();
        let mut numbers = BTreeMap::new();
        let mut kind_of = vec![0; frame.members()];
        for &member in &frame.order {
            let rack = nearness.map_or(NONE, |nearness| nearness.rack(member));
            let class = frame.class_of[member as usize];
            kind_of[member as usize] = *numbers.entry((class, rack)).or_insert_with(|| {
                kinds.push(Kind { class, rack, line: BTreeSet::new() });
                kinds.len() as u32 - 1
            });
        }
        let mut of_topic = vec![Vec::new(); frame.topics.len()];
        for (number, kind) in (0..).zip(&kinds) {
            for &topic in &frame.classes[kind.class as usize].topics {
                of_topic[topic as usize].push(number);
            }
        }
        let mut lineup = Lineup {
            kinds,
            kind_of,
            of_topic,
            rank: place_of,
            by_rank,
            counts: Vec::new(),
            least: 0,
            most: 0,
            len: 0,
        };
        for &member in &frame.order {
            lineup.add(member, lists[member as usize].len());
        }
        lineup
    }

    fn add(&mut self, member: u32, size: usize) {
        let kind = &mut self.kinds[self.kind_of[member as usize] as usize];
        kind.line.insert((size as u32, self.rank[member as usize]));
        if self.counts.len() <= size {
            self.counts.resize(size + 1, 0);
        }
        self.counts[size] += 1;
        self.least = if self.len == 0 { size } else { self.least.min(size) };
        self.most = if self.len == 0 { size } else { self.most.max(size) };
        self.len += 1;
    }

    /// Takes a member out of the line.
    pub(super) fn remove(&mut self, member: u32, size: usize) {
        let kind = &mut self.kinds[self.kind_of[member as usize] as usize];
        kind.line.remove(&(size as u32, self.rank[member as usize]));
        self.counts[size] -= 1;
        self.len -= 1;
        if self.len > 0 {
            while self.counts[self.least] == 0 {
                self.least += 1;
            }
            while self.counts[self.most] == 0 {
                self.most -= 1;
            }
        }
    }

    /// A member has another number of partitions now.
    pub(super) fn resize(&mut self, member: u32, before: usize, after: usize) {
        self.remove(member, before);
        self.add(member, after);
    }

    /// The smallest and the largest number of partitions.
    pub(super) fn extremes(&self) -> Option<(usize, usize)> {
        (self.len > 0).then_some((self.least, self.most))
    }

    /// The first in line that subscribes to the topic.
    pub(super) fn first(&self, topic: u32) -> Option<u32> {
        self.first_where(topic, |_| true)
    }

    /// The first in line that subscribes to the topic and is not far from the partition.
    pub(super) fn first_near(
        &self,
        topic: u32,
        partition: u32,
        nearness: &Nearness,
    ) -> Option<u32> {
        self.first_where(topic, |kind| !nearness.is_far(kind.rack, partition))
    }

    fn first_where(&self, topic: u32, fits: impl Fn(&Kind) -> bool) -> Option<u32> {
        let kinds = self.of_topic[topic as usize].iter().map(|&kind| &self.kinds[kind as usize]);
        let firsts = kinds.filter(|kind| fits(kind)).filter_map(|kind| kind.line.first());
        firsts.min().map(|&(_, rank)| self.by_rank[rank as usize])
    }

    /// The first of a kind that has another number of partitions than `full`.
    pub(super) fn first_unlike(&self, kind: &Kind, full: usize) -> Option<u32> {
        let unlike = kind.line.iter().find(|&&(size, _)| size as usize != full);
        unlike.map(|&(_, rank)| self.by_rank[rank as usize])
    }
}
