//! The timers of a shard, by name, and what each does when it ends.

use crate::kernel::time::Span;
use crate::model::Name;

/// A timer's name; scheduling a name again replaces it (`CoordinatorTimer`).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum TimerName {
    /// A classic group's join phase.
    Join(Name),
    /// A classic group's sync phase.
    Sync(Name),
    /// A classic member's session, or its first join.
    Session(Name, Name),
    /// A session of a member of a consumer or share group.
    MemberSession(Name, Name),
    /// What a member of a consumer group has to give up.
    Revocation(Name, Name),
    /// A member of a consumer group that speaks the classic protocol must join.
    ClassicJoin(Name, Name),
    /// A member of a consumer group that speaks the classic protocol must sync.
    ClassicSync(Name, Name),
    /// Regular expressions of a group on their way to be resolved in the background.
    Resolution(Name),
    /// A write that waits to be committed.
    Write(u64),
}

/// What happens when a timer ends.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum TimerEvent {
    /// Complete the join with those who are there.
    CompleteJoin,
    /// Complete the first join of an empty group, or wait once more if somebody new came.
    CompleteInitialJoin {
        /// The delay that just ended.
        delay: Span,
        /// What remains of the first member's rebalance timeout.
        remaining: Span,
    },
    /// Remove those who did not sync in this generation.
    ExpireSync {
        /// The generation that the timer was set for.
        generation: i32,
    },
    /// Remove the member, unless it is known to be alive.
    ExpireSession,
    /// Remove the member if it is still at this epoch.
    ExpireRevocation {
        /// The epoch that the timer was set for.
        epoch: i32,
    },
    /// Match these against all topics.
    Resolve {
        /// In the order of their records.
        regexes: Vec<Name>,
    },
    /// Fail the write.
    ExpireWrite,
}
