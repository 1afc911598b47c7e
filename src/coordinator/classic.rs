//! Classic groups: `JoinGroup`, `SyncGroup`, Heartbeat, `LeaveGroup` (kafka-semantics 3).

mod downgrade;
pub mod group;
mod heartbeat;
mod join;
mod leave;
pub mod member;
mod rebalance;
mod record;
mod replace;
pub mod state;
mod sync;

pub(super) use heartbeat::expire_session;
pub(super) use join::Join;
