//! Same scenario and seed, same bytes; and what is added elsewhere changes nothing here.

use crate::{run_with_lines, scenario};
use rejoin::analysis::summary::summarize;
use rejoin::report::names::Names;
use rejoin::report::{json, series};

const CRASHES: &str = r#"
seed = 11
duration = "3m"

[cluster]
brokers = 3
latency = { lognormal = { median = "300us", p99 = "5ms" } }

[topics.orders]
partitions = 7

[producers.shop]
topic = "orders"
rate = "300/s"
arrivals = "poisson"
partitioner = "keyed"
keys = { count = 50, skew = 1.0 }

[groups.search]
topics = ["orders"]
consumers = 4
process = { exponential = "3ms" }

[groups.search.config]
session.timeout.ms = 10000
auto.offset.reset = "earliest"

[[events]]
at = "40s"
crash = { group = "search", random = 2 }
restart_after = "30s"

[[events]]
at = "2m"
pause = "search-1"
for = "15s"
"#;

const SECOND_GROUP: &str = r#"
[groups.audit]
topics = ["orders"]
consumers = 3
process = { uniform = ["1ms", "9ms"] }
start_every = "5s"
"#;

const ITS_EVENT: &str = r#"
[[events]]
at = "50s"
crash = { group = "audit", random = 1 }
"#;

fn reports(text: &str) -> Vec<String> {
    let scenario = scenario(text);
    let (mut run, mut lines) = run_with_lines(&scenario);
    let summary = summarize(&mut run, &scenario);
    lines.push(json::summary(&summary, Names::of(&run, &scenario)));
    lines.push(series::csv(&run, &scenario));
    lines
}

#[test]
fn two_runs_of_the_same_scenario_write_the_same_bytes() {
    let first = reports(CRASHES);
    assert!(first.len() > 100, "something happens");
    assert_eq!(first, reports(CRASHES));
}

#[test]
fn runs_side_by_side_write_the_same_bytes() {
    let alone = reports(CRASHES);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..3).map(|_| scope.spawn(|| reports(CRASHES))).collect();
        for thread in threads {
            assert_eq!(alone, thread.join().unwrap());
        }
    });
}

#[test]
fn another_seed_writes_others() {
    assert_ne!(reports(CRASHES), reports(&CRASHES.replace("seed = 11", "seed = 12")));
}

#[test]
fn a_second_group_leaves_the_first_ones_lines_as_they_were() {
    let of_search = |lines: Vec<String>| -> Vec<String> {
        lines.into_iter().filter(|line| line.contains(r#""group":"search""#)).collect()
    };
    let (_, alone) = run_with_lines(&scenario(CRASHES));
    let alone = of_search(alone);
    let first = CRASHES.find("[groups.search]").unwrap();
    let (before, after) = CRASHES.split_at(first);
    for text in [
        format!("{CRASHES}{SECOND_GROUP}{ITS_EVENT}"),
        format!("{before}{SECOND_GROUP}{after}{ITS_EVENT}"),
    ] {
        let (_, beside) = run_with_lines(&scenario(&text));
        assert!(beside.iter().any(|line| line.contains(r#""group":"audit""#)));
        assert_eq!(alone, of_search(beside));
    }
}
