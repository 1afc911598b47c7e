//! `close()` of a classic consumer (kafka-semantics 6.5; `ConsumerCoordinator.close`,
//! `AbstractCoordinator.close`, `onLeavePrepare`): commit, listener, goodbye, in this order.

use crate::brokers::{State, World, at, settings};
use crate::steps::{COOPERATIVE, RANGE, auto_commit, member, name, refusal, refuse, steps};
use rejoin::client::consumer::Consumer;
use rejoin::client::effect::Note;
use rejoin::kernel::dist::Dist;
use rejoin::kernel::time::{Instant, Span};
use rejoin::model::config::{CommitMode, ConsumerConfig};
use rejoin::model::error::ErrorCode as Code;
use rejoin::model::id::BrokerId;
use rejoin::model::message::Request;

const QUIET: [&str; 6] =
    ["Fetch", "Metadata", "OffsetFetch", "ListOffsets", "OffsetForLeaderEpoch", "Heartbeat"];

/// All that happens from then on, in a line.
fn line(world: &World, since: Instant) -> String {
    let steps = steps(world, since, &QUIET);
    let words: Vec<&str> = steps.iter().map(|(_, step)| &**step).collect();
    words.join(" ")
}

/// Closes the consumer now, and gives it a minute.
fn closed(mut world: World) -> (String, World) {
    let since = world.now;
    world.act(Consumer::close);
    world.run_until(since + Span::from_secs(60));
    (line(&world, since), world)
}

/// What a member does that owns three partitions of generation 1.
#[test]
fn in_the_midst_of_a_generation() {
    let fixed = || ConsumerConfig { group_instance_id: Some("a".to_owned()), ..settings() };
    for (settings, commit, refused, expected) in [
        (settings(), CommitMode::None, None, "revoked(3) LeaveGroup closed"),
        (settings(), CommitMode::SyncBatch, None, "revoked(3) LeaveGroup closed"),
        (
            settings(),
            CommitMode::OnRevoke,
            None,
            "revoked(3) OffsetCommit committed LeaveGroup closed",
        ),
        (
            auto_commit(),
            CommitMode::Auto,
            None,
            "OffsetCommit committed revoked(3) LeaveGroup closed",
        ),
        // A static member may come back.
        (fixed(), CommitMode::None, None, "revoked(3) closed"),
        // A commit that fails for good is left.
        (
            auto_commit(),
            CommitMode::Auto,
            Some(Code::RebalanceInProgress),
            "OffsetCommit failed(REBALANCE_IN_PROGRESS) revoked(3) LeaveGroup closed",
        ),
        (
            auto_commit(),
            CommitMode::Auto,
            Some(Code::UnknownMemberId),
            "OffsetCommit failed(UNKNOWN_MEMBER_ID) lost(3) closed",
        ),
        (
            auto_commit(),
            CommitMode::Auto,
            Some(Code::CoordinatorLoadInProgress),
            "OffsetCommit failed(COORDINATOR_LOAD_IN_PROGRESS) OffsetCommit committed \
             revoked(3) LeaveGroup closed",
        ),
    ] {
        for strategy in [RANGE, COOPERATIVE] {
            let mut world = member(strategy, settings.clone(), commit);
            if let Some(code) = refused {
                refuse(&mut world, &[("OffsetCommit", code)]);
            }
            assert_eq!(closed(world).0, expected, "{strategy} {commit:?} {refused:?}");
        }
    }
}

/// Between two generations nothing can be committed, and what is still owned is lost. Who has a member id
/// says goodbye.
#[test]
fn while_it_joins() {
    for (strategy, settings, expected) in [
        (RANGE, settings(), "LeaveGroup closed"),
        (COOPERATIVE, settings(), "lost(3) LeaveGroup closed"),
        (COOPERATIVE, auto_commit(), "failed(REBALANCE_IN_PROGRESS) lost(3) LeaveGroup closed"),
    ] {
        let commit = if settings.enable_auto_commit { CommitMode::Auto } else { CommitMode::None };
        for slow in ["JoinGroup", "SyncGroup"] {
            let mut world = member(strategy, settings.clone(), commit);
            refuse(&mut world, &[("Heartbeat", Code::RebalanceInProgress)]);
            world.delay =
                Box::new(move |request| Span::from_secs(if name(request) == slow { 4 } else { 0 }));
            world.run_until(at(8_000));
            let (line, world) = closed(world);
            assert_eq!(line, expected, "{strategy} {slow}");
            // It waits for all that the coordinator owes.
            let asked = world.asked(slow, at(5_000))[0].at;
            let end = world.noted(|note| *note == Note::Closed);
            assert_eq!(end, [asked + Span::from_ms(4_002)], "{strategy} {slow}");
        }
    }
}

