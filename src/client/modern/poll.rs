//! `poll` under KIP-848 (`AsyncKafkaConsumer.poll`): a loop of short waits. Each round asks the
//! background thread for what is due (an `AsyncPollEvent`) and does what that asks of the
//! application; only records end a wait early. So a step of a reconciliation takes a round.

use super::member::{Event, PollEvent, State};
use crate::client::classic::rebalance::Progress;
use crate::client::commit::CommitKind;
use crate::client::consumer::Consumer;
use crate::client::effect::Effect;
use crate::client::lookup::PendingKind;
use crate::client::thread::{Thread, Wait};
use crate::kernel::time::{Instant, Span};

impl Consumer {
    /// One round of `poll`, or the first of the next call if this one has lasted long enough.
    pub(in crate::client) fn iterate(&mut self, now: Instant, out: &mut Vec<Effect>) {
        if self.close_requested {
            return self.begin_close(now, out);
        }
        let Thread::Polling { wait, .. } = self.thread else { return };
        self.catch_up(now);
        if wait == Wait::Records && self.return_fetched(now, out) {
            return;
        }
        let begins = wait == Wait::Nothing;
        let first = begins || now >= self.modern_mut().call_end;
        if first && !begins && !self.busy.is_zero() {
            // This call returns empty-handed, and the application does something else.
            self.retry_at = Instant::NEVER;
            return self.poll_again(now);
        }
        let timeout = self.application.poll_timeout;
        let buffers = self.fetcher.buffers();
        let m = self.modern_mut();
        if first {
            m.call_end = now + timeout;
            let over = |event: &PollEvent| {
                if event.complete { !buffers } else { now >= event.deadline }
            };
            m.poll_event = m.poll_event.filter(|event| !over(event));
        }
        let newly = m.poll_event.is_none();
        if newly {
            m.poll_event =
                Some(PollEvent { deadline: m.call_end, resets_since: None, complete: false });
            self.process_poll_event(now, out);
        }
        let m = self.modern_mut();
        m.taken = m.events.len();
        if self.handle_events(now, out) != Progress::Interrupted {
            self.end_round(now, newly, out);
        }
    }

    /// After a callback that took its time the round goes on.
    pub(in crate::client) fn resume_round(
        &mut self,
        now: Instant,
        event: &Event,
        out: &mut Vec<Effect>,
    ) {
        self.event_done(now, event, out);
        self.go_on_with_round(now, out);
    }

    /// The rest of a round that a callback or its commit interrupted.
    pub(in crate::client) fn go_on_with_round(&mut self, now: Instant, out: &mut Vec<Effect>) {
        self.thread = Thread::Polling { wait: Wait::Records, since: now };
        if self.handle_events(now, out) != Progress::Interrupted {
            self.end_round(now, false, out);
        }
    }

    fn end_round(&mut self, now: Instant, newly: bool, out: &mut Vec<Effect>) {
        if let Some(failure) = self.fatal {
            return self.fail(now, failure, out);
        }
        let m = self.modern_mut();
        if !newly && m.poll_event.is_some_and(|event| event.complete || now >= event.deadline) {
            m.poll_event = None;
        }
        if self.return_fetched(now, out) {
            return;
        }
        self.thread = Thread::Polling { wait: Wait::Records, since: now };
        self.retry_at = Instant::NEVER;
        self.plan_iteration(now);
    }

    /// What the background thread does in each round of `poll`
    /// (`ApplicationEventProcessor.process(AsyncPollEvent)`).
    fn process_poll_event(&mut self, now: Instant, out: &mut Vec<Effect>) {
        self.maybe_reconcile(now, true, out);
        self.maybe_auto_commit(now, out);
        let poll_end = now + self.settings.max_poll_interval;
        let m = self.modern_mut();
        m.poll_end = poll_end;
        match m.state {
            State::Unsubscribed => m.join(),
            State::Stale => {
                m.rejoins = true;
                if !m.events.iter().any(|event| matches!(event, Event::Lost(_))) {
                    m.join();
                }
            }
            _ => {}
        }
        m.next_wake = now;
        self.validate_positions(now, out);
        if self.subscription.is_initializing() {
            self.fetch_missing_offsets(now, out);
        } else {
            self.complete_poll_event(now, out);
        }
    }

    /// Committed offsets are there: the rest of a round's duties. Nothing is fetched before all
    /// leaders have answered that were asked where to begin
    /// (`OffsetsRequestManager.initWithPartitionOffsetsIfNeeded`).
    pub(in crate::client) fn complete_poll_event(&mut self, now: Instant, out: &mut Vec<Effect>) {
        let since = self.last_request();
        let m = self.modern_mut();
        let Some(event) = m.poll_event.as_mut().filter(|event| !event.complete) else { return };
        if event.resets_since.is_none() {
            event.resets_since = Some(since);
            self.reset_positions(now, out);
        }
        self.fetch_if_reset(now, out);
    }

