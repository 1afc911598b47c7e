//! How records come to the application, under both protocols: in the order in which they arrived, so
//! many at a time, from brokers that are asked one fetch ahead (kafka-semantics 6.9; `AbstractFetch`,
//! `FetchBuffer`, `FetchCollector`).

use crate::brokers::{Sent, World, at, metadata, modern, settings};
use rejoin::client::effect::Note;
use rejoin::kernel::random::{Purpose, Stream, Streams};
use rejoin::kernel::time::{Instant, Span};
use rejoin::model::config::{CommitMode, ConsumerConfig};
use rejoin::model::fact::Processed;
use rejoin::model::id::{BrokerId, PartitionId};
use rejoin::model::message::Request;
use rejoin::model::message::cluster::MetadataResponse;
use rejoin::model::message::fetch::{FetchPartition, FetchRequest, FetchResponse};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

fn both(change: impl Fn(ConsumerConfig) -> ConsumerConfig) -> [ConsumerConfig; 2] {
    [change(settings()), change(modern())]
}

fn fetches(world: &World) -> Vec<(Instant, BrokerId, &FetchRequest)> {
    let fetch = |sent: &'_ Sent| matches!(sent.request, Request::Fetch(_));
    let sent = world.sent.iter().filter(|sent| fetch(sent));
    sent.map(|sent| match &sent.request {
        Request::Fetch(fetch) => (sent.at, sent.to, fetch),
        _ => unreachable!(),
    })
    .collect()
}

/// What the application processed, in order.
fn processed(world: &World) -> Vec<Processed> {
    let all = world.notes.iter().filter_map(|(_, note)| match note {
        Note::Processed(processed) => Some(*processed),
        _ => None,
    });
    all.collect()
}

/// Three partitions, all led by broker 1.
fn one_leader() -> Arc<MetadataResponse> {
    let mut known = (*metadata(3, 0)).clone();
    for partition in &mut known.topics[0].partitions {
        partition.leader = Some(BrokerId(1));
    }
    known.into()
}

/// What arrived: records [from, to) of a partition.
type Arrived = Rc<RefCell<Vec<(Instant, PartitionId, u64, u64)>>>;

/// Brokers that answer each fetch with so many records of each partition as `draw` says, `delays`
/// (ms) after the usual time, by broker.
fn serve(
    world: &mut World,
    delays: [u64; 3],
    mut draw: impl FnMut(PartitionId) -> u64 + 'static,
) -> Arrived {
    let arrived = Arrived::default();
    let log = arrived.clone();
    world.script = Box::new(move |sent| {
        let Request::Fetch(fetch) = &sent.request else { return None };
        let when = sent.at + Span::from_ms(2 + delays[sent.to.index() - 1]);
        let mut partitions = fetch.partitions.clone();
        partitions.retain_mut(|part| {
            part.to = part.from + draw(part.partition);
            part.to > part.from
        });
        let entry = |part: &FetchPartition| (when, part.partition, part.from, part.to);
        log.borrow_mut().extend(partitions.iter().map(entry));
        Some(FetchResponse { partitions, ..FetchResponse::default() }.into())
    });
    world.delay = Box::new(move |request| match request {
        Request::Fetch(fetch) => {
            let first = fetch.partitions[0].partition;
            Span::from_ms(delays[first.index()])
        }
        _ => Span::ZERO,
    });
    arrived
}

fn stream(name: &str) -> Stream {
    Streams::new(7).stream(name, Purpose("fetching"))
}

/// The reference: a queue of what arrived. Each poll takes from its front, up to `max.poll.records`,
/// all that had arrived; nothing is skipped, split otherwise or turned round.
#[test]
fn polls_return_what_arrived_in_its_order_and_no_more_than_they_may() {
    for settings in both(|s| ConsumerConfig { max_poll_records: 17, ..s }) {
        let mut world = World::new(settings, CommitMode::None);
        let mut draws = stream("sizes");
        let arrived = serve(&mut world, [11, 23, 37], move |_| draws.below(60));
        world.run_until(at(20_000));
        let mut queue = arrived.borrow().clone();
        queue.sort_by_key(|&(when, ..)| when);
        let (mut queue, mut polls) = (queue.into_iter().peekable(), 0);
        let mut rest: Option<(Instant, PartitionId, u64, u64)> = None;
        for poll in processed(&world).chunk_by(|a, b| a.returned == b.returned) {
            polls += 1;
            let mut left = 17;
            for part in poll {
                // Runs of a partition that follow each other come as one.
                let mut from = part.from;
                while from < part.to {
                    let (when, partition, first, end) =
                        rest.take().or_else(|| queue.next()).unwrap();
                    assert!(when <= part.returned, "it has arrived");
                    assert_eq!((partition, first), (part.partition, from), "in the queue's order");
                    let to = end.min(first + left);
                    left -= to - first;
                    from = to;
                    rest = (to < end).then_some((when, partition, to, end));
                }
                assert_eq!(from, part.to);
            }
            let more = rest.is_some() || queue.peek().is_some_and(|next| next.0 < poll[0].returned);
            assert!(left == 0 || !more, "{left} more could have come at {:?}", poll[0].returned);
        }
        assert!(polls > 100, "{polls}");
    }
}

