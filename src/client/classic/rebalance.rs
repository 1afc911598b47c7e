//! The rebalance as the application thread drives it: give up, join, take over
//! (`ConsumerCoordinator.onJoinPrepare`, `joinGroupIfNeeded`, `onJoinComplete`).

use super::member::{JoinFuture, MemberState, PrepareCommit};
use crate::client::commit::{CommitKind, is_retriable};
use crate::client::consumer::Consumer;
use crate::client::effect::{Effect, Note};
use crate::client::thread::{AfterCommit, Callback, Thread};
use crate::kernel::dist::Dist;
use crate::kernel::time::{Instant, Span};
use crate::model::config::CommitMode;
use crate::model::consumer_protocol::Assignment;
use crate::model::error::ErrorCode;
use crate::model::id::PartitionId;

/// How far the rebalance got.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::client) enum Progress {
    /// The member is in a generation and has taken over its assignment.
    Joined,
    /// An answer is awaited, or an attempt failed; the next pass goes on.
    Waiting,
    /// A callback or its commit runs: the application thread has left `poll`'s pass.
    Interrupted,
    /// The poll loop ends.
    Failed(ErrorCode),
}

impl Consumer {
    /// Takes part in a rebalance as far as that goes without waiting.
    pub(in crate::client) fn ensure_active_group(
        &mut self,
        now: Instant,
        out: &mut Vec<Effect>,
    ) -> Progress {
        while self.member.rejoin_needed_or_pending() {
            if self.lookup.coordinator.is_none() {
                self.look_up_coordinator(out);
                return Progress::Waiting;
            }
            if self.member.needs_join_prepare {
                match self.prepare_join(now, out) {
                    Progress::Joined => {}
                    other => return other,
                }
            }
            match std::mem::replace(&mut self.member.join, JoinFuture::None) {
                JoinFuture::None => {
                    self.send_join(out);
                    return Progress::Waiting;
                }
                JoinFuture::InFlight => {
                    self.member.join = JoinFuture::InFlight;
                    return Progress::Waiting;
                }
                JoinFuture::Done(Ok(assignment)) => {
                    if !self.take_over(now, &assignment, out) {
                        return Progress::Interrupted;
                    }
                }
                JoinFuture::Done(Err(code)) => {
                    if let Some(progress) = self.after_failed_join(code) {
                        return progress;
                    }
                }
            }
        }
        Progress::Joined
    }

    /// A join failed: `None`, try again at once.
    fn after_failed_join(&mut self, code: ErrorCode) -> Option<Progress> {
        self.member.rejoin_needed = true;
        match code {
            ErrorCode::UnknownMemberId
            | ErrorCode::IllegalGeneration
            | ErrorCode::RebalanceInProgress
            | ErrorCode::MemberIdRequired => None,
            ErrorCode::CoordinatorNotAvailable
            | ErrorCode::NotCoordinator
            | ErrorCode::CoordinatorLoadInProgress => Some(Progress::Waiting),
            fatal => Some(Progress::Failed(fatal)),
        }
    }

    /// Commits what was consumed if auto-commit is on, then gives everything up: `Joined` when
    /// that is done and `JoinGroup` may be sent.
    fn prepare_join(&mut self, now: Instant, out: &mut Vec<Effect>) -> Progress {
        let timeout = self.settings.max_poll_interval;
        let deadline = *self.member.prepare_deadline.get_or_insert(now + timeout);
        if self.settings.enable_auto_commit && self.member.prepare_commit == PrepareCommit::None {
            // Nothing may be returned any more that this commit does not cover.
            self.subscription.mark_pending_revocation();
            let offsets = self.subscription.all_consumed();
            self.member.prepare_commit = PrepareCommit::InFlight;
            if let Err(code) = self.commit_async(CommitKind::BeforeJoin, &offsets, out) {
                self.member.prepare_commit = PrepareCommit::Done(Err(code));
            }
        }
        match self.member.prepare_commit {
            PrepareCommit::InFlight if now < deadline => return Progress::Waiting,
            PrepareCommit::Done(Err(code)) if is_retriable(code) && now < deadline => {
                self.member.prepare_commit = PrepareCommit::None;
                return Progress::Waiting;
            }
            _ => {}
        }
        self.give_up(now, out)
    }

