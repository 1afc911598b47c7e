//! `poll` under KIP-848, pass by pass: what ends a wait, and what a pass sees.

use crate::brokers::{World, at, modern};
use rejoin::client::consumer::Consumer;
use rejoin::client::effect::Note;
use rejoin::kernel::time::{Instant, Span};
use rejoin::model::config::{CommitMode, ConsumerConfig};
use rejoin::model::message::Request;
use rejoin::model::message::assignment::{Assignment, TopicPartitions};
use rejoin::model::message::consumer_group::ConsumerGroupHeartbeatResponse;
use rejoin::model::message::fetch::FetchResponse;
use rejoin::model::uuid::Uuid;

fn assigned(note: &Note) -> bool {
    matches!(note, Note::Assigned { .. })
}

fn first(world: &World, name: &str) -> Instant {
    world.asked(name, Instant::ZERO)[0].at
}

/// The call in which something happens, counted from 0: none takes longer than 101 ms.
fn call(moment: Instant) -> u64 {
    moment.as_us() / 100_000
}

/// A member that reads nothing yet takes a step in each call. With auto-commit the event of a call
/// leads to the assignment, which its second pass takes over, and the next call asks for committed
/// offsets; without, the assignment waits for the call. Then it opens a connection to the leader, asks
/// it, and at last fetches.
#[test]
fn a_newcomer_takes_a_step_in_each_call() {
    for (auto, expected) in [(true, [1, 2, 4, 5]), (false, [1, 1, 3, 4])] {
        let settings = ConsumerConfig { enable_auto_commit: auto, ..modern() };
        let mut world = World::new(settings, CommitMode::None);
        (world.committed, world.end) = ((4, 0), 10);
        world.run_until(at(2_000));
        let steps = [
            world.noted(assigned)[0],
            first(&world, "OffsetFetch"),
            first(&world, "OffsetForLeaderEpoch"),
            first(&world, "Fetch"),
        ];
        assert_eq!(steps.map(call), expected);
    }
}

/// Offsets without a leader's epoch need nobody's word, and where a reset begins the leaders tell
/// within the call.
#[test]
fn who_has_no_epoch_to_compare_reads_in_the_call_that_asks_for_offsets() {
    for committed in [(4, -1), (-1, -1)] {
        let mut world = World::new(modern(), CommitMode::None);
        (world.committed, world.end) = (committed, 10);
        world.run_until(at(2_000));
        let steps = [first(&world, "OffsetFetch"), first(&world, "Fetch")];
        assert_eq!(steps.map(call), [1, 1], "{committed:?}");
    }
}

/// A member that reads gives partitions up while its records come, not only at the end of calls.
#[test]
fn records_take_a_reconciliation_on() {
    let settings = ConsumerConfig { enable_auto_commit: true, ..modern() };
    let mut world = World::new(settings, CommitMode::Auto);
    world.run_until(at(4_000));
    // From now on the member is to keep one partition of three, and each fetch brings a record 10 ms
    // later.
    world.script = Box::new(move |sent| match &sent.request {
        Request::ConsumerGroupHeartbeat(_) => {
            let kept = TopicPartitions { topic_id: Uuid(7), partitions: vec![0] };
            let response = ConsumerGroupHeartbeatResponse {
                member_epoch: 1,
                heartbeat_interval_ms: 5_000,
                assignment: Some(Assignment { topic_partitions: vec![kept] }),
                ..ConsumerGroupHeartbeatResponse::default()
            };
            Some(response.into())
        }
        Request::Fetch(fetch) => {
            let mut partitions = fetch.partitions.clone();
            for part in &mut partitions {
                part.to = part.from + 1;
            }
            Some(FetchResponse { partitions, ..FetchResponse::default() }.into())
        }
        _ => None,
    });
    world.delay = Box::new(|request| match request {
        Request::Fetch(_) => Span::from_ms(10),
        _ => Span::ZERO,
    });
    world.run_until(at(8_000));
    let since = world.asked("ConsumerGroupHeartbeat", at(4_000))[0].at;
    let commit = world.asked("OffsetCommit", since)[0].at;
    let revoked = world.noted(|note| matches!(note, Note::Revoked(_)))[0];
    let acknowledged = world.asked("ConsumerGroupHeartbeat", at(4_000))[1].at;
    assert!(commit - since < Span::from_ms(30), "{commit} {since}");
    assert!(revoked - commit >= Span::from_ms(2), "after the answer: {revoked} {commit}");
    assert!(revoked - commit < Span::from_ms(30), "{revoked} {commit}");
    assert_eq!(acknowledged, revoked, "the next pass follows at once");
}

/// The thread that sends heartbeats looks only then whether the application still polls.
#[test]
fn who_does_not_poll_is_missed_at_the_next_heartbeat() {
    let settings = ConsumerConfig { max_poll_interval: Span::from_secs(12), ..modern() };
    let mut world = World::new(settings, CommitMode::None);
    world.run_until(at(10_050));
    world.act(|consumer, now, out| Consumer::keep_busy(consumer, now, Span::from_secs(60), out));
    world.run_until(at(60_000));
    let beats = world.asked("ConsumerGroupHeartbeat", at(10_000));
    let epochs = beats.iter().map(|sent| match &sent.request {
        Request::ConsumerGroupHeartbeat(beat) => beat.member_epoch,
        _ => unreachable!(),
    });
    assert_eq!(epochs.collect::<Vec<_>>(), [1, 1, 1, -1]);
    let gaps: Vec<Span> = beats.windows(2).map(|pair| pair[1].at - pair[0].at).collect();
    assert!(gaps.iter().all(|&gap| gap >= Span::from_secs(5) && gap < Span::from_ms(5_010)));
    assert_eq!(world.noted(|note| *note == Note::PollTimeout), [beats[3].at]);
}
