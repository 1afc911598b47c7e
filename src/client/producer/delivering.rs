//! From a producer into the logs: what flows, what waits and for how long, and what comes twice.

use super::Producer;
use super::delivery::{
    Again, Channel, Course, Crawl, Outcome, Segment, Wait, Why, longest_try, next_attempt,
};
use crate::kernel::time::{Instant, Span};
use crate::model::config::Acks;
use crate::model::id::BrokerId;

/// What a producer delivers has changed its course at least once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Unsteady;

impl Producer {
    /// How many of its records the log of partition `index` holds at `at`.
    pub fn delivered(&mut self, index: u32, at: Instant) -> u64 {
        let Some(channel) = self.channels.get(index as usize) else { return 0 };
        let segment = channel.at(at);
        match segment.course {
            Course::Waits(_) => segment.base,
            Course::Flows(way) => {
                let left = before(at, way);
                self.sent(index, left).saturating_add_signed(segment.surplus).max(segment.base)
            }
            Course::Crawls(crawl) => {
                let then = before(at, crawl.way);
                self.crawled(index, segment, crawl, then).max(segment.base)
            }
        }
    }

    /// Records for a partition that have left the producer by `at`, if nothing keeps them.
    pub(super) fn sent(&mut self, index: u32, at: Instant) -> u64 {
        let left = self.batching.left(at, &mut self.arriving);
        self.count(index, left)
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

    /// Who has to have a record before it is acknowledged.
    pub fn acks(&self) -> Acks {
        self.config.acks
    }

    /// Whether `acks` is `all`: what too few replicas have is not acknowledged.
    pub fn waits_for_all(&self) -> bool {
        self.config.acks == Acks::All
    }

    /// When the last record was appended whose acknowledgement arrives, if the leader answers nothing
    /// more from `at` on. Replicas have a record so long after their leader, and an answer takes `back`.
    /// What a leader has sent on its own arrives, unless the network is cut.
    pub fn acknowledged_at(
        &self,
        at: Instant,
        behind: Span,
        back: Span,
        is_cut_off: bool,
    ) -> Instant {
        match self.config.acks {
            Acks::Leader if is_cut_off => before(at, back),
            Acks::None | Acks::Leader => at,
            Acks::All => before(at, behind.saturating_add(back)),
        }
    }

    /// When a producer whose records wait tries again, at or after `now`. `is_silent` says which
    /// brokers answer nothing.
    pub fn tries_again(
        &self,
        index: u32,
        now: Instant,
        is_silent: impl Fn(BrokerId) -> bool,
    ) -> Instant {
        let wait = self.channels.get(index as usize).and_then(|channel| channel.last().wait());
        let Some(wait) = wait else { return now };
        let config = &self.config;
        match wait.why {
            Why::Silent(broker) if is_silent(broker) => {
                now.max(wait.since.saturating_add(config.request_timeout))
            }
            Why::Silent(_) | Why::Unacknowledged => now,
            Why::Refused | Why::TooFew => {
                next_attempt(wait.since, now, config.retry_backoff, config.retry_backoff_max)
            }
        }
    }

    /// The way into a partition, which may be new.
    pub(super) fn channel(&mut self, index: u32) -> &mut Channel {
        let known = self.channels.len().max(index as usize + 1);
        self.channels.resize_with(known, Channel::new);
        &mut self.channels[index as usize]
    }

    /// From `at` on nobody takes records for partition `index`, or nobody says so: they wait.
    /// `acknowledged` is when the last one was appended of which the producer has heard.
    pub fn hold(
        &mut self,
        index: u32,
        at: Instant,
        why: Why,
        leader: Option<BrokerId>,
        acknowledged: Instant,
    ) {
        let segment = self.channel(index).last();
        match segment.course {
            Course::Waits(wait) if wait.why == why => {}
            Course::Waits(wait) => {
                self.give_up(index, at);
                let copies = wait.copies(at, self.config.request_timeout);
                let course = Course::Waits(Wait { why, since: at, copies, ..wait });
                let segment = self.channel(index).last();
                self.channel(index).push(Segment { course, ..segment.next(at) });
                self.watch(index, at);
            }
            Course::Flows(way) | Course::Crawls(Crawl { way, .. }) => {
                let base = self.delivered(index, at);
                let answered = self.delivered(index, acknowledged).min(base);
                let asked = before(acknowledged, way);
                let (began, copies) = (at, 0);
                let wait = Wait { why, since: at, began, leader, answered, asked, copies };
                let course = Course::Waits(wait);
                self.channel(index).push(Segment { base, course, ..segment.next(at) });
                self.watch(index, at);
                if why == Why::Refused && !self.sends_again() {
                    // What was on its way is lost with the connection.
                    let sent = self.sent(index, at).saturating_add_signed(segment.surplus);
                    self.write_off(index, sent.saturating_sub(base));
                }
            }
        }
    }

    /// Whether what is not acknowledged is sent again.
    fn sends_again(&self) -> bool {
        self.config.acks != Acks::None && self.config.retries > 0
    }

    /// So many of the records that wait will never come.
    fn write_off(&mut self, index: u32, records: u64) {
        let mut segment = self.channel(index).last();
        segment.surplus -= records.cast_signed();
        segment.given_up += records;
        self.channel(index).push(segment);
    }

    /// How long records are kept that wait for this reason.
    pub(super) fn patience(&self, why: Why) -> Span {
        let config = &self.config;
        let tried = match why {
            Why::TooFew => {
                longest_try(config.retries, config.retry_backoff, config.retry_backoff_max)
            }
            Why::Refused | Why::Silent(_) | Why::Unacknowledged => config.delivery_timeout,
        };
        tried.min(config.delivery_timeout)
    }

    /// Records that wait for partition `index` and have become too old by `at`, after the last
    /// change.
    pub(super) fn overdue(&mut self, index: u32, at: Instant) -> u64 {
        let Some(segment) = self.channels.get(index as usize).map(|channel| channel.at(at)) else {
            return 0;
        };
        let Some(wait) = segment.wait() else { return 0 };
        let patience = self.patience(wait.why);
        if at.as_us() < patience.as_us() {
            return 0;
        }
        let due = self.count(index, before(at, patience)).saturating_add_signed(segment.surplus);
        due.saturating_sub(segment.base)
    }

    /// Gives up what is too old.
    fn give_up(&mut self, index: u32, at: Instant) -> u64 {
        let expired = self.overdue(index, at);
        self.write_off(index, expired);
        expired
    }

    /// Records for partition `index` that it has given up by `at`, or lost without being told.
    pub fn given_up(&mut self, index: u32, at: Instant) -> u64 {
        let channel = self.channels.get(index as usize);
        channel.map_or(0, |channel| channel.at(at).given_up) + self.overdue(index, at)
    }

    /// From `at` on records for partition `index` come into the log of `leader` so long after they
    /// left. What waited is taken now, but for what has become too old (`delivery.timeout.ms`); of
    /// what was written before, what was not acknowledged is sent once more, and written once more
    /// unless the producer is idempotent.
    ///
    /// `trip` is given where the leader answers later than it should: how long a request takes.
    pub fn flow(
        &mut self,
        index: u32,
        at: Instant,
        (way, trip): (Span, Option<Span>),
        leader: BrokerId,
    ) -> Outcome {
        let mut outcome = Outcome::default();
        if self.dealings.led_by(at, index, leader, &mut self.arriving) {
            self.forget_after(at);
        }
        let Some(course) = self.next_course(index, at, way, trip) else { return outcome };
        let segment = self.channel(index).last();
        let base = self.delivered(index, at);
        let Some(wait) = segment.wait() else {
            self.channel(index).push(Segment { base, course, ..segment.next(at) });
            self.watch(index, at);
            return outcome;
        };
        let again = self.again(index, at, wait, leader);
        outcome.repeated = again.records;
        outcome.expired = self.give_up(index, at);
        let segment = self.channel(index).last();
        self.channel(index).push(Segment {
            from: at,
            base: base + outcome.repeated,
            course,
            surplus: segment.surplus + outcome.repeated.cast_signed(),
            given_up: segment.given_up,
            again,
        });
        self.watch(index, at);
        outcome
    }

    /// What is written once more when a wait ends at `leader`.
    fn again(&mut self, index: u32, at: Instant, wait: Wait, leader: BrokerId) -> Again {
        if self.config.enable_idempotence || !self.sends_again() {
            return Again::default();
        }
        let copies = wait.copies(at, self.config.request_timeout);
        let moved = wait.leader != Some(leader);
        let (copies, reach) = if moved || (copies == 0 && wait.why == Why::Refused) {
            // What the log has kept of it.
            (1, self.delivered(index, at))
        } else if copies == 0 {
            return Again::default();
        } else {
            let surplus = self.channel(index).last().surplus;
            let reach = self.in_flight_until(index, wait.asked);
            (copies, self.count(index, reach).saturating_add_signed(surplus))
        };
        let originals = reach.saturating_sub(wait.answered);
        let surplus = self.channel(index).of_record(wait.answered, at).surplus;
        let first = (wait.answered + 1).saturating_add_signed(-surplus);
        Again { records: copies * originals, first, originals }
    }

    /// The youngest record for a partition that goes out unanswered if the first such request left at
    /// `from`: later ones wait (`max.in.flight.requests.per.connection`).
    fn in_flight_until(&mut self, index: u32, from: Instant) -> Instant {
        let mut at = from;
        for _ in 0..self.config.max_in_flight {
            let next = self.sent(index, at) + 1;
            let Some(created) = self.nth(index, next) else { return self.horizon };
            at = self.batching.leaves(created, &mut self.arriving);
        }
        self.batching.left(at, &mut self.arriving)
    }

    /// Records of partition `index`'s log whose acknowledgement the producer has, while others wait.
    pub fn acknowledged(&self, index: u32) -> Option<u64> {
        let wait = self.channels.get(index as usize)?.last().wait()?;
        Some(wait.answered)
    }

    /// Who led partition `index` when its records began to wait.
    pub fn waits_for(&self, index: u32) -> Option<BrokerId> {
        self.channels.get(index as usize)?.last().wait()?.leader
    }

    /// The last `records` of partition `index`'s log are gone with its leader, of which `lost` had
    /// been acknowledged; the others are sent again.
    pub fn retract(&mut self, index: u32, at: Instant, records: u64, lost: u64) {
        let segment = self.channel(index).last();
        let base = self.delivered(index, at).saturating_sub(records);
        let surplus = segment.surplus - lost.cast_signed();
        let course = match segment.course {
            Course::Crawls(crawl) => Course::Crawls(Crawl { left: base, ..crawl }),
            course => course,
        };
        self.channel(index).push(Segment { base, course, surplus, ..segment.next(at) });
        if !self.sends_again() {
            self.write_off(index, records - lost);
        }
    }
}

pub(super) fn before(at: Instant, span: Span) -> Instant {
    Instant::from_us(at.as_us().saturating_sub(span.as_us()))
}

#[cfg(test)]
mod tests {
    use super::super::Setup;
    use super::super::tests::setup;
    use super::*;
    use crate::kernel::random::Streams;
    use crate::model::config::ProducerConfig;

