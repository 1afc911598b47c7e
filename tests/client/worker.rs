//! Records processed by another thread, while the application polls with everything paused.

use crate::brokers::{Sent, World, at, modern, settings};
use rejoin::client::application::Application;
use rejoin::client::consumer::Consumer;
use rejoin::client::effect::Note;
use rejoin::kernel::dist::Dist;
use rejoin::kernel::time::{Instant, Span};
use rejoin::model::config::{CommitMode, ConsumerConfig, WorkRevoked};
use rejoin::model::error::ErrorCode;
use rejoin::model::fact::Processed;
use rejoin::model::id::PartitionId;
use rejoin::model::message::fetch::FetchResponse;
use rejoin::model::message::group::HeartbeatResponse;
use rejoin::model::message::{Request, Response};

/// Ten records of each partition with each fetch; at `rebalance` the group rebalances, once.
fn world(
    settings: ConsumerConfig,
    commit: CommitMode,
    when_revoked: WorkRevoked,
    process: Span,
    rebalance: Instant,
) -> World {
    let apply = |application: &mut Application| {
        application.poll_while_processing = Some(when_revoked);
        application.process = Dist::Fixed(process.as_us());
    };
    let mut world = World::with(settings, commit, |setup| apply(&mut setup.application));
    let mut begun = false;
    world.script = Box::new(move |sent: &Sent| match &sent.request {
        Request::Heartbeat(_) if sent.at > rebalance && !begun => {
            begun = true;
            let error_code = ErrorCode::RebalanceInProgress;
            Some(Response::Heartbeat(HeartbeatResponse { error_code }))
        }
        Request::Fetch(fetch) => {
            let mut partitions = fetch.partitions.clone();
            for part in &mut partitions {
                part.to = part.from + 10;
            }
            Some(FetchResponse { partitions, ..FetchResponse::default() }.into())
        }
        _ => None,
    });
    world
}

fn processed(world: &World) -> Vec<Processed> {
    let all = world.notes.iter().filter_map(|(_, note)| match note {
        Note::Processed(processed) => Some(*processed),
        _ => None,
    });
    all.collect()
}

/// What was committed, and when it was asked for, in order: the offset of each partition.
fn commits(world: &World) -> Vec<(Instant, Vec<(usize, u64)>)> {
    let commit = |sent: &Sent| match &sent.request {
        Request::OffsetCommit(commit) => {
            let all = commit.topics.iter().flat_map(|topic| &topic.partitions);
            let offset = |offset: i64| u64::try_from(offset).expect("an offset");
            let all = all.map(|p| (p.partition_index as usize, offset(p.committed_offset)));
            Some((sent.at, all.collect()))
        }
        _ => None,
    };
    world.sent.iter().filter_map(commit).collect()
}

/// How far each partition is processed by then.
fn done(world: &World, by: Instant) -> [u64; 3] {
    let mut done = [0; 3];
    for part in processed(world).iter().filter(|part| part.end <= by) {
        let place = &mut done[part.partition.index()];
        *place = part.to.max(*place);
    }
    done
}

/// A record that takes longer than `max.poll.interval.ms` costs no membership; nothing more is returned
/// before it is done.
#[test]
fn a_long_record_does_not_cost_the_membership() {
    for settings in [settings(), modern()] {
        let config = ConsumerConfig {
            max_poll_interval: Span::from_secs(20),
            max_poll_records: 1,
            ..settings
        };
        let (wait, never) = (WorkRevoked::Wait, Instant::NEVER);
        let mut world = world(config, CommitMode::SyncBatch, wait, Span::from_secs(50), never);
        world.run_until(at(220_000));
        assert_eq!(world.noted(|note| *note == Note::PollTimeout), []);
        assert_eq!(world.noted(|note| matches!(note, Note::Lost(_) | Note::Revoked(_))), []);
        let all = processed(&world);
        assert_eq!(all.len(), 4);
        for (one, next) in all.iter().zip(&all[1..]) {
            assert!(next.start >= one.end, "one after the other");
            let noticed = next.start.since(one.end);
            assert!(noticed <= Span::from_ms(110), "when `poll` has returned: {noticed}");
        }
        let commits = commits(&world);
        assert_eq!(commits.len(), 4, "after each");
        for ((when, _), part) in commits.iter().zip(&all) {
            assert!(when.since(part.end) <= Span::from_ms(101), "when `poll` has returned");
        }
    }
}

/// Auto-commit takes what `poll` has returned for processed.
#[test]
fn auto_commit_commits_what_is_not_processed_yet() {
    for settings in [settings(), modern()] {
        let settings = ConsumerConfig { enable_auto_commit: true, ..settings };
        let (wait, never) = (WorkRevoked::Wait, Instant::NEVER);
        let mut world = world(settings, CommitMode::Auto, wait, Span::from_secs(2), never);
        world.run_until(at(15_000));
        let early = commits(&world).into_iter().any(|(when, offsets)| {
            offsets.iter().any(|&(p, offset)| offset > done(&world, when)[p])
        });
        assert!(early, "{:?}", commits(&world));
    }
}

