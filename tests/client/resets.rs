//! Where a consumer begins that has committed nothing (kafka-semantics 6.10), under both protocols.

use crate::brokers::{World, at, modern, settings};
use rejoin::client::effect::Note;
use rejoin::kernel::time::{Instant, Span};
use rejoin::model::config::{CommitMode, ConsumerConfig, ResetPolicy};
use rejoin::model::error::ErrorCode;
use rejoin::model::fact::{Failure, PositionSource};
use rejoin::model::id::PartitionId;
use rejoin::model::message::Request;
use rejoin::model::message::fetch::{ListOffsetsResponse, OffsetFound, OffsetQuestion, OffsetSpec};

fn both(policy: ResetPolicy) -> [ConsumerConfig; 2] {
    [settings(), modern()].map(|s| ConsumerConfig { auto_offset_reset: policy, ..s })
}

/// A consumer without committed offsets.
fn newcomer(settings: ConsumerConfig) -> World {
    let mut world = World::new(settings, CommitMode::None);
    world.committed = (-1, -1);
    world.end = 40;
    world
}

/// What leaders were asked, and when.
fn questions(world: &World) -> Vec<(Instant, OffsetQuestion)> {
    let asked = world.asked("ListOffsets", Instant::ZERO).into_iter();
    let of_request = |sent: &crate::brokers::Sent| match &sent.request {
        Request::ListOffsets(asked) => {
            asked.partitions.iter().map(|question| (sent.at, *question)).collect::<Vec<_>>()
        }
        _ => unreachable!(),
    };
    asked.flat_map(of_request).collect()
}

#[test]
fn leaders_are_asked_for_what_the_policy_says() {
    let hour = Span::from_secs(3_600);
    for (policy, spec) in [
        (ResetPolicy::Earliest, OffsetSpec::Earliest),
        (ResetPolicy::Latest, OffsetSpec::Latest),
        (ResetPolicy::ByDuration(hour), OffsetSpec::MaxAge(hour)),
    ] {
        for settings in both(policy) {
            let mut world = newcomer(settings);
            world.run_until(at(3_000));
            let asked = questions(&world);
            assert_eq!(asked.len(), 3, "each leader once: {asked:?}");
            assert!(asked.iter().all(|(_, question)| question.spec == spec), "{asked:?}");
            let known = world.notes.iter().filter_map(|(_, note)| match note {
                Note::Positioned { partition, offset, source } => {
                    Some((*partition, *offset, *source))
                }
                _ => None,
            });
            let mut known: Vec<_> = known.collect();
            known.sort_by_key(|(partition, _, _)| *partition);
            let expected = [0, 1, 2].map(|n| (PartitionId(n), 40, PositionSource::Reset));
            assert_eq!(known, expected, "{policy:?}");
        }
    }
}

/// A partition that has had no record for so long gives no position; the leader is asked again after
/// `request.timeout.ms`, and the other partitions are read meanwhile.
#[test]
fn a_partition_without_a_record_that_young_waits_for_one() {
    for settings in both(ResetPolicy::ByDuration(Span::from_secs(60))) {
        let mut world = newcomer(settings);
        let mut none = 2;
        world.script = Box::new(move |sent| {
            let Request::ListOffsets(asked) = &sent.request else { return None };
            let idle = asked.partitions.iter().any(|q| q.partition == PartitionId(1));
            if !idle || none == 0 {
                return None;
            }
            none -= 1;
            let found = asked.partitions.iter().map(|question| OffsetFound {
                partition: question.partition,
                error_code: ErrorCode::None,
                offset: None,
                leader_epoch: -1,
            });
            Some(ListOffsetsResponse { partitions: found.collect() }.into())
        });
        world.run_until(at(3_000));
        world.end = 50;
        world.run_until(at(70_000));
        let asked: Vec<Instant> = questions(&world)
            .iter()
            .filter(|(_, question)| question.partition == PartitionId(1))
            .map(|(at, _)| *at)
            .collect();
        assert_eq!(asked.len(), 3, "{asked:?}");
        for pair in asked.windows(2) {
            let pause = pair[1] - pair[0];
            assert!(pause >= Span::from_secs(30) && pause < Span::from_ms(30_300), "{pause:?}");
        }
        let processed = world.notes.iter().find_map(|(at, note)| match note {
            Note::Processed(processed) => Some((*at, processed.partition)),
            _ => None,
        });
        let (when, partition) = processed.expect("the others are read");
        assert!(partition != PartitionId(1) && when < at(4_000));
    }
}

#[test]
fn without_a_policy_poll_throws() {
    for settings in both(ResetPolicy::None) {
        let mut world = newcomer(settings);
        world.run_until(at(3_000));
        let failure = Note::Failed(Failure::NoOffsetForPartition);
        assert_eq!(world.noted(|note| *note == failure).len(), 1);
        assert!(questions(&world).is_empty());
        assert!(world.asked("Fetch", Instant::ZERO).is_empty());
    }
}
