//! The classic group protocol: `JoinGroup`, `SyncGroup`, Heartbeat, `LeaveGroup`, and what
//! administrators ask about groups.

use crate::model::Name;
use crate::model::consumer_protocol::ProtocolBytes;
use crate::model::error::ErrorCode;
use serde::{Deserialize, Serialize};

/// `JoinGroup`: a member wants to take part in the next generation.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct JoinGroupRequest {
    /// The group.
    pub group_id: Name,
    /// Without a heartbeat for this long (ms) the member is gone.
    pub session_timeout_ms: i32,
    /// How long (ms) the coordinator waits for the member to rejoin.
    pub rebalance_timeout_ms: i32,
    /// Empty on the first join.
    pub member_id: Name,
    /// `group.instance.id`
    pub group_instance_id: Option<Name>,
    /// `consumer`, or another kind of group such as `connect`.
    pub protocol_type: Name,
    /// Assignors in order of preference, each with the member's subscription.
    pub protocols: Vec<JoinGroupProtocol>,
    /// Why the client joins.
    pub reason: Option<Name>,
}

impl Default for JoinGroupRequest {
    fn default() -> Self {
        JoinGroupRequest {
            group_id: "".into(),
            session_timeout_ms: 0,
            rebalance_timeout_ms: -1,
            member_id: "".into(),
            group_instance_id: None,
            protocol_type: "".into(),
            protocols: Vec::new(),
            reason: None,
        }
    }
}

/// An assignor that a member offers, with its subscription.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct JoinGroupProtocol {
    /// The assignor's name.
    pub name: Name,
    /// The subscription.
    pub metadata: ProtocolBytes,
}

/// The answer to `JoinGroup`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct JoinGroupResponse {
    /// What went wrong.
    pub error_code: ErrorCode,
    /// The new generation.
    pub generation_id: i32,
    /// Kind of group.
    pub protocol_type: Option<Name>,
    /// The assignor that the vote selected.
    pub protocol_name: Option<Name>,
    /// Member id of the leader.
    pub leader: Name,
    /// Whether the leader keeps the assignment as it is (KIP-814).
    pub skip_assignment: bool,
    /// The member's id.
    pub member_id: Name,
    /// All members with their subscriptions; to the leader only.
    pub members: Vec<JoinGroupResponseMember>,
}

impl Default for JoinGroupResponse {
    fn default() -> Self {
        JoinGroupResponse {
            error_code: ErrorCode::None,
            generation_id: -1,
            protocol_type: None,
            protocol_name: Some("".into()),
            leader: "".into(),
            skip_assignment: false,
            member_id: "".into(),
            members: Vec::new(),
        }
    }
}

/// A member as the leader sees it.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct JoinGroupResponseMember {
    /// Its id.
    pub member_id: Name,
    /// `group.instance.id`
    pub group_instance_id: Option<Name>,
    /// Its subscription for the selected assignor.
    pub metadata: ProtocolBytes,
}

/// `SyncGroup`: the leader brings the assignment, everybody fetches their part.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct SyncGroupRequest {
    /// The group.
    pub group_id: Name,
    /// The generation joined.
    pub generation_id: i32,
    /// The member.
    pub member_id: Name,
    /// `group.instance.id`
    pub group_instance_id: Option<Name>,
    /// Kind of group.
    pub protocol_type: Option<Name>,
    /// The selected assignor.
    pub protocol_name: Option<Name>,
    /// Everybody's assignment; from the leader only.
    pub assignments: Vec<SyncGroupAssignment>,
}

/// The assignment of one member.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct SyncGroupAssignment {
    /// The member.
    pub member_id: Name,
    /// Its assignment.
    pub assignment: ProtocolBytes,
}

/// The answer to `SyncGroup`.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct SyncGroupResponse {
    /// What went wrong.
    pub error_code: ErrorCode,
    /// Kind of group.
    pub protocol_type: Option<Name>,
    /// The selected assignor.
    pub protocol_name: Option<Name>,
    /// The member's assignment.
    pub assignment: ProtocolBytes,
}

/// Heartbeat: the member is alive, and learns whether the group rebalances.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct HeartbeatRequest {
    /// The group.
    pub group_id: Name,
    /// The generation that the member is in.
    pub generation_id: i32,
    /// The member.
    pub member_id: Name,
    /// `group.instance.id`
    pub group_instance_id: Option<Name>,
}

/// The answer to Heartbeat.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct HeartbeatResponse {
    /// What went wrong.
    pub error_code: ErrorCode,
}

/// `LeaveGroup`: members leave, or an administrator removes them.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct LeaveGroupRequest {
    /// The group.
    pub group_id: Name,
    /// Who leaves.
    pub members: Vec<MemberIdentity>,
}

/// A member that leaves: by id, or by instance id with an empty member id.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MemberIdentity {
    /// The member.
    pub member_id: Name,
    /// `group.instance.id`
    pub group_instance_id: Option<Name>,
    /// Why it leaves.
    pub reason: Option<Name>,
}

/// The answer to `LeaveGroup`.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct LeaveGroupResponse {
    /// What went wrong with the request as a whole.
    pub error_code: ErrorCode,
    /// The answer for each member of the request.
    pub members: Vec<MemberResponse>,
}

/// The answer for one member that leaves.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MemberResponse {
    /// The member, as the request names it.
    pub member_id: Name,
    /// Its instance id, as the request names it.
    pub group_instance_id: Option<Name>,
    /// What went wrong.
    pub error_code: ErrorCode,
}

impl Default for MemberResponse {
    fn default() -> Self {
        MemberResponse {
            member_id: "".into(),
            group_instance_id: Some("".into()),
            error_code: ErrorCode::None,
        }
    }
}

/// One group of a `DescribeGroups` answer.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct DescribedGroup {
    /// What went wrong.
    pub error_code: ErrorCode,
    /// The group.
    pub group_id: Name,
    /// Its state.
    pub group_state: Name,
    /// Kind of group.
    pub protocol_type: Name,
    /// The selected assignor.
    pub protocol_data: Name,
    /// Its members, in the order of the coordinator's map.
    pub members: Vec<DescribedGroupMember>,
}

/// A member in a `DescribeGroups` answer.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct DescribedGroupMember {
    /// Its id.
    pub member_id: Name,
    /// `group.instance.id`
    pub group_instance_id: Option<Name>,
    /// `client.id`
    pub client_id: Name,
    /// Where it is.
    pub client_host: Name,
    /// Its subscription for the selected assignor, in a stable group.
    pub member_metadata: ProtocolBytes,
    /// Its assignment.
    pub member_assignment: ProtocolBytes,
}

/// The answer to `ListGroups`.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ListGroupsResponse {
    /// What went wrong.
    pub error_code: ErrorCode,
    /// The groups, in the order of the coordinator's map.
    pub groups: Vec<ListedGroup>,
}

/// A group in a list.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ListedGroup {
    /// The group.
    pub group_id: Name,
    /// Kind of group.
    pub protocol_type: Name,
    /// Its state.
    pub group_state: Name,
    /// `classic`, `consumer` or `share`.
    pub group_type: Name,
}

/// One group of a `DeleteGroups` answer.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct DeletableGroupResult {
    /// The group.
    pub group_id: Name,
    /// What went wrong.
    pub error_code: ErrorCode,
}
