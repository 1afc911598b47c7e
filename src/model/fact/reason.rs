//! Why groups rebalance and lose members.

use crate::model::error::ErrorCode;

/// Why a classic group rebalances.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RebalanceReason {
    /// A new member joined.
    MemberJoined,
    /// The leader rejoined, or a follower with another subscription.
    MemberRejoined,
    /// A member left.
    MemberLeft,
    /// A member's session ended.
    SessionExpired,
    /// A member did not sync in time.
    SyncExpired,
    /// The assignment could not be written.
    WriteFailed(ErrorCode),
    /// A freshly loaded group is larger than it may be.
    OverCapacity,
}

/// Why a member is gone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RemovalReason {
    /// It left.
    Left,
    /// No heartbeat within its session timeout.
    SessionExpired,
    /// It did not rejoin within the rebalance timeout.
    RebalanceTimeout,
    /// It did not sync within the rebalance timeout.
    SyncTimeout,
    /// Another process took its instance id.
    Replaced,
    /// The group is full.
    GroupFull,
}

impl RebalanceReason {
    /// Its name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            RebalanceReason::MemberJoined => "member_joined",
            RebalanceReason::MemberRejoined => "member_rejoined",
            RebalanceReason::MemberLeft => "member_left",
            RebalanceReason::SessionExpired => "session_expired",
            RebalanceReason::SyncExpired => "sync_expired",
            RebalanceReason::WriteFailed(_) => "write_failed",
            RebalanceReason::OverCapacity => "over_capacity",
        }
    }
}

impl RemovalReason {
    /// Its name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            RemovalReason::Left => "left",
            RemovalReason::SessionExpired => "session_expired",
            RemovalReason::RebalanceTimeout => "rebalance_timeout",
            RemovalReason::SyncTimeout => "sync_timeout",
            RemovalReason::Replaced => "replaced",
            RemovalReason::GroupFull => "group_full",
        }
    }
}
