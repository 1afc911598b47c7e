//! Producers, counted and never sent: how many records lie in a partition at a moment, and when the
//! next one comes.
//!
//! *Who looks changes nothing*: everything random is drawn from the producer's own stream at a
//! position that belongs to a slot of time or to a run of records, so it is the same whenever and
//! however often somebody asks.

pub mod arrivals;
mod batching;
pub mod curve;
mod dealing;
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
use dealing::Dealings;
use delivery::{Channel, Course, Segment, next_attempt};

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
        let batch = u64::from(setup.config.batch_size) / setup.record_size.max(1);
        Producer {
            arriving,
            dealings,
            batching: Batching::new(
                setup.config.linger,
                setup.start,
                batch.max(1) * filled_at_once,
            ),
            channels: (0..setup.partitions).map(|_| Channel::new()).collect(),
            config: setup.config.clone(),
            horizon,
        }
    }

    /// How many of its records the log of partition `index` holds at `at`.
    pub fn delivered(&mut self, index: u32, at: Instant) -> u64 {
        let Some(channel) = self.channels.get(index as usize) else { return 0 };
        let segment = channel.at(at);
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
        let Some(channel) = self.channels.get(index as usize) else { return Err(Unsteady) };
        let (Course::Flows(way), true) = (channel.last().course, channel.is_steady()) else {
            return Err(Unsteady);
        };
        let Some(created) = self.nth(index, nth) else { return Ok(None) };
        let leaves = self.batching.leaves(created, &mut self.arriving);
        Ok(Some(leaves.saturating_add(way)))
    }

    /// When the `nth` record of partition `index`'s log was created.
    pub fn created_nth(&mut self, index: u32, nth: u64) -> Option<Instant> {
        let surplus = self.channels.get(index as usize)?.of_record(nth).surplus;
        self.nth(index, nth.saturating_add_signed(-surplus))
    }

    /// Whether `acks` is `all`: what too few replicas have is not acknowledged.
    pub fn waits_for_all(&self) -> bool {
        self.config.acks == Acks::All
    }

    /// Whether records for partition `index` wait.
    pub fn is_held(&self, index: u32) -> bool {
        self.channels.get(index as usize).is_some_and(|channel| channel.last().waits())
    }

    /// When a producer that has been trying in vain tries again, at or after `now`.
    pub fn tries_again(&self, index: u32, now: Instant) -> Instant {
        let course = self.channels.get(index as usize).map(|channel| channel.last().course);
        let Some(Course::Waits { since }) = course else { return now };
        next_attempt(since, now, self.config.retry_backoff, self.config.retry_backoff_max)
    }

    /// The way into a partition, which may be new.
    fn channel(&mut self, index: u32) -> &mut Channel {
        let known = self.channels.len().max(index as usize + 1);
        self.channels.resize_with(known, Channel::new);
        &mut self.channels[index as usize]
    }

    /// From `at` on nobody takes records for partition `index`: they wait.
    pub fn hold(&mut self, index: u32, at: Instant) {
        let segment = self.channel(index).last();
        if !segment.waits() {
            let base = self.delivered(index, at);
            let course = Course::Waits { since: at };
            self.channel(index).push(Segment { from: at, base, course, ..segment });
        }
    }

    /// From `at` on records for partition `index` come into its log so long after they left. What
    /// waited is taken now, but for what has become too old (`delivery.timeout.ms`); of what was
    /// written before, `unanswered` records were not acknowledged and are sent once more, unless the
    /// producer is idempotent.
    pub fn flow(&mut self, index: u32, at: Instant, way: Span, unanswered: u64) -> Outcome {
        let mut segment = self.channel(index).last();
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
        self.channel(index).push(Segment { from: at, base, course, ..segment });
        outcome
    }

    /// The last `records` of partition `index`'s log are gone with its leader, of which `lost` had
    /// been acknowledged; the others are sent again.
    pub fn retract(&mut self, index: u32, at: Instant, records: u64, lost: u64) {
        let segment = self.channel(index).last();
        let base = self.delivered(index, at).saturating_sub(records);
        let surplus = segment.surplus - lost.cast_signed();
        self.channel(index).push(Segment { from: at, base, surplus, ..segment });
    }

    /// How many records it has created for its topic's partition `index` at `at`.
    pub fn count(&mut self, index: u32, at: Instant) -> u64 {
        self.dealings.count(index, at, &mut self.arriving)
    }

    /// How many records it has created at `at`.
    pub fn total(&mut self, at: Instant) -> u64 {
        self.arriving.count(at)
    }

    /// When it creates its `nth` record (from 1) for partition `index`; `None`: not within the run.
    pub fn nth(&mut self, index: u32, nth: u64) -> Option<Instant> {
        self.dealings.nth(index, nth, self.horizon, &mut self.arriving)
    }

    /// It hears at `at` that its topic has as many partitions as `setup` says.
    pub fn grow(&mut self, at: Instant, setup: &Setup, streams: Streams) {
        self.dealings.change(at, setup, streams, &mut self.arriving);
    }

    /// Among how many partitions it deals its records now.
    pub fn partitions(&self) -> u64 {
        self.dealings.partitions()
    }

    /// At which rate it sends to partition `index` at `at`, on average over its choices.
    pub fn rate(&self, index: u32, at: Instant) -> Rate {
        let units = self.arriving.rate(at).units();
        Rate::from_units((units as f64 * self.dealings.share(index)) as u64)
    }

    /// Changes the rate from `at` on.
    pub fn change_rate(&mut self, at: Instant, change: curve::Change) {
        let at = self.dealings.next_boundary(at);
        self.batching.forget();
        self.arriving.change_rate(at, change);
    }
}

