//! A question in numbers: topics and subscriptions by index.

use super::Question;
use crate::kernel::java_hash::{JavaKey, string_hash};
use crate::kernel::java_map::JavaSet;
use crate::kernel::java_order::{self, Growth};
use crate::model::Name;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Topics and subscriptions of a question by index; members keep their places.
pub(super) struct Group {
    /// The hash of each topic's id.
    pub hashes: Vec<i32>,
    /// Different subscriptions.
    pub subscriptions: Vec<Subscription>,
    /// The subscription of each member.
    pub subscription_of: Vec<u32>,
}

/// Topics that a member subscribes to.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Subscription {
    /// Those that exist, in the order in which the broker walks the set of their names.
    pub topics: Vec<u32>,
    /// How many names there are, with those of topics that do not exist.
    pub names: usize,
    /// `topics`, in order.
    sorted: Vec<u32>,
}

impl Subscription {
    pub(super) fn contains(&self, topic: u32) -> bool {
        self.sorted.binary_search(&topic).is_ok()
    }
}

impl Group {
    pub(super) fn of(question: &Question) -> Self {
        let names: Vec<i32> = question.topics.iter().map(|t| string_hash(&t.name)).collect();
        let names = Index::of(&names);
        let mut group = Group {
            hashes: question.topics.iter().map(|topic| topic.id.java_hash()).collect(),
            subscriptions: Vec::new(),
            subscription_of: Vec::with_capacity(question.members.len()),
        };
        let mut known: BTreeMap<&[Name], u32> = BTreeMap::new();
        let mut last: Option<(&Arc<[Name]>, u32)> = None;
        for member in &question.members {
            let number = match last {
                Some((topics, number)) if Arc::ptr_eq(topics, &member.topics) => number,
                _ => *known.entry(&member.topics).or_insert_with(|| {
                    group.subscriptions.push(subscription(&member.topics, question, &names));
                    (group.subscriptions.len() - 1) as u32
                }),
            };
            last = Some((&member.topics, number));
            group.subscription_of.push(number);
        }
        group
    }

    pub(super) fn members(&self) -> usize {
        self.subscription_of.len()
    }

    /// The subscription of a member.
    pub(super) fn subscription(&self, member: usize) -> &Subscription {
        &self.subscriptions[self.subscription_of[member] as usize]
    }

    /// The members that subscribe to each topic, in order.
    pub(super) fn subscribers(&self) -> Lists {
        let pairs = || {
            (0..).zip(&self.subscription_of).flat_map(|(member, &subscription)| {
                let topics = &self.subscriptions[subscription as usize].topics;
                topics.iter().map(move |&topic| (topic, member))
            })
        };
        Lists::of(self.hashes.len(), pairs)
    }
}

fn subscription(names: &[Name], question: &Question, index: &Index) -> Subscription {
    let resolve = |name: &Name| {
        let hash = string_hash(name);
        let is_it = |topic: u32| {
            let topic = &question.topics[topic as usize].name;
            Arc::ptr_eq(topic, name) || topic == name
        };
        (hash, index.find(hash, is_it))
    };
    let mut resolved: Vec<(i32, Option<u32>)> = names.iter().map(resolve).collect();
    let mut sorted: Vec<u32> = resolved.iter().filter_map(|&(_, topic)| topic).collect();
    sorted.sort_unstable();
    let unknown = names.iter().zip(&resolved).filter(|(_, (_, topic))| topic.is_none());
    let mut unknown: Vec<&Name> = unknown.map(|(name, _)| name).collect();
    unknown.sort_unstable();
    let is_set = sorted.is_sorted_by(|a, b| a < b) && unknown.is_sorted_by(|a, b| a < b);
    let growth = Growth::of_collection(names.len());
    let hash = |(hash, _): (i32, _)| hash;
    if is_set && !java_order::is_crowded(&resolved, 0, growth.capacity(), growth, hash) {
        java_order::walk(&mut resolved, growth.capacity(), hash);
        let topics = resolved.iter().filter_map(|&(_, topic)| topic).collect();
        return Subscription { topics, names: names.len(), sorted };
    }
    let set = JavaSet::of_collection(names.iter().cloned());
    sorted.dedup();
    let topics = set.keys().filter_map(|name| resolve(name).1).collect();
    Subscription { topics, names: set.len(), sorted }
}

/// Numbers by hash.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// A power of two of them, at most half of them taken; [`Index::FREE`] elsewhere.
    slots: Vec<u32>,
}

impl Index {
    const FREE: u32 = u32::MAX;

    /// An index of the numbers from 0 on by their hashes.
    pub(super) fn of(hashes: &[i32]) -> Self {
        let slots = (2 * hashes.len()).next_power_of_two().max(16);
        let mut index = Index { slots: vec![Self::FREE; slots] };
        for (number, &hash) in (0..).zip(hashes) {
            index.insert(hash, number);
        }
        index
    }

    fn first(hash: i32) -> usize {
        (hash.cast_unsigned().wrapping_mul(0x9e37_79b1) >> 7) as usize
    }

    fn insert(&mut self, hash: i32, number: u32) {
        let mut slot = Self::first(hash);
        while self.slots[slot & (self.slots.len() - 1)] != Self::FREE {
            slot += 1;
        }
        let mask = self.slots.len() - 1;
        self.slots[slot & mask] = number;
    }

    /// Adds the next number; `hashes` are those of all numbers with it.
    pub(super) fn add(&mut self, hashes: &[i32]) {
        if 2 * hashes.len() > self.slots.len() {
            *self = Self::of(hashes);
        } else if let Some(&hash) = hashes.last() {
            self.insert(hash, hashes.len() as u32 - 1);
        }
    }

    /// The number with this hash of which `is_it` says that it is the one.
    pub(super) fn find(&self, hash: i32, is_it: impl Fn(u32) -> bool) -> Option<u32> {
        let mut slot = Self::first(hash);
        loop {
            let number = self.slots[slot & (self.slots.len() - 1)];
            if number == Self::FREE {
                return None;
            }
            if is_it(number) {
                return Some(number);
            }
            slot += 1;
        }
    }
}

/// Lists by number, one behind the other.
#[derive(Debug, Default)]
pub(super) struct Lists {
    ends: Vec<u32>,
    items: Vec<u32>,
}

impl Lists {
    /// Lists of items from pairs of list and item; in a list, items keep the order of the pairs.
    pub(super) fn of<I: Iterator<Item = (u32, u32)>>(count: usize, pairs: impl Fn() -> I) -> Self {
        let mut ends = vec![0; count];
        pairs().for_each(|(list, _)| ends[list as usize] += 1);
        let mut total = 0;
        for end in &mut ends {
            // For now it is where the list begins.
            total += std::mem::replace(end, total);
        }
        let mut items = vec![0; total as usize];
        for (list, item) in pairs() {
            let end = &mut ends[list as usize];
            items[*end as usize] = item;
            *end += 1;
        }
        Lists { ends, items }
    }

    pub(super) fn get(&self, list: u32) -> &[u32] {
        let list = list as usize;
        let start = if list == 0 { 0 } else { self.ends[list - 1] };
        &self.items[start as usize..self.ends[list] as usize]
    }
}
