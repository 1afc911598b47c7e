//! Causes that the ledger gives to records that come twice or never: one small run for each.

use crate::{Facts, run_with_facts, scenario};
use rejoin::analysis::summary::summarize;
use rejoin::kernel::time::Instant;
use rejoin::model::fact::{ConsumerFact, Fact, Failure};
use rejoin::model::id::ConsumerId;
use rejoin::trace::cause::Cause;
use std::collections::BTreeMap;

/// A hundred records a second in each of two partitions, both led by broker 1.
const TOPIC: &str = "
    duration = '90s'
    [topics.orders]
    replicas = [[1], [1]]
    [producers.shop]
    topic = 'orders'
    rate = '200/s'
    partitioner = 'round-robin'
";

/// What came about in a run.
struct Told {
    /// How many were repeated: the number of the event behind that, from 1, and how.
    repeated: Vec<(String, u64)>,
    /// How many were skipped, likewise.
    skipped: Vec<(String, u64)>,
    failures: Vec<Failure>,
    facts: Facts,
}

fn run(text: &str) -> Told {
    let scenario = scenario(text);
    let (mut run, facts) = run_with_facts(&scenario);
    let summary = summarize(&mut run, &scenario);
    let group = &summary.groups[0];
    let failures = group.failures.iter().map(|(_, failure)| *failure).collect();
    let (repeated, skipped) = (named(&group.duplicates), named(&group.skipped));
    Told { repeated, skipped, failures, facts }
}

fn named(causes: &BTreeMap<Cause, u64>) -> Vec<(String, u64)> {
    let name = |cause: &Cause| {
        let event = cause.event.map_or("nothing".to_owned(), |event| (event + 1).to_string());
        format!("{event} {}", cause.how.name())
    };
    causes.iter().map(|(cause, records)| (name(cause), *records)).collect()
}

impl Told {
    /// Records that a consumer had processed by a moment (s) and had not committed itself.
    fn uncommitted(&self, who: usize, by: u64) -> u64 {
        let (mut processed, mut committed) = (BTreeMap::new(), BTreeMap::new());
        let until = Instant::from_secs(by);
        for (_, fact) in self.facts.facts.iter().take_while(|(at, _)| *at <= until) {
            match fact {
                Fact::Consumer { consumer, what } if *consumer == ConsumerId::new(who) => {
                    match what {
                        ConsumerFact::Processed(batch) => {
                            processed.insert(batch.partition, batch.to);
                        }
                        ConsumerFact::Committed { offsets, .. } => {
                            committed.extend(offsets.iter().copied());
                        }
                        _ => {}
                    }
                }
                _ => {}
            }
        }
        let behind = |(partition, to): (_, &u64)| to - committed.get(partition).unwrap_or(&0);
        processed.iter().map(behind).sum()
    }

    #[track_caller]
    fn only_repeats(&self, cause: &str, records: u64) {
        assert!(records > 100, "there is something to repeat: {records}");
        assert_eq!(self.repeated, [(cause.to_owned(), records)]);
        assert_eq!(self.skipped, []);
    }
}

/// The coordinator's broker is gone: `close()` tries to commit for as long as it may, and gives up.
#[test]
fn who_closes_without_being_able_to_commit() {
    let seen = run(&format!(
        "{TOPIC}
        [cluster]
        brokers = 2
        config = {{ offsets.topic.replication.factor = 1 }}
        [groups.search]
        topics = ['orders']
        consumers = 2
        coordinator = 2
        [groups.search.config]
        auto.offset.reset = 'earliest'
        session.timeout.ms = 10000
        [[events]]
        at = '30s'
        kill_broker = 'broker-2'
        restart_after = '40s'
        [[events]]
        at = '33s'
        close = 'search-1'
        "
    ));
    seen.only_repeats("2 commit_failed", seen.uncommitted(0, 40));
}

/// A group without members keeps its offsets for `offsets.retention.minutes`.
fn away_for_four_minutes(reset: &str) -> Told {
    run(&format!(
        "{}
        [cluster.config]
        offsets.retention.minutes = 1
        offsets.retention.check.interval.ms = 10000
        [groups.search]
        topics = ['orders']
        consumers = 2
        config = {{ auto.offset.reset = '{reset}' }}
        [[events]]
        at = '1m'
        close = 'search'
        restart_after = '4m'
        ",
        TOPIC.replace("90s", "6m")
    ))
}

#[test]
fn who_comes_back_when_its_offsets_have_been_deleted() {
    let seen = away_for_four_minutes("earliest");
    let [(cause, records)] = &seen.repeated[..] else { panic!("{:?}", seen.repeated) };
    assert_eq!(cause, "nothing offsets_expired");
    assert!((11_990..=12_000).contains(records), "all of a minute: {records}");
    let seen = away_for_four_minutes("latest");
    let [(_, records), _] = &seen.skipped[..] else { panic!("{:?}", seen.skipped) };
    let causes: Vec<_> = seen.skipped.iter().map(|(cause, _)| cause.as_str()).collect();
    assert_eq!(causes, ["nothing offsets_expired", "nothing reset"]);
    // Four minutes, and six seconds until the new group is complete.
    assert!((49_190..=49_210).contains(records), "{records}");
    assert_eq!(seen.repeated, []);
}

