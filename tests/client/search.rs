//! The search for the coordinator (`AbstractCoordinator.ensureCoordinatorReady`).

use crate::brokers::{Sent, State, World, at, settings};
use rejoin::client::effect::Note;
use rejoin::kernel::time::{Instant, Span};
use rejoin::model::config::{CommitMode, ConsumerConfig};
use rejoin::model::error::ErrorCode;
use rejoin::model::id::BrokerId;
use rejoin::model::message::cluster::FindCoordinatorResponse;
use rejoin::model::message::group::HeartbeatResponse;
use rejoin::model::message::offset::OffsetCommitResponse;
use rejoin::model::message::{Request, Response};

fn gaps(moments: &[Instant]) -> Vec<u64> {
    moments.windows(2).map(|pair| (pair[1] - pair[0]).as_ms()).collect()
}

fn unknown(sent: &Sent) -> Option<Response> {
    let Request::FindCoordinator(_) = &sent.request else { return None };
    let (error_code, node) = (ErrorCode::CoordinatorNotAvailable, BrokerId(1));
    Some(FindCoordinatorResponse { error_code, node }.into())
}

#[test]
fn pauses_grow_within_one_call_of_poll_and_metadata_are_asked_for_in_between() {
    let poll = Span::from_secs(4);
    let mut world =
        World::with(settings(), CommitMode::None, |setup| setup.application.poll_timeout = poll);
    world.script = Box::new(unknown);
    world.run_until(at(8_100));
    let asked: Vec<Instant> =
        world.asked("FindCoordinator", Instant::ZERO).iter().map(|sent| sent.at).collect();
    let metadata = world.asked("Metadata", Instant::ZERO).len();
    let pauses = gaps(&asked);
    // 100, 200, 400, 800 and 1,000 ms, give or take a fifth, and some messages; the call ends in the
    // midst of a pause, and the next one asks at once.
    for (pause, expected) in pauses.iter().zip([100, 200, 400, 800, 1_000]) {
        assert!(*pause >= expected * 4 / 5 && *pause <= expected * 6 / 5 + 10, "{pauses:?}");
    }
    assert!(asked.contains(&(Instant::ZERO + poll)), "{asked:?}");
    // Metadata once at the start, and after each pause that did not end with the call.
    assert!(metadata + 2 >= asked.len() && metadata <= asked.len(), "{metadata} {asked:?}");
}

#[test]
fn who_finds_no_coordinator_waits_for_metadata_before_it_asks_again() {
    let mut world = World::with(settings(), CommitMode::None, |setup| {
        setup.application.poll_timeout = Span::from_secs(10);
    });
    let mut asked = 0;
    world.script = Box::new(move |sent| {
        asked += i32::from(matches!(sent.request, Request::FindCoordinator(_)));
        if asked < 2 { unknown(sent) } else { None }
    });
    world.delay = Box::new(|request| match request {
        Request::Metadata => Span::from_ms(700),
        _ => Span::ZERO,
    });
    world.run_until(at(5_000));
    let metadata = world.asked("Metadata", Instant::ZERO);
    let finds = world.asked("FindCoordinator", Instant::ZERO);
    assert_eq!(finds.len(), 2);
    assert!(finds[1].at - metadata[1].at >= Span::from_ms(702), "{finds:?}");
}

#[test]
fn commit_sync_finds_a_dead_coordinator_as_often_as_was_measured() {
    let mut world = World::new(settings(), CommitMode::SyncBatch);
    world.run_until(at(5_000));
    world.end += 10;
    world.set(3, State::Dead);
    let since = world.now;
    world.run_until(since + Span::from_ms(8_300));
    let found = world.asked("FindCoordinator", since).len();
    // While it pauses before another attempt the heartbeat thread asks, while it searches nobody else.
    assert!((45..=56).contains(&found), "{found}");
}

