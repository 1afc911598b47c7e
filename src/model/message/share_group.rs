//! The protocol of share groups (KIP-932): membership and its describe.

use super::assignment::{Assignment, NamedAssignment};
use crate::model::Name;
use crate::model::error::ErrorCode;
use serde::{Deserialize, Serialize};

/// `ShareGroupHeartbeat`: joins, leaves, keeps the session, subscribes. What is `None` has not
/// changed since the last one.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ShareGroupHeartbeatRequest {
    /// The group.
    pub group_id: Name,
    /// The member, by the id that its client made.
    pub member_id: Name,
    /// The member's epoch; 0 joins, −1 leaves.
    pub member_epoch: i32,
    /// `client.rack`
    pub rack_id: Option<Name>,
    /// Topics subscribed to.
    pub subscribed_topic_names: Option<Vec<Name>>,
}

/// The answer to `ShareGroupHeartbeat`.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ShareGroupHeartbeatResponse {
    /// What went wrong.
    pub error_code: ErrorCode,
    /// The member's id.
    pub member_id: Option<Name>,
    /// The member's epoch.
    pub member_epoch: i32,
    /// When the next heartbeat is due (ms).
    pub heartbeat_interval_ms: i32,
    /// What the member is to read; `None`: as before.
    pub assignment: Option<Assignment>,
}

/// One group of a `ShareGroupDescribe` answer.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct DescribedShareGroup {
    /// What went wrong.
    pub error_code: ErrorCode,
    /// The group.
    pub group_id: Name,
    /// Its state.
    pub group_state: Name,
    /// Its epoch.
    pub group_epoch: i32,
    /// The epoch of its target assignment.
    pub assignment_epoch: i32,
    /// The assignor.
    pub assignor_name: Name,
    /// Its members, in the order of the coordinator's map.
    pub members: Vec<DescribedShareGroupMember>,
}

/// A member in a `ShareGroupDescribe` answer.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct DescribedShareGroupMember {
    /// Its id.
    pub member_id: Name,
    /// `client.rack`
    pub rack_id: Option<Name>,
    /// Its epoch.
    pub member_epoch: i32,
    /// `client.id`
    pub client_id: Name,
    /// Where it is.
    pub client_host: Name,
    /// Topics subscribed to.
    pub subscribed_topic_names: Vec<Name>,
    /// What it reads.
    pub assignment: NamedAssignment,
}
