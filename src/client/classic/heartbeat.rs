//! The heartbeat thread (`AbstractCoordinator.HeartbeatThread`, `Heartbeat`).
//!
//! It wakes each `retry.backoff.ms` while there is nothing to do, and at once when the
//! application thread, inside `poll`, sees that a heartbeat is due. So a heartbeat is punctual
//! while the application polls, and up to a backoff late while it works.
//!
//! Timers count whole milliseconds of the clock (`Timer`): the next interval begins with the
//! millisecond in which a heartbeat left. Who polls is less than a millisecond late most of the time and
//! keeps the rhythm; who works is late by each wait of the thread on the way.

use crate::client::consumer::Consumer;
use crate::client::effect::{Effect, Note};
use crate::client::lookup::{PendingKind, Question};
use crate::client::thread::Thread;
use crate::kernel::time::{Instant, Span};
use crate::model::Name;
use crate::model::config::ConsumerConfig;
use crate::model::error::ErrorCode;
use crate::model::message::group::{HeartbeatRequest, LeaveGroupRequest, MemberIdentity};

/// By how much a wait ends late. Docs/calibration.md says how this and the next were measured.
const OVERSLEPT: Span = Span::from_us(300);

/// How long the application thread and the heartbeat thread need to hand over.
const HANDOVER: Span = Span::from_us(1_100);

/// How long `ConsumerNetworkClient` watches the network at most before others may
/// (`MAX_POLL_TIMEOUT_MS`).
const MAX_WATCH: Span = Span::from_secs(5);

/// The beginning of the millisecond.
fn whole(at: Instant) -> Instant {
    Instant::from_us(at.as_us() / 1_000 * 1_000)
}

/// The thread with its three timers.
#[derive(Clone, Debug)]
pub(in crate::client) struct HeartbeatThread {
    pub enabled: bool,
    /// A fatal error, which the next poll throws.
    pub failure: Option<ErrorCode>,
    /// When it has something to do.
    pub next_wake: Instant,
    /// When it last woke.
    last_wake: Instant,
    /// Whether it has to wait for a lock since.
    held_up: bool,
    /// When it gets hold of the lock.
    free_at: Instant,
    heartbeat_due: Instant,
    session_end: Instant,
    poll_end: Instant,
    attempts: u32,
}

impl HeartbeatThread {
    pub(in crate::client) fn new() -> Self {
        HeartbeatThread {
            enabled: false,
            failure: None,
            next_wake: Instant::NEVER,
            last_wake: Instant::ZERO,
            held_up: false,
            free_at: Instant::ZERO,
            heartbeat_due: Instant::ZERO,
            session_end: Instant::NEVER,
            poll_end: Instant::NEVER,
            attempts: 0,
        }
    }

    /// Starts, or starts anew, when a join is answered.
    pub(in crate::client) fn enable(&mut self, now: Instant, settings: &ConsumerConfig) {
        self.enabled = true;
        self.heartbeat_due = whole(now) + settings.heartbeat_interval;
        self.session_end = whole(now) + settings.session_timeout;
        self.poll_end = whole(now) + settings.max_poll_interval;
        self.last_wake = now;
    }

    /// The coordinator was found: it deserves a whole session timeout.
    pub(in crate::client) fn restart_session(&mut self, now: Instant, settings: &ConsumerConfig) {
        self.session_end = whole(now) + settings.session_timeout;
    }

    /// The application thread passed through `poll`.
    pub(in crate::client) fn polled(&mut self, now: Instant, settings: &ConsumerConfig) {
        self.poll_end = whole(now) + settings.max_poll_interval;
    }

    /// A heartbeat was answered.
    pub(in crate::client) fn received(&mut self, now: Instant, settings: &ConsumerConfig) {
        self.attempts = 0;
        self.restart_session(now, settings);
    }

    /// A heartbeat failed: try again after a backoff.
    pub(in crate::client) fn failed(&mut self, now: Instant, backoff: Span) {
        self.attempts += 1;
        self.heartbeat_due = whole(now) + backoff;
    }

