//! Heartbeats under KIP-848: what they say, and what their answers do to a member (kafka-semantics
//! 6.6 and 6.7; `ConsumerHeartbeatRequestManager`, `ConsumerMembershipManager`).

use crate::brokers::{TOPIC, World, at, modern};
use rejoin::client::consumer::Consumer;
use rejoin::client::effect::Note;
use rejoin::kernel::time::{Instant, Span};
use rejoin::model::config::{CommitMode, ConsumerConfig};
use rejoin::model::error::ErrorCode;
use rejoin::model::fact::Failure;
use rejoin::model::message::Request;
use rejoin::model::message::assignment::Assignment;
use rejoin::model::message::consumer_group::{
    ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse,
};

/// Heartbeats from `since` on.
fn beats(world: &World, since: Instant) -> Vec<(Instant, &ConsumerGroupHeartbeatRequest)> {
    let beat =
        |sent: &&crate::brokers::Sent| matches!(sent.request, Request::ConsumerGroupHeartbeat(_));
    let sent = world.sent.iter().filter(|sent| sent.at >= since).filter(beat);
    sent.map(|sent| match &sent.request {
        Request::ConsumerGroupHeartbeat(beat) => (sent.at, &**beat),
        _ => unreachable!(),
    })
    .collect()
}

/// Which fields a heartbeat has: rebalance timeout, topics, assignor, owned partitions, rack.
fn fields(beat: &ConsumerGroupHeartbeatRequest) -> [bool; 5] {
    [
        beat.rebalance_timeout_ms >= 0,
        beat.subscribed_topic_names.is_some(),
        beat.server_assignor.is_some(),
        beat.topic_partitions.is_some(),
        beat.rack_id.is_some(),
    ]
}

fn lost(note: &Note) -> bool {
    matches!(note, Note::Lost(_))
}

fn failed(note: &Note) -> bool {
    matches!(note, Note::Failed(_))
}

/// Answers the first heartbeat after `since` with this error.
fn refuse_once(world: &mut World, code: ErrorCode) {
    let mut left = true;
    world.script = Box::new(move |sent| match &sent.request {
        Request::ConsumerGroupHeartbeat(_) if std::mem::take(&mut left) => {
            let refusal = ConsumerGroupHeartbeatResponse {
                error_code: code,
                ..ConsumerGroupHeartbeatResponse::default()
            };
            Some(refusal.into())
        }
        _ => None,
    });
}

#[test]
fn a_heartbeat_says_all_when_joining_then_what_changed_and_all_but_the_rack_after_an_error() {
    let settings = ConsumerConfig {
        group_remote_assignor: Some("range".into()),
        client_rack: "a".into(),
        ..modern()
    };
    let mut world = World::new(settings, CommitMode::None);
    world.run_until(at(11_000));
    let first = beats(&world, Instant::ZERO);
    assert_eq!(fields(first[0].1), [true; 5]);
    assert_eq!(first[0].1.member_epoch, 0);
    assert_eq!(first[0].1.subscribed_topic_names, Some(vec![TOPIC.into()]));
    assert_eq!(first[0].1.topic_partitions, Some(Vec::new()), "a member that joins owns nothing");
    assert_eq!(fields(first[1].1), [false, false, false, true, false], "what it owns now");
    assert_eq!(first[1].1.topic_partitions.as_ref().unwrap()[0].partitions, [0, 1, 2]);
    assert_eq!(fields(first[2].1), [false; 5]);
    let since = world.now;
    refuse_once(&mut world, ErrorCode::CoordinatorLoadInProgress);
    world.run_until(at(22_000));
    let later = beats(&world, since);
    assert_eq!(fields(later[0].1), [false; 5]);
    assert_eq!(fields(later[1].1), [true, true, true, true, false]);
    assert_eq!(later[1].1.member_epoch, 1, "it is still a member");
    assert_eq!(fields(later[2].1), [false; 5]);
}

#[test]
fn a_heartbeat_that_was_lost_with_its_connection_comes_again_after_a_backoff_and_says_all() {
    let mut world = World::new(modern(), CommitMode::None);
    world.run_until(at(6_000));
    let since = world.now;
    world.set(3, crate::brokers::State::Dead);
    world.run_until(at(10_150));
    world.set(3, crate::brokers::State::Up);
    world.run_until(at(15_000));
    let beats = beats(&world, since);
    assert_eq!(fields(beats[0].1), [false; 5]);
    let gap = beats[1].0 - beats[0].0;
    assert!(gap >= Span::from_ms(80) && gap < Span::from_ms(250), "{gap:?}");
    assert_eq!(fields(beats[1].1), [true, true, false, true, false]);
    assert_eq!(beats[1].1.member_epoch, 1);
}

