//! From a target to what is owned, under KIP-848 (kafka-semantics 6.6; `AbstractMembershipManager`).

use crate::brokers::{TOPIC, World, at, metadata, modern};
use rejoin::client::consumer::Consumer;
use rejoin::client::effect::Note;
use rejoin::client::subscription::Topics;
use rejoin::kernel::dist::Dist;
use rejoin::kernel::time::{Instant, Span};
use rejoin::model::Name;
use rejoin::model::config::{CommitMode, ConsumerConfig};
use rejoin::model::id::{BrokerId, PartitionId, TopicId};
use rejoin::model::message::Request;
use rejoin::model::message::assignment::{Assignment, TopicPartitions};
use rejoin::model::message::cluster::{MetadataResponse, PartitionMetadata, TopicMetadata};
use rejoin::model::message::consumer_group::{
    ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse,
};
use rejoin::model::topic::Topics as Names;
use rejoin::model::uuid::Uuid;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

/// What the coordinator says that the member is to own: by topic id.
type Target = Rc<RefCell<Option<Vec<(u128, Vec<u32>)>>>>;

/// A coordinator that says this with its next heartbeat, once.
fn obey(world: &mut World) -> Target {
    let target = Target::default();
    let said = target.clone();
    world.script = Box::new(move |sent| {
        let Request::ConsumerGroupHeartbeat(beat) = &sent.request else { return None };
        let topics = said.borrow_mut().take();
        let of_topic = |(id, partitions)| TopicPartitions { topic_id: Uuid(id), partitions };
        let response = ConsumerGroupHeartbeatResponse {
            member_epoch: beat.member_epoch.max(1),
            heartbeat_interval_ms: 5_000,
            assignment: topics.map(|topics| Assignment {
                topic_partitions: topics.into_iter().map(of_topic).collect(),
            }),
            ..ConsumerGroupHeartbeatResponse::default()
        };
        Some(response.into())
    });
    target
}

/// Heartbeats that say what the member owns.
fn acknowledgements(world: &World, since: Instant) -> Vec<(Instant, Vec<TopicPartitions>)> {
    let beats = world.asked("ConsumerGroupHeartbeat", since).into_iter();
    let owned = beats.filter_map(|sent| match &sent.request {
        Request::ConsumerGroupHeartbeat(beat) => Some((sent.at, beat.topic_partitions.clone()?)),
        _ => None,
    });
    owned.collect()
}

fn revoked(note: &Note) -> bool {
    matches!(note, Note::Revoked(_))
}

fn assigned(note: &Note) -> bool {
    matches!(note, Note::Assigned { .. })
}

/// The cluster with a second topic of one partition, number 3, led by broker 1.
fn with_second_topic() -> Arc<MetadataResponse> {
    let mut topics = metadata(3, 0).topics.clone();
    let replicas = vec![BrokerId(1), BrokerId(2)];
    topics.push(TopicMetadata {
        topic: TopicId(1),
        name: "returns".into(),
        id: Uuid(8),
        partitions: vec![PartitionMetadata {
            partition: PartitionId(3),
            leader: Some(BrokerId(1)),
            leader_epoch: 0,
            replicas: replicas.clone(),
        }],
    });
    let mut names = Names::default();
    let of_first = topics[0].partitions.iter().map(|p| p.replicas.clone()).collect();
    names.add(TOPIC.into(), Uuid(7), of_first);
    names.add("returns".into(), Uuid(8), vec![replicas]);
    let brokers = (1..=3).map(BrokerId).collect();
    MetadataResponse::new(vec![None; 3], brokers, topics, names.into()).into()
}

