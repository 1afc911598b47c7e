//! Producers, counted and never sent: how many records lie in a partition at a moment, and when the
//! next one comes.
//!
//! *Who looks changes nothing*: everything random is drawn from the producer's own stream at a
//! position that belongs to a slot of time or to a run of records, so it is the same whenever and
//! however often somebody asks.

pub mod arrivals;
mod batching;
mod blocking;
mod buffer;
mod crawling;
pub mod curve;
mod dealing;
mod delivering;
mod delivery;
mod keyed;
mod origin;
mod queues;
mod round_robin;
mod run_length;
mod runs;
mod sticky;

pub use buffer::Change as BufferChange;
pub use delivering::Unsteady;
pub use delivery::{Outcome, Why};
pub use keyed::partition_of;

use crate::kernel::random::{Purpose, Stream, Streams};
use crate::kernel::rate::Rate;
use crate::kernel::time::{Instant, Span};
use crate::model::config::ProducerConfig;
use crate::model::workload::{Arrivals, Partitioner, RateStep};
use arrivals::Arriving;
use batching::{Batching, Created};
use blocking::{Blocks, Tally};
use curve::Curve;
use dealing::Dealings;
use delivery::Channel;

const ARRIVALS: Purpose = Purpose("arrivals");

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
    dealings: Dealings,
    batching: Batching,
    /// By partition.
    channels: Vec<Channel>,
    /// When its buffer was full, or its topic was not there.
    blocks: Blocks,
    /// Whether its topic was deleted.
    lost_topic: bool,
    /// Bytes of a record.
    record_size: u64,
    config: ProducerConfig,
    horizon: Instant,
}

impl Created for Arriving {
    fn count(&mut self, at: Instant) -> u64 {
        Arriving::count(self, at)
    }

    fn expected(&self, at: Instant, span: Span) -> u64 {
        let records = u128::from(self.rate(at).units()) * u128::from(span.as_us());
        (records / Rate::PER_EVENT) as u64
    }
}

impl Producer {
    /// A producer with its own random streams.
    pub fn new(setup: &Setup, streams: Streams) -> Self {
        let entity = format!("producer/{}/{}", setup.name, setup.index);
        let stream = |purpose| -> Stream { streams.stream(&entity, purpose) };
        let curve = Curve::new(&setup.profile, setup.start, setup.index, setup.count);
        let arriving = Arriving::new(curve, setup, stream(ARRIVALS));
        let dealings = Dealings::new(setup, streams);
        let horizon = Instant::ZERO + setup.duration;
        let filled_at_once = dealings.filled_at_once();
        let batch = setup.config.records_per_batch(setup.record_size);
        Producer {
            arriving,
            dealings,
            batching: Batching::new(setup.config.linger, setup.start, batch * filled_at_once),
            channels: (0..setup.partitions).map(|_| Channel::new()).collect(),
            blocks: Blocks::default(),
            lost_topic: false,
            record_size: setup.record_size,
            config: setup.config.clone(),
            horizon,
        }
    }

    /// How many records it has created for its topic's partition `index` at `at`.
    pub fn count(&mut self, index: u32, at: Instant) -> u64 {
        let would_be = self.dealings.count(index, at, &mut self.arriving);
        self.blocks.created(Some(index), at, would_be)
    }

    /// How many records it has created at `at`.
    pub fn total(&mut self, at: Instant) -> u64 {
        let would_be = self.arriving.count(at);
        self.blocks.created(None, at, would_be)
    }

    /// What it would have created by `at` if its buffer had never been full.
    fn tally(&mut self, at: Instant) -> Tally {
        // Those too among which it dealt before its topic was another one.
        let partitions = 0..(self.dealings.partitions() as u32).max(self.channels.len() as u32);
        let dealt = partitions.map(|index| self.dealings.count(index, at, &mut self.arriving));
        Tally { partitions: dealt.collect(), total: self.arriving.count(at) }
    }

    /// When it creates its `nth` record (from 1) for partition `index`; `None`: not within the run.
    pub fn nth(&mut self, index: u32, nth: u64) -> Option<Instant> {
        let would_be = self.blocks.would_be(Some(index), nth)?;
        self.dealings.nth(index, would_be, self.horizon, &mut self.arriving)
    }

    /// It hears at `at` that its topic has as many partitions as `setup` says.
    pub fn grow(&mut self, at: Instant, setup: &Setup, streams: Streams) {
        self.dealings.grow(at, setup, streams, &mut self.arriving);
        self.forget_after(at);
    }

    /// Among how many partitions it deals its records now.
    pub fn partitions(&self) -> u64 {
        self.dealings.partitions()
    }

    /// Whether it knows a leader of partition `index`.
    pub fn knows_leader(&self, index: u32) -> bool {
        self.dealings.knows_leader(index)
    }

    /// It hears at `at` that partition `index` has a leader, or none: records without a key go to
    /// partitions that have one.
    pub fn hear_of_leader(&mut self, index: u32, at: Instant, leads: bool) {
        self.dealings.hear(at, index, leads, &mut self.arriving);
        self.forget_after(at);
    }

    /// At which rate it sends to partition `index` at `at`, on average over its choices, whatever waits
    /// elsewhere.
    pub fn rate(&self, index: u32, at: Instant) -> Rate {
        if self.blocks.is_blocked() {
            return Rate::default();
        }
        let units = self.arriving.rate(at).units();
        Rate::from_units((units as f64 * self.dealings.share(index)) as u64)
    }

    /// Changes the rate from `at` on.
    pub fn change_rate(&mut self, at: Instant, change: curve::Change) {
        let at = self.dealings.change_rate(at, &mut self.arriving);
        self.batching.forget();
        self.arriving.change_rate(at, change);
        self.forget_after(at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 200 records a second for ten seconds.
    pub(super) fn setup(partitions: u32) -> Setup {
        let (at, rate) = (Instant::ZERO, Rate::per_second(200));
        Setup {
            name: "shop".to_owned(),
            profile: vec![RateStep { at, rate, ramp: Span::ZERO }],
            arrivals: Arrivals::Constant,
            partitioner: Partitioner::RoundRobin,
            start: Instant::ZERO,
            stop: Instant::NEVER,
            tick: Span::ZERO,
            index: 0,
            count: 1,
            config: ProducerConfig { linger: Span::ZERO, ..ProducerConfig::default() },
            record_size: 1_000,
            partitions,
            duration: Span::from_secs(10),
        }
    }
}
