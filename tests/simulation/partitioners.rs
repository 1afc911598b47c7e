//! Where records go while a partition has no leader, or its leader takes nothing.

use crate::{run_with_lines, scenario};
use rejoin::kernel::time::Instant;

/// Records that are created for each of three partitions in (from, to] (seconds), while the only
/// replica of the first one is gone from 20 s on: the controller notices after 9 to 10 s, and the broker
/// is back at 60 s.
struct Seen {
    run: rejoin::world::Run,
}

impl Seen {
    fn new(partitioner: &str, config: &str, fault: &str) -> Self {
        let text = format!(
            r#"
            name = "partitioners"
            duration = "90s"
            [cluster]
            brokers = 3
            [topics.orders]
            replicas = [[1], [2], [3]]
            [producers.shop]
            topic = "orders"
            rate = "3000/s"
            partitioner = {partitioner}
            [producers.shop.config]
            "buffer.memory" = 3355443200
            {config}
            [groups.search]
            topics = ["orders"]
            consumers = 1
            process = "10us"
            [[events]]
            at = "20s"
            {fault}
            "#
        );
        Seen { run: run_with_lines(&scenario(&text)).0 }
    }

    fn created(&mut self, from: u64, to: u64) -> [u64; 3] {
        let producer = &mut self.run.logs.producers[0];
        let mut count = |index, at| producer.count(index, Instant::from_secs(at));
        [0, 1, 2].map(|index| count(index, to) - count(index, from))
    }
}

const KILLED: &str = "kill_broker = \"broker-1\"\nrestart_after = \"40s\"";

#[test]
fn round_robin_passes_over_a_partition_once_it_knows_that_nobody_leads_it() {
    let mut seen = Seen::new("\"round-robin\"", "", KILLED);
    assert_eq!(seen.created(10, 20), [10_000; 3]);
    // The dead broker is the leader until it is fenced.
    assert_eq!(seen.created(20, 26), [6_000; 3]);
    assert_eq!(seen.created(32, 60), [0, 42_000, 42_000]);
    assert_eq!(seen.created(63, 83), [20_000; 3]);
    // Who fails asks again, a second at most after the fence.
    let [first, ..] = seen.created(20, 32);
    assert!((7_000..11_200).contains(&first), "{first}");
}

#[test]
fn sticky_sends_less_and_less_to_a_broker_that_is_gone_and_nothing_when_nobody_leads() {
    let mut seen = Seen::new("\"sticky\"", "", KILLED);
    let [before, ..] = seen.created(10, 20);
    assert!((8_500..11_500).contains(&before), "{before}");
    // With q batches in its queue it weighs 1 against twice q + 1, and a run makes two more of them: h
    // runs take 2h² + h others, or six seconds for 16.5, give or take two.
    let [dead, second, third] = seen.created(20, 26);
    assert!((330..720).contains(&dead), "{dead}");
    assert!(second.abs_diff(third) < 2_000, "{second}, {third}");
    let [dead, ..] = seen.created(32, 60);
    assert_eq!(dead, 0);
    let [again, ..] = seen.created(63, 83);
    assert!((18_000..22_000).contains(&again), "{again}");
}

#[test]
fn without_adaptive_partitioning_a_dead_leader_gets_its_share() {
    let config = "\"partitioner.adaptive.partitioning.enable\" = false";
    let mut seen = Seen::new("\"sticky\"", config, KILLED);
    let [dead, ..] = seen.created(20, 26);
    assert!((4_800..7_200).contains(&dead), "{dead}");
    assert_eq!(seen.created(32, 60)[0], 0, "it has no leader, which everybody respects");
}

#[test]
fn a_broker_that_takes_nothing_for_a_while_gets_nothing() {
    let config = "\"partitioner.availability.timeout.ms\" = 1000";
    let mut seen = Seen::new("\"sticky\"", config, "pause = \"broker-1\"\nfor = \"40s\"");
    // In the first second 6 or 7 runs.
    let [waiting, ..] = seen.created(20, 22);
    assert!((100..330).contains(&waiting), "{waiting}");
    assert_eq!(seen.created(22, 50)[0], 0);
    // Who leaves the table leaves the length of its queue to the next one, which gets next to nothing.
    let [_, next, last] = seen.created(22, 50);
    assert!(next < last / 10, "{next} and {last}");
    let [again, ..] = seen.created(63, 83);
    assert!((18_000..22_000).contains(&again), "{again}");
}

#[test]
fn keys_go_where_they_belong() {
    let mut seen = Seen::new("\"keyed\"\nkeys = { count = 3000 }", "", KILLED);
    let [dead, ..] = seen.created(32, 60);
    assert!((26_000..30_000).contains(&dead), "{dead}");
}
