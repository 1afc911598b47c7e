//! Membership in a classic group: states, join, sync, heartbeats (kafka-semantics 6.2 to 6.4).

pub(super) mod heartbeat;
mod join;
mod lead;
pub(super) mod member;
pub(super) mod offers;
pub(super) mod rebalance;
pub(super) mod search;