#[test]
fn a_commit_that_nobody_waits_for_leaves_when_the_coordinator_is_found() {
    // Thirty records at once make three batches.
    let mut world =
        World::new(ConsumerConfig { max_poll_records: 10, ..settings() }, CommitMode::AsyncBatch);
    world.run_until(at(5_000));
    let mut refused = false;
    world.script = Box::new(move |sent| {
        let Request::OffsetCommit(commit) = &sent.request else { return None };
        let first = !std::mem::replace(&mut refused, true);
        let code = ErrorCode::NotCoordinator;
        first.then(|| OffsetCommitResponse::of_error(&commit.topics, code).into())
    });
    world.delay = Box::new(|request| match request {
        Request::FindCoordinator(_) => Span::from_ms(400),
        _ => Span::ZERO,
    });
    let since = world.now;
    world.end += 10;
    world.run_until(since + Span::from_secs(3));
    let found = world.noted(|note| matches!(note, Note::CoordinatorFound(_)));
    let commits: Vec<Instant> =
        world.asked("OffsetCommit", since).iter().map(|sent| sent.at).collect();
    // The first is refused, the second gets lost with the connection; the third follows a batch that
    // the call of `poll` returns at its end, without a coordinator.
    assert_eq!(commits.len(), 3, "{commits:?}");
    assert_eq!(commits[2], found[1], "{commits:?}");
    assert_eq!(world.noted(|note| matches!(note, Note::CommitFailed(_))).len(), 2);
    assert_eq!(world.noted(|note| *note == Note::Committed).len(), 1);
}

/// A member of a group that loses its coordinator, and finds none: the moments of its questions.
fn questions_of_a_member(
    poll: Span,
    commit: CommitMode,
    prepare: impl FnOnce(&mut World),
) -> Vec<Instant> {
    let mut world = World::with(settings(), commit, |setup| setup.application.poll_timeout = poll);
    world.run_until(at(5_000));
    let mut refused = false;
    world.script = Box::new(move |sent| match &sent.request {
        Request::Heartbeat(_) if !std::mem::replace(&mut refused, true) => {
            let error_code = ErrorCode::NotCoordinator;
            Some(Response::Heartbeat(HeartbeatResponse { error_code }))
        }
        _ => unknown(sent),
    });
    prepare(&mut world);
    world.run_until(at(14_000));
    world.asked("FindCoordinator", at(5_000)).iter().map(|sent| sent.at).collect()
}

/// The search holds the lock that the heartbeat thread needs: nobody else asks, and pauses grow.
#[test]
fn while_the_application_searches_the_heartbeat_thread_waits() {
    let long = Span::from_secs(30);
    let in_poll = questions_of_a_member(long, CommitMode::None, |_| {});
    let in_commit = questions_of_a_member(long, CommitMode::SyncBatch, |world| {
        // The commit at the end of a batch finds that there is no coordinator.
        world.act(|consumer, now, out| consumer.keep_busy(now, Span::from_ms(1_500), out));
        world.end = 10;
    });
    for (asked, begins) in [(in_poll, 6_000), (in_commit, 6_500)] {
        let asked: Vec<Instant> = asked.into_iter().filter(|&asked| asked >= at(begins)).collect();
        let pauses = gaps(&asked);
        // The search begins at the heartbeat's answer or, where records were worked on, in the commit.
        assert!((8..=12).contains(&pauses.len()), "{pauses:?}");
        assert!(pauses[4..].iter().all(|pause| (800..=1_010).contains(pause)), "{pauses:?}");
    }
}

/// Somebody has to: while the application works the heartbeat thread asks, and gives its question up when
/// it wakes again, each 100 ms.
#[test]
fn while_the_application_works_the_heartbeat_thread_asks() {
    let asked = questions_of_a_member(Span::from_ms(100), CommitMode::None, |world| {
        world.act(|consumer, now, out| consumer.keep_busy(now, Span::from_secs(30), out));
    });
    let pauses = gaps(&asked);
    assert!(pauses.len() >= 36 && pauses.len() <= 42, "{}", pauses.len());
    assert!(pauses.iter().all(|pause| (200..=202).contains(pause)), "{pauses:?}");
}
