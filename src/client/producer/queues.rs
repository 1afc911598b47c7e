//! Whom a sticky producer turns to next: partitions where many batches wait get fewer records
//! (KIP-794; `RecordAccumulator.partitionReady`, `BuiltInPartitioner.updatePartitionLoadStats`).
//!
//! A partition is watched while something keeps its records up. Everywhere else batches leave soon, and
//! its queue counts as empty.

use crate::kernel::random::Stream;
use crate::kernel::rate::Rate;
use crate::kernel::time::{Instant, Span};
use crate::model::config::ProducerConfig;
use crate::model::id::BrokerId;
use std::collections::BTreeMap;

/// Why the records of a partition are in its queue.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Reason {
    /// Nobody takes them.
    Waits {
        /// Since when.
        since: Instant,
        /// How long records are kept.
        patience: Span,
        /// Whether the broker takes no requests, whatever they hold.
        is_away: bool,
        /// Who takes as many requests as may be in flight, and answers none.
        silent: Option<BrokerId>,
    },
    /// So many leave in a round trip.
    Crawls {
        /// How many.
        records: u64,
        /// How long it takes.
        trip: Span,
    },
}

/// A partition whose queue may hold something.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Watched {
    pub reason: Reason,
    /// When somebody said so, and how many of its records had left the queue by then, by the count of
    /// its dealing.
    pub at: Instant,
    pub left: u64,
}

/// How many pairs of partitions there are among which one run may follow another, and of how many of them
/// the same broker leads two different ones.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Neighbours {
    pub pairs: u64,
    pub all: u64,
}

impl Default for Neighbours {
    fn default() -> Self {
        Neighbours { pairs: 0, all: 1 }
    }
}

/// How long a queue is that crawls, after so many runs of its partition.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Level {
    at: Instant,
    runs: usize,
    /// Records, times the microseconds of a round trip.
    parts: u128,
}

/// A queue when a run begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Queue {
    batches: u64,
    is_excluded: bool,
}

/// What was dealt before a run.
pub(super) trait Dealt {
    /// Records of a partition.
    fn now(&mut self, index: u32) -> u64;
    /// The same, so long ago.
    fn ago(&mut self, index: u32, span: Span) -> u64;
    /// When the `nth` run of a partition began (from 0), and its records.
    fn run(&mut self, index: u32, nth: usize) -> Option<(Instant, u64)>;
    /// How many runs of a partition began by `at`, and their records.
    fn begun_by(&mut self, index: u32, at: Instant) -> (usize, u64);
}

/// The partitions of a topic and their queues, as the partitioner sees them.
#[derive(Debug)]
pub(super) struct Queues {
    /// Partitions that have a leader, ascending; all, if none has.
    available: Vec<u32>,
    is_led: bool,
    watched: BTreeMap<u32, Watched>,
    /// Who takes the records of each partition, or did last.
    leaders: Vec<Option<BrokerId>>,
    levels: BTreeMap<u32, Level>,
    /// `partitioner.adaptive.partitioning.enable`
    is_adaptive: bool,
    /// `partitioner.availability.timeout.ms`; zero: none.
    availability_timeout: Span,
    /// Records that fill a batch.
    batch: u64,
    /// `max.in.flight.requests.per.connection`
    in_flight: u32,
    /// The table of the last choice: partitions, and their weights one upon the other.
    table: Vec<(u32, u64)>,
}

impl Queues {
    pub(super) fn new(config: &ProducerConfig, record_size: u64, partitions: u32) -> Self {
        Queues {
            available: (0..partitions).collect(),
            is_led: true,
            watched: BTreeMap::new(),
            leaders: vec![None; partitions as usize],
            levels: BTreeMap::new(),
            is_adaptive: config.adaptive_partitioning,
            availability_timeout: config.availability_timeout,
            batch: config.records_per_batch(record_size),
            in_flight: config.max_in_flight,
            table: Vec::new(),
        }
    }

    /// These partitions have a leader, or `is_led` is false and these are all.
    pub(super) fn choose_among(&mut self, available: &[u32], is_led: bool) {
        self.available.clear();
        self.available.extend_from_slice(available);
        self.is_led = is_led;
    }

    /// The share of all records that a partition gets if no queue is longer than another.
    pub(super) fn share(&self, index: u32) -> f64 {
        let is_available = self.available.binary_search(&index).is_ok();
        if is_available { 1.0 / self.available.len() as f64 } else { 0.0 }
    }

