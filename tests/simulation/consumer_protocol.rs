//! Groups under KIP-848: join, leave, crash, fencing, static members, poll timeout, change of protocol.

use crate::{run_with_facts, scenario};
use rejoin::kernel::time::{Instant, Span};
use rejoin::model::error::ErrorCode;
use rejoin::model::fact::{ConsumerFact, Fact, Failure, GroupFact, RemovalReason};
use rejoin::model::id::ConsumerId;
use rejoin::trace::Trace;

/// Two members of six partitions. What is different stands in the three places.
fn text(consumers: &str, group: &str, events: &str) -> String {
    format!(
        r#"
        duration = "200s"
        [topics.orders]
        partitions = 6
        [producers.shop]
        topic = "orders"
        rate = "120/s"
        partitioner = "round-robin"
        [groups.search]
        topics = ["orders"]
        consumers = {consumers}
        process = "1ms"
        {group}
        [groups.search.config]
        group.protocol = "consumer"
        auto.offset.reset = "earliest"
        {events}
        "#
    )
}

fn run(text: &str) -> Trace {
    let (run, _) = run_with_facts(&scenario(text));
    assert_eq!(run.violation, None);
    run.trace
}

fn seconds(s: u64) -> Instant {
    Instant::ZERO + Span::from_secs(s)
}

fn owned(trace: &Trace) -> Vec<usize> {
    trace.live.consumers.iter().map(|consumer| consumer.owned.len()).collect()
}

fn removals(trace: &Trace) -> Vec<(Instant, ConsumerId, RemovalReason)> {
    let removed = trace.facts.iter().filter_map(|(at, fact)| match fact {
        Fact::Group { what: GroupFact::MemberRemoved { consumer, reason, .. }, .. } => {
            Some((*at, *consumer, *reason))
        }
        _ => None,
    });
    removed.collect()
}

fn moments(trace: &Trace, wanted: impl Fn(&ConsumerFact) -> bool) -> Vec<(Instant, ConsumerId)> {
    let facts = trace.facts.iter().filter_map(|(at, fact)| match fact {
        Fact::Consumer { consumer, what } if wanted(what) => Some((*at, *consumer)),
        _ => None,
    });
    facts.collect()
}

/// What was produced is committed, but for what came since the last auto-commit.
fn caught_up(trace: &Trace) -> bool {
    trace.samples.groups[0].total_lag.last().is_some_and(|&lag| lag < 1200)
}

