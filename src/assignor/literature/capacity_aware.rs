//! `capacity-aware`: shares in proportion to what members can do.
//!
//! The largest partition first, to whoever is done first with it: LPT for uniform processors
//! (Gonzalez, Ibarra, Sahni, "Bounds for LPT schedules on uniform processors", SIAM Journal on
//! Computing 6, 1977). Agoda's engineers describe why a group of unlike machines needs it ("How we
//! solve load balancing challenges in Apache Kafka", 2024). Beyond that rule, members keep what
//! they had up to their share, and nothing moves unless somebody is done earlier for it.

use super::super::frame::NONE;
use super::super::{Answer, AssignError, Assignor, Question, user_data};
use super::finish::Finish;
use super::group::{Group, Owners};
use super::improve;
use super::lines::Lines;
use crate::model::consumer_protocol::TopicPartitions;
use std::cmp::Reverse;

/// Weighs partitions by rate. Partitions at rest, as all are where no rates are told, are shared
/// by number.
pub(in crate::assignor) struct CapacityAware;

impl Assignor for CapacityAware {
    fn name(&self) -> &'static str {
        "capacity-aware"
    }

    fn assign(&self, question: &Question) -> Result<Answer, AssignError> {
        let group = Group::new(question);
        let plan = Plan::new(&group);
        let had = group.had();
        let measure = |owners: &Owners| plan.measure(owners);
        let settle = |owners| improve(owners, measure, |owners| plan.deal(owners));
        let found = settle(if had.contains(&NONE) { plan.deal(&had) } else { had });
        let fresh = plan.deal(&vec![NONE; group.partitions.len()]);
        let owners =
            if measure(&found).last() > measure(&fresh).last() { settle(fresh) } else { found };
        Ok(group.answer(&owners))
    }

    fn user_data(&self, last: Option<(&[TopicPartitions], i32)>) -> Option<Vec<u8>> {
        last.map(|(partitions, generation)| user_data::sticky(partitions, generation))
    }
}

struct Plan<'a> {
    group: &'a Group<'a>,
    speeds: Vec<u128>,
    /// Partitions at which records arrive, the busiest first.
    busy: Vec<u32>,
    /// The others.
    resting: Vec<u32>,
}

/// When the members are done, the last one first.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Measure {
    /// With a second's records.
    rates: Vec<Finish>,
    /// With their partitions, at one each.
    counts: Vec<Finish>,
}

impl Measure {
    /// When the last one is done.
    fn last(&self) -> Option<Finish> {
        self.rates.first().filter(|last| last.work > 0).or(self.counts.first()).copied()
    }
}

impl<'a> Plan<'a> {
    fn new(group: &'a Group) -> Self {
        let all = 0..group.partitions.len() as u32;
        let rate = |partition: u32| group.loads[partition as usize].rate;
        let (mut busy, resting): (Vec<u32>, Vec<u32>) = all.partition(|&p| !rate(p).is_zero());
        busy.sort_by_key(|&partition| Reverse(rate(partition)));
        Plan { group, speeds: group.speeds(), busy, resting }
    }

    fn rate(&self, partition: u32) -> u128 {
        u128::from(self.group.loads[partition as usize].rate.units())
    }

    /// Members keep what they had up to their share; the rest goes to whoever is done first.
    fn deal(&self, had: &Owners) -> Owners {
        let mut owners = vec![NONE; had.len()];
        let nothing = vec![0; self.speeds.len()];
        let total = self.busy.iter().map(|&partition| self.rate(partition)).sum();
        let rate = |partition| self.rate(partition);
        self.deal_some(&self.busy, total, rate, had, nothing.clone(), &mut owners);

        let mut counts = nothing;
        for &owner in owners.iter().filter(|&&owner| owner != NONE) {
            counts[owner as usize] += 1;
        }
        self.deal_some(&self.resting, owners.len() as u128, |_| 1, had, counts, &mut owners);
        owners
    }

    /// Deals these partitions to members that carry some already, of a total.
    fn deal_some(
        &self,
        partitions: &[u32],
        total: u128,
        weight: impl Fn(u32) -> u128,
        had: &Owners,
        mut carried: Vec<u128>,
        owners: &mut Owners,
    ) {
        let all_speeds: u128 = self.speeds.iter().sum();
        let share = Finish { work: total, speed: all_speeds };
        let mut left = Vec::new();
        for &partition in partitions {
            let owner = had[partition as usize];
            if owner != NONE {
                let work = carried[owner as usize] + weight(partition);
                let kept = Finish { work, speed: self.speeds[owner as usize] };
                if kept <= share {
                    carried[owner as usize] = work;
                    owners[partition as usize] = owner;
                    continue;
                }
            }
            left.push(partition);
        }
        let mut lines = Lines::of_all(self.group, &self.speeds, carried);
        for partition in left {
            let (topic, _) = self.group.partitions[partition as usize];
            let owner = Some(had[partition as usize]).filter(|&owner| owner != NONE);
            if let Some(member) = lines.soonest(topic, weight(partition), owner) {
                lines.load(member, weight(partition));
                owners[partition as usize] = member;
            }
        }
    }

    fn measure(&self, owners: &Owners) -> Measure {
        let mut rates = vec![0; self.speeds.len()];
        let mut counts = vec![0; self.speeds.len()];
        for (partition, &owner) in (0..).zip(owners) {
            rates[owner as usize] += self.rate(partition);
            counts[owner as usize] += 1;
        }
        let done = |work: Vec<u128>| {
            let finish = |(work, &speed)| Finish { work, speed };
            let mut all: Vec<Finish> = work.into_iter().zip(&self.speeds).map(finish).collect();
            all.sort_unstable_by_key(|&finish| Reverse(finish));
            all
        };
        Measure { rates: done(rates), counts: done(counts) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::example;
    use super::*;

    fn lists(rates: &[u64], members: &[example::Member]) -> Vec<Vec<u32>> {
        example::lists(&CapacityAware, rates, members)
    }

    #[test]
    fn a_member_twice_as_fast_gets_twice_as_much() {
        let fast_and_slow: &[example::Member] = &[(Some(200), &[]), (Some(100), &[])];
        assert_eq!(lists(&[0; 6], fast_and_slow), [vec![0, 1, 3, 4], vec![2, 5]]);
        // 300/s at 200/s and at 100/s: the busiest goes to the fast one, the next to the slow one.
        assert_eq!(lists(&[50, 100, 150], fast_and_slow), [vec![0, 2], vec![1]]);
        // Who does not tell counts as the mean of those who do.
        assert_eq!(lists(&[0; 5], &[(Some(2), &[]), (None, &[]), (Some(8), &[])])[1].len(), 2);
    }

    #[test]
    fn a_newcomer_takes_its_share_and_no_more() {
        let had: [example::Member; 3] =
            [(None, &[0, 1, 2]), (None, &[3, 4, 5]), (None, &[6, 7, 8])];
        assert_eq!(lists(&[5; 9], &had), [[0, 1, 2], [3, 4, 5], [6, 7, 8]]);
        let joined: Vec<_> = had.into_iter().chain([(None, &[][..])]).collect();
        assert_eq!(lists(&[5; 9], &joined), [vec![0, 1], vec![3, 4], vec![6, 7, 8], vec![2, 5]]);
    }

    #[test]
    fn without_members_there_is_nothing_to_deal() {
        assert_eq!(lists(&[1, 2], &[]), Vec::<Vec<u32>>::new());
        assert_eq!(lists(&[], &[(Some(0), &[3])]), [Vec::<u32>::new()]);
    }
}