/// Fenced: everything is lost, and the member joins at once, under the same id, with epoch 0.
#[test]
fn who_is_fenced_or_unknown_loses_all_and_joins_at_once_as_the_same_member() {
    for code in [ErrorCode::FencedMemberEpoch, ErrorCode::UnknownMemberId] {
        let mut world = World::new(modern(), CommitMode::None);
        world.run_until(at(6_000));
        let since = world.now;
        refuse_once(&mut world, code);
        world.run_until(at(12_000));
        let beats = beats(&world, since);
        let losses = world.noted(lost);
        assert_eq!(losses.len(), 1, "{code:?}");
        // At the next pass through `poll`, whose calls take 100 ms.
        let heard = beats[0].0 + Span::from_ms(2);
        assert!(losses[0] >= heard && losses[0] - heard < Span::from_ms(102), "{code:?}");
        assert_eq!(beats[1].0, losses[0], "no backoff");
        assert_eq!((beats[1].1.member_epoch, &beats[1].1.member_id), (0, &beats[0].1.member_id));
        assert_eq!(beats[1].1.topic_partitions, Some(Vec::new()));
        let assigned = world.noted(|note| matches!(note, Note::Assigned { .. }));
        assert!(*assigned.last().unwrap() > losses[0], "and gets its partitions again");
    }
}

#[test]
fn where_the_coordinator_is_another_one_the_member_looks_it_up_and_goes_on_without_a_backoff() {
    for code in [ErrorCode::NotCoordinator, ErrorCode::CoordinatorNotAvailable] {
        let mut world = World::new(modern(), CommitMode::None);
        world.run_until(at(6_000));
        let since = world.now;
        refuse_once(&mut world, code);
        world.run_until(at(9_000));
        world.run_until(at(12_000));
        let (beats, looks) = (beats(&world, since), world.asked("FindCoordinator", since));
        assert_eq!(looks.len(), 1, "{code:?}");
        assert_eq!(looks[0].at - beats[0].0, Span::from_ms(2));
        let again = beats[1].0 - looks[0].at;
        assert!(again >= Span::from_ms(2) && again < Span::from_ms(4), "{again:?}");
        assert_eq!(beats[1].1.member_epoch, 1);
        assert!(world.noted(lost).is_empty(), "it owns what it owned");
    }
}

#[test]
fn while_the_coordinator_loads_its_groups_a_member_asks_it_again_after_a_backoff() {
    let mut world = World::new(modern(), CommitMode::None);
    world.run_until(at(6_000));
    let since = world.now;
    refuse_once(&mut world, ErrorCode::CoordinatorLoadInProgress);
    world.run_until(at(12_000));
    let beats = beats(&world, since);
    let backoff = beats[1].0 - beats[0].0 - Span::from_ms(2);
    assert!(backoff >= Span::from_ms(80) && backoff <= Span::from_ms(121), "{backoff:?}");
    assert!(world.asked("FindCoordinator", since).is_empty());
    assert!(world.noted(lost).is_empty());
}

#[test]
fn what_is_refused_for_good_ends_the_poll_loop_after_everything_was_lost() {
    for code in [
        ErrorCode::UnreleasedInstanceId,
        ErrorCode::FencedInstanceId,
        ErrorCode::GroupMaxSizeReached,
        ErrorCode::UnsupportedAssignor,
        ErrorCode::UnsupportedVersion,
        ErrorCode::InvalidRequest,
        ErrorCode::InvalidRegularExpression,
        ErrorCode::GroupIdNotFound,
    ] {
        for joined in [false, true] {
            let mut world = World::new(modern(), CommitMode::None);
            if joined {
                world.run_until(at(6_000));
            }
            let since = world.now;
            refuse_once(&mut world, code);
            world.run_until(at(20_000));
            assert_eq!(
                beats(&world, since).len(),
                1,
                "{code:?}: it says no more, not even goodbye"
            );
            assert_eq!(world.noted(lost).len(), usize::from(joined), "{code:?}");
            let refused = Note::Failed(Failure::Refused(code));
            let fails = world.noted(|note| *note == refused);
            assert_eq!(fails.len(), 1, "{code:?}");
            assert!(world.noted(lost).iter().all(|at| *at <= fails[0]));
            assert_eq!(world.noted(|note| *note == Note::Closed).len(), 1);
        }
    }
}

