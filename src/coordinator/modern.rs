//! What consumer groups (KIP-848) and share groups (KIP-932) have in common
//! (`coordinator.group.modern`).

pub(super) mod interval;
pub(super) mod owners;
pub(super) mod partitions;
pub(super) mod refresh;
pub(super) mod subscriptions;
pub(super) mod targets;
pub(super) mod validate;
