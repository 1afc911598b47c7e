//! The heartbeat thread of a classic member (kafka-semantics 6.3; `AbstractCoordinator.HeartbeatThread`):
//! when it heartbeats, what it does on its own, and what the application finds when it polls again.

use crate::brokers::{Sent, State, World, at, settings};
use crate::steps::{COOPERATIVE, RANGE, member, refuse, steps};
use rejoin::client::effect::Note;
use rejoin::kernel::dist::Dist;
use rejoin::kernel::time::{Instant, Span};
use rejoin::model::config::{CommitMode, ConsumerConfig};
use rejoin::model::error::ErrorCode as Code;
use rejoin::model::message::group::HeartbeatResponse;
use rejoin::model::message::{Request, Response};

const READS: [&str; 5] =
    ["Fetch", "Metadata", "OffsetFetch", "ListOffsets", "OffsetForLeaderEpoch"];

/// All that happens from then on, in a line, without heartbeats if they are no matter.
fn line(world: &World, since: Instant, heartbeats: bool) -> String {
    let quiet = READS.iter().copied().chain((!heartbeats).then_some("Heartbeat"));
    let quiet: Vec<&str> = quiet.collect();
    let steps = steps(world, since, &quiet);
    let words: Vec<&str> = steps.iter().map(|(_, step)| &**step).collect();
    words.join(" ")
}

fn busy(world: &mut World, span: Span) {
    world.act(|consumer, now, out| consumer.keep_busy(now, span, out));
}

fn rebalancing(sent: &Sent) -> Option<Response> {
    let Request::Heartbeat(_) = &sent.request else { return None };
    Some(Response::Heartbeat(HeartbeatResponse { error_code: Code::RebalanceInProgress }))
}

/// None while `JoinGroup` is under way; each interval from its answer on, whatever `SyncGroup` waits for.
#[test]
fn heartbeats_rest_until_a_join_is_answered() {
    for (slow, beats) in [("JoinGroup", 0), ("SyncGroup", 3)] {
        let mut world = member(COOPERATIVE, settings(), CommitMode::None);
        world.delay = Box::new(move |request| {
            Span::from_secs(if crate::steps::name(request) == slow { 10 } else { 0 })
        });
        // A rebalance that it takes part in already is no news.
        world.script = Box::new(|sent| rebalancing(sent).filter(|_| sent.at < at(15_900)));
        world.run_until(at(15_900));
        let joins = world.asked("JoinGroup", at(5_000));
        assert_eq!(joins.len(), 1, "{slow}");
        assert_eq!(world.asked("Heartbeat", joins[0].at).len(), beats, "{slow}");
        world.run_until(at(18_000));
        assert_eq!(world.asked("JoinGroup", at(5_000)).len(), 1, "{slow}");
        assert_eq!(world.noted(|note| matches!(note, Note::Assigned { .. })).len(), 2, "{slow}");
    }
}

/// Who hears nothing for a session looks for its coordinator, and keeps what it has.
#[test]
fn a_session_without_an_answer() {
    let session_timeout = Span::from_secs(10);
    let mut world =
        member(RANGE, ConsumerConfig { session_timeout, ..settings() }, CommitMode::None);
    world.coordinator = rejoin::model::id::BrokerId(3);
    let heard = world.asked("Heartbeat", Instant::ZERO).last().unwrap().at + Span::from_ms(2);
    world.set(3, State::Silent);
    world.run_until(at(20_000));
    let lost = world.noted(|note| *note == Note::CoordinatorLost);
    let waited = lost[0] - heard;
    assert!(waited >= session_timeout && waited < Span::from_ms(10_105), "{waited:?}");
    assert!(!world.asked("FindCoordinator", lost[0]).is_empty());
    assert!(world.noted(|note| matches!(note, Note::Lost(_) | Note::Revoked(_))).is_empty());
}

