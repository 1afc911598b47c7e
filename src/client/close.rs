//! `close()`: commit, give up, leave (kafka-semantics 6.5).

use super::classic::rebalance::draw;
use super::consumer::Consumer;
use super::effect::{Effect, Note};
use super::thread::{AfterCommit, Callback, Thread};
use crate::kernel::time::{Instant, Span};
use crate::model::config::CommitMode;
use crate::model::fact::Failure;

/// How long `close()` waits for answers (its default argument), but not longer than for an answer.
const CLOSE_TIMEOUT: Span = Span::from_secs(30);

impl Consumer {
    /// A fatal error ended the poll loop: the application closes the consumer and stops.
    pub(super) fn fail(&mut self, now: Instant, failure: Failure, out: &mut Vec<Effect>) {
        out.push(Effect::Note(Note::Failed(failure)));
        self.begin_close(now, out);
    }

    /// Begins `close()`. Heartbeats go on until the commit is over (`ConsumerCoordinator.close`).
    pub(super) fn begin_close(&mut self, now: Instant, out: &mut Vec<Effect>) {
        self.close_requested = true;
        self.close_deadline = now + CLOSE_TIMEOUT.min(self.settings.request_timeout);
        if self.settings.enable_auto_commit {
            let offsets = self.subscription.all_consumed();
            self.commit_sync(now, offsets, AfterCommit::Close, out);
        } else {
            self.send_last_commits(now, out);
        }
    }

    /// Commits that wait for a coordinator leave first: a classic consumer searches it as long as it may
    /// (`pendingAsyncCommits`).
    pub(super) fn send_last_commits(&mut self, now: Instant, out: &mut Vec<Effect>) {
        if self.modern.is_none() && !self.commits.waiting.is_empty() {
            return self.commit_sync(now, Vec::new(), AfterCommit::Sent, out);
        }
        self.close_callbacks(now, out);
    }

    /// Runs the callback for everything owned.
    pub(super) fn close_callbacks(&mut self, now: Instant, out: &mut Vec<Effect>) {
        self.heartbeat.enabled = false;
        if self.subscription.is_empty() {
            return self.leave(now, out);
        }
        let lost = match &self.modern {
            Some(m) => m.epoch <= 0,
            None => {
                self.member.generation.id == -1
                    || self.member.generation.member_id.is_empty()
                    || self.member.rebalance_in_progress()
            }
        };
        let partitions = self.subscription.partitions();
        let note = if lost { Note::Lost(partitions) } else { Note::Revoked(partitions) };
        out.push(Effect::Note(note));
        if let Some(settled) = self.settle_work(now, &self.subscription.partitions(), lost, out) {
            return self.await_worker(now, settled, AfterCommit::CloseRevoke, out);
        }
        if !lost && self.application.commit == CommitMode::OnRevoke {
            let offsets = self.subscription.all_consumed();
            return self.commit_sync(now, offsets, AfterCommit::CloseRevoke, out);
        }
        self.run_closing_callback(now, lost, out);
    }

    pub(super) fn run_closing_callback(&mut self, now: Instant, lost: bool, out: &mut Vec<Effect>) {
        let dist = if lost { &self.application.on_lost } else { &self.application.on_revoked };
        let spent = draw(dist, &mut self.draws.callbacks);
        if spent.is_zero() {
            return self.leave(now, out);
        }
        self.thread = Thread::Callback { until: now + spent, callback: Callback::Closing };
    }

    /// Leaves the group and waits for the answer.
    pub(super) fn leave(&mut self, now: Instant, out: &mut Vec<Effect>) {
        self.subscription.assign(&[], &self.metadata);
        if self.modern.is_some() {
            self.leave_modern(now, out);
        } else {
            self.send_leave(now, "the consumer is being closed", out);
            self.lose_membership(false);
        }
        self.thread = Thread::Closing;
        self.maybe_stop(now, out);
    }

    /// The process ends when nothing is owed to it any more, or the time is over.
    pub(super) fn maybe_stop(&mut self, now: Instant, out: &mut Vec<Effect>) {
        if now >= self.close_deadline || !self.awaits_coordinator() {
            self.stop_work(now, out);
            out.push(Effect::Note(Note::Closed));
        }
    }
}
