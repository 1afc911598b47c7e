//! Assignment strategies: members and topics in, partitions per member out.
//!
//! Pure functions over plain data: no clock, no randomness, no IO. A new strategy is a file of its
//! own and a line in [`ALL`].

mod range;
pub mod server;

use crate::model::Name;
use crate::model::consumer_protocol::TopicPartitions;

/// What a strategy is asked.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Question {
    /// Topics that the metadata knows.
    pub topics: Vec<Topic>,
    /// Members, in the order of the coordinator's answer.
    pub members: Vec<Member>,
}

/// A topic.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Topic {
    /// Its name.
    pub name: Name,
    /// Number of partitions.
    pub partitions: u32,
}

/// A member with its subscription.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Member {
    /// Its id.
    pub id: Name,
    /// `group.instance.id` of a static member.
    pub instance: Option<Name>,
    /// Topics that it subscribes to.
    pub topics: Vec<Name>,
}

/// A partition of a topic.
pub type TopicPartition = (Name, u32);

/// Partitions per member, in the order of the question's members; everybody has an entry.
pub type Answer = Vec<(Name, Vec<TopicPartition>)>;

/// A strategy.
pub trait Assignor: Sync {
    /// Its name in `partition.assignment.strategy`.
    fn name(&self) -> &'static str;

    /// Who gets what.
    fn assign(&self, question: &Question) -> Answer;
}

/// The strategies of Kafka's clients.
pub static ALL: [&dyn Assignor; 1] = [&range::Range];

/// The strategy of this name.
pub fn by_name(name: &str) -> Option<&'static dyn Assignor> {
    ALL.into_iter().find(|assignor| assignor.name() == name)
}

/// Partitions grouped by topic, topics in order of first appearance: the form of an assignment.
pub fn grouped(partitions: &[TopicPartition]) -> Vec<TopicPartitions> {
    let mut groups: Vec<TopicPartitions> = Vec::new();
    for (topic, partition) in partitions {
        match groups.iter_mut().find(|group| group.topic == *topic) {
            Some(group) => group.partitions.push(*partition),
            None => {
                groups.push(TopicPartitions { topic: topic.clone(), partitions: vec![*partition] });
            }
        }
    }
    groups
}
