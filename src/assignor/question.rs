//! What a strategy is asked: plain data.

use super::user_data;
use crate::kernel::java_hash::string_cmp;
use crate::kernel::rate::Rate;
use crate::model::Name;
use crate::model::consumer_protocol::{Subscription, TopicPartitions};
use crate::model::uuid::Uuid;

/// What a strategy is asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Question {
    /// Topics that the metadata knows.
    pub topics: Vec<Topic>,
    /// Members, in the order of the coordinator's answer.
    pub members: Vec<Member>,
    /// The latest generation that the leader's assignor has met in earlier questions; −1: none.
    pub seen: i32,
}

/// A topic.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Topic {
    /// Its name.
    pub name: Name,
    /// Its id, of which only the broker's strategies take notice; `None`: one made of the name.
    pub id: Option<Uuid>,
    /// Number of partitions.
    pub partitions: u32,
    /// For each partition the racks of its replicas, as far as brokers have one. Partitions beyond
    /// the end of the list have none.
    pub racks: Vec<Vec<Name>>,
    /// What each partition carries. Partitions beyond the end of the list carry nothing. Kafka's
    /// own strategies don't look.
    pub load: Vec<Load>,
}

/// What a partition carries.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Load {
    /// Records that the group has yet to commit.
    pub lag: u64,
    /// Records that arrive.
    pub rate: Rate,
}

/// A member with its subscription, as the leader reads it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Member {
    /// Its id.
    pub id: Name,
    /// `group.instance.id` of a static member.
    pub instance: Option<Name>,
    /// `client.rack`.
    pub rack: Option<Name>,
    /// Topics that it subscribes to, sorted.
    pub topics: Vec<Name>,
    /// Partitions that it owns, sorted.
    pub owned: Vec<TopicPartitions>,
    /// Generation in which it owned them; negative: none.
    pub generation: i32,
    /// What its own assignor tells the leader's.
    pub user_data: Option<Vec<u8>>,
    /// Records that it can process; `None`: not known. Kafka's own strategies don't look.
    pub capacity: Option<Rate>,
}

impl Topic {
    /// What a partition carries.
    pub fn load(&self, partition: u32) -> Load {
        self.load.get(partition as usize).copied().unwrap_or_default()
    }
}

impl Member {
    /// What is left of a subscription when it reaches the leader: topics and owned partitions come
    /// sorted, and a version lacks what later ones brought.
    pub fn of(id: Name, instance: Option<Name>, subscription: &Subscription) -> Self {
        let version = subscription.version;
        let mut topics = subscription.topics.clone();
        topics.sort_by(|a, b| string_cmp(a, b));
        let mut owned = Vec::new();
        if version >= 1 {
            owned.clone_from(&subscription.owned_partitions);
            for of_topic in &mut owned {
                of_topic.partitions.sort_unstable();
            }
            owned.sort_by(|a, b| string_cmp(&a.topic, &b.topic));
        }
        let generation = if version >= 2 { subscription.generation_id.max(-1) } else { -1 };
        let rack = subscription.rack_id.clone().filter(|rack| version >= 3 && !rack.is_empty());
        let user_data = subscription.user_data.as_ref().map(|bytes| bytes.b64.clone());
        Member { id, instance, rack, topics, owned, generation, user_data, capacity: None }
    }
}

impl Member {
    /// What the member had when it joined: by its user data where that tells it, because an eager
    /// member has given up everything by then; else what it says that it owns.
    pub fn had(&self) -> Vec<TopicPartitions> {
        let told = self.user_data.as_deref().and_then(user_data::claims);
        told.unwrap_or_else(|| self.owned.clone())
    }
}

impl Default for Question {
    fn default() -> Self {
        Question { topics: Vec::new(), members: Vec::new(), seen: -1 }
    }
}

impl Default for Member {
    fn default() -> Self {
        Self::of(Name::default(), None, &Subscription::default())
    }
}
