//! Producers: how many records a second, when they arrive, and which partition gets them.

use super::config::ProducerConfig;
use crate::kernel::rate::Rate;
use crate::kernel::time::{Instant, Span};
use crate::model::id::TopicId;

/// A producer, or `count` identical ones that share the rate.
#[derive(Clone, PartialEq, Debug)]
pub struct Producer {
    /// Its name.
    pub name: String,
    /// Where it writes.
    pub topic: TopicId,
    /// Rate over time; the first step is at or before `start`, steps increase strictly in time.
    pub profile: Vec<RateStep>,
    /// How records follow each other.
    pub arrivals: Arrivals,
    /// Which partition a record goes to.
    pub partitioner: Partitioner,
    /// When it begins; the first record of a constant rate comes one gap later.
    pub start: Instant,
    /// When it ends; [`Instant::NEVER`]: not before the run does.
    pub stop: Instant,
    /// Identical producers that share the rate.
    pub count: u32,
    /// Sends what the rate owes once in this time; zero: as the records come.
    pub tick: Span,
    /// Producer settings.
    pub config: ProducerConfig,
}

/// From `at` on the rate moves linearly to `rate` within `ramp` and stays there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RateStep {
    /// When the change begins.
    pub at: Instant,
    /// The rate afterwards.
    pub rate: Rate,
    /// How long the change takes; zero: at once.
    pub ramp: Span,
}

/// How records follow each other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Arrivals {
    /// Evenly.
    Constant,
    /// A Poisson process.
    Poisson,
}

/// Which partition a record goes to (kafka-semantics 8.1).
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Partitioner {
    /// Kafka's default without keys (KIP-794): one partition until a batch is full.
    Sticky,
    /// `RoundRobinPartitioner`.
    RoundRobin,
    /// By murmur2 of the key; key `k` is the text `key-k`.
    Keyed {
        /// Number of different keys.
        count: u32,
        /// Zipf exponent of their popularity; 0: all alike.
        skew: f64,
    },
}
