//! Commits under KIP-848: what becomes of them where the coordinator refuses, or is not known
//! (kafka-semantics 6.7, 6.8; `CommitRequestManager`).

use crate::brokers::{World, at, modern};
use rejoin::client::effect::Note;
use rejoin::kernel::time::{Instant, Span};
use rejoin::model::config::{CommitMode, ConsumerConfig};
use rejoin::model::error::ErrorCode;
use rejoin::model::id::BrokerId;
use rejoin::model::message::assignment::{Assignment, TopicPartitions};
use rejoin::model::message::cluster::FindCoordinatorResponse;
use rejoin::model::message::consumer_group::ConsumerGroupHeartbeatResponse;
use rejoin::model::message::offset::{OffsetCommitRequest, OffsetCommitResponse};
use rejoin::model::message::{Request, Response};
use rejoin::model::uuid::Uuid;
use std::cell::Cell;
use std::rc::Rc;

fn commits(world: &World, since: Instant) -> Vec<(Instant, &OffsetCommitRequest)> {
    let sent = world.asked("OffsetCommit", since).into_iter();
    sent.map(|sent| match &sent.request {
        Request::OffsetCommit(commit) => (sent.at, &**commit),
        _ => unreachable!(),
    })
    .collect()
}

fn revoked(note: &Note) -> bool {
    matches!(note, Note::Revoked(_))
}

/// From now on the member is to keep one partition of three, in an epoch that grows with each
/// heartbeat; the first `refused` commits fail with this code.
fn take_away(world: &mut World, code: ErrorCode, mut refused: u32) {
    let mut epoch = 1;
    world.script = Box::new(move |sent| -> Option<Response> {
        match &sent.request {
            Request::ConsumerGroupHeartbeat(_) => {
                epoch += 1;
                let kept = TopicPartitions { topic_id: Uuid(7), partitions: vec![0] };
                let response = ConsumerGroupHeartbeatResponse {
                    member_epoch: epoch,
                    heartbeat_interval_ms: 5_000,
                    assignment: Some(Assignment { topic_partitions: vec![kept] }),
                    ..ConsumerGroupHeartbeatResponse::default()
                };
                Some(response.into())
            }
            Request::OffsetCommit(commit) if refused > 0 => {
                refused -= 1;
                Some(OffsetCommitResponse::of_error(&commit.topics, code).into())
            }
            _ => None,
        }
    });
}

/// A member that has read some records, with auto-commit, its interval out of sight.
fn reading() -> World {
    let settings = ConsumerConfig {
        enable_auto_commit: true,
        auto_commit_interval: Span::from_secs(1_000),
        ..modern()
    };
    let mut world = World::new(settings, CommitMode::Auto);
    world.end = 10;
    world.run_until(at(4_000));
    world
}

#[test]
fn a_commit_of_the_application_with_a_stale_epoch_fails() {
    for code in [ErrorCode::StaleMemberEpoch, ErrorCode::UnknownMemberId] {
        for mode in [CommitMode::SyncBatch, CommitMode::AsyncBatch] {
            let mut world = World::new(modern(), mode);
            world.run_until(at(2_000));
            world.script = Box::new(move |sent| match &sent.request {
                Request::OffsetCommit(commit) => {
                    Some(OffsetCommitResponse::of_error(&commit.topics, code).into())
                }
                _ => None,
            });
            world.end = 10;
            world.run_until(at(4_000));
            // A fetch from each of three brokers, one batch or more.
            let (sent, failed) = (commits(&world, at(2_000)).len(), Note::CommitFailed(code));
            assert!((1..=3).contains(&sent), "{sent}");
            assert_eq!(world.noted(|note| *note == failed).len(), sent, "{code:?} {mode:?}");
            assert!(world.asked("FindCoordinator", at(2_000)).is_empty());
            assert!(world.noted(|note| matches!(note, Note::Lost(_))).is_empty());
        }
    }
}

