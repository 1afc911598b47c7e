//! Brokers that die, alone and with their rack: nothing that all in-sync replicas acknowledged is
//! lost, and what a leader acknowledged alone is lost with its cause.

use crate::scenario;
use rejoin::analysis::summary::{Summary, summarize};
use rejoin::trace::cause::{Cause, How};
use rejoin::world;

/// Who dies, and who coordinates the group: broker 5 follows one partition and leads none.
const DEATHS: [(&str, &str, u32); 4] = [
    ("the coordinator's broker", "kill_broker = 'broker-5'", 5),
    ("a leader's broker", "kill_broker = 'broker-1'", 5),
    ("both", "kill_broker = ['broker-1', 'broker-5']", 5),
    ("a rack with leaders and the coordinator", "kill_rack = 'a'", 4),
];

/// Three racks of three brokers, a replica of each partition in each rack.
fn run(acks: &str, death: &str, coordinator: u32) -> Summary {
    let scenario = scenario(&format!(
        r#"
        duration = "80s"

        [cluster]
        brokers = 9
        racks = ["a", "b", "c"]
        rack_latency = "2ms"

        [cluster.config]
        min.insync.replicas = 2

        [topics.orders]
        replicas = [[1, 2, 3], [4, 5, 6], [7, 8, 9]]

        [producers.shop]
        topic = "orders"
        rate = "3000/s"
        partitioner = "round-robin"
        stop = "50s"

        [producers.shop.config]
        acks = "{acks}"
        linger.ms = 0

        [groups.search]
        topics = ["orders"]
        consumers = 3
        coordinator = {coordinator}

        [groups.search.config]
        auto.offset.reset = "earliest"

        [[events]]
        at = "30s"
        {death}
        "#
    ));
    let mut run = world::run(&scenario, &mut (), &mut |_| ());
    assert_eq!(run.violation, None, "no invariant breaks");
    summarize(&mut run, &scenario)
}

/// Every record that was created is in a log, lost, or given up; and a group reads what is there.
fn is_whole(summary: &Summary) {
    let (topic, producer) = (&summary.topics[0], &summary.producers[0]);
    let lost: u64 = topic.lost.values().sum();
    let twice: u64 = topic.written_twice.values().sum();
    assert_eq!(producer.created, 150_000);
    assert_eq!(topic.produced + lost + producer.given_up, producer.created + twice);
    let group = &summary.groups[0];
    assert_eq!((group.waiting, group.skipped.len()), (0, 0), "{group:?}");
    let copies = |(cause, records): (&Cause, &u64)| {
        if cause.how == How::ProducerRetry { *records } else { 0 }
    };
    let copies: u64 = group.duplicates.iter().map(copies).sum();
    assert_eq!((group.processed + copies, copies), (topic.produced, twice));
}

#[test]
fn what_all_in_sync_replicas_acknowledged_is_there_whoever_dies() {
    for (who, death, coordinator) in DEATHS {
        let summary = run("all", death, coordinator);
        assert!(summary.topics[0].lost.is_empty(), "{who}: {:?}", summary.topics);
        assert_eq!(summary.topics[0].produced, 150_000, "{who}");
        is_whole(&summary);
    }
}

#[test]
fn what_a_leader_acknowledged_alone_is_lost_with_it_and_the_ledger_knows_why() {
    for (who, death, coordinator) in DEATHS {
        let summary = run("1", death, coordinator);
        let lost = &summary.topics[0].lost;
        let leaders = death != DEATHS[0].1;
        assert_eq!(lost.is_empty(), !leaders, "{who}: {lost:?}");
        let cause = Cause { event: Some(0), how: How::Truncation };
        assert!(lost.keys().all(|known| *known == cause), "{who}: {lost:?}");
        // 2.25 ms of 1,000 records a second in each partition that lost its leader.
        let partitions = if death.starts_with("kill_rack") { 3 } else { 1 };
        if leaders {
            let records: u64 = lost.values().sum();
            assert!((partitions..=4 * partitions).contains(&records), "{who}: {records}");
        }
        is_whole(&summary);
    }
}

/// A broker that starts again before the controller has given it up registers when its old session is
/// over, however close that is: the controller gives up one broker after the other.
#[test]
fn a_broker_may_start_again_whenever_it_likes() {
    for after in (1_000..1_300).step_by(5) {
        let scenario = scenario(&format!(
            "duration = '20s'
             [cluster]
             brokers = 5
             config = {{ broker.session.timeout.ms = 1000, broker.heartbeat.interval.ms = 300 }}
             [topics.orders]
             [groups.search]
             topics = ['orders']
             [[events]]
             at = '10s'
             kill_broker = ['broker-2', 'broker-3', 'broker-4', 'broker-5']
             restart_after = '{after}ms'"
        ));
        let run = world::run(&scenario, &mut (), &mut |_| ());
        assert_eq!(run.violation, None, "after {after} ms");
    }
}
