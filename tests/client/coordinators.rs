//! Coordinators that are gone, come back, or do not know yet what they coordinate.

use crate::brokers::{State, World, at, modern, settings};
use rejoin::client::consumer::Consumer;
use rejoin::client::effect::Note;
use rejoin::kernel::time::{Instant, Span};
use rejoin::model::config::{CommitMode, ConsumerConfig};
use rejoin::model::error::ErrorCode;
use rejoin::model::id::BrokerId;
use rejoin::model::message::assignment::Assignment;
use rejoin::model::message::consumer_group::ConsumerGroupHeartbeatResponse;
use rejoin::model::message::offset::{OffsetCommitResponse, OffsetFetchResponse};
use rejoin::model::message::{Request, Response};

fn both(change: impl Fn(ConsumerConfig) -> ConsumerConfig) -> [ConsumerConfig; 2] {
    [change(settings()), change(modern())]
}

/// A group that commits after each batch of ten records from each partition.
fn committing(settings: ConsumerConfig) -> World {
    let mut world = World::new(settings, CommitMode::SyncBatch);
    world.run_until(at(5_000));
    world
}

/// Brings records, whose processing ends with a commit.
fn bring_records(world: &mut World) {
    world.end += 10;
    let soon = world.now + Span::from_ms(1_500);
    world.run_until(soon);
}

fn failed(note: &Note) -> bool {
    matches!(note, Note::CommitFailed(ErrorCode::RequestTimedOut))
}

#[test]
fn a_commit_gives_up_after_the_timeout_of_the_api_whatever_the_coordinator_does() {
    let short = Span::from_secs(12);
    for state in [State::Dead, State::Silent] {
        for settings in both(|s| ConsumerConfig { default_api_timeout: short, ..s }) {
            let mut world = committing(settings);
            world.set(3, state);
            bring_records(&mut world);
            let processed = world.noted(|note| matches!(note, Note::Processed(_)));
            let began = *processed.last().unwrap();
            world.run_until(at(60_000));
            let failures = world.noted(failed);
            assert_eq!(failures[0] - began, short, "{state:?}");
            // The application goes on.
            let later = world.noted(|note| matches!(note, Note::Processed(_)));
            assert!(*later.last().unwrap() >= began);
            assert!(world.asked("Fetch", failures[0]).len() > 10);
        }
    }
}

#[test]
fn an_answer_that_comes_after_commit_sync_gave_up_does_not_end_the_next_one() {
    for settings in both(|s| ConsumerConfig { default_api_timeout: Span::from_secs(2), ..s }) {
        let mut world = committing(settings);
        let mut commits = 0;
        // Only the first commit is answered, late; the second never.
        world.delay = Box::new(move |request| {
            let Request::OffsetCommit(_) = request else { return Span::ZERO };
            commits += 1;
            Span::from_secs(if commits == 1 { 3 } else { 25 })
        });
        bring_records(&mut world);
        world.end += 10;
        world.run_until(at(14_000));
        let failures = world.noted(failed);
        assert_eq!(failures.len(), 2, "{failures:?}");
        assert!(failures[1] - failures[0] >= Span::from_secs(2));
    }
}

#[test]
fn closing_takes_as_long_as_a_request_may_at_most() {
    for auto in [false, true] {
        for state in [State::Dead, State::Silent] {
            for settings in both(|s| ConsumerConfig { enable_auto_commit: auto, ..s }) {
                let (classic, mut world) = (
                    settings.group_protocol == self::settings().group_protocol,
                    committing(settings),
                );
                world.set(3, state);
                let (since, soon) = (world.now, world.now + Span::from_ms(10));
                world.run_until(soon);
                world.act(Consumer::close);
                world.run_until(at(60_000));
                let closed = world.noted(|note| *note == Note::Closed)[0] - since;
                let waits = auto || state == State::Silent;
                assert_eq!(closed > Span::from_secs(1), waits, "{closed:?} {classic} {state:?}");
                assert!(closed <= Span::from_ms(30_200), "{closed:?}");
            }
        }
    }
}

#[test]
fn a_commit_is_tried_again_until_the_coordinator_has_loaded_its_groups() {
    for code in [
        ErrorCode::CoordinatorLoadInProgress,
        ErrorCode::CoordinatorNotAvailable,
        ErrorCode::NotCoordinator,
        ErrorCode::RequestTimedOut,
    ] {
        for settings in both(|s| s) {
            let mut world = committing(settings);
            let since = world.now;
            let mut left = 3;
            world.script = Box::new(move |sent| {
                let Request::OffsetCommit(commit) = &sent.request else { return None };
                left -= i32::from(left >= 0);
                (left >= 0).then(|| OffsetCommitResponse::of_error(&commit.topics, code).into())
            });
            bring_records(&mut world);
            let commits = world.asked("OffsetCommit", since).len();
            assert_eq!(commits, 4, "{code:?}");
            assert_eq!(world.noted(|note| *note == Note::Committed).len(), 1);
            let looks = world.asked("FindCoordinator", since).len();
            let unknown = code != ErrorCode::CoordinatorLoadInProgress;
            assert_eq!(looks, if unknown { 3 } else { 0 }, "{code:?}");
        }
    }
}

