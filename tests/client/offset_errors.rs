//! What a classic consumer does next for each error about offsets, leaders and coordinators
//! (kafka-semantics 6.4; `OffsetCommitResponseHandler`, `OffsetFetchResponseHandler`,
//! `FindCoordinatorResponseHandler`, `OffsetFetcherUtils`, `FetchCollector`).

use crate::brokers::{World, at, settings};
use crate::steps::{RANGE, after, auto_commit, member, refuse, settings_for, steps};
use rejoin::client::consumer::Consumer;
use rejoin::client::effect::Note;
use rejoin::kernel::time::{Instant, Span};
use rejoin::model::config::{CommitMode, ConsumerConfig};
use rejoin::model::error::ErrorCode as Code;
use rejoin::model::fact::Failure;
use rejoin::model::id::BrokerId;

/// What no step of a commit depends on.
const QUIET: [&str; 6] =
    ["Fetch", "Metadata", "OffsetFetch", "ListOffsets", "OffsetForLeaderEpoch", "Heartbeat"];

/// A member that commits what it reads from now on, its first commit being refused.
fn refused_commit(settings: ConsumerConfig, commit: CommitMode, code: Code) -> World {
    let mut world = member(RANGE, settings, commit);
    refuse(&mut world, &[("OffsetCommit", code)]);
    // The three brokers answer together: one batch, one commit.
    world.end = 20;
    world.run_until(at(5_900));
    world
}

/// What becomes of a commit, and of the membership. `commitSync` tries again what may work then; nobody
/// does that for a `commitAsync`.
#[test]
fn offset_commit() {
    let lost = |code: Code, joins: &str| {
        let words = format!("failed({code}) lost(3) JoinGroup({joins}) SyncGroup assigned(3)");
        (code, [words.clone(), words])
    };
    let gives_up = |code: Code| (code, [format!("failed({code})"), format!("failed({code})")]);
    let rows = [
        (
            Code::CoordinatorLoadInProgress,
            ["failed(C) OffsetCommit committed".to_owned(), "failed(C)".to_owned()],
        ),
        (
            Code::UnknownTopicOrPartition,
            ["failed(C) OffsetCommit committed".to_owned(), "failed(C)".to_owned()],
        ),
        (
            Code::CoordinatorNotAvailable,
            [
                "failed(C) FindCoordinator OffsetCommit committed".to_owned(),
                "failed(C) FindCoordinator".to_owned(),
            ],
        ),
        (
            Code::NotCoordinator,
            [
                "failed(C) FindCoordinator OffsetCommit committed".to_owned(),
                "failed(C) FindCoordinator".to_owned(),
            ],
        ),
        (
            Code::RequestTimedOut,
            [
                "failed(C) FindCoordinator OffsetCommit committed".to_owned(),
                "failed(C) FindCoordinator".to_owned(),
            ],
        ),
        (Code::RebalanceInProgress, {
            let words = "failed(C) revoked(3) JoinGroup(me,1,0) SyncGroup assigned(3)".to_owned();
            [words.clone(), words]
        }),
        lost(Code::UnknownMemberId, ",-1,0"),
        lost(Code::IllegalGeneration, "me,-1,0"),
        (
            // `commitSync` throws it, after a `commitAsync` the next `poll` does.
            Code::FencedInstanceId,
            [
                "failed(C)".to_owned(),
                "failed(C) throws(Refused(FencedInstanceId)) revoked(3) closed".to_owned(),
            ],
        ),
        gives_up(Code::OffsetMetadataTooLarge),
        gives_up(Code::UnstableOffsetCommit),
        gives_up(Code::StaleMemberEpoch),
        gives_up(Code::UnknownServerError),
    ];
    for (code, expected) in rows {
        for (mode, expected) in
            [CommitMode::SyncBatch, CommitMode::AsyncBatch].into_iter().zip(expected)
        {
            let world = refused_commit(settings_for(code), mode, code);
            let (words, _) = after(&world, "OffsetCommit", &QUIET);
            assert_eq!(words, expected.replace("(C)", &format!("({code})")), "{mode:?}");
        }
    }
}