/// Whoever commits by itself commits what is done, no more, when `poll` returns.
#[test]
fn what_the_application_commits_is_processed() {
    let modes = [
        (CommitMode::SyncRecord, 250),
        (CommitMode::Records(3), 750),
        (CommitMode::Every(Span::from_secs(1)), 1_000),
        (CommitMode::SyncBatch, 7_500),
        (CommitMode::AsyncBatch, 7_500),
    ];
    for settings in [settings(), modern()] {
        for (mode, every) in modes {
            let (wait, never) = (WorkRevoked::Wait, Instant::NEVER);
            let mut world = world(settings.clone(), mode, wait, Span::from_ms(250), never);
            world.run_until(at(30_000));
            let commits = commits(&world);
            let expected = 20_000 / (every + 220);
            assert!(commits.len() > expected, "{mode:?}: {} of {expected}", commits.len());
            let mut last = [0; 3];
            for (when, offsets) in &commits {
                let done = done(&world, *when);
                for &(p, offset) in offsets {
                    assert!(offset <= done[p], "{mode:?}: {offset} at {when}, {done:?}");
                    assert!(offset >= last[p], "{mode:?}: never back");
                    last[p] = offset;
                }
                let missed = done.iter().zip(&last).map(|(done, &last)| done - last);
                assert!(missed.sum::<u64>() <= 2, "{mode:?}: all that is done, at {when}");
            }
        }
    }
}

/// In `onPartitionsRevoked` an application that waits finishes the record in hand, commits what is done
/// and drops the rest; one that does not is finished with it later, and commits nothing.
#[test]
fn a_revocation_ends_the_work_as_the_application_wants() {
    for (when_revoked, waits) in [(WorkRevoked::Wait, true), (WorkRevoked::Drop, false)] {
        let process = Span::from_ms(900);
        let mode = CommitMode::SyncBatch;
        let mut world = world(settings(), mode, when_revoked, process, at(5_000));
        world.run_until(at(60_000));
        let revoked = world.noted(|note| matches!(note, Note::Revoked(_)))[0];
        let assigned = world.noted(|note| matches!(note, Note::Assigned { .. }))[1];
        let all = processed(&world);
        let in_hand = all.iter().find(|part| part.start < revoked && part.end > revoked).unwrap();
        assert_eq!(in_hand.to - in_hand.from, 1);
        let next = all.iter().find(|part| part.start >= revoked).unwrap();
        assert!(next.returned > assigned, "the rest of the batch is dropped");
        let commits = commits(&world);
        let first = &commits[0];
        if waits {
            assert_eq!(first.0, in_hand.end, "when the record in hand is done");
            let expected = (in_hand.partition.index(), in_hand.to);
            assert!(first.1.contains(&expected), "{:?}", first.1);
            let done = done(&world, first.0);
            assert!(first.1.iter().all(|&(p, offset)| offset == done[p]));
            assert!(assigned > in_hand.end);
        } else {
            assert!(assigned < in_hand.end, "the rebalance goes on meanwhile");
            assert!(next.start >= in_hand.end, "one thing after the other");
            let later = first.0 > next.start;
            assert!(later, "what was dropped is not committed, nor what was in hand");
        }
        assert_eq!(next.partition, PartitionId(0));
    }
}

/// `close()` waits for the batch, or for nothing.
#[test]
fn closing_waits_for_the_batch_or_for_nothing() {
    for settings in [settings(), modern()] {
        for (when_revoked, waits) in [(WorkRevoked::Wait, true), (WorkRevoked::Drop, false)] {
            let (mode, never) = (CommitMode::SyncBatch, Instant::NEVER);
            let process = Span::from_ms(900);
            let mut world = world(settings.clone(), mode, when_revoked, process, never);
            world.run_until(at(5_000));
            world.act(Consumer::close);
            world.run_until(at(60_000));
            assert!(world.consumer.is_stopped());
            let closed = world.noted(|note| *note == Note::Closed)[0];
            let all = processed(&world);
            let committed = commits(&world);
            if waits {
                assert!(closed > at(10_000), "ten records of 0.9 s, and more");
                let last = &committed.last().unwrap().1;
                let done = done(&world, closed);
                assert!(last.iter().all(|&(p, offset)| offset == done[p]), "{last:?}");
            } else {
                assert!(closed < at(5_100), "{closed}");
                assert_eq!(committed, []);
                assert!(all.iter().all(|part| part.end <= at(5_000)), "the record in hand is lost");
            }
        }
    }
}
