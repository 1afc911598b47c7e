//! The application thread: `poll` and what lies between two polls (`ClassicKafkaConsumer.poll`).

use super::classic::rebalance::Progress;
use super::classic::search::Search;
use super::consumer::Consumer;
use super::effect::{Connection, Effect};
use super::positions::Positions;
use super::subscription::Topics;
use super::thread::{Callback, Thread, Wait};
use crate::kernel::time::{Instant, Span};
use crate::model::fact::Failure;
use crate::model::message::Request;
use crate::model::message::fetch::FetchRequest;

impl Consumer {
    /// Lets the application thread do what is due. Whether it did anything.
    pub(super) fn run_application_thread(&mut self, now: Instant, out: &mut Vec<Effect>) -> bool {
        let woken = self.woken && self.is_polling();
        if !woken && now < self.next_step().min(self.next_auto_commit()) {
            return false;
        }
        if self.is_polling() {
            self.woken = false;
            self.handle_inbox(now, out);
            if !self.is_polling() && now < self.next_step() {
                // The answer ended a `commitSync`, and the application went on to something else.
                return true;
            }
        }
        match &self.thread {
            Thread::Polling { .. } if self.modern.is_some() => self.iterate(now, out),
            Thread::Polling { .. } => self.pass(now, out),
            Thread::Processing(_) => {
                let stopped = std::mem::replace(&mut self.thread, Thread::Stopped);
                if let Thread::Processing(work) = stopped {
                    self.end_work(now, work, out);
                }
            }
            Thread::Committing(commit) => {
                let commit = commit.clone();
                self.go_on_committing(now, commit, out);
            }
            &Thread::Sleeping { since, wait, .. } => {
                self.woken = true;
                self.thread = Thread::Polling { wait, since };
            }
            Thread::Busy { .. } => self.poll_again(now),
            Thread::Callback { callback, .. } => {
                let callback = callback.clone();
                self.after_callback(now, &callback, out);
            }
            Thread::Closing => self.maybe_stop(now, out),
            Thread::Stopped => return false,
        }
        self.watching_since = now;
        true
    }

    fn after_callback(&mut self, now: Instant, callback: &Callback, out: &mut Vec<Effect>) {
        match callback {
            Callback::Leaving(leaving) => {
                if self.left(now, leaving.clone(), out) != Progress::Interrupted {
                    self.poll_again(now);
                }
            }
            Callback::Assigned => {
                self.poll_again(now);
                self.announce_ready(out);
            }
            Callback::Event(event) => self.resume_pass(now, event, out),
            Callback::Closing => self.leave(now, out),
            Callback::Worker(settled, then) => self.commit_settled(now, settled, then, out),
        }
    }

    /// When the application thread goes on by itself.
    pub(super) fn next_step(&self) -> Instant {
        match &self.thread {
            Thread::Polling { .. } => self.retry_at,
            Thread::Processing(work) => work.end,
            Thread::Committing(commit) => commit.retry_at.min(commit.deadline),
            Thread::Sleeping { until, .. }
            | Thread::Busy { until }
            | Thread::Callback { until, .. } => *until,
            Thread::Closing => self.close_deadline,
            Thread::Stopped => Instant::NEVER,
        }
    }

    /// When `poll`, waiting, wakes to commit.
    pub(super) fn next_auto_commit(&self) -> Instant {
        let commits = self.settings.enable_auto_commit
            && self.modern.is_none()
            && matches!(self.thread, Thread::Polling { .. })
            && !self.member.rejoin_needed_or_pending()
            && self.lookup.coordinator.is_some();
        if commits { self.commits.next_auto } else { Instant::NEVER }
    }

    /// The application calls `poll` after its work. If it is to be late, it is with what that call
    /// returns, or after it if it returns nothing.
    pub(super) fn call_poll(&mut self, now: Instant) {
        self.woken = true;
        self.retry_at = Instant::NEVER;
        self.thread = Thread::Polling { wait: Wait::Nothing, since: now };
    }

    /// The application calls `poll`, at once or when it is late.
    pub(super) fn poll_again(&mut self, now: Instant) {
        self.woken = true;
        self.thread = if self.busy.is_zero() || self.close_requested {
            Thread::Polling { wait: Wait::Nothing, since: now }
        } else {
            let until = now + std::mem::take(&mut self.busy);
            Thread::Busy { until }
        };
    }

