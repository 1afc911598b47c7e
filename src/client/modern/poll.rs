//! `poll` under KIP-848 (`AsyncKafkaConsumer.poll`): passes with waits between them. A pass asks the
//! background thread for what is due (an `AsyncPollEvent`), unless that is under way, and does what the
//! background thread wanted of the application before. A wait ends with the call, after
//! `retry.backoff.ms` while positions are missing, with the answer to a fetch, or because the
//! background thread has found nothing to fetch (`FetchBuffer.awaitWakeup`); nothing else ends it.

use super::member::{Event, PollEvent, State};
use crate::client::classic::rebalance::Progress;
use crate::client::commit::CommitKind;
use crate::client::consumer::Consumer;
use crate::client::effect::Effect;
use crate::client::lookup::PendingKind;
use crate::client::subscription::Topics;
use crate::client::thread::{Thread, Wait};
use crate::kernel::time::{Instant, Span};

/// How much longer than asked a wait of `poll` takes, with the pass that follows it. Ten calls of a
/// second together decide whether a member sees a heartbeat's answer in this call or in the next.
const LATENESS: Span = Span::from_us(500);

impl Consumer {
    /// How long a call of `poll` takes that returns nothing.
    fn call(&self) -> Span {
        self.application.poll_timeout + LATENESS
    }

    /// Goes on with `poll`: with its next call, or after a wait.
    pub(in crate::client) fn iterate(&mut self, now: Instant, out: &mut Vec<Effect>) {
        if self.may_close() {
            return self.begin_close(now, out);
        }
        let Thread::Polling { wait, .. } = self.thread else { return };
        self.catch_up(now);
        if wait == Wait::Records && self.return_fetched(now, out) {
            return;
        }
        let (begins, m) = (wait == Wait::Nothing, self.modern_mut());
        m.signalled &= begins;
        let first = begins || now >= m.call_end;
        if begins && self.run_errands(now, out) {
            return;
        }
        if !begins && first && (!self.busy.is_zero() || self.has_errands(now)) {
            // This call returns empty-handed, and the application does something else.
            self.retry_at = Instant::NEVER;
            return self.poll_again(now);
        }
        self.begin_pass(now, first, out);
        self.go_on_with_pass(now, out);
    }

    /// Begins a pass (`AsyncKafkaConsumer.checkInflightPoll`).
    fn begin_pass(&mut self, now: Instant, first: bool, out: &mut Vec<Effect>) {
        let (call, buffers) = (self.call(), self.fetcher.buffers());
        let m = self.modern_mut();
        m.passed = now;
        if first {
            m.call_end = now + call;
            let over = |event: &PollEvent| {
                if event.complete { !buffers } else { now >= event.deadline }
            };
            m.poll_event = m.poll_event.filter(|event| !over(event));
        }
        // What the event leads to is not seen before the next pass.
        m.taken = m.events.len();
        m.submitted = m.poll_event.is_none();
        if m.submitted {
            let event = PollEvent { deadline: m.call_end, resets_since: None, complete: false };
            m.poll_event = Some(event);
            self.process_poll_event(now, out);
        }
    }

    /// After a callback that took its time the pass goes on.
    pub(in crate::client) fn resume_pass(
        &mut self,
        now: Instant,
        event: &Event,
        out: &mut Vec<Effect>,
    ) {
        self.event_done(now, event, out);
        self.resume_pass_after_commit(now, out);
    }

    /// The rest of a pass that a commit in a callback interrupted.
    pub(in crate::client) fn resume_pass_after_commit(
        &mut self,
        now: Instant,
        out: &mut Vec<Effect>,
    ) {
        self.thread = Thread::Polling { wait: Wait::Records, since: now };
        self.modern_mut().submitted = false;
        self.go_on_with_pass(now, out);
    }

    /// The rest of a pass, and those that follow it without a wait.
    fn go_on_with_pass(&mut self, now: Instant, out: &mut Vec<Effect>) {
        while self.handle_events(now, out) != Progress::Interrupted {
            if let Some(failure) = self.fatal {
                return self.fail(now, failure, out);
            }
            let m = self.modern_mut();
            let over = |event: PollEvent| event.complete || now >= event.deadline;
            if !m.submitted && m.poll_event.is_some_and(over) {
                m.poll_event = None;
            }
            if self.return_fetched(now, out) {
                return;
            }
            if self.may_close() {
                return self.begin_close(now, out);
            }
            let m = self.modern_mut();
            if !std::mem::take(&mut m.signalled) {
                return self.wait_for_records(now);
            }
            self.begin_pass(now, false, out);
        }
    }

    /// Waits, or returns empty-handed if the time is over.
    fn wait_for_records(&mut self, now: Instant) {
        self.retry_at = Instant::NEVER;
        if now >= self.modern_mut().call_end {
            return self.poll_again(now);
        }
        self.woken = false;
        self.thread = Thread::Polling { wait: Wait::Records, since: now };
        self.plan_pass(now);
    }

