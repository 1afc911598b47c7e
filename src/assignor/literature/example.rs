//! Groups with one topic, for the tests of strategies.

use super::super::{Assignor, List, Load, Question, Topic};
use crate::kernel::rate::Rate;
use crate::model::Name;
use crate::model::consumer_protocol::TopicPartitions;

/// What a member can do in a second, and what it had.
pub(super) type Member<'a> = (Option<u64>, &'a [u32]);

/// Who gets which partitions; these are their rates per second.
pub(super) fn lists(strategy: &dyn Assignor, rates: &[u64], members: &[Member]) -> Vec<Vec<u32>> {
    let load = |&rate: &u64| Load { rate: Rate::per_second(rate), ..Load::default() };
    let topic = Topic {
        name: "t".into(),
        partitions: rates.len() as u32,
        load: rates.iter().map(load).collect(),
        ..Topic::default()
    };
    let member = |(n, &(capacity, had)): (usize, &Member)| {
        let had = [TopicPartitions { topic: "t".into(), partitions: had.to_vec() }];
        super::super::Member {
            id: format!("m{n}").into(),
            topics: vec!["t".into()],
            user_data: strategy.user_data(Some((&had, 1))),
            capacity: capacity.map(Rate::per_second),
            ..super::super::Member::default()
        }
    };
    let members = members.iter().enumerate().map(member).collect();
    let question = Question { topics: vec![topic], members, seen: -1 };
    let answer = strategy.assign(&question).expect("these strategies never fail");
    let list = |(_, list): (&Name, List)| list.iter().map(|(_, index)| index).collect();
    answer.iter().map(list).collect()
}