#[test]
fn a_third_member_stops_nobody_and_nothing_comes_twice() {
    let trace = run(&text(r#"[{ count = 2 }, { start = "61s" }]"#, "", ""));
    assert_eq!(owned(&trace), [2, 2, 2]);
    assert!(caught_up(&trace));
    assert_eq!(trace.ledger.totals(rejoin::model::id::GroupId(0)).1, 0, "duplicates");
    let revoked = moments(&trace, |what| matches!(what, ConsumerFact::Revoked(_)));
    let late: Vec<_> = revoked.iter().filter(|(at, _)| *at > seconds(60)).collect();
    assert_eq!(late.len(), 2, "each of the two gives one up, at its own heartbeat: {late:?}");
    assert!(late.iter().all(|(at, _)| *at < seconds(67)));
}

/// A partition is handed over only when the listener of its owner is done with it.
#[test]
fn who_takes_long_to_give_up_lets_only_its_heir_wait() {
    let consumers = r#"[{ count = 2 }, { start = "61s" }]"#;
    let trace = run(&text(consumers, "on_revoked = \"8s\"", ""));
    let given = moments(
        &trace,
        |what| matches!(what, ConsumerFact::Assigned { partitions, .. } if !partitions.is_empty()),
    );
    let third = given.iter().find(|(_, who)| *who == ConsumerId(2)).expect("it gets some");
    assert!(third.0 > seconds(69), "{third:?}");
    assert_eq!(owned(&trace), [2, 2, 2]);
}

#[test]
fn who_is_dead_for_a_session_is_removed_and_the_rest_takes_over() {
    let event = "[[events]]\nat = \"60s\"\ncrash = \"search-1\"";
    let trace = run(&text("2", "", event));
    let removals = removals(&trace);
    assert_eq!(removals.len(), 1);
    let (at, who, why) = removals[0];
    assert_eq!((who, why), (ConsumerId(0), RemovalReason::SessionExpired));
    // The last heartbeat was up to 5 s before the crash.
    assert!(at > seconds(100) && at <= seconds(105), "{at}");
    assert_eq!(owned(&trace), [0, 6]);
    assert!(caught_up(&trace));
}

#[test]
fn who_leaves_is_gone_at_once() {
    let event = "[[events]]\nat = \"60s\"\nclose = \"search-1\"";
    let trace = run(&text("2", "", event));
    let removals = removals(&trace);
    assert_eq!(removals.len(), 1);
    assert_eq!(removals[0].2, RemovalReason::Left);
    assert!(removals[0].0 < seconds(61));
    assert_eq!(owned(&trace), [0, 6]);
}

#[test]
fn who_stood_still_for_a_session_loses_all_and_joins_again() {
    let event = "[[events]]\nat = \"60s\"\npause = \"search-1\"\nfor = \"60s\"";
    let trace = run(&text("2", "", event));
    assert_eq!(removals(&trace)[0].2, RemovalReason::SessionExpired);
    let lost = moments(&trace, |what| matches!(what, ConsumerFact::Lost(_)));
    assert_eq!(lost.len(), 1);
    assert!(lost[0].0 >= seconds(120) && lost[0].0 < seconds(122), "{lost:?}");
    assert_eq!(owned(&trace), [3, 3]);
    assert!(caught_up(&trace));
}

#[test]
fn who_does_not_poll_leaves_and_comes_back_with_its_next_poll() {
    let event = "[[events]]\nat = \"60s\"\nbusy = \"search-1\"\nfor = \"40s\"";
    let trace = run(&text("2", "", event)
        .replace("group.protocol", "max.poll.interval.ms = \"20s\"\n        group.protocol"));
    let timeouts = moments(&trace, |what| *what == ConsumerFact::PollTimeout);
    assert_eq!(timeouts.len(), 1);
    assert!(timeouts[0].0 >= seconds(79) && timeouts[0].0 < seconds(81), "{timeouts:?}");
    let lost = moments(&trace, |what| matches!(what, ConsumerFact::Lost(_)));
    assert!(lost[0].0 >= seconds(100), "only the application can let go: {lost:?}");
    assert_eq!(owned(&trace), [3, 3]);
}

#[test]
fn a_static_member_that_closed_is_awaited_for_a_session() {
    let close = |down: &str| {
        format!("[[events]]\nat = \"60s\"\nclose = \"search-1\"\nrestart_after = \"{down}\"")
    };
    let back = run(&text("2", "static_members = true", &close("20s")));
    let kept = removals(&back);
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].2, RemovalReason::Replaced, "by itself");
    let revoked = moments(&back, |what| matches!(what, ConsumerFact::Revoked(_)));
    let by_other = revoked.iter().any(|(at, who)| *at > seconds(59) && *who == ConsumerId(1));
    assert!(!by_other, "nothing moves: {revoked:?}");
    assert_eq!(owned(&back), [3, 3]);
    let gone = run(&text("2", "static_members = true", &close("70s")));
    assert_eq!(removals(&gone)[0].2, RemovalReason::SessionExpired);
}

/// Unlike a classic one, it does not take the place of its predecessor that has not left.
#[test]
fn a_static_member_that_crashed_is_refused_within_its_session() {
    let event = "[[events]]\nat = \"60s\"\ncrash = \"search-1\"\nrestart_after = \"10s\"";
    let trace = run(&text("2", "static_members = true", event));
    let failure = ConsumerFact::Failed(Failure::Refused(ErrorCode::UnreleasedInstanceId));
    assert_eq!(moments(&trace, |what| *what == failure).len(), 1);
    assert_eq!(owned(&trace), [0, 6]);
}

#[test]
fn the_broker_has_more_than_one_assignor() {
    let owners = |assignor: &str| {
        let text = text("2", "", "")
            .replace("partitions = 6", "partitions = 6\n[topics.b]\npartitions = 3");
        let text = text.replace(r#"topics = ["orders"]"#, r#"topics = ["orders", "b"]"#).replace(
            "group.protocol",
            &format!("group.remote.assignor = \"{assignor}\"\n group.protocol"),
        );
        let mut owned = owned(&run(&text));
        owned.sort_unstable();
        owned
    };
    assert_eq!(owners("uniform"), [4, 5]);
    assert_eq!(owners("range"), [4, 5], "3 + 2 and 3 + 1");
}

/// Nothing to read for longer than `max.poll.interval.ms` is no reason to leave.
#[test]
fn who_polls_in_vain_stays() {
    let text = text("2", "", "[[events]]\nat = \"100s\"\nbusy = \"search-1\"\nfor = \"15s\"")
        .replace("rate = \"120/s\"", "rate = \"0/s\"")
        .replace("group.protocol", "max.poll.interval.ms = \"20s\"\n group.protocol");
    let trace = run(&text);
    assert_eq!(moments(&trace, |what| *what == ConsumerFact::PollTimeout), []);
    assert_eq!(owned(&trace), [3, 3]);
}