/// Of a target with a topic that it has not heard of, a member takes over the rest and says so. It
/// asks for metadata, and heartbeats without a pause meanwhile: each time it finds that it owns what
/// it can own, which calls for a heartbeat.
#[test]
fn a_topic_that_the_member_has_not_heard_of_follows_as_soon_as_it_has() {
    let mut world = World::new(modern(), CommitMode::None);
    world.run_until(at(5_500));
    let since = world.now;
    let target = obey(&mut world);
    *target.borrow_mut() = Some(vec![(7, vec![0, 1]), (8, vec![0])]);
    // The brokers that the client asks hear of the topic later than the coordinator.
    world.run_until(at(10_700));
    let first = acknowledgements(&world, since);
    let kept = TopicPartitions { topic_id: Uuid(7), partitions: vec![0, 1] };
    assert_eq!(first[0].1, std::slice::from_ref(&kept), "as much as it knows");
    assert_eq!(world.noted(revoked).len(), 1, "one partition was taken away");
    assert_eq!(first.len(), 1, "said once");
    assert!(world.asked("ConsumerGroupHeartbeat", first[0].0).len() > 5, "again and again");
    assert!(!world.asked("Metadata", since).is_empty());
    world.metadata = with_second_topic();
    world.run_until(at(11_200));
    let all = acknowledgements(&world, since);
    let (then, owned) = all.last().unwrap();
    let added = TopicPartitions { topic_id: Uuid(8), partitions: vec![0] };
    assert_eq!(*owned, [kept, added]);
    assert_eq!(world.noted(assigned).len(), 3, "at first, the part, the rest");
    let beats = world.asked("ConsumerGroupHeartbeat", *then);
    assert_eq!(beats.len(), 1, "then all is well");
}

/// What a member is to own and owns again before it has given anything up needs no callbacks.
#[test]
fn a_target_that_comes_back_to_what_is_owned_is_acknowledged_at_once() {
    let mut world = World::new(modern(), CommitMode::None);
    world.run_until(at(5_500));
    let since = world.now;
    let target = obey(&mut world);
    // The application is busy, so that nothing can be given up, when one partition is taken away…
    world.act(|consumer, now, out| consumer.keep_busy(now, Span::from_secs(30), out));
    *target.borrow_mut() = Some(vec![(7, vec![0, 1])]);
    world.run_until(at(12_000));
    assert!(acknowledgements(&world, since).is_empty());
    // …and comes back.
    *target.borrow_mut() = Some(vec![(7, vec![0, 1, 2])]);
    world.run_until(at(25_000));
    let said = acknowledgements(&world, since);
    assert_eq!(said.len(), 1);
    assert_eq!(said[0].1[0].partitions, [0, 1, 2]);
    world.run_until(at(60_000));
    assert!(world.noted(revoked).is_empty());
    assert_eq!(world.noted(assigned).len(), 1, "only the first");
}

/// Partitions are given up by the application, inside `poll`; others are taken over there, too.
#[test]
fn while_the_application_does_not_poll_nothing_is_given_up() {
    let mut world = World::new(modern(), CommitMode::None);
    world.run_until(at(5_500));
    let target = obey(&mut world);
    world.act(|consumer, now, out| consumer.keep_busy(now, Span::from_secs(30), out));
    *target.borrow_mut() = Some(vec![(7, vec![0])]);
    world.run_until(at(35_000));
    let since = at(5_500);
    assert!(world.noted(revoked).is_empty() && acknowledgements(&world, since).is_empty());
    let beats = world.asked("ConsumerGroupHeartbeat", since);
    let gaps: Vec<Span> = beats.windows(2).map(|pair| pair[1].at - pair[0].at).collect();
    assert!(gaps.len() >= 4, "{gaps:?}");
    assert!(gaps.iter().all(|gap| *gap >= Span::from_secs(5)), "by the interval: {gaps:?}");
    world.run_until(at(37_000));
    let given_up = world.noted(revoked)[0];
    assert!(given_up >= at(35_500) && given_up < at(35_710), "{given_up:?}");
    let said = acknowledgements(&world, since);
    assert!(said[0].0 - given_up < Span::from_ms(102), "{said:?} {given_up:?}");
}

/// The rebalance listener takes its time: what is given up is not read any more, and nothing is
/// acknowledged before it is done.
#[test]
fn a_listener_keeps_the_coordinator_waiting() {
    let mut world = World::with(modern(), CommitMode::None, |setup| {
        setup.application.on_revoked = Dist::Fixed(700_000);
        setup.application.on_assigned = Dist::Fixed(300_000);
    });
    world.end = 10;
    world.run_until(at(5_800));
    let target = obey(&mut world);
    *target.borrow_mut() = Some(vec![(7, vec![0])]);
    world.run_until(at(14_000));
    let given_up = world.noted(revoked)[0];
    let taken = *world.noted(assigned).last().unwrap();
    let said = acknowledgements(&world, at(5_800));
    assert!(taken - given_up >= Span::from_ms(700), "{taken:?} {given_up:?}");
    let acknowledged = said[0].0 - taken;
    assert!(acknowledged >= Span::from_ms(300) && acknowledged < Span::from_ms(410));
    let read = world.asked("Fetch", given_up).into_iter().any(|sent| match &sent.request {
        Request::Fetch(fetch) => fetch.partitions.iter().any(|p| p.partition != PartitionId(0)),
        _ => false,
    });
    assert!(!read, "what is given up is not read");
}

