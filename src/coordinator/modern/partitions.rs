//! What a member owns, and the forms in which it is written and sent.

use crate::assignor::server::{Partitions, Target};
use crate::coordinator::image::TopicImage;
use crate::model::message::assignment::{
    Assignment, NamedAssignment, NamedTopicPartitions, TopicPartitions,
};
use crate::model::record::consumer::EpochPartitions;
use crate::model::uuid::Uuid;
use std::collections::BTreeMap;

/// Partitions by topic, each with the member epoch in which the member got it.
pub(in crate::coordinator) type Owned = BTreeMap<Uuid, BTreeMap<u32, i32>>;

/// Whether `owned` holds this partition.
pub(in crate::coordinator) fn holds(owned: &Owned, topic: Uuid, partition: u32) -> bool {
    owned.get(&topic).is_some_and(|partitions| partitions.contains_key(&partition))
}

/// As a record lists it.
pub(in crate::coordinator) fn to_record(owned: &Owned) -> Vec<EpochPartitions> {
    let topic = |(&topic_id, partitions): (&Uuid, &BTreeMap<u32, i32>)| EpochPartitions {
        topic_id,
        partitions: partitions.keys().copied().collect(),
        assignment_epochs: partitions.values().copied().collect(),
    };
    owned.iter().map(topic).collect()
}

/// As a record listed it. Without an epoch for each, all came at `member_epoch`.
pub(in crate::coordinator) fn of_record(topics: &[EpochPartitions], member_epoch: i32) -> Owned {
    let topic = |topic: &EpochPartitions| {
        let partitions = topic.partitions.iter().copied();
        let partitions = if topic.assignment_epochs.len() == topic.partitions.len() {
            partitions.zip(topic.assignment_epochs.iter().copied()).collect()
        } else {
            partitions.map(|partition| (partition, member_epoch.max(0))).collect()
        };
        (topic.topic_id, partitions)
    };
    topics.iter().map(topic).collect()
}

/// As an answer lists it.
pub(in crate::coordinator) fn to_assignment(owned: &Owned) -> Assignment {
    let topic = |(&topic_id, partitions): (&Uuid, &BTreeMap<u32, i32>)| TopicPartitions {
        topic_id,
        partitions: partitions.keys().copied().collect(),
    };
    Assignment { topic_partitions: owned.iter().map(topic).collect() }
}

/// A target as a record lists it.
pub(in crate::coordinator) fn target_to_record(target: &Target) -> Vec<TopicPartitions> {
    let topic =
        |p: &Partitions| TopicPartitions { topic_id: p.topic, partitions: p.partitions.clone() };
    target.iter().map(topic).collect()
}

/// A target as a record listed it.
pub(in crate::coordinator) fn target_of_record(topics: Vec<TopicPartitions>) -> Target {
    let topic = |p: TopicPartitions| Partitions { topic: p.topic_id, partitions: p.partitions };
    topics.into_iter().map(topic).collect()
}

/// Partitions of topics that still exist, with the topics' names.
pub(in crate::coordinator) fn named(
    topics: impl IntoIterator<Item = (Uuid, Vec<u32>)>,
    image: &TopicImage,
) -> NamedAssignment {
    let topic = |(topic_id, partitions)| {
        let topic_name = image.by_id(topic_id)?.name.clone();
        Some(NamedTopicPartitions { topic_id, topic_name, partitions })
    };
    NamedAssignment { topic_partitions: topics.into_iter().filter_map(topic).collect() }
}
