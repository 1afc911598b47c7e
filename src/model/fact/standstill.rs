//! Why nothing new becomes visible in a log.

use crate::model::id::BrokerId;

/// Why nothing new becomes visible in a partition's log (kafka-semantics 9.3).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Standstill {
    /// Nobody leads.
    NoLeader,
    /// This leader is gone or stands still, and the controller has not chosen another one.
    LeaderSilent(BrokerId),
    /// Fewer replicas are in sync than `min.insync.replicas`.
    TooFewInSync,
    /// This replica is silent, and counts among those in sync.
    WaitsFor(BrokerId),
}

impl Standstill {
    /// Its name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Standstill::NoLeader => "no_leader",
            Standstill::LeaderSilent(_) => "leader_silent",
            Standstill::TooFewInSync => "too_few_in_sync",
            Standstill::WaitsFor(_) => "waits_for_replica",
        }
    }

    /// Who is silent.
    pub const fn broker(self) -> Option<BrokerId> {
        match self {
            Standstill::LeaderSilent(broker) | Standstill::WaitsFor(broker) => Some(broker),
            Standstill::NoLeader | Standstill::TooFewInSync => None,
        }
    }
}
