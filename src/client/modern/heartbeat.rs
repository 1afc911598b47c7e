//! The background thread: it finds the coordinator, sends heartbeats and hears the answers
//! (`ConsumerNetworkThread`, `AbstractHeartbeatRequestManager`, `ConsumerHeartbeatRequestManager`).

use super::member::{Event, Membership, Sent, State, Step, Target};
use crate::client::consumer::Consumer;
use crate::client::effect::{Effect, Note};
use crate::client::lookup::PendingKind;
use crate::client::subscription::Topics;
use crate::client::thread::Thread;
use crate::kernel::time::{Instant, Span};
use crate::model::error::ErrorCode;
use crate::model::fact::Failure;
use crate::model::message::consumer_group::{
    ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse, LEAVE_EPOCH, LEAVE_STATIC_EPOCH,
};

/// How long after its moment a heartbeat goes out: half a millisecond on a machine that is not idle.
/// The thread that finds it due sends it, too, unlike that of the classic client.
const LATENESS: Span = Span::from_us(500);

/// How long the background thread sleeps at most (`ConsumerNetworkThread.MAX_POLL_TIMEOUT_MS`).
const LONGEST_SLEEP: Span = Span::from_ms(5_000);

impl Consumer {
    /// The membership under KIP-848, where there is one.
    pub(in crate::client) fn modern_mut(&mut self) -> &mut Membership {
        self.modern.as_mut().expect("a member under KIP-848")
    }

    /// When the background thread next has something to do by itself.
    pub(super) fn next_background_wake(&self, now: Instant) -> Instant {
        let Some(m) = &self.modern else { return Instant::NEVER };
        if matches!(self.thread, Thread::Stopped) {
            return Instant::NEVER;
        }
        let metadata = self.next_metadata().max(now);
        if self.lookup.coordinator.is_none() {
            return self.next_lookup().min(metadata);
        }
        let again = match &m.reconciliation {
            Some(reconciliation) => match reconciliation.step {
                Step::CommitAgain { at, .. } => at,
                _ => Instant::NEVER,
            },
            None => Instant::NEVER,
        };
        let mut at = again.min(metadata);
        if self.awaits_offsets() {
            at = at.min(m.offsets_at);
        }
        if m.is_silent() {
            return at;
        }
        if !m.beat.in_flight {
            let regular = m.beat.due.max(m.beat.backoff_until) + LATENESS;
            at = at.min(if m.beats_now() { now } else { regular });
        }
        if !self.is_in_poll() {
            // Nothing but the next heartbeat lets the thread look, and the end of its sleep.
            let asleep = m.poll_end.since(m.looked).as_us();
            let looks = m.looked + LONGEST_SLEEP * asleep.div_ceil(LONGEST_SLEEP.as_us());
            at = at.min(m.poll_end.max(m.beat.due).min(looks) + LATENESS);
        }
        at
    }

    /// Lets the background thread do what is due. Whether it did anything.
    pub(in crate::client) fn run_background(
        &mut self,
        now: Instant,
        out: &mut Vec<Effect>,
    ) -> bool {
        let heard = !self.inbox.is_empty() || self.connections.any_broken();
        if !heard && now < self.modern_mut().next_wake {
            return false;
        }
        self.modern_mut().looked = now;
        self.handle_inbox(now, out);
        self.maintain_metadata(now, out);
        if now >= self.next_lookup() {
            self.look_up_coordinator(now, out);
        }
        if self.lookup.coordinator.is_some() {
            self.send_waiting_commits(now, out);
        }
        self.maybe_reconcile(now, false, out);
        self.commit_again(now, out);
        self.fetch_missing_offsets(now, out);
        self.beat(now, out);
        let next = self.next_background_wake(now);
        self.modern_mut().next_wake = next;
        self.plan_pass(now);
        true
    }

