//! How many records a sticky producer sends to one partition before it turns to the next
//! (`BuiltInPartitioner.updatePartitionInfo`, `RecordAccumulator.partitionChanged`).
//!
//! It turns when it has appended `batch.size` bytes and no batch of the partition is open any more: the
//! open one is full or has been sent after its linger. A full batch is a little smaller than
//! `batch.size`, so a fast producer fills two. So does every producer where the broker takes no batch
//! before it is full, because nobody answers or others wait.
//!
//! A fast producer closes a full batch with the first record of the next run. If that goes to another
//! partition of the same broker, it leaves with the full batch, in a batch of its own, and one full batch
//! is enough for its run (`RecordAccumulator.drain`). Such runs are not told apart: all are as long as
//! they are on average.

use super::queues::Neighbours;
use crate::kernel::rate::Rate;
use crate::kernel::time::Span;
use crate::model::config::ProducerConfig;

/// Runs shorter than what is produced in this time are drawn together.
const SHORTEST: Span = Span::from_ms(2);

/// Records of a run, or of several that are drawn together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Lengths {
    /// Where batches leave after their linger.
    pub usual: u64,
    /// Where they leave when they are full.
    pub held_up: u64,
}

/// What decides how long a run is.
#[derive(Clone, Debug)]
pub(super) struct RunLength {
    batch_size: u64,
    record_size: u64,
    /// Records that fill a batch.
    capacity: u64,
    /// How long a batch is open at most.
    open: Span,
}

impl RunLength {
    /// Of records that come as they come, or once in a `tick`.
    pub(super) fn new(config: &ProducerConfig, record_size: u64, tick: Span) -> Self {
        RunLength {
            batch_size: u64::from(config.batch_size),
            record_size,
            capacity: config.records_per_batch(record_size),
            open: config.linger.max(tick),
        }
    }

    /// Records of a run of these batches.
    fn run(&self, batch: u64) -> u64 {
        let bytes = ProducerConfig::batch_bytes(batch, self.record_size);
        batch * self.batch_size.div_ceil(bytes).max(1)
    }

    /// Records of a run whose first one leaves at once.
    fn run_of_neighbour(&self) -> u64 {
        let bytes = |records| ProducerConfig::batch_bytes(records, self.record_size);
        let rest = self.batch_size.saturating_sub(bytes(1));
        1 + self.capacity * rest.div_ceil(bytes(self.capacity))
    }

    /// Records of a run at this rate.
    pub(super) fn at(&self, rate: Rate, neighbours: Neighbours) -> Lengths {
        // Its linger begins with its first record, and what comes when it ends comes too late.
        let units = |span: Span| u128::from(rate.units()) * u128::from(span.as_us());
        let within = |span: Span| units(span).div_ceil(Rate::PER_EVENT) as u64;
        let batch = within(self.open).clamp(1, self.capacity);
        let mut run = self.run(batch);
        if within(self.open) > self.capacity {
            let Neighbours { pairs, all } = neighbours;
            let short = self.run_of_neighbour().min(run);
            run = (run * (all - pairs) + short * pairs + all / 2) / all;
        }
        let together = within(SHORTEST).div_ceil(run).max(1);
        Lengths { usual: run * together, held_up: self.run(self.capacity) * together }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(record_size: u64, linger: u64, rate: u64) -> u64 {
        let config = ProducerConfig { linger: Span::from_ms(linger), ..ProducerConfig::default() };
        RunLength::new(&config, record_size, Span::ZERO)
            .at(Rate::per_second(rate), Neighbours::default())
            .usual
    }

    #[test]
    fn a_run_ends_when_its_batch_does() {
        // Sixteen records of 1,000 bytes fill a batch, less 323 bytes: a second one is filled, too.
        assert_eq!(run(1_000, 5, 10_000), 32);
        // Single records until 16,384 bytes are there, each in a batch of 1,061 bytes.
        assert_eq!(run(1_000, 5, 10), 16);
        // Ten records in each batch, of 10,061 bytes: two.
        assert_eq!(run(1_000, 5, 2_000), 20);
        assert_eq!([run(1_000, 5, 300), run(1_000, 5, 1_000), run(1_000, 5, 3_000)], [16, 20, 30]);
        // A record that fills a batch alone.
        assert_eq!(run(20_000, 5, 10), 1);
        // 16,323 bytes are one record each: the second one fills the run.
        assert_eq!(run(16_000, 5, 1_000), 2);
    }

    #[test]
    fn a_run_after_a_neighbours_is_shorter() {
        let length = RunLength::new(&ProducerConfig::default(), 1_000, Span::ZERO);
        let run =
            |rate, pairs, all| length.at(Rate::per_second(rate), Neighbours { pairs, all }).usual;
        // Six partitions of one broker, of three, and of six: 32 records, or 17 after a neighbour's run.
        assert_eq!([30, 6, 0].map(|pairs| run(10_000, pairs, 36)), [20, 30, 32]);
        // Where batches leave after their linger, nothing is left when the next run begins.
        assert_eq!(run(2_000, 30, 36), 20);
    }

    #[test]
    fn fast_producers_draw_several_runs_together() {
        assert_eq!(run(1_000, 5, 16_000), 32);
        assert_eq!(run(1_000, 5, 50_000), 128);
    }
}
