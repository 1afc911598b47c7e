//! All members subscribe to the same topics: everybody gets the same number of partitions, or one
//! more (`UniformHomogeneousAssignmentBuilder`).

use crate::assignor::server::answer::{Held, Rows};
use crate::assignor::server::group::Group;
use crate::assignor::server::rebuild::{Change, Manner, Rebuild, Step};
use crate::assignor::server::{Answer, Question, Thrown};
use crate::kernel::java_map::JavaMap;
use crate::kernel::java_order::{self, Growth};

/// What becomes of a member's target.
#[derive(Clone, Copy, Default)]
struct Plan {
    /// Its part of the partitions that are taken away from members: where it ends.
    taken_end: u32,
    /// How many partitions it has room for.
    room: u32,
    /// Whether its target gets changed, be it only by a copy.
    is_copied: bool,
}

/// Partitions by number over all topics.
struct Partitions {
    /// The first number of each topic, and the end of all.
    starts: Vec<u32>,
    is_assigned: Vec<bool>,
    /// Whether a target overlaps with another, or names what does not exist.
    is_odd: bool,
}

pub(super) fn assign(question: &Question) -> Result<Answer, Thrown> {
    let group = Group::of(question);
    let held = Held::of(question)?;
    let members = question.members.len();
    let first = group.subscription(0);
    if first.topics.is_empty() {
        return Ok(Answer::new(held.topics, Rows::empty(members)));
    }
    let topics = set_order(&first.topics, first.names, &held.hashes, &held);
    let mut is_subscribed = vec![false; held.topics.len()];
    for &topic in &topics {
        is_subscribed[topic as usize] = true;
    }

    let partitions = Partitions::of(question, &held);
    let total: u32 = topics.iter().map(|&topic| question.topics[topic as usize].partitions).sum();
    let mut pool: Vec<(u32, u32)> = Vec::new();
    for &topic in &topics {
        let start = partitions.starts[topic as usize];
        let free = |&p: &u32| !partitions.is_assigned[(start + p) as usize];
        let count = question.topics[topic as usize].partitions;
        pool.extend((0..count).filter(free).map(|partition| (topic, partition)));
    }

    let untaken = pool.len();
    let plans = take_back(&held, &is_subscribed, total, &mut pool);

    let manner =
        Manner { empty_topics_go: true, capacities: Vec::new(), is_odd: partitions.is_odd };
    let most = question.topics.iter().map(|topic| topic.partitions).max().unwrap_or(0);
    let mut rebuild = Rebuild::new(&held, most, manner);
    let mut rows = Rows::with_capacity(members, total as usize);
    let mut changes = Vec::new();
    let (mut given, mut taken) = (0, untaken);
    for (member, plan) in plans.iter().enumerate() {
        if !plan.is_copied {
            rows.copy(&held.rows, member);
            continue;
        }
        let taken_end = plan.taken_end as usize;
        let given_end = pool.len().min(given + plan.room as usize);
        let change =
            |step| move |&(topic, partition): &(u32, u32)| Change { topic, partition, step };
        let is_fresh = held.rows.of(member).len() == 0 && !partitions.is_odd;
        if is_fresh && rebuild.try_fresh_row(&pool[given..given_end], &mut rows) {
            given = given_end;
            continue;
        }
        changes.clear();
        changes.extend(pool[taken..taken_end].iter().map(change(Step::Removed)));
        changes.extend(pool[given..given_end].iter().map(change(Step::Added)));
        rebuild.row(member, |topic| is_subscribed[topic as usize], &changes, &mut rows);
        (taken, given) = (taken_end, given_end);
    }
    if given < pool.len() {
        return Err(Thrown::PartitionAssignor);
    }
    Ok(Answer::new(held.topics, rows))
}

/// Finds out what each member keeps. What is more than its share goes to the end of the pool.
fn take_back(
    held: &Held,
    is_subscribed: &[bool],
    total: u32,
    pool: &mut Vec<(u32, u32)>,
) -> Vec<Plan> {
    let members = held.rows.len();
    let least = total as usize / members;
    let mut extra = total as usize % members;
    let mut plans = Vec::with_capacity(members);
    for member in 0..members {
        let mut plan = Plan::default();
        let mut has_extra = extra > 0;
        let mut quota = least + usize::from(has_extra);
        for run in held.rows.of(member) {
            if !is_subscribed[run.topic as usize] {
                plan.is_copied = true;
                continue;
            }
            let kept = quota.min(run.len());
            quota -= kept;
            let more = &held.rows.partitions(run)[kept..];
            plan.is_copied |= !more.is_empty();
            pool.extend(more.iter().map(|&partition| (run.topic, partition)));
        }
        // An extra partition that it does not have yet is left to those who come after it, as
        // long as they are enough to take them all.
        if quota > 0 && has_extra && members - member > extra {
            quota -= 1;
            has_extra = false;
        }
        extra -= usize::from(has_extra);
        plan.room = quota as u32;
        plan.is_copied |= quota > 0;
        plan.taken_end = pool.len() as u32;
        plans.push(plan);
    }
    plans
}

impl Partitions {
    fn of(question: &Question, held: &Held) -> Self {
        let mut starts = Vec::with_capacity(question.topics.len() + 1);
        let mut total = 0;
        for topic in &question.topics {
            starts.push(total);
            total += topic.partitions;
        }
        starts.push(total);
        let mut is_assigned = vec![false; total as usize];
        let mut is_odd = false;
        for member in 0..held.rows.len() {
            for run in held.rows.of(member) {
                let topic = run.topic as usize;
                if topic + 1 >= starts.len() {
                    continue;
                }
                let known = &mut is_assigned[starts[topic] as usize..starts[topic + 1] as usize];
                for &partition in held.rows.partitions(run) {
                    match known.get_mut(partition as usize) {
                        Some(is_assigned) => is_odd |= std::mem::replace(is_assigned, true),
                        None => is_odd = true,
                    }
                }
            }
        }
        for other in question.others.iter().flat_map(|target| target.iter()) {
            let Some(topic) = held.find(other.topic).map(|topic| topic as usize) else { continue };
            if topic + 1 < starts.len() {
                let known = &mut is_assigned[starts[topic] as usize..starts[topic + 1] as usize];
                for &partition in &other.partitions {
                    if let Some(is_assigned) = known.get_mut(partition as usize) {
                        *is_assigned = true;
                    }
                }
            }
        }
        Partitions { starts, is_assigned, is_odd }
    }
}

/// The order of a set that is made of the topics.
fn set_order(topics: &[u32], names: usize, hashes: &[i32], held: &Held) -> Vec<u32> {
    let hash = |topic: u32| hashes[topic as usize];
    let growth = Growth::of_collection(names);
    let mut order = topics.to_vec();
    if java_order::is_crowded(&order, 0, growth.capacity(), growth, hash) {
        let mut set = JavaMap::with_capacity(growth.capacity());
        for &topic in topics {
            set.put(held.topics[topic as usize], topic);
        }
        return set.values().copied().collect();
    }
    java_order::walk(&mut order, growth.capacity(), hash);
    order
}
