//! What the client knows of the cluster: topics, partitions and their leaders.

use crate::model::Name;
use crate::model::id::{BrokerId, PartitionId};
use crate::model::message::cluster::{MetadataResponse, PartitionMetadata, TopicMetadata};
use crate::model::uuid::Uuid;
use std::collections::BTreeMap;

/// The client's view of the cluster.
#[derive(Clone, Debug, Default)]
pub(super) struct Metadata {
    racks: Vec<Option<Name>>,
    topics: Vec<TopicMetadata>,
    leaders: BTreeMap<PartitionId, Option<BrokerId>>,
    names: BTreeMap<PartitionId, (Name, u32)>,
    known: bool,
}

impl Metadata {
    /// Takes over a response.
    pub(super) fn update(&mut self, response: MetadataResponse) {
        self.leaders.clear();
        self.names.clear();
        for topic in &response.topics {
            for (index, partition) in (0..).zip(&topic.partitions) {
                self.leaders.insert(partition.partition, partition.leader);
                self.names.insert(partition.partition, (topic.name.clone(), index));
            }
        }
        (self.racks, self.topics) = (response.racks, response.topics);
        self.known = true;
    }

    /// Whether the client has heard anything yet.
    pub(super) fn is_known(&self) -> bool {
        self.known
    }

    /// All topics.
    pub(super) fn topics(&self) -> &[TopicMetadata] {
        &self.topics
    }

    /// For each partition of a topic the racks of its replicas, as far as brokers have one.
    pub(super) fn racks(&self, topic: &TopicMetadata) -> Vec<Vec<Name>> {
        let rack = |broker: &BrokerId| self.racks.get(broker.index() - 1).cloned().flatten();
        let racks = |p: &PartitionMetadata| p.replicas.iter().filter_map(rack).collect();
        topic.partitions.iter().map(racks).collect()
    }

    /// The topic of this name.
    pub(super) fn topic(&self, name: &str) -> Option<&TopicMetadata> {
        self.topics.iter().find(|topic| *topic.name == *name)
    }

    /// The leader of a partition.
    pub(super) fn leader(&self, partition: PartitionId) -> Option<BrokerId> {
        self.leaders.get(&partition).copied().flatten()
    }

    /// Topic and index of a partition.
    pub(super) fn name(&self, partition: PartitionId) -> (&Name, u32) {
        let (name, index) = self.names.get(&partition).expect("an assigned partition is known");
        (name, *index)
    }

    /// The partition of this topic's id and index.
    pub(super) fn partition_by_id(&self, topic: Uuid, index: u32) -> Option<PartitionId> {
        let topic = self.topics.iter().find(|known| known.id == topic)?;
        topic.partitions.get(index as usize).map(|p| p.partition)
    }

    /// The partition of this topic and index.
    pub(super) fn partition(&self, topic: &str, index: u32) -> Option<PartitionId> {
        self.topic(topic)?.partitions.get(index as usize).map(|p| p.partition)
    }
}