#[test]
fn committed_offsets_are_asked_for_again_until_they_are_stable() {
    for settings in both(|s| s) {
        let mut world = World::new(settings, CommitMode::None);
        world.committed = (4, 0);
        let (mut left, unstable) = (2, world.committed(ErrorCode::UnstableOffsetCommit));
        world.script = Box::new(move |sent| {
            let Request::OffsetFetch(_) = &sent.request else { return None };
            left -= i32::from(left >= 0);
            (left >= 0).then(|| unstable.clone())
        });
        world.end = 10;
        world.run_until(at(5_000));
        assert_eq!(world.asked("OffsetFetch", Instant::ZERO).len(), 3);
        assert!(world.asked("ListOffsets", Instant::ZERO).is_empty());
        let fetches = world.asked("Fetch", Instant::ZERO);
        let Request::Fetch(fetch) = &fetches[0].request else { unreachable!() };
        assert_eq!(fetch.partitions[0].from, 4);
    }
}

#[test]
fn a_dead_coordinator_that_is_still_named_is_found_again_and_again() {
    // As long as it takes until the controller fences it.
    let outage = Span::from_ms(8_300);
    let every_second = both(|settings| ConsumerConfig {
        enable_auto_commit: true,
        auto_commit_interval: Span::from_secs(1),
        ..settings
    });
    for (settings, expected) in every_second.into_iter().zip([110..=165, 15..=24]) {
        let mut world = World::new(settings, CommitMode::Auto);
        world.run_until(at(10_000));
        world.set(3, State::Dead);
        let since = world.now;
        world.run_until(since + outage);
        let found = world.asked("FindCoordinator", since).len();
        assert!(expected.contains(&found), "{found}");
        world.coordinator = BrokerId(2);
        world.run_until(since + outage + Span::from_ms(1_500));
        let lost = world.noted(|note| matches!(note, Note::Lost(_) | Note::Revoked(_)));
        assert!(lost.is_empty());
        let again = world.noted(|note| *note == Note::CoordinatorFound(BrokerId(2)));
        assert_eq!(again.len(), 1);
    }
}

#[test]
fn a_member_that_rejoins_waits_for_a_coordinator_that_loads_its_groups() {
    let mut world = World::new(settings(), CommitMode::None);
    let mut left = 3;
    world.script = Box::new(move |sent| {
        use rejoin::model::message::group::{JoinGroupResponse, SyncGroupResponse};
        let error_code = ErrorCode::CoordinatorLoadInProgress;
        left -= i32::from(left >= 0);
        let response: Response = match sent.request {
            Request::JoinGroup(_) if left >= 0 => {
                JoinGroupResponse { error_code, ..JoinGroupResponse::default() }.into()
            }
            Request::SyncGroup(_) if left >= 0 => {
                SyncGroupResponse { error_code, ..SyncGroupResponse::default() }.into()
            }
            _ => return None,
        };
        Some(response)
    });
    world.run_until(at(3_000));
    assert_eq!(world.noted(|note| *note == Note::Ready).len(), 1, "{:?}", world.notes);
    assert!(world.noted(|note| *note == Note::CoordinatorLost).is_empty());
}

#[test]
fn without_any_broker_a_client_asks_at_a_measured_pace() {
    for settings in both(|s| s) {
        let mut world = World::new(settings, CommitMode::None);
        world.run_until(at(5_000));
        for broker in 1..=3 {
            world.set(broker, State::Dead);
        }
        world.run_until(at(15_000));
        for name in ["FindCoordinator", "Metadata"] {
            let asked = world.asked(name, at(5_000)).len();
            assert!((5..=200).contains(&asked), "{name}: {asked}");
        }
    }
}

#[test]
fn under_kip_848_pauses_between_attempts_grow_while_groups_are_loaded() {
    let load = |request: &Request| match request {
        Request::OffsetCommit(commit) => {
            let code = ErrorCode::CoordinatorLoadInProgress;
            Some(OffsetCommitResponse::of_error(&commit.topics, code).into())
        }
        Request::OffsetFetch(_) => {
            let error_code = ErrorCode::CoordinatorLoadInProgress;
            Some(OffsetFetchResponse { error_code, ..OffsetFetchResponse::default() }.into())
        }
        _ => None,
    };
    // Before a member gives up partitions it commits.
    let settings = ConsumerConfig { enable_auto_commit: true, ..modern() };
    let mut world = World::new(settings, CommitMode::Auto);
    world.run_until(at(7_000));
    let since = world.now;
    world.script = Box::new(move |sent| {
        let Request::ConsumerGroupHeartbeat(_) = &sent.request else { return load(&sent.request) };
        let response = ConsumerGroupHeartbeatResponse {
            member_epoch: 1,
            heartbeat_interval_ms: 5_000,
            assignment: Some(Assignment::default()),
            ..ConsumerGroupHeartbeatResponse::default()
        };
        Some(response.into())
    });
    world.run_until(since + Span::from_secs(15));
    let commits = world.asked("OffsetCommit", since + Span::from_secs(5)).len();
    assert!((8..=18).contains(&commits), "{commits}");
    // A member that has partitions without positions asks for committed offsets.
    let mut world = World::new(modern(), CommitMode::None);
    world.script = Box::new(move |sent| load(&sent.request));
    world.run_until(at(10_000));
    let asked = world.asked("OffsetFetch", Instant::ZERO).len();
    assert!((8..=18).contains(&asked), "{asked}");
}
