//! Logs that delete what is too old or too much, and consumers that come too late.

use super::{run_with_lines, scenario};
use rejoin::kernel::time::Instant;
use rejoin::model::id::GroupId;
use rejoin::scenario::Scenario;
use rejoin::trace::cause::{Cause, How};
use rejoin::trace::ledger::Jump;

/// A topic of one partition and a producer of `rate` records of 1 KiB a second: a segment of 1 MiB
/// holds 1,024 of them. Brokers look at 30 s, 90 s, 150 s, …
fn kept(rate: u32, topic: &str, group: &str) -> Scenario {
    scenario(&format!(
        "duration = '10m'
         [cluster.config]
         log.retention.check.interval.ms = 60000
         [topics.orders]
         {topic}
         [producers.shop]
         topic = 'orders'
         rate = '{rate}/s'
         config = {{ linger.ms = 0 }}
         [groups.search]
         topics = ['orders']
         {group}"
    ))
}

const FAST: &str = "config = { auto.offset.reset = 'earliest' }";

/// When the log start offset moved (s), and where to.
fn starts(scenario: &Scenario) -> Vec<(f64, u64)> {
    let (_, lines) = run_with_lines(scenario);
    let lines = lines.iter().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let moved = lines.filter(|line| line["name"] == "log_start_moved");
    moved.map(|l| (l["timestamp"].as_f64().unwrap(), l["to"].as_u64().unwrap())).collect()
}

#[test]
fn segments_that_are_too_old_go_whole() {
    let topic = "config = { segment.bytes = '1MiB', retention.ms = '2m' }";
    let starts = starts(&kept(100, topic, FAST));
    // At t the records of the first t - 120 s are too old: 100 × (t - 120) of them, rounded down to
    // whole segments.
    let expected = (1..=9u64).map(|look| 30 + 60 * look).filter(|&at| at > 120);
    let expected = expected.map(|at| (at as f64, (at - 120) * 100 / 1_024 * 1_024));
    assert_eq!(starts, expected.collect::<Vec<_>>());
}

#[test]
fn a_record_that_is_just_as_old_as_it_may_be_stays() {
    // A segment holds 3,000 records, those of 30 s.
    let topic = "config = { segment.bytes = '3000KiB', retention.ms = '2m' }";
    let starts = starts(&kept(100, topic, FAST));
    // At 150 s the last of the first 3,000 is exactly 120 s old, at 210 s the last of 9,000.
    assert_eq!(starts[..2], [(210.0, 6_000), (270.0, 12_000)]);
}

#[test]
fn the_last_segment_goes_too_when_nothing_comes() {
    let topic = "backlog = 5000\nconfig = { segment.bytes = '1MiB', retention.ms = '2m' }";
    let mut scenario = kept(100, topic, FAST);
    scenario.producers[0].start = Instant::from_secs(300);
    // What lies there is from the first moment of the run, and older than 2 min at 150 s.
    assert_eq!(starts(&scenario)[0], (150.0, 5_000));
}

#[test]
fn the_rest_stays_at_or_above_the_size_that_is_kept() {
    let topic = "config = { segment.bytes = '1MiB', retention.bytes = '4MiB' }";
    // 4 MiB are 4,096 records: the largest multiple of 1,024 that leaves as many of 10,000, and of
    // 4,096 + 1,024 exactly that many.
    for (backlog, gone) in [(10_000, 5 * 1_024), (5 * 1_024, 1_024), (5 * 1_024 - 1, 0)] {
        let mut scenario = kept(1, &format!("backlog = {backlog}\n{topic}"), FAST);
        scenario.producers[0].start = Instant::from_secs(599);
        let starts = starts(&scenario);
        assert_eq!(starts.first().copied().unwrap_or_default().1, gone, "{backlog}");
        assert!(starts.len() <= 1, "{starts:?}");
    }
}

#[test]
fn segments_end_after_a_while() {
    let topic = "config = { segment.ms = '20s', retention.ms = '1m' }";
    let starts = starts(&kept(10, topic, FAST));
    // A segment's first record comes at 0.1 s + 20.1 s × n and its last 20 s later; at 90 s what is
    // older than 30 s, the first segment of 201 records, at 150 s four of them, all within 80.5 s.
    assert_eq!(starts[..2], [(90.0, 201), (150.0, 4 * 201)]);
}

#[test]
fn nothing_goes_without_a_limit_that_the_run_reaches() {
    for topic in ["", "config = { retention.ms = -1 }", "config = { retention.bytes = -1 }"] {
        assert_eq!(starts(&kept(10, topic, FAST)), [], "{topic}");
    }
    let compacted = "config = { cleanup.policy = 'compact', retention.ms = '1m' }";
    assert_eq!(starts(&kept(10, compacted, FAST)), []);
}

