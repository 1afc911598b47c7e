//! The application at work: records of a poll, one after the other, and the commits between them.

use super::commit::CommitKind;
use super::consumer::Consumer;
use super::effect::{Effect, Note};
use super::fetcher::Part;
use super::thread::{AfterCommit, Thread, Work};
use crate::kernel::time::{Instant, Span};
use crate::model::config::CommitMode;
use crate::model::fact::Processed;

impl Work {
    /// The application does something else, or nothing, after the record in hand.
    pub(super) fn stand_still(&mut self, now: Instant, span: Span) {
        let mut parts = Vec::with_capacity(self.now.len() + 1);
        for mut part in std::mem::take(&mut self.now) {
            if part.end <= now {
                parts.push(part);
                continue;
            }
            if part.start < now {
                let records = u128::from(part.to - part.from);
                let (spent, whole) = (now.since(part.start), part.end.since(part.start));
                let done =
                    (records * u128::from(spent.as_us())).div_ceil(u128::from(whole.as_us()));
                let done = (done as u64).clamp(1, part.to - part.from);
                let until = u128::from(whole.as_us()) * u128::from(done) / records;
                let end = part.start + Span::from_us(until as u64);
                parts.push(Processed { to: part.from + done, end, ..part });
                (part.from, part.start) = (part.from + done, end);
            }
            if part.from < part.to {
                (part.start, part.end) = (part.start + span, part.end + span);
                parts.push(part);
            }
        }
        self.now = parts;
        self.end += span;
    }

    /// What happens if nobody goes on with it: it is done as far as it got, and the record in hand is
    /// not.
    fn stop(self, now: Instant, out: &mut Vec<Effect>) {
        for mut processed in self.now {
            let (spent, whole) = (now.since(processed.start), processed.end.since(processed.start));
            if now < processed.end {
                let n = u128::from(processed.to - processed.from);
                let done = n * u128::from(spent.as_us()) / u128::from(whole.as_us());
                processed.to = processed.from + done as u64;
                processed.end = now;
            }
            if processed.to > processed.from {
                out.push(Effect::Note(Note::Processed(processed)));
            }
        }
    }
}

impl Consumer {
    /// `poll` returned these records.
    pub(super) fn return_records(&mut self, now: Instant, parts: Vec<Part>, out: &mut Vec<Effect>) {
        if self.application.commit == CommitMode::BeforeBatch {
            let offsets = self.subscription.all_consumed();
            self.commit_sync(now, offsets, AfterCommit::Process(parts), out);
        } else {
            self.begin_work(now, parts);
        }
    }

    /// Begins with these records, up to the next commit between them.
    pub(super) fn begin_work(&mut self, now: Instant, parts: Vec<Part>) {
        let elsewhere = self.application.poll_while_processing.is_some();
        let mut left = match self.application.commit {
            _ if elsewhere => u64::MAX,
            CommitMode::SyncRecord => 1,
            CommitMode::Records(n) => u64::from(n - self.commits.records),
            _ => u64::MAX,
        };
        // An application that is late for its next poll is late with the records in hand, if it is the
        // one that processes them.
        let busy = if elsewhere { Span::ZERO } else { std::mem::take(&mut self.busy) };
        let begin = now + busy;
        let mut work = Work {
            now: Vec::with_capacity(parts.len()),
            rest: Vec::new(),
            end: begin,
            dropped: Vec::new(),
        };
        for part in parts {
            let to = part.to.min(part.from.saturating_add(left));
            if to > part.from {
                let n = to - part.from;
                left -= n;
                let spent = self.application.processing(part.partition, n, &mut self.draws.process);
                let start = work.end;
                work.end += spent;
                let (partition, from, end) = (part.partition, part.from, work.end);
                let (epoch, returned) = (part.epoch, now);
                work.now.push(Processed { partition, from, to, epoch, start, end, returned });
            }
            if to < part.to {
                work.rest.push(Part { from: to, ..part });
            }
        }
        if elsewhere {
            self.hand_over(now, work);
        } else {
            self.thread = Thread::Processing(work);
        }
    }

    /// The records at hand are done.
    pub(super) fn end_work(&mut self, now: Instant, work: Work, out: &mut Vec<Effect>) {
        self.tell_processed(work.now, out);
        self.commit_after(now, work.rest, out);
    }

