//! Assignment strategies: members and topics in, partitions per member out.
//!
//! Pure functions over plain data: no clock, no randomness, no IO. A new strategy is a file of its
//! own and a line in [`ALL`].
//!
//! Those of Kafka's clients agree with Kafka's in the owner of every partition and in the order of
//! every list. They name members and topics by numbers inside (`frame`) and follow the orders of
//! Java's maps where Kafka's answer depends on them.

mod answer;
mod frame;
mod names;
mod racks;
mod range;
mod round_robin;
pub mod server;
mod sticky;

pub use answer::{Answer, List};
pub use sticky::user_data;

use crate::kernel::java_hash::string_cmp;
use crate::model::Name;
use crate::model::consumer_protocol::{Subscription, TopicPartitions};
use std::fmt;

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
    /// Number of partitions.
    pub partitions: u32,
    /// For each partition the racks of its replicas, as far as brokers have one. Partitions beyond
    /// the end of the list have none.
    pub racks: Vec<Vec<Name>>,
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
}

/// Kafka's assignor throws; the leader's join fails.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AssignError {
    /// Nobody to share among.
    Arithmetic,
    /// Nobody to deal to.
    IllegalArgument,
    /// More partitions left than members that may take one, or members left short.
    IllegalState,
    /// A member that takes no part was looked up.
    NullPointer,
    /// Nobody takes part.
    NoSuchElement,
}

/// A strategy.
pub trait Assignor: Sync {
    /// Its name in `partition.assignment.strategy`.
    fn name(&self) -> &'static str;

    /// Who gets what.
    fn assign(&self, question: &Question) -> Result<Answer, AssignError>;

    /// The latest generation that this strategy has met when it has answered: what the leader
    /// hands in as [`Question::seen`] the next time.
    fn latest_generation(&self, question: &Question) -> i32 {
        question.seen
    }
}

/// The strategies of Kafka's clients.
pub static ALL: [&dyn Assignor; 4] =
    [&range::Range, &round_robin::RoundRobin, &sticky::Sticky, &sticky::CooperativeSticky];

/// The strategy of this name.
pub fn by_name(name: &str) -> Option<&'static dyn Assignor> {
    ALL.into_iter().find(|assignor| assignor.name() == name)
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
        Member { id, instance, rack, topics, owned, generation, user_data }
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

impl AssignError {
    /// The class of Kafka's exception.
    pub fn class(self) -> &'static str {
        match self {
            AssignError::Arithmetic => "java.lang.ArithmeticException",
            AssignError::IllegalArgument => "java.lang.IllegalArgumentException",
            AssignError::IllegalState => "java.lang.IllegalStateException",
            AssignError::NullPointer => "java.lang.NullPointerException",
            AssignError::NoSuchElement => "java.util.NoSuchElementException",
        }
    }
}

impl fmt::Display for AssignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.class())
    }
}

impl std::error::Error for AssignError {}
