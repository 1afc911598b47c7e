//! Who gets what.

use crate::model::Name;
use crate::model::consumer_protocol::TopicPartitions;
use std::iter;

/// A list of partitions for each member, in the order of the question's members; everybody has one.
///
/// Topics are numbers into a table of names, which is what makes an answer for thousands of members
/// cheap.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Answer {
    members: Vec<Name>,
    topics: Vec<Name>,
    /// Where each member's list ends.
    ends: Vec<usize>,
    /// (topic, index).
    partitions: Vec<(u32, u32)>,
}

/// What a member gets, in order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct List<'a> {
    topics: &'a [Name],
    partitions: &'a [(u32, u32)],
}

impl Answer {
    /// An answer about these topics, without members.
    pub fn new(topics: Vec<Name>) -> Self {
        Answer { topics, ..Answer::default() }
    }

    /// Adds a member with its partitions: the topic's place in the table, and the index.
    pub fn push(&mut self, member: Name, partitions: impl IntoIterator<Item = (u32, u32)>) {
        self.members.push(member);
        self.partitions.extend(partitions);
        self.ends.push(self.partitions.len());
    }

    /// An answer that gives out pieces (member, what) in this order; `spread` tells the partitions
    /// of a piece.
    pub(super) fn of_pieces<T: Copy, I: IntoIterator<Item = (u32, u32)>>(
        members: Vec<Name>,
        topics: Vec<Name>,
        pieces: &[(u32, T)],
        count: impl Fn(T) -> usize,
        spread: impl Fn(T) -> I,
    ) -> Self {
        let mut next = vec![0; members.len()];
        for &(member, piece) in pieces {
            next[member as usize] += count(piece);
        }
        let mut total = 0;
        let mut ends = Vec::with_capacity(members.len());
        for next in &mut next {
            let start = total;
            total += *next;
            *next = start;
            ends.push(total);
        }
        let mut partitions = vec![(0, 0); total];
        for &(member, piece) in pieces {
            let next = &mut next[member as usize];
            for partition in spread(piece) {
                partitions[*next] = partition;
                *next += 1;
            }
        }
        Answer { members, topics, ends, partitions }
    }

    /// How many members there are.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether there are no members.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Members with their lists.
    pub fn iter(&self) -> impl Iterator<Item = (&Name, List<'_>)> {
        let starts = iter::once(0).chain(self.ends.iter().copied());
        let spans = starts.zip(&self.ends);
        let list = |(start, &end): (usize, &usize)| List {
            topics: &self.topics,
            partitions: &self.partitions[start..end],
        };
        self.members.iter().zip(spans.map(list))
    }
}

impl<'a> List<'a> {
    /// How many partitions there are.
    pub fn len(self) -> usize {
        self.partitions.len()
    }

    /// Whether the member gets nothing.
    pub fn is_empty(self) -> bool {
        self.partitions.is_empty()
    }

    /// Topics and indexes.
    pub fn iter(self) -> impl Iterator<Item = (&'a Name, u32)> {
        self.partitions.iter().map(move |&(topic, index)| (&self.topics[topic as usize], index))
    }

    /// Partitions by topic, topics in order of first appearance: the form of an assignment on the
    /// wire.
    pub fn by_topic(self) -> Vec<TopicPartitions> {
        let mut groups: Vec<(u32, Vec<u32>)> = Vec::new();
        for &(topic, index) in self.partitions {
            match groups.iter_mut().rfind(|group| group.0 == topic) {
                Some((_, indexes)) => indexes.push(index),
                None => groups.push((topic, vec![index])),
            }
        }
        let group = |(topic, partitions): (u32, Vec<u32>)| TopicPartitions {
            topic: self.topics[topic as usize].clone(),
            partitions,
        };
        groups.into_iter().map(group).collect()
    }
}
