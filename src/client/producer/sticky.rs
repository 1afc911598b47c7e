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

/// Whoever looks again looks at most so many runs away from the last place, nearly always.
const NEAR: usize = 8;

/// Which partition each run of records goes to.
#[derive(Debug)]
pub(super) struct Sticky {
    stream: Stream,
    /// Records of a run.
    length: u64,
    partitions: u64,
    /// Runs of each partition, ascending.
    runs: Vec<Vec<u32>>,
    /// By partition: where somebody looked last in the list of its runs.
    looked_at: Vec<usize>,
    /// Runs drawn so far.
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
            looked_at: vec![0; setup.partitions as usize],
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
        let whole = self.runs_before(index as usize, full);
        let open = self.runs[index as usize].get(whole) == Some(&full);
        whole as u64 * self.length + if open { total % self.length } else { 0 }
    }

    /// How many runs of a partition come before the run `before`. A search through the whole list would
    /// miss the cache all the way.
    fn runs_before(&mut self, index: usize, before: u32) -> usize {
        let runs = &self.runs[index];
        let last = self.looked_at[index];
        let (low, high) = (last.saturating_sub(NEAR), runs.len().min(last + NEAR));
        let earlier = |run: &u32| *run < before;
        let is_near =
            (low == 0 || earlier(&runs[low - 1])) && (high == runs.len() || !earlier(&runs[high]));
        let place = if is_near {
            low + runs[low..high].partition_point(earlier)
        } else {
            runs.partition_point(earlier)
        };
        self.looked_at[index] = place;
        place
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::producer::tests::setup;
    use crate::kernel::random::{Purpose, Streams};

    #[test]
    fn who_looks_where_changes_nothing() {
        let sticky = || Sticky::new(&setup(3), Streams::new(4).stream("shop", Purpose("test")));
        let (mut sticky, mut other) = (sticky(), sticky());
        for total in (0..20_000).step_by(37) {
            // Far back, far ahead, and close by.
            for total in [total / 7, 20_000 - total, total] {
                for index in 0..3 {
                    assert_eq!(sticky.count(index, total), walk(&mut other, index, total));
                }
            }
        }
    }

    /// The same by walking through all runs.
    fn walk(sticky: &mut Sticky, index: u32, total: u64) -> u64 {
        let length = sticky.length;
        while u64::from(sticky.drawn) * length <= total {
            sticky.draw();
        }
        let runs = sticky.runs[index as usize].iter();
        runs.map(|&run| total.saturating_sub(u64::from(run) * length).min(length)).sum()
    }
}
