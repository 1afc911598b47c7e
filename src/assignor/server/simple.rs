//! `simple`: partitions of share groups, which may have several members each
//! (`coordinator.group.assignor.SimpleAssignor`).

mod sharing;

use super::answer::{Held, Rows};
use super::group::{Group, Lists};
use super::rebuild::{Change, Log, Manner, Rebuild};
use super::{Answer, Question, ServerAssignor, SubscriptionType, Thrown};
use crate::kernel::java_hash::combine;
use crate::kernel::java_map::JavaMap;
use crate::kernel::java_order::{self, Growth};
use sharing::{Sharing, Slot};
use std::collections::BTreeMap;

/// The strategy of share groups.
pub(super) struct Simple;

impl ServerAssignor for Simple {
    fn name(&self) -> &'static str {
        "simple"
    }

    fn assign(&self, question: &Question) -> Result<Answer, Thrown> {
        if question.members.is_empty() {
            return Ok(Answer::default());
        }
        let group = Group::of(question);
        let held = Held::of(question)?;
        let assignable = Assignable::of(question, &held);
        match question.subscription {
            SubscriptionType::Homogeneous => all_topics(question, &group, held, &assignable),
            SubscriptionType::Heterogeneous => each_topic(question, &group, held, &assignable),
        }
    }
}

/// Which partitions may be assigned, by topic; `None`: all.
struct Assignable(Option<Vec<Vec<bool>>>);

impl Assignable {
    fn of(question: &Question, held: &Held) -> Self {
        Assignable(question.assignable.as_ref().map(|list| {
            let none = |topic: &super::Topic| vec![false; topic.partitions as usize];
            let mut assignable: Vec<Vec<bool>> = question.topics.iter().map(none).collect();
            for entry in list {
                let topic = held.find(entry.topic).map(|topic| topic as usize);
                let Some(known) = topic.and_then(|topic| assignable.get_mut(topic)) else {
                    continue;
                };
                for &partition in &entry.partitions {
                    if let Some(is_assignable) = known.get_mut(partition as usize) {
                        *is_assignable = true;
                    }
                }
            }
            assignable
        }))
    }

    fn contains(&self, topic: u32, partition: u32) -> bool {
        self.0.as_ref().is_none_or(|known| known[topic as usize][partition as usize])
    }
}

/// `AssignorHelpers.newHashMap`: the capacity asked for.
fn capacity_for(keys: usize) -> usize {
    ((keys + 1) as f32 / 0.75 + 1.0) as usize
}

/// All members subscribe to the same topics: their partitions are shared out together
/// (`SimpleHomogeneousAssignmentBuilder`).
fn all_topics(
    question: &Question,
    group: &Group,
    held: Held,
    assignable: &Assignable,
) -> Result<Answer, Thrown> {
    let members = group.members();
    let subscription = group.subscription(0);
    if subscription.names == 0 {
        return Ok(Answer::new(held.topics, Rows::empty(members)));
    }
    let mut is_subscribed = vec![false; held.topics.len()];
    subscription.topics.iter().for_each(|&topic| is_subscribed[topic as usize] = true);

    let mut slots = Vec::new();
    let mut starts = vec![0; held.topics.len()];
    let slot = |topic: u32, partition: u32| Slot {
        topic,
        partition,
        hash: combine(held.hashes[topic as usize], partition.cast_signed()),
    };
    let mut targets = Vec::new();
    for &topic in &subscription.topics {
        starts[topic as usize] = slots.len() as u32;
        for partition in 0..question.topics[topic as usize].partitions {
            if assignable.contains(topic, partition) {
                targets.push(slots.len() as u32);
            }
            slots.push(slot(topic, partition));
        }
    }
    // Partitions that a target names though the topic does not have them.
    let mut beyond: BTreeMap<(u32, u32), u32> = BTreeMap::new();
    let mut pairs = Vec::new();
    for member in java_order::dense(members as u32) {
        for run in held.rows.of(member as usize).filter(|run| is_subscribed[run.topic as usize]) {
            let count = question.topics[run.topic as usize].partitions;
            for &partition in held.rows.partitions(run) {
                let number = if partition < count {
                    starts[run.topic as usize] + partition
                } else {
                    *beyond.entry((run.topic, partition)).or_insert_with(|| {
                        slots.push(slot(run.topic, partition));
                        slots.len() as u32 - 1
                    })
                };
                pairs.push((member, number));
            }
        }
    }

    let everybody: Vec<u32> = (0..members as u32).collect();
    let mut log = Log::default();
    let mut sharing = Sharing::new(members);
    sharing.share(&slots, &targets, &pairs, &everybody, &mut log)?;

    let mut rebuild = Rebuild::new(&held, most(question), Manner::default());
    let mut rows = Rows::with_capacity(members, pairs.len().max(targets.len()));
    let places = log.by_member(members);
    let mut changes: Vec<Change> = Vec::new();
    for member in 0..members {
        changes.clear();
        changes.extend(places.get(member as u32).iter().map(|&place| log.get(place)));
        let subscribed = held.rows.of(member).filter(|run| is_subscribed[run.topic as usize]);
        let count: usize = subscribed.clone().map(super::answer::Run::len).sum();
        // Who has as much as is wanted, or more, is copied in any case.
        let is_full = count > 0 && count >= sharing.wanted(member);
        let drops = subscribed.count() < held.rows.of(member).len();
        if is_full || drops || !changes.is_empty() {
            rebuild.row(member, |topic| is_subscribed[topic as usize], &changes, &mut rows);
        } else {
            rows.copy(&held.rows, member);
        }
    }
    drop(rebuild);
    Ok(Answer::new(held.topics, rows))
}

