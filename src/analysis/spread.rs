//! How lag spreads over the partitions of a group: what to say of a thousand lines.

use crate::kernel::time::Instant;
use crate::model::id::PartitionId;
use crate::trace::samples::{GroupSamples, Samples};

/// Lag of the partitions of a group at one sample.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Spread {
    /// The partition that lags least.
    pub min: u64,
    /// A quarter of the partitions lag at most so much.
    pub lower: u64,
    /// Half of them do.
    pub median: u64,
    /// Three quarters of them do.
    pub upper: u64,
    /// The partition that lags most.
    pub max: u64,
}

impl Spread {
    /// The spread of these values, which it sorts; all zero if there are none.
    pub fn of(values: &mut [u64]) -> Spread {
        values.sort_unstable();
        // The smallest value that at least so many quarters of all do not exceed.
        let quarter =
            |n: usize| values.get((values.len() * n).div_ceil(4).saturating_sub(1)).copied();
        let value = |n| quarter(n).unwrap_or(0);
        Spread { min: value(0), lower: value(1), median: value(2), upper: value(3), max: value(4) }
    }
}

/// The spread of lag over these partitions at each sample.
pub fn spreads(samples: &GroupSamples, partitions: &[PartitionId]) -> Vec<Spread> {
    let mut values = Vec::with_capacity(partitions.len());
    let mut spread = |row: &Vec<Option<u64>>| {
        values.clear();
        values.extend(partitions.iter().filter_map(|partition| row[partition.index()]));
        Spread::of(&mut values)
    };
    samples.lag.iter().map(&mut spread).collect()
}

/// The largest lag of a partition, and when it was first seen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Peak {
    /// Which partition.
    pub partition: PartitionId,
    /// When.
    pub at: Instant,
    /// How much (records).
    pub lag: u64,
}

/// The partitions that lagged most at their worst, at most `count` of them, the worst first.
/// Partitions that never lagged are left out.
pub fn worst(
    samples: &Samples,
    group: usize,
    partitions: &[PartitionId],
    count: usize,
) -> Vec<Peak> {
    let rows = &samples.groups[group].lag;
    let peak = |&partition: &PartitionId| {
        let mut peak = Peak { partition, at: Instant::ZERO, lag: 0 };
        for (&at, row) in samples.times.iter().zip(rows) {
            let lag = row[partition.index()].unwrap_or(0);
            if lag > peak.lag {
                peak = Peak { partition, at, lag };
            }
        }
        peak
    };
    let mut peaks: Vec<Peak> = partitions.iter().map(peak).filter(|peak| peak.lag > 0).collect();
    peaks.sort_by_key(|peak| (std::cmp::Reverse(peak.lag), peak.partition));
    peaks.truncate(count);
    peaks
}