    /// Fetches, unless a leader still owes the present round an answer about positions.
    pub(in crate::client) fn fetch_if_reset(&mut self, now: Instant, out: &mut Vec<Effect>) {
        let event = self.modern.as_ref().and_then(|m| m.poll_event);
        let Some(event) = event.filter(|event| !event.complete) else { return };
        if event.resets_since.is_none_or(|since| self.awaits_resets(since)) {
            return;
        }
        self.modern_mut().poll_event = Some(PollEvent { complete: true, ..event });
        self.send_fetches(now, out);
    }

    /// Whether committed offsets have to be asked for.
    pub(super) fn awaits_offsets(&self) -> bool {
        let asked = self.modern.as_ref().and_then(|m| m.poll_event);
        asked.is_some_and(|event| !event.complete && event.resets_since.is_none())
            && self.subscription.is_initializing()
            && !self.pending.iter().any(|p| matches!(p.kind(), PendingKind::OffsetFetch(_)))
    }

    pub(super) fn fetch_missing_offsets(&mut self, now: Instant, out: &mut Vec<Effect>) {
        let due = now >= self.modern_mut().offsets_at;
        if due && self.awaits_offsets() && self.lookup.coordinator.is_some() {
            self.send_offset_fetch(now, out);
        }
    }

    /// Whether a commit of the client's own is on its way.
    fn commits_by_itself(&self) -> bool {
        let own = [CommitKind::Auto, CommitKind::BeforeRebalance];
        !self.commits.waiting.is_empty()
            || self
                .pending
                .iter()
                .any(|p| matches!(p.kind(), PendingKind::Commit(kind, _) if own.contains(kind)))
    }

    /// Whether auto-commit may begin: one at a time under KIP-848.
    pub(in crate::client) fn may_auto_commit(&self) -> bool {
        self.modern.is_none() || !self.commits_by_itself()
    }

    /// Whether a round has something to do besides showing that the application polls.
    fn has_duties(&self, now: Instant) -> bool {
        let Some(m) = &self.modern else { return false };
        let reconciles =
            m.state == State::Reconciling && !m.is_reconciled() && m.reconciliation.is_none();
        !m.events.is_empty()
            || reconciles
            || matches!(m.state, State::Unsubscribed | State::Stale)
            || self.fatal.is_some()
            || !self.busy.is_zero()
            || !self.subscription.has_all_positions()
            || self.fetcher.wants(&self.subscription, now)
    }

    /// Rounds without duties were left out: the application has called `poll` again and again.
    fn catch_up(&mut self, now: Instant) {
        if !matches!(self.thread, Thread::Polling { wait: Wait::Records, .. }) {
            return;
        }
        let timeout = self.application.poll_timeout;
        let max_poll_interval = self.settings.max_poll_interval;
        let m = self.modern_mut();
        if m.call_end < now {
            let calls = now.since(m.call_end).as_us().div_ceil(timeout.as_us());
            m.call_end += timeout * calls;
            let begin = Instant::from_us(m.call_end.as_us() - timeout.as_us());
            m.poll_end = m.poll_end.max(begin + max_poll_interval);
        }
    }

    /// Plans the next round, where it has something to do. Rounds follow each other at the timeout
    /// of `poll`, or at `retry.backoff.ms` while positions are missing or nothing is owned.
    pub(in crate::client) fn plan_iteration(&mut self, now: Instant) {
        if !matches!(self.thread, Thread::Polling { wait: Wait::Records, .. }) {
            return;
        }
        if self.settings.enable_auto_commit && self.may_auto_commit() {
            // Kafka's timers count milliseconds; what is overdue is not due again at once.
            let due = self.commits.next_auto;
            let at = if due > now { due } else { now + Span::from_ms(1) };
            self.retry_at = self.retry_at.min(at);
        }
        if !self.has_duties(now) {
            return;
        }
        let timeout = self.application.poll_timeout.as_us();
        let short = self.subscription.is_empty() || !self.subscription.has_all_positions();
        let backoff = self.settings.retry_backoff.as_us().max(1);
        let step = if short { timeout.min(backoff) } else { timeout };
        self.catch_up(now);
        let m = self.modern_mut();
        let begin = Instant::from_us(m.call_end.as_us() - timeout);
        let rounds = now.since(begin).as_us() / step + 1;
        let next = (begin + Span::from_us(rounds * step)).min(m.call_end.max(now));
        self.retry_at = self.retry_at.min(next);
    }
}
