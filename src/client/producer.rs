//! Producers, counted and never sent: how many records lie in a partition at a moment, and when the
//! next one comes.
//!
//! *Who looks changes nothing*: everything random is drawn from the producer's own stream at a
//! position that belongs to a slot of time or to a run of records, so it is the same whenever and
//! however often somebody asks.

pub mod arrivals;
mod batching;
pub mod curve;
mod delivery;
mod keyed;
mod sticky;

pub use delivery::Outcome;
pub use keyed::partition_of;

use crate::kernel::random::{Purpose, Stream, Streams};
use crate::kernel::rate::Rate;
use crate::kernel::time::{Instant, Span};
use crate::model::config::{Acks, ProducerConfig};
use crate::model::workload::{Arrivals, Partitioner, RateStep};
use arrivals::Arriving;
use batching::{Batching, Created};
use curve::Curve;
use delivery::{Channel, Course, Segment, next_attempt};
use keyed::Keyed;
use sticky::Sticky;

const ARRIVALS: Purpose = Purpose("arrivals");
const PARTITIONER: Purpose = Purpose("partitioner");

/// What a producer is made of.
#[derive(Clone, PartialEq, Debug)]
pub struct Setup {
    /// Its name, unique among producers.
    pub name: String,
    /// Rate over time.
    pub profile: Vec<RateStep>,
    /// How records follow each other.
    pub arrivals: Arrivals,
    /// Which partition a record goes to.
    pub partitioner: Partitioner,
    /// When it begins and ends.
    pub start: Instant,
    /// When it ends.
    pub stop: Instant,
    /// Sends what the rate owes once in this time; zero: as the records come.
    pub tick: Span,
    /// It is the `index`th …
    pub index: u32,
    /// … of so many that share the rate evenly.
    pub count: u32,
    /// Its settings.
    pub config: ProducerConfig,
    /// Bytes of a record.
    pub record_size: u64,
    /// Partitions of its topic.
    pub partitions: u32,
    /// Length of the run, which bounds what is drawn ahead.
    pub duration: Span,
}

/// A producer of one topic.
#[derive(Debug)]
pub struct Producer {
    arriving: Arriving,
    split: Split,
    batching: Batching,
    /// By partition.
    channels: Vec<Channel>,
    config: ProducerConfig,
    partitions: u64,
    horizon: Instant,
}

impl Created for Arriving {
    fn count(&mut self, at: Instant) -> u64 {
        Arriving::count(self, at)
    }

    fn expected(&self, at: Instant, span: Span) -> u64 {
        let records = u128::from(self.rate(at).units()) * u128::from(span.as_us());
        (records / u128::from(Rate::PER_EVENT)) as u64
    }
}

#[derive(Debug)]
enum Split {
    RoundRobin,
    Sticky(Sticky),
    Keyed(Keyed),
}

impl Producer {
    /// A producer with its own random streams.
    pub fn new(setup: &Setup, streams: Streams) -> Self {
        let entity = format!("producer/{}/{}", setup.name, setup.index);
        let stream = |purpose| -> Stream { streams.stream(&entity, purpose) };
        let curve = Curve::new(&setup.profile, setup.start, setup.index, setup.count);
        let arriving = Arriving::new(curve, setup, stream(ARRIVALS));
        let split = match setup.partitioner {
            Partitioner::RoundRobin => Split::RoundRobin,
            _ if setup.partitions == 1 => Split::RoundRobin,
            Partitioner::Sticky => Split::Sticky(Sticky::new(setup, stream(PARTITIONER))),
            Partitioner::Keyed { count, skew } => {
                Split::Keyed(Keyed::new(setup, count, skew, stream(PARTITIONER)))
            }
        };
        let horizon = Instant::ZERO + setup.duration;
        let filled_at_once = match split {
            Split::Sticky(_) => 1,
            Split::RoundRobin | Split::Keyed(_) => u64::from(setup.partitions),
        };
        let batch = u64::from(setup.config.batch_size) / setup.record_size.max(1);
        Producer {
            arriving,
            split,
            batching: Batching::new(
                setup.config.linger,
                setup.start,
                batch.max(1) * filled_at_once,
            ),
            channels: (0..setup.partitions).map(|_| Channel::new()).collect(),
            config: setup.config.clone(),
            partitions: u64::from(setup.partitions),
            horizon,
        }
    }

    /// How many of its records the log of partition `index` holds at `at`.
    pub fn delivered(&mut self, index: u32, at: Instant) -> u64 {
        let segment = self.channels[index as usize].at(at);
        match segment.course {
            Course::Waits { .. } => segment.base,
            Course::Flows(way) => {
                let left = Instant::from_us(at.as_us().saturating_sub(way.as_us()));
                let left = self.batching.left(left, &mut self.arriving);
                self.count(index, left).saturating_add_signed(segment.surplus).max(segment.base)
            }
        }
    }

    /// When the `nth` record (from 1) comes into the log of partition `index`, where that can be told
    /// at once: nothing has ever kept its records up. `None`: not within the run.
    ///
    /// # Errors
    /// Somebody has to look at [`Producer::delivered`] over time.
    pub fn delivered_nth(&mut self, index: u32, nth: u64) -> Result<Option<Instant>, Unsteady> {
        let channel = &self.channels[index as usize];
        let (Course::Flows(way), true) = (channel.last().course, channel.is_steady()) else {
            return Err(Unsteady);
        };
        let Some(created) = self.nth(index, nth) else { return Ok(None) };
        let leaves = self.batching.leaves(created, &mut self.arriving);
        Ok(Some(leaves.saturating_add(way)))
    }

