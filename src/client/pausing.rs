//! `pause` and `resume`: the application keeps partitions for itself that it does not want records of,
//! and goes on polling. It can do so only between two calls of `poll`, which has the thread.

use super::consumer::Consumer;
use super::effect::{Effect, Note};
use crate::kernel::time::{Instant, Span};
use crate::model::id::PartitionId;

/// What the application pauses as soon as it comes out of `poll`.
#[derive(Clone, Debug)]
pub(super) struct PauseRequest {
    /// These, as far as it owns them then; `None`: whatever it owns then.
    partitions: Option<Vec<PartitionId>>,
    until: Instant,
}

impl Consumer {
    /// Lets the application pause partitions until a moment: these, or whatever it owns. A rebalance
    /// that takes a partition away lifts its pause, even if the member gets it again.
    pub fn pause_partitions(
        &mut self,
        now: Instant,
        partitions: Option<Vec<PartitionId>>,
        until: Instant,
        out: &mut Vec<Effect>,
    ) {
        self.pauses.push(PauseRequest { partitions, until });
        self.woken = self.modern.is_none();
        self.plan_pass(now);
        self.wake(now, out);
    }

    /// When the application next has something to do that it can't do inside `poll`.
    pub(super) fn next_errand(&self) -> Instant {
        if !self.pauses.is_empty() {
            return Instant::ZERO;
        }
        self.subscription.next_resume().min(self.next_look_at_work())
    }

    /// Whether the application has something to do as soon as the present call of `poll` is over.
    pub(super) fn has_errands(&self, now: Instant) -> bool {
        self.next_errand() <= now
    }

    /// When the call of `poll` ends after which the application has something to do. The first call ends
    /// at `ends`, and each of the next takes so long.
    pub(super) fn errand_after(&self, ends: Instant, call: Span) -> Instant {
        let errand = self.next_errand();
        if errand == Instant::NEVER {
            return errand;
        }
        ends + call * errand.since(ends).as_us().div_ceil(call.as_us().max(1))
    }

    /// The application is outside of `poll`: it resumes and pauses what is due, and commits what another
    /// thread has done. Whether that takes it somewhere else.
    pub(super) fn run_errands(&mut self, now: Instant, out: &mut Vec<Effect>) -> bool {
        if !self.has_errands(now) {
            return false;
        }
        let resumed = self.subscription.resume(now);
        if !resumed.is_empty() {
            Self::note(Note::Resumed(resumed), out);
        }
        for PauseRequest { partitions, until } in std::mem::take(&mut self.pauses) {
            if until <= now {
                continue;
            }
            let paused = self.subscription.pause(partitions.as_deref(), until);
            if !paused.is_empty() {
                Self::note(Note::Paused(paused), out);
            }
        }
        self.look_at_work(now, out)
    }
}
