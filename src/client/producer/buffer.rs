//! `buffer.memory`: while records wait, batches fill it; when it is full, `send()` blocks the
//! application, whichever partition it means (kafka-semantics 8.3; `BufferPool`,
//! `RecordAccumulator.append`).
//!
//! A producer has one thread that calls `send()`. What that would have created while it is blocked
//! never comes; when a call has stood for `max.block.ms` its record is refused, and the next call
//! blocks in its place.

use super::Producer;
use super::delivering::before;
use super::delivery::Course;
use crate::kernel::time::{Instant, Span, first_moment};
use crate::model::config::ProducerConfig;

/// A blocked application goes on when this part of the buffer is free, or one batch. In Kafka one
/// batch is enough; it makes no difference that could be seen, and keeps events few.
const ROOM: u64 = 100;
/// So often within the time that records are kept the buffer is looked at, once the first ones are
/// given up: from then on it fills and empties at the same time.
const LOOKS: u64 = 100;

/// The application blocks, or goes on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Change {
    /// `send()` blocks from now on.
    Blocked,
    /// It goes on.
    Unblocked {
        /// Since when it was blocked.
        since: Instant,
        /// Records that were not created meanwhile.
        kept_back: u64,
        /// Calls that failed meanwhile.
        refused: u64,
    },
}

impl Producer {
    /// Where records wait or queue, since when, and how long they are kept.
    fn waits(&self) -> impl Iterator<Item = (u32, Instant, Span)> {
        (0..).zip(&self.channels).filter_map(|(index, channel)| {
            let segment = channel.last();
            let (began, patience) = match segment.course {
                Course::Flows(_) => return None,
                Course::Waits(wait) => (wait.began, self.patience(wait.why)),
                Course::Crawls(_) => (segment.from, self.config.delivery_timeout),
            };
            Some((index, began, patience))
        })
    }

    /// Whether somebody has to look at its buffer.
    pub fn may_block(&self) -> bool {
        self.lost_topic || self.blocks.is_blocked() || self.waits().next().is_some()
    }

    /// Its topic was deleted: `send()` waits for one of that name.
    pub fn lose_topic(&mut self) {
        self.lost_topic = true;
    }

    /// There is a topic of that name again.
    pub fn find_topic(&mut self) {
        self.lost_topic = false;
    }

    /// Bytes that a batch takes, however many records it holds.
    fn batch_memory(&self) -> u64 {
        u64::from(self.config.batch_size).max(ProducerConfig::batch_bytes(1, self.record_size))
    }

    /// Bytes of the buffer that waiting records take at `at`, as things stand now. What does not wait
    /// is there for some milliseconds and does not count.
    fn taken(&mut self, at: Instant) -> u64 {
        let waits: Vec<u32> = self.waits().map(|(index, ..)| index).collect();
        let records = self.config.records_per_batch(self.record_size);
        let mut batches = 0;
        for index in waits {
            let segment = self.channels[index as usize].last();
            if segment.wait().is_none() {
                batches += self.queued(index, at).div_ceil(records);
                continue;
            }
            let all = self.count(index, at).saturating_add_signed(segment.surplus);
            let gone = segment.base + self.overdue(index, at);
            batches += all.saturating_sub(gone).div_ceil(records);
        }
        batches * self.batch_memory()
    }

    /// Blocks the application if the next record does not fit, or lets it go on if there is room.
    pub fn look_at_buffer(&mut self, now: Instant) -> Option<Change> {
        if !self.blocks.is_blocked() {
            if !self.lost_topic && self.taken(now + Span::from_us(1)) <= self.config.buffer_memory {
                return None;
            }
            let tally = self.tally(now);
            self.blocks.begin(now, tally);
            self.forget_after(now);
            return Some(Change::Blocked);
        }
        if !self.has_room(now) {
            return None;
        }
        let refused = self.refused(now);
        let tally = self.tally(now);
        let (since, kept_back) = self.blocks.end(now, tally);
        self.forget_after(now);
        // What was not created is not in a queue.
        for index in self.waits().map(|(index, ..)| index).collect::<Vec<u32>>() {
            self.watch(index, now);
        }
        let refused = refused - self.refused(since);
        Some(Change::Unblocked { since, kept_back, refused })
    }

    fn has_room(&mut self, at: Instant) -> bool {
        if self.lost_topic {
            return false;
        }
        let memory = self.config.buffer_memory;
        let room = self.batch_memory().max(memory / ROOM).min(memory);
        self.taken(at) + room <= memory
    }

    /// When somebody has to look at the buffer again, as things stand now; `None`: never.
    pub fn next_look(&mut self, now: Instant) -> Option<Instant> {
        let end = self.horizon;
        if self.blocks.is_blocked() {
            let goes_on = now < end && self.has_room(end);
            return goes_on.then(|| first_moment(now, end, |at| self.has_room(at)));
        }
        let waits = self.waits().map(|(_, began, patience)| (began, patience));
        let (began, patience) =
            waits.min_by_key(|&(began, patience)| began.saturating_add(patience))?;
        let step = Span::from_us((patience.as_us() / LOOKS).max(100_000));
        // Until the first records are given up, it only fills.
        let until = began.saturating_add(patience).max(now.saturating_add(step)).min(end);
        let memory = self.config.buffer_memory;
        if now < until && self.taken(until) > memory {
            return Some(before(
                first_moment(now, until, |at| self.taken(at) > memory),
                Span::from_us(1),
            ));
        }
        (until < end).then_some(until)
    }

    /// How long its application was blocked in (from, to].
    pub fn blocked(&self, from: Instant, to: Instant) -> Span {
        self.blocks.time(from, to)
    }

