//! `range`: of each topic, contiguous partitions to the subscribers in order
//! (`coordinator.group.assignor.RangeAssignor`).

use super::answer::{Rows, Run};
use super::group::Group;
use super::{Answer, Member, Question, ServerAssignor, SubscriptionType, Thrown};
use crate::kernel::java_hash::{JavaKey, string_cmp};
use crate::kernel::java_map::JavaMap;
use crate::kernel::java_order::{self, Growth};
use crate::model::Name;
use std::iter;

/// Ranges, whatever anybody had before.
pub(super) struct Range;

/// A topic that is being handed out.
struct Supply {
    /// The next partition.
    next: u32,
    partitions: u32,
    /// What each subscriber gets, and how many get one more.
    each: u32,
    extra: u32,
}

impl ServerAssignor for Range {
    fn name(&self) -> &'static str {
        "range"
    }

    fn assign(&self, question: &Question) -> Result<Answer, Thrown> {
        let group = Group::of(question);
        let ids: Vec<_> = question.topics.iter().map(|topic| topic.id).collect();
        let members = group.members();
        if members == 0 {
            return Ok(Answer::default());
        }
        let turns = turns(&question.members);
        let same = question.subscription == SubscriptionType::Homogeneous;
        let mut subscribers = vec![0_u32; ids.len()];
        if same {
            // The first in turn speaks for all of them.
            let first = group.subscription(turns[0] as usize);
            first.topics.iter().for_each(|&topic| subscribers[topic as usize] = members as u32);
        } else {
            let mut counts = vec![0; group.subscriptions.len()];
            group.subscription_of.iter().for_each(|&number| counts[number as usize] += 1);
            for (subscription, count) in iter::zip(&group.subscriptions, counts) {
                subscription.topics.iter().for_each(|&topic| subscribers[topic as usize] += count);
            }
        }
        let supply = |(topic, &subscribers): (&super::Topic, &u32)| Supply {
            next: 0,
            partitions: if subscribers == 0 { 0 } else { topic.partitions },
            each: topic.partitions.checked_div(subscribers).unwrap_or(0),
            extra: topic.partitions.checked_rem(subscribers).unwrap_or(0),
        };
        let mut supplies: Vec<Supply> =
            iter::zip(&question.topics, &subscribers).map(supply).collect();

        // Topics that have something left, by subscription, in the order of the members' maps.
        let mut left: Vec<Vec<u32>> = Vec::with_capacity(group.subscriptions.len());
        for subscription in &group.subscriptions {
            let size = if same { subscription.topics.len() } else { subscription.names };
            left.push(map_order(&subscription.topics, &group.hashes, size, |topic| {
                ids[topic as usize]
            }));
        }
        let first = group.subscription_of[turns[0] as usize];
        // Every range is a part of the list of all numbers.
        let most = supplies.iter().map(|supply| supply.partitions).max().unwrap_or(0);
        let runs = iter::zip(&supplies, &subscribers).map(|(s, &n)| s.partitions.min(n) as usize);
        let mut rows = Rows::of_numbers(members, runs.sum(), most);
        for &member in &turns {
            let number = if same { first } else { group.subscription_of[member as usize] };
            let topics = &mut left[number as usize];
            let mut is_exhausted = false;
            for &topic in topics.iter() {
                let supply = &mut supplies[topic as usize];
                let more = u32::from(supply.extra > 0);
                supply.extra -= more;
                let end = (supply.next + supply.each + more).min(supply.partitions);
                if supply.next < end {
                    rows.add_run(Run { topic, start: supply.next, end });
                    supply.next = end;
                }
                is_exhausted |= end == supply.partitions;
            }
            if is_exhausted {
                topics.retain(|&topic| {
                    let supply = &supplies[topic as usize];
                    supply.next < supply.partitions
                });
            }
            rows.end_member();
        }
        rows.place(&turns);
        Ok(Answer::new(ids, rows))
    }
}

/// Topics in the order of a map that was made for `size` of them.
fn map_order<K: JavaKey>(
    topics: &[u32],
    hashes: &[i32],
    size: usize,
    id: impl Fn(u32) -> K,
) -> Vec<u32> {
    let growth = Growth::with_capacity((size as f32 / 0.75 + 1.0) as usize);
    let hash = |topic: u32| hashes[topic as usize];
    let mut order = topics.to_vec();
    if java_order::is_crowded(&order, 0, growth.capacity(), growth, hash) {
        let mut map = JavaMap::with_capacity(growth.capacity());
        for &topic in topics {
            map.put(id(topic), topic);
        }
        return map.values().copied().collect();
    }
    java_order::walk(&mut order, growth.capacity(), hash);
    order
}

/// Members in the order in which they are served: static ones by instance id, then dynamic ones
/// by member id.
fn turns(members: &[Member]) -> Vec<u32> {
    let by = |member: &'_ Member| member.instance.is_none();
    let (mut dynamic, mut fixed): (Vec<u32>, Vec<u32>) =
        (0..members.len() as u32).partition(|&member| by(&members[member as usize]));
    sort(&mut fixed, |member| {
        let member = &members[member as usize];
        member.instance.as_ref().unwrap_or(&member.id)
    });
    sort(&mut dynamic, |member| &members[member as usize].id);
    fixed.append(&mut dynamic);
    fixed
}

/// Sorts by name as Java does. What the names begin with in common is left out, and a few bytes
/// after it decide in most cases.
fn sort<'a>(members: &mut [u32], name: impl Fn(u32) -> &'a Name) {
    let Some(&first) = members.first() else { return };
    let first = name(first).as_bytes();
    let mut common = first.len();
    for &member in &members[1..] {
        let shared = iter::zip(&first[..common], name(member).as_bytes());
        common = shared.take_while(|(a, b)| a == b).count();
    }
    let mut keyed: Vec<([u64; 2], u32)> = Vec::with_capacity(members.len());
    for &member in &*members {
        let rest = &name(member).as_bytes()[common..];
        keyed.push(([prefix(rest), prefix(rest.get(8..).unwrap_or(&[]))], member));
    }
    keyed.sort_unstable_by(|a, b| {
        let by_name = || string_cmp(name(a.1), name(b.1));
        a.0.cmp(&b.0).then_with(by_name).then(a.1.cmp(&b.1))
    });
    for (member, (_, sorted)) in iter::zip(members, keyed) {
        *member = sorted;
    }
}

/// The first bytes as a number that is ordered like the text, as far as it reaches.
fn prefix(bytes: &[u8]) -> u64 {
    // UTF-16 puts characters beyond U+FFFF before those from U+E000 on; see `string_cmp`.
    let place = |byte: u8| if matches!(byte, 0xee | 0xef) { byte + 0x10 } else { byte };
    let mut key = [0; 8];
    for (key, &byte) in iter::zip(&mut key, bytes) {
        *key = place(byte);
    }
    u64::from_be_bytes(key)
}
