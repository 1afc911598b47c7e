//! Another thread that processes what `poll` returned, while the application goes on polling: it pauses
//! everything that it owns until the work is done, so that `max.poll.interval.ms` is kept and rebalances
//! are served (the javadoc of `KafkaConsumer` on `max.poll.interval.ms` recommends it). Only the thread
//! that polls may commit, and only between two calls of `poll` or in a callback.

use super::consumer::Consumer;
use super::effect::Effect;
use super::thread::{AfterCommit, Callback, Settled, Thread, Work};
use crate::kernel::time::{Instant, Span};
use crate::model::config::{CommitMode, WorkRevoked};
use crate::model::fact::Processed;
use crate::model::id::PartitionId;

/// When so many records of a part are done that is processed evenly.
fn done_at(part: &Processed, records: u64) -> Instant {
    let whole = u128::from(part.end.since(part.start).as_us());
    let until = whole * u128::from(records) / u128::from(part.to - part.from);
    part.start + Span::from_us(until as u64)
}

impl Work {
    /// When the `n`th record from now is done; never, if there are not so many.
    fn nth_done(&self, mut n: u64) -> Instant {
        for part in &self.now {
            let records = part.to - part.from;
            if n <= records {
                return done_at(part, n);
            }
            n -= records;
        }
        Instant::NEVER
    }

    /// Takes out what is done by now.
    fn take_done(&mut self, now: Instant) -> Vec<Processed> {
        let mut done = Vec::new();
        while let Some(part) = self.now.first_mut() {
            if part.end <= now {
                done.push(self.now.remove(0));
                continue;
            }
            if part.start >= now {
                break;
            }
            let records = part.to - part.from;
            let spent = u128::from(now.since(part.start).as_us());
            let whole = u128::from(part.end.since(part.start).as_us());
            // The last record that is done by now; it ends on a whole microsecond.
            let mut finished = (spent * u128::from(records) / whole) as u64;
            if finished + 1 < records && done_at(part, finished + 1) <= now {
                finished += 1;
            }
            if finished > 0 {
                let (to, end) = (part.from + finished, done_at(part, finished));
                done.push(Processed { to, end, ..*part });
                (part.from, part.start) = (to, end);
            }
            break;
        }
        done
    }

    /// Drops what is left of these partitions, but for the record in hand: when that is done, if it is
    /// one of theirs. What is done must have been taken out.
    fn drop_rest(&mut self, now: Instant, partitions: &[PartitionId]) -> Option<Processed> {
        let is_given = |part: &Processed| partitions.contains(&part.partition);
        let begun = self.now.first().filter(|part| part.start < now && is_given(part));
        let in_hand =
            begun.map(|part| Processed { to: part.from + 1, end: done_at(part, 1), ..*part });
        let first = self.now.first().filter(|part| part.start < now && !is_given(part));
        let mut end = in_hand.as_ref().or(first).map_or(now, |part| part.end);
        let goes_on = usize::from(first.is_some());
        let rest = self.now.split_off(goes_on);
        self.now.extend(in_hand);
        for mut part in rest.into_iter().filter(|part| !is_given(part)) {
            let takes = part.end.since(part.start);
            (part.start, part.end) = (end, end + takes);
            end = part.end;
            self.now.push(part);
        }
        self.end = end;
        in_hand
    }
}

impl Consumer {
    /// Another thread begins with this, and the application polls on.
    pub(super) fn hand_over(&mut self, now: Instant, work: Work) {
        self.worker = Some(work);
        self.subscription.pause_for_work(true);
        self.call_poll(now);
    }

    /// When the other thread has done all that it has.
    pub(super) fn worker_end(&self) -> Instant {
        let work = self.worker.as_ref().filter(|work| !work.now.is_empty());
        work.map_or(Instant::NEVER, |work| work.end)
    }

    /// The other thread has done what it had, if it is time. Whether it has.
    pub(super) fn run_worker(&mut self, now: Instant, out: &mut Vec<Effect>) -> bool {
        let due = now >= self.worker_end();
        if due {
            self.tell_done_work(now, out);
        }
        due
    }

    /// Whether the application may close now. One that waits for its records does that first.
    pub(super) fn may_close(&self) -> bool {
        let waits = self.application.poll_while_processing == Some(WorkRevoked::Wait);
        self.close_requested && !(waits && self.worker.is_some())
    }

    /// In `onPartitionsAssigned`, as long as the other thread works, the application pauses what came.
    pub(super) fn pause_what_came(&mut self) {
        self.subscription.pause_for_work(self.worker.is_some());
    }

