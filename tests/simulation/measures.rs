//! The metrics of expectations, against values worked out by hand.

use crate::{run_with_lines, scenario};
use rejoin::analysis::verdict::{Verdict, judge};

/// One consumer reads two partitions from 3 s on; it closes at 30 s and a second one has joined at
/// 20 s. Everything is constant, so every number can be told beforehand.
const BASE: &str = r#"
duration = "60s"

[cluster]
latency = "1ms"

[topics.orders]
partitions = 2

[producers.shop]
topic = "orders"
rate = "100/s"
partitioner = "round-robin"
config = { "linger.ms" = 0 }

[groups.search]
topics = ["orders"]
consumers = [{ count = 1 }, { count = 1, start = "20s" }]

[groups.search.config]
auto.offset.reset = "earliest"

[[events]]
at = "30s"
close = "search-1"
"#;

fn verdicts(expects: &str) -> Vec<Verdict> {
    let scenario = scenario(&format!("{BASE}{expects}"));
    let (mut run, _) = run_with_lines(&scenario);
    scenario.expects.iter().map(|expect| judge(&mut run, &scenario, expect)).collect()
}

#[track_caller]
fn measures(rows: &[(&str, &str)]) {
    let mut text = String::new();
    for (expect, compare) in rows {
        for line in ["[[expect]]", &expect.replace(", ", "\n"), compare] {
            text.push_str(line);
            text.push('\n');
        }
    }
    for ((expect, compare), verdict) in rows.iter().zip(verdicts(&text)) {
        assert!(matches!(verdict, Verdict::Passed(_)), "{expect} {compare}: {verdict:?}");
    }
}

#[test]
fn offsets_of_a_partition() {
    let of = |metric: &str, at: &str| {
        format!(
            r#"metric = "{metric}", group = "search", topic = "orders", partition = 0, at = "{at}""#
        )
    };
    let log_end = r#"metric = "log_end_offset", topic = "orders", partition = 1, at = "10.001s""#;
    measures(&[
        (log_end, "equals = 500"),
        // The next record is on its way.
        (&of("position", "10s"), "between = [499, 500]"),
        // The join took 3 s and a few messages; commits follow every 5 s.
        (&of("committed_offset", "10s"), "between = [399, 404]"),
        (&of("committed_offset", "40s"), "at_least = 1750"),
    ]);
}

#[test]
fn lag_is_told_by_commits_and_position_lag_by_polls() {
    let lag = |rest: &str| format!(r#"metric = "lag", group = "search", {rest}"#);
    let position_lag = |rest: &str| format!(r#"metric = "position_lag", group = "search", {rest}"#);
    measures(&[
        // Nobody owns anything yet: the log start counts.
        (&lag(r#"at = "3.001s""#), "equals = 300"),
        // Before the first commit the position counts.
        (&lag(r#"at = "7s""#), "at_most = 2"),
        (&lag(r#"from = "8s", to = "19s", stat = "max""#), "between = [495, 505]"),
        (&lag(r#"from = "8s", to = "18s", stat = "mean""#), "between = [240, 260]"),
        (
            &lag(r#"topic = "orders", partition = 1, from = "8s", to = "19s", stat = "max""#),
            "between = [247, 253]",
        ),
        (&position_lag(r#"from = "5s", to = "19s", stat = "max""#), "at_most = 2"),
    ]);
}

#[test]
fn members_and_generations() {
    let of = |metric: &str, rest: &str| format!(r#"metric = "{metric}", group = "search", {rest}"#);
    measures(&[
        (&of("members", r#"at = "10s""#), "equals = 1"),
        (&of("members", r#"at = "25s""#), "equals = 2"),
        (&of("members", r#"at = "35s""#), "equals = 1"),
        (&of("generation", r#"at = "10s""#), "equals = 1"),
        (&of("generation", r#"at = "60s""#), "equals = 3"),
        (&of("rebalances", r#"from = "0s", to = "60s""#), "equals = 3"),
        (&of("rebalances", r#"from = "10s", to = "28s""#), "equals = 1"),
        (&of("idle_consumers", r#"from = "0s", to = "60s", stat = "max""#), "equals = 0"),
        (r#"metric = "owned_partitions", consumer = "search-2", at = "25s""#, "equals = 1"),
        (r#"metric = "owned_partitions", consumer = "search-2", at = "40s""#, "equals = 2"),
    ]);
}

#[test]
fn stalls_and_partitions_without_an_owner() {
    measures(&[
        // search-1 learns of the rebalance with its next heartbeat and stalls for a few messages.
        (
            r#"metric = "stalled_time", consumer = "search-1", from = "0s", to = "60s""#,
            "between = [0.004, 0.02]",
        ),
        (r#"metric = "stalled_time", group = "search", from = "5s", to = "19s""#, "equals = 0"),
        // search-1's partition is nobody's until search-2 has heard of it, at a heartbeat at most
        // 3 s later.
        (r#"metric = "unowned_time", group = "search", stat = "max""#, "between = [0.0, 3.1]"),
        (r#"metric = "unowned_time", group = "search", from = "0s", to = "19s""#, "equals = 0"),
    ]);
}

#[test]
fn the_ledger() {
    let of = |metric: &str, rest: &str| format!(r#"metric = "{metric}", group = "search"{rest}"#);
    measures(&[
        (&of("processed", r#", at = "10s""#), "between = [998, 1000]"),
        (&of("processed", r#", from = "10s", to = "20s""#), "between = [998, 1002]"),
        (&of("duplicates", ""), "equals = 0"),
        (&of("skipped", ""), "equals = 0"),
        (&of("waiting", r#", at = "3.001s""#), "equals = 300"),
        (&of("waiting", ""), "at_most = 2"),
        (&of("throughput", r#", from = "10s", to = "20s""#), "near = { value = 100, percent = 1 }"),
        (r#"metric = "throughput", producer = "shop", from = "10s", to = "20s""#, "equals = 100"),
    ]);
}

#[test]
fn latency_from_production_to_the_end_of_processing() {
    let of = |rest: &str| format!(r#"metric = "latency", group = "search", {rest}"#);
    measures(&[
        // To the broker and on to the consumer, without any processing time.
        (&of(r#"from = "10s", to = "19s", stat = "p50""#), "equals = 0.002"),
        // The first record waited for the join.
        (&of(r#"stat = "max""#), "between = [2.99, 3.02]"),
    ]);
}

#[test]
fn what_was_not_there_can_not_be_measured() {
    let text = r#"
        [[expect]]
        metric = "latency"
        group = "search"
        from = "0s"
        to = "2s"
        stat = "max"
        at_most = 1

        [[expect]]
        metric = "catch_up_time"
        event = 1
        at_most = "1s"

        [[expect]]
        metric = "lag"
        group = "search"
        at = "10s"
        equals = 1
    "#;
    let verdicts = verdicts(text);
    assert!(matches!(&verdicts[0], Verdict::Error(why) if why.contains("no record")));
    assert!(matches!(verdicts[2], Verdict::Failed(_)));
}
