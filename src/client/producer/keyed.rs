//! Keyed records: each key to the partition that its murmur2 names, popular keys more often.
//!
//! How many records of a slot of time go to each partition is drawn exactly (multinomially);
//! inside the slot they are spread evenly.

use super::Setup;
use super::arrivals::{Arriving, first_count};
use crate::kernel::counts::binomial;
use crate::kernel::murmur::murmur2;
use crate::kernel::random::Stream;
use crate::kernel::time::{Instant, Span};

/// Slots are at least this long …
const SLOT_MS: u64 = 20;
/// … and with many partitions a millisecond for each, up to this.
const MAX_SLOT_MS: u64 = 1_000;
/// 64-bit numbers that a slot may draw.
const DRAWS_PER_SLOT: u64 = 1 << 24;

/// Which partitions the records of each slot go to.
#[derive(Debug)]
pub(super) struct Keyed {
    stream: Stream,
    slot: Span,
    /// Share of each partition among those from it on: what a binomial split needs.
    conditional: Vec<f64>,
    /// Per partition: slots in which it got records, with its total at their end.
    totals: Vec<Vec<(u32, u64)>>,
    /// Producer's total at the end of each slot drawn.
    drawn: Vec<u64>,
}

impl Keyed {
    pub(super) fn new(setup: &Setup, count: u32, skew: f64, stream: Stream) -> Self {
        let mut weights = vec![0.0; setup.partitions as usize];
        for key in 0..count {
            let weight = libm::pow(f64::from(key + 1), -skew);
            let hash = murmur2(format!("key-{key}").as_bytes());
            weights[partition_of(hash, setup.partitions) as usize] += weight;
        }
        let mut rest: f64 = weights.iter().sum();
        let share = |weight: f64| {
            let share = if rest > 0.0 { (weight / rest).clamp(0.0, 1.0) } else { 0.0 };
            rest -= weight;
            share
        };
        let ms = SLOT_MS.max(u64::from(setup.partitions)).min(MAX_SLOT_MS);
        Keyed {
            stream,
            slot: Span::from_ms(ms),
            conditional: weights.into_iter().map(share).collect(),
            totals: vec![Vec::new(); setup.partitions as usize],
            drawn: Vec::new(),
        }
    }

    /// The share of all records that go to a partition.
    pub(super) fn share(&self, index: u32) -> f64 {
        let (before, own) = self.conditional[..=index as usize].split_at(index as usize);
        own[0] * before.iter().map(|share| 1.0 - share).product::<f64>()
    }

    fn boundary(&self, slot: usize) -> Instant {
        Instant::ZERO + self.slot * slot as u64
    }

    fn draw(&mut self, arriving: &mut Arriving) {
        let slot = self.drawn.len();
        let end = Instant::from_us(self.boundary(slot + 1).as_us() - 1);
        let total = arriving.count(end);
        let mut left = total - self.drawn.last().copied().unwrap_or(0);
        self.drawn.push(total);
        self.stream.set_position(slot as u64 * DRAWS_PER_SLOT);
        let last = self.conditional.len() - 1;
        for partition in 0..=last {
            if left == 0 {
                break;
            }
            let share = self.conditional[partition];
            let n = if partition == last { left } else { binomial(left, share, &mut self.stream) };
            if n > 0 {
                left -= n;
                let before = self.totals[partition].last().map_or(0, |&(_, total)| total);
                self.totals[partition].push((slot as u32, before + n));
            }
        }
    }

    /// The end of the slot that holds `at`; what was drawn beyond it is forgotten, so that a change
    /// of rate may hold from there on.
    pub(super) fn next_boundary(&mut self, at: Instant) -> Instant {
        let boundary = at.round_up(self.slot);
        let keep = (boundary.as_us() / self.slot.as_us()) as usize;
        self.drawn.truncate(keep);
        for totals in &mut self.totals {
            totals.truncate(totals.partition_point(|&(slot, _)| (slot as usize) < keep));
        }
        boundary
    }

    /// Records in partition `index` at `at`, when the producer has sent `total`.
    pub(super) fn count(
        &mut self,
        index: u32,
        at: Instant,
        total: u64,
        arriving: &mut Arriving,
    ) -> u64 {
        let slot = (at.as_us() / self.slot.as_us()) as usize;
        while self.drawn.len() <= slot {
            self.draw(arriving);
        }
        let totals = &self.totals[index as usize];
        let here = totals.partition_point(|&(other, _)| (other as usize) < slot);
        let before = here.checked_sub(1).map_or(0, |last| totals[last].1);
        let Some(&(_, end)) = totals.get(here).filter(|(other, _)| *other as usize == slot) else {
            return before;
        };
        let start = slot.checked_sub(1).map_or(0, |last| self.drawn[last]);
        let (came, all) = (total.saturating_sub(start), self.drawn[slot] - start);
        before + share_so_far(end - before, came.min(all), all, index)
    }

    /// When the `nth` record comes into partition `index`.
    pub(super) fn nth(
        &mut self,
        index: u32,
        nth: u64,
        horizon: Instant,
        arriving: &mut Arriving,
    ) -> Option<Instant> {
        while self.totals[index as usize].last().is_none_or(|&(_, total)| total < nth) {
            if self.boundary(self.drawn.len()) > horizon {
                return None;
            }
            self.draw(arriving);
        }
        let totals = &self.totals[index as usize];
        let here = totals.partition_point(|&(_, total)| total < nth);
        let (slot, end) = totals[here];
        let before = here.checked_sub(1).map_or(0, |last| totals[last].1);
        let slot = slot as usize;
        let start = slot.checked_sub(1).map_or(0, |last| self.drawn[last]);
        let all = self.drawn[slot] - start;
        // The first record of the slot after which this partition has got its share.
        let (mut low, mut high) = (0, all);
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            let enough = before + share_so_far(end - before, middle, all, index) >= nth;
            if enough { high = middle } else { low = middle }
        }
        let (from, to) = (self.boundary(slot), self.boundary(slot + 1));
        let from = Instant::from_us(from.as_us().saturating_sub(1));
        let at = first_count(arriving, start + high, from, Instant::from_us(to.as_us() - 1));
        (at <= horizon).then_some(at)
    }
}

/// How many of a partition's `mine` records in a slot have come when `came` of `all` have: evenly,
/// each partition with an offset of its own so that they do not move together.
fn share_so_far(mine: u64, came: u64, all: u64, index: u32) -> u64 {
    if came == all {
        return mine;
    }
    let offset = u64::from(index.wrapping_mul(0x9e37_79b9) >> 16);
    let wide = u128::from(mine) * u128::from(came) * 65_536 + u128::from(offset) * u128::from(all);
    ((wide / (u128::from(all) * 65_536)) as u64).min(mine)
}

/// Where a key of this murmur2 goes: Kafka's `toPositive(murmur2(key)) % partitions`
/// (`BuiltInPartitioner.partitionForKey`).
pub fn partition_of(hash: i32, partitions: u32) -> u32 {
    (hash & i32::MAX) as u32 % partitions
}