    /// The records of a partition wait, or wait no more.
    pub(super) fn watch(&mut self, index: u32, watched: Option<Watched>) {
        match watched {
            Some(watched) => self.watched.insert(index, watched),
            None => self.watched.remove(&index),
        };
    }

    /// Runs that it has seen may have changed.
    pub(super) fn forget(&mut self) {
        self.levels.clear();
    }

    /// Why the records of a partition wait.
    pub(super) fn watched(&self, index: u32) -> Option<Watched> {
        self.watched.get(&index).copied()
    }

    /// This broker takes the records of a partition. Whether that is news.
    pub(super) fn led_by(&mut self, index: u32, leader: BrokerId) -> bool {
        self.leaders[index as usize].replace(leader) != Some(leader)
    }

    /// How the partitions that are available and not held up lie on brokers.
    pub(super) fn neighbours(&self, held_up: &[u32]) -> Neighbours {
        let mut led: BTreeMap<BrokerId, u64> = BTreeMap::new();
        let taken = self.available.iter().filter(|index| held_up.binary_search(index).is_err());
        for leader in taken.filter_map(|&index| self.leaders[index as usize]) {
            *led.entry(leader).or_default() += 1;
        }
        let all: u64 = led.values().sum();
        let pairs = led.values().map(|partitions| partitions * (partitions - 1)).sum();
        if all == 0 { Neighbours::default() } else { Neighbours { pairs, all: all * all } }
    }

    /// Partitions whose batches stay open until they are full, ascending: their broker takes nothing, or
    /// records that leave one by one would soon be as many as may be in flight.
    pub(super) fn held_up(&self, rate: Rate) -> Vec<u32> {
        let is_held_up = |watched: &Watched| match watched.reason {
            Reason::Waits { .. } => true,
            Reason::Crawls { trip, .. } => {
                let records = u128::from(rate.units()) * u128::from(trip.as_us());
                records > u128::from(self.in_flight) * Rate::PER_EVENT
            }
        };
        let held_up = self.watched.iter().filter(|(_, watched)| is_held_up(watched));
        held_up.map(|(&index, _)| index).collect()
    }

    /// Whether no queue can change the choice.
    pub(super) fn is_calm(&self) -> bool {
        !self.is_adaptive || !self.is_led || self.watched.is_empty()
    }

    /// The next partition, whatever the queues.
    pub(super) fn any(&self, stream: &mut Stream) -> u32 {
        self.available[stream.below(self.available.len() as u64) as usize]
    }

    /// The next partition, by the queues at `at`.
    pub(super) fn choose(
        &mut self,
        at: Instant,
        dealt: &mut impl Dealt,
        stream: &mut Stream,
    ) -> u32 {
        let watched: Vec<(u32, Watched)> = self.watched.iter().map(|(&i, &w)| (i, w)).collect();
        let queue = |(index, watched)| (index, self.queue(index, watched, at, dealt));
        let queues: Vec<(u32, Queue)> = watched.into_iter().map(queue).collect();
        if !self.weigh(&queues) {
            return self.any(stream);
        }
        let all = self.table.last().expect("somebody is in the table").1;
        let drawn = stream.below(all);
        let place = self.table.partition_point(|&(_, upto)| upto <= drawn);
        self.table[place].0
    }

    fn queue(
        &mut self,
        index: u32,
        watched: Watched,
        now: Instant,
        dealt: &mut impl Dealt,
    ) -> Queue {
        let Reason::Waits { since, patience, is_away, silent } = watched.reason else {
            let records = self.level(index, watched, now, dealt);
            return Queue { batches: records.div_ceil(self.batch), is_excluded: false };
        };
        let waits = now.since(since);
        let gone = if waits < patience { 0 } else { dealt.ago(index, patience) };
        let left = watched.left + silent.map_or(0, |broker| self.in_flight(broker));
        let records = dealt.now(index).saturating_sub(left.max(gone));
        let timeout = self.availability_timeout;
        Queue {
            batches: records.div_ceil(self.batch),
            is_excluded: is_away && !timeout.is_zero() && waits > timeout,
        }
    }

    /// Records of a partition that are in flight to a silent broker: its partitions share what may be.
    fn in_flight(&self, broker: BrokerId) -> u64 {
        let is_silent = |watched: &&Watched| matches!(watched.reason, Reason::Waits { silent, .. } if silent == Some(broker));
        let partitions = self.watched.values().filter(is_silent).count() as u64;
        u64::from(self.in_flight) * self.batch / partitions.max(1)
    }

