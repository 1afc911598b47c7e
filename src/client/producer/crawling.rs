//! Brokers that answer late: so many requests are out at a time, and what comes meanwhile queues
//! (`max.in.flight.requests.per.connection`; `NetworkClient.canSendRequest`).
//!
//! In a round trip so many batches of a partition leave as requests may be in flight. How many have
//! left is computed step by step, between the steps in proportion to time.

use super::Producer;
use super::delivery::{Course, Crawl, Segment, Wait, Why};
use super::queues::Reason;
use crate::kernel::rate::Rate;
use crate::kernel::time::{Instant, Span};

/// A step is a round trip, but neither shorter …
const SHORTEST: Span = Span::from_ms(10);
/// … nor longer than this.
const LONGEST: Span = Span::from_ms(100);
/// Steps within a run at most: longer runs have longer steps.
const MAX_STEPS: u64 = 100_000;

impl Crawl {
    /// So many records, in the smallest parts in which they leave: those of a microsecond.
    fn parts(&self, records: u64) -> u128 {
        u128::from(records) * u128::from(self.trip.as_us().max(1))
    }

    /// How many such parts leave within `span`.
    fn pace(&self, span: Span) -> u128 {
        u128::from(self.records) * u128::from(span.as_us())
    }

    /// Whole records of so many parts.
    fn records(&self, parts: u128) -> u64 {
        (parts / self.parts(1)) as u64
    }
}

impl Producer {
    /// How records go to partition `index` when its leader takes them: `None`, as they do already.
    pub(super) fn next_course(
        &mut self,
        index: u32,
        at: Instant,
        way: Span,
        trip: Option<Span>,
    ) -> Option<Course> {
        let segment = self.channel(index).last();
        let records =
            u64::from(self.config.max_in_flight) * self.config.records_per_batch(self.record_size);
        let Some(trip) = trip.filter(|&trip| self.is_held_up(index, at, records, trip)) else {
            let course = Course::Flows(way);
            return (segment.course != course).then_some(course);
        };
        let left = match segment.course {
            Course::Crawls(crawl) if (crawl.way, crawl.trip) == (way, trip) => return None,
            Course::Crawls(crawl) => self.crawled(index, segment, crawl, at),
            Course::Flows(_) => self.sent(index, at).saturating_add_signed(segment.surplus),
            Course::Waits(_) => segment.base,
        };
        Some(Course::Crawls(Crawl { way, records, trip, left }))
    }

    /// Whether requests wait for others to be answered: they leave once in a linger, or more often where
    /// batches fill.
    fn is_held_up(&self, index: u32, at: Instant, records: u64, trip: Span) -> bool {
        let linger = self.config.linger;
        let fastest = u128::from(self.arriving.fastest(at).units()) * u128::from(trip.as_us());
        let fastest = fastest as f64 * self.dealings.share(index);
        trip > linger * u64::from(self.config.max_in_flight)
            || fastest > records as f64 * Rate::PER_EVENT as f64
    }

    /// How many records for partition `index` have left at `at`, in a stretch in which they crawl, by the
    /// count of the log.
    pub(super) fn crawled(
        &mut self,
        index: u32,
        segment: Segment,
        crawl: Crawl,
        at: Instant,
    ) -> u64 {
        if at <= segment.from {
            let sent = self.sent(index, at).saturating_add_signed(segment.surplus);
            return sent.min(crawl.left);
        }
        let step = self.step(crawl);
        let whole = (at.since(segment.from).as_us() / step.as_us()) as usize;
        let mut steps = self.channel(index).crawled.remove(&segment.from).unwrap_or_default();
        let left = crawl.parts(crawl.left);
        while steps.len() < whole {
            let before = steps.last().copied().unwrap_or(left);
            let then = segment.from + step * (steps.len() as u64 + 1);
            let sent = self.sent(index, then).saturating_add_signed(segment.surplus);
            steps.push(crawl.parts(sent).min(before + crawl.pace(step)).max(before));
        }
        let before = whole.checked_sub(1).map_or(left, |last| steps[last]);
        self.channel(index).crawled.insert(segment.from, steps);
        let sent = self.sent(index, at).saturating_add_signed(segment.surplus);
        let rest = at.since(segment.from + step * whole as u64);
        crawl.records(crawl.parts(sent).min(before + crawl.pace(rest)).max(before))
    }

    fn step(&self, crawl: Crawl) -> Span {
        let run = self.horizon.as_us() / MAX_STEPS;
        Span::from_us(crawl.trip.clamp(SHORTEST, LONGEST).as_us().max(run))
    }

