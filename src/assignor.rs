//! Assignment strategies: members and topics in, partitions per member out.
//!
//! Pure functions over plain data: no clock, no randomness, no IO. A new strategy is a file of its
//! own and a line in [`ALL`]; one's own strategies join them in a [`Registry`].
//!
//! Those of Kafka's clients agree with Kafka's in the owner of every partition and in the order of
//! every list. They name members and topics by numbers inside (`frame`) and follow the orders of
//! Java's maps where Kafka's answer depends on them.

mod answer;
mod broker;
pub mod check;
pub mod churn;
mod error;
pub mod figures;
mod frame;
mod literature;
mod names;
mod question;
mod racks;
mod range;
mod registry;
mod round_robin;
pub mod server;
mod sticky;

pub use answer::{Answer, List};
pub use error::AssignError;
pub use question::{Load, Member, Question, Topic};
pub use registry::{Command, Launch, Registry, Strategy, Taken};
pub use sticky::user_data;

use crate::model::consumer_protocol::TopicPartitions;
use broker::OnBroker;

/// An assignment strategy: a pure function, without clock and randomness.
pub trait Assignor: Send + Sync {
    /// Its name in `partition.assignment.strategy` and in `strategy`.
    fn name(&self) -> &str;

    /// Who gets what.
    fn assign(&self, question: &Question) -> Result<Answer, AssignError>;

    /// What a member of the group tells the leader when it joins, beside its subscription. `last`
    /// is what it got by its last assignment, with the generation (`subscriptionUserData`).
    ///
    /// A strategy that wants to move little says here what the member had, for instance by
    /// [`user_data::sticky`], and reads it by [`Member::had`]: a member of an eager group has
    /// given up everything by the time it joins.
    fn user_data(&self, last: Option<(&[TopicPartitions], i32)>) -> Option<Vec<u8>> {
        let _ = last;
        None
    }

    /// Whether members keep what they own while they rejoin, and partitions change hands in two
    /// rounds (`RebalanceProtocol.COOPERATIVE`).
    fn is_cooperative(&self) -> bool {
        false
    }

    /// Whether members tell what they own when they rejoin: they do while they keep it.
    fn keeps_ownership(&self) -> bool {
        self.is_cooperative()
    }

    /// Whether it looks at [`Topic::load`] and [`Member::capacity`], which take time to find out.
    /// Kafka's own strategies do not.
    fn reads_load(&self) -> bool {
        true
    }

    /// Whether a partition may have several owners, as in share groups.
    fn is_shared(&self) -> bool {
        false
    }

    /// The latest generation that this strategy has met when it has answered: what the leader
    /// hands in as [`Question::seen`] the next time.
    fn latest_generation(&self, question: &Question) -> i32 {
        question.seen
    }
}

/// The strategies that rejoin ships: those of Kafka's clients, those of its brokers, and those of
/// the literature.
pub static ALL: [&dyn Assignor; 10] = [
    &range::Range,
    &round_robin::RoundRobin,
    &sticky::Sticky,
    &sticky::CooperativeSticky,
    &OnBroker { name: "uniform", strategy: server::ALL[0] },
    &OnBroker { name: "server-range", strategy: server::ALL[1] },
    &OnBroker { name: "simple", strategy: server::ALL[2] },
    &literature::LagAware,
    &literature::CapacityAware,
    &literature::ModifiedBestFit,
];

/// The strategy of this name that rejoin ships.
pub fn by_name(name: &str) -> Option<&'static dyn Assignor> {
    ALL.into_iter().find(|assignor| assignor.name() == name)
}
