//! When an application commits, and what (`KafkaConsumer`'s manual offset control; kafka-semantics 6.8).
//! One partition, ten milliseconds a record.

use crate::brokers::{World, at, settings};
use crate::steps::{after, refuse, share};
use rejoin::client::effect::Note;
use rejoin::kernel::dist::Dist;
use rejoin::kernel::time::{Instant, Span};
use rejoin::model::config::{CommitMode, ConsumerConfig};
use rejoin::model::error::ErrorCode as Code;
use rejoin::model::message::Request;

/// A member that owns one partition, of whose records a poll returns five at most.
fn reading(commit: CommitMode, interval: Span) -> World {
    let settings = ConsumerConfig {
        max_poll_records: 5,
        enable_auto_commit: commit == CommitMode::Auto,
        auto_commit_interval: interval,
        ..settings()
    };
    let mut world = World::with(settings, commit, |setup| {
        setup.application.process = Dist::Fixed(10_000);
    });
    world.script = Box::new(|sent| match &sent.request {
        Request::SyncGroup(_) => Some(share(vec![0])),
        _ => None,
    });
    world
}

/// The commits: moment, offset and leader's epoch.
fn commits(world: &World) -> Vec<(Instant, i64, i32)> {
    let sent = world.asked("OffsetCommit", Instant::ZERO).into_iter();
    sent.map(|sent| {
        let Request::OffsetCommit(commit) = &sent.request else { unreachable!() };
        let [of] = &commit.topics[0].partitions[..] else { unreachable!("one partition") };
        (sent.at, of.committed_offset, of.committed_leader_epoch)
    })
    .collect()
}

/// What was processed: from, to, begin and end.
fn processed(world: &World) -> Vec<(u64, u64, Instant, Instant)> {
    let parts = world.notes.iter().filter_map(|(_, note)| match note {
        Note::Processed(p) => Some((p.from, p.to, p.start, p.end)),
        _ => None,
    });
    parts.collect()
}

/// Twelve records, and three seconds later eight: batches of 5, 5, 2, 5 and 3.
fn twelve_and_eight(commit: CommitMode) -> World {
    let mut world = reading(commit, Span::from_secs(2));
    world.end = 12;
    world.run_until(at(3_000));
    world.end = 20;
    world.run_until(at(5_500));
    world
}

#[test]
fn what_is_committed() {
    let every = |span| CommitMode::Every(Span::from_ms(span));
    for (mode, offsets, epoch) in [
        (CommitMode::SyncBatch, vec![5, 10, 12, 17, 20], 0),
        (CommitMode::AsyncBatch, vec![5, 10, 12, 17, 20], 0),
        (CommitMode::BeforeBatch, vec![5, 10, 12, 17, 20], 0),
        (CommitMode::SyncRecord, (1..=20).collect(), -1),
        // It counts over batches.
        (CommitMode::Records(1), (1..=20).collect(), -1),
        (CommitMode::Records(4), vec![4, 8, 12, 16, 20], -1),
        (CommitMode::Records(7), vec![7, 14], -1),
        // The first batch that ends a second after the last commit, or after the assignment.
        (every(1_000), vec![17], 0),
        (every(90), vec![10, 17], 0),
        // Positions, at 2 s and at 4 s.
        (CommitMode::Auto, vec![12, 20], 0),
        (CommitMode::OnRevoke, vec![], 0),
        (CommitMode::None, vec![], 0),
    ] {
        let world = twelve_and_eight(mode);
        let commits = commits(&world);
        let committed: Vec<i64> = commits.iter().map(|&(_, offset, _)| offset).collect();
        assert_eq!(committed, offsets, "{mode:?}");
        assert!(commits.iter().all(|commit| commit.2 == epoch), "{mode:?} {commits:?}");
        assert_eq!(processed(&world).last().unwrap().1, 20, "{mode:?}");
    }
}

