//! `FindCoordinator` and Metadata: whom to ask.

use crate::model::Name;
use crate::model::error::ErrorCode;
use crate::model::id::{BrokerId, PartitionId, TopicId};
use crate::model::topic::Topics;
use crate::model::uuid::Uuid;
use std::collections::BTreeMap;
use std::sync::Arc;

/// `FindCoordinator`: who coordinates this group?
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FindCoordinatorRequest {
    /// The group.
    pub group_id: Name,
}

/// The answer to `FindCoordinator`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FindCoordinatorResponse {
    /// What went wrong.
    pub error_code: ErrorCode,
    /// The coordinator's broker.
    pub node: BrokerId,
}

/// The answer to Metadata: all topics with their partitions and leaders.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct MetadataResponse {
    /// The rack of each broker (`broker.rack`), in the order of their ids.
    pub racks: Vec<Option<Name>>,
    /// Brokers that are not fenced, by id.
    pub brokers: Vec<BrokerId>,
    /// Topics by name.
    pub topics: Vec<TopicMetadata>,
    /// The row of each partition's topic, and its index there.
    pub places: BTreeMap<PartitionId, (usize, u32)>,
    /// Names of all topics of the run and of their partitions, those to come included: whoever is
    /// told of a partition can name it before it knows who leads it.
    pub names: Arc<Topics>,
}

impl MetadataResponse {
    /// These topics on these brokers.
    pub fn new(
        racks: Vec<Option<Name>>,
        brokers: Vec<BrokerId>,
        topics: Vec<TopicMetadata>,
        names: Arc<Topics>,
    ) -> Self {
        let rows = topics.iter().enumerate();
        let places = rows.flat_map(|(row, topic)| {
            (0..).zip(&topic.partitions).map(move |(index, p)| (p.partition, (row, index)))
        });
        MetadataResponse { racks, brokers, places: places.collect(), topics, names }
    }
}

/// A topic as metadata shows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TopicMetadata {
    /// The topic.
    pub topic: TopicId,
    /// Its name.
    pub name: Name,
    /// Its id.
    pub id: Uuid,
    /// Its partitions, by index.
    pub partitions: Vec<PartitionMetadata>,
}

/// A partition as metadata shows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PartitionMetadata {
    /// The partition.
    pub partition: PartitionId,
    /// Its leader; nobody: none.
    pub leader: Option<BrokerId>,
    /// How often the leader has changed.
    pub leader_epoch: i32,
    /// All replicas, preferred leader first.
    pub replicas: Vec<BrokerId>,
}