/// The application is late: a dynamic member leaves, a static one only falls silent. Either joins as
/// somebody new when the application polls again.
#[test]
fn an_application_that_does_not_poll() {
    for (instance, left) in [(None, "late LeaveGroup"), (Some("a".to_owned()), "late")] {
        let settings = ConsumerConfig {
            max_poll_interval: Span::from_secs(8),
            group_instance_id: instance,
            ..settings()
        };
        let mut world = member(RANGE, settings, CommitMode::None);
        busy(&mut world, Span::from_secs(20));
        let polled = world.now;
        world.run_until(at(24_900));
        let late = world.noted(|note| *note == Note::PollTimeout)[0];
        let waited = late - polled;
        assert!(waited >= Span::from_ms(7_900) && waited <= Span::from_ms(8_201), "{waited:?}");
        assert_eq!(line(&world, late, true), left);
        world.run_until(at(26_000));
        let back = "lost(3) JoinGroup(,-1,0) SyncGroup assigned(3)";
        assert_eq!(line(&world, late, false), format!("{left} {back}"));
    }
}

/// A busy application keeps its place by heartbeats that tell of the rebalance each time, and takes part
/// when it polls.
#[test]
fn a_rebalance_while_the_application_is_busy() {
    let mut world = member(RANGE, settings(), CommitMode::None);
    world.script = Box::new(|sent| rebalancing(sent).filter(|_| sent.at < at(15_000)));
    busy(&mut world, Span::from_secs(10));
    world.run_until(at(14_900));
    let beats: Vec<Instant> = world.asked("Heartbeat", at(5_000)).iter().map(|s| s.at).collect();
    assert_eq!(beats.len(), 3, "{beats:?}");
    assert_eq!(line(&world, at(5_000), false), "");
    world.run_until(at(16_000));
    let expected = "revoked(3) JoinGroup(me,1,0) SyncGroup assigned(3)";
    assert_eq!(line(&world, at(5_000), false), expected);
}

/// A member that learns in the midst of its work that it is none any more does not heartbeat, fails to
/// commit without asking anybody, and joins when the application polls.
#[test]
fn a_membership_that_ends_while_the_application_works() {
    for (code, joins) in [(Code::UnknownMemberId, ",-1,0"), (Code::IllegalGeneration, "me,-1,0")] {
        let mut world = World::with(settings(), CommitMode::SyncBatch, |setup| {
            setup.application.process = Dist::Fixed(1_000_000);
        });
        refuse(&mut world, &[("Heartbeat", code)]);
        world.run_until(at(500));
        world.end = 10;
        world.run_until(at(35_000));
        let beats = world.asked("Heartbeat", Instant::ZERO);
        let heard = beats[0].at;
        let expected = "failed(UNKNOWN_MEMBER_ID) lost(3) JoinGroup";
        let line = line(&world, heard + Span::from_us(1), true);
        assert!(line.starts_with(&format!("{expected}({joins})")), "{code} {line}");
    }
}

/// The heartbeat thread may lose the membership after the share has come, and before the application
/// sees it: then neither counts, nor does the id, whatever the error was.
#[test]
fn a_share_of_a_membership_that_ended() {
    for code in [Code::IllegalGeneration, Code::UnknownMemberId] {
        let mut world = World::with(settings(), CommitMode::None, |setup| {
            let strategy = rejoin::assignor::Strategy::shipped(COOPERATIVE).unwrap();
            setup.strategies = vec![strategy];
            setup.application.process = Dist::Fixed(1_000_000);
        });
        world.run_until(at(5_000));
        refuse(&mut world, &[("Heartbeat", Code::RebalanceInProgress), ("Heartbeat", code)]);
        world.delay = Box::new(|request| match request {
            Request::SyncGroup(_) => Span::from_ms(2_000),
            _ => Span::ZERO,
        });
        // Records come while the member waits for its share, and keep it busy for half a minute.
        world.run_until(at(6_100));
        world.end = 10;
        world.run_until(at(50_000));
        let line = line(&world, at(5_000), false);
        let expected = "JoinGroup(me,1,3) SyncGroup lost(3) JoinGroup(,-1,0) SyncGroup assigned(3)";
        assert_eq!(line, expected, "{code}");
    }
}
