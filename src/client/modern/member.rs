//! A member of a consumer group: its state, its epoch, what it is to own and what it owns
//! (`AbstractMembershipManager`, `ConsumerMembershipManager`).

use crate::kernel::time::{Instant, Span};
use crate::model::Name;
use crate::model::id::PartitionId;
use crate::model::message::assignment::TopicPartitions;
use crate::model::uuid::Uuid;
use std::collections::VecDeque;

/// Where the member is (`MemberState`). Kafka's `PREPARE_LEAVING` and `LEAVING` take no time here:
/// the last heartbeat leaves at once, or nobody is there to hear it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::client) enum State {
    /// It has not polled yet, or has left. No heartbeats.
    Unsubscribed,
    /// A heartbeat of epoch 0 is due at once, or on its way.
    Joining,
    /// It has a target that it does not own yet; heartbeats go on by the interval.
    Reconciling,
    /// It owns its target; a heartbeat that says so is due at once.
    Acknowledging,
    /// Heartbeats by the interval.
    Stable,
    /// The coordinator does not know it any more: `onPartitionsLost`, then it joins. No heartbeats.
    Fenced,
    /// It left because the application did not poll; the next poll lets it join. No heartbeats.
    Stale,
    /// Refused for good: the next poll throws. No heartbeats.
    Fatal,
}

/// What the application thread has to do for the background thread (`BackgroundEvent`).
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::client) enum Event {
    /// `onPartitionsRevoked`.
    Revoke(Vec<PartitionId>),
    /// Own these from now on, sorted; `onPartitionsAssigned`.
    Assign(Vec<PartitionId>),
    /// `onPartitionsLost`.
    Lost(Vec<PartitionId>),
}

/// How far the present reconciliation is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::client) enum Step {
    /// Offsets are being committed, before anything is given up.
    Committing { deadline: Instant, attempts: u32 },
    /// The commit failed and is tried again at this moment.
    CommitAgain { deadline: Instant, at: Instant, attempts: u32 },
    /// The application thread is to do something, or does it.
    Callbacks,
}

/// A target on its way to be owned.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::client) struct Reconciliation {
    pub step: Step,
    /// Which target.
    pub target: Target,
    /// The member's epoch when it began: its target is of this one or an earlier one.
    pub epoch: i32,
    /// Its partitions, sorted.
    pub partitions: Vec<PartitionId>,
    pub revoked: Vec<PartitionId>,
    /// Whether the member has joined anew since it began.
    pub outdated: bool,
}

/// What the coordinator said that the member is to own, or as much of it as the member knows the
/// topics of (`LocalAssignment`).
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::client) struct Target {
    /// Counts the targets of a membership, from 0.
    pub number: i64,
    /// By topic; sorted.
    pub topics: Vec<TopicPartitions>,
}

impl Target {
    /// The coordinator has said nothing yet.
    pub(super) const NONE: Target = Target { number: -1, topics: Vec::new() };
}

/// An `AsyncPollEvent`: what a pass asks of the background thread.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::client) struct PollEvent {
    /// When the call of `poll` ends that sent it.
    pub deadline: Instant,
    /// Leaders asked later than this request are to tell where to begin, before anything is
    /// fetched; `None`: committed offsets are awaited.
    pub resets_since: Option<u64>,
    /// Whether all positions have come that were missing, as far as that was asked for.
    pub complete: bool,
}

/// When to send a heartbeat (`HeartbeatRequestState`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::client) struct Beat {
    /// What the coordinator said; nothing yet: at once.
    pub interval: Span,
    pub due: Instant,
    /// When it was due by the interval, whatever failed since: no wait of `poll` that began before
    /// goes on longer.
    pub regular: Instant,
    pub in_flight: bool,
    pub attempts: u32,
    /// Not before this moment, after a failure.
    pub backoff_until: Instant,
}

impl Beat {
    /// Forgets what failed: the next heartbeat has no backoff to wait for (`RequestState.reset`).
    pub(super) fn begin_anew(&mut self, now: Instant) {
        self.in_flight = false;
        self.attempts = 0;
        self.backoff_until = now;
    }
}

/// The fields that the coordinator knows; what has not changed is left out.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(in crate::client) struct Sent {
    pub rebalance_timeout: bool,
    pub topics: Option<Vec<Name>>,
    pub assignor: bool,
    pub expression: bool,
    pub owned: Option<Target>,
}

