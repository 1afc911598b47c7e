//! The states of a consumer group and of its members.

/// Where a consumer group is (`ConsumerGroup.ConsumerGroupState`). It follows from epochs and
/// members; nothing waits for it.
///
/// | state | heartbeats | commits without membership |
/// |---|---|---|
/// | `Empty` | joins found the next epoch | accepted |
/// | `Assigning` | the first one after the assignment interval computes the target | refused |
/// | `Reconciling` | lead their member towards the target | refused |
/// | `Stable` | change nothing | refused |
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::coordinator) enum GroupState {
    /// No members; perhaps offsets. A join leads to any of the others.
    Empty,
    /// The group epoch is ahead of the target's. Computing it leads to `Reconciling` or `Stable`.
    Assigning,
    /// Some member is not yet where the target wants it. Leads to `Stable` with its last one.
    Reconciling,
    /// Everybody owns what the target says. Any change of the group leads to `Assigning`.
    Stable,
}

impl GroupState {
    /// The name that Kafka's tools show.
    pub(in crate::coordinator) const fn name(self) -> &'static str {
        match self {
            GroupState::Empty => "Empty",
            GroupState::Assigning => "Assigning",
            GroupState::Reconciling => "Reconciling",
            GroupState::Stable => "Stable",
        }
    }
}

/// How far a member is on its way to the target (`MemberState`).
///
/// | state | its heartbeat |
/// |---|---|
/// | `Stable` | a new target epoch: goes to the next step |
/// | `UnrevokedPartitions` | reports that it owns none of those any more: goes to the next step |
/// | `UnreleasedPartitions` | goes to the next step, which takes what has become free |
/// | `Unknown` | fenced, unless it owns nothing |
///
/// A step ends in `UnrevokedPartitions` if something must be given up first, in
/// `UnreleasedPartitions` if something is still another's, else in `Stable`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::coordinator) enum MemberState {
    /// It owns what the target of its epoch says.
    Stable,
    /// It has to give up partitions, and keeps its epoch until it has.
    UnrevokedPartitions,
    /// It is at the target's epoch, but waits for partitions that others have.
    UnreleasedPartitions,
    /// A later version of Kafka wrote it.
    Unknown,
}

impl MemberState {
    const ALL: [MemberState; 4] =
        [Self::Stable, Self::UnrevokedPartitions, Self::UnreleasedPartitions, Self::Unknown];

    /// The number in records.
    pub(in crate::coordinator) const fn value(self) -> i8 {
        match self {
            Self::Stable => 0,
            Self::UnrevokedPartitions => 1,
            Self::UnreleasedPartitions => 2,
            Self::Unknown => 127,
        }
    }

    /// The state of this number.
    pub(in crate::coordinator) fn of_value(value: i8) -> Self {
        Self::ALL.into_iter().find(|state| state.value() == value).unwrap_or(Self::Unknown)
    }

    /// Kafka's name.
    pub(in crate::coordinator) const fn name(self) -> &'static str {
        match self {
            Self::Stable => "STABLE",
            Self::UnrevokedPartitions => "UNREVOKED_PARTITIONS",
            Self::UnreleasedPartitions => "UNRELEASED_PARTITIONS",
            Self::Unknown => "UNKNOWN",
        }
    }
}