/// A member that closes, or whose application does not poll, says that it leaves: -1, or -2 where
/// it has an instance id and may come back.
#[test]
fn who_leaves_says_whether_it_is_static() {
    for (instance, epoch) in [(None, -1), (Some("a".to_owned()), -2)] {
        let settings = ConsumerConfig {
            group_instance_id: instance.clone(),
            max_poll_interval: Span::from_secs(12),
            ..modern()
        };
        let mut closing = World::new(settings.clone(), CommitMode::None);
        closing.run_until(at(7_000));
        closing.act(Consumer::close);
        closing.run_until(at(9_000));
        let last = beats(&closing, at(7_000));
        assert_eq!(last.len(), 1);
        assert_eq!((last[0].0, last[0].1.member_epoch), (at(7_000), epoch), "{instance:?}");
        assert_eq!(last[0].1.instance_id, instance.as_deref().map(Into::into));
        assert_eq!(closing.noted(|note| *note == Note::Closed), [at(7_002)], "with the answer");
        let mut late = World::new(settings, CommitMode::None);
        late.run_until(at(7_000));
        late.act(|consumer, now, out| consumer.keep_busy(now, Span::from_secs(20), out));
        late.run_until(at(26_000));
        let left = beats(&late, at(7_000));
        assert_eq!(left.last().unwrap().1.member_epoch, epoch, "{instance:?}");
        assert!(late.noted(lost).is_empty(), "only the application can let go");
        late.run_until(at(29_000));
        let back = beats(&late, left_at(&late));
        assert_eq!(late.noted(lost).len(), 1);
        assert_eq!((back[1].0, back[1].1.member_epoch), (late.noted(lost)[0], 0), "{instance:?}");
    }
}

fn left_at(world: &World) -> Instant {
    world.noted(|note| *note == Note::PollTimeout)[0]
}

/// With an interval above five seconds the thread looks more often than it heartbeats.
#[test]
fn a_thread_that_sleeps_looks_every_five_seconds_whether_the_application_polls() {
    let settings = ConsumerConfig { max_poll_interval: Span::from_secs(32), ..modern() };
    let mut world = World::new(settings, CommitMode::None);
    world.script = Box::new(|sent| match &sent.request {
        Request::ConsumerGroupHeartbeat(beat) => {
            let answer = ConsumerGroupHeartbeatResponse {
                member_epoch: 1.min(beat.member_epoch + 1),
                heartbeat_interval_ms: 15_000,
                assignment: Some(Assignment::default()),
                ..ConsumerGroupHeartbeatResponse::default()
            };
            Some(answer.into())
        }
        _ => None,
    });
    world.run_until(at(100));
    world.act(|consumer, now, out| consumer.keep_busy(now, Span::from_secs(100), out));
    world.run_until(at(90_000));
    let (left, beats) = (left_at(&world), beats(&world, Instant::ZERO));
    let before = beats.iter().rev().find(|(at, _)| *at < left).unwrap().0;
    assert!(left - before < Span::from_ms(5_010), "{left:?} {before:?}");
    assert!(left >= at(32_000));
}

/// A stopped process misses its session. It heartbeats when it wakes, learns that it is nobody any
/// more, and joins again.
#[test]
fn who_stood_still_beyond_its_session_learns_so_from_its_first_heartbeat() {
    let mut world = World::new(modern(), CommitMode::None);
    world.run_until(at(6_000));
    world.act(|consumer, now, _| consumer.pause(now, Span::from_secs(60)));
    refuse_once(&mut world, ErrorCode::UnknownMemberId);
    world.run_until(at(70_000));
    let beats = beats(&world, at(6_000));
    assert_eq!((beats[0].0, beats[0].1.member_epoch), (at(66_000), 1));
    assert_eq!(beats[1].1.member_epoch, 0);
    assert_eq!(beats[1].0, world.noted(lost)[0]);
    assert!(beats[1].0 - beats[0].0 < Span::from_ms(104));
    assert!(world.noted(failed).is_empty());
}
