//! How long records took from their creation to the end of their processing.
//!
//! A batch is processed evenly, and each producer's records lie in a log in the order of their
//! creation: what the first and the last records of a block tell bounds those between them. Only
//! blocks that may hold the record which is asked for are halved, until its latency is known to the
//! microsecond: the cost depends on the time that passed, not on how many records came.

use crate::cluster::fetch::Logs;
use crate::kernel::time::Instant;
use crate::model::fact::Processed;
use crate::model::id::GroupId;
use crate::scenario::expect::Stat;
use crate::world::Run;

/// Halvings at most.
const MOST_LOOKS: usize = 1 << 21;

/// Records of a batch whose latency (µs) lies between bounds.
#[derive(Clone, Copy, Debug)]
struct Block {
    batch: Processed,
    /// The first offset, and one beyond the last.
    from: u64,
    to: u64,
    /// When its log came to hold what lies before either.
    came: (Instant, Instant),
    least: u64,
    most: u64,
}

/// Latency (s) of the records whose processing ended in (from, to]. `None`: there were none.
pub fn latency(
    run: &mut Run,
    group: GroupId,
    from: Instant,
    to: Instant,
    stat: Stat,
) -> Option<f64> {
    let progress = &run.trace.steps.progress[group.index()];
    let logs = &mut run.logs;
    let batches = progress.iter().flatten().map(|batch| batch.processed);
    let blocks = batches.filter_map(|batch| Block::within(batch, from, to, logs));
    let blocks: Vec<Block> = blocks.collect();
    let records: u64 = blocks.iter().map(Block::records).sum();
    if records == 0 {
        return None;
    }
    let us = match stat {
        Stat::Max => ranked(blocks, records, logs),
        Stat::Min => ranked(blocks, 1, logs),
        Stat::Percentile(percent) => {
            let rank = libm::ceil(records as f64 * percent / 100.0) as u64;
            ranked(blocks, rank.clamp(1, records), logs)
        }
        Stat::Mean | Stat::Sum | Stat::Last => sum(blocks, logs) / records as f64,
    };
    Some(us / 1e6)
}

impl Block {
    /// The records of a batch whose processing ended in (from, to].
    fn within(batch: Processed, from: Instant, to: Instant, logs: &mut Logs) -> Option<Block> {
        let done_by = |at: Instant| {
            let (mut low, mut high) = (batch.from, batch.to);
            while low < high {
                let middle = low + (high - low) / 2;
                if done(&batch, middle) <= at { low = middle + 1 } else { high = middle }
            }
            low
        };
        let (first, end) = (done_by(from), done_by(to));
        if first == end {
            return None;
        }
        let log = &logs.partitions[batch.partition.index()];
        let mut came = |offset| log.came(offset, batch.returned, &mut logs.producers);
        let came = (came(first).unwrap_or(batch.end), came(end).unwrap_or(batch.end));
        Some(Block::new(batch, (first, end), came, logs))
    }

    fn new(
        batch: Processed,
        (from, to): (u64, u64),
        came: (Instant, Instant),
        logs: &mut Logs,
    ) -> Block {
        let (first_done, last_done) = (done(&batch, from), done(&batch, to - 1));
        let log = &logs.partitions[batch.partition.index()];
        let created = log.created((from, to), came, batch.returned, &mut logs.producers);
        let (oldest, youngest) = created.unwrap_or((first_done, last_done));
        let (least, most) = (first_done.since(youngest).as_us(), last_done.since(oldest).as_us());
        Block { batch, from, to, came, least, most }
    }

    fn records(&self) -> u64 {
        self.to - self.from
    }

    fn is_known(&self) -> bool {
        self.least == self.most
    }

    fn halves(&self, logs: &mut Logs) -> [Block; 2] {
        let middle = self.from + self.records() / 2;
        let log = &logs.partitions[self.batch.partition.index()];
        let returned = self.batch.returned;
        let came = log.came_within(middle, self.came, returned, &mut logs.producers);
        let came = came.unwrap_or(self.came.1);
        [
            Block::new(self.batch, (self.from, middle), (self.came.0, came), logs),
            Block::new(self.batch, (middle, self.to), (came, self.came.1), logs),
        ]
    }
}

/// When a record of a batch was done.
fn done(batch: &Processed, offset: u64) -> Instant {
    let spent = u128::from(batch.end.since(batch.start).as_us());
    let share = spent * u128::from(offset + 1 - batch.from) / u128::from(batch.to - batch.from);
    Instant::from_us(batch.start.as_us() + share as u64)
}

/// The latency (µs) that `rank` records do not exceed.
fn ranked(mut blocks: Vec<Block>, mut rank: u64, logs: &mut Logs) -> f64 {
    let mut looks = 0;
    loop {
        let least = at_rank(&mut blocks, rank, |block| block.least);
        let most = at_rank(&mut blocks, rank, |block| block.most);
        if least == most || looks >= MOST_LOOKS {
            return f64::midpoint(least as f64, most as f64);
        }
        let below = blocks.iter().filter(|block| block.most < least);
        rank -= below.map(Block::records).sum::<u64>();
        blocks.retain(|block| block.most >= least && block.least <= most);
        blocks = blocks
            .iter()
            .flat_map(|block| {
                let halves =
                    if block.is_known() { vec![*block] } else { block.halves(logs).into() };
                looks += halves.len() - 1;
                halves
            })
            .collect();
    }
}

/// What `rank` records do not exceed by a bound of their blocks.
fn at_rank(blocks: &mut [Block], rank: u64, bound: impl Fn(&Block) -> u64) -> u64 {
    blocks.sort_unstable_by_key(&bound);
    let mut seen = 0;
    let reached = blocks.iter().find(|block| {
        seen += block.records();
        seen >= rank
    });
    reached.map_or(0, bound)
}

/// The latencies (µs) of all records, summed.
fn sum(mut blocks: Vec<Block>, logs: &mut Logs) -> f64 {
    let (mut known, mut looks) = (0.0, 0);
    while !blocks.is_empty() {
        let mut halves = Vec::new();
        for block in blocks {
            if block.is_known() || looks >= MOST_LOOKS {
                known +=
                    block.records() as f64 * f64::midpoint(block.least as f64, block.most as f64);
            } else {
                looks += 1;
                halves.extend(block.halves(logs));
            }
        }
        blocks = halves;
    }
    known
}
