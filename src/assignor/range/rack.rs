//! Range with racks: whom a replica is near gets it first, as far as the quota goes, and topics
//! with the same subscribers and partition counts are split alike.

use super::super::frame::{Audience, Frame, NONE};
use super::super::racks::Racks;
use super::{Answer, Quota};
use std::collections::{BTreeMap, VecDeque};

/// The answer where racks matter for any topic.
pub(super) fn assign(
    frame: &Frame,
    racks: &Racks,
    audiences: &[Audience],
    subscribers: &[Vec<u32>],
) -> Option<Answer> {
    let partitions = |topic: u32| {
        let first = frame.first[topic as usize];
        first..first + frame.topics[topic as usize].partitions
    };
    let mut matter = vec![false; frame.topics.len()];
    for (audience, subscribers) in audiences.iter().zip(subscribers) {
        for &topic in &audience.topics {
            matter[topic as usize] = racks.matter(subscribers.iter().copied(), partitions(topic));
        }
    }
    if !matter.contains(&true) {
        return None;
    }

    let mut lists: Vec<Vec<(u32, u32)>> = vec![Vec::new(); frame.members()];
    for (audience, subscribers) in audiences.iter().zip(subscribers) {
        if subscribers.iter().all(|&m| racks.of_member[m as usize] == NONE) {
            for &topic in &audience.topics {
                Split::new(frame, topic, subscribers).fill(&mut lists);
            }
            continue;
        }
        let mut by_count: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for &topic in &audience.topics {
            by_count.entry(frame.topics[topic as usize].partitions).or_default().push(topic);
        }
        for topics in by_count.values() {
            let mut split = Split::new(frame, topics[0], subscribers);
            match topics[..] {
                [topic] if matter[topic as usize] => split.fill_near(racks, &mut lists),
                [_] => {}
                _ => split.fill_alike(racks, topics, &mut lists),
            }
            // What topics split alike have left is alike too.
            for &topic in topics {
                Split { topic, ..split.clone() }.fill(&mut lists);
            }
        }
    }
    for list in &mut lists {
        list.sort_unstable();
    }
    Some(frame.answer(lists))
}

/// A topic while it is given to its subscribers.
#[derive(Clone)]
struct Split<'a> {
    topic: u32,
    /// The number of its first partition.
    first: u32,
    subscribers: &'a [u32],
    quota: Quota,
    /// How many partitions each subscriber has.
    counts: Vec<u32>,
    given: Vec<bool>,
    frame: &'a Frame<'a>,
}

impl<'a> Split<'a> {
    fn new(frame: &'a Frame, topic: u32, subscribers: &'a [u32]) -> Self {
        let partitions = frame.topics[topic as usize].partitions;
        Split {
            topic,
            first: frame.first[topic as usize],
            subscribers,
            quota: Quota::of(partitions, subscribers),
            counts: vec![0; subscribers.len()],
            given: vec![false; partitions as usize],
            frame,
        }
    }

    /// How many more the subscriber at this place may get.
    fn room(&self, place: usize) -> u32 {
        (self.quota.each + u32::from(self.quota.extra > 0)).saturating_sub(self.counts[place])
    }

    /// Notes that the subscriber gets these at once.
    fn give(&mut self, place: usize, indexes: &[u32]) {
        self.counts[place] += indexes.len() as u32;
        if self.counts[place] > self.quota.each {
            self.quota.extra -= 1;
        }
        for &index in indexes {
            self.given[index as usize] = true;
        }
    }

    /// Gives what is left to those with room, in order.
    fn fill(&mut self, lists: &mut [Vec<(u32, u32)>]) {
        let left = (0..self.given.len() as u32).filter(|&i| !self.given[i as usize]);
        let mut left: VecDeque<u32> = left.collect();
        for (place, &member) in self.subscribers.iter().enumerate() {
            if left.is_empty() {
                return;
            }
            let room = (self.room(place) as usize).min(left.len());
            let indexes: Vec<u32> = left.drain(..room).collect();
            if !indexes.is_empty() {
                self.give(place, &indexes);
                lists[member as usize].extend(indexes.into_iter().map(|index| (self.topic, index)));
            }
        }
    }

    /// Gives each subscriber, in order, the first partitions that have a replica in its rack; who
    /// has no rack takes any.
    fn fill_near(&mut self, racks: &Racks, lists: &mut [Vec<(u32, u32)>]) {
        let count = self.given.len() as u32;
        let mut in_rack = vec![Vec::new(); racks.count as usize];
        for index in 0..count {
            for &rack in racks.of(self.first + index) {
                in_rack[rack as usize].push(index);
            }
        }
        let anywhere: Vec<u32> = (0..count).collect();
        // How far each list has been looked through, the one for those without rack at the end.
        let mut looked = vec![0; in_rack.len() + 1];
        for (place, &member) in self.subscribers.iter().enumerate() {
            let rack = racks.of_member[member as usize];
            let (list, looked) = match in_rack.get(rack as usize) {
                Some(list) => (list, &mut looked[rack as usize]),
                None => (&anywhere, looked.last_mut().expect("one for each rack and one more")),
            };
            let mut indexes = Vec::new();
            let room = self.room(place) as usize;
            while indexes.len() < room && *looked < list.len() {
                let index = list[*looked];
                *looked += 1;
                if !self.given[index as usize] {
                    indexes.push(index);
                }
            }
            if !indexes.is_empty() {
                self.give(place, &indexes);
                lists[member as usize].extend(indexes.into_iter().map(|index| (self.topic, index)));
            }
        }
    }

    /// Gives each partition number, of all topics together, to the first subscriber with room that
    /// is near to all of them. The topics count as one: they have as many partitions each.
    fn fill_alike(&mut self, racks: &Racks, topics: &[u32], lists: &mut [Vec<(u32, u32)>]) {
        // Places of subscribers by rack, and at the end those without; who is full leaves from the
        // front, because the first of a rack is always served first.
        let mut queues = vec![VecDeque::new(); racks.count as usize + 1];
        let without = racks.count;
        for (place, &member) in self.subscribers.iter().enumerate() {
            let rack = racks.of_member[member as usize].min(without);
            queues[rack as usize].push_back(place);
        }
        for index in 0..self.given.len() as u32 {
            let mut common = racks.of(self.first + index).to_vec();
            for &topic in topics {
                let others = racks.of(self.frame.first[topic as usize] + index);
                common.retain(|rack| others.contains(rack));
            }
            common.push(without);
            let mut best: Option<usize> = None;
            for rack in common {
                let queue = &mut queues[rack as usize];
                while queue.front().is_some_and(|&place| self.room(place) == 0) {
                    queue.pop_front();
                }
                if let Some(&place) = queue.front() {
                    best = Some(best.map_or(place, |best| best.min(place)));
                }
            }
            if let Some(place) = best {
                self.give(place, &[index]);
                let member = self.subscribers[place] as usize;
                lists[member].extend(topics.iter().map(|&topic| (topic, index)));
            }
        }
    }
}
