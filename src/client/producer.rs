//! Producers, counted and never sent: how many records lie in a partition at a moment, and when the
//! next one comes.
//!
//! *Who looks changes nothing*: everything random is drawn from the producer's own stream at a
//! position that belongs to a slot of time or to a run of records, so it is the same whenever and
//! however often somebody asks.

pub mod arrivals;
pub mod curve;
mod keyed;
mod sticky;

pub use keyed::partition_of;

use crate::kernel::random::{Purpose, Stream, Streams};
use crate::kernel::rate::Rate;
use crate::kernel::time::{Instant, Span};
use crate::model::workload::{Arrivals, Partitioner, RateStep};
use arrivals::Arriving;
use curve::Curve;
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
    /// `batch.size`
    pub batch_size: u32,
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
    partitions: u64,
    horizon: Instant,
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
        Producer { arriving, split, partitions: u64::from(setup.partitions), horizon }
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
        self.arriving.change_rate(at, change);
    }
}