    fn beat(&mut self, now: Instant, out: &mut Vec<Effect>) {
        let in_poll = self.is_in_poll();
        let m = self.modern_mut();
        let (late, silent) = (!in_poll && now >= m.poll_end, m.is_silent());
        let regular = now >= m.beat.due.max(m.beat.backoff_until);
        let due = !m.beat.in_flight && (m.beats_now() || regular);
        if self.lookup.coordinator.is_none() || silent {
        } else if late {
            self.leave_unpolled(now, out);
        } else if due {
            self.send_beat(now, out);
        }
    }

    fn send_beat(&mut self, now: Instant, out: &mut Vec<Effect>) {
        let request = self.heartbeat_request();
        let m = self.modern_mut();
        m.beat.in_flight = true;
        m.beat.due = now + m.beat.interval;
        m.beat.regular = m.beat.due;
        match m.state {
            State::Joining => Self::note(Note::JoinSent, out),
            State::Acknowledging => {
                m.state = if m.is_reconciled() { State::Stable } else { State::Reconciling };
            }
            _ => {}
        }
        self.send_to_coordinator(now, PendingKind::ConsumerHeartbeat, request, out);
    }

    /// A member that joins says everything, another one what has changed.
    fn heartbeat_request(&mut self) -> ConsumerGroupHeartbeatRequest {
        let (group_id, instance_id) = (self.group.clone(), self.instance());
        let rack = Some(self.settings.client_rack.as_str()).filter(|rack| !rack.is_empty());
        let rack_id = rack.map(Into::into);
        let assignor = self.settings.group_remote_assignor.as_deref().map(Into::into);
        let timeout = self.settings.max_poll_interval.as_ms() as i32;
        let expression = match &self.topics {
            Topics::Expression(expression) => Some(expression.clone()),
            _ => None,
        };
        let m = self.modern_mut();
        let all = m.state == State::Joining;
        let mut request = ConsumerGroupHeartbeatRequest {
            group_id,
            member_id: m.id.clone(),
            member_epoch: m.epoch,
            instance_id,
            rack_id: rack_id.filter(|_| all),
            ..ConsumerGroupHeartbeatRequest::default()
        };
        if all || !m.sent.rebalance_timeout {
            request.rebalance_timeout_ms = timeout;
            m.sent.rebalance_timeout = true;
        }
        if all || m.sent.topics.as_ref() != Some(&m.topics) {
            request.subscribed_topic_names = Some(m.topics.clone());
            m.sent.topics = Some(m.topics.clone());
        }
        if all || !m.sent.expression {
            request.subscribed_topic_regex = expression;
            m.sent.expression = true;
        }
        if all || !m.sent.assignor {
            request.server_assignor = assignor;
            m.sent.assignor = true;
        }
        if all || m.sent.owned.as_ref() != Some(&m.current) {
            request.topic_partitions = Some(m.current.topics.clone());
            m.sent.owned = Some(m.current.clone());
        }
        request
    }

    /// A heartbeat is answered.
    pub(in crate::client) fn on_consumer_heartbeat(
        &mut self,
        now: Instant,
        response: ConsumerGroupHeartbeatResponse,
        out: &mut Vec<Effect>,
    ) {
        let m = self.modern_mut();
        m.beat.in_flight = false;
        if !response.error_code.is_none() {
            return self.on_heartbeat_error(now, response.error_code, out);
        }
        m.beat.attempts = 0;
        let interval = Span::from_ms(u64::try_from(response.heartbeat_interval_ms).unwrap_or(0));
        if m.beat.interval != interval {
            m.beat.interval = interval;
            m.beat.due = now + interval;
            m.beat.regular = m.beat.due;
        }
        if m.is_silent() || response.member_epoch < 0 {
            return;
        }
        m.epoch = response.member_epoch;
        if let Some(assignment) = response.assignment {
            m.retarget(assignment.topic_partitions);
            if !m.is_reconciled() {
                m.state = State::Reconciling;
            } else if matches!(m.state, State::Reconciling | State::Joining) {
                m.state = State::Stable;
            }
        }
    }

