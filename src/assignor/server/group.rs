//! A question in numbers: topics and subscriptions by index.

use super::Question;
use crate::kernel::java_hash::{JavaKey, string_hash};
use crate::kernel::java_map::{JavaMap, JavaSet};
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
        let mut numbers = JavaMap::new();
        for (number, topic) in (0_u32..).zip(&question.topics) {
            numbers.put(topic.name.clone(), number);
        }
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
                    group.subscriptions.push(subscription(&member.topics, &numbers));
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

fn subscription(names: &[Name], numbers: &JavaMap<Name, u32>) -> Subscription {
    let number = |name: &Name| numbers.get(&**name).copied();
    let growth = Growth::of_collection(names.len());
    let mut hashed: Vec<(i32, &Name)> =
        names.iter().map(|name| (string_hash(name), name)).collect();
    let hash = |(hash, _): (i32, _)| hash;
    let mut sorted: Vec<&Name> = names.iter().collect();
    sorted.sort_unstable();
    let different = sorted.is_sorted_by(|a, b| a < b);
    let (topics, names): (Vec<u32>, usize);
    if different && !java_order::is_crowded(&hashed, 0, growth.capacity(), growth, hash) {
        java_order::walk(&mut hashed, growth.capacity(), hash);
        topics = hashed.iter().filter_map(|(_, name)| number(name)).collect();
        names = hashed.len();
    } else {
        let set = JavaSet::of_collection(hashed.iter().map(|&(_, name)| name.clone()));
        topics = set.keys().filter_map(number).collect();
        names = set.len();
    }
    let mut sorted = topics.clone();
    sorted.sort_unstable();
    Subscription { topics, names, sorted }
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
