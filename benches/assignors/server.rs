//! Questions to the broker's strategies.

use crate::grid::Row;
use crate::median;
use rejoin::assignor::server::{
    Member, Question, ServerAssignor, SubscriptionType, Topic, by_name,
};
use rejoin::kernel::java_map::JavaMap;
use rejoin::model::Name;
use rejoin::model::uuid::Uuid;
use std::sync::Arc;
use std::time::Duration;

pub(crate) fn time(row: &Row) -> Duration {
    let name = row.assignor.strip_prefix("server-").unwrap_or(&row.assignor);
    let assignor = by_name(name).expect("a strategy");
    let question = question(row, assignor);
    median(|| assignor.assign(&question).expect("an answer"))
}

fn question(row: &Row, assignor: &dyn ServerAssignor) -> Question {
    let topic = |number: usize| Topic {
        name: format!("topic{number}").into(),
        // Any bits will do as long as they are spread.
        id: Uuid((number as u128 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)),
        partitions: (row.partitions / row.topics) as u32,
        racks: Arc::default(),
    };
    let topics: Vec<Topic> = (0..row.topics).map(topic).collect();
    let names = |topics: &[Topic]| topics.iter().map(|topic| topic.name.clone()).collect();
    let subscriptions: Vec<Arc<[Name]>> = row.buckets(&topics).into_iter().map(names).collect();
    let member = |number: usize| Member {
        id: row.id(number).into(),
        instance: None,
        rack: None,
        topics: subscriptions[row.bucket_of(number)].clone(),
        target: Arc::default(),
    };
    let subscription = match row.shape.buckets {
        1 => SubscriptionType::Homogeneous,
        _ => SubscriptionType::Heterogeneous,
    };
    let members = as_mapped((0..row.first()).map(member));
    let mut question = Question { topics, members, subscription, ..Question::default() };
    if row.shape.one_joins {
        let answer = assignor.assign(&question).expect("an answer");
        let members = question.members.into_iter().enumerate();
        let members =
            members.map(|(place, of)| Member { target: answer.target(place).into(), ..of });
        question.members = as_mapped(members.chain([member(row.first())]));
    }
    question
}

/// Members in the order in which the broker's map is walked.
fn as_mapped(members: impl Iterator<Item = Member>) -> Vec<Member> {
    let mut map = JavaMap::new();
    for member in members {
        map.put(member.id.clone(), member);
    }
    map.values().cloned().collect()
}
