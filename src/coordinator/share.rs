//! Membership of share groups (KIP-932, kafka-semantics 5.1): heartbeats as in consumer groups, but
//! nobody gives anything up, so a member goes to its target at once. A partition may be assigned
//! when the share coordinator knows it. (The queue on a partition is not the group's.)

mod contradiction;
mod describe;
mod fence;
pub(super) mod group;
mod heartbeat;
mod partitions;
mod record;
mod replay;
mod request;
mod target;
pub(super) mod validate;

pub(super) use partitions::PartitionSet;
pub(super) use replay::{Before, revert};