    /// What the background thread does for the application that polls
    /// (`ApplicationEventProcessor.process(AsyncPollEvent)`).
    fn process_poll_event(&mut self, now: Instant, out: &mut Vec<Effect>) {
        self.maybe_reconcile(now, true, out);
        self.maybe_auto_commit(now, out);
        self.resolve_topics();
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

    /// What a pattern means is looked up when metadata have come, by a poll; the next heartbeat tells
    /// the coordinator (`ApplicationEventProcessor.maybeUpdatePatternSubscription`).
    fn resolve_topics(&mut self) {
        if self.has_new_topics() {
            let (topics, version) = (self.topics.resolve(&self.metadata), self.metadata.updates);
            let m = self.modern_mut();
            (m.topics, m.topics_as_of) = (topics, version);
        }
    }

    /// Whether a pattern may mean other topics than it did.
    fn has_new_topics(&self) -> bool {
        let as_of = self.modern.as_ref().map(|m| m.topics_as_of);
        matches!(self.topics, Topics::Pattern(_)) && as_of != Some(self.metadata.updates)
    }

    /// Committed offsets are there: the rest of an event's duties. Nothing is fetched before all
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

    /// Fetches, unless a leader still owes the present event an answer about positions. Without
    /// anything to fetch the application is woken (`FetchRequestManager.pollInternal`).
    pub(in crate::client) fn fetch_if_reset(&mut self, now: Instant, out: &mut Vec<Effect>) {
        let event = self.modern.as_ref().and_then(|m| m.poll_event);
        let Some(event) = event.filter(|event| !event.complete) else { return };
        if event.resets_since.is_none_or(|since| self.awaits_resets(since)) {
            return;
        }
        let asked = self.send_fetches(now, out);
        let m = self.modern_mut();
        m.poll_event = Some(PollEvent { complete: true, ..event });
        if !asked {
            m.signalled = true;
            self.woken = true;
        }
    }

    /// Whether committed offsets have to be asked for.
    pub(super) fn awaits_offsets(&self) -> bool {
        let asked = self.modern.as_ref().and_then(|m| m.poll_event);
        self.fatal.is_none()
            && asked.is_some_and(|event| !event.complete && event.resets_since.is_none())
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
        self.commits.waiting.iter().any(|(kind, _)| own.contains(kind))
            || self
                .pending
                .iter()
                .any(|p| matches!(p.kind(), PendingKind::Commit(kind, _) if own.contains(kind)))
    }

    /// Whether auto-commit may begin: one at a time under KIP-848.
    pub(in crate::client) fn may_auto_commit(&self) -> bool {
        self.modern.is_none() || !self.commits_by_itself()
    }

    /// Whether a pass has something to do besides showing that the application polls.
    fn has_duties(&self, now: Instant) -> bool {
        let Some(m) = &self.modern else { return false };
        let reconciles =
            m.state == State::Reconciling && !m.is_reconciled() && m.reconciliation.is_none();
        !m.events.is_empty()
            || reconciles
            || matches!(m.state, State::Unsubscribed | State::Stale)
            || self.has_new_topics()
            || self.fatal.is_some()
            || !self.busy.is_zero()
            || !self.subscription.has_all_positions()
            || self.fetcher.wants(&self.subscription, now)
    }

    /// Passes without duties were left out: the application has called `poll` again and again.
    fn catch_up(&mut self, now: Instant) {
        if !matches!(self.thread, Thread::Polling { wait: Wait::Records, .. }) {
            return;
        }
        let (call, max_poll_interval) = (self.call(), self.settings.max_poll_interval);
        let m = self.modern_mut();
        if m.call_end < now {
            let calls = now.since(m.call_end).as_us().div_ceil(call.as_us());
            m.call_end += call * calls;
            m.passed = Instant::from_us(m.call_end.as_us() - call.as_us());
            m.poll_end = m.poll_end.max(m.passed + max_poll_interval);
            m.poll_event = m.poll_event.filter(|event| !event.complete);
        }
    }

    /// Plans the next pass, where it has something to do.
    pub(in crate::client) fn plan_pass(&mut self, now: Instant) {
        if !matches!(self.thread, Thread::Polling { wait: Wait::Records, .. }) {
            return;
        }
        let Some(m) = &self.modern else { return };
        let under_way = m.poll_event.is_some_and(|event| !event.complete);
        if self.settings.enable_auto_commit && self.may_auto_commit() && !under_way {
            // Kafka's timers count milliseconds; what is overdue is not due again at once.
            let due = self.commits.next_auto;
            let at = if due > now { due } else { now + Span::from_ms(1) };
            self.retry_at = self.retry_at.min(at);
        }
        if self.next_errand() != Instant::NEVER {
            self.catch_up(now);
            let (ends, call) = (self.modern_mut().call_end, self.call());
            let errand = self.errand_after(ends, call);
            self.retry_at = self.retry_at.min(errand);
        }
        if !self.has_duties(now) {
            return;
        }
        let short = self.subscription.is_empty() || !self.subscription.has_all_positions();
        let (call, backoff) = (self.call(), self.settings.retry_backoff + LATENESS);
        let wait = if short { call.min(backoff) } else { call };
        let wait = if self.fetcher.has_parked(&self.subscription) { LATENESS } else { wait };
        self.catch_up(now);
        let m = self.modern_mut();
        let waits = now.since(m.passed).as_us() / wait.as_us() + 1;
        let next = (m.passed + wait * waits).min(m.call_end.max(now));
        // A wait ends when a heartbeat is due, too (`AbstractHeartbeatRequestManager.maximumTimeToWait`).
        let beat = if m.beat.regular > now { m.beat.regular } else { Instant::NEVER };
        self.retry_at = self.retry_at.min(next).min(beat);
    }
}
