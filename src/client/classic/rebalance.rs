//! The rebalance as the application thread drives it: give up, join, take over
//! (`ConsumerCoordinator.onJoinPrepare`, `joinGroupIfNeeded`, `onJoinComplete`).
//!
//! An eager member gives everything up before it joins. A cooperative one keeps what it owns, gives
//! up what its new assignment lacks, and then joins once more so that others may have it (KIP-429).

use super::member::{FailedJoin, JoinFuture, MemberState, PrepareCommit};
use crate::client::commit::{CommitKind, is_retriable};
use crate::client::consumer::Consumer;
use crate::client::effect::{Effect, Note};
use crate::client::thread::{AfterCommit, Callback, Given, Leaving, Next, Thread};
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
                self.look_up_coordinator(now, out);
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
                    self.send_join(now, out);
                    return Progress::Waiting;
                }
                JoinFuture::InFlight => {
                    self.member.join = JoinFuture::InFlight;
                    return Progress::Waiting;
                }
                JoinFuture::Done(Ok(assignment)) => match self.take_over(now, assignment, out) {
                    Progress::Joined => {}
                    other => return other,
                },
                JoinFuture::Done(Err(how)) => {
                    self.member.rejoin_needed = true;
                    match how {
                        FailedJoin::AtOnce => {}
                        FailedJoin::Later => return Progress::Waiting,
                        FailedJoin::Fatal(code) => return Progress::Failed(code),
                    }
                }
            }
        }
        Progress::Joined
    }

    /// Commits what was consumed if auto-commit is on, then gives up what the protocol says:
    /// `Joined` when that is done and `JoinGroup` may be sent.
    fn prepare_join(&mut self, now: Instant, out: &mut Vec<Effect>) -> Progress {
        let timeout = self.settings.max_poll_interval;
        let deadline = *self.member.prepare_deadline.get_or_insert(now + timeout);
        if self.settings.enable_auto_commit && self.member.prepare_commit == PrepareCommit::None {
            if !self.offers.cooperative {
                // Nothing may be returned any more that this commit does not cover.
                self.subscription.mark_pending_revocation();
            }
            let offsets = self.subscription.all_consumed();
            self.member.prepare_commit = PrepareCommit::InFlight;
            if let Err(code) = self.commit_async(now, CommitKind::BeforeRebalance, &offsets, out) {
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
        self.give_up_before_join(now, out)
    }

    /// Everything is lost with the membership, an eager member gives everything up, a cooperative
    /// one what it does not subscribe to any more.
    fn give_up_before_join(&mut self, now: Instant, out: &mut Vec<Effect>) -> Progress {
        // From here on the callback has begun and is not to be begun again.
        self.member.needs_join_prepare = false;
        let partitions = self.subscription.partitions();
        let generation = &self.member.generation;
        let lost = generation.id == -1 || generation.member_id.is_empty();
        let (keeps, gives) = if self.offers.cooperative && !lost {
            let topics = self.topics.resolve(&self.metadata);
            let keeps = |p: &PartitionId| topics.contains(self.metadata.name(*p).0);
            partitions.into_iter().partition(keeps)
        } else {
            (Vec::new(), partitions)
        };
        let leaving = Leaving { lost, keeps, then: Next::Join };
        // An eager member hears of a revocation even of nothing.
        if gives.is_empty() && (lost || self.offers.cooperative) {
            return self.left(now, leaving, out);
        }
        self.give_up(now, &gives, leaving, out)
    }

    /// Runs `onPartitionsRevoked` or `onPartitionsLost` for these.
    fn give_up(
        &mut self,
        now: Instant,
        gives: &[PartitionId],
        leaving: Leaving,
        out: &mut Vec<Effect>,
    ) -> Progress {
        let commits = !leaving.lost && self.application.commit == CommitMode::OnRevoke;
        let note = if leaving.lost { Note::Lost } else { Note::Revoked };
        Self::note(note(gives.to_vec()), out);
        if let Some(settled) = self.settle_work(now, gives, leaving.lost, out) {
            self.await_worker(now, settled, AfterCommit::Leaving(leaving), out);
            return Progress::Interrupted;
        }
        if commits && !self.subscription.is_empty() {
            let offsets = self.subscription.all_consumed();
            self.commit_sync(now, offsets, AfterCommit::Leaving(leaving), out);
            return Progress::Interrupted;
        }
        self.run_revocation(now, leaving, out)
    }

    /// The time spent in the callback that gives partitions up.
    pub(in crate::client) fn run_revocation(
        &mut self,
        now: Instant,
        leaving: Leaving,
        out: &mut Vec<Effect>,
    ) -> Progress {
        let application = &self.application;
        let dist = if leaving.lost { &application.on_lost } else { &application.on_revoked };
        let spent = draw(dist, &mut self.draws.callbacks);
        if spent.is_zero() {
            return self.left(now, leaving, out);
        }
        let callback = Callback::Leaving(leaving);
        self.thread = Thread::Callback { until: now + spent, callback };
        Progress::Interrupted
    }

    /// The callback is over: the member owns what it keeps and goes on.
    pub(in crate::client) fn left(
        &mut self,
        now: Instant,
        leaving: Leaving,
        out: &mut Vec<Effect>,
    ) -> Progress {
        match leaving.then {
            Next::Join => {
                self.subscription.assign(&leaving.keeps, &self.metadata);
                self.member.is_leader = false;
                self.member.prepare_deadline = None;
                self.member.prepare_commit = PrepareCommit::None;
                Progress::Joined
            }
            Next::TakeOver(given) => {
                // What was given up may go to others, as soon as all know that it is free.
                self.member.rejoin_needed = true;
                self.own(now, &given, out)
            }
        }
    }

    /// `SyncGroup` brought an assignment. A cooperative member first gives up what is not in it.
    fn take_over(
        &mut self,
        now: Instant,
        assignment: Assignment,
        out: &mut Vec<Effect>,
    ) -> Progress {
        let generation = self.member.generation.clone();
        if generation.is_reset() || self.member.state != MemberState::Stable {
            // The heartbeat thread lost the membership in between.
            self.lose_membership(false);
            return Progress::Joined;
        }
        self.member.needs_join_prepare = true;
        let mut partitions = self.partitions_of(&assignment);
        partitions.sort_unstable();
        let given = Given { generation, assignment, partitions };
        if self.offers.cooperative {
            let is_given = |p: &PartitionId| given.partitions.binary_search(p).is_ok();
            let owned = self.subscription.partitions();
            let (keeps, revoked): (Vec<_>, Vec<_>) = owned.into_iter().partition(is_given);
            if !revoked.is_empty() {
                let leaving = Leaving { lost: false, keeps, then: Next::TakeOver(given) };
                return self.give_up(now, &revoked, leaving, out);
            }
        }
        self.own(now, &given, out)
    }

    /// From now on the member owns this. `onPartitionsAssigned` may take its time.
    fn own(&mut self, now: Instant, given: &Given, out: &mut Vec<Effect>) -> Progress {
        let (id, protocol) = (given.generation.id, given.generation.protocol.as_deref());
        let of_topics = &given.assignment.assigned_partitions;
        self.offers.assigned(protocol.unwrap_or_default(), of_topics, id);
        let mut kept = self.subscription.partitions();
        kept.retain(|p| given.partitions.binary_search(p).is_ok());
        self.commits.rebalanced(now, &self.settings, &kept);
        self.subscription.assign(&given.partitions, &self.metadata);
        self.pause_what_came();
        self.look_for_leaders();
        self.ready = false;
        let partitions = given.partitions.clone();
        Self::note(Note::Assigned { generation: id, partitions }, out);
        let spent = draw(&self.application.on_assigned, &mut self.draws.callbacks);
        if spent.is_zero() {
            self.announce_ready(out);
            return Progress::Joined;
        }
        self.thread = Thread::Callback { until: now + spent, callback: Callback::Assigned };
        Progress::Interrupted
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
