//! Membership in a classic group: states, join, sync, heartbeats (kafka-semantics 6.2 to 6.4).

pub(super) mod heartbeat;
mod join;
pub(super) mod member;
pub(super) mod rebalance;