/// A newcomer has no id yet that could leave.
#[test]
fn before_it_is_a_member() {
    let mut world = World::new(auto_commit(), CommitMode::Auto);
    world.delay = Box::new(|request| match request {
        Request::JoinGroup(_) => Span::from_secs(4),
        _ => Span::ZERO,
    });
    world.run_until(at(1_000));
    assert_eq!(closed(world).0, "closed");
}

/// Without a coordinator nobody can be told.
#[test]
fn without_a_coordinator() {
    let mut world = member(RANGE, settings(), CommitMode::None);
    let fake = World::new(settings(), CommitMode::None);
    world.script = Box::new(move |sent| match &sent.request {
        find @ Request::FindCoordinator(_) => {
            Some(refusal(&fake, find, Code::CoordinatorNotAvailable))
        }
        _ => None,
    });
    world.set(3, State::Dead);
    world.run_until(at(6_010));
    let since = world.now;
    let (_, world) = closed(world);
    assert!(world.asked("LeaveGroup", Instant::ZERO).is_empty());
    // When the pause of its search is over.
    let end = world.noted(|note| *note == Note::Closed);
    assert!(end[0] - since <= Span::from_ms(120), "{end:?}");
    assert_eq!(world.noted(|note| matches!(note, Note::Revoked(_))), end);
}

/// The listener has its time before the member leaves.
#[test]
fn a_listener_that_takes_its_time() {
    let mut world = World::with(settings(), CommitMode::None, |setup| {
        setup.application.on_revoked = Dist::Fixed(700_000);
    });
    world.run_until(at(5_000));
    let (_, world) = closed(world);
    assert_eq!(world.asked("LeaveGroup", Instant::ZERO)[0].at, at(5_700));
    assert_eq!(world.noted(|note| *note == Note::Closed), [at(5_702)]);
}

/// The heartbeat thread goes on until the commit is over, and no longer.
#[test]
fn heartbeats_of_a_consumer_that_closes() {
    let mut world = member(RANGE, auto_commit(), CommitMode::Auto);
    world.delay = Box::new(|request| match request {
        Request::OffsetCommit(_) | Request::LeaveGroup(_) => Span::from_secs(10),
        _ => Span::ZERO,
    });
    let (_, world) = closed(world);
    let beats = world.asked("Heartbeat", at(5_000));
    // The network is free for them whenever `commitSync` has watched it for 3 s.
    assert!((2..=4).contains(&beats.len()), "{beats:?}");
    assert!(beats.iter().all(|beat| beat.at <= at(15_002)), "{beats:?}");
}

/// Commits of `commitAsync` that wait for a coordinator leave before the consumer does; it searches one for
/// as long as it may.
#[test]
fn commits_that_wait_for_a_coordinator() {
    for (found_from, expected) in [
        // What is sent last is answered last: the goodbye does not wait.
        (0, "revoked(3) OffsetCommit LeaveGroup committed closed"),
        (12_000, "revoked(3) LeaveGroup closed"),
        (u64::MAX / 1_000, "revoked(3) closed"),
    ] {
        let mut world = member(RANGE, settings(), CommitMode::AsyncBatch);
        let fake = World::new(settings(), CommitMode::None);
        world.script = Box::new(move |sent| match &sent.request {
            commit @ Request::OffsetCommit(_) if sent.to == BrokerId(3) => {
                Some(refusal(&fake, commit, Code::NotCoordinator))
            }
            find @ Request::FindCoordinator(_) if sent.at < at(found_from) => {
                Some(refusal(&fake, find, Code::CoordinatorNotAvailable))
            }
            _ => None,
        });
        // The first commit is refused; that of the next batch waits for the question under way.
        world.delay = Box::new(|request| match request {
            Request::FindCoordinator(_) => Span::from_ms(2_500),
            _ => Span::ZERO,
        });
        world.end = 20;
        world.run_until(at(6_000));
        world.end = 30;
        world.run_until(at(6_900));
        let (line, world) = closed(world);
        assert!(line.ends_with(expected), "{line}");
        let took = world.noted(|note| *note == Note::Closed)[0] - at(6_900);
        let found = !expected.ends_with("revoked(3) closed");
        assert_eq!(took < Span::from_secs(29), found, "{took:?} {line}");
        assert!(took <= Span::from_ms(30_002), "{took:?}");
        let sought = world.asked("FindCoordinator", at(6_900)).len();
        assert_eq!(sought > 0, found_from > 0, "{line}");
    }
}