/// The membership of a consumer.
#[derive(Clone, Debug)]
pub(in crate::client) struct Membership {
    pub state: State,
    /// Made by the client, for the life of the process.
    pub id: Name,
    pub epoch: i32,
    pub target: Target,
    /// What was reconciled last.
    pub current: Target,
    pub reconciliation: Option<Reconciliation>,
    pub sent: Sent,
    pub beat: Beat,
    /// When the application must have polled again (`max.poll.interval.ms`).
    pub poll_end: Instant,
    /// Whether a member that went stale has polled again.
    pub rejoins: bool,
    /// What the application thread has to do.
    pub events: VecDeque<Event>,
    /// How many of them the present pass has taken up and not done yet.
    pub taken: usize,
    /// When missing committed offsets may be asked for again.
    pub offsets_at: Instant,
    /// How often they were asked for in vain.
    pub offsets_attempts: u32,
    pub poll_event: Option<PollEvent>,
    /// Whether the present pass has sent it, so that it is not seen to be done before the next one:
    /// the background thread takes some microseconds.
    pub submitted: bool,
    /// Whether the wait of `poll` ends because there is nothing to fetch.
    pub signalled: bool,
    /// When the present call of `poll` ends.
    pub call_end: Instant,
    /// When its last pass began.
    pub passed: Instant,
    /// When the background thread has something to do.
    pub next_wake: Instant,
    /// When it last had something to do.
    pub looked: Instant,
    /// The topics that the subscription stands for, as of the last poll.
    pub topics: Vec<Name>,
    /// After how many answers about the cluster that was.
    pub topics_as_of: u64,
    /// Topics of the target that metadata have been asked for. A client that has subscribed to an
    /// expression asks for nothing else.
    pub heard_of: Vec<Uuid>,
}

impl Membership {
    pub(in crate::client) fn new(id: Name, topics: Vec<Name>) -> Self {
        Membership {
            state: State::Unsubscribed,
            id,
            epoch: 0,
            target: Target::NONE,
            current: Target::NONE,
            reconciliation: None,
            sent: Sent::default(),
            beat: Beat {
                interval: Span::ZERO,
                due: Instant::ZERO,
                regular: Instant::ZERO,
                in_flight: false,
                attempts: 0,
                backoff_until: Instant::ZERO,
            },
            poll_end: Instant::NEVER,
            rejoins: false,
            events: VecDeque::new(),
            taken: 0,
            offsets_at: Instant::ZERO,
            offsets_attempts: 0,
            poll_event: None,
            submitted: false,
            signalled: false,
            call_end: Instant::ZERO,
            passed: Instant::ZERO,
            next_wake: Instant::ZERO,
            looked: Instant::ZERO,
            topics,
            topics_as_of: 0,
            heard_of: Vec::new(),
        }
    }

    /// Whether it sends no heartbeats.
    pub(super) fn is_silent(&self) -> bool {
        matches!(self.state, State::Unsubscribed | State::Fenced | State::Stale | State::Fatal)
    }

    /// Whether a heartbeat is due whatever the interval.
    pub(super) fn beats_now(&self) -> bool {
        matches!(self.state, State::Joining | State::Acknowledging)
    }

    /// Whether what is owned is what the coordinator said last.
    pub(super) fn is_reconciled(&self) -> bool {
        self.current == self.target
    }

    /// The coordinator said what the member is to own. The same again is no new target.
    pub(super) fn retarget(&mut self, mut topics: Vec<TopicPartitions>) {
        for topic in &mut topics {
            topic.partitions.sort_unstable();
        }
        topics.sort();
        if self.target == Target::NONE || self.target.topics != topics {
            self.target = Target { number: self.target.number + 1, topics };
        }
    }

    /// It joins, as a member that owns nothing (`transitionToJoining`).
    pub(super) fn join(&mut self) {
        if self.state == State::Fatal {
            return;
        }
        if let Some(reconciliation) = &mut self.reconciliation {
            reconciliation.outdated = true;
        }
        self.epoch = 0;
        self.state = State::Joining;
        self.target = Target::NONE;
    }

    /// What it owned is gone (`clearAssignment`).
    pub(super) fn clear(&mut self) {
        self.current = Target::NONE;
        self.target = Target::NONE;
    }
}