    /// When the application next has to see to the other thread's work, between two calls of `poll`.
    pub(super) fn next_look_at_work(&self) -> Instant {
        let Some(work) = &self.worker else { return Instant::NEVER };
        let left = |n: u32| u64::from(n.saturating_sub(self.commits.records).max(1));
        let commits_at = match self.application.commit {
            CommitMode::SyncRecord => work.nth_done(1),
            CommitMode::Records(n) => work.nth_done(left(n)),
            CommitMode::Every(span) => work.nth_done(1).max(self.commits.last + span),
            _ => Instant::NEVER,
        };
        commits_at.min(work.end)
    }

    /// The application sees to the other thread's work: it commits what is done, if that is due, and
    /// resumes its partitions if all is done. Whether that takes it somewhere else.
    pub(super) fn look_at_work(&mut self, now: Instant, out: &mut Vec<Effect>) -> bool {
        if now < self.next_look_at_work() {
            return false;
        }
        self.tell_done_work(now, out);
        if self.worker.as_ref().is_some_and(|work| work.now.is_empty()) {
            self.subscription.pause_for_work(false);
            self.commit_after(now, Vec::new(), out);
            self.worker = None;
            return true;
        }
        self.commits.records = 0;
        let offsets = match self.application.commit {
            CommitMode::Every(_) => self.worked_off(&[]),
            _ => std::mem::take(&mut self.commits.processed),
        };
        self.commit_sync(now, offsets, AfterCommit::Continue(Vec::new()), out);
        true
    }

    /// Tells what the other thread has done by now.
    fn tell_done_work(&mut self, now: Instant, out: &mut Vec<Effect>) {
        let Some(work) = &mut self.worker else { return };
        let done = work.take_done(now);
        let dropped = work.dropped.clone();
        self.tell_processed(done, out);
        self.commits.processed.retain(|(partition, _)| !dropped.contains(partition));
    }

    /// What a commit of the application says: positions, if it processes all that it got before it polls
    /// again. Where another thread does, as far as that is; nothing of what is about to be given up or
    /// has been, as the rest of its records was dropped, but for what is `given` up right now.
    pub(super) fn worked_off(&self, given: &[PartitionId]) -> Vec<(PartitionId, u64)> {
        let mut offsets = self.subscription.all_consumed();
        if self.application.poll_while_processing.is_none() {
            return offsets;
        }
        let dropped = self.worker.as_ref().map_or(&[][..], |work| &work.dropped);
        offsets.retain(|(partition, _)| {
            let owned = self.subscription.get(*partition);
            let goes = owned.is_some_and(|owned| owned.pending_revocation);
            !dropped.contains(partition) && (!goes || given.contains(partition))
        });
        for part in self.worker.iter().flat_map(|work| &work.now) {
            let ours = offsets.iter_mut().filter(|(partition, _)| *partition == part.partition);
            ours.for_each(|(_, offset)| *offset = part.from.min(*offset));
        }
        offsets
    }

    /// These are given up, or lost: what the other thread still has of them is dropped. What there is to
    /// wait for and to commit; `None`: it has no work.
    pub(super) fn settle_work(
        &mut self,
        now: Instant,
        partitions: &[PartitionId],
        lost: bool,
        out: &mut Vec<Effect>,
    ) -> Option<Settled> {
        self.worker.as_ref()?;
        self.tell_done_work(now, out);
        let mut offsets = self.worked_off(partitions);
        let work = self.worker.as_mut()?;
        let in_hand = work.drop_rest(now, partitions);
        work.dropped.extend(partitions);
        let waits = !lost && self.application.poll_while_processing == Some(WorkRevoked::Wait);
        let commits = match self.application.commit {
            CommitMode::OnRevoke => !lost,
            CommitMode::Auto | CommitMode::BeforeBatch | CommitMode::None => false,
            _ => waits,
        };
        let mut until = now;
        if let Some(record) = in_hand.filter(|_| waits) {
            until = record.end;
            let ours = offsets.iter_mut().filter(|(partition, _)| *partition == record.partition);
            ours.for_each(|(_, offset)| *offset = (*offset).max(record.to));
        }
        Some(Settled { until, commits: commits.then_some(offsets) })
    }

    /// `onPartitionsRevoked` waits for the record in hand, and goes on.
    pub(super) fn await_worker(
        &mut self,
        now: Instant,
        settled: Settled,
        then: AfterCommit,
        out: &mut Vec<Effect>,
    ) {
        if settled.until > now {
            let until = settled.until;
            let callback = Callback::Worker(settled, Box::new(then));
            self.thread = Thread::Callback { until, callback };
        } else {
            self.commit_settled(now, &settled, &then, out);
        }
    }

    /// `onPartitionsRevoked` commits what is done, and goes on.
    pub(super) fn commit_settled(
        &mut self,
        now: Instant,
        settled: &Settled,
        then: &AfterCommit,
        out: &mut Vec<Effect>,
    ) {
        self.tell_done_work(now, out);
        match &settled.commits {
            Some(offsets) => self.commit_sync(now, offsets.clone(), then.clone(), out),
            None => self.after_sync_commit(now, then.clone(), Ok(()), out),
        }
    }
}
