//! A partition's log: an end and a visible end, both functions of time. Records are never stored.

use crate::client::producer::Producer;
use crate::kernel::rate::Rate;
use crate::kernel::time::Instant;

/// A partition's log, filled by producers.
#[derive(Clone, Debug)]
pub struct PartitionLog {
    /// The first offset that is still there.
    start: u64,
    /// Offsets before the first record that a producer of this run wrote.
    base: u64,
    /// Bytes of a record.
    record_size: u64,
    /// Who writes here: rows in the table of producers, and which of their partitions this is.
    sources: Vec<(usize, u32)>,
}

impl PartitionLog {
    /// A log that holds `backlog` records from before the run.
    pub fn new(backlog: u64, record_size: u64) -> Self {
        PartitionLog { start: 0, base: backlog, record_size: record_size.max(1), sources: vec![] }
    }

    /// From now on the producer in row `producer` writes here, as its partition `index`.
    pub fn add_source(&mut self, producer: usize, index: u32) {
        self.sources.push((producer, index));
    }

    /// Log start offset.
    pub fn start(&self) -> u64 {
        self.start
    }

    /// Bytes of a record.
    pub fn record_size(&self) -> u64 {
        self.record_size
    }

    /// Log end offset at `at`.
    pub fn end(&self, at: Instant, producers: &mut [Producer]) -> u64 {
        let records = |&(producer, index): &(usize, u32)| producers[producer].count(index, at);
        self.base + self.sources.iter().map(records).sum::<u64>()
    }

    /// Records that producers send here at `at`.
    pub fn rate(&self, at: Instant, producers: &[Producer]) -> Rate {
        let rate = |&(producer, index): &(usize, u32)| producers[producer].rate(index, at).units();
        Rate::from_units(self.sources.iter().map(rate).sum())
    }

    /// High watermark at `at`: what consumers may see. Every record is replicated as it comes.
    pub fn visible_end(&self, at: Instant, producers: &mut [Producer]) -> u64 {
        self.end(at, producers)
    }

    /// When `offset` becomes visible, looking from `from` on to `horizon`; `None`: not within.
    pub fn visible_from(
        &self,
        offset: u64,
        from: Instant,
        horizon: Instant,
        producers: &mut [Producer],
    ) -> Option<Instant> {
        if offset < self.base {
            return Some(from);
        }
        if let [(producer, index)] = self.sources[..] {
            return producers[producer].nth(index, offset + 1 - self.base).map(|at| at.max(from));
        }
        if self.end(from, producers) > offset {
            return Some(from);
        }
        if self.end(horizon, producers) <= offset {
            return None;
        }
        let (mut low, mut high) = (from.as_us(), horizon.as_us());
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if self.end(Instant::from_us(middle), producers) > offset {
                high = middle;
            } else {
                low = middle;
            }
        }
        Some(Instant::from_us(high))
    }
}
