//! `lag-aware`: per topic, the partition that is furthest behind goes first, to the member with
//! the fewest partitions of the topic, and of those to the one with the least lag.
//!
//! The rule of `LagBasedPartitionAssignor` (grantneale/kafka-lag-based-assignor, 2017), which
//! looks at one topic at a time and at nothing that members had. Its lags are those that the
//! question tells; where none are told, partitions are dealt in order.

use super::super::{Answer, AssignError, Assignor, Question};
use super::group::Group;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Evens out lag; counts of each topic stay within one.
pub(in crate::assignor) struct LagAware;

impl Assignor for LagAware {
    fn name(&self) -> &'static str {
        "lag-aware"
    }

    fn assign(&self, question: &Question) -> Result<Answer, AssignError> {
        let group = Group::new(question);
        let frame = &group.frame;
        let audiences = frame.audiences();
        let subscribers = frame.places(&audiences, &group.members);
        let mut audience_of = vec![0; frame.topics.len()];
        for (number, audience) in audiences.iter().enumerate() {
            for &topic in &audience.topics {
                audience_of[topic as usize] = number;
            }
        }
        let mut given = Vec::with_capacity(group.partitions.len());
        for (topic, of) in (0_u32..).zip(&frame.topics) {
            let mut partitions: Vec<u32> = (0..of.partitions).collect();
            partitions.sort_by_key(|&index| Reverse(of.load(index).lag));
            let subscribers = &subscribers[audience_of[topic as usize]];
            // Who is next: (partitions, lag, member).
            let mut next: BinaryHeap<Reverse<(u32, u128, u32)>> =
                subscribers.iter().map(|&member| Reverse((0, 0, member))).collect();
            for index in partitions {
                let Some(Reverse((count, lag, member))) = next.pop() else { break };
                given.push((group.members[member as usize], (topic, index)));
                let lag = lag + u128::from(of.load(index).lag);
                next.push(Reverse((count + 1, lag, member)));
            }
        }
        Ok(frame.answer_one_by_one(&given, |partition| partition))
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::{List, Member, Topic};
    use super::*;
    use crate::assignor::Load;
    use crate::model::Name;

    fn lists(lags: &[u64], members: &[&str]) -> Vec<Vec<u32>> {
        let load = |&lag: &u64| Load { lag, ..Load::default() };
        let topic = Topic {
            name: "t0".into(),
            partitions: 3,
            load: lags.iter().map(load).collect(),
            ..Topic::default()
        };
        let member =
            |id: &&str| Member { id: (*id).into(), topics: vec!["t0".into()], ..Member::default() };
        let members = members.iter().map(member).collect();
        let question = Question { topics: vec![topic], members, seen: -1 };
        let answer = LagAware.assign(&question).expect("never fails");
        let list = |(_, list): (&Name, List)| list.iter().map(|(_, index)| index).collect();
        answer.iter().map(list).collect()
    }

    /// The example of its README.
    #[test]
    fn the_furthest_behind_goes_alone() {
        assert_eq!(lists(&[100_000, 50_000, 60_000], &["C0", "C1"]), [vec![0], vec![2, 1]]);
    }

    /// The lag of the first partition never outweighs a partition more.
    #[test]
    fn counts_come_before_lag() {
        assert_eq!(lists(&[1_000_000, 3, 2], &["a", "b"]), [vec![0], vec![1, 2]]);
        assert_eq!(lists(&[], &["b", "a"]), [vec![1], vec![0, 2]], "ties go by id");
        assert_eq!(lists(&[7], &[]), Vec::<Vec<u32>>::new());
    }
}
