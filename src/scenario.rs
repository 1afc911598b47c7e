//! The resolved scenario: everything that a run needs, typed, with every default filled in.
//!
//! Plain data. `parse` makes it from TOML, tests and other programs make it by hand; the world reads
//! it and never asks whether something was given.

pub mod case;
pub mod event;
pub mod expect;
pub mod group;
pub mod metric;
pub mod network;
pub mod suite;
pub mod workload;

use crate::kernel::dist::Dist;
use crate::kernel::time::{Instant, Span};
use crate::model::config::{BrokerConfig, TopicConfig};
use crate::model::id::BrokerId;
use event::Event;
use expect::Expect;
use group::Group;
use workload::Producer;

/// One run, described whole.
#[derive(Clone, PartialEq, Debug)]
pub struct Scenario {
    /// Names the output folder and the run.
    pub name: String,
    /// The question that the scenario answers, for people.
    pub question: String,
    /// Seed of all random streams.
    pub seed: u64,
    /// Length of the run.
    pub duration: Span,
    /// A fetch that waits for data may be answered this much late; zero: exact.
    pub resolution: Span,
    /// Brokers and network.
    pub cluster: Cluster,
    /// Topics; a [`TopicId`](crate::model::id::TopicId) is an index here.
    pub topics: Vec<Topic>,
    /// Producers; a [`ProducerId`](crate::model::id::ProducerId) is an index here.
    pub producers: Vec<Producer>,
    /// Groups; a [`GroupId`](crate::model::id::GroupId) is an index here.
    pub groups: Vec<Group>,
    /// Faults and operations, in the order of the file.
    pub events: Vec<Event>,
    /// What must be true of the run.
    pub expects: Vec<Expect>,
}

/// Brokers and the network between everybody.
#[derive(Clone, PartialEq, Debug)]
pub struct Cluster {
    /// Rack of each broker, `None` without racks; broker ids are 1 … N in this order.
    pub racks: Vec<Option<String>>,
    /// One-way latency of a message.
    pub latency: Dist,
    /// Added to the latency between different racks.
    pub rack_latency: Dist,
    /// A broker's time to handle a request.
    pub service: Dist,
    /// Records of `__consumer_offsets` that a broker reads in a second when it takes over.
    pub load_rate: u64,
    /// Broker settings.
    pub config: BrokerConfig,
}

impl Cluster {
    /// Ids of all brokers.
    pub fn brokers(&self) -> impl Iterator<Item = BrokerId> + use<> {
        (1..=self.racks.len()).map(BrokerId::new)
    }
}

/// A topic that exists from the start of the run.
#[derive(Clone, PartialEq, Debug)]
pub struct Topic {
    /// Its name.
    pub name: String,
    /// Where its partitions live.
    pub placement: Placement,
    /// Bytes of one record, as fetch limits count them.
    pub record_size: u64,
    /// Records in each partition at the start.
    pub backlog: u64,
    /// When it is created; [`Instant::ZERO`]: it is there from the start.
    pub created_at: Instant,
    /// How many topics of its name there are before it.
    pub life: u32,
    /// Topic settings.
    pub config: TopicConfig,
}

impl Topic {
    /// Number of partitions at creation.
    pub fn partitions(&self) -> usize {
        match &self.placement {
            Placement::Striped { partitions, .. } => *partitions as usize,
            Placement::Explicit(replicas) => replicas.len(),
        }
    }
}

/// How the replicas of a new topic are placed.
#[derive(Clone, PartialEq, Debug)]
pub enum Placement {
    /// As Kafka's `StripedReplicaPlacer` does.
    Striped {
        /// Number of partitions.
        partitions: u32,
        /// Replicas of each.
        replication_factor: u32,
    },
    /// Broker ids per partition, preferred leader first.
    Explicit(Vec<Vec<BrokerId>>),
}