/// Group epochs go on where generations ended, and the other way round.
#[test]
fn a_group_changes_its_protocol_there_and_back() {
    let members = r#"[
        { name = "old", count = 2 },
        { name = "new", start = "60s", config.group.protocol = "consumer" },
    ]"#;
    let event = "[[events]]\nat = \"100s\"\nclose = \"new\"";
    let text = text(members, "", event).replace(
        "group.protocol = \"consumer\"\n        auto",
        "partition.assignment.strategy = [\"cooperative-sticky\"]\n        auto",
    );
    let trace = run(&text);
    let numbers: Vec<(bool, i32)> = trace
        .facts
        .iter()
        .filter_map(|(_, fact)| match fact {
            Fact::Group { what: GroupFact::Generation { generation, .. }, .. } => {
                Some((false, *generation))
            }
            Fact::Group { what: GroupFact::Epoch { epoch }, .. } => Some((true, *epoch)),
            _ => None,
        })
        .collect();
    assert!(numbers.iter().any(|(modern, _)| *modern));
    assert!(!numbers.last().expect("there are some").0, "classic again: {numbers:?}");
    assert!(numbers.is_sorted_by_key(|(_, number)| *number), "{numbers:?}");
    assert_eq!(owned(&trace), [3, 3, 0]);
    assert!(caught_up(&trace));
}

/// The round that asks leaders where to begin fetches with their answers, however long the
/// application is willing to wait.
#[test]
fn records_come_as_soon_as_leaders_have_told_where_to_begin() {
    let text =
        text("1", "poll_timeout = \"3s\"", "").replace("duration = \"200s\"", "duration = \"2s\"");
    let (_, seen) = run_with_facts(&scenario(&text));
    let moment = |when: fn(Instant, &ConsumerFact) -> Option<Instant>| {
        let moment = seen.facts.iter().find_map(|(at, fact)| match fact {
            Fact::Consumer { what, .. } => when(*at, what),
            _ => None,
        });
        moment.expect("it happens")
    };
    let known = moment(|at, what| (*what == ConsumerFact::Ready).then_some(at));
    let first = moment(|_, what| match what {
        ConsumerFact::Processed(processed) => Some(processed.start),
        _ => None,
    });
    assert!(first - known < Span::from_ms(5), "{known} and {first}");
}

/// When each consumer of a trace is first given something of the topic that comes, by group.
fn reached(text: &str) -> Vec<Span> {
    let trace = run(text);
    let created = seconds(30);
    let (first, end) = (rejoin::model::id::PartitionId(6), trace.live.groups[0].owner.len());
    let given = moments(&trace, |what| match what {
        ConsumerFact::Assigned { partitions, .. } => partitions.iter().any(|p| *p >= first),
        _ => false,
    });
    assert_eq!(end, 9);
    given.iter().map(|(at, _)| *at - created).collect()
}

const COMES: &str =
    "[topics.returns]\npartitions = 3\n[[events]]\nat = \"30s\"\ncreate_topic = \"returns\"";

/// Who subscribes to a topic that is not there yet asks for it again and again, whatever
/// `metadata.max.age.ms` says.
#[test]
fn a_topic_that_comes_later_is_found_within_two_seconds_by_those_who_named_it() {
    let text = text("2", "", COMES).replace(r#"["orders"]"#, r#"["orders", "returns"]"#);
    let classic = text.replace(
        "group.protocol = \"consumer\"",
        "heartbeat.interval.ms = \"1s\"\n        session.timeout.ms = \"10s\"",
    );
    let classic = reached(&classic);
    assert!(!classic.is_empty());
    assert!(classic.iter().all(|after| *after < Span::from_ms(2_300)), "{classic:?}");
    // The next heartbeat, and the one after it for who has to wait for another one.
    let modern = reached(&text);
    assert!(!modern.is_empty());
    assert!(modern.iter().all(|after| *after < Span::from_ms(10_400)), "{modern:?}");
}

/// Brokers find out what a pattern means as soon as a topic comes, clients when their metadata are
/// renewed.
#[test]
fn a_pattern_is_resolved_by_clients_or_by_brokers() {
    let of = |by: &str| {
        let by = format!("pattern = \"(orders|returns)\"\n        pattern_by = \"{by}\"");
        let text = text("2", "", COMES).replace(r#"topics = ["orders"]"#, &by);
        reached(
            &text
                .replace("group.protocol", "metadata.max.age.ms = \"20s\"\n        group.protocol"),
        )
    };
    let brokers = of("brokers");
    assert!(!brokers.is_empty());
    assert!(brokers.iter().all(|after| *after < Span::from_ms(10_400)), "{brokers:?}");
    let clients = of("clients");
    assert!(clients.iter().all(|after| *after >= Span::from_ms(9_900)), "{clients:?}");
    assert!(clients.iter().any(|after| *after < Span::from_ms(16_000)), "{clients:?}");
}
