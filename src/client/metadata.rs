//! What the client knows of the cluster: topics, partitions and their leaders.

use crate::model::Name;
use crate::model::id::{BrokerId, PartitionId};
use crate::model::message::cluster::{MetadataResponse, PartitionMetadata, TopicMetadata};
use crate::model::uuid::Uuid;
use std::sync::Arc;

/// The client's view of the cluster.
#[derive(Clone, Debug, Default)]
pub(super) struct Metadata {
    /// What it was told last, in a table that all clients share.
    cluster: Option<Arc<MetadataResponse>>,
}

impl Metadata {
    /// Takes over a response.
    pub(super) fn update(&mut self, response: Arc<MetadataResponse>) {
        self.cluster = Some(response);
    }

    /// Whether the client has heard anything yet.
    pub(super) fn is_known(&self) -> bool {
        self.cluster.is_some()
    }

    /// All topics.
    pub(super) fn topics(&self) -> &[TopicMetadata] {
        self.cluster.as_ref().map_or(&[], |cluster| &cluster.topics)
    }

    /// For each partition of a topic the racks of its replicas, as far as brokers have one.
    pub(super) fn racks(&self, topic: &TopicMetadata) -> Vec<Vec<Name>> {
        let racks = self.cluster.as_ref().map_or(&[][..], |cluster| &cluster.racks);
        let rack = |broker: &BrokerId| racks.get(broker.index() - 1).cloned().flatten();
        let racks = |p: &PartitionMetadata| p.replicas.iter().filter_map(rack).collect();
        topic.partitions.iter().map(racks).collect()
    }

    /// The topic of this name.
    pub(super) fn topic(&self, name: &str) -> Option<&TopicMetadata> {
        self.topics().iter().find(|topic| *topic.name == *name)
    }

    fn place(&self, partition: PartitionId) -> Option<(&TopicMetadata, u32)> {
        let cluster = self.cluster.as_ref()?;
        let &(row, index) = cluster.places.get(&partition)?;
        Some((&cluster.topics[row], index))
    }

    /// The leader of a partition.
    pub(super) fn leader(&self, partition: PartitionId) -> Option<BrokerId> {
        let (topic, index) = self.place(partition)?;
        topic.partitions[index as usize].leader
    }

    /// Topic and index of a partition.
    pub(super) fn name(&self, partition: PartitionId) -> (&Name, u32) {
        let (topic, index) = self.place(partition).expect("an assigned partition is known");
        (&topic.name, index)
    }

    /// The partition of this topic's id and index.
    pub(super) fn partition_by_id(&self, topic: Uuid, index: u32) -> Option<PartitionId> {
        let topic = self.topics().iter().find(|known| known.id == topic)?;
        topic.partitions.get(index as usize).map(|p| p.partition)
    }

    /// The partition of this topic and index.
    pub(super) fn partition(&self, topic: &str, index: u32) -> Option<PartitionId> {
        self.topic(topic)?.partitions.get(index as usize).map(|p| p.partition)
    }
}
