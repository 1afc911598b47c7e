//! How a consumer asks for committed offsets, and goes on while it has none
//! (`ConsumerCoordinator.fetchCommittedOffsets`, `CommitRequestManager.OffsetFetchRequestState`).

use crate::brokers::{State, World, at, modern, settings};
use crate::steps::{COOPERATIVE, member, name, refusal, share};
use rejoin::client::effect::Note;
use rejoin::kernel::time::{Instant, Span};
use rejoin::model::config::CommitMode;
use rejoin::model::error::ErrorCode as Code;
use rejoin::model::fact::Failure;
use rejoin::model::message::Request;
use rejoin::model::message::group::HeartbeatResponse;

/// Every question for committed offsets is refused.
fn refuse_all(world: &mut World, code: Code) {
    let fake = World::new(settings(), CommitMode::None);
    world.script = Box::new(move |sent| match &sent.request {
        asked @ Request::OffsetFetch(_) => Some(refusal(&fake, asked, code)),
        _ => None,
    });
}

/// Within a call of `poll` each pause is twice as long as the one before; the next call begins anew, and
/// at once.
#[test]
fn pauses_grow_within_a_call() {
    let call = Span::from_secs(1);
    let mut world = World::with(settings(), CommitMode::None, |setup| {
        setup.application.poll_timeout = call;
    });
    refuse_all(&mut world, Code::CoordinatorLoadInProgress);
    world.run_until(at(3_050));
    let asked = world.asked("OffsetFetch", Instant::ZERO);
    for begin in [1_000, 2_000] {
        let inside = |of: Instant| of >= at(begin) && of < at(begin + 1_000);
        let asked: Vec<Instant> =
            asked.iter().map(|sent| sent.at).filter(|&at| inside(at)).collect();
        assert_eq!(asked[0], at(begin), "the call begins with a question");
        assert_eq!(asked.len(), 4, "{asked:?}");
        for (pair, pause) in asked.windows(2).zip([100, 200, 400]) {
            let waited = (pair[1] - pair[0] - Span::from_ms(2)).as_ms();
            assert!(waited >= pause * 4 / 5 && waited <= pause * 6 / 5, "{asked:?}");
        }
    }
}

/// While it asks again and again it heartbeats: only a search for the coordinator keeps that thread waiting.
#[test]
fn heartbeats_go_on_meanwhile() {
    let mut world = World::with(settings(), CommitMode::None, |setup| {
        setup.application.poll_timeout = Span::from_secs(100);
    });
    refuse_all(&mut world, Code::CoordinatorLoadInProgress);
    world.run_until(at(31_000));
    let beats: Vec<Instant> =
        world.asked("Heartbeat", Instant::ZERO).iter().map(|sent| sent.at).collect();
    assert_eq!(beats.len(), 10, "{beats:?}");
}

/// A cooperative member that waits for the offsets of a partition goes on with those that it keeps: each
/// call returns what has come when it is over.
#[test]
fn kept_partitions_are_read_meanwhile() {
    for silent in [false, true] {
        let mut world = member(COOPERATIVE, settings(), CommitMode::None);
        give_two_then_three(&mut world);
        world.run_until(at(15_000));
        assert_eq!(world.noted(|note| matches!(note, Note::Revoked(_))).len(), 1);
        if silent {
            world.set(3, State::Silent);
        }
        let since = world.now;
        for _ in 0..10 {
            world.end += 1;
            // Here a broker that has nothing answers after half a second.
            let soon = world.now + Span::from_ms(700);
            world.run_until(soon);
        }
        assert!(world.asked("OffsetFetch", since).len() >= usize::from(!silent));
        let read = |note: &Note| matches!(note, Note::Processed(_));
        let read = world.noted(read).into_iter().filter(|&at| at > since).count();
        assert!(read >= 18, "{silent} {read}");
    }
}

/// A member gives a partition up and gets it back, and is then refused its offset for ever.
fn give_two_then_three(world: &mut World) {
    let fake = World::new(settings(), CommitMode::None);
    let (mut beats, mut syncs) = (0, 0);
    world.script = Box::new(move |sent| match &sent.request {
        Request::Heartbeat(_) => {
            beats += 1;
            let error_code = if beats < 3 { Code::RebalanceInProgress } else { Code::None };
            Some(rejoin::model::message::Response::Heartbeat(HeartbeatResponse { error_code }))
        }
        Request::SyncGroup(_) => {
            syncs += 1;
            let partitions = if syncs <= 2 { vec![0, 1] } else { vec![0, 1, 2] };
            Some(share(partitions))
        }
        asked @ Request::OffsetFetch(_) => {
            Some(refusal(&fake, asked, Code::CoordinatorLoadInProgress))
        }
        _ => None,
    });
}

/// Under KIP-848 a question that is refused because of who asks is not repeated, unless only the epoch is
/// old and there is a newer one: `poll` throws.
#[test]
fn under_kip_848_poll_throws_where_the_member_is_unknown() {
    for (code, throws) in [
        (Code::CoordinatorLoadInProgress, false),
        (Code::NotCoordinator, false),
        (Code::CoordinatorNotAvailable, false),
        (Code::UnstableOffsetCommit, false),
        (Code::UnknownTopicOrPartition, false),
        (Code::StaleMemberEpoch, false),
        (Code::UnknownMemberId, true),
        (Code::GroupIdNotFound, true),
        (Code::UnknownServerError, true),
    ] {
        let mut world = World::new(modern(), CommitMode::None);
        let fake = World::new(settings(), CommitMode::None);
        let mut left = true;
        world.script = Box::new(move |sent| {
            (name(&sent.request) == "OffsetFetch" && std::mem::take(&mut left))
                .then(|| refusal(&fake, &sent.request, code))
        });
        world.run_until(at(4_000));
        let asked = world.asked("OffsetFetch", Instant::ZERO);
        let fails = world.noted(|note| *note == Note::Failed(Failure::Refused(code)));
        assert_eq!(fails.len(), usize::from(throws), "{code}");
        assert_eq!(asked.len(), 2 - fails.len(), "{code}");
        let waited = fails.first().map(|at| at.since(asked[0].at));
        assert!(waited.is_none_or(|waited| waited < Span::from_ms(103)), "{code} {waited:?}");
    }
}