    const FIRST: BrokerId = BrokerId(1);
    const SECOND: BrokerId = BrokerId(2);
    const WAY: Span = Span::from_ms(1);

    /// 200 records a second into one partition, without linger, 1 ms to the leader.
    fn producer(config: &ProducerConfig) -> Producer {
        let config = ProducerConfig { linger: Span::ZERO, ..config.clone() };
        let mut producer = Producer::new(&Setup { config, ..setup(1) }, Streams::new(1));
        assert_eq!(producer.flow(0, at(0), (WAY, None), FIRST), Outcome::default());
        producer
    }

    fn forgetful() -> ProducerConfig {
        ProducerConfig { enable_idempotence: false, ..ProducerConfig::default() }
    }

    fn at(ms: u64) -> Instant {
        Instant::from_ms(ms)
    }

    /// Waits from 2 s to `to`, three records unanswered.
    fn after(producer: &mut Producer, why: Why, to: u64, leader: BrokerId) -> Outcome {
        producer.hold(0, at(2_000), why, Some(FIRST), at(1_984));
        producer.flow(0, at(to), (WAY, None), leader)
    }

    #[test]
    fn what_waited_is_delivered_when_somebody_takes_it() {
        let mut producer = producer(&ProducerConfig::default());
        let outcome = after(&mut producer, Why::Refused, 4_000, FIRST);
        assert_eq!(outcome, Outcome::default(), "nothing comes twice");
        let delivered = [1_999, 2_000, 3_000, 3_999, 4_001, 5_001];
        let delivered = delivered.map(|ms| producer.delivered(0, at(ms)));
        assert_eq!(delivered, [399, 399, 399, 399, 800, 1_000]);
        // The past is as it was, whenever somebody asks.
        assert_eq!(producer.delivered(0, at(1_001)), 200);
    }

