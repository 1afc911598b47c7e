//! From an assignment to the first fetch.

use crate::{run_with_facts, scenario};
use rejoin::model::fact::{ConsumerFact, Fact, PositionSource};

/// Milliseconds from each assignment until everything can be fetched, and where positions come
/// from.
fn positions(commit: &str) -> (Vec<u64>, Vec<PositionSource>) {
    let text = r#"
        duration = "20s"
        [cluster]
        latency = "10ms"
        [topics.orders]
        partitions = 2
        backlog = 100
        [groups.g]
        topics = ["orders"]
        consumers = 1
        commit = "auto"
        [groups.g.config]
        auto.offset.reset = "earliest"
        [[events]]
        at = "10s"
        close = "g-1"
        restart_after = "1s"
    "#;
    let (_, facts) = run_with_facts(&scenario(&text.replace("auto\"", &format!("{commit}\""))));
    let (mut assigned, mut took, mut sources) = (None, Vec::new(), Vec::new());
    for (at, fact) in &facts.facts {
        let Fact::Consumer { what, .. } = fact else { continue };
        match what {
            ConsumerFact::Assigned { .. } => assigned = Some(*at),
            ConsumerFact::Positioned { source, .. } => sources.push(*source),
            ConsumerFact::Ready => took.extend(assigned.map(|since| (*at - since).as_ms())),
            _ => {}
        }
    }
    (took, sources)
}

#[test]
fn a_committed_offset_is_asked_for_and_then_confirmed_by_the_leader() {
    let (took, sources) = positions("auto");
    // Both ways it is two questions: OffsetFetch and ListOffsets, OffsetFetch and
    // OffsetForLeaderEpoch.
    assert_eq!(took, [40, 40]);
    let (reset, committed) = (PositionSource::Reset, PositionSource::Committed);
    assert_eq!(sources, [reset, reset, committed, committed]);
}

#[test]
fn an_offset_that_the_application_counted_has_no_epoch_to_confirm() {
    let (took, _) = positions("sync-record");
    assert_eq!(took, [40, 20]);
}

/// A record's timestamp is that of its creation (`message.timestamp.type`), however long it waited at its
/// producer: the only replica is gone from 20 s to 50 s, and then takes all of it at once.
#[test]
fn by_duration_counts_from_the_creation_of_records() {
    let text = "
        duration = '60s'
        [cluster]
        brokers = 2
        [cluster.config]
        offsets.topic.replication.factor = 1
        group.initial.rebalance.delay.ms = 0
        [topics.orders]
        replicas = [[1]]
        [producers.shop]
        topic = 'orders'
        rate = '100/s'
        [groups.g]
        topics = ['orders']
        coordinator = 2
        start = '52s'
        config = { auto.offset.reset = 'by_duration:PT20S' }
        [[events]]
        at = '20s'
        kill_broker = 'broker-1'
        restart_after = '30s'
    ";
    let (_, facts) = run_with_facts(&scenario(text));
    let position = facts.facts.iter().find_map(|(_, fact)| match fact {
        Fact::Consumer { what: ConsumerFact::Positioned { offset, .. }, .. } => Some(*offset),
        _ => None,
    });
    // All that was created in the first 32 of 52 seconds.
    let position = position.expect("it finds one");
    assert!((3_199..=3_201).contains(&position), "{position}");
}
