//! The broker's strategies: what the coordinator of a consumer group (KIP-848) or of a share group
//! asks when it computes a new target.
//!
//! Pure functions over plain data, like the [clients' strategies](super). A strategy starts from
//! the targets that were written last, and its answer becomes the next ones; so the order inside
//! an answer matters, because it is the order of the record and decides how Kafka walks the target
//! next time. A new strategy is a file of its own and a line in [`ALL`].

mod answer;
mod group;
mod range;
mod rebuild;
mod simple;
pub mod target;
mod uniform;

pub use answer::Answer;

use crate::model::Name;
use crate::model::uuid::Uuid;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// What a strategy is asked.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Question {
    /// Topics that the metadata knows.
    pub topics: Vec<Topic>,
    /// Members, in the order of the builder's map of them.
    pub members: Vec<Member>,
    /// Targets of members that are not in the list any more. Their partitions count as assigned.
    pub others: Vec<Arc<Target>>,
    /// How the members' subscriptions relate.
    pub subscription: SubscriptionType,
    /// The partitions that may be assigned; `None`: all of them.
    pub assignable: Option<Vec<Partitions>>,
}

/// A topic in the broker's metadata.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Topic {
    /// Its name.
    pub name: Name,
    /// Its id.
    pub id: Uuid,
    /// Number of partitions.
    pub partitions: u32,
    /// For each partition, the racks of its replicas. Empty: unknown. (None of Kafka's strategies
    /// looks at them.)
    pub racks: Arc<[Vec<Name>]>,
}

/// A member of a group.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Member {
    /// Its id.
    pub id: Name,
    /// `group.instance.id` of a static member.
    pub instance: Option<Name>,
    /// `client.rack`.
    pub rack: Option<Name>,
    /// Names of the topics that it subscribes to, as in its heartbeat. Members that share the list
    /// make a question cheaper.
    pub topics: Arc<[Name]>,
    /// Its last target.
    pub target: Arc<Target>,
}

/// Partitions of a topic.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Partitions {
    /// The topic.
    pub topic: Uuid,
    /// Its partitions.
    pub partitions: Vec<u32>,
}

/// What a member is to own, in the order of the record.
pub type Target = Vec<Partitions>;

/// How the subscriptions of a group's members relate.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum SubscriptionType {
    /// All members subscribe to the same topics.
    #[default]
    Homogeneous,
    /// They do not.
    Heterogeneous,
}

impl SubscriptionType {
    /// The type for these subscriptions, whether their topics exist or not.
    pub fn of<'a>(subscriptions: impl IntoIterator<Item = &'a Arc<[Name]>>) -> Self {
        let mut subscriptions = subscriptions.into_iter();
        let Some(first) = subscriptions.next() else { return Self::Homogeneous };
        // Each name of the first list, and the last subscription in which it was seen.
        let mut names: BTreeMap<&str, usize> = first.iter().map(|name| (&**name, 0)).collect();
        for (number, subscription) in (1..).zip(subscriptions) {
            if Arc::ptr_eq(subscription, first) {
                continue;
            }
            let mut different = 0;
            for name in subscription.iter() {
                match names.get_mut(&**name) {
                    Some(seen) if *seen == number => {}
                    Some(seen) => (*seen, different) = (number, different + 1),
                    None => return Self::Heterogeneous,
                }
            }
            if different < names.len() {
                return Self::Heterogeneous;
            }
        }
        Self::Homogeneous
    }
}

impl fmt::Display for SubscriptionType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Homogeneous => "Homogeneous",
            Self::Heterogeneous => "Heterogeneous",
        })
    }
}

/// What Kafka's code throws instead of an answer. A heartbeat then gets `UNKNOWN_SERVER_ERROR`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Thrown {
    /// The strategy noticed that its answer is not one.
    PartitionAssignor,
    /// A target names a partition that its topic does not have.
    ArrayIndexOutOfBounds,
    /// Nobody is left to choose from.
    IndexOutOfBounds,
    /// A share group's partitions lack members, and all members are full.
    NoSuchElement,
    /// A target names a topic twice.
    IllegalState,
}

impl Thrown {
    /// The class of the exception.
    pub const fn class(self) -> &'static str {
        match self {
            Self::PartitionAssignor => {
                "org.apache.kafka.coordinator.group.api.assignor.PartitionAssignorException"
            }
            Self::ArrayIndexOutOfBounds => "java.lang.ArrayIndexOutOfBoundsException",
            Self::IndexOutOfBounds => "java.lang.IndexOutOfBoundsException",
            Self::NoSuchElement => "java.util.NoSuchElementException",
            Self::IllegalState => "java.lang.IllegalStateException",
        }
    }
}

impl fmt::Display for Thrown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.class())
    }
}

/// A strategy as the broker asks it.
pub trait ServerAssignor: Send + Sync {
    /// Its name in `group.remote.assignor`.
    fn name(&self) -> &'static str;

    /// Who gets what.
    fn assign(&self, question: &Question) -> Result<Answer, Thrown>;
}

/// The strategies of Kafka's brokers: two for consumer groups, one for share groups.
pub static ALL: [&dyn ServerAssignor; 3] = [&uniform::Uniform, &range::Range, &simple::Simple];

/// The strategy of this name.
pub fn by_name(name: &str) -> Option<&'static dyn ServerAssignor> {
    ALL.into_iter().find(|assignor| assignor.name() == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(subscriptions: &[&[&str]]) -> SubscriptionType {
        let list = |names: &&[&str]| names.iter().copied().map(Name::from).collect();
        SubscriptionType::of(&subscriptions.iter().map(list).collect::<Vec<Arc<[Name]>>>())
    }

    #[test]
    fn subscriptions_are_compared_as_sets() {
        use SubscriptionType::{Heterogeneous, Homogeneous};
        assert_eq!(kind(&[]), Homogeneous);
        assert_eq!(kind(&[&[], &[]]), Homogeneous);
        assert_eq!(kind(&[&["a", "b"], &["b", "a"], &["a", "b", "a"]]), Homogeneous);
        assert_eq!(kind(&[&["a"], &["a", "b"]]), Heterogeneous);
        assert_eq!(kind(&[&["a", "b"], &["a", "a"]]), Heterogeneous);
        assert_eq!(kind(&[&["a"], &[]]), Heterogeneous);
    }

    #[test]
    fn strategies_have_names() {
        for name in ["uniform", "range", "simple"] {
            assert_eq!(by_name(name).map(ServerAssignor::name), Some(name));
        }
        assert!(by_name("sticky").is_none());
    }
}