    #[test]
    fn what_nobody_acknowledged_is_written_twice_without_idempotence() {
        let mut producer = producer(&forgetful());
        let outcome = after(&mut producer, Why::Refused, 3_000, FIRST);
        assert_eq!(outcome, Outcome { repeated: 3, expired: 0 });
        assert_eq!(producer.delivered(0, at(3_000)), 602);
        assert_eq!(producer.delivered(0, at(4_001)), 803);
    }

    #[test]
    fn answers_that_come_in_time_cost_nothing_and_late_ones_what_was_in_flight() {
        let config = ProducerConfig { request_timeout: Span::from_secs(2), ..forgetful() };
        for (why, late, twice) in
            [(Why::Silent(FIRST), 5, 5), (Why::TooFew, 5, 5), (Why::Unacknowledged, 5, 10)]
        {
            let mut prompt = producer(&config);
            assert_eq!(after(&mut prompt, why, 3_000, FIRST).repeated, 0, "{why:?}");
            let mut slow = producer(&config);
            assert_eq!(after(&mut slow, why, 4_500, FIRST).repeated, late, "{why:?}");
            let mut slower = producer(&config);
            assert_eq!(after(&mut slower, why, 6_500, FIRST).repeated, twice, "{why:?}");
            assert_eq!(slower.delivered(0, at(6_501)), 1_300 + twice);
        }
        let mut idempotent = producer(&ProducerConfig { enable_idempotence: true, ..config });
        assert_eq!(after(&mut idempotent, Why::Unacknowledged, 6_500, FIRST).repeated, 0);
    }

