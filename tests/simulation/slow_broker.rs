//! Brokers that take longer for each request.

use crate::{returned, run_with_facts, scenario};
use rejoin::kernel::time::{Instant, Span};
use rejoin::model::id::ConsumerId;

/// Two brokers, each message takes 1 ms and each request 2 ms; a consumer of each leader. Broker 2
/// is slow from 40 s to 80 s.
const TWO: &str = r#"
duration = "2m"
[cluster]
brokers = 2
latency = "1ms"
service = "2ms"
[topics.orders]
replicas = [[1], [2]]
[producers.shop]
topic = "orders"
rate = "20/s"
partitioner = "round-robin"
[producers.shop.config]
linger.ms = 0
[groups.search]
topics = ["orders"]
consumers = 2
coordinator = 1
[groups.search.config]
auto.offset.reset = "earliest"
[[events]]
at = "40s"
slow_broker = "broker-2"
factor = 10
for = "40s"
"#;

/// How much later a consumer gets each record of a span because of the slow broker.
fn later(consumer: u32, from: u64, to: u64) -> Vec<Span> {
    let with = |factor: &str| {
        let (_, facts) = run_with_facts(&scenario(&TWO.replace("factor = 10", factor)));
        returned(&facts, ConsumerId(consumer))
    };
    let (slow, usual) = (with("factor = 10"), with("factor = 1"));
    let within = |at: &Instant| Instant::from_secs(from) < *at && *at < Instant::from_secs(to);
    let both = slow.into_iter().zip(usual).filter(|(_, usual)| within(usual));
    both.map(|(slow, usual)| slow - usual).collect()
}

#[test]
fn records_of_a_slow_leader_come_later_by_its_work_for_them() {
    // Once for the producer's request, once for the fetch: 20 ms each in place of 2 ms.
    let during = later(1, 41, 79);
    assert!(during.len() > 350, "{}", during.len());
    assert!(during.iter().all(|span| *span == Span::from_ms(36)), "{during:?}");
    assert!(later(1, 81, 119).iter().all(|span| span.is_zero()), "it is as fast as before");
    assert!(later(1, 10, 39).iter().all(|span| span.is_zero()));
}

#[test]
fn records_of_other_leaders_do_not() {
    let all = later(0, 0, 120);
    assert!(all.len() > 1_000 && all.iter().all(|span| span.is_zero()), "{all:?}");
}
