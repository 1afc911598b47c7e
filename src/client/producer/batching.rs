//! From `send` to the request: records wait in a batch until it is full or `linger.ms` is over
//! (kafka-semantics 8.2; `RecordAccumulator`, `Sender`).
//!
//! Time is cut into cells as long as the linger. Where several records of the producer fall into a
//! cell, they go out together at its end; a record that is alone in its cell goes out a linger after
//! it came. In Kafka a cell begins with its first record instead of at a multiple of the linger: on
//! average records wait as long, single ones up to a linger more or less. Batches that fill before
//! the cell ends cut it into even parts.

use crate::kernel::time::{Instant, Span};

/// When records of a producer leave.
#[derive(Clone, Debug)]
pub(super) struct Batching {
    linger: Span,
    anchor: Instant,
    /// Records that fill the batch of one partition, times the partitions that are filled at once.
    capacity: u64,
    /// The last question and its answer: a fetch asks for many partitions at one moment.
    last: Option<(Instant, Instant)>,
}

/// Counts the records that were created up to a moment, and those that a cell is expected to get.
pub(super) trait Created {
    /// Up to and including `at`.
    fn count(&mut self, at: Instant) -> u64;
    /// Within `span` at the rate of `at`.
    fn expected(&self, at: Instant, span: Span) -> u64;
}

impl Batching {
    pub(super) fn new(linger: Span, anchor: Instant, capacity: u64) -> Self {
        Batching { linger, anchor, capacity: capacity.max(1), last: None }
    }

    /// What is remembered may not hold any more.
    pub(super) fn forget(&mut self) {
        self.last = None;
    }

    fn before(at: Instant, span: Span) -> Instant {
        Instant::from_us(at.as_us().saturating_sub(span.as_us()))
    }

    /// Everything created up to this moment has left at `at`.
    pub(super) fn left(&mut self, at: Instant, records: &mut impl Created) -> Instant {
        if self.linger.is_zero() || at < self.anchor {
            return at;
        }
        if let Some((asked, answer)) = self.last
            && asked == at
        {
            return answer;
        }
        let cell = self.cell(at);
        let single = Self::before(at, self.linger);
        // The cell before this one: has everything of it left, or only what was alone there?
        let is_over =
            cell > self.anchor && self.holds_several(Self::before(cell, self.linger), records);
        let mut left = if is_over { Self::before(cell, Span::from_us(1)) } else { single };
        let part = self.part(cell, records);
        if part < self.linger {
            let parts = at.since(cell).as_us() / part.as_us();
            let over = cell + Span::from_us(parts * part.as_us());
            left = left.max(Self::before(over, Span::from_us(1)));
        }
        self.last = Some((at, left));
        left
    }

    /// When a record leaves that was created at `at`.
    pub(super) fn leaves(&self, at: Instant, records: &mut impl Created) -> Instant {
        if self.linger.is_zero() || at < self.anchor {
            return at;
        }
        let cell = self.cell(at);
        let part = self.part(cell, records);
        if part < self.linger {
            let parts = at.since(cell).as_us() / part.as_us() + 1;
            return (cell + Span::from_us(parts * part.as_us())).min(cell + self.linger);
        }
        if self.holds_several(cell, records) { cell + self.linger } else { at + self.linger }
    }

    /// The beginning of the cell that a moment lies in.
    fn cell(&self, at: Instant) -> Instant {
        let since = at.since(self.anchor).as_us();
        Instant::from_us(at.as_us() - since % self.linger.as_us())
    }

    fn holds_several(&self, cell: Instant, records: &mut impl Created) -> bool {
        let last = Self::before(cell + self.linger, Span::from_us(1));
        let before =
            if cell.as_us() == 0 { 0 } else { records.count(Self::before(cell, Span::from_us(1))) };
        records.count(last) - before > 1
    }

    /// How long it takes to fill batches in a cell; the linger, if they don't fill before.
    fn part(&self, cell: Instant, records: &impl Created) -> Span {
        let expected = records.expected(cell, self.linger);
        let parts = (expected / self.capacity).clamp(1, self.linger.as_us());
        Span::from_us(self.linger.as_us() / parts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Records at these moments (µs), and a rate.
    struct Records(Vec<u64>, u64);

    impl Created for Records {
        fn count(&mut self, at: Instant) -> u64 {
            self.0.iter().filter(|&&created| created <= at.as_us()).count() as u64
        }

        fn expected(&self, _: Instant, span: Span) -> u64 {
            self.1 * span.as_us() / 1_000_000
        }
    }

    const LINGER: Span = Span::from_ms(5);

    fn us(us: u64) -> Instant {
        Instant::from_us(us)
    }

    #[test]
    fn a_single_record_waits_for_the_linger_and_several_leave_together() {
        let mut records = Records(vec![1_000, 11_000, 12_500, 14_999, 15_000], 0);
        let batching = Batching::new(LINGER, us(0), 100);
        let leaves: Vec<u64> = [1_000, 11_000, 12_500, 14_999, 15_000]
            .iter()
            .map(|&at| batching.leaves(us(at), &mut records).as_us())
            .collect();
        assert_eq!(leaves, [6_000, 15_000, 15_000, 15_000, 20_000]);
    }

    #[test]
    fn what_has_left_is_what_leaves_by_then() {
        let times: Vec<u64> = (1u64..200).map(|n| n * n * 37 % 90_000).collect();
        for (linger, rate, capacity) in
            [(5, 0, 100), (5, 40_000, 30), (1, 5_000, 2), (20, 9_000, 7)]
        {
            let mut records = Records(times.clone(), rate);
            let mut batching = Batching::new(Span::from_ms(linger), us(300), capacity);
            let mut last = us(0);
            for at in (300..120_000).step_by(113).map(us) {
                let left = batching.left(at, &mut records);
                assert!(left >= last, "time does not run backwards");
                last = left;
                for &created in times.iter().filter(|&&created| created >= 300) {
                    let leaves = batching.leaves(us(created), &mut records);
                    let waits = leaves.since(us(created));
                    assert!(waits <= Span::from_ms(linger), "{created} leaves at {leaves}");
                    assert_eq!(leaves <= at, us(created) <= left, "{created} at {at}");
                }
            }
        }
    }

    #[test]
    fn without_linger_everything_leaves_at_once() {
        let mut records = Records(vec![10, 20], 0);
        let mut batching = Batching::new(Span::ZERO, us(0), 1);
        assert_eq!(batching.left(us(17), &mut records), us(17));
        assert_eq!(batching.leaves(us(17), &mut records), us(17));
    }
}
