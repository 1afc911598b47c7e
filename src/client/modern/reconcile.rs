//! From what the coordinator says to what the member owns: commit, give up, take over, acknowledge
//! (`AbstractMembershipManager.maybeReconcile`). One target at a time; a newer one waits.

use super::member::{Event, Reconciliation, State, Step, Target};
use crate::client::classic::rebalance::{Progress, draw};
use crate::client::commit::{CommitKind, is_retriable};
use crate::client::consumer::Consumer;
use crate::client::effect::{Effect, Note};
use crate::client::subscription::Topics;
use crate::client::thread::{AfterCommit, Callback, Thread};
use crate::kernel::time::Instant;
use crate::model::config::CommitMode;
use crate::model::error::ErrorCode;
use crate::model::id::PartitionId;
use crate::model::uuid::Uuid;

impl Consumer {
    /// Begins to reconcile, if there is something to reconcile. Only inside `poll` may offsets be
    /// committed and partitions be given up: elsewhere the application works on their records.
    pub(super) fn maybe_reconcile(&mut self, now: Instant, in_poll: bool, out: &mut Vec<Effect>) {
        let Some(m) = &self.modern else { return };
        let begins = m.state == State::Reconciling
            && !m.is_reconciled()
            && m.reconciliation.is_none()
            && self.metadata.is_known();
        if !begins {
            return;
        }
        let mut target = m.target.clone();
        let topics = target.topics.len();
        target.topics.retain(|topic| self.knows(topic.topic_id));
        if target.topics.len() < topics {
            // The rest follows when the client has heard of its topics.
            self.metadata.want_soon();
        }
        if m.current != Target::NONE && m.current.topics == target.topics {
            let m = self.modern_mut();
            m.current = target;
            m.state = State::Acknowledging;
            return;
        }
        let mut partitions: Vec<PartitionId> = target
            .topics
            .iter()
            .flat_map(|topic| topic.partitions.iter().map(|&index| (topic.topic_id, index)))
            .filter_map(|(topic, index)| self.metadata.partition_by_id(topic, index))
            .collect();
        partitions.sort_unstable();
        let mut revoked = self.subscription.partitions();
        revoked.retain(|owned| partitions.binary_search(owned).is_err());
        let commits = self.settings.enable_auto_commit;
        if !in_poll && (commits || !revoked.is_empty()) {
            return;
        }
        self.subscription.mark_revoked(&revoked);
        let m = self.modern_mut();
        let (step, epoch, outdated) = (Step::Callbacks, m.epoch, false);
        m.reconciliation =
            Some(Reconciliation { step, target, epoch, partitions, revoked, outdated });
        if commits {
            let deadline = now + self.settings.max_poll_interval;
            self.commit_before_reconciling(now, deadline, 0, out);
        } else {
            self.revoke_and_assign();
        }
    }

    /// Whether the client has heard of a topic.
    fn knows(&self, topic: Uuid) -> bool {
        let asked = match (&self.topics, &self.modern) {
            (Topics::Expression(_), Some(m)) => m.heard_of.contains(&topic),
            _ => true,
        };
        asked && self.metadata.knows(topic)
    }

    fn commit_before_reconciling(
        &mut self,
        now: Instant,
        deadline: Instant,
        attempts: u32,
        out: &mut Vec<Effect>,
    ) {
        let offsets = self.subscription.all_consumed();
        if offsets.is_empty() {
            return self.revoke_and_assign();
        }
        self.set_step(Step::Committing { deadline, attempts });
        let sent = self.commit_async(now, CommitKind::BeforeRebalance, &offsets, out);
        debug_assert!(sent.is_ok(), "it waits for the coordinator at {now}");
    }

    fn set_step(&mut self, step: Step) {
        if let Some(reconciliation) = &mut self.modern_mut().reconciliation {
            reconciliation.step = step;
        }
    }

    /// The commit before a reconciliation is over. It is tried again until the rebalance timeout,
    /// with the newer epoch if the old one is stale; then the reconciliation goes on without it.
    pub(in crate::client) fn committed_before_reconciling(
        &mut self,
        now: Instant,
        result: Result<(), ErrorCode>,
    ) {
        let Some(Step::Committing { deadline, attempts }) =
            self.modern_mut().reconciliation.as_ref().map(|r| r.step)
        else {
            return;
        };
        let epoch = self.modern_mut().epoch;
        let again = |code| match code {
            ErrorCode::UnknownTopicOrPartition => false,
            ErrorCode::StaleMemberEpoch => epoch > 0,
            code => is_retriable(code),
        };
        match result {
            Err(code) if again(code) && now < deadline => {
                let at = now + self.backoff(attempts);
                self.set_step(Step::CommitAgain { deadline, at, attempts: attempts + 1 });
            }
            _ => self.revoke_and_assign(),
        }
    }

    pub(super) fn commit_again(&mut self, now: Instant, out: &mut Vec<Effect>) {
        if let Some(Step::CommitAgain { deadline, at, attempts }) =
            self.modern_mut().reconciliation.as_ref().map(|r| r.step)
            && now >= at
            && self.lookup.coordinator.is_some()
        {
            self.commit_before_reconciling(now, deadline, attempts, out);
        }
    }