#[test]
fn brokers_say_what_topics_do_not() {
    let text = "duration = '5m'\n[cluster.config]\nlog.retention.minutes = 1\n\
                log.retention.hours = 1\nlog.segment.bytes = '2MiB'\nlog.roll.hours = 2\n\
                [topics.a]\n[topics.b]\nconfig = { retention.ms = 5000, segment.ms = 7 }\n\
                [groups.g]\ntopics = ['a']";
    let topics = scenario(text).topics;
    let seconds =
        |topic: usize| topics[topic].config.retention.map(|span| span.as_us() / 1_000_000);
    assert_eq!([seconds(0), seconds(1)], [Some(60), Some(5)]);
    assert_eq!(topics[0].config.segment_bytes, 2 << 20);
    assert_eq!(topics[0].config.segment.as_us(), 7_200_000_000);
    assert_eq!(topics[1].config.segment.as_us(), 7_000);
}

/// A consumer that is slower than the producer falls behind what is kept.
const SLOW: &str = "process = '20ms'\nconfig = { auto.offset.reset = ";

#[test]
fn who_comes_too_late_begins_where_its_policy_says() {
    let topic = "config = { segment.bytes = '1MiB', retention.ms = '1m' }";
    for (policy, source) in [("earliest", "log start"), ("latest", "log end")] {
        let (run, lines) = run_with_lines(&kept(100, topic, &format!("{SLOW}'{policy}' }}")));
        let starts: Vec<u64> = run.logs.partitions[0]
            .start_moves()
            .map(|at| run.logs.partitions[0].start_at(at))
            .collect();
        let resets = lines.iter().filter(|line| line.contains("\"out_of_range\""));
        let resets: Vec<serde_json::Value> =
            resets.map(|line| serde_json::from_str(line).unwrap()).collect();
        assert!(resets.len() >= 2, "{policy}: {resets:?}");
        for reset in resets {
            let offset = reset["offset"].as_u64().unwrap();
            assert_eq!(starts.contains(&offset), policy == "earliest", "{source}: {offset}");
        }
        let account = run.trace.ledger.accounts(GroupId(0)).next().unwrap().1;
        let jumped: u64 = account.jumps.iter().map(|jump| jump.to - jump.from).sum();
        assert_eq!(jumped, account.skipped.len(), "what was in hand is not skipped");
        assert!(jumped > 10_000, "{jumped} skipped");
    }
}

/// The first consumer reads for 10 s; the second begins after 200 s, without a policy.
const LATER: &str = "consumers = [
    { name = 'first', config = { auto.offset.reset = 'earliest' } },
    { name = 'second', start = '200s', config = { auto.offset.reset = 'none' } },
]
[[events]]
at = '10s'
close = 'first'";

#[test]
fn without_a_policy_what_is_deleted_ends_the_poll_loop() {
    for (age, fails) in [("1m", true), ("5m", false)] {
        let config = format!("config = {{ segment.bytes = '1MiB', retention.ms = '{age}' }}");
        let (run, lines) = run_with_lines(&kept(100, &config, LATER));
        let failed = lines.iter().any(|line| line.contains("OFFSET_OUT_OF_RANGE"));
        assert_eq!(failed, fails, "{age}");
        let account = run.trace.ledger.accounts(GroupId(0)).next().unwrap().1;
        // It goes on where the first one stopped, or never.
        assert!(account.processed.end() < 1_000 || !fails, "{account:?}");
        assert_eq!(account.skipped.is_empty(), !fails, "{account:?}");
    }
}

#[test]
fn a_group_that_comes_late_misses_what_is_deleted() {
    let topic = "config = { segment.bytes = '1MiB', retention.ms = '1m' }";
    let group = format!("start = '5m'\n{FAST}");
    let (run, _) = run_with_lines(&kept(100, topic, &group));
    let account = run.trace.ledger.accounts(GroupId(0)).next().unwrap().1;
    // At 270 s 210 s × 100 records were too old: 20 segments.
    let Jump { from, to, cause, .. } = account.jumps[0];
    assert_eq!((from, to, cause), (0, 20 * 1_024, Cause::of(How::Retention)));
    assert_eq!(account.jumps.len(), 1, "it keeps up from then on: {:?}", account.jumps);
}

#[test]
fn a_new_leader_looks_half_a_minute_after_it_started() {
    let topic = "replicas = [[1, 2]]\nconfig = { segment.bytes = '1MiB', retention.ms = '1m' }";
    let text = scenario(&format!(
        "duration = '4m'\n[cluster]\nbrokers = 2\n[cluster.config]\n\
         log.retention.check.interval.ms = 60000\n[topics.orders]\n{topic}\n[producers.shop]\n\
         topic = 'orders'\nrate = '100/s'\n[groups.search]\ntopics = ['orders']\n{FAST}\n\
         [[events]]\nat = '60s'\nstop_broker = 'broker-1'\n[[events]]\nat = '70s'\n\
         stop_broker = 'broker-2'\nrestart_after = '5s'"
    ));
    let at: Vec<f64> = starts(&text).iter().map(|&(at, _)| at.floor()).collect();
    // The second broker came back at 75 s and leads alone: 105 s, 165 s, 225 s.
    assert_eq!(at, [105.0, 165.0, 225.0]);
}
