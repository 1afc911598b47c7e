//! Consumers that read from a replica in their rack (KIP-392).

use crate::{returned, run_with_facts, scenario};
use rejoin::kernel::time::Instant;
use rejoin::model::id::ConsumerId;

/// A follower in the consumer's rack, a record each 100 ms, every message takes 1 ms.
const NEAR: &str = r#"
    name = "nearest"
    duration = "12s"
    [cluster]
    brokers = 2
    racks = ["a", "b"]
    latency = "1ms"
    [cluster.config]
    replica.selector.class = "org.apache.kafka.common.replica.RackAwareReplicaSelector"
    [topics.orders]
    partitions = 1
    replicas = [[1, 2]]
    [producers.shop]
    topic = "orders"
    rate = "10/s"
    stop = "8s"
    [producers.shop.config]
    linger.ms = 0
    [groups.search]
    topics = ["orders"]
    coordinator = 1
    consumers = [{ name = "reader", rack = "b" }]
    [groups.search.config]
    auto.offset.reset = "earliest"
"#;

/// When `poll` returned each record, by offset.
fn returned_by(text: &str) -> Vec<Instant> {
    returned(&run_with_facts(&scenario(text)).1, ConsumerId(0))
}

/// The settings without a selector: everybody reads from leaders.
fn far() -> String {
    let selector = NEAR.lines().find(|line| line.contains("replica.selector")).expect("a selector");
    NEAR.replace(selector, "")
}

#[test]
fn a_follower_shows_a_record_when_the_next_one_comes() {
    let (near, far) = (returned_by(NEAR), returned_by(&far()));
    assert_eq!((near.len(), far.len()), (80, 80));
    // After the group has settled: the leader's reader waits for a round trip between brokers, the
    // follower's for the next record and one way.
    for offset in 50..79 {
        assert_eq!(near[offset] - far[offset], far[1 + offset] - far[offset] - ms(1), "{offset}");
    }
}

#[test]
fn nothing_more_comes_and_a_follower_hears_after_its_wait() {
    let waits = [("", 500), ("replica.fetch.wait.max.ms = 200", 200)];
    for (setting, wait) in waits {
        let text = NEAR.replace("[topics.orders]", &format!("{setting}\n[topics.orders]"));
        let (near, far) = (returned_by(&text), returned_by(&far()));
        assert_eq!(near[79] - far[79], ms(wait + 1));
    }
}

#[test]
fn a_record_of_another_partition_brings_the_news_too() {
    let other = r#"
        [topics.clicks]
        partitions = 1
        replicas = [[1, 2]]
        [producers.web]
        topic = "clicks"
        rate = "20/s"
        start = "5ms"
        [producers.web.config]
        linger.ms = 0
        [groups.search]"#;
    let text = NEAR.replacen("[groups.search]", other, 1);
    let (near, far) = (returned_by(&text), returned_by(&far()));
    for offset in 50..79 {
        // Clicks come 5 ms after each record, and halfway to the next.
        assert_eq!(near[offset] - far[offset], ms(4), "{offset}");
    }
}

#[test]
fn a_leader_in_the_same_rack_keeps_its_reader() {
    let text = |base: &str| {
        let brokers = base.replace("brokers = 2", "brokers = 3").replace("[[1, 2]]", "[[1, 2, 3]]");
        brokers
            .replace(r#"["a", "b"]"#, r#"["a", "b", "a"]"#)
            .replace(r#"rack = "b""#, r#"rack = "a""#)
    };
    assert_eq!(returned_by(&text(NEAR)), returned_by(&text(&far())));
}

#[test]
fn a_follower_that_is_not_in_sync_is_not_recommended() {
    // It was stopped before anybody read, and comes back when the group has long settled.
    let kill = "[[events]]\nat = \"1ms\"\nkill_broker = \"broker-2\"\n[topics.orders]";
    let text = |base: &str| base.replace("[topics.orders]", kill).replace("8s", "11s");
    assert_eq!(returned_by(&text(NEAR)), returned_by(&text(&far())));
}

#[test]
fn readers_of_a_follower_that_dies_go_on_at_the_leader() {
    let kill = "[[events]]\nat = \"5s\"\nkill_broker = \"broker-2\"\n[topics.orders]";
    let text = NEAR.replace("[topics.orders]", kill).replace("12s", "30s").replace("8s", "25s");
    let moments = returned_by(&text);
    assert_eq!(moments.len(), 250);
    // Nothing becomes visible until the dead replica is out of the in-sync ones; then all of it.
    let gaps = moments.windows(2).map(|pair| pair[1] - pair[0]);
    let longest = gaps.max().expect("many records");
    assert!((ms(6_900)..ms(10_200)).contains(&longest), "{longest:?}");
}

fn ms(ms: u64) -> rejoin::kernel::time::Span {
    rejoin::kernel::time::Span::from_ms(ms)
}
