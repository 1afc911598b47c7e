//! Producers: how many records a second, when they arrive, and which partition gets them.

use crate::kernel::time::{Instant, Span};
use crate::model::config::ProducerConfig;
use crate::model::id::TopicId;
use crate::model::workload::{Arrivals, Partitioner, RateStep};

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