/// Who waits for its commits, and whether before or after the records that they cover.
#[test]
fn when_it_is_committed() {
    for (mode, waits) in [
        (CommitMode::SyncBatch, true),
        (CommitMode::AsyncBatch, false),
        (CommitMode::SyncRecord, true),
        (CommitMode::Records(2), true),
        (CommitMode::Every(Span::from_us(1)), true),
        (CommitMode::BeforeBatch, true),
    ] {
        let mut world = reading(mode, Span::from_secs(2));
        world.delay = Box::new(|request| match request {
            Request::OffsetCommit(_) => Span::from_ms(300),
            _ => Span::ZERO,
        });
        world.end = 10;
        world.run_until(at(6_000));
        let answered = Span::from_ms(302);
        let (commits, done) = (commits(&world), processed(&world));
        for &(sent, offset, _) in &commits {
            let covered = done.iter().find(|(_, to, ..)| to.cast_signed() == offset).unwrap();
            let next = done.iter().find(|(from, ..)| from.cast_signed() == offset);
            if mode == CommitMode::BeforeBatch {
                assert_eq!(covered.2, sent + answered, "{mode:?}");
            } else {
                assert_eq!(covered.3, sent, "{mode:?}");
                let pause = next.map(|next| next.2 - sent);
                let expected = if waits { answered } else { Span::ZERO };
                assert!(pause.is_none_or(|pause| pause == expected), "{mode:?} {pause:?}");
            }
        }
        assert!(commits.len() >= 2, "{mode:?}");
    }
}

/// Auto-commit does not interrupt the application: the next poll commits all that polls before it returned.
#[test]
fn auto_commit_waits_for_the_next_poll() {
    let mut world = reading(CommitMode::Auto, Span::from_ms(120));
    world.end = 12;
    world.run_until(at(150));
    let (commits, done) = (commits(&world), processed(&world));
    // The interval ends while the third batch is processed, of two records.
    assert_eq!(commits.len(), 1, "{commits:?}");
    let (sent, offset, _) = commits[0];
    assert_eq!((offset, sent), (12, done[2].3));
    assert!(sent - done[2].2 > Span::from_ms(15), "{done:?}");
}

/// In a listener only what is given up in order is committed, not what was lost.
#[test]
fn on_revocation() {
    let quiet = ["Fetch", "Metadata", "OffsetFetch", "ListOffsets", "OffsetForLeaderEpoch"];
    for (code, expected) in [
        (
            Code::RebalanceInProgress,
            "revoked(1) OffsetCommit committed JoinGroup(me,1,0) SyncGroup assigned(3)",
        ),
        (Code::IllegalGeneration, "lost(1) JoinGroup(me,-1,0) SyncGroup assigned(3)"),
    ] {
        let mut world = reading(CommitMode::OnRevoke, Span::from_secs(2));
        world.end = 12;
        world.run_until(at(5_000));
        refuse(&mut world, &[("Heartbeat", code)]);
        world.run_until(at(7_000));
        assert_eq!(after(&world, "Heartbeat", &quiet).0, expected);
        assert!(commits(&world).iter().all(|commit| commit.1 == 12));
    }
}

/// A batch whose commit fails is not processed if that comes first, and read again; else it is done.
#[test]
fn a_commit_that_fails() {
    for (mode, attempts) in
        [(CommitMode::BeforeBatch, vec![5, 5]), (CommitMode::SyncBatch, vec![5])]
    {
        let mut world = reading(mode, Span::from_secs(2));
        world.run_until(at(1_000));
        refuse(&mut world, &[("OffsetCommit", Code::UnknownServerError)]);
        world.end = 5;
        world.run_until(at(3_000));
        let committed: Vec<i64> = commits(&world).iter().map(|commit| commit.1).collect();
        assert_eq!(committed, attempts, "{mode:?}");
        let done: Vec<(u64, u64)> = processed(&world).iter().map(|p| (p.0, p.1)).collect();
        assert_eq!(done, [(0, 5)], "{mode:?}");
        let commits = commits(&world);
        if let [first, second] = &commits[..] {
            assert!(second.0 - first.0 >= Span::from_ms(102), "after a backoff: {commits:?}");
        }
    }
}