    /// Records in a queue that crawls: each run comes at once, and all leave at their pace.
    fn level(&mut self, index: u32, watched: Watched, now: Instant, dealt: &mut impl Dealt) -> u64 {
        let Reason::Crawls { records, trip } = watched.reason else { return 0 };
        let trip = u128::from(trip.as_us().max(1));
        let mut last = self.levels.get(&index).copied().unwrap_or_else(|| {
            let (runs, dealt) = dealt.begun_by(index, watched.at);
            let queued = dealt.saturating_sub(watched.left);
            Level { at: watched.at, runs, parts: u128::from(queued) * trip }
        });
        let drain = |last: &mut Level, at: Instant| {
            let gone = u128::from(records) * u128::from(at.since(last.at).as_us());
            (last.at, last.parts) = (at, last.parts.saturating_sub(gone));
        };
        while let Some((at, records)) = dealt.run(index, last.runs) {
            drain(&mut last, at);
            last.parts += u128::from(records) * trip;
            last.runs += 1;
        }
        drain(&mut last, now);
        self.levels.insert(index, last);
        (last.parts / trip) as u64
    }

    /// Makes the table from the queues of watched partitions; the others are empty. `false`: all get
    /// the same.
    ///
    /// An excluded partition leaves the length of its queue to the next one, if that one's is empty:
    /// Kafka writes only lengths of queues that hold something into a table that is built in place.
    fn weigh(&mut self, queues: &[(u32, Queue)]) -> bool {
        self.table.clear();
        let (mut left_over, mut longest, mut watched) = (0, 0, queues.iter().peekable());
        for &index in &self.available {
            while watched.next_if(|(other, _)| *other < index).is_some() {}
            let queue = watched.next_if(|(other, _)| *other == index).map(|(_, queue)| *queue);
            let queue = queue.unwrap_or_default();
            let length = if queue.batches > 0 { queue.batches } else { left_over };
            if queue.batches > 0 && queue.is_excluded {
                left_over = length;
                continue;
            }
            left_over = 0;
            longest = longest.max(length);
            self.table.push((index, length));
        }
        let first = self.table.first().map(|&(_, length)| length);
        let all_alike = self.table.iter().all(|&(_, length)| Some(length) == first);
        if first.is_none() || all_alike && self.table.len() == self.available.len() {
            return false;
        }
        let mut upto = 0;
        for (_, length) in &mut self.table {
            upto += longest + 1 - *length;
            *length = upto;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queues(partitions: u32) -> Queues {
        Queues::new(&ProducerConfig::default(), 1_000, partitions)
    }

    /// Weights from the lengths of queues; `None` in the end: excluded.
    fn weights(lengths: &[(u64, bool)]) -> Option<Vec<(u32, u64)>> {
        let mut queues = queues(lengths.len() as u32);
        let queue = |&(batches, is_excluded)| Queue { batches, is_excluded };
        let lengths: Vec<(u32, Queue)> = (0..).zip(lengths.iter().map(queue)).collect();
        let weighed = queues.weigh(&lengths);
        let mut before = 0;
        let weight =
            |&(index, upto): &(u32, u64)| (index, upto - std::mem::replace(&mut before, upto));
        weighed.then(|| queues.table.iter().map(weight).collect())
    }

    #[test]
    fn longer_queues_weigh_less() {
        // The example of KIP-794.
        let lengths = [0, 3, 1].map(|length| (length, false));
        assert_eq!(weights(&lengths), Some(vec![(0, 4), (1, 1), (2, 3)]));
        assert_eq!(weights(&[(7, false); 3]), None, "all alike");
    }

    #[test]
    fn who_is_excluded_leaves_its_length_behind() {
        let lengths = [(0, false), (9, true), (0, false), (0, false)];
        assert_eq!(weights(&lengths), Some(vec![(0, 10), (2, 1), (3, 10)]));
        let lengths = [(0, false), (9, true), (8, true), (2, false)];
        assert_eq!(weights(&lengths), Some(vec![(0, 3), (3, 1)]));
        let lengths = [(0, false), (0, false), (8, true)];
        assert_eq!(weights(&lengths), Some(vec![(0, 1), (1, 1)]), "the rest get the same");
        assert_eq!(weights(&[(8, true), (8, true)]), None, "nobody is left");
    }
}
