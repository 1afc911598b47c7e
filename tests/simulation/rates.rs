//! Rates that change while fetches wait.

use crate::{run_with_facts, scenario};
use rejoin::model::fact::{ConsumerFact, Fact};

/// A group that waits for records, whose producer changes its rate while fetches wait.
fn text(factor: &str) -> String {
    format!(
        r#"
        name = "rates"
        duration = "60s"
        [cluster]
        brokers = 3
        [topics.orders]
        partitions = 6
        [producers.shop]
        topic = "orders"
        rate = "0.6/s"
        partitioner = "round-robin"
        [groups.search]
        topics = ["orders"]
        consumers = 2
        process = "1ms"
        [groups.search.config]
        "auto.offset.reset" = "earliest"
        "fetch.max.wait.ms" = "30s"
        [[events]]
        every = "7100ms"
        from = "10s"
        to = "59s"
        rate = "shop"
        factor = {factor}
        for = "3s"
        "#
    )
}

#[test]
fn a_fetch_that_waits_is_answered_once_whatever_the_rate_does() {
    for factor in ["0.5", "100", "400"] {
        let scenario = scenario(&text(factor));
        let (mut run, facts) = run_with_facts(&scenario);
        let end = rejoin::analysis::measure::end_of(&scenario);
        let logs = &mut run.logs;
        let ends = logs.partitions.iter().map(|log| log.visible_end(end, &mut logs.producers));
        let produced: u64 = ends.sum();
        let mut late = 0;
        let mut processed = 0;
        for (at, fact) in &facts.facts {
            let Fact::Consumer { what: ConsumerFact::Processed(batch), .. } = fact else {
                continue;
            };
            processed += batch.to - batch.from;
            let log = &logs.partitions[batch.partition.index()];
            let before = at.as_us().saturating_sub(1_000_000);
            let before = rejoin::kernel::time::Instant::from_us(before);
            let due = log.visible_end(before, &mut logs.producers);
            late += u64::from(at.as_us() > 10_000_000 && due > batch.from);
        }
        assert!(produced > 20, "factor {factor}: {produced} produced");
        assert!(processed + 20 > produced, "factor {factor}: {processed} of {produced}");
        assert_eq!(late, 0, "factor {factor}: records wait for a second at most");
    }
}

/// Twenty consumers on a hundred partitions, each of which has something new whenever somebody looks, and
/// a poll that returns all of it.
fn busy(rate: &str) -> String {
    format!(
        r#"
        name = "busy"
        duration = "60s"
        resolution = "100ms"
        [cluster]
        brokers = 3
        [topics.orders]
        partitions = 100
        record_size = 100
        [producers.shop]
        topic = "orders"
        rate = "{rate}"
        partitioner = "round-robin"
        [groups.search]
        topics = ["orders"]
        consumers = 20
        process = "1us"
        [groups.search.config]
        "max.poll.records" = 1000000
        "max.partition.fetch.bytes" = 10000000
        "#
    )
}

#[test]
fn a_run_takes_as_many_events_whatever_the_rate() {
    let events = |rate| crate::run_with_lines(&scenario(&busy(rate))).0.trace.events;
    let (slow, fast) = (events("1000/s"), events("1000000/s"));
    assert!(slow > 50_000, "{slow}");
    assert!(slow.abs_diff(fast) < slow / 50, "{slow} and {fast}");
}