/// Two processes have one `group.instance.id`: the second one takes the place of the first.
#[test]
fn who_is_replaced_by_another_of_its_instance_id() {
    let seen = run(&format!(
        "{TOPIC}
        [groups.search]
        topics = ['orders']
        consumers = [{{}}, {{ start = '33s' }}]
        config = {{ auto.offset.reset = 'earliest', group.instance.id = 'twin' }}
        "
    ));
    seen.only_repeats("nothing replaced", seen.uncommitted(0, 34));
}

/// A process that stands still while a rebalance is under way, for longer than `max.poll.interval.ms` and
/// shorter than its session.
#[test]
fn who_does_not_join_before_the_rebalance_timeout() {
    let seen = run(&format!(
        "{TOPIC}
        [groups.search]
        topics = ['orders']
        consumers = 2
        [groups.search.config]
        auto.offset.reset = 'earliest'
        max.poll.interval.ms = 10000
        session.timeout.ms = 45000
        [[events]]
        at = '33s'
        pause = 'search-1'
        for = '30s'
        [[events]]
        at = '34s'
        start = 'search'
        "
    ));
    // When it goes on, it reads what was on its way to it before it hears that it is no member any more.
    seen.only_repeats("1 rebalance_timeout", seen.uncommitted(0, 64));
}

/// The follower of the group's partition of `__consumer_offsets` is cut off at 20 s, and after five seconds
/// not in sync; commits that the leader confirms alone from then on die with it, if the follower may lead.
fn coordinator_lost(unclean: bool, config: &str) -> Told {
    run(&format!(
        "{}
        [topics.orders.config]
        unclean.leader.election.enable = false
        [cluster]
        brokers = 2
        [cluster.config]
        unclean.leader.election.enable = {unclean}
        replica.lag.time.max.ms = 5000
        [groups.search]
        topics = ['orders']
        consumers = 2
        coordinator = 2
        config = {{ auto.offset.reset = 'earliest', {config} }}
        [[events]]
        at = '20s'
        cut = 'broker-2'
        between = ['broker-1', 'broker-2']
        for = '60s'
        [[events]]
        at = '40s'
        kill_broker = 'broker-2'
        restart_after = '20s'
        [[events]]
        at = '41s'
        crash = 'search'
        restart_after = '10s'
        ",
        TOPIC.replace("90s", "3m")
    ))
}

#[test]
fn whose_commits_the_next_coordinator_has_never_seen() {
    let classic = "session.timeout.ms = 10000";
    for config in [classic, "group.protocol = 'consumer'"] {
        let seen = coordinator_lost(true, config);
        let causes: Vec<_> = seen.repeated.iter().map(|(cause, _)| cause.as_str()).collect();
        assert_eq!(causes, ["2 coordinator_failover", "3 crash"], "{config}");
        // What was committed in the last 15 to 20 seconds before 40 s, and what was not when they died.
        let [(_, failover), (_, crash)] = seen.repeated[..] else { unreachable!() };
        assert!((3_000..=4_200).contains(&failover), "{config}: {failover}");
        assert_eq!(crash, seen.uncommitted(0, 42) + seen.uncommitted(1, 42), "{config}");
        let seen = coordinator_lost(false, config);
        seen.only_repeats("3 crash", seen.uncommitted(0, 42) + seen.uncommitted(1, 42));
    }
}

/// A group that comes half a minute late, and finds no committed offset.
fn late(config: &str) -> Told {
    run(&format!(
        "{TOPIC}
        [groups.search]
        topics = ['orders']
        consumers = 2
        start = '30s'
        config = {{ {config} }}
        "
    ))
}

#[test]
fn who_begins_some_seconds_before_the_end_of_a_log() {
    let seen = late("auto.offset.reset = 'by_duration:PT10S'");
    let [(cause, records)] = &seen.skipped[..] else { panic!("{:?}", seen.skipped) };
    assert_eq!((cause.as_str(), &seen.repeated[..]), ("nothing reset", &[][..]));
    // It asks at 36 s, when the new group is complete, and begins at what was created at 26 s.
    assert_eq!(*records, 5_200);
}

#[test]
fn who_may_not_choose_where_to_begin_fails_and_skips_nothing() {
    for protocol in ["classic", "consumer"] {
        let seen = late(&format!("auto.offset.reset = 'none', group.protocol = '{protocol}'"));
        assert_eq!(seen.failures, [Failure::NoOffsetForPartition; 2], "{protocol}");
        assert_eq!((&seen.repeated[..], &seen.skipped[..]), (&[][..], &[][..]), "{protocol}");
    }
}