/// What a producer delivers has changed its course at least once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Unsteady;

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

    fn producer(config: ProducerConfig) -> Producer {
        Producer::new(&Setup { config, ..setup(1) }, Streams::new(1))
    }

    fn at(ms: u64) -> Instant {
        Instant::from_ms(ms)
    }

    #[test]
    fn what_waited_is_delivered_when_somebody_takes_it() {
        let mut producer = producer(ProducerConfig { linger: Span::ZERO, ..Default::default() });
        let way = Span::from_ms(1);
        assert_eq!(producer.flow(0, at(0), way, 0), Outcome::default());
        producer.hold(0, at(2_000));
        assert_eq!([1_999, 2_000, 3_000].map(|ms| producer.delivered(0, at(ms))), [399, 399, 399]);
        assert_eq!(producer.flow(0, at(4_000), way, 3), Outcome::default(), "nothing comes twice");
        assert_eq!(
            [3_999, 4_001, 5_001].map(|ms| producer.delivered(0, at(ms))),
            [399, 800, 1_000]
        );
        // The past is as it was, whenever somebody asks.
        assert_eq!(producer.delivered(0, at(1_001)), 200);
    }

    #[test]
    fn what_nobody_acknowledged_is_written_twice_without_idempotence() {
        let config =
            ProducerConfig { linger: Span::ZERO, enable_idempotence: false, ..Default::default() };
        let mut producer = producer(config);
        producer.hold(0, at(2_000));
        let outcome = producer.flow(0, at(3_000), Span::ZERO, 3);
        assert_eq!(outcome, Outcome { repeated: 3, expired: 0 });
        assert_eq!(producer.delivered(0, at(3_000)), 603);
        assert_eq!(producer.delivered(0, at(4_000)), 803);
    }

    #[test]
    fn what_is_too_old_is_given_up() {
        let config = ProducerConfig {
            linger: Span::ZERO,
            delivery_timeout: Span::from_secs(2),
            ..Default::default()
        };
        let mut producer = producer(config);
        producer.hold(0, at(1_000));
        let outcome = producer.flow(0, at(5_000), Span::ZERO, 0);
        // Created from 1 s to 3 s, and 5 s - 2 s is 3 s.
        assert_eq!(outcome, Outcome { repeated: 0, expired: 400 });
        assert_eq!(producer.delivered(0, at(5_000)), 600);
        assert_eq!(producer.created_nth(0, 201), Some(at(3_005)));
    }

    #[test]
    fn what_a_leader_had_alone_comes_again_unless_it_was_acknowledged() {
        let mut producer = producer(ProducerConfig { linger: Span::ZERO, ..Default::default() });
        producer.hold(0, at(2_000));
        producer.retract(0, at(3_000), 5, 0);
        assert_eq!(producer.delivered(0, at(3_000)), 395);
        producer.flow(0, at(3_000), Span::ZERO, 0);
        assert_eq!(producer.delivered(0, at(3_000)), 600);
        producer.hold(0, at(4_000));
        producer.retract(0, at(4_000), 5, 5);
        producer.flow(0, at(4_000), Span::ZERO, 0);
        assert_eq!(producer.delivered(0, at(5_000)), 995);
    }
}