    /// Whether the reconciliation under way means nothing any more; it ends then.
    fn aborts(&mut self) -> bool {
        let m = self.modern_mut();
        let aborts = m.state != State::Reconciling
            || m.reconciliation.as_ref().is_none_or(|reconciliation| reconciliation.outdated);
        if aborts {
            m.reconciliation = None;
        }
        aborts
    }

    fn revoke_and_assign(&mut self) {
        if self.aborts() {
            return;
        }
        let m = self.modern_mut();
        let Some(reconciliation) = &mut m.reconciliation else { return };
        reconciliation.step = Step::Callbacks;
        m.events.push_back(if reconciliation.revoked.is_empty() {
            Event::Assign(reconciliation.partitions.clone())
        } else {
            Event::Revoke(reconciliation.revoked.clone())
        });
    }

    /// Does what the background thread asks of the application, until that takes time.
    pub(super) fn handle_events(&mut self, now: Instant, out: &mut Vec<Effect>) -> Progress {
        while self.modern_mut().taken > 0 {
            let m = self.modern_mut();
            m.taken -= 1;
            let Some(event) = m.events.pop_front() else { break };
            if self.handle_event(now, event, out) == Progress::Interrupted {
                return Progress::Interrupted;
            }
        }
        Progress::Joined
    }

    fn handle_event(&mut self, now: Instant, event: Event, out: &mut Vec<Effect>) -> Progress {
        match &event {
            Event::Revoke(partitions) => {
                Self::note(Note::Revoked(partitions.clone()), out);
                if let Some(settled) = self.settle_work(now, partitions, false, out) {
                    self.await_worker(now, settled, AfterCommit::Event(event), out);
                    return Progress::Interrupted;
                }
                if self.application.commit == CommitMode::OnRevoke {
                    let offsets = self.subscription.all_consumed();
                    self.commit_sync(now, offsets, AfterCommit::Event(event), out);
                    return Progress::Interrupted;
                }
            }
            Event::Lost(partitions) => {
                Self::note(Note::Lost(partitions.clone()), out);
                self.settle_work(now, partitions, true, out);
            }
            Event::Assign(partitions) => {
                // Kafka's client does so even if it has been fenced meanwhile: until its next
                // target it thinks that it owns them.
                let mut kept = self.subscription.partitions();
                kept.retain(|owned| partitions.binary_search(owned).is_ok());
                self.commits.rebalanced(now, &self.settings, &kept);
                self.subscription.assign(partitions, &self.metadata);
                self.pause_what_came();
                self.look_for_leaders();
                self.ready = false;
                // The background thread takes the assignment over, after all that it was asked before.
                let m = self.modern_mut();
                m.submitted = false;
                let generation = match &m.reconciliation {
                    Some(reconciliation) if !reconciliation.outdated && m.epoch > 0 => {
                        reconciliation.epoch
                    }
                    _ => 0,
                };
                Self::note(Note::Assigned { generation, partitions: partitions.clone() }, out);
            }
        }
        self.spend_time_on(now, event, out)
    }

    /// The time spent in the rebalance listener.
    pub(in crate::client) fn spend_time_on(
        &mut self,
        now: Instant,
        event: Event,
        out: &mut Vec<Effect>,
    ) -> Progress {
        let application = &self.application;
        let dist = match event {
            Event::Revoke(_) => &application.on_revoked,
            Event::Assign(_) => &application.on_assigned,
            Event::Lost(_) => &application.on_lost,
        };
        let spent = draw(dist, &mut self.draws.callbacks);
        if spent.is_zero() {
            self.event_done(now, &event, out);
            return Progress::Joined;
        }
        self.thread = Thread::Callback { until: now + spent, callback: Callback::Event(event) };
        Progress::Interrupted
    }

    /// The application has done what it was asked: the background thread goes on.
    pub(super) fn event_done(&mut self, now: Instant, event: &Event, out: &mut Vec<Effect>) {
        match event {
            Event::Lost(_) => self.after_lost(),
            Event::Revoke(_) => {
                if !self.aborts()
                    && let Some(reconciliation) = &self.modern_mut().reconciliation
                {
                    let assign = Event::Assign(reconciliation.partitions.clone());
                    self.modern_mut().events.push_back(assign);
                }
            }
            Event::Assign(_) => {
                self.announce_ready(out);
                if !self.aborts()
                    && let Some(done) = self.modern_mut().reconciliation.take()
                {
                    let m = self.modern_mut();
                    m.current = done.target;
                    m.state = State::Acknowledging;
                    self.commits.next_auto = now + self.settings.auto_commit_interval;
                }
            }
        }
        self.modern_mut().next_wake = now;
    }

    /// Nothing is owned any more. A fenced member joins, a stale one once it has polled.
    pub(super) fn after_lost(&mut self) {
        self.subscription.assign(&[], &self.metadata);
        let m = self.modern_mut();
        m.clear();
        if m.state == State::Fenced || m.state == State::Stale && m.rejoins {
            m.join();
        }
    }
}