    /// These are processed; where the application counts records, it does so.
    pub(super) fn tell_processed(&mut self, done: Vec<Processed>, out: &mut Vec<Effect>) {
        let mode = self.application.commit;
        for processed in done {
            if matches!(mode, CommitMode::SyncRecord | CommitMode::Records(_)) {
                self.commits.records += (processed.to - processed.from) as u32;
                let positions = &mut self.commits.processed;
                match positions.iter_mut().find(|(p, _)| *p == processed.partition) {
                    Some((_, offset)) => *offset = processed.to,
                    None => positions.push((processed.partition, processed.to)),
                }
            }
            out.push(Effect::Note(Note::Processed(processed)));
        }
    }

    /// Commits if it is time to, and goes on with the rest of the batch, or polls.
    pub(super) fn commit_after(&mut self, now: Instant, rest: Vec<Part>, out: &mut Vec<Effect>) {
        let mode = self.application.commit;
        let due = match mode {
            CommitMode::SyncRecord => true,
            CommitMode::Records(n) => self.commits.records >= n,
            _ => false,
        };
        let every = |span: Span| now.since(self.commits.last) >= span;
        match mode {
            CommitMode::SyncRecord | CommitMode::Records(_) if due => {
                self.commits.records = 0;
                let offsets = std::mem::take(&mut self.commits.processed);
                self.commit_sync(now, offsets, AfterCommit::Continue(rest), out);
            }
            CommitMode::SyncBatch => {
                let offsets = self.worked_off(&[]);
                self.commit_sync(now, offsets, AfterCommit::Continue(rest), out);
            }
            CommitMode::Every(span) if every(span) => {
                let offsets = self.worked_off(&[]);
                self.commit_sync(now, offsets, AfterCommit::Continue(rest), out);
            }
            CommitMode::AsyncBatch => {
                let offsets = self.worked_off(&[]);
                if let Err(code) = self.commit_async(now, CommitKind::Async, &offsets, out) {
                    out.push(Effect::Note(Note::CommitFailed(code)));
                }
                self.call_poll(now);
            }
            _ => self.call_poll(now),
        }
    }

    /// The process ends in the middle of its work: what was done is told, the record at hand is
    /// not done.
    pub(super) fn stop_work(&mut self, now: Instant, out: &mut Vec<Effect>) {
        let thread = std::mem::replace(&mut self.thread, Thread::Stopped);
        let own = if let Thread::Processing(work) = thread { Some(work) } else { None };
        for work in own.into_iter().chain(self.worker.take()) {
            work.stop(now, out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::PartitionId;

    fn ms(ms: u64) -> Instant {
        Instant::ZERO + Span::from_ms(ms)
    }

    /// Two partitions of four records each, 10 ms a record.
    fn stands_still_at(at: u64) -> (Vec<(u64, u64, u64, u64)>, u64) {
        let part = |n: u64| Processed {
            partition: PartitionId(n as u32),
            from: 4,
            to: 8,
            epoch: 0,
            start: ms(40 * n),
            end: ms(40 * n + 40),
            returned: ms(0),
        };
        let (now, end) = (vec![part(0), part(1)], ms(80));
        let mut work = Work { now, rest: Vec::new(), end, dropped: Vec::new() };
        work.stand_still(ms(at), Span::from_secs(1));
        let parts =
            work.now.iter().map(|p| (p.from, p.to, p.start.as_us() / 1000, p.end.as_us() / 1000));
        (parts.collect(), work.end.as_us() / 1000)
    }

    #[test]
    fn who_is_busy_finishes_the_record_in_hand_first() {
        let last = (4, 8, 1040, 1080);
        assert_eq!(stands_still_at(15), (vec![(4, 6, 0, 20), (6, 8, 1020, 1040), last], 1080));
        assert_eq!(stands_still_at(20), (vec![(4, 6, 0, 20), (6, 8, 1020, 1040), last], 1080));
        assert_eq!(stands_still_at(0), (vec![(4, 8, 1000, 1040), last], 1080));
        let first = (4, 8, 0, 40);
        assert_eq!(stands_still_at(35), (vec![first, last], 1080));
        assert_eq!(stands_still_at(75), (vec![first, (4, 8, 40, 80)], 1080));
    }
}