/// Auto-commit tries again after a backoff what may work then, else after its interval.
#[test]
fn auto_commit_in_a_poll() {
    let second = Span::from_secs(1);
    for (code, soon) in [
        (Code::CoordinatorLoadInProgress, true),
        (Code::UnknownTopicOrPartition, true),
        (Code::NotCoordinator, true),
        (Code::CoordinatorNotAvailable, true),
        (Code::RequestTimedOut, true),
        (Code::UnknownServerError, false),
        (Code::StaleMemberEpoch, false),
    ] {
        let auto_commit_interval = second;
        let settings = ConsumerConfig { auto_commit_interval, ..auto_commit() };
        let mut world = member(RANGE, settings, CommitMode::Auto);
        refuse(&mut world, &[("OffsetCommit", code)]);
        world.run_until(at(8_500));
        let commits = world.asked("OffsetCommit", at(5_000));
        let gap = commits[1].at - commits[0].at;
        let expected = if soon { Span::from_ms(100) } else { second };
        assert!(gap >= expected && gap <= expected + Span::from_ms(10), "{code} {gap:?}");
        assert!(world.noted(|note| matches!(note, Note::Failed(_))).is_empty());
    }
}

/// A member that has just got its partitions asks for committed offsets, and is refused once.
fn refused_offsets(code: Code) -> World {
    let mut world = World::new(settings(), CommitMode::None);
    world.run_until(at(2));
    refuse(&mut world, &[("OffsetFetch", code)]);
    world.run_until(at(6));
    world.coordinator = BrokerId(2);
    world.run_until(at(1_500));
    world
}

/// What may work soon is asked again, all else `poll` throws.
#[test]
fn offset_fetch() {
    for (code, expected) in [
        (Code::CoordinatorLoadInProgress, "OffsetFetch"),
        (Code::UnstableOffsetCommit, "OffsetFetch"),
        (Code::RequestTimedOut, "OffsetFetch"),
        (Code::NotCoordinator, "FindCoordinator OffsetFetch"),
        (Code::CoordinatorNotAvailable, "FindCoordinator OffsetFetch"),
        (Code::UnknownTopicOrPartition, "throws"),
        (Code::UnknownMemberId, "throws"),
        (Code::StaleMemberEpoch, "throws"),
        (Code::GroupIdNotFound, "throws"),
        (Code::UnknownServerError, "throws"),
    ] {
        let world = refused_offsets(code);
        let asked = world.asked("OffsetFetch", Instant::ZERO)[0].at;
        let quiet = ["Fetch", "Metadata", "ListOffsets", "OffsetForLeaderEpoch", "Heartbeat"];
        let steps = steps(&world, asked + Span::from_us(1), &quiet);
        let words: Vec<&str> = steps.iter().map(|(_, step)| &**step).collect();
        let expected = match expected {
            "throws" => format!("throws(Refused({code:?})) revoked(3) LeaveGroup closed"),
            words => words.to_owned(),
        };
        assert_eq!(words.join(" "), expected, "{code}");
    }
}

/// A search for the coordinator goes on after refusals that may be over soon; all else `poll` throws.
#[test]
fn find_coordinator() {
    for (code, again) in [
        (Code::CoordinatorNotAvailable, true),
        (Code::NotCoordinator, true),
        (Code::CoordinatorLoadInProgress, true),
        (Code::RequestTimedOut, true),
        (Code::InvalidGroupId, false),
        (Code::InvalidRequest, false),
        (Code::UnsupportedVersion, false),
        (Code::UnknownServerError, false),
    ] {
        let mut world = World::new(settings(), CommitMode::None);
        refuse(&mut world, &[("FindCoordinator", code)]);
        world.run_until(at(1_000));
        let found = world.noted(|note| matches!(note, Note::CoordinatorFound(_))).len();
        let fails = world.noted(|note| *note == Note::Failed(Failure::Refused(code))).len();
        assert_eq!((found, fails), if again { (1, 0) } else { (0, 1) }, "{code}");
    }
}