/// While data of a broker lie in the buffer, it is not asked for more, also not for other
/// partitions; brokers whose data are all returned are asked at the moment of the return.
#[test]
fn a_broker_is_asked_again_when_its_data_have_been_returned() {
    for settings in both(|s| ConsumerConfig { max_poll_records: 10, ..s }) {
        let mut world = World::in_cluster(one_leader(), settings, CommitMode::None, |_| {});
        // Only the first partition has records, 35 with each fetch: four polls.
        let arrived = serve(&mut world, [0; 3], |partition| if partition.0 == 0 { 35 } else { 0 });
        world.run_until(at(10_000));
        let (asked, all) = (fetches(&world), processed(&world));
        assert!(asked.len() > 20);
        for (pair, came) in asked.windows(2).zip(arrived.borrow().iter()) {
            assert_eq!(pair[1].2.partitions.len(), 3, "always for all, at {:?}", pair[1].0);
            let last = all.iter().find(|part| part.to == came.3).expect("it is processed");
            assert_eq!(pair[1].0, last.returned, "while the application works on the rest");
            assert!(last.end > pair[1].0);
        }
    }
}

/// Who brought records goes to the end, so that all partitions have their turn.
#[test]
fn the_order_of_a_fetch_rotates() {
    for settings in both(|s| s) {
        let mut world = World::in_cluster(one_leader(), settings, CommitMode::None, |_| {});
        let mut turn = 0;
        // The broker has room for the first partition only, as if `fetch.max.bytes` were small.
        world.script = Box::new(move |sent| {
            let Request::Fetch(fetch) = &sent.request else { return None };
            turn += 1;
            let mut partitions = fetch.partitions.clone();
            partitions.truncate(usize::from(turn > 1));
            for part in &mut partitions {
                part.to = part.from + 5;
            }
            Some(FetchResponse { partitions, ..FetchResponse::default() }.into())
        });
        world.run_until(at(3_000));
        let mut counts = [0; 3];
        for part in processed(&world) {
            counts[part.partition.index()] += part.to - part.from;
        }
        assert!(counts[2] > 100, "{counts:?}");
        assert!(counts.iter().all(|count| count.abs_diff(counts[0]) <= 5), "{counts:?}");
    }
}

#[test]
fn a_fetch_says_what_the_settings_say() {
    for settings in both(|s| ConsumerConfig {
        fetch_min_bytes: 1_000,
        fetch_max_wait: Span::from_ms(700),
        fetch_max_bytes: 5_000,
        max_partition_fetch_bytes: 3_000,
        ..s
    }) {
        let mut world = World::new(settings, CommitMode::None);
        world.run_until(at(2_000));
        let asked = fetches(&world);
        assert!(asked.len() >= 3);
        for (_, _, fetch) in asked {
            assert_eq!((fetch.min_bytes, fetch.max_bytes), (1_000, 5_000));
            assert_eq!(fetch.partition_max_bytes, 3_000);
            assert_eq!(fetch.max_wait, Span::from_ms(700));
        }
    }
}

/// One fetch a broker at a time, whatever the others do.
#[test]
fn a_slow_broker_keeps_nobody_else_waiting() {
    for settings in both(|s| s) {
        let mut world = World::new(settings, CommitMode::None);
        let arrived = serve(&mut world, [0, 0, 3_000], |_| 1);
        world.run_until(at(9_500));
        let of = |partition: u32| {
            arrived.borrow().iter().filter(|(_, p, ..)| *p == PartitionId(partition)).count()
        };
        assert!(of(0) > 500 && of(1) > 500, "{} {}", of(0), of(1));
        assert!((2..=4).contains(&of(2)), "{}", of(2));
    }
}

/// Who is kept busy during a commit still polls, and is late with what that brings.
#[test]
fn who_is_kept_busy_is_late_with_records_in_hand() {
    for settings in both(|s| s) {
        let mut world = World::new(settings, CommitMode::SyncBatch);
        world.run_until(at(3_000));
        world.delay = Box::new(|request| match request {
            Request::OffsetCommit(_) => Span::from_ms(700),
            _ => Span::ZERO,
        });
        world.end = 10;
        // A fetch brings the records within half a second, a commit of them is on its way then.
        world.run_until(at(3_700));
        assert_eq!(world.noted(|note| *note == Note::Committed).len(), 0);
        assert!(!world.asked("OffsetCommit", at(3_000)).is_empty());
        world.act(|consumer, now, out| consumer.keep_busy(now, Span::from_secs(5), out));
        world.end = 20;
        world.run_until(at(12_000));
        let late = processed(&world).into_iter().find(|part| part.start > at(8_000)).unwrap();
        assert!(late.returned > at(3_700) && late.returned < at(5_500), "{late:?}");
        assert_eq!(late.start - late.returned, Span::from_secs(5), "{late:?}");
    }
}
