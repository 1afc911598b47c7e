//! The states of a classic group.

/// Where a classic group is (`ClassicGroupState`).
///
/// | state | Heartbeat | JoinGroup of a member | SyncGroup | OffsetCommit at the generation |
/// |---|---|---|---|---|
/// | `Empty` | `UNKNOWN_MEMBER_ID` | `UNKNOWN_MEMBER_ID` | `UNKNOWN_MEMBER_ID` | only without membership |
/// | `PreparingRebalance` | `REBALANCE_IN_PROGRESS`, keeps the session | parked | `REBALANCE_IN_PROGRESS` | accepted |
/// | `CompletingRebalance` | accepted | current generation, or a new rebalance if its subscription changed | parked until the leader's | `REBALANCE_IN_PROGRESS` |
/// | `Stable` | accepted | leader or changed subscription: rebalance; else current generation | the stored assignment | accepted |
/// | `Dead` | `COORDINATOR_NOT_AVAILABLE` | same | same | same |
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum GroupState {
    /// No members; perhaps offsets. A first join leads to `PreparingRebalance`.
    Empty,
    /// Waits for members to join. Leads to `CompletingRebalance` when all have or the time is
    /// over, or to `Empty` when nobody is left.
    PreparingRebalance,
    /// Waits for the leader's assignment. Leads to `Stable` when it is written, or back to
    /// `PreparingRebalance` on any change.
    CompletingRebalance,
    /// Everybody has their assignment. Leads to `PreparingRebalance` on any change.
    Stable,
    /// Gone from this coordinator.
    Dead,
}

impl GroupState {
    /// Whether a group may come here from `previous`.
    pub const fn may_follow(self, previous: GroupState) -> bool {
        use GroupState::{CompletingRebalance, Dead, Empty, PreparingRebalance, Stable};
        matches!(
            (previous, self),
            (Stable | CompletingRebalance | Empty, PreparingRebalance)
                | (PreparingRebalance, CompletingRebalance | Empty)
                | (CompletingRebalance, Stable)
                | (_, Dead)
        )
    }

    /// The name that Kafka's tools show.
    pub const fn name(self) -> &'static str {
        match self {
            GroupState::Empty => "Empty",
            GroupState::PreparingRebalance => "PreparingRebalance",
            GroupState::CompletingRebalance => "CompletingRebalance",
            GroupState::Stable => "Stable",
            GroupState::Dead => "Dead",
        }
    }
}
