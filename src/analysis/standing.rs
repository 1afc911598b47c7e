//! A group as it stands when a run ends, as a question to assignment strategies.

use crate::assignor::{Load, Member, Question, Topic};
use crate::kernel::dist::Dist;
use crate::kernel::java_hash::string_cmp;
use crate::kernel::rate::Rate;
use crate::kernel::time::Instant;
use crate::model::Name;
use crate::model::consumer_protocol::TopicPartitions;
use crate::model::id::{BrokerId, ConsumerId, GroupId, PartitionId, TopicId};
use crate::scenario::Scenario;
use crate::scenario::group::ConsumerTemplate;
use crate::world::Run;
use std::collections::BTreeMap;

/// The group with the members that its coordinator counts at the end, and what they own.
pub fn members_at_end(run: &mut Run, scenario: &Scenario, group: GroupId) -> Question {
    let of_group = &scenario.groups[group.index()];
    let topics = subscribed(run, group);
    let state = &run.trace.live.groups[group.index()];
    let member = |(id, &consumer): (&Name, &ConsumerId)| {
        let known = &run.trace.live.consumers[consumer.index()];
        let name = &run.trace.consumers[consumer.index()].name;
        let template = of_group.consumers.iter().find(|c| c.name == *name);
        let template = template.map_or(&of_group.template, |consumer| &consumer.template);
        let mut member = self::member(id.clone(), template, run, &topics);
        member.owned = owned(run, &known.owned);
        member.generation = known.assigned.unwrap_or(-1);
        member
    };
    let members = state.members.iter().map(member).collect();
    Question { topics: loaded(run, group, &topics, scenario), members, seen: -1 }
}

/// The group as the scenario starts it: everybody has joined, nobody owns anything. Members have
/// the names of their consumers.
pub fn members_at_start(run: &mut Run, scenario: &Scenario, group: GroupId) -> Question {
    let topics = subscribed(run, group);
    let consumers = scenario.groups[group.index()].consumers.iter();
    let member = |consumer: &crate::scenario::group::Consumer| {
        member(consumer.name.as_str().into(), &consumer.template, run, &topics)
    };
    let members = consumers.map(member).collect();
    Question { topics: loaded(run, group, &topics, scenario), members, seen: -1 }
}

fn subscribed(run: &Run, group: GroupId) -> Vec<TopicId> {
    let there = run.group_partitions[group.index()].iter();
    let there = there.filter(|p| run.logs.partitions[p.index()].deleted().is_none());
    let mut topics: Vec<TopicId> = there.map(|&p| run.topics.of(p).0).collect();
    topics.sort_unstable();
    topics.dedup();
    topics
}

fn member(id: Name, template: &ConsumerTemplate, run: &Run, topics: &[TopicId]) -> Member {
    let mut names: Vec<Name> = topics.iter().map(|&topic| run.topics.name(topic).clone()).collect();
    names.sort_by(|a, b| string_cmp(a, b));
    Member {
        id,
        rack: Some(&*template.config.client_rack).filter(|rack| !rack.is_empty()).map(Into::into),
        topics: names,
        capacity: capacity(&template.process),
        ..Member::default()
    }
}

/// Records that a consumer can process at this time for each; `None`: any number.
pub fn capacity(process: &Dist) -> Option<Rate> {
    let mean = process.mean();
    let units = Rate::PER_EVENT as f64 / mean;
    (mean > 0.0 && units >= 1.0).then(|| Rate::from_units(units as u64))
}

fn owned(run: &Run, partitions: &[PartitionId]) -> Vec<TopicPartitions> {
    let mut by_topic: BTreeMap<TopicId, Vec<u32>> = BTreeMap::new();
    for &partition in partitions {
        let (topic, index) = run.topics.of(partition);
        by_topic.entry(topic).or_default().push(index);
    }
    let of = |(topic, partitions): (TopicId, Vec<u32>)| TopicPartitions {
        topic: run.topics.name(topic).clone(),
        partitions,
    };
    by_topic.into_iter().map(of).collect()
}

fn loaded(run: &mut Run, group: GroupId, topics: &[TopicId], scenario: &Scenario) -> Vec<Topic> {
    let end = Instant::ZERO + scenario.duration;
    let rack = |broker: &BrokerId| scenario.cluster.racks.get(broker.index() - 1)?.as_deref();
    let mut known = Vec::with_capacity(topics.len());
    for &topic in topics {
        let partitions = run.topics.partitions(topic).to_vec();
        let racks =
            |&p: &PartitionId| run.topics.replicas(p).iter().filter_map(rack).map(Name::from);
        known.push(Topic {
            name: run.topics.name(topic).clone(),
            id: None,
            partitions: partitions.len() as u32,
            racks: partitions.iter().map(|p| racks(p).collect()).collect(),
            load: partitions.iter().map(|&p| load(run, group, p, end)).collect(),
        });
    }
    known
}

fn load(run: &mut Run, group: GroupId, partition: PartitionId, at: Instant) -> Load {
    let state = &run.trace.live.groups[group.index()];
    let log = &run.logs.partitions[partition.index()];
    let read = state.committed[partition.index()].or(state.position[partition.index()]);
    let end = log.visible_end(at, &mut run.logs.producers);
    Load {
        lag: end.saturating_sub(read.unwrap_or(log.start())),
        rate: log.rate(at, &run.logs.producers),
    }
}
