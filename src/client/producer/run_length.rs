//! How many records a sticky producer sends to one partition before it turns to the next
//! (`BuiltInPartitioner.updatePartitionInfo`, `RecordAccumulator.partitionChanged`).
//!
//! It turns when it has appended `batch.size` bytes and no batch of the partition is open any more: the
//! open one is full or has been sent after its linger. A full batch is a little smaller than
//! `batch.size`, so a fast producer fills two.

use crate::kernel::rate::Rate;
use crate::kernel::time::Span;
use crate::model::config::ProducerConfig;

/// Runs shorter than what is produced in this time are drawn together.
const SHORTEST: Span = Span::from_ms(2);

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

    /// Records of a run at this rate.
    pub(super) fn at(&self, rate: Rate) -> u64 {
        // Its linger begins with its first record, and what comes when it ends comes too late.
        let units = |span: Span| u128::from(rate.units()) * u128::from(span.as_us());
        let within = |span: Span| units(span).div_ceil(Rate::PER_EVENT) as u64;
        let batch = within(self.open).clamp(1, self.capacity);
        let batches =
            self.batch_size.div_ceil(ProducerConfig::batch_bytes(batch, self.record_size));
        let run = batch * batches.max(1);
        run * within(SHORTEST).div_ceil(run).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(record_size: u64, linger: u64, rate: u64) -> u64 {
        let config = ProducerConfig { linger: Span::from_ms(linger), ..ProducerConfig::default() };
        RunLength::new(&config, record_size, Span::ZERO).at(Rate::per_second(rate))
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
    fn fast_producers_draw_several_runs_together() {
        assert_eq!(run(1_000, 5, 16_000), 32);
        assert_eq!(run(1_000, 5, 50_000), 128);
    }
}
