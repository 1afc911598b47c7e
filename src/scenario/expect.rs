//! `[[expect]]`: what must be true of a run.

pub use super::metric::Metric;
use crate::kernel::time::{Instant, Span};
use crate::model::id::{GroupId, ProducerId, TopicId};

/// One `[[expect]]` block.
#[derive(Clone, PartialEq, Debug)]
pub struct Expect {
    /// Line of the block in its file, for messages; 0 if it has none.
    pub line: u32,
    /// What is measured.
    pub metric: Metric,
    /// Of whom.
    pub scope: Scope,
    /// When.
    pub window: Window,
    /// What it must be.
    pub compare: Compare,
}

/// Of whom a metric is taken.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Scope {
    /// A group.
    pub group: Option<GroupId>,
    /// A topic.
    pub topic: Option<TopicId>,
    /// A partition of the topic.
    pub partition: Option<u32>,
    /// A consumer, by name.
    pub consumer: Option<String>,
    /// A producer.
    pub producer: Option<ProducerId>,
    /// The cause of duplicates or skipped records: an action's name, such as `crash`.
    pub cause: Option<String>,
    /// The Nth `[[events]]` block, from 0 here; absent: the largest over all events.
    pub event: Option<usize>,
}

/// When a metric is taken.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Window {
    /// At the end of this tick.
    At(Instant),
    /// Over (from, to].
    Over {
        /// Exclusive start.
        from: Instant,
        /// Inclusive end.
        to: Instant,
        /// How the values in the window become one.
        stat: Stat,
    },
}

impl Window {
    /// Whether it takes the whole run in, whose length is given.
    pub fn is_whole(self, duration: Span) -> bool {
        let end = Instant::ZERO + duration;
        match self {
            Window::At(at) => at == end,
            Window::Over { from, to, .. } => from == Instant::ZERO && to == end,
        }
    }
}

/// How the values of a window become one.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Stat {
    /// Largest.
    Max,
    /// Smallest.
    Min,
    /// Mean, gauges weighted by time.
    Mean,
    /// Sum.
    Sum,
    /// The last value.
    Last,
    /// A percentile, 0 … 100, gauges weighted by time.
    Percentile(f64),
}

/// What the value must be.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Compare {
    /// Exactly this.
    Equals(f64),
    /// This or more.
    AtLeast(f64),
    /// This or less.
    AtMost(f64),
    /// In this closed interval.
    Between(f64, f64),
    /// Within so many percent of this.
    Near {
        /// The middle.
        value: f64,
        /// The half width, in percent of the middle.
        percent: f64,
    },
}
