//! The target assignment of a group: what its members are to own.

use crate::assignor::server::Target;
use crate::kernel::timeline_map::TimelineMap;
use crate::model::Name;
use std::sync::Arc;

/// The target assignment at its epoch (`TargetAssignmentMetadata`).
#[derive(Clone, Debug)]
pub(in crate::coordinator) struct Targets {
    /// The group epoch for which it was computed.
    pub epoch: i32,
    /// When it was computed (ms of the coordinator's clock); 0: never.
    pub timestamp_ms: i64,
    /// Each member's part.
    pub by_member: TimelineMap<Name, Arc<Target>>,
}

impl Targets {
    /// What a member is to own; nothing if it has no record.
    pub(in crate::coordinator) fn of(&self, member: &Name) -> Arc<Target> {
        self.by_member.get(member).cloned().unwrap_or_default()
    }

    /// Whether all of it has been deleted, its epoch last.
    pub(in crate::coordinator) fn are_gone(&self) -> bool {
        self.by_member.is_empty() && self.epoch == -1
    }
}

impl Default for Targets {
    fn default() -> Self {
        Targets { epoch: 1, timestamp_ms: 0, by_member: TimelineMap::new() }
    }
}
