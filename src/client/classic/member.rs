//! Where a classic member is (`AbstractCoordinator.MemberState`).

use crate::client::metadata::Snapshot;
use crate::kernel::time::Instant;
use crate::model::Name;
use crate::model::consumer_protocol::Assignment;
use crate::model::error::ErrorCode;

/// The member's state.
///
/// | state | heartbeats | leads to |
/// |---|---|---|
/// | `Unjoined` | none | `PreparingRebalance` when `JoinGroup` is sent |
/// | `PreparingRebalance` | none | `CompletingRebalance` when `JoinGroup` is answered |
/// | `CompletingRebalance` | yes | `Stable` when `SyncGroup` is answered |
/// | `Stable` | yes | `PreparingRebalance` on the next join |
///
/// An error that costs the membership leads to `Unjoined` from everywhere.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::client) enum MemberState {
    Unjoined,
    PreparingRebalance,
    CompletingRebalance,
    Stable,
}

/// What the member was last told that it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::client) struct Generation {
    /// −1: none.
    pub id: i32,
    /// Empty: none.
    pub member_id: Name,
    /// The selected assignor.
    pub protocol: Option<Name>,
}

impl Generation {
    pub(in crate::client) fn none() -> Self {
        Generation { id: -1, member_id: "".into(), protocol: None }
    }

    /// Whether the membership was lost since it was given.
    pub(in crate::client) fn is_reset(&self) -> bool {
        self.id == -1 && self.protocol.is_none()
    }
}

/// The join under way (`joinFuture`): `JoinGroup` and `SyncGroup` together.
#[derive(Clone, PartialEq, Debug)]
pub(in crate::client) enum JoinFuture {
    None,
    InFlight,
    Done(Result<Assignment, FailedJoin>),
}

/// How the member goes on after a join that failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::client) enum FailedJoin {
    /// It joins again at once.
    AtOnce,
    /// It joins again in the next pass of `poll` (`RetriableException`).
    Later,
    /// `poll` throws: whatever is not foreseen as an answer to this request does that.
    Fatal(ErrorCode),
}

/// The auto-commit before a join (`autoCommitOffsetRequestFuture`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::client) enum PrepareCommit {
    None,
    InFlight,
    Done(Result<(), ErrorCode>),
}

/// A member of a classic group.
#[derive(Clone, Debug)]
pub(in crate::client) struct Member {
    pub state: MemberState,
    pub generation: Generation,
    pub rejoin_needed: bool,
    /// Whether `onJoinPrepare` is still to be run before the next join.
    pub needs_join_prepare: bool,
    pub join: JoinFuture,
    pub prepare_commit: PrepareCommit,
    /// When `onJoinPrepare` gives up waiting for its commit; it is under way if this is set.
    pub prepare_deadline: Option<Instant>,
    /// The topics that the last join named.
    pub joined_topics: Option<Vec<Name>>,
    /// Of a leader: what the topics of the group were like when it assigned them.
    pub assigned_when: Option<Snapshot>,
    /// The assignment while `onPartitionsAssigned` runs.
    pub is_leader: bool,
}

impl Member {
    pub(in crate::client) fn new() -> Self {
        Member {
            state: MemberState::Unjoined,
            generation: Generation::none(),
            rejoin_needed: true,
            needs_join_prepare: true,
            join: JoinFuture::None,
            prepare_commit: PrepareCommit::None,
            prepare_deadline: None,
            joined_topics: None,
            assigned_when: None,
            is_leader: false,
        }
    }

    /// The generation, if the member is in the middle of one.
    pub(in crate::client) fn generation_if_stable(&self) -> Option<&Generation> {
        (self.state == MemberState::Stable).then_some(&self.generation)
    }

    pub(in crate::client) fn rebalance_in_progress(&self) -> bool {
        matches!(self.state, MemberState::PreparingRebalance | MemberState::CompletingRebalance)
    }

    /// Whether a rebalance goes on with the answer to a request.
    pub(in crate::client) fn awaits_answer(&self) -> bool {
        self.join == JoinFuture::InFlight || self.prepare_commit == PrepareCommit::InFlight
    }

    pub(in crate::client) fn rejoin_needed_or_pending(&self) -> bool {
        self.rejoin_needed || self.join != JoinFuture::None
    }

    /// The membership is lost, or with `keep_id` only the generation; the next poll joins again
    /// (`resetStateAndRejoin`).
    pub(in crate::client) fn reset(&mut self, keep_id: bool) {
        self.state = MemberState::Unjoined;
        let member_id = if keep_id { self.generation.member_id.clone() } else { "".into() };
        self.generation = Generation { member_id, ..Generation::none() };
        self.rejoin_needed = true;
        self.needs_join_prepare = true;
    }
}