    pub(in crate::client) fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Its first wake at or after `at`, by its own rhythm.
    fn wake_after(&self, at: Instant, settings: &ConsumerConfig) -> Instant {
        if at == Instant::NEVER {
            return at;
        }
        let since = at.since(self.last_wake).as_us();
        let step = (settings.retry_backoff + OVERSLEPT).as_us();
        self.last_wake + Span::from_us(since.div_ceil(step) * step)
    }
}

impl Consumer {
    /// When the heartbeat thread next has something to do.
    pub(in crate::client) fn next_heartbeat_wake(&self, now: Instant) -> Instant {
        let hb = &self.heartbeat;
        if !hb.enabled || self.is_searching() {
            return Instant::NEVER;
        }
        let settings = &self.settings;
        let heard = !self.inbox.is_empty() || self.connections.any_broken();
        let something_waits = heard && !self.is_polling();
        if something_waits || self.lookup.coordinator.is_none() {
            return hb.wake_after(now + Span::from_us(1), settings);
        }
        let session = hb.wake_after(hb.session_end, settings);
        let (poll, heartbeat) = if self.is_in_poll() {
            (Instant::NEVER, self.noticed_in_poll(hb.heartbeat_due))
        } else {
            (hb.wake_after(hb.poll_end, settings), hb.wake_after(hb.heartbeat_due, settings))
        };
        let metadata = self.next_metadata().max(now + OVERSLEPT);
        let metadata = if self.is_polling() { metadata } else { hb.wake_after(metadata, settings) };
        let at = session.min(poll).min(heartbeat).min(metadata).max(hb.free_at);
        if self.is_committing_sync() { self.after_watch(now, at) } else { at }
    }

    /// When a heartbeat goes out that the application thread, watching the network in `poll`, has to
    /// notice first: it watches for whole milliseconds, and wakes the heartbeat thread.
    fn noticed_in_poll(&self, due: Instant) -> Instant {
        let began = self.watching_since;
        let rest = if began < due { began - whole(began) } else { Span::ZERO };
        due + rest + OVERSLEPT + HANDOVER
    }

    /// When the heartbeat thread gets to the network that a `commitSync` watches: as soon as something
    /// arrives, or after the longest watch (the lock of `ConsumerNetworkClient`).
    fn after_watch(&self, now: Instant, at: Instant) -> Instant {
        if at <= now {
            return at;
        }
        let watch = self.settings.heartbeat_interval.min(MAX_WATCH).as_us().max(1);
        let waits = at.since(self.watching_since).as_us();
        self.watching_since + Span::from_us(waits.div_ceil(watch) * watch)
    }

    /// Lets the heartbeat thread do what is due. Whether it woke.
    pub(in crate::client) fn run_heartbeat_thread(
        &mut self,
        now: Instant,
        out: &mut Vec<Effect>,
    ) -> bool {
        if self.is_searching() {
            self.heartbeat.held_up = true;
            return false;
        }
        if std::mem::take(&mut self.heartbeat.held_up) {
            self.let_in(now);
        }
        if now < self.heartbeat.next_wake {
            return false;
        }
        self.heartbeat.last_wake = now;
        self.handle_inbox(now, out);
        if self.heartbeat.enabled {
            self.maintain_metadata(now, out);
            if self.lookup.coordinator.is_none() {
                self.look_up_meanwhile(now, out);
            } else if now >= self.heartbeat.session_end {
                self.mark_coordinator_unknown(now, out);
            } else if !self.is_in_poll() && now >= self.heartbeat.poll_end {
                self.leave_for_poll_timeout(now, out);
            } else if now >= self.heartbeat.heartbeat_due {
                self.send_heartbeat(now, out);
            }
        }
        self.heartbeat.next_wake = self.next_heartbeat_wake(now);
        true
    }

    /// The application thread has given up the lock, for a moment if the search goes on in the next call
    /// of `poll`: whose wait is over gets hold of it.
    fn let_in(&mut self, now: Instant) {
        let waits_until = self.heartbeat.last_wake + self.settings.retry_backoff + OVERSLEPT;
        let waited = waits_until <= now;
        if waited && self.lookup.coordinator.is_none() {
            self.heartbeat.next_wake = now;
            return;
        }
        if waited {
            self.heartbeat.last_wake = now;
        }
        self.heartbeat.free_at = now + HANDOVER;
        self.heartbeat.next_wake = self.next_heartbeat_wake(now);
    }