    fn on_heartbeat_error(&mut self, now: Instant, code: ErrorCode, out: &mut Vec<Effect>) {
        self.heartbeat_failed_at(now);
        match code {
            ErrorCode::NotCoordinator | ErrorCode::CoordinatorNotAvailable => {
                self.mark_coordinator_unknown(now, out);
                self.modern_mut().beat.begin_anew(now);
            }
            ErrorCode::CoordinatorLoadInProgress => {}
            ErrorCode::FencedMemberEpoch | ErrorCode::UnknownMemberId => {
                self.modern_mut().beat.begin_anew(now);
                self.be_fenced();
            }
            fatal => {
                let m = self.modern_mut();
                if m.state == State::Unsubscribed {
                    return;
                }
                m.state = State::Fatal;
                self.fatal = Some(Failure::Refused(fatal));
                self.lose_everything();
            }
        }
    }

    /// No answer to a heartbeat: the next one comes after a backoff and says everything.
    fn heartbeat_failed_at(&mut self, now: Instant) {
        let attempts = self.modern_mut().beat.attempts;
        let backoff = self.backoff(attempts);
        let m = self.modern_mut();
        m.sent = Sent::default();
        m.beat.due = now;
        m.beat.attempts += 1;
        m.beat.backoff_until = now + backoff;
    }

    /// The connection on which the answer would have come is gone.
    pub(in crate::client) fn on_heartbeat_lost(&mut self, now: Instant) {
        self.modern_mut().beat.in_flight = false;
        self.heartbeat_failed_at(now);
    }

    /// The coordinator does not count it as a member any more: it gives up what it owned, and joins.
    fn be_fenced(&mut self) {
        let m = self.modern_mut();
        if m.state == State::Unsubscribed {
            return;
        }
        m.state = State::Fenced;
        m.epoch = 0;
        self.lose_everything();
    }

    /// The application has not polled for `max.poll.interval.ms`: the member leaves, a static one
    /// for a while. Nobody waits for the answer.
    fn leave_unpolled(&mut self, now: Instant, out: &mut Vec<Effect>) {
        Self::note(Note::PollTimeout, out);
        self.send_last_heartbeat(now, out);
        let m = self.modern_mut();
        m.state = State::Stale;
        m.rejoins = false;
        m.beat.begin_anew(now);
        m.beat.due = now;
        m.sent = Sent::default();
        self.lose_everything();
    }

    /// `onPartitionsLost` for everything, as soon as the application thread comes to it.
    fn lose_everything(&mut self) {
        self.subscription.mark_pending_revocation();
        let lost = self.subscription.partitions();
        if lost.is_empty() {
            return self.after_lost();
        }
        self.modern_mut().events.push_back(Event::Lost(lost));
    }

    /// Leaves the group, if there is a membership to leave and somebody to tell. Whether it did.
    pub(in crate::client) fn leave_modern(&mut self, now: Instant, out: &mut Vec<Effect>) -> bool {
        let leaves = !self.modern_mut().is_silent() && self.lookup.coordinator.is_some();
        if leaves {
            self.send_last_heartbeat(now, out);
        }
        let m = self.modern_mut();
        m.state = State::Unsubscribed;
        m.clear();
        leaves
    }

    fn send_last_heartbeat(&mut self, now: Instant, out: &mut Vec<Effect>) {
        let instance_id = self.instance();
        let epoch = if instance_id.is_some() { LEAVE_STATIC_EPOCH } else { LEAVE_EPOCH };
        let group_id = self.group.clone();
        let m = self.modern_mut();
        m.epoch = epoch;
        m.current = Target::NONE;
        let request = ConsumerGroupHeartbeatRequest {
            group_id,
            member_id: m.id.clone(),
            member_epoch: epoch,
            instance_id,
            ..ConsumerGroupHeartbeatRequest::default()
        };
        self.send_to_coordinator(now, PendingKind::Leave, request, out);
    }
}