    /// The partitioner learns from its queues whether the records of a partition wait.
    pub(super) fn watch(&mut self, index: u32, at: Instant) {
        let segment = self.channel(index).last();
        let created = self.count(index, at).saturating_add_signed(segment.surplus);
        let waiting = match segment.course {
            Course::Flows(_) => None,
            Course::Waits(Wait { why, since, leader, .. }) => {
                let (patience, is_away) = (self.patience(why), why != Why::TooFew);
                let silent = match why {
                    Why::Silent(broker) => Some(broker),
                    Why::Unacknowledged => leader,
                    Why::Refused | Why::TooFew => None,
                };
                let waits = Reason::Waits { since, patience, is_away, silent };
                Some((waits, created.saturating_sub(segment.base)))
            }
            Course::Crawls(crawl) => {
                let left = self.crawled(index, segment, crawl, at);
                let (records, trip) = (crawl.records, crawl.trip);
                Some((Reason::Crawls { records, trip }, created.saturating_sub(left)))
            }
        };
        self.forget_after(at);
        self.dealings.watch(at, index, waiting, &mut self.arriving);
    }

    /// What is computed of times after `at` may not hold any more.
    pub(super) fn forget_after(&mut self, at: Instant) {
        for index in 0..self.channels.len() {
            let segment = self.channels[index].last();
            let Course::Crawls(crawl) = segment.course else { continue };
            let whole = at.since(segment.from).as_us() / self.step(crawl).as_us();
            if let Some(steps) = self.channels[index].crawled.get_mut(&segment.from) {
                steps.truncate(whole as usize);
            }
        }
    }

    /// Records that queue for partition `index` at `at` behind requests that are out, as things stand
    /// now.
    pub(super) fn queued(&mut self, index: u32, at: Instant) -> u64 {
        let segment = self.channel(index).last();
        let Course::Crawls(crawl) = segment.course else { return 0 };
        let left = self.crawled(index, segment, crawl, at);
        self.count(index, at).saturating_add_signed(segment.surplus).saturating_sub(left)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Setup;
    use super::super::tests::setup;
    use super::*;
    use crate::kernel::random::Streams;
    use crate::model::config::ProducerConfig;
    use crate::model::id::BrokerId;
    use crate::model::workload::RateStep;

    const LEADER: BrokerId = BrokerId(1);
    const WAY: Span = Span::from_ms(1);

    fn at(ms: u64) -> Instant {
        Instant::from_ms(ms)
    }

    /// 1,000 records a second into one partition, of which 16 make a batch: 80 in a trip.
    fn producer() -> Producer {
        let rate = Rate::per_second(1_000);
        let profile = vec![RateStep { at: Instant::ZERO, rate, ramp: Span::ZERO }];
        let config = ProducerConfig { linger: Span::ZERO, ..ProducerConfig::default() };
        let mut producer = Producer::new(&Setup { profile, config, ..setup(1) }, Streams::new(1));
        producer.flow(0, at(0), (WAY, None), LEADER);
        producer
    }

    #[test]
    fn five_batches_leave_in_a_trip_and_the_rest_queues() {
        let mut producer = producer();
        let (late, trip) = (Span::from_ms(100), Some(Span::from_ms(200)));
        producer.flow(0, at(1_000), (late, trip), LEADER);
        // 400 a second, and what had left before.
        let delivered = [1_000, 1_099, 1_100, 2_100, 3_100, 4_350].map(at);
        let delivered = delivered.map(|at| producer.delivered(0, at));
        assert_eq!(delivered, [999, 999, 1_000, 1_400, 1_800, 2_300]);
        assert_eq!(producer.queued(0, at(3_000)), 1_200);
        // When the leader is as it was, it takes what waited.
        producer.flow(0, at(4_500), (WAY, None), LEADER);
        assert_eq!(producer.delivered(0, at(4_501)), 4_500);
        assert_eq!(producer.delivered(0, at(3_100)), 1_800, "the past is as it was");
    }

    #[test]
    fn nothing_is_lost_between_steps() {
        let mut producer = producer();
        let (late, trip) = (Span::from_ms(500), Some(Span::from_us(1_002_300)));
        producer.flow(0, at(1_000), (late, trip), LEADER);
        // 80 in 1.0023 s, for five seconds.
        assert_eq!(producer.delivered(0, at(6_500)), 1_399);
    }

    #[test]
    fn who_leaves_room_is_only_late() {
        let mut producer = producer();
        let (late, trip) = (Span::from_ms(20), Some(Span::from_ms(40)));
        producer.flow(0, at(1_000), (late, trip), LEADER);
        assert_eq!([2_000, 5_555].map(|ms| producer.delivered(0, at(ms))), [1_980, 5_535]);
        assert_eq!(producer.queued(0, at(7_777)), 0);
    }

    #[test]
    fn what_waited_for_a_slow_leader_comes_bit_by_bit() {
        let mut producer = producer();
        producer.hold(0, at(1_000), Why::Refused, Some(LEADER), at(1_000));
        let trip = Some(Span::from_ms(80));
        producer.flow(0, at(2_000), (WAY, trip), LEADER);
        // A thousand wait, a thousand a second come and leave.
        let delivered = [2_001, 2_501, 3_001].map(|ms| producer.delivered(0, at(ms)));
        assert_eq!(delivered, [999, 1_499, 1_999]);
    }
}
