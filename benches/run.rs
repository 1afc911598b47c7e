//! Whole runs, in events per second: an hour of 200 consumers on 1,000 partitions, and a day of 40
//! consumers on 200 partitions that restart one by one each hour.
//!
//! `cargo bench --bench run`. Reports are not part of it.

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use rejoin::parse::{Source, scenario};
use rejoin::scenario::Scenario;
use rejoin::world;

fn main() {
    divan::main();
}

const HOUR: &str = r#"
duration = "1h"
resolution = "100ms"

[cluster]
brokers = 3

[topics.orders]
partitions = 1000

[producers.shop]
topic = "orders"
rate = "RATE"
partitioner = "round-robin"

[groups.search]
topics = ["orders"]
consumers = 200
process = "PROCESS"
"#;

const DAY: &str = r#"
duration = "24h"
resolution = "100ms"

[cluster]
brokers = 3

[topics.orders]
partitions = 200
replication.factor = 3

[producers.shop]
topic = "orders"
rate = "50000/s"

[groups.search]
topics = ["orders"]
consumers = 40
process = "100us"
"#;

fn read(text: String) -> Scenario {
    let parsed = scenario(&Source::new("run.toml", text), &[]);
    parsed.expect("it is a scenario").runs.remove(0).scenario
}

fn hour(rate: &str, process: &str) -> Scenario {
    read(HOUR.replace("RATE", rate).replace("PROCESS", process))
}

fn day() -> Scenario {
    let restart = |n: u64| {
        let from = 3_600 + 20 * n;
        format!(
            "[[events]]\nevery = \"1h\"\nfrom = \"{from}s\"\nrestart = \"search-{n}\"\nfor = \"10s\"\n"
        )
    };
    read(DAY.to_owned() + &(1..=40).map(restart).collect::<String>())
}

fn run(scenario: &Scenario) -> u64 {
    let run = world::run(black_box(scenario), &mut (), &mut |_| ());
    assert_eq!(run.violation, None);
    run.trace.events
}

fn bench(bencher: Bencher<'_, '_>, scenario: &Scenario) {
    let events = run(scenario);
    bencher.counter(ItemsCount::new(events)).bench(|| run(scenario));
}

#[divan::bench(sample_count = 3, sample_size = 1)]
fn an_hour_at_100_000_records_a_second(bencher: Bencher<'_, '_>) {
    bench(bencher, &hour("100000/s", "50us"));
}

#[divan::bench(sample_count = 3, sample_size = 1)]
fn an_hour_at_1_000_000_records_a_second(bencher: Bencher<'_, '_>) {
    bench(bencher, &hour("1000000/s", "5us"));
}

#[divan::bench(sample_count = 1, sample_size = 1)]
fn a_day_with_rolling_restarts(bencher: Bencher<'_, '_>) {
    bench(bencher, &day());
}
