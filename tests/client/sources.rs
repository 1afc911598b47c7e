//! Whom a consumer asks for records: leaders, leaders that changed, replicas nearer to it.

use crate::brokers::{Sent, State, World, at, metadata, modern, settings};
use rejoin::client::effect::Note;
use rejoin::kernel::time::{Instant, Span};
use rejoin::model::config::{CommitMode, ConsumerConfig, ResetPolicy};
use rejoin::model::error::ErrorCode;
use rejoin::model::fact::PositionSource;
use rejoin::model::id::{BrokerId, PartitionId};
use rejoin::model::message::fetch::OffsetForLeaderEpochResponse;
use rejoin::model::message::fetch::{EpochEnd, FetchPartition, FetchResponse};
use rejoin::model::message::{Request, Response};

const FIRST: PartitionId = PartitionId(0);

/// What a fetch asks of the first partition.
fn first(sent: &Sent) -> Option<FetchPartition> {
    let Request::Fetch(fetch) = &sent.request else { return None };
    fetch.partitions.iter().find(|part| part.partition == FIRST).copied()
}

/// Who was asked for the first partition, and when, from `since` on.
fn asked(world: &World, since: Instant) -> Vec<(Instant, BrokerId)> {
    let fetches = world.asked("Fetch", since).into_iter();
    fetches.filter(|sent| first(sent).is_some()).map(|sent| (sent.at, sent.to)).collect()
}

/// A group that has read ten records of epoch 0 from each partition.
fn running(settings: ConsumerConfig) -> World {
    let mut world = World::new(settings, CommitMode::None);
    world.end = 10;
    world.run_until(at(5_000));
    world
}

fn refuse(sent: &Sent, error_code: ErrorCode) -> Option<Response> {
    let refused = FetchPartition { error_code, ..first(sent)? };
    Some(FetchResponse { partitions: vec![refused], ..FetchResponse::default() }.into())
}

fn redirect(sent: &Sent) -> Option<Response> {
    let leads = sent.to == BrokerId(1);
    first(sent).filter(|_| leads).map(|_| {
        FetchResponse { preferred: vec![(FIRST, BrokerId(2))], ..FetchResponse::default() }.into()
    })
}

#[test]
fn a_replica_nearer_to_the_consumer_is_asked_until_metadata_are_old() {
    for settings in [settings(), modern()] {
        let age = Span::from_secs(20);
        let mut world = running(ConsumerConfig { metadata_max_age: age, ..settings });
        let since = world.now;
        world.script = Box::new(redirect);
        world.run_until(at(60_000));
        let asked = asked(&world, since + Span::from_ms(1));
        let leader: Vec<Instant> =
            asked.iter().filter(|(_, to)| *to == BrokerId(1)).map(|(at, _)| *at).collect();
        // Once at the beginning, and again after each lease.
        assert!((2..=4).contains(&leader.len()), "{leader:?}");
        let lease = leader[1] - leader[0];
        assert!(lease >= age && lease < age + Span::from_secs(2), "{lease:?}");
        assert!(asked.iter().any(|(_, to)| *to == BrokerId(2)), "{asked:?}");
    }
}

#[test]
fn what_a_follower_does_not_have_the_leader_is_asked_for() {
    for (error_code, refreshes) in
        [(ErrorCode::OffsetOutOfRange, 0), (ErrorCode::OffsetNotAvailable, 1)]
    {
        for settings in [settings(), modern()] {
            let mut world = running(settings);
            let since = world.now;
            let mut left = (1, 1);
            world.script = Box::new(move |sent| {
                first(sent)?;
                let left = if sent.to == BrokerId(1) { &mut left.0 } else { &mut left.1 };
                if *left == 0 {
                    return None;
                }
                *left = 0;
                if sent.to == BrokerId(1) { redirect(sent) } else { refuse(sent, error_code) }
            });
            world.run_until(at(10_000));
            let to: Vec<u32> = asked(&world, since).iter().map(|(_, to)| to.0).collect();
            let away = to.iter().position(|&to| to == 2).unwrap();
            assert!(to[away + 1..].iter().all(|&to| to == 1), "{to:?}");
            assert_eq!(world.asked("Metadata", since).len(), refreshes);
            let out = |note: &Note| {
                matches!(note, Note::Positioned { source: PositionSource::OutOfRange, .. })
            };
            assert!(world.noted(out).is_empty());
        }
    }
}

#[test]
fn a_leader_that_is_out_of_range_makes_the_position_reset() {
    for settings in [settings(), modern()] {
        let mut world = running(settings);
        let mut refused = false;
        world.script = Box::new(move |sent| {
            let refusal = refuse(sent, ErrorCode::OffsetOutOfRange).filter(|_| !refused);
            refused |= refusal.is_some();
            refusal
        });
        world.run_until(at(10_000));
        let out = |note: &Note| {
            matches!(note, Note::Positioned { source: PositionSource::OutOfRange, .. })
        };
        assert_eq!(world.noted(out).len(), 1, "{:?}", world.notes);
    }
}

#[test]
fn metadata_are_asked_for_when_a_broker_does_not_lead_but_not_when_it_knows_less() {
    for (error_code, asks) in [
        (ErrorCode::NotLeaderOrFollower, true),
        (ErrorCode::FencedLeaderEpoch, true),
        (ErrorCode::UnknownTopicOrPartition, true),
        (ErrorCode::KafkaStorageError, true),
        (ErrorCode::UnknownLeaderEpoch, false),
    ] {
        for settings in [settings(), modern()] {
            let mut world = running(settings);
            let since = world.now;
            world.script = Box::new(move |sent| refuse(sent, error_code));
            world.run_until(since + Span::from_secs(2));
            let metadata = world.asked("Metadata", since).len();
            assert_eq!(metadata > 0, asks, "{error_code:?}");
            // Answers that bring nothing new let the pauses grow to a second.
            assert!(metadata <= 6, "{metadata}");
        }
    }
}

