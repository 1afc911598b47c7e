//! The table of topics and their partitions.

use super::Name;
use super::id::{BrokerId, PartitionId, TopicId};
use super::uuid::Uuid;

/// All topics of a run with their partitions, densely numbered.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Topics {
    topics: Vec<TopicRow>,
    partitions: Vec<PartitionRow>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct TopicRow {
    name: Name,
    id: Uuid,
    /// How many topics of its name there were before it.
    life: u32,
    partitions: Vec<PartitionId>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct PartitionRow {
    topic: TopicId,
    index: u32,
    replicas: Vec<BrokerId>,
}

impl Topics {
    /// Adds a topic; replicas per partition, preferred leader first. A topic that is created again
    /// after it was deleted is another one of the same name.
    pub fn add(&mut self, name: Name, id: Uuid, replicas: Vec<Vec<BrokerId>>) -> TopicId {
        let topic = TopicId::new(self.topics.len());
        let mut partitions = Vec::with_capacity(replicas.len());
        for (index, replicas) in (0..).zip(replicas) {
            partitions.push(PartitionId::new(self.partitions.len()));
            self.partitions.push(PartitionRow { topic, index, replicas });
        }
        let life = self.lives(&name).count() as u32;
        self.topics.push(TopicRow { name, id, life, partitions });
        topic
    }

    /// Ids of all topics.
    pub fn ids(&self) -> impl Iterator<Item = TopicId> + use<> {
        (0..self.topics.len()).map(TopicId::new)
    }

    /// A topic's name.
    pub fn name(&self, topic: TopicId) -> &Name {
        &self.topics[topic.index()].name
    }

    /// Its id in the protocol.
    pub fn id(&self, topic: TopicId) -> Uuid {
        self.topics[topic.index()].id
    }

    /// The topic with this id in the protocol.
    pub fn by_id(&self, id: Uuid) -> Option<TopicId> {
        self.topics.iter().position(|topic| topic.id == id).map(TopicId::new)
    }

    /// The topic of this name; of several the first.
    pub fn by_name(&self, name: &str) -> Option<TopicId> {
        self.lives(name).next()
    }

    /// All topics of this name, in the order in which they are created.
    pub fn lives(&self, name: &str) -> impl DoubleEndedIterator<Item = TopicId> {
        let rows = self.topics.iter().enumerate();
        rows.filter(move |(_, topic)| *topic.name == *name).map(|(row, _)| TopicId::new(row))
    }

    /// Whether two topics have the same name.
    pub fn is_same(&self, one: TopicId, other: TopicId) -> bool {
        self.name(one) == self.name(other)
    }

    /// A topic's partitions, by index.
    pub fn partitions(&self, topic: TopicId) -> &[PartitionId] {
        &self.topics[topic.index()].partitions
    }

    /// Number of partitions of all topics.
    pub fn partition_count(&self) -> usize {
        self.partitions.len()
    }

    /// A partition's topic and index.
    pub fn of(&self, partition: PartitionId) -> (TopicId, u32) {
        let row = &self.partitions[partition.index()];
        (row.topic, row.index)
    }

    /// A partition's replicas, preferred leader first.
    pub fn replicas(&self, partition: PartitionId) -> &[BrokerId] {
        &self.partitions[partition.index()].replicas
    }

    /// A partition's leader.
    pub fn leader(&self, partition: PartitionId) -> BrokerId {
        self.partitions[partition.index()].replicas[0]
    }

    /// A partition as people write it: `orders-7`, or `orders-7 (2)` if it is the second of its name.
    pub fn label(&self, partition: PartitionId) -> String {
        let (topic, index) = self.of(partition);
        let label = format!("{}-{index}", self.name(topic));
        match self.topics[topic.index()].life {
            0 => label,
            life => format!("{label} ({})", life + 1),
        }
    }
}