    /// The heartbeat thread asks who the coordinator is, in case the application does not. It gives up
    /// a question as soon as it wakes again, and asks anew the next time.
    fn look_up_meanwhile(&mut self, now: Instant, out: &mut Vec<Effect>) {
        if self.lookup.question == Question::None {
            self.look_up_coordinator(now, out);
        } else {
            self.lookup.question = Question::None;
        }
    }

    /// Whether the application is inside `poll` or `close`; a `commitSync` watches the network, too,
    /// but is no sign that the application goes on.
    pub(in crate::client) fn is_in_poll(&self) -> bool {
        matches!(self.thread, Thread::Polling { .. } | Thread::Closing)
    }

    fn send_heartbeat(&mut self, now: Instant, out: &mut Vec<Effect>) {
        self.heartbeat.heartbeat_due = whole(now) + self.settings.heartbeat_interval;
        let generation = &self.member.generation;
        let request = HeartbeatRequest {
            group_id: self.group.clone(),
            generation_id: generation.id,
            member_id: generation.member_id.clone(),
            group_instance_id: self.instance(),
        };
        let kind = PendingKind::Heartbeat(generation.clone());
        self.send_to_coordinator(now, kind, request, out);
    }

    /// An answer to a heartbeat that was sent in `sent`.
    pub(in crate::client) fn on_heartbeat(
        &mut self,
        now: Instant,
        sent: &super::member::Generation,
        code: ErrorCode,
        out: &mut Vec<Effect>,
    ) {
        use super::member::MemberState;
        match code {
            ErrorCode::None => self.heartbeat.received(now, &self.settings),
            ErrorCode::RebalanceInProgress => {
                if self.member.state == MemberState::Stable {
                    self.member.rejoin_needed = true;
                }
                // Going on with heartbeats keeps the member in the group while it is busy.
                self.heartbeat.received(now, &self.settings);
            }
            ErrorCode::CoordinatorNotAvailable | ErrorCode::NotCoordinator => {
                self.mark_coordinator_unknown(now, out);
                self.heartbeat_failed(now);
            }
            ErrorCode::IllegalGeneration
            | ErrorCode::UnknownMemberId
            | ErrorCode::FencedInstanceId => {
                if self.member.generation != *sent {
                    return self.heartbeat.received(now, &self.settings);
                }
                self.lose_membership(code == ErrorCode::IllegalGeneration);
                if code == ErrorCode::FencedInstanceId {
                    self.heartbeat.failure = Some(code);
                }
                self.heartbeat_failed(now);
            }
            _ => self.heartbeat_failed(now),
        }
    }

    fn heartbeat_failed(&mut self, now: Instant) {
        let backoff = self.backoff(self.heartbeat.attempts());
        self.heartbeat.failed(now, backoff);
    }

    /// The application has not polled for `max.poll.interval.ms`: leave, so that others need not
    /// wait for the session to end.
    fn leave_for_poll_timeout(&mut self, now: Instant, out: &mut Vec<Effect>) {
        out.push(Effect::Note(Note::PollTimeout));
        self.send_leave(now, "consumer poll timeout has expired.", out);
        self.lose_membership(false);
    }

    /// Sends `LeaveGroup`, if there is a membership to leave and somebody to tell. A static member
    /// never leaves by itself: its session ends, or it comes back before.
    pub(in crate::client) fn send_leave(
        &mut self,
        now: Instant,
        reason: &str,
        out: &mut Vec<Effect>,
    ) -> bool {
        use super::member::MemberState;
        let id: Name = self.member.generation.member_id.clone();
        let leaves = self.instance().is_none()
            && self.lookup.coordinator.is_some()
            && self.member.state != MemberState::Unjoined
            && !id.is_empty();
        if leaves {
            let identity = MemberIdentity {
                member_id: id,
                group_instance_id: None,
                reason: Some(reason.into()),
            };
            let request =
                LeaveGroupRequest { group_id: self.group.clone(), members: vec![identity] };
            self.send_to_coordinator(now, PendingKind::Leave, request, out);
        }
        leaves
    }

    /// The membership, or with `keep_id` only the generation, is lost.
    pub(in crate::client) fn lose_membership(&mut self, keep_id: bool) {
        self.member.reset(keep_id);
        self.heartbeat.enabled = false;
    }
}