#[test]
fn a_refusal_that_names_the_new_leader_is_enough_to_go_on() {
    let mut world = running(settings());
    let since = world.now;
    world.metadata = metadata(3, 0);
    world.script = Box::new(move |sent| {
        let refused = refuse(sent, ErrorCode::NotLeaderOrFollower)?;
        let Response::Fetch(response) = refused else { unreachable!() };
        let leaders = vec![(FIRST, BrokerId(2), 1)];
        (sent.to == BrokerId(1)).then(|| FetchResponse { leaders, ..response }.into())
    });
    world.run_until(since + Span::from_secs(2));
    let questions = world.asked("OffsetForLeaderEpoch", since);
    assert_eq!(questions.len(), 1);
    assert_eq!(questions[0].to, BrokerId(2));
    let Request::OffsetForLeaderEpoch(request) = &questions[0].request else { unreachable!() };
    let question = request.partitions[0];
    assert_eq!((question.current_leader_epoch, question.leader_epoch), (1, 0));
    let moved = asked(&world, questions[0].at);
    assert!(!moved.is_empty() && moved.iter().all(|(_, to)| *to == BrokerId(2)), "{moved:?}");
    // Metadata of the past don't bring the old leader back.
    assert!(!world.asked("Metadata", since).is_empty());
}

#[test]
fn a_position_beyond_the_end_of_its_epoch_is_moved_back_or_fatal() {
    for (policy, fatal) in [(ResetPolicy::Latest, false), (ResetPolicy::None, true)] {
        for settings in [settings(), modern()] {
            let mut world = running(ConsumerConfig { auto_offset_reset: policy, ..settings });
            let since = world.now;
            world.metadata = metadata(3, 1);
            let mut refused = false;
            world.script = Box::new(move |sent| match &sent.request {
                Request::Fetch(_) if !refused => {
                    refused = true;
                    refuse(sent, ErrorCode::NotLeaderOrFollower)
                }
                Request::OffsetForLeaderEpoch(asked) => {
                    let ends = asked.partitions.iter().map(|question| EpochEnd {
                        partition: question.partition,
                        error_code: ErrorCode::None,
                        leader_epoch: 0,
                        end_offset: if question.partition == FIRST { 7 } else { 10 },
                    });
                    Some(OffsetForLeaderEpochResponse { partitions: ends.collect() }.into())
                }
                _ => None,
            });
            world.run_until(at(10_000));
            let back = |note: &Note| {
                let (partition, offset, source) = (FIRST, 7, PositionSource::Truncated);
                *note == Note::Positioned { partition, offset, source }
            };
            assert_eq!(world.noted(back).is_empty(), fatal, "{:?}", world.notes);
            assert_eq!(world.consumer.is_stopped(), fatal);
            let reads_again = world.asked("Fetch", since).iter().any(|sent| {
                first(sent).is_some_and(|part| (part.from, part.leader_epoch) == (7, 1))
            });
            assert_eq!(reads_again, !fatal);
        }
    }
}

#[test]
fn only_the_leader_that_did_not_answer_is_asked_about_positions_again() {
    for settings in [settings(), modern()] {
        let mut world = World::new(settings, CommitMode::None);
        world.committed = (-1, -1);
        world.delay = Box::new(|request| match request {
            Request::ListOffsets(_) => Span::from_ms(300),
            _ => Span::ZERO,
        });
        while world.asked("ListOffsets", Instant::ZERO).len() < 3 {
            let next = world.now + Span::from_ms(1);
            world.run_until(next);
        }
        world.set(1, State::Dead);
        world.run_until(at(5_000));
        let asked = |broker| {
            let asked = world.asked("ListOffsets", Instant::ZERO);
            asked.iter().filter(|sent| sent.to == BrokerId(broker)).count()
        };
        assert_eq!((asked(2), asked(3)), (1, 1));
        assert!((5..=60).contains(&asked(1)), "{}", asked(1));
    }
}

#[test]
fn what_a_leader_of_the_past_says_of_a_position_does_not_count() {
    let mut world = running(settings());
    let since = world.now;
    // The first answer to a fetch names broker 2 as the leader, the next one, while that is being
    // asked, broker 3.
    let (mut epoch, mut fetches) = (0, 0);
    world.script = Box::new(move |sent| {
        let Request::Fetch(_) = &sent.request else { return None };
        epoch += 1;
        let leaders = vec![(FIRST, BrokerId(epoch as u32 + 1), epoch)];
        (epoch <= 2).then(|| FetchResponse { leaders, ..FetchResponse::default() }.into())
    });
    world.delay = Box::new(move |request| match request {
        Request::OffsetForLeaderEpoch(_) => Span::from_ms(700),
        Request::Fetch(_) => {
            fetches += 1;
            Span::from_ms(if fetches == 2 { 600 } else { 0 })
        }
        _ => Span::ZERO,
    });
    world.run_until(since + Span::from_secs(3));
    let questions = world.asked("OffsetForLeaderEpoch", since);
    let to: Vec<u32> = questions.iter().map(|sent| sent.to.0).collect();
    assert_eq!(to, [2, 3]);
    let confirmed = questions[1].at + Span::from_ms(702);
    let reads = asked(&world, questions[0].at);
    assert!(reads.iter().all(|&(at, to)| at >= confirmed && to == BrokerId(3)), "{reads:?}");
    assert!(!reads.is_empty());
}
