//! The built-in sticky partitioner (KIP-794): runs of records into one partition, the next one at
//! random.
//!
//! The real one moves on when a batch is full and its queue has drained; here a run is the records
//! that fill `batch.size`. Above [`RUNS_PER_SECOND`] several runs are drawn together.

use super::Setup;
use crate::kernel::random::Stream;
use crate::kernel::rate::Rate;

/// Shorter runs than this rate makes are drawn together: 2 ms of production to one partition.
const RUNS_PER_SECOND: u64 = 500;

/// Which partition each run of records goes to.
#[derive(Debug)]
pub(super) struct Sticky {
    stream: Stream,
    /// Records of a run.
    length: u64,
    partitions: u64,
    /// Runs of each partition, ascending.
    runs: Vec<Vec<u32>>,
    /// Partition of each run drawn so far.
    drawn: u32,
    last: u32,
}

impl Sticky {
    pub(super) fn new(setup: &Setup, stream: Stream) -> Self {
        let fastest = setup.profile.iter().map(|step| step.rate.units()).max().unwrap_or(0);
        let fastest = fastest / u64::from(setup.count) / Rate::PER_SECOND;
        let fills = u64::from(setup.config.batch_size).div_ceil(setup.record_size.max(1));
        Sticky {
            stream,
            length: fills.max(fastest.div_ceil(RUNS_PER_SECOND)).max(1),
            partitions: u64::from(setup.partitions),
            runs: vec![Vec::new(); setup.partitions as usize],
            drawn: 0,
            last: 0,
        }
    }

    fn draw(&mut self) {
        self.last = self.stream.below(self.partitions) as u32;
        self.runs[self.last as usize].push(self.drawn);
        self.drawn += 1;
    }

    /// Records in partition `index` of the first `total`.
    pub(super) fn count(&mut self, index: u32, total: u64) -> u64 {
        let full = (total / self.length) as u32;
        while self.drawn <= full {
            self.draw();
        }
        let runs = &self.runs[index as usize];
        let whole = runs.partition_point(|&run| run < full);
        let open = runs.get(whole) == Some(&full);
        whole as u64 * self.length + if open { total % self.length } else { 0 }
    }

    /// Which record of the producer (from 1) is the `nth` of partition `index`; `None`: none of
    /// the first `last`.
    pub(super) fn nth(&mut self, index: u32, nth: u64, last: u64) -> Option<u64> {
        let (run, place) = ((nth - 1) / self.length, (nth - 1) % self.length);
        while self.runs[index as usize].len() as u64 <= run {
            if u64::from(self.drawn) * self.length > last {
                return None;
            }
            self.draw();
        }
        let run = self.runs[index as usize][run as usize];
        Some(u64::from(run) * self.length + place + 1)
    }
}
