//! `pause` and `resume`: what a consumer does without the records of some partitions, under both
//! protocols (`SubscriptionState`, `FetchCollector`, `AbstractFetch`).

use crate::brokers::{Sent, World, at, metadata, modern, settings};
use rejoin::assignor::Strategy;
use rejoin::client::effect::Note;
use rejoin::kernel::time::{Instant, Span};
use rejoin::model::config::{CommitMode, ConsumerConfig};
use rejoin::model::error::ErrorCode;
use rejoin::model::fact::Processed;
use rejoin::model::id::{BrokerId, PartitionId};
use rejoin::model::message::cluster::MetadataResponse;
use rejoin::model::message::fetch::{FetchRequest, FetchResponse};
use rejoin::model::message::group::{HeartbeatResponse, JoinGroupResponse};
use rejoin::model::message::{Request, Response};
use serde_json::{Value, json};
use std::sync::Arc;

fn both(change: impl Fn(ConsumerConfig) -> ConsumerConfig) -> [ConsumerConfig; 2] {
    [change(settings()), change(modern())]
}

/// Three partitions, all led by broker 1.
fn one_leader() -> Arc<MetadataResponse> {
    let mut known = (*metadata(3, 0)).clone();
    for partition in &mut known.topics[0].partitions {
        partition.leader = Some(BrokerId(1));
    }
    known.into()
}

/// Answers each fetch with so many records of each partition that it asks for.
fn serve(sent: &Sent, records: u64) -> Option<Response> {
    let Request::Fetch(fetch) = &sent.request else { return None };
    let mut partitions = fetch.partitions.clone();
    for part in &mut partitions {
        part.to = part.from + records;
    }
    Some(FetchResponse { partitions, ..FetchResponse::default() }.into())
}

/// A consumer of three partitions with one leader, who gets 30 records of each with each fetch.
fn world(settings: ConsumerConfig) -> World {
    let mut world = World::in_cluster(one_leader(), settings, CommitMode::None, |_| {});
    world.script = Box::new(|sent| serve(sent, 30));
    world
}

fn fetches(world: &World) -> Vec<(Instant, &FetchRequest)> {
    let all = world.sent.iter().filter_map(|sent| match &sent.request {
        Request::Fetch(fetch) => Some((sent.at, fetch)),
        _ => None,
    });
    all.collect()
}

fn processed(world: &World) -> Vec<Processed> {
    let all = world.notes.iter().filter_map(|(_, note)| match note {
        Note::Processed(processed) => Some(*processed),
        _ => None,
    });
    all.collect()
}

/// Lets the application pause these, or all, until then.
fn pause(world: &mut World, partitions: Option<&[u32]>, until: Instant) {
    let ids = partitions.map(|ids| ids.iter().map(|&id| PartitionId(id)).collect());
    world.act(|consumer, now, out| consumer.pause_partitions(now, ids, until, out));
}

fn told(world: &World) -> Vec<(Instant, Note)> {
    let ours = |note: &Note| matches!(note, Note::Paused(_) | Note::Resumed(_));
    world.notes.iter().filter(|(_, note)| ours(note)).cloned().collect()
}

fn ids(ids: &[u32]) -> Vec<PartitionId> {
    ids.iter().map(|&id| PartitionId(id)).collect()
}

/// What had come before the pause, or was on its way, stays in the buffer and is returned by the first
/// poll after it; nothing is asked for meanwhile.
#[test]
fn what_was_fetched_before_a_pause_is_returned_after_it_without_another_fetch() {
    for settings in both(|s| ConsumerConfig { max_poll_records: 7, ..s }) {
        let mut world = world(settings);
        world.run_until(at(10_000));
        pause(&mut world, None, at(20_000));
        world.run_until(at(30_000));
        let told = told(&world);
        let [(paused, Note::Paused(_)), (resumed, Note::Resumed(_))] = &told[..] else {
            panic!("{told:?}");
        };
        assert!(*paused >= at(10_000) && *paused <= at(10_030), "after the batch: {paused:?}");
        assert!(*resumed >= at(20_000) && *resumed < at(20_102), "between polls: {resumed:?}");
        let all = processed(&world);
        assert!(all.iter().all(|part| part.returned < *paused || part.returned >= *resumed));
        let first = all.iter().position(|part| part.returned >= *resumed).unwrap();
        assert_eq!(all[first].returned, *resumed, "without waiting for a broker");
        let asked = fetches(&world);
        let meanwhile = asked.iter().filter(|(when, _)| when > paused && when < resumed);
        assert_eq!(meanwhile.count(), 0);
        // Nothing is lost or comes twice.
        for partition in ids(&[0, 1, 2]) {
            let mut next = 0;
            for part in all.iter().filter(|part| part.partition == partition) {
                assert_eq!(part.from, next);
                next = part.to;
            }
            assert!(next > 1_000);
        }
    }
}

