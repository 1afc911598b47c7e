//! Members in lines by what they carry, so that the next one is found at once.

use super::finish::Finish;
use super::group::Group;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Members that stand in line. Those that subscribe to the same topics and are of one size stand
/// in the same line.
pub(super) struct Lines {
    all: Vec<Line>,
    line_of: Vec<u32>,
    of_topic: Vec<Vec<u32>>,
    /// What each member carries, in line or not.
    pub(super) carried: Vec<u128>,
}

struct Line {
    size: u128,
    /// (what the member carries, the member).
    members: BTreeSet<(u128, u32)>,
}

impl Lines {
    /// Lines for members of these sizes, in which nobody stands yet.
    pub(super) fn new(group: &Group, sizes: &[u128], carried: Vec<u128>) -> Self {
        let mut lines: Vec<Line> = Vec::new();
        let mut numbers = BTreeMap::new();
        let mut of_topic = vec![Vec::new(); group.frame.topics.len()];
        let mut line_of = Vec::with_capacity(sizes.len());
        for (member, &size) in (0..).zip(sizes) {
            let class = group.class(member);
            line_of.push(*numbers.entry((class, size)).or_insert_with(|| {
                let number = lines.len() as u32;
                for &topic in &group.frame.classes[class as usize].topics {
                    of_topic[topic as usize].push(number);
                }
                lines.push(Line { size, members: BTreeSet::new() });
                number
            }));
        }
        Lines { all: lines, line_of, of_topic, carried }
    }

    /// Lines in which everybody stands.
    pub(super) fn of_all(group: &Group, sizes: &[u128], carried: Vec<u128>) -> Self {
        let mut all = Lines::new(group, sizes, carried);
        for member in 0..sizes.len() as u32 {
            all.enter(member);
        }
        all
    }

    pub(super) fn enter(&mut self, member: u32) {
        let key = (self.carried[member as usize], member);
        self.line(member).members.insert(key);
    }

    pub(super) fn leave(&mut self, member: u32) {
        let key = (self.carried[member as usize], member);
        self.line(member).members.remove(&key);
    }

    fn line(&mut self, member: u32) -> &mut Line {
        &mut self.all[self.line_of[member as usize] as usize]
    }

    /// Whether the member stands in line.
    pub(super) fn has(&self, member: u32) -> bool {
        let line = &self.all[self.line_of[member as usize] as usize];
        line.members.contains(&(self.carried[member as usize], member))
    }

    /// A member in line carries more.
    pub(super) fn load(&mut self, member: u32, weight: u128) {
        self.leave(member);
        self.carried[member as usize] += weight;
        self.enter(member);
    }

    fn of_topic(&self, topic: u32) -> impl Iterator<Item = &Line> {
        self.of_topic[topic as usize].iter().map(|&line| &self.all[line as usize])
    }

    /// Who is left with the least room if this is added, and has it (best fit).
    pub(super) fn fullest(&self, topic: u32, weight: u128) -> Option<u32> {
        let best = |line: &Line| {
            let most = line.size.checked_sub(weight)?;
            let &(carried, _) = line.members.range(..=(most, u32::MAX)).next_back()?;
            let &(_, member) = line.members.range((carried, 0)..).next()?;
            Some((line.size - carried, member))
        };
        self.of_topic(topic).filter_map(best).min().map(|(_, member)| member)
    }

    /// Who has the most room, or lacks the least.
    pub(super) fn roomiest(&self, topic: u32) -> Option<u32> {
        let first = |line: &Line| {
            let &(carried, member) = line.members.first()?;
            Some((carried.cast_signed() - line.size.cast_signed(), member))
        };
        self.of_topic(topic).filter_map(first).min().map(|(_, member)| member)
    }

    /// Who is the largest, and its size.
    pub(super) fn largest(&self, topic: u32) -> Option<(u128, u32)> {
        let first = |line: &Line| line.members.first().map(|&(_, member)| (line.size, member));
        self.of_topic(topic).filter_map(first).max_by_key(|&(size, m)| (size, Reverse(m)))
    }

    /// Who has done everything first if this is added, at a speed of its size; of those that are
    /// done at the same time rather this one.
    pub(super) fn soonest(&self, topic: u32, weight: u128, rather: Option<u32>) -> Option<u32> {
        let first = |line: &Line| {
            let &(carried, member) = line.members.first()?;
            Some((Finish { work: carried + weight, speed: line.size }, member))
        };
        let best = self.of_topic(topic).filter_map(first).min()?;
        let rather = rather.filter(|&member| {
            let line = &self.all[self.line_of[member as usize] as usize];
            let work = self.carried[member as usize] + weight;
            Finish { work, speed: line.size } == best.0
        });
        Some(rather.unwrap_or(best.1))
    }
}
