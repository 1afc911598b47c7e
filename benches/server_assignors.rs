//! Milliseconds per assignment of the broker's strategies, on the grid of Kafka's own benchmarks:
//! from a question in plain data with string ids to the answer. Run one line of it with
//! `cargo bench --bench server_assignors -- uniform`.

#![allow(clippy::print_stdout)]

use rejoin::assignor::server::{Member, Question, SubscriptionType, Topic, by_name};
use rejoin::kernel::java_map::JavaMap;
use rejoin::model::Name;
use rejoin::model::uuid::Uuid;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Members, partitions of a topic, topics.
type Size = (usize, u32, usize);

/// A group of this size whose members fall into so many buckets of topics.
fn question(assignor: &str, (members, partitions, topics): Size, buckets: usize) -> Question {
    let topic = |number: usize| Topic {
        name: format!("topic{number}").into(),
        // Any bits will do as long as they are spread.
        id: Uuid((number as u128 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)),
        partitions,
        racks: Arc::default(),
    };
    let topics: Vec<Topic> = (0..topics).map(topic).collect();
    let of_bucket = |topics: &[Topic]| topics.iter().map(|topic| topic.name.clone()).collect();
    let subscriptions: Vec<Arc<[Name]>> =
        topics.chunks(topics.len().div_ceil(buckets)).map(of_bucket).collect();
    let each = members.div_ceil(subscriptions.len());
    let mut map = JavaMap::new();
    for number in 0..members {
        let id: Name = format!("member{number}").into();
        let topics = subscriptions[number / each].clone();
        let member =
            Member { id: id.clone(), instance: None, rack: None, topics, target: Arc::default() };
        map.put(id, member);
    }
    let subscription = match buckets {
        1 => SubscriptionType::Homogeneous,
        _ => SubscriptionType::Heterogeneous,
    };
    let members = map.values().cloned().collect();
    let question = Question { topics, members, subscription, ..Question::default() };
    assert!(by_name(assignor).is_some());
    question
}

/// All have their targets, and then one more comes.
fn one_joins(assignor: &str, (members, partitions, topics): Size, buckets: usize) -> Question {
    let mut question = question(assignor, (members - 1, partitions, topics), buckets);
    let answer = by_name(assignor).expect("a name").assign(&question).expect("an answer");
    let mut map = JavaMap::new();
    for (place, member) in question.members.into_iter().enumerate() {
        map.put(member.id.clone(), Member { target: answer.target(place).into(), ..member });
    }
    let first = map.get("member0").expect("the first").clone();
    let id: Name = "newMember".into();
    map.put(id.clone(), Member { id, target: Arc::default(), ..first });
    question.members = map.values().cloned().collect();
    question
}

/// The median of the runs that fit into a moment, after a warm-up.
fn median(assignor: &str, question: &Question) -> Duration {
    let assignor = by_name(assignor).expect("a name");
    let mut times = Vec::new();
    let start = Instant::now();
    while times.len() < 20 || start.elapsed() < Duration::from_millis(300) {
        let begin = Instant::now();
        black_box(assignor.assign(black_box(question)).expect("an answer"));
        times.push(begin.elapsed());
    }
    times.drain(..5);
    times.sort_unstable();
    times[times.len() / 2]
}

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let consumers: [Size; 12] = [
        (100, 100, 10),
        (100, 10, 100),
        (500, 50, 100),
        (1000, 50, 100),
        (1000, 1000, 10),
        (1000, 100, 100),
        (1000, 500, 100),
        (1000, 10, 1000),
        (5000, 500, 100),
        (10000, 1000, 100),
        (10000, 100, 1000),
        (10000, 5000, 100),
    ];
    let sharers: [Size; 6] = [
        (10, 10, 10),
        (100, 10, 10),
        (100, 100, 10),
        (100, 100, 100),
        (1000, 10, 10),
        (1000, 100, 100),
    ];
    for (assignor, sizes, buckets) in [
        ("uniform", &consumers[..], &[1, 5][..]),
        ("range", &consumers[..], &[1, 5][..]),
        ("simple", &sharers[..], &[1][..]),
    ] {
        if !wanted.is_empty() && !wanted.iter().any(|name| name == assignor) {
            continue;
        }
        for &size in sizes {
            for &buckets in buckets {
                let (members, partitions, topics) = size;
                for (event, question) in [
                    ("fresh", question(assignor, size, buckets)),
                    ("one joins", one_joins(assignor, size, buckets)),
                ] {
                    let shape = if buckets == 1 { "same" } else { "5 buckets" };
                    let ms = median(assignor, &question).as_secs_f64() * 1e3;
                    let all = partitions as usize * topics;
                    println!("{assignor} {members}/{topics}/{all} {shape}, {event}: {ms:.4} ms");
                }
            }
        }
    }
}
