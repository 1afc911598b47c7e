//! Questions to the client's strategies.
//!
//! Every member brings its own copies of all names, as if they had just come from the wire; so do
//! Kafka's in its run.

use crate::grid::Row;
use crate::median;
use rejoin::assignor::{Assignor, Member, Question, Topic, by_name, user_data};
use rejoin::kernel::java_hash::string_cmp;
use rejoin::model::Name;
use rejoin::model::consumer_protocol::TopicPartitions;
use std::time::Duration;

pub(crate) fn time(row: &Row) -> Duration {
    let assignor = by_name(&row.assignor).expect("a strategy");
    let question = question(row, assignor);
    median(|| assignor.assign(&question).expect("an answer"))
}

fn question(row: &Row, assignor: &dyn Assignor) -> Question {
    let topics = (0..row.topics).map(|number| topic(row, number)).collect();
    let members: Vec<Member> = (0..row.first()).map(|number| member(row, number)).collect();
    let mut question = Question { topics, members, seen: -1 };
    if row.shape.one_joins {
        let answer = assignor.assign(&question).expect("an answer");
        for (member, (_, list)) in question.members.iter_mut().zip(answer.iter()) {
            tell(member, list.by_topic(), &row.assignor);
        }
        question.members.push(member(row, row.first()));
    }
    question
}

fn topic(row: &Row, number: usize) -> Topic {
    let partitions = row.partitions / row.topics;
    let racks: [Name; 3] = ["rack0", "rack1", "rack2"].map(Into::into);
    let of_replicas = |partition: usize| [0, 1].map(|n| racks[(partition + n) % 3].clone()).into();
    let with_racks = if row.shape.has_racks { partitions } else { 0 };
    Topic {
        name: format!("topic{number}").into(),
        partitions: partitions as u32,
        racks: (0..with_racks).map(of_replicas).collect(),
        ..Topic::default()
    }
}

fn member(row: &Row, number: usize) -> Member {
    let topics: Vec<usize> = (0..row.topics).collect();
    let bucket = row.buckets(&topics)[row.bucket_of(number)];
    let mut topics: Vec<Name> = bucket.iter().map(|t| format!("topic{t}").into()).collect();
    topics.sort_by(|a, b| string_cmp(a, b));
    let rack = row.shape.has_racks.then(|| format!("rack{}", number % 3).into());
    let mut member = Member { id: row.id(number).into(), topics, rack, ..Member::default() };
    if row.assignor == "cooperative-sticky" {
        member.user_data = Some(user_data::cooperative_sticky(-1));
    }
    member
}

/// Lets a member tell what it owns since the first generation.
fn tell(member: &mut Member, mut owned: Vec<TopicPartitions>, assignor: &str) {
    const GENERATION: i32 = 1;
    member.generation = GENERATION;
    for of_topic in &mut owned {
        of_topic.topic = of_topic.topic.to_string().into();
    }
    match assignor {
        "sticky" => member.user_data = Some(user_data::sticky(&owned, GENERATION)),
        "cooperative-sticky" => {
            for of_topic in &mut owned {
                of_topic.partitions.sort_unstable();
            }
            owned.sort_by(|a, b| string_cmp(&a.topic, &b.topic));
            member.owned = owned;
            member.user_data = Some(user_data::cooperative_sticky(GENERATION));
        }
        _ => {}
    }
}