    /// Runs `onPartitionsRevoked` or `onPartitionsLost` for everything owned.
    fn give_up(&mut self, now: Instant, out: &mut Vec<Effect>) -> Progress {
        let partitions = self.subscription.partitions();
        let generation = &self.member.generation;
        let lost = generation.id == -1 || generation.member_id.is_empty();
        if lost && partitions.is_empty() {
            self.gave_up();
            return Progress::Joined;
        }
        let commits = !lost && self.application.commit == CommitMode::OnRevoke;
        let note = if lost { Note::Lost(partitions) } else { Note::Revoked(partitions) };
        Self::note(note, out);
        // From here on the callback has begun and is not to be begun again.
        self.member.needs_join_prepare = false;
        if commits && !self.subscription.is_empty() {
            self.commit_sync(now, self.subscription.all_consumed(), AfterCommit::Revoke, out);
            return Progress::Interrupted;
        }
        self.run_revocation(now, lost)
    }

    /// The time spent in the callback that gives partitions up.
    pub(in crate::client) fn run_revocation(&mut self, now: Instant, lost: bool) -> Progress {
        let dist = if lost { &self.application.on_lost } else { &self.application.on_revoked };
        let spent = draw(dist, &mut self.draws.callbacks);
        if spent.is_zero() {
            self.gave_up();
            return Progress::Joined;
        }
        self.thread = Thread::Callback { until: now + spent, callback: Callback::BeforeJoin };
        Progress::Interrupted
    }

    /// Nothing is owned any more.
    pub(in crate::client) fn gave_up(&mut self) {
        self.subscription.assign(&[], &self.metadata);
        self.member.is_leader = false;
        self.member.needs_join_prepare = false;
        self.member.prepare_deadline = None;
        self.member.prepare_commit = PrepareCommit::None;
    }

    /// `SyncGroup` brought an assignment. Whether the pass may go on: `onPartitionsAssigned` may take
    /// its time.
    fn take_over(&mut self, now: Instant, assignment: &Assignment, out: &mut Vec<Effect>) -> bool {
        if self.member.generation.is_reset() || self.member.state != MemberState::Stable {
            // The heartbeat thread lost the membership in between.
            self.lose_membership(false);
            return true;
        }
        self.member.needs_join_prepare = true;
        let mut partitions = self.partitions_of(assignment);
        partitions.sort_unstable();
        self.commits.restart(now, &self.settings);
        self.subscription.assign(&partitions, &self.metadata);
        self.ready = false;
        let generation = self.member.generation.id;
        Self::note(Note::Assigned { generation, partitions }, out);
        let spent = draw(&self.application.on_assigned, &mut self.draws.callbacks);
        if spent.is_zero() {
            self.announce_ready(out);
            return true;
        }
        self.thread = Thread::Callback { until: now + spent, callback: Callback::Assigned };
        false
    }

    fn partitions_of(&self, assignment: &Assignment) -> Vec<PartitionId> {
        let topics = assignment.assigned_partitions.iter();
        topics
            .flat_map(|topic| topic.partitions.iter().map(|&index| (&topic.topic, index)))
            .map(|(topic, index)| {
                self.metadata.partition(topic, index).expect("the leader assigns what exists")
            })
            .collect()
    }
}

/// How long a callback takes.
pub(in crate::client) fn draw(dist: &Dist, draws: &mut crate::kernel::random::Stream) -> Span {
    if dist.is_zero() { Span::ZERO } else { Span::from_us(dist.draw(draws)) }
}