/// A paused partition is not asked for, and those of the same broker are, also while data of it lie in
/// the buffer.
#[test]
fn others_of_the_same_broker_are_read_on() {
    for settings in both(|s| ConsumerConfig { max_poll_records: 7, ..s }) {
        let mut world = world(settings);
        world.run_until(at(10_000));
        pause(&mut world, Some(&[1]), at(20_000));
        world.run_until(at(30_000));
        let told = told(&world);
        assert_eq!(told.len(), 2, "{told:?}");
        let ((paused, what), (resumed, _)) = (&told[0], &told[1]);
        assert_eq!(*what, Note::Paused(ids(&[1])));
        let during = |when: Instant| when > *paused && when < *resumed;
        let asked = fetches(&world);
        let asked: Vec<Vec<PartitionId>> = asked
            .iter()
            .filter(|(when, _)| during(*when))
            .map(|(_, fetch)| fetch.partitions.iter().map(|part| part.partition).collect())
            .collect();
        assert!(asked.len() > 100, "{}", asked.len());
        for fetch in asked {
            assert_eq!(fetch.len(), 2);
            assert!(!fetch.contains(&PartitionId(1)));
        }
        let all = processed(&world);
        let of = |id| {
            let during = all.iter().filter(|part| during(part.returned));
            during.filter(|part| part.partition == PartitionId(id)).count()
        };
        assert_eq!(of(1), 0);
        assert!(of(0) > 200 && of(2) > 200, "{} {}", of(0), of(2));
    }
}

/// Only the application's thread can pause, and it is inside `poll` most of the time: what that brings
/// is processed first.
#[test]
fn who_is_inside_poll_pauses_when_that_returns() {
    for settings in both(|s| s) {
        let timeout = |setup: &mut rejoin::client::consumer::Setup| {
            setup.application.poll_timeout = Span::from_secs(1);
        };
        let mut world = World::in_cluster(one_leader(), settings, CommitMode::None, timeout);
        world.run_until(at(10_100));
        pause(&mut world, None, at(14_000));
        let began = world.now;
        world.run_until(at(18_000));
        let told = told(&world);
        assert_eq!(told.len(), 2, "{told:?}");
        let (paused, resumed) = (told[0].0, told[1].0);
        assert!(paused > began && paused <= began + Span::from_ms(1_001), "{paused:?}");
        assert!(resumed >= at(14_000) && resumed <= at(15_001), "{resumed:?}");
    }
}

/// Who can't read goes on polling, and its heartbeats go on.
#[test]
fn a_member_that_has_paused_everything_stays_a_member() {
    for settings in both(|s| s) {
        let mut world =
            world(ConsumerConfig { max_poll_interval: Span::from_secs(20), ..settings });
        world.run_until(at(10_000));
        pause(&mut world, None, Instant::NEVER);
        world.run_until(at(100_000));
        assert_eq!(world.noted(|note| *note == Note::PollTimeout), []);
        let beats = world.asked("Heartbeat", at(20_000)).len()
            + world.asked("ConsumerGroupHeartbeat", at(20_000)).len();
        assert!(beats >= 15, "{beats}");
        assert_eq!(fetches(&world).iter().filter(|(when, _)| *when > at(11_000)).count(), 0);
    }
}