/// The interval of auto-commit begins when the listener is done with the new assignment.
#[test]
fn auto_commit_waits_for_its_interval_after_an_assignment() {
    let settings = ConsumerConfig { enable_auto_commit: true, ..modern() };
    let mut world = World::with(settings, CommitMode::Auto, |setup| {
        setup.application.on_assigned = Dist::Fixed(2_000_000);
    });
    world.end = 10;
    world.run_until(at(15_000));
    let taken = world.noted(assigned)[0];
    let commit = world.asked("OffsetCommit", Instant::ZERO)[0].at;
    let waited = commit - taken;
    assert!(waited >= Span::from_ms(7_000) && waited < Span::from_ms(7_110), "{waited:?}");
}

/// What a pattern means is found out by polls, and told with the next heartbeat.
#[test]
fn a_pattern_is_resolved_when_the_application_polls() {
    let settings = ConsumerConfig { metadata_max_age: Span::from_secs(3), ..modern() };
    let mut world = World::with(settings, CommitMode::None, |setup| {
        setup.topics = Topics::Pattern(regex_lite::Regex::new("^(?:orders|returns)$").unwrap());
    });
    world.run_until(at(5_500));
    let names = |world: &World, since: Instant| {
        let beats = world.asked("ConsumerGroupHeartbeat", since).into_iter();
        let named = |beat: &ConsumerGroupHeartbeatRequest| beat.subscribed_topic_names.clone();
        beats
            .filter_map(|sent| match &sent.request {
                Request::ConsumerGroupHeartbeat(beat) => Some((sent.at, named(beat)?)),
                _ => None,
            })
            .collect::<Vec<(Instant, Vec<Name>)>>()
    };
    let first = names(&world, Instant::ZERO);
    assert!(first[0].1.is_empty(), "it joins before it knows the cluster: {first:?}");
    assert_eq!(first[1].1, [TOPIC.into()]);
    let since = world.now;
    world.metadata = with_second_topic();
    // Until it polls, it goes on as before.
    world.act(|consumer, now, out| Consumer::keep_busy(consumer, now, Span::from_secs(20), out));
    world.run_until(at(25_000));
    assert!(names(&world, since).is_empty());
    world.run_until(at(32_000));
    let later = names(&world, since);
    assert_eq!(later.len(), 1);
    assert_eq!(later[0].1, [Name::from(TOPIC), "returns".into()]);
    assert!(later[0].0 > at(25_500) && later[0].0 < at(30_800), "{later:?}");
}

/// An expression is the coordinator's to resolve: the client sends it, says all of it again after an
/// error, and asks for metadata of the topics that it is given.
#[test]
fn an_expression_is_left_to_the_coordinator() {
    let mut world = World::with(modern(), CommitMode::None, |setup| {
        setup.topics = Topics::Expression("ord.*".into());
    });
    let target = obey(&mut world);
    *target.borrow_mut() = Some(Vec::new());
    world.run_until(at(5_050));
    *target.borrow_mut() = Some(vec![(7, vec![0, 2])]);
    world.run_until(at(10_500));
    let beats = world.asked("ConsumerGroupHeartbeat", Instant::ZERO);
    let said = beats.iter().map(|sent| match &sent.request {
        Request::ConsumerGroupHeartbeat(beat) => {
            (beat.subscribed_topic_regex.clone(), beat.subscribed_topic_names.clone())
        }
        _ => unreachable!(),
    });
    let said: Vec<_> = said.collect();
    assert_eq!(said[0], (Some("ord.*".into()), Some(Vec::new())), "when it joins");
    assert!(said[1..].iter().all(|fields| *fields == (None, None)), "and never again");
    let given = world.notes.iter().find_map(|(at, note)| match note {
        Note::Assigned { partitions, .. } if !partitions.is_empty() => {
            Some((*at, partitions.len()))
        }
        _ => None,
    });
    let (given, partitions) = given.expect("it is given something");
    let asked = world.asked("Metadata", at(1_000));
    assert_eq!((partitions, asked.len()), (2, 1), "it had not heard of the topic");
    assert!(asked[0].at <= given && given - asked[0].at < Span::from_ms(110));
}