    /// When the `nth` record of partition `index`'s log was created.
    pub fn created_nth(&mut self, index: u32, nth: u64) -> Option<Instant> {
        let surplus = self.channels[index as usize].of_record(nth).surplus;
        self.nth(index, nth.saturating_add_signed(-surplus))
    }

    /// Whether `acks` is `all`: what too few replicas have is not acknowledged.
    pub fn waits_for_all(&self) -> bool {
        self.config.acks == Acks::All
    }

    /// Whether records for partition `index` wait.
    pub fn is_held(&self, index: u32) -> bool {
        self.channels[index as usize].last().waits()
    }

    /// When a producer that has been trying in vain tries again, at or after `now`.
    pub fn tries_again(&self, index: u32, now: Instant) -> Instant {
        let Course::Waits { since } = self.channels[index as usize].last().course else {
            return now;
        };
        next_attempt(since, now, self.config.retry_backoff, self.config.retry_backoff_max)
    }

    /// From `at` on nobody takes records for partition `index`: they wait.
    pub fn hold(&mut self, index: u32, at: Instant) {
        let segment = self.channels[index as usize].last();
        if !segment.waits() {
            let base = self.delivered(index, at);
            let course = Course::Waits { since: at };
            self.channels[index as usize].push(Segment { from: at, base, course, ..segment });
        }
    }

    /// From `at` on records for partition `index` come into its log so long after they left. What
    /// waited is taken now, but for what has become too old (`delivery.timeout.ms`); of what was
    /// written before, `unanswered` records were not acknowledged and are sent once more, unless the
    /// producer is idempotent.
    pub fn flow(&mut self, index: u32, at: Instant, way: Span, unanswered: u64) -> Outcome {
        let mut segment = self.channels[index as usize].last();
        let mut outcome = Outcome::default();
        if segment.course == Course::Flows(way) {
            return outcome;
        }
        let mut base = self.delivered(index, at);
        if segment.waits() {
            if !self.config.enable_idempotence && self.config.retries > 0 {
                outcome.repeated = unanswered;
                base += unanswered;
                segment.surplus += unanswered.cast_signed();
            }
            let timeout = self.config.delivery_timeout;
            let oldest = Instant::from_us(at.as_us().saturating_sub(timeout.as_us()));
            if at.since(oldest) == timeout {
                let due = self.count(index, oldest).saturating_add_signed(segment.surplus);
                outcome.expired = due.saturating_sub(base);
                segment.surplus -= outcome.expired.cast_signed();
            }
        }
        let course = Course::Flows(way);
        self.channels[index as usize].push(Segment { from: at, base, course, ..segment });
        outcome
    }

    /// The last `records` of partition `index`'s log are gone with its leader, of which `lost` had
    /// been acknowledged; the others are sent again.
    pub fn retract(&mut self, index: u32, at: Instant, records: u64, lost: u64) {
        let segment = self.channels[index as usize].last();
        let base = self.delivered(index, at).saturating_sub(records);
        let surplus = segment.surplus - lost.cast_signed();
        self.channels[index as usize].push(Segment { from: at, base, surplus, ..segment });
    }

    /// How many of its records lie in its topic's partition `index` at `at`.
    pub fn count(&mut self, index: u32, at: Instant) -> u64 {
        let total = self.arriving.count(at);
        match &mut self.split {
            Split::RoundRobin => (total + self.partitions - 1 - u64::from(index)) / self.partitions,
            Split::Sticky(sticky) => sticky.count(index, total),
            Split::Keyed(keyed) => keyed.count(index, at, total, &mut self.arriving),
        }
    }

    /// When its `nth` record (from 1) comes into partition `index`; `None`: not within the run.
    pub fn nth(&mut self, index: u32, nth: u64) -> Option<Instant> {
        match &mut self.split {
            Split::RoundRobin => {
                let record = (nth - 1) * self.partitions + u64::from(index) + 1;
                self.arriving.nth(record, self.horizon)
            }
            Split::Sticky(sticky) => {
                let last = self.arriving.count(self.horizon);
                let record = sticky.nth(index, nth, last)?;
                self.arriving.nth(record, self.horizon)
            }
            Split::Keyed(keyed) => keyed.nth(index, nth, self.horizon, &mut self.arriving),
        }
    }

    /// At which rate it sends to partition `index` at `at`, on average over its choices.
    pub fn rate(&self, index: u32, at: Instant) -> Rate {
        let units = self.arriving.rate(at).units();
        Rate::from_units(match &self.split {
            Split::RoundRobin | Split::Sticky(_) => units / self.partitions,
            Split::Keyed(keyed) => (units as f64 * keyed.share(index)) as u64,
        })
    }

    /// Changes the rate from `at` on.
    pub fn change_rate(&mut self, at: Instant, change: curve::Change) {
        let at = match &mut self.split {
            Split::Keyed(keyed) => keyed.next_boundary(at),
            Split::RoundRobin | Split::Sticky(_) => at,
        };
        self.batching.forget();
        self.arriving.change_rate(at, change);
    }
}

/// What a producer delivers has changed its course at least once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Unsteady;