/// An eager rebalance takes everything away, and what comes back is not paused; a cooperative one leaves
/// it where it is.
#[test]
fn a_rebalance_lifts_the_pause_of_what_it_takes_away() {
    for (strategy, lifts) in [("range", true), ("cooperative-sticky", false)] {
        let offer = |setup: &mut rejoin::client::consumer::Setup| {
            setup.strategies = vec![Strategy::shipped(strategy).unwrap()];
        };
        let mut world = World::in_cluster(one_leader(), settings(), CommitMode::None, offer);
        let mut generation = 0;
        world.script = Box::new(move |sent| match &sent.request {
            Request::Heartbeat(_) if sent.at > at(12_000) && generation == 1 => {
                let error_code = ErrorCode::RebalanceInProgress;
                Some(Response::Heartbeat(HeartbeatResponse { error_code }))
            }
            Request::JoinGroup(_) => {
                generation += 1;
                let joined = JoinGroupResponse {
                    generation_id: generation,
                    protocol_name: Some(strategy.into()),
                    leader: "somebody".into(),
                    member_id: "me".into(),
                    ..JoinGroupResponse::default()
                };
                Some(joined.into())
            }
            _ => serve(sent, 30),
        });
        world.run_until(at(10_000));
        pause(&mut world, None, Instant::NEVER);
        world.run_until(at(30_000));
        let assigned = world.noted(|note| matches!(note, Note::Assigned { .. }));
        assert_eq!(assigned.len(), 2);
        let read = processed(&world).iter().any(|part| part.returned > assigned[1]);
        assert_eq!(read, lifts, "{strategy}");
    }
}

/// Under KIP-848 data of a paused partition that lie in the buffer wake the `poll` that puts them back:
/// it does not wait, also where it otherwise would (`FetchBuffer.addAll`, `awaitWakeup`).
#[test]
fn data_of_a_paused_partition_keep_poll_awake_under_kip_848() {
    let mut seen = [false; 2];
    for start in [10_000, 10_040, 10_080, 10_120, 10_160, 10_200, 10_240] {
        // Where 30 records come and a poll takes 10, a poll finds that the buffer has become empty, and
        // waits to its end before the next one asks for more.
        let mut world = world(ConsumerConfig { max_poll_records: 10, ..modern() });
        world.run_until(at(start));
        pause(&mut world, Some(&[1]), at(20_000));
        world.run_until(at(21_000));
        let [(from, _), (to, _)] = told(&world)[..] else { panic!("a pause and its end") };
        let asked = fetches(&world).iter().filter(|(at, _)| *at > from && *at < to).count();
        assert!(!(70..=130).contains(&asked), "{start}: {asked}");
        seen[usize::from(asked > 130)] = true;
    }
    assert_eq!(seen, [true; 2], "something lies in the buffer, or nothing");
}

/// A poll that has looked at data of a paused partition keeps them while another leader confirms the
/// position: they begin where the partition is still read.
#[test]
fn another_leader_does_not_take_what_was_fetched_before_a_pause() {
    for settings in both(|s| ConsumerConfig { max_poll_records: 7, ..s }) {
        let age = Span::from_secs(3);
        let mut world = world(ConsumerConfig { metadata_max_age: age, ..settings });
        world.end = 1_000_000;
        world.run_until(at(10_000));
        pause(&mut world, None, at(20_000));
        world.run_until(at(12_000));
        let mut known = (*one_leader()).clone();
        for partition in &mut known.topics[0].partitions {
            partition.leader_epoch = 1;
        }
        world.metadata = known.into();
        world.run_until(at(30_000));
        let validated = world.asked("OffsetForLeaderEpoch", at(12_000));
        assert_eq!(validated.len(), 1);
        assert!(validated[0].at < at(16_000));
        let resumed = told(&world)[1].0;
        let first = processed(&world).into_iter().find(|part| part.returned > at(11_000)).unwrap();
        assert_eq!(first.returned, resumed, "without waiting for a broker");
        let meanwhile = |at: Instant| at > Instant::from_secs(11) && at < resumed;
        assert_eq!(fetches(&world).iter().filter(|(at, _)| meanwhile(*at)).count(), 0);
    }
}

/// What Kafka's own consumers answered (tests/vectors/pausing).
fn answers(case: &str) -> Vec<(ConsumerConfig, Value)> {
    let text = include_str!("../vectors/pausing/answers.jsonl");
    let all = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let ours: Vec<Value> = all.filter(|answer| answer["case"] == case).collect();
    assert_eq!(ours.len() % 3, 0, "each protocol");
    let config = |answer: &Value| match answer["protocol"].as_str() {
        Some("consumer") => modern(),
        _ => settings(),
    };
    ours.into_iter().map(|answer| (config(&answer), answer)).collect()
}

