//! `latency` against every record by itself.

use crate::{Facts, run_with_facts, scenario};
use rejoin::analysis::latency::latency;
use rejoin::cluster::log::Source;
use rejoin::kernel::time::Instant;
use rejoin::model::fact::{ConsumerFact, Fact, Processed};
use rejoin::model::id::GroupId;
use rejoin::scenario::expect::Stat;
use rejoin::world::Run;

const GROUP: &str = r#"
duration = "40s"

[topics.orders]
partitions = 3
PLACE

[groups.search]
topics = ["orders"]
consumers = 2
process = { exponential = "1ms" }

[groups.search.config]
auto.offset.reset = "earliest"
max.poll.records = 300

[[events]]
at = "20s"
crash = "search-1"
restart_after = "3s"

[[expect]]
metric = "latency"
group = "search"
stat = "max"
at_least = 0

[producers.shop]
topic = "orders"
"#;

const STATS: [Stat; 5] =
    [Stat::Min, Stat::Percentile(50.0), Stat::Percentile(99.0), Stat::Percentile(99.9), Stat::Max];

fn batches(facts: &Facts) -> impl Iterator<Item = &Processed> {
    facts.facts.iter().filter_map(|(_, fact)| match fact {
        Fact::Consumer { what: ConsumerFact::Processed(batch), .. } => Some(batch),
        _ => None,
    })
}

/// When each record of a partition was created, in the order of the log, where nothing is lost or
/// kept up and all that one producer creates it delivers in order.
fn creations(run: &mut Run, partition: usize, steady: bool) -> Vec<Instant> {
    let sources = run.logs.partitions[partition].sources().to_vec();
    assert!(steady || sources.len() == 1);
    let mut records = Vec::new();
    for Source { row, index, .. } in sources {
        let producer = &mut run.logs.producers[row];
        for nth in 1.. {
            let Some(created) = producer.nth(index, nth) else { break };
            let came = if steady { producer.delivered_nth(index, nth) } else { Ok(Some(created)) };
            let Ok(Some(came)) = came else { break };
            records.push((came, row, nth, created));
        }
    }
    records.sort_unstable();
    records.into_iter().map(|(.., created)| created).collect()
}

/// Latencies (µs) of all records done in (from, to], each by itself, in order.
fn by_hand(run: &mut Run, facts: &Facts, from: Instant, to: Instant, steady: bool) -> Vec<u64> {
    let created: Vec<Vec<Instant>> =
        (0..run.logs.partitions.len()).map(|p| creations(run, p, steady)).collect();
    let mut all = Vec::new();
    for batch in batches(facts) {
        let (n, spent) = (batch.to - batch.from, batch.end.since(batch.start).as_us());
        for k in 0..n {
            let done = Instant::from_us(batch.start.as_us() + spent * (k + 1) / n);
            if from < done && done <= to {
                let created = created[batch.partition.index()][(batch.from + k) as usize];
                assert!(created <= done);
                all.push(done.since(created).as_us());
            }
        }
    }
    all.sort_unstable();
    all
}

/// Compares all statistics of a run, for a producer like this.
#[track_caller]
fn agrees(producer: &str, place: &str, steady: bool) {
    let scenario = scenario(&GROUP.replace("PLACE", place).replace(
        "[producers.shop]\ntopic = \"orders\"\n",
        &format!("[producers.shop]\ntopic = \"orders\"\n{producer}"),
    ));
    let (mut run, facts) = run_with_facts(&scenario);
    for (from, to) in [(0, 40), (10, 19), (18, 31)] {
        let (from, to) = (Instant::from_secs(from), Instant::from_secs(to));
        let all = by_hand(&mut run, &facts, from, to, steady);
        assert!(all.len() > 500, "{producer}: {} records", all.len());
        let mut of = |stat| {
            let value = latency(&mut run, GroupId::new(0), from, to, stat).unwrap();
            (value * 1e6).round() as u64
        };
        for stat in STATS {
            let rank = match stat {
                Stat::Min => 1,
                Stat::Percentile(percent) => (all.len() as f64 * percent / 100.0).ceil() as usize,
                _ => all.len(),
            };
            assert_eq!(of(stat), all[rank - 1], "{producer}: {stat:?} from {from} to {to}");
        }
        let mean = all.iter().sum::<u64>() as f64 / all.len() as f64;
        assert_eq!(of(Stat::Mean), mean.round() as u64, "{producer}: the mean");
    }
}

#[test]
fn of_each_record_whatever_the_rate() {
    for producer in [
        "rate = \"700/s\"\npartitioner = \"round-robin\"",
        "rate = \"700/s\"\narrivals = \"poisson\"",
        "rate = \"900/s\"\npartitioner = \"keyed\"\nkeys = { count = 50, skew = 1.0 }",
        "rate = \"900/s\"\nconfig = { \"linger.ms\" = 0 }",
        "profile = [{ at = \"0s\", rate = \"10/s\" }, { at = \"15s\", rate = \"2000/s\", ramp = \"9s\" }]",
    ] {
        agrees(producer, "", true);
    }
}

#[test]
fn of_each_record_of_several_producers() {
    let another = "\n[producers.branch]\ntopic = \"orders\"\nrate = \"100/s\"\ncount = 3\n\
         partitioner = \"round-robin\"";
    for producer in ["rate = \"200/s\"", "rate = \"200/s\"\narrivals = \"poisson\""] {
        agrees(&format!("{producer}{another}"), "", true);
    }
}

#[test]
fn of_records_that_waited_for_a_leader() {
    let killed = "\n[[events]]\nat = \"12s\"\nkill_broker = \"broker-2\"\nrestart_after = \"15s\"";
    let place = "replicas = [[1, 2, 3], [2, 3, 1], [3, 1, 2]]\n[cluster]\nbrokers = 3\n";
    for producer in [
        "rate = \"700/s\"\npartitioner = \"round-robin\"",
        "rate = \"900/s\"\npartitioner = \"keyed\"\nkeys = { count = 50, skew = 1.0 }",
    ] {
        agrees(&format!("{producer}{killed}"), place, false);
    }
}
