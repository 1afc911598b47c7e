//! Applications that are late for their next poll, and commits that are waited for.

use crate::{Facts, run_with_facts, scenario};
use rejoin::kernel::time::Instant;
use rejoin::model::error::ErrorCode;
use rejoin::model::fact::{ConsumerFact, Fact};
use rejoin::model::id::ConsumerId;

/// What a consumer did, in order.
fn deeds(facts: &Facts, name: &str) -> Vec<(Instant, ConsumerFact)> {
    let row = facts.consumers.iter().position(|info| info.name == name);
    let id = ConsumerId::new(row.expect("a consumer of that name"));
    let mine = facts.facts.iter().filter_map(|(at, fact)| match fact {
        Fact::Consumer { consumer, what } if *consumer == id => Some((*at, what.clone())),
        _ => None,
    });
    mine.collect()
}

const TWO: &str = r#"
    duration = "30s"
    [cluster.config]
    group.initial.rebalance.delay.ms = 0
    [topics.orders]
    partitions = 4
    [producers.shop]
    topic = "orders"
    rate = "80/s"
    partitioner = "round-robin"
    tick = "50ms"
    [groups.g]
    topics = ["orders"]
    consumers = 2
    commit = "sync-batch"
    [groups.g.config]
    session.timeout.ms = 6000
    heartbeat.interval.ms = 1000
    max.poll.interval.ms = 5000
    auto.offset.reset = "earliest"
    [[events]]
    at = "10s"
    busy = "g-2"
    for = "10s"
"#;

#[test]
fn who_is_late_for_its_poll_leaves_and_comes_back_as_a_stranger() {
    let (_, facts) = run_with_facts(&scenario(TWO));
    let late = deeds(&facts, "g-2");
    let when = |wanted: fn(&ConsumerFact) -> bool| {
        let seen = late.iter().find(|(at, what)| at.as_us() >= 10_000_000 && wanted(what));
        seen.map(|(at, _)| at.as_us() / 1000)
    };
    let left = when(|what| matches!(what, ConsumerFact::PollTimeout)).expect("it leaves");
    assert!((15_000..15_200).contains(&left), "left at {left} ms");
    let lost = when(|what| matches!(what, ConsumerFact::Lost(p) if p.len() == 2));
    assert!((20_000..20_200).contains(&lost.expect("it lost its partitions")), "{lost:?}");
    let back = when(|what| matches!(what, ConsumerFact::Assigned { generation: 4, .. }));
    assert!(back.is_some(), "it is a member again");
    let idle = late.iter().any(|(at, what)| {
        matches!(what, ConsumerFact::Processed(_)) && (10_200_000..20_000_000).contains(&at.as_us())
    });
    assert!(!idle, "nothing is processed meanwhile");
}

#[test]
fn records_between_two_waits_for_a_commit_take_their_time() {
    for commit in ["sync-record", "before-batch"] {
        let text = TWO.replace("sync-batch", commit).replace("consumers = 2", "consumers = 1");
        let text = text.replace("[groups.g.config]", "process = \"5ms\"\n[groups.g.config]");
        let (_, facts) = run_with_facts(&scenario(&text.replace("g-2", "g-1")));
        let mut last = Instant::ZERO;
        for (at, what) in deeds(&facts, "g-1") {
            let ConsumerFact::Processed(batch) = what else { continue };
            assert!(batch.start >= last, "{commit}: one record after the other");
            assert!(batch.end <= at, "{commit}: told when it is done");
            last = batch.end;
        }
        assert!(last > Instant::ZERO);
    }
}

