//! How much is produced, when, and into which partition.

use crate::kernel::rate::Rate;
use crate::kernel::time::{Instant, Span};

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
