//! What an operation on a consumer group leaves to do.

use crate::coordinator::classic::group::ClassicGroup;
use crate::coordinator::modern::refresh::Refresh;
use crate::model::Name;
use crate::model::record::Record;

/// Records to write, and changes of what is memory alone: these happen even if the operation then
/// fails, or its records are lost, as in Kafka.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// Records, in order.
    pub records: Vec<Record>,
    /// Timers to set or stop, in order.
    pub timers: Vec<Timer>,
    /// The topics were looked at.
    pub refreshed: Option<Refresh>,
    /// Regular expressions to resolve, in the order of their records.
    pub resolve: Option<Vec<Name>>,
    /// The classic group that takes the group's place with the records, and whether it rebalances.
    pub downgrade: Option<(Box<ClassicGroup>, bool)>,
}

/// A change of a member's timer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::coordinator) enum Timer {
    /// Its session begins anew.
    Session(Name),
    /// The session of a member of the classic protocol begins anew.
    ClassicSession { member: Name, timeout_ms: i32 },
    /// A member of the classic protocol must join again within this time (ms), if it is not
    /// awaited already.
    AwaitJoin { member: Name, timeout_ms: i32 },
    /// It has joined.
    Joined(Name),
    /// A member of the classic protocol must sync within this time (ms).
    AwaitSync { member: Name, timeout_ms: i32 },
    /// It has synced.
    Synced(Name),
    /// It must give up what it has to within its rebalance timeout (ms), or leave its epoch.
    Revocation { member: Name, epoch: i32, timeout_ms: i32 },
    /// It has given up what it had to.
    Revoked(Name),
    /// It is gone.
    Gone(Name),
}