    /// When the present call of `poll` returns without records.
    fn poll_deadline(&self, now: Instant) -> Instant {
        let Thread::Polling { since, .. } = self.thread else { return now };
        let step = self.application.poll_timeout.as_us().max(1);
        // Calls follow each other without a pause.
        since + Span::from_us((now - since).as_us() / step * step + step)
    }

    /// When the first call of `poll` begins at or after a moment, as long as calls return nothing.
    fn next_call(&self, at: Instant) -> Instant {
        self.poll_deadline(Instant::from_us(at.as_us() - 1))
    }

    /// Whether the present call of `poll` has waited as long as it may.
    fn ends_call(&self, now: Instant) -> bool {
        let Thread::Polling { since, .. } = self.thread else { return false };
        now > since && (now - since) >= self.application.poll_timeout
    }

    /// Whether a call of `poll` has waited as long as it may, this one or an earlier one.
    fn is_end_of_call(&self, now: Instant) -> bool {
        let Thread::Polling { since, .. } = self.thread else { return false };
        let step = self.application.poll_timeout.as_us().max(1);
        now > since && (now - since).as_us().is_multiple_of(step)
    }

    /// A call of `poll` ends that has found no coordinator, or got no metadata or committed offsets: it
    /// returns what has been fetched and fetches on (`ClassicKafkaConsumer.poll`; `ConsumerCoordinator.poll`
    /// or `updateFetchPositions` gave up).
    fn end_call_unready(&mut self, now: Instant, out: &mut Vec<Effect>) {
        if !self.return_fetched(now, out) {
            self.send_fetches(now, out);
            self.poll_again(now);
        }
    }

    /// Goes through everything that `poll` does, as far as that goes without waiting.
    fn pass(&mut self, now: Instant, out: &mut Vec<Effect>) {
        if self.may_close() {
            return self.begin_close(now, out);
        }
        let Thread::Polling { wait, .. } = self.thread else { return };
        if wait == Wait::Records && self.return_fetched(now, out) {
            return;
        }
        let unready = match wait {
            Wait::Coordinator | Wait::CommittedOffsets | Wait::MetadataAfter(_) => true,
            Wait::Nothing | Wait::Records => false,
        };
        if unready && self.ends_call(now) {
            return self.end_call_unready(now, out);
        }
        if wait == Wait::Nothing && self.run_errands(now, out) {
            return;
        }
        let deadline = self.poll_deadline(now);
        let errand = self.is_end_of_call(now) && self.has_errands(now);
        if errand || (!self.busy.is_zero() && now >= self.retry_at) {
            // The present call returns empty-handed, and the application does something else.
            self.retry_at = Instant::NEVER;
            return self.poll_again(now);
        }
        let errand = self.errand_after(deadline, self.application.poll_timeout);
        self.retry_at = if self.busy.is_zero() { errand } else { deadline };
        self.heartbeat.polled(now, &self.settings);
        let refused = self.heartbeat.failure.map(Failure::Refused);
        if let Some(failure) = self.fatal.or(refused) {
            return self.fail(now, failure, out);
        }
        self.maintain_metadata(now, out);
        if !self.metadata.is_known() {
            self.retry_at = self.retry_at.min(self.next_metadata());
            return;
        }
        if self.lookup.coordinator.is_none() {
            return self.wait_for_coordinator(now, deadline, out);
        }
        if self.member.rejoin_needed_or_pending() && !self.refresh_topics(now, deadline, out) {
            return;
        }
        match self.ensure_active_group(now, out) {
            Progress::Interrupted => return,
            Progress::Failed(code) => return self.fail(now, Failure::Refused(code), out),
            Progress::Waiting => {
                // Without an answer to wait for, the next call tries again.
                if !self.member.awaits_answer() || self.lookup.coordinator.is_none() {
                    self.retry_at = self.retry_at.min(deadline);
                }
                if let Some(end) = self.member.prepare_deadline.filter(|&end| end > now) {
                    self.retry_at = self.retry_at.min(self.next_call(end));
                }
            }
            Progress::Joined => {
                self.maybe_auto_commit(now, out);
                if !self.find_positions(now, deadline, out) {
                    return;
                }
                if !self.subscription.has_all_positions() {
                    let backoff = now + self.settings.retry_backoff;
                    self.retry_at = self.retry_at.min(backoff).min(deadline);
                }
            }
        }
        if !self.return_fetched(now, out) {
            self.send_fetches(now, out);
            self.wait(Wait::Records);
            if self.connections.any_lost() && self.fetcher.wants(&self.subscription, now) {
                // The next call tries again.
                self.retry_at = self.retry_at.min(deadline);
            }
        }
    }

