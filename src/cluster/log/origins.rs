//! Who wrote the records of a log, and when they were created.
//!
//! What several producers deliver in the same microsecond lies in the log in the order of their
//! rows.

use super::{PartitionLog, Source, Visible};
use crate::client::producer::Producer;
use crate::kernel::time::Instant;

impl PartitionLog {
    /// When the log came to hold all records before `offset`, as it stood at `as_of`, or before it was
    /// cut; `None`: never. A log of one producer need not be asked: it says so without looking.
    pub fn came(&self, offset: u64, as_of: Instant, producers: &mut [Producer]) -> Option<Instant> {
        if self.sources.len() < 2 || offset <= self.base {
            return Some(Instant::ZERO);
        }
        let mut to = as_of;
        let mut cuts: Vec<Instant> = self.visible.iter().map(|visible| visible.cut).collect();
        cuts.dedup();
        for &cut in cuts.iter().rev().filter(|&&cut| cut <= as_of) {
            if self.end_before(cut, producers) < offset && offset <= self.end(to, producers) {
                return Some(self.came_between(offset, (cut, to), producers));
            }
            to = Instant::from_us(cut.as_us().saturating_sub(1));
        }
        None
    }

    /// The same, if it did so between two moments and was not cut in between.
    fn came_between(
        &self,
        offset: u64,
        (from, to): (Instant, Instant),
        producers: &mut [Producer],
    ) -> Instant {
        let (mut low, mut high) = (from.as_us(), to.as_us());
        while low < high {
            let middle = low + (high - low) / 2;
            if self.end(Instant::from_us(middle), producers) >= offset {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        Instant::from_us(high)
    }

    /// The same for an offset between two that came at these moments.
    pub fn came_within(
        &self,
        offset: u64,
        (from, to): (Instant, Instant),
        as_of: Instant,
        producers: &mut [Producer],
    ) -> Option<Instant> {
        let is_cut = |visible: &Visible| from < visible.cut && visible.cut <= to;
        if self.sources.len() < 2 || self.visible.iter().any(is_cut) {
            return self.came(offset, as_of, producers);
        }
        Some(self.came_between(offset, (from, to), producers))
    }

    /// When the first and the last record was created that lie at offsets in [from, to), if the log
    /// came to hold what lies before either at these moments. Records from before the run count from
    /// its start. `None`: nothing lies there.
    pub fn created(
        &self,
        (from, to): (u64, u64),
        came: (Instant, Instant),
        as_of: Instant,
        producers: &mut [Producer],
    ) -> Option<(Instant, Instant)> {
        let old = (from < self.base).then_some(Instant::ZERO);
        let (mut first, mut last) = (old, old);
        let before = self.shares(from, came.0, producers);
        let after = self.shares(to, came.1, producers);
        for (source, (before, after)) in self.sources.iter().zip(before.iter().zip(after)) {
            if *before >= after {
                continue;
            }
            let (producer, index) = (&mut producers[source.row], source.index);
            let created = producer.created_nth(index, source.before + before + 1, as_of);
            first = first.into_iter().chain(created).min();
            let created = producer.created_nth(index, source.before + after, as_of);
            last = last.into_iter().chain(created).max();
        }
        first.zip(last)
    }

    /// The offset of the first record before `end` that was created at `since` or later, both in whole
    /// milliseconds, as timestamps are (`UnifiedLog.fetchOffsetByTimestamp`); `end`: none was. Creation is
    /// taken to ascend with offsets.
    pub fn first_created(
        &self,
        since: Instant,
        end: u64,
        as_of: Instant,
        producers: &mut [Producer],
    ) -> u64 {
        let (mut low, mut high) = (self.start().min(end), end);
        while low < high {
            let middle = low + (high - low) / 2;
            let came = [middle, middle + 1].map(|offset| self.came(offset, as_of, producers));
            let created = match came {
                [Some(from), Some(to)] => {
                    self.created((middle, middle + 1), (from, to), as_of, producers)
                }
                _ => None,
            };
            if created.is_some_and(|(first, _)| first.as_ms() >= since.as_ms()) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        low
    }

    /// Of the records before `offset`, which were there at `came`, how many each source wrote.
    fn shares(&self, offset: u64, came: Instant, producers: &mut [Producer]) -> Vec<u64> {
        let wanted = offset.saturating_sub(self.base);
        if self.sources.len() < 2 || wanted == 0 {
            return vec![wanted; self.sources.len()];
        }
        let mut left = offset.saturating_sub(self.end_before(came, producers));
        let share = |source: &Source| {
            let producer = &mut producers[source.row];
            let before = source.ours(producer.delivered_before(source.index, came));
            let all = source.ours(producer.delivered(source.index, came));
            let now = all.saturating_sub(before).min(left);
            left -= now;
            before + now
        };
        self.sources.iter().map(share).collect()
    }

    fn end_before(&self, at: Instant, producers: &mut [Producer]) -> u64 {
        let before =
            |source: &Source| source.ours(producers[source.row].delivered_before(source.index, at));
        self.base + self.sources.iter().map(before).sum::<u64>()
    }
}