/// Leaders are asked again where to begin, with newer metadata, whatever they said.
#[test]
fn list_offsets() {
    for code in [
        Code::NotLeaderOrFollower,
        Code::KafkaStorageError,
        Code::OffsetNotAvailable,
        Code::FencedLeaderEpoch,
        Code::UnknownLeaderEpoch,
        Code::UnknownTopicOrPartition,
        Code::UnknownServerError,
    ] {
        let mut world = World::new(settings(), CommitMode::None);
        world.committed = (-1, -1);
        refuse(&mut world, &[("ListOffsets", code)]);
        world.run_until(at(1_000));
        let asked = world.asked("ListOffsets", Instant::ZERO);
        // Three leaders, of whom the first refuses.
        assert_eq!(asked.len(), 4, "{code}");
        let again = asked[3];
        assert_eq!(again.to, asked[0].to, "{code}");
        let pause = again.at - asked[0].at;
        // A backoff, and a pass of `poll` that comes a backoff later at most.
        assert!(pause >= Span::from_ms(102) && pause <= Span::from_ms(202), "{code} {pause:?}");
        assert_eq!(world.asked("Metadata", asked[0].at).len(), 1, "{code}");
        assert_eq!(world.noted(|note| matches!(note, Note::Positioned { .. })).len(), 3, "{code}");
    }
}

/// What a member makes of a refusal to read: a look at the metadata, a reset, nothing, or `poll` throws.
#[test]
fn fetch() {
    for (code, metadata, resets, fails) in [
        (Code::NotLeaderOrFollower, 1, 0, None),
        (Code::KafkaStorageError, 1, 0, None),
        (Code::FencedLeaderEpoch, 1, 0, None),
        (Code::OffsetNotAvailable, 1, 0, None),
        (Code::UnknownTopicOrPartition, 1, 0, None),
        (Code::UnknownLeaderEpoch, 0, 0, None),
        (Code::UnknownServerError, 0, 0, None),
        (Code::OffsetOutOfRange, 0, 1, None),
        (Code::InvalidRequest, 0, 0, Some(Failure::Refused(Code::InvalidRequest))),
    ] {
        let mut world = member(RANGE, settings(), CommitMode::None);
        refuse(&mut world, &[("Fetch", code)]);
        world.run_until(at(7_000));
        let asked = |name| world.asked(name, at(5_000)).len();
        let failed = world.noted(|note| matches!(note, Note::Failed(_))).len();
        let expected = (metadata, resets, usize::from(fails.is_some()));
        assert_eq!((asked("Metadata"), asked("ListOffsets"), failed), expected, "{code}");
        if let Some(failure) = fails {
            assert_eq!(world.noted(|note| *note == Note::Failed(failure)).len(), 1);
            continue;
        }
        // It reads on, in the end.
        world.end = 20;
        world.run_until(at(8_000));
        let read = |note: &Note| matches!(note, Note::Processed(p) if p.to == 20);
        assert_eq!(world.noted(read).len(), 3, "{code}");
    }
}

/// Whatever the coordinator says to a goodbye, the process ends.
#[test]
fn leave_group() {
    for code in [
        Code::None,
        Code::UnknownMemberId,
        Code::FencedInstanceId,
        Code::NotCoordinator,
        Code::CoordinatorLoadInProgress,
        Code::UnknownServerError,
    ] {
        let mut world = member(RANGE, settings(), CommitMode::None);
        refuse(&mut world, &[("LeaveGroup", code)]);
        world.act(Consumer::close);
        world.run_until(at(6_000));
        assert_eq!(world.asked("LeaveGroup", at(5_000)).len(), 1, "{code}");
        let closed = world.noted(|note| *note == Note::Closed);
        assert_eq!(closed, [at(5_002)], "{code}");
    }
}