    fn wait(&mut self, for_what: Wait) {
        if let Thread::Polling { wait, .. } = &mut self.thread {
            *wait = for_what;
        }
    }

    fn wait_for_coordinator(&mut self, now: Instant, deadline: Instant, out: &mut Vec<Effect>) {
        let Thread::Polling { since, wait } = self.thread else { return };
        if wait != Wait::Coordinator {
            self.begin_search();
        }
        self.wait(Wait::Coordinator);
        match self.search_coordinator(now, out) {
            Search::WaitUntil(at) => self.retry_at = self.retry_at.min(at).min(deadline),
            // At most to the end of this call.
            Search::Pause(span) => {
                let (until, wait) = ((now + span).min(deadline), Wait::Coordinator);
                self.thread = Thread::Sleeping { until, since, wait };
            }
        }
    }

    /// Whether all positions are known, or being reset.
    fn find_positions(&mut self, now: Instant, deadline: Instant, out: &mut Vec<Effect>) -> bool {
        let Thread::Polling { wait, since } = self.thread else { return true };
        if wait != Wait::CommittedOffsets {
            self.offsets_attempts = 0;
        }
        match self.update_positions(now, out) {
            Positions::Sought => return true,
            Positions::Awaited => {
                self.wait(Wait::CommittedOffsets);
                self.retry_at = self.retry_at.min(deadline);
            }
            Positions::Pause(span) => {
                let (until, wait) = ((now + span).min(deadline), Wait::CommittedOffsets);
                self.thread = Thread::Sleeping { until, since, wait };
            }
        }
        false
    }

    /// Who joins for a pattern looks first which topics there are, as often as metadata may be asked
    /// for: what one member has discovered the others then know, too, and one rebalance is enough
    /// (`ConsumerCoordinator.poll`). Whether they are fresh.
    fn refresh_topics(&mut self, now: Instant, deadline: Instant, out: &mut Vec<Effect>) -> bool {
        let Thread::Polling { wait, .. } = self.thread else { return true };
        if !matches!(self.topics, Topics::Pattern(_)) {
            return true;
        }
        if !matches!(wait, Wait::MetadataAfter(_)) {
            if self.metadata.is_free(now) {
                self.metadata.want_soon();
            }
            if !self.metadata.is_wanted() && self.next_metadata() > now {
                return true;
            }
            self.wait(Wait::MetadataAfter(self.metadata.updates));
        } else if wait != Wait::MetadataAfter(self.metadata.updates) {
            self.wait(Wait::Nothing);
            return true;
        }
        self.maintain_metadata(now, out);
        self.retry_at = self.retry_at.min(self.next_metadata()).min(deadline);
        false
    }

    /// Returns buffered records to the application, after sending the next fetches. Whether there
    /// were any.
    pub(super) fn return_fetched(&mut self, now: Instant, out: &mut Vec<Effect>) -> bool {
        let max = u64::from(self.settings.max_poll_records);
        let parts = self.fetcher.collect(max, &mut self.subscription);
        if parts.is_empty() {
            return false;
        }
        self.send_fetches(now, out);
        self.return_records(now, parts, out);
        true
    }

    /// Asks for records where that is possible. Whether it is anywhere.
    pub(super) fn send_fetches(&mut self, now: Instant, out: &mut Vec<Effect>) -> bool {
        let connections = &self.connections;
        let reachable =
            |broker| !connections.is_unavailable(Connection { broker, coordinator: false }, now);
        let deadline = now + self.settings.request_timeout;
        let requests = self.fetcher.requests(&self.subscription, now, deadline, reachable);
        if requests.is_empty() {
            return false;
        }
        self.connections.expect_by(deadline);
        for (broker, partitions) in requests {
            let request = Request::Fetch(FetchRequest {
                max_wait: self.settings.fetch_max_wait,
                min_bytes: self.settings.fetch_min_bytes,
                max_bytes: self.settings.fetch_max_bytes,
                partition_max_bytes: self.settings.max_partition_fetch_bytes,
                partitions,
            });
            let connection = Connection { broker, coordinator: false };
            self.connections.meet(broker);
            out.push(Effect::Send { connection, correlation: 0, request });
        }
        true
    }
}