/// Members subscribe to different topics: each topic is shared out among its subscribers
/// (`SimpleHeterogeneousAssignmentBuilder`).
fn each_topic(
    question: &Question,
    group: &Group,
    held: Held,
    assignable: &Assignable,
) -> Result<Answer, Thrown> {
    let members = group.members();
    let subscribers = group.subscribers();
    let topics = union_order(group, &held);
    if topics.is_empty() {
        return Ok(Answer::new(held.topics, Rows::empty(members)));
    }
    // Runs of each topic, by number over all members, and whose they are.
    let runs: Vec<_> = java_order::dense(members as u32)
        .into_iter()
        .flat_map(|member| held.rows.of(member as usize).map(move |run| (member, run)))
        .collect();
    let holders = Lists::of(held.topics.len(), || {
        (0..).zip(&runs).map(|(number, (_, run))| (run.topic, number))
    });
    let mut log = Log::default();
    let mut sharing = Sharing::new(members);
    let (mut slots, mut targets, mut pairs) = (Vec::new(), Vec::new(), Vec::new());
    for &topic in &topics {
        slots.clear();
        targets.clear();
        pairs.clear();
        let slot = |partition: u32| Slot { topic, partition, hash: partition.cast_signed() };
        let count = question.topics[topic as usize].partitions;
        slots.extend((0..count).map(slot));
        targets.extend((0..count).filter(|&partition| assignable.contains(topic, partition)));
        let mut beyond: BTreeMap<u32, u32> = BTreeMap::new();
        for &number in holders.get(topic) {
            let (member, run) = runs[number as usize];
            for &partition in held.rows.partitions(run) {
                let number = if partition < count {
                    partition
                } else {
                    *beyond.entry(partition).or_insert_with(|| {
                        slots.push(slot(partition));
                        slots.len() as u32 - 1
                    })
                };
                pairs.push((member, number));
            }
        }
        sharing.share(&slots, &targets, &pairs, subscribers.get(topic), &mut log)?;
    }

    // Topics that nobody subscribes to stay where they are.
    let mut rebuild = Rebuild::new(&held, most(question), Manner::default());
    let mut rows = Rows::with_capacity(members, held.rows.partitions.len());
    let places = log.by_member(members);
    let mut changes: Vec<Change> = Vec::new();
    for member in 0..members {
        changes.clear();
        changes.extend(places.get(member as u32).iter().map(|&place| log.get(place)));
        if changes.is_empty() {
            rows.copy(&held.rows, member);
        } else {
            rebuild.row(member, |_| true, &changes, &mut rows);
        }
    }
    drop(rebuild);
    Ok(Answer::new(held.topics, rows))
}

fn most(question: &Question) -> u32 {
    question.topics.iter().map(|topic| topic.partitions).max().unwrap_or(0)
}

/// Topics that anybody subscribes to, in the order of a set to which the members add theirs.
fn union_order(group: &Group, held: &Held) -> Vec<u32> {
    let mut is_known = vec![false; group.hashes.len()];
    let mut is_added = vec![false; group.subscriptions.len()];
    let mut topics = Vec::new();
    let mut growth = Growth::new();
    for &number in &group.subscription_of {
        if std::mem::replace(&mut is_added[number as usize], true) {
            continue;
        }
        for &topic in &group.subscriptions[number as usize].topics {
            if !std::mem::replace(&mut is_known[topic as usize], true) {
                topics.push(topic);
                growth.put();
            }
        }
    }
    let hash = |topic: u32| held.hashes[topic as usize];
    if java_order::is_crowded(&topics, 0, 16, growth, hash) {
        let mut set = JavaMap::new();
        for &topic in &topics {
            set.put(held.topics[topic as usize], topic);
        }
        return set.values().copied().collect();
    }
    java_order::walk(&mut topics, growth.capacity(), hash);
    topics
}
