//! What a log keeps: whole segments go, the oldest first, when they are too old or too much
//! (kafka-semantics 9.8; `UnifiedLog.deleteOldSegments`, `LogSegment.shouldRoll`).
//!
//! Segments are not stored either. The log begins with one, and where it ends follows from the sizes
//! and the times of its records; so a segment costs something only when it may go.

use super::PartitionLog;
use crate::client::producer::Producer;
use crate::kernel::time::{Instant, Span, first_moment};
use crate::model::config::TopicConfig;

impl PartitionLog {
    /// Deletes what `config` does not keep. The new log start offset, if it moved.
    pub fn retain(
        &mut self,
        config: &TopicConfig,
        now: Instant,
        producers: &mut [Producer],
    ) -> Option<u64> {
        let (start, end) = (self.start(), self.end(now, producers));
        // Nothing goes that consumers can't see yet.
        let visible = self.visible_end(now, producers);
        if let Some(keep) = config.retention_bytes {
            while let Some(next) = self.segment_end(config, now, end, producers)
                && next <= visible
                && (end - next) * self.record_size >= keep
            {
                self.begin_at(now, next);
            }
        }
        if let Some(age) = config.retention {
            let old = self.older_than(age, now, producers);
            while let Some(next) = self.segment_end(config, now, end, producers)
                && next <= visible
                && next <= old
            {
                self.begin_at(now, next);
            }
        }
        Some(self.start()).filter(|&now| now > start)
    }

    fn begin_at(&mut self, now: Instant, start: u64) {
        self.oldest = None;
        if self.starts.last().is_some_and(|&(at, _)| at == now) {
            self.starts.pop();
        }
        self.starts.push((now, start));
    }

    /// One beyond the last record of the oldest segment, which is full, or to which nothing is
    /// appended any more, or which is the last one; `None`: it is empty.
    fn segment_end(
        &mut self,
        config: &TopicConfig,
        now: Instant,
        end: u64,
        producers: &mut [Producer],
    ) -> Option<u64> {
        let start = self.start();
        if start >= end {
            return None;
        }
        let records = (u64::from(config.segment_bytes) / self.record_size).max(1);
        let full = start.saturating_add(records).min(end);
        if now.since(Instant::ZERO) <= config.segment {
            return Some(full);
        }
        let first = match self.oldest {
            Some(first) => first,
            None => *self.oldest.insert(self.appended(start, now, producers)),
        };
        let closed = first.saturating_add(config.segment);
        Some(if closed < now { full.min(self.held(closed, producers)) } else { full })
    }

    /// When a record of the log was appended.
    fn appended(&self, offset: u64, now: Instant, producers: &mut [Producer]) -> Instant {
        if offset < self.base {
            return self.born;
        }
        // Of a log that was cut, what counts is what came after that.
        let cut = self.cuts.iter().rev().find(|&&(_, to)| to <= offset);
        let since = cut.map_or(self.born, |&(at, _)| at);
        first_moment(since, now, |at| self.end(at, producers) > offset)
    }

    /// So many records, of those that are in the log now, were there at `at`.
    fn held(&self, at: Instant, producers: &mut [Producer]) -> u64 {
        if at < self.born {
            return 0;
        }
        let cuts = self.cuts.iter().rev().take_while(|(cut, _)| *cut > at).map(|&(_, to)| to);
        cuts.fold(self.end(at, producers), u64::min)
    }

    /// So many records are older than `age`; ages are whole milliseconds.
    fn older_than(&self, age: Span, now: Instant, producers: &mut [Producer]) -> u64 {
        let young = (now.as_us() / 1_000).checked_sub(age.as_us() / 1_000);
        let last = young.and_then(|ms| (ms * 1_000).checked_sub(1));
        last.map_or(0, |us| self.held(Instant::from_us(us), producers))
    }
}
