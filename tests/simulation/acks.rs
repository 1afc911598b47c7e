//! What `acks`, `delivery.timeout.ms`, `enable.idempotence` and `buffer.memory` mean while too few replicas
//! are in sync, or the leader is gone (`Partition.appendRecordsToLeader`, `Sender`, `BufferPool`).

use crate::{run_with_facts, scenario};
use rejoin::analysis::summary::{Summary, summarize};
use rejoin::kernel::time::{Instant, Span};
use rejoin::trace::cause::{Cause, How};
use rejoin::world::Run;

/// A hundred records a second until 80 s, into one partition with three replicas, of which two must be in
/// sync.
fn run(config: &str, event: &str) -> (Run, Summary) {
    let scenario = scenario(&format!(
        "duration = '2m'
        [cluster]
        brokers = 4
        config = {{ offsets.topic.replication.factor = 1, min.insync.replicas = 2 }}
        [topics.orders]
        replicas = [[1, 2, 3]]
        [producers.shop]
        topic = 'orders'
        rate = '100/s'
        stop = '80s'
        config = {{ linger.ms = 0, {config} }}
        [groups.search]
        topics = ['orders']
        coordinator = 4
        config = {{ auto.offset.reset = 'earliest' }}
        [[events]]
        at = '30s'
        {event}
        "
    ));
    let (mut run, _) = run_with_facts(&scenario);
    let summary = summarize(&mut run, &scenario);
    (run, summary)
}

/// The followers die, are fenced at 39 s at the latest, and are back at 60 s.
const ALONE: &str = "kill_broker = ['broker-2', 'broker-3']\nrestart_after = '30s'";
/// The leader dies.
const DEAD: &str = "kill_broker = 'broker-1'";

/// The log's end and that which consumers see at a moment (s).
fn ends(run: &mut Run, at: u64) -> (u64, u64) {
    let (log, at) = (&run.logs.partitions[0], Instant::from_secs(at));
    (log.end(at, &mut run.logs.producers), log.visible_end(at, &mut run.logs.producers))
}

/// Records in the log, lost from it, and given up by the producer.
fn whereabouts(summary: &Summary) -> (u64, u64, u64) {
    let (topic, producer) = (&summary.topics[0], &summary.producers[0]);
    (topic.produced, topic.lost.values().sum(), producer.given_up)
}

/// `NOT_ENOUGH_REPLICAS`: they wait at the producer.
#[test]
fn records_for_all_wait_until_enough_replicas_are_in_sync() {
    let (mut run, summary) = run("acks = 'all'", ALONE);
    let (alone, back) = (ends(&mut run, 41), ends(&mut run, 59));
    assert_eq!(alone, back, "nobody takes anything");
    assert!(alone.1 <= 3_000, "what came after the followers had died is not there: {alone:?}");
    assert_eq!(whereabouts(&summary), (8_000, 0, 0));
    assert!(summary.topics[0].written_twice.is_empty());
    assert_eq!(summary.producers[0].blocked, Span::ZERO);
    assert_eq!(summary.groups[0].processed, 8_000);
}

/// Nobody asks how many are in sync; but consumers see nothing new with fewer than must be.
#[test]
fn records_for_fewer_are_taken_by_the_leader_alone() {
    for acks in ["1", "0"] {
        let (mut run, summary) = run(&format!("acks = '{acks}'"), ALONE);
        let (alone, back) = (ends(&mut run, 41), ends(&mut run, 59));
        assert!((5_895..=5_900).contains(&back.0), "acks={acks}: {back:?}");
        assert_eq!(alone.1, back.1, "acks={acks}");
        assert_eq!(whereabouts(&summary), (8_000, 0, 0), "acks={acks}");
    }
}

#[test]
fn what_nobody_takes_for_the_delivery_timeout_is_given_up() {
    let config = "delivery.timeout.ms = 15000, request.timeout.ms = 10000";
    let (_, summary) = run(config, ALONE);
    let (produced, lost, given_up) = whereabouts(&summary);
    assert_eq!((produced + given_up, lost), (8_000, 0));
    // Created from 30 s on; brokers are back at 60 s, and what came in the 15 s before is not too old.
    assert!((1_480..=1_620).contains(&given_up), "{given_up}");
    assert_eq!(summary.groups[0].processed, produced);
}

/// A follower in sync is silent for nine seconds: what the leader took and did not acknowledge is sent
/// again after `request.timeout.ms`.
#[test]
fn what_is_sent_again_comes_twice_without_idempotence_only() {
    let config = "request.timeout.ms = 3000, delivery.timeout.ms = 100000";
    let (_, summary) = run(config, ALONE);
    assert_eq!(whereabouts(&summary), (8_000, 0, 0));
    assert!(summary.topics[0].written_twice.is_empty(), "{:?}", summary.topics[0]);
    let (_, summary) = run(&format!("enable.idempotence = false, {config}"), ALONE);
    let cause = Cause { event: Some(0), how: How::ProducerRetry };
    let twice = summary.topics[0].written_twice[&cause];
    // Five requests in flight: at 33 and 36 s, and when replicas are back. In between they are refused.
    assert_eq!(twice, 15);
    assert_eq!(whereabouts(&summary), (8_000 + twice, 0, 0));
    assert_eq!(summary.groups[0].duplicates[&cause], twice);
}

#[test]
fn a_full_buffer_holds_the_application_up() {
    // 64 batches of 15 records: nearly ten seconds.
    let config = "buffer.memory = 1048576, max.block.ms = 5000";
    let (_, summary) = run(config, ALONE);
    let producer = &summary.producers[0];
    let blocked = producer.blocked.as_secs_f64();
    assert!((19.5..=22.5).contains(&blocked), "{blocked}");
    assert_eq!(producer.refused, 4, "a call of send() fails every five seconds");
    assert_eq!(whereabouts(&summary), (producer.created, 0, 0));
    assert!(producer.kept_back.abs_diff((blocked * 100.0) as u64) <= 20, "{producer:?}");
}

/// What was on its way to a leader that dies: nobody sends it again with `acks=0`; with `acks=1` the leader may
/// have answered for it alone; with `acks=all` nothing is lost.
#[test]
fn a_leader_that_dies_takes_with_it_what_nobody_else_answered_for() {
    let (_, summary) = run("acks = 'all'", DEAD);
    assert_eq!(whereabouts(&summary), (8_000, 0, 0));
    let (_, summary) = run("acks = '1', enable.idempotence = false", DEAD);
    let (produced, lost, given_up) = whereabouts(&summary);
    assert_eq!((produced + lost, given_up), (8_000, 0));
    assert!(lost <= 1, "a record every 10 ms, a quarter of a millisecond to the followers: {lost}");
    let (_, summary) = run("acks = '0'", DEAD);
    let (produced, lost, given_up) = whereabouts(&summary);
    assert_eq!(produced + lost + given_up, 8_000);
    assert!((1..=2).contains(&(lost + given_up)), "{lost} and {given_up}");
}