#[test]
fn before_a_revocation_a_stale_epoch_is_replaced_by_the_newer_one() {
    let mut world = reading();
    let since = world.now;
    take_away(&mut world, ErrorCode::StaleMemberEpoch, 2);
    world.run_until(at(12_000));
    let commits = commits(&world, since);
    assert_eq!(commits.len(), 3);
    let given_up = world.noted(revoked);
    let backoffs = [commits[1].0 - commits[0].0, commits[2].0 - commits[1].0];
    assert!(backoffs[0] >= Span::from_ms(82) && backoffs[0] <= Span::from_ms(124), "{backoffs:?}");
    assert!(backoffs[1] >= Span::from_ms(162) && backoffs[1] <= Span::from_ms(244), "{backoffs:?}");
    assert!(given_up[0] >= commits[2].0 + Span::from_ms(2), "nothing is given up before");
    assert_eq!(commits[0].1.generation_id_or_member_epoch, 2);
}

#[test]
fn before_a_revocation_a_commit_that_fails_for_good_is_left() {
    for code in [ErrorCode::UnknownMemberId, ErrorCode::RebalanceInProgress] {
        let mut world = reading();
        let since = world.now;
        take_away(&mut world, code, 9);
        world.run_until(at(12_000));
        assert_eq!(commits(&world, since).len(), 1, "{code:?}");
        let waited = world.noted(revoked)[0] - commits(&world, since)[0].0;
        assert!(waited <= Span::from_ms(103), "{code:?} {waited:?}");
    }
}

/// The commit before a revocation may take as long as a rebalance; then the revocation goes on.
#[test]
fn before_a_revocation_a_commit_is_tried_for_as_long_as_a_rebalance_may_take() {
    let mut world = World::new(
        ConsumerConfig {
            enable_auto_commit: true,
            auto_commit_interval: Span::from_secs(1_000),
            max_poll_interval: Span::from_secs(8),
            ..modern()
        },
        CommitMode::Auto,
    );
    world.end = 10;
    world.run_until(at(4_000));
    take_away(&mut world, ErrorCode::CoordinatorLoadInProgress, u32::MAX);
    world.run_until(at(30_000));
    let commits = commits(&world, at(4_000));
    let given_up = world.noted(revoked);
    assert_eq!(given_up.len(), 1);
    let took = given_up[0] - commits[0].0;
    assert!(took >= Span::from_secs(8) && took < Span::from_ms(9_400), "{took:?}");
}

/// `commitAsync` waits for a coordinator, however long that takes, and all that wait leave at once.
#[test]
fn commits_wait_for_a_coordinator() {
    let mut world = World::new(modern(), CommitMode::AsyncBatch);
    world.run_until(at(4_000));
    let found = Rc::new(Cell::new(false));
    let (is_found, mut refuses) = (found.clone(), true);
    world.script = Box::new(move |sent| match &sent.request {
        Request::ConsumerGroupHeartbeat(_) if std::mem::take(&mut refuses) => {
            let error_code = ErrorCode::NotCoordinator;
            let refusal = ConsumerGroupHeartbeatResponse {
                error_code,
                ..ConsumerGroupHeartbeatResponse::default()
            };
            Some(refusal.into())
        }
        Request::FindCoordinator(_) if !is_found.get() => {
            let (error_code, node) = (ErrorCode::CoordinatorNotAvailable, BrokerId(3));
            Some(FindCoordinatorResponse { error_code, node }.into())
        }
        _ => None,
    });
    // The next heartbeat tells the client that it has no coordinator; records still come.
    world.run_until(at(6_000));
    for end in [10, 20, 30] {
        world.end = end;
        let next = world.now + Span::from_secs(2);
        world.run_until(next);
    }
    assert!(commits(&world, at(6_000)).is_empty());
    let since = world.now;
    found.set(true);
    world.run_until(at(15_000));
    let sent = commits(&world, since);
    assert!(sent.len() >= 3, "{}", sent.len());
    assert!(sent.iter().all(|(at, _)| *at == sent[0].0), "together");
    assert_eq!(world.noted(|note| *note == Note::Committed).len(), sent.len());
    assert!(world.noted(|note| matches!(note, Note::CommitFailed(_))).is_empty());
}