#[test]
fn a_commit_after_max_poll_interval_fails_and_its_records_come_again() {
    // A record takes so long that the one after it is begun before and ended after the timeout. What
    // was not committed comes after the partitions that the broker has not read so recently.
    let text = TWO.replace("commit = \"sync-batch\"", "commit = \"sync-batch\"\nprocess = \"6s\"");
    let text =
        text.replace("rate = \"80/s\"", "rate = \"1/s\"").replace("consumers = 2", "consumers = 1");
    let text = text.replace("duration = \"30s\"", "duration = \"90s\"");
    let (run, facts) = run_with_facts(&scenario(&text.replace("g-2", "g-1")));
    let deeds = deeds(&facts, "g-1");
    assert!(deeds.iter().any(|(_, what)| matches!(what, ConsumerFact::PollTimeout)));
    let failed = ConsumerFact::CommitFailed(ErrorCode::UnknownMemberId);
    assert!(deeds.iter().any(|(_, what)| *what == failed));
    let accounts = run.trace.ledger.accounts(rejoin::model::id::GroupId(0));
    assert!(accounts.map(|(_, account)| account.repeated()).sum::<u64>() > 0);
}

#[test]
fn who_stood_still_beyond_its_session_finds_its_coordinator_twice() {
    let text = TWO.replace("busy =", "pause =").replace("5000", "30000");
    let (_, facts) = run_with_facts(&scenario(&text));
    let awake: Vec<_> = deeds(&facts, "g-2")
        .into_iter()
        .filter(|(at, what)| {
            at.as_us() >= 20_000_000 && !matches!(what, ConsumerFact::Paused { .. })
        })
        .collect();
    let found: Vec<_> = awake
        .iter()
        .filter(|(_, what)| matches!(what, ConsumerFact::CoordinatorFound(_)))
        .map(|(at, _)| at.as_us() / 1000)
        .collect();
    // The first time its connection, closed a moment ago, may not be opened yet.
    let [first, second] = found[..] else { panic!("found at {found:?} ms") };
    assert!((80..=125).contains(&(second - first)), "{found:?}");
    let when = |wanted: fn(&ConsumerFact) -> bool| {
        awake.iter().find(|(_, what)| wanted(what)).map(|(at, _)| at.as_us() / 1000)
    };
    let refused =
        when(|what| matches!(what, ConsumerFact::CommitFailed(ErrorCode::UnknownMemberId)));
    assert!(refused.expect("its commit is refused") >= second);
    let lost = when(|what| matches!(what, ConsumerFact::Lost(p) if p.len() == 2));
    assert!(lost.expect("it lost its partitions") >= second);
}

#[test]
fn a_survivor_in_the_phase_of_the_dead_sees_the_end_of_its_session() {
    // The session is a whole number of heartbeats, both members began theirs together, and the
    // answer to a heartbeat is followed by a commit, which is a sign of life, too.
    let text = TWO
        .replace("commit = \"sync-batch\"", "")
        .replace("[groups.g.config]", "[groups.g.config]\n    auto.commit.interval.ms = 1000");
    for tenths in 100..110 {
        let at = format!("at = \"{}ms\"\n    crash = \"g-2\"", tenths * 100);
        let text = text.replace("at = \"10s\"\n    busy = \"g-2\"\n    for = \"10s\"", &at);
        let (_, facts) = run_with_facts(&scenario(&text));
        let crash = Instant::from_us(tenths * 100_000);
        let taken = deeds(&facts, "g-1").into_iter().find(|(when, what)| {
            *when > crash && matches!(what, ConsumerFact::Assigned { partitions, .. } if partitions.len() == 4)
        });
        let (when, _) = taken.expect("the survivor takes over");
        let took = (when - crash).as_ms();
        assert!((5_000..6_050).contains(&took), "took {took} ms after a crash at {crash:?}");
    }
}

#[test]
fn waiting_for_a_commit_is_not_polling() {
    // 0.3 s for the first fetch, 4.65 s of work, 0.3 s for the commit: more than the 5 s that may
    // lie between two polls.
    let text = TWO
        .replace("[cluster.config]", "[cluster]\n    latency = \"150ms\"\n    [cluster.config]")
        .replace("consumers = 2", "consumers = 1\n    process = \"4650ms\"")
        .replace("heartbeat.interval.ms = 1000", "max.poll.records = 1")
        .replace("[[events]]\n    at = \"10s\"\n    busy = \"g-2\"\n    for = \"10s\"", "");
    let (_, facts) = run_with_facts(&scenario(&text));
    let deeds = deeds(&facts, "g-1");
    assert!(deeds.iter().any(|(_, what)| matches!(what, ConsumerFact::PollTimeout)));
}