/// Three partitions of one leader with twenty records each, of which a poll returns seven.
fn recorded(settings: ConsumerConfig) -> World {
    let settings = ConsumerConfig { max_poll_records: 7, ..settings };
    let mut world = World::in_cluster(one_leader(), settings, CommitMode::None, |_| {});
    world.end = 20;
    world
}

/// Lets time pass until the application works on the first records.
fn run_to_first_records(world: &mut World) {
    while fetches(world).is_empty() {
        let next = world.now + Span::from_ms(1);
        world.run_until(next);
    }
    let answered = fetches(world)[0].0 + Span::from_ms(3);
    world.run_until(answered);
}

/// Each poll that returned something, as the vectors show it, but sorted by partition.
fn polls(world: &World) -> Vec<Value> {
    let all = processed(world);
    let polls = all.chunk_by(|a, b| a.returned == b.returned);
    let show = |part: &Processed| json!([part.partition.0, part.from, part.to - part.from]);
    polls.map(|poll| sorted(&poll.iter().map(show).collect())).collect()
}

fn sorted(poll: &Value) -> Value {
    let mut parts = poll.as_array().expect("parts of a poll").clone();
    parts.sort_by_key(|part| part[0].as_u64());
    parts.into()
}

fn expected(answer: &Value, keys: &[&str]) -> Vec<Value> {
    let all = keys.iter().flat_map(|key| match &answer[*key] {
        one if one[0][0].is_number() => vec![one.clone()],
        several => several.as_array().expect("polls").clone(),
    });
    all.map(|poll| sorted(&poll)).collect()
}

#[test]
fn after_a_pause_of_everything_polls_return_what_kafkas_do() {
    for (settings, answer) in answers("all") {
        let mut world = recorded(settings);
        run_to_first_records(&mut world);
        let until = world.now + Span::from_secs(2);
        pause(&mut world, None, until);
        world.run_until(until + Span::from_secs(5));
        let expected = expected(&answer, &["before", "after"]);
        assert_eq!(polls(&world)[..5], expected, "{answer}");
        let [(from, _), (to, _)] = told(&world)[..] else { panic!("a pause and its end") };
        let asked = fetches(&world).iter().filter(|(at, _)| *at > from && *at < to).count();
        assert_eq!((json!(0), json!(asked)), (answer["while_paused"].clone(), json!(0)));
        assert_eq!(answer["fetches_while_paused"], json!(asked));
    }
}

#[test]
fn after_a_pause_of_one_partition_its_records_come_last_as_with_kafka() {
    for (settings, answer) in answers("one") {
        let mut world = recorded(settings);
        run_to_first_records(&mut world);
        // Seven records of a millisecond each; three polls of them later it is over.
        let until = world.now + Span::from_ms(23);
        pause(&mut world, Some(&[0]), until);
        world.run_until(at(5_000));
        let expected = expected(&answer, &["before", "during", "after"]);
        assert_eq!(polls(&world)[..7], expected, "{answer}");
    }
}

#[test]
fn auto_commit_goes_on_while_everything_is_paused_as_with_kafka() {
    for (settings, answer) in answers("commit") {
        let interval = Span::from_ms(200);
        let settings =
            ConsumerConfig { enable_auto_commit: true, auto_commit_interval: interval, ..settings };
        let mut world = World::with(
            ConsumerConfig { max_poll_records: 7, ..settings },
            CommitMode::Auto,
            |setup| setup.application.poll_timeout = Span::from_ms(100),
        );
        world.end = 20;
        run_to_first_records(&mut world);
        pause(&mut world, None, Instant::NEVER);
        world.run_until(at(3_000));
        let Some(Sent { request: Request::OffsetCommit(commit), .. }) =
            world.asked("OffsetCommit", Instant::ZERO).last().copied()
        else {
            panic!("it commits");
        };
        let committed = commit.topics[0].partitions.iter().map(|p| p.committed_offset).max();
        assert_eq!(json!(committed), answer["committed"], "what the one poll returned");
    }
}