    /// Records that a full buffer refused by `at`.
    pub fn refused(&mut self, at: Instant) -> u64 {
        let would_be = self.arriving.count(at);
        self.blocks.refused(at, would_be, self.config.max_block)
    }

    /// Records that the application could not create by `at` because it was blocked.
    pub fn kept_back(&mut self, at: Instant) -> u64 {
        self.arriving.count(at) - self.total(at)
    }

    /// Records that it has created, or would have, and that never came or will come into a log: given
    /// up, lost on the way or refused.
    pub fn undelivered(&mut self, at: Instant) -> u64 {
        let given_up = (0..self.channels.len() as u32).map(|index| self.given_up(index, at));
        given_up.sum::<u64>() + self.refused(at)
    }
}

#[cfg(test)]
mod tests {
    use super::super::delivery::Why;
    use super::super::tests::setup;
    use super::super::{Producer, Setup};
    use super::*;
    use crate::kernel::random::Streams;
    use crate::model::id::BrokerId;

    const LEADER: BrokerId = BrokerId(1);

    fn at(ms: u64) -> Instant {
        Instant::from_ms(ms)
    }

    /// 200 records a second into two partitions, 16 of 1,000 bytes in a batch; room for ten batches.
    fn producer(config: &ProducerConfig) -> Producer {
        let config = ProducerConfig {
            linger: Span::ZERO,
            buffer_memory: 10 * 16_384,
            delivery_timeout: Span::from_secs(4),
            max_block: Span::from_ms(1_500),
            ..config.clone()
        };
        let setup = Setup { config, duration: Span::from_secs(30), ..setup(2) };
        let mut producer = Producer::new(&setup, Streams::new(1));
        for index in 0..2 {
            producer.flow(index, at(0), (Span::ZERO, None), LEADER);
        }
        producer
    }

    /// Looks whenever it has to, until `to`: what happened, and when.
    fn watch(producer: &mut Producer, from: u64, to: u64) -> Vec<(u64, Change)> {
        let (mut seen, mut next) = (Vec::new(), Some(at(from)));
        while let Some(now) = next.filter(|&now| now <= at(to)) {
            seen.extend(producer.look_at_buffer(now).map(|change| (now.as_ms(), change)));
            next = producer.next_look(now);
            assert!(next.is_none_or(|next| next > now), "time goes on");
        }
        seen
    }

    #[test]
    fn a_full_buffer_blocks_all_partitions_until_somebody_takes_what_waits() {
        let mut producer = producer(&ProducerConfig::default());
        producer.hold(0, at(1_000), Why::Refused, Some(LEADER), at(1_000));
        // 160 records of the partition fit; it gets a hundred a second.
        assert_eq!(watch(&mut producer, 1_000, 4_000), [(2_604, Change::Blocked)]);
        assert_eq!((producer.total(at(2_604)), producer.total(at(4_000))), (520, 520));
        assert_eq!(producer.delivered(1, at(4_000)), 260, "the other one is blocked, too");
        producer.flow(0, at(4_000), (Span::ZERO, None), LEADER);
        let [(4_000, Change::Unblocked { since, kept_back, refused })] =
            watch(&mut producer, 4_000, 9_000)[..]
        else {
            panic!("it goes on");
        };
        assert_eq!((since.as_ms(), kept_back, refused), (2_604, 280, 0));
        assert_eq!(producer.delivered(0, at(4_000)), 260, "nothing of it is lost");
        assert_eq!(producer.total(at(9_000)), 1_520);
        let nth = producer.nth(1, 261).unwrap();
        assert!(nth > at(4_000), "{nth}");
        assert_eq!(producer.blocked(at(0), at(9_000)), Span::from_us(1_395_001));
    }

    #[test]
    fn what_is_given_up_makes_room() {
        let mut producer = producer(&ProducerConfig::default());
        producer.hold(0, at(1_000), Why::Refused, Some(LEADER), at(1_000));
        let seen = watch(&mut producer, 1_000, 12_000);
        let blocked = |change: &Change| *change == Change::Blocked;
        let starts = seen.iter().filter(|(_, change)| blocked(change)).map(|(at, _)| *at);
        let starts: Vec<u64> = starts.collect();
        // Full after 1.6 s, blocked until the first records are 4 s old, and so again and again.
        assert!(starts.len() >= 2 && starts[0] == 2_604, "{starts:?}");
        assert!((6_400..6_900).contains(&starts[1]), "{starts:?}");
        let Some((goes_on, Change::Unblocked { refused: 1, .. })) = seen.get(1) else {
            panic!("a call of send() fails after 1.5 s: {seen:?}");
        };
        assert!((5_000..5_200).contains(goes_on), "{goes_on}");
        assert!(seen.len() < 12, "{seen:?}");
        let (created, delivered) =
            (producer.count(0, at(12_000)), producer.delivered(0, at(12_000)));
        assert!(producer.given_up(0, at(12_000)) + delivered + 160 >= created);
    }

    #[test]
    fn where_send_does_not_wait_every_record_is_refused() {
        let config = ProducerConfig { max_block: Span::ZERO, ..ProducerConfig::default() };
        let mut producer = producer(&config);
        producer.config.max_block = Span::ZERO;
        producer.hold(0, at(1_000), Why::Refused, Some(LEADER), at(1_000));
        watch(&mut producer, 1_000, 4_000);
        producer.flow(0, at(4_000), (Span::ZERO, None), LEADER);
        watch(&mut producer, 4_000, 4_000);
        assert_eq!(producer.undelivered(at(9_000)), 280);
        assert_eq!(producer.undelivered(at(9_000)) + producer.total(at(9_000)), 1_800);
    }
}
