//! At least once: what is processed and not committed comes again.

use crate::{Facts, run_with_facts, scenario};
use rejoin::analysis::summary::summarize;
use rejoin::kernel::time::Instant;
use rejoin::model::fact::{ConsumerFact, Fact};
use rejoin::model::id::{GroupId, PartitionId};
use rejoin::trace::cause::{Cause, How};
use rejoin::world;
use std::fs;
use std::path::Path;

/// Records of a partition that were processed by `at` and not committed then.
fn uncommitted(facts: &Facts, partition: PartitionId, at: Instant) -> u64 {
    let (mut processed, mut committed) = (0, 0);
    for (_, fact) in facts.facts.iter().take_while(|(when, _)| *when <= at) {
        let Fact::Consumer { what, .. } = fact else { continue };
        match what {
            ConsumerFact::Processed(batch) if batch.partition == partition => processed = batch.to,
            ConsumerFact::Committed { offsets, .. } => {
                let ours = offsets.iter().filter(|(p, _)| *p == partition);
                committed = ours.map(|(_, offset)| *offset).next_back().unwrap_or(committed);
            }
            _ => {}
        }
    }
    processed - committed
}

#[test]
fn a_crash_repeats_exactly_what_was_processed_since_the_last_commit() {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/lessons/resume-after-crash.toml");
    let text = fs::read_to_string(path).unwrap();
    for seconds in [36, 40, 43] {
        let scenario = scenario(&text.replace(r#"at = "40s""#, &format!("at = \"{seconds}s\"")));
        let (run, facts) = run_with_facts(&scenario);
        let struck = facts.facts.iter().find_map(|(at, fact)| match fact {
            Fact::Consumer { consumer, what: ConsumerFact::Crashed } => Some((*at, *consumer)),
            _ => None,
        });
        let (at, dead) = struck.expect("somebody crashes");
        let owned = facts.facts.iter().rev().find_map(|(when, fact)| match fact {
            Fact::Consumer { consumer, what: ConsumerFact::Assigned { partitions, .. } }
                if *consumer == dead && *when < at =>
            {
                Some(partitions.clone())
            }
            _ => None,
        });
        let lost: u64 = owned.unwrap().into_iter().map(|p| uncommitted(&facts, p, at)).sum();
        assert!(lost > 100, "there is something to repeat");
        let repeated = run.trace.ledger.accounts(GroupId(0)).map(|(_, account)| {
            let crash = Cause { event: Some(0), how: How::Crash };
            assert!(account.duplicates.keys().all(|cause| *cause == crash));
            account.repeated()
        });
        assert_eq!(repeated.sum::<u64>(), lost, "crash at {seconds} s");
    }
}

/// Two consumers, two partitions, 100 records a second in each.
const GROUP: &str = r#"
duration = "90s"

[cluster]
brokers = 3

[topics.orders]
partitions = 2
"replication.factor" = 3

[producers.shop]
topic = "orders"
rate = "200/s"
partitioner = "round-robin"

[groups.search]
topics = ["orders"]
consumers = 2

[groups.search.config]
auto.offset.reset = "earliest"
max.poll.interval.ms = 10000
session.timeout.ms = 10000
"#;

/// What was repeated and what was skipped: the number of the event behind it, from 1, and how.
pub(crate) fn causes(text: &str) -> (Vec<String>, Vec<String>) {
    let scenario = scenario(text);
    let mut run = world::run(&scenario, &mut (), &mut |_| ());
    assert_eq!(run.violation, None, "no invariant breaks");
    let summary = summarize(&mut run, &scenario);
    let name = |cause: &Cause| {
        let event = cause.event.map_or("nothing".to_owned(), |event| (event + 1).to_string());
        format!("{event} {}", cause.how.name())
    };
    let group = &summary.groups[0];
    (group.duplicates.keys().map(name).collect(), group.skipped.keys().map(name).collect())
}

#[track_caller]
fn repeats(text: &str, expected: &[&str]) {
    assert_eq!(causes(text), (expected.iter().map(ToString::to_string).collect(), vec![]));
}

#[test]
fn whoever_is_cut_off_names_how_and_the_event_behind_it() {
    let busy = "[[events]]\nat = '40s'\nbusy = 'search-1'\nfor = '20s'\n";
    repeats(&format!("{GROUP}{busy}"), &["1 poll_timeout"]);
    let pause = "[[events]]\nat = '40s'\npause = 'search-1'\nfor = '20s'\n";
    repeats(&format!("{GROUP}{pause}"), &["1 session_timeout"]);
}

/// What is over explains nothing that comes later.
#[test]
fn an_event_that_did_no_harm_does_not_stick() {
    let events = "
        [[events]]
        at = '30s'
        busy = 'search-1'
        for = '1s'
        [[events]]
        at = '35s'
        pause = 'search-1'
        for = '2s'
        [[events]]
        at = '60s'
        crash = 'search-1'
    ";
    repeats(&format!("{GROUP}{events}"), &["3 crash"]);
}

#[test]
fn who_never_commits_repeats_everything_when_others_come_and_go() {
    let text = GROUP.replace("consumers = 2", "consumers = 2\ncommit = 'none'");
    let close = "[[events]]\nat = '40s'\nclose = 'search-1'\n";
    repeats(&format!("{text}{close}"), &["1 close", "1 rebalance"]);
    let late = text.replace("consumers = 2", "consumers = 2\nstart_every = '30s'");
    repeats(&late, &["nothing rebalance"]);
}

#[test]
fn at_most_once_skips_what_was_in_hand() {
    let slow = "consumers = 2\ncommit = 'before-batch'\nprocess = '9500us'";
    let text = GROUP
        .replace("consumers = 2", slow)
        .replace("partitions = 2", "partitions = 2\nbacklog = 3000");
    let crash = "[[events]]\nat = '31s'\ncrash = 'search-1'\n";
    assert_eq!(causes(&format!("{text}{crash}")), (vec![], vec!["1 commit".to_owned()]));
}

#[test]
fn new_partitions_are_skipped_up_to_where_a_reset_to_the_end_begins() {
    let text = GROUP.replace("\"earliest\"", "\"latest\"\nmetadata.max.age.ms = 5000");
    let age = "[producers.shop.config]\nmetadata.max.age.ms = 1000\n";
    let grow = "[[events]]\nat = '40s'\nadd_partitions = 'orders'\nto = 4\n";
    let (repeated, skipped) = causes(&format!("{text}{age}{grow}"));
    assert_eq!(
        (repeated, skipped),
        (vec![], vec!["nothing reset".to_owned(), "1 reset".to_owned()])
    );
}

/// A leader outside of the in-sync replicas takes over: its log lacks what consumers have read, and
/// what comes then has the same offsets.
#[test]
fn records_that_an_unclean_election_replaced_are_neither_repeated_nor_missing() {
    let text = GROUP
        .replace(
            "brokers = 3",
            "brokers = 3\n[cluster.config]\nunclean.leader.election.enable = true",
        )
        .replace("partitions = 2\n\"replication.factor\" = 3", "replicas = [[2, 3]]")
        .replace("consumers = 2", "consumers = 1\ncoordinator = 1");
    let events = "
        [[events]]
        at = '20s'
        kill_broker = 'broker-3'
        restart_after = '40s'
        [[events]]
        at = '40s'
        kill_broker = 'broker-2'
    ";
    let scenario = scenario(&format!("{text}{events}"));
    let mut run = world::run(&scenario, &mut (), &mut |_| ());
    assert_eq!(run.violation, None, "no invariant breaks");
    let summary = summarize(&mut run, &scenario);
    let cause = Cause { event: Some(1), how: How::UncleanElection };
    let (topic, group) = (&summary.topics[0], &summary.groups[0]);
    assert_eq!(topic.lost.keys().collect::<Vec<_>>(), [&cause], "{topic:?}");
    assert!(topic.lost[&cause] > 1_000, "{topic:?}");
    assert!(group.duplicates.is_empty(), "{group:?}");
    let account = run.trace.ledger.account(GroupId(0), PartitionId(0)).unwrap();
    assert!(account.gone.iter().any(|gone| !gone.processed.is_empty()), "{account:?}");
}

#[test]
fn what_a_producer_wrote_twice_is_processed_twice() {
    let text = GROUP
        .replace("partitions = 2\n\"replication.factor\" = 3", "replicas = [[2]]")
        .replace(
            "brokers = 3",
            "brokers = 3\n[cluster.config]\noffsets.topic.replication.factor = 1",
        )
        .replace("consumers = 2", "consumers = 1\ncoordinator = 1");
    let config = "[producers.shop.config]\nenable.idempotence = false\n";
    let pause = "[[events]]\nat = '20s'\npause = 'broker-2'\nfor = '40s'\n";
    repeats(&format!("{text}{config}{pause}"), &["1 producer_retry"]);
}