    #[test]
    fn a_new_leader_has_what_it_followed_to() {
        let mut producer = producer(&forgetful());
        producer.hold(0, at(2_000), Why::Silent(FIRST), Some(FIRST), at(1_984));
        assert_eq!(producer.acknowledged(0), Some(396));
        producer.retract(0, at(3_000), 1, 0);
        assert_eq!(producer.flow(0, at(4_000), (WAY, None), SECOND).repeated, 2);
    }

    #[test]
    fn a_silent_leader_is_waited_for_until_the_request_times_out() {
        let mut producer = producer(&ProducerConfig::default());
        producer.hold(0, at(2_000), Why::Silent(FIRST), Some(FIRST), at(1_984));
        let tries = |now, silent| producer.tries_again(0, at(now), |_| silent).as_ms();
        assert_eq!([tries(8_000, true), tries(8_000, false)], [32_000, 8_000]);
        producer.hold(0, at(9_000), Why::Refused, Some(FIRST), at(9_000));
        assert_eq!(producer.tries_again(0, at(9_050), |_| true), at(9_100));
    }

    #[test]
    fn what_is_too_old_is_given_up() {
        let timeout = Span::from_secs(2);
        let config = ProducerConfig { delivery_timeout: timeout, ..Default::default() };
        let mut producer = producer(&config);
        producer.hold(0, at(1_001), Why::Refused, Some(FIRST), at(1_000));
        let given_up = [2_000, 3_000, 4_000].map(|ms| producer.given_up(0, at(ms)));
        assert_eq!(given_up, [0, 0, 200], "one by one");
        let outcome = producer.flow(0, at(5_000), (WAY, None), FIRST);
        // Created from 1 s to 3 s, and 5 s - 2 s is 3 s.
        assert_eq!(outcome, Outcome { repeated: 0, expired: 400 });
        assert_eq!(producer.delivered(0, at(5_001)), 600);
        assert_eq!(producer.created_nth(0, 201, at(5_001)), Some(at(3_005)));
        assert_eq!(producer.given_up(0, at(9_000)), 400);
    }

    #[test]
    fn too_few_retries_end_before_the_delivery_timeout() {
        let mut producer = producer(&ProducerConfig { retries: 3, ..forgetful() });
        // 100 + 200 + 400 ms of pauses.
        assert_eq!(after(&mut producer, Why::TooFew, 5_000, FIRST).expired, 461);
    }

    #[test]
    fn without_acknowledgements_nothing_is_sent_again() {
        let config = ProducerConfig { acks: Acks::None, ..forgetful() };
        let mut producer = producer(&config);
        producer.hold(0, at(2_000), Why::Refused, Some(FIRST), at(2_000));
        assert_eq!(producer.given_up(0, at(2_000)), 1, "what was on its way");
        assert_eq!(producer.flow(0, at(3_000), (WAY, None), FIRST), Outcome::default());
        assert_eq!(producer.delivered(0, at(3_001)), 599);
    }

    #[test]
    fn what_a_leader_had_alone_comes_again_unless_it_was_acknowledged() {
        let mut producer = producer(&ProducerConfig::default());
        producer.hold(0, at(2_000), Why::Refused, Some(FIRST), at(1_984));
        producer.retract(0, at(3_000), 5, 0);
        assert_eq!(producer.delivered(0, at(3_000)), 394);
        producer.flow(0, at(3_000), (WAY, None), SECOND);
        assert_eq!(producer.delivered(0, at(3_001)), 600);
        producer.hold(0, at(4_000), Why::Refused, Some(SECOND), at(3_990));
        producer.retract(0, at(4_000), 5, 5);
        producer.flow(0, at(4_000), (WAY, None), FIRST);
        assert_eq!(producer.delivered(0, at(5_001)), 995);
    }
}
