//! The protocol of consumer groups (KIP-848): one heartbeat for everything, and its describe.

use super::assignment::{Assignment, NamedAssignment, TopicPartitions};
use crate::model::Name;
use crate::model::error::ErrorCode;
use serde::{Deserialize, Serialize};

/// The epoch of a member that wants to join.
pub const JOIN_EPOCH: i32 = 0;
/// The epoch of a member that leaves.
pub const LEAVE_EPOCH: i32 = -1;
/// The epoch of a static member that leaves for a while.
pub const LEAVE_STATIC_EPOCH: i32 = -2;

/// `ConsumerGroupHeartbeat`: joins, leaves, keeps the session, subscribes, reports what is owned.
/// What is `None` has not changed since the last one.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ConsumerGroupHeartbeatRequest {
    /// The group.
    pub group_id: Name,
    /// The member; from version 1 on the client makes its id.
    pub member_id: Name,
    /// The member's epoch; 0 joins, −1 leaves, −2 leaves for a while.
    pub member_epoch: i32,
    /// `group.instance.id`
    pub instance_id: Option<Name>,
    /// `client.rack`
    pub rack_id: Option<Name>,
    /// How long (ms) the member may take to give up partitions; −1: as before.
    pub rebalance_timeout_ms: i32,
    /// Topics subscribed to by name.
    pub subscribed_topic_names: Option<Vec<Name>>,
    /// Topics subscribed to by regular expression (RE2); empty: none.
    pub subscribed_topic_regex: Option<Name>,
    /// `group.remote.assignor`
    pub server_assignor: Option<Name>,
    /// Partitions that the member owns.
    pub topic_partitions: Option<Vec<TopicPartitions>>,
}

impl Default for ConsumerGroupHeartbeatRequest {
    fn default() -> Self {
        ConsumerGroupHeartbeatRequest {
            group_id: "".into(),
            member_id: "".into(),
            member_epoch: 0,
            instance_id: None,
            rack_id: None,
            rebalance_timeout_ms: -1,
            subscribed_topic_names: None,
            subscribed_topic_regex: None,
            server_assignor: None,
            topic_partitions: None,
        }
    }
}

/// The answer to `ConsumerGroupHeartbeat`.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ConsumerGroupHeartbeatResponse {
    /// What went wrong.
    pub error_code: ErrorCode,
    /// The member's id.
    pub member_id: Option<Name>,
    /// The member's epoch.
    pub member_epoch: i32,
    /// When the next heartbeat is due (ms).
    pub heartbeat_interval_ms: i32,
    /// What the member is to own; `None`: as before.
    pub assignment: Option<Assignment>,
}

/// One group of a `ConsumerGroupDescribe` answer.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct DescribedConsumerGroup {
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
    /// The assignor that most members want.
    pub assignor_name: Name,
    /// Its members, in the order of the coordinator's map.
    pub members: Vec<DescribedConsumerGroupMember>,
}

/// A member in a `ConsumerGroupDescribe` answer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct DescribedConsumerGroupMember {
    /// Its id.
    pub member_id: Name,
    /// `group.instance.id`
    pub instance_id: Option<Name>,
    /// `client.rack`
    pub rack_id: Option<Name>,
    /// Its epoch.
    pub member_epoch: i32,
    /// `client.id`
    pub client_id: Name,
    /// Where it is.
    pub client_host: Name,
    /// Topics subscribed to by name.
    pub subscribed_topic_names: Vec<Name>,
    /// Topics subscribed to by regular expression.
    pub subscribed_topic_regex: Option<Name>,
    /// What it owns, with what it has not given up yet.
    pub assignment: NamedAssignment,
    /// What it is to own.
    pub target_assignment: NamedAssignment,
    /// 0: a classic member, 1: a member of the consumer protocol, −1: not known.
    pub member_type: i8,
}

impl Default for DescribedConsumerGroupMember {
    fn default() -> Self {
        DescribedConsumerGroupMember {
            member_id: "".into(),
            instance_id: None,
            rack_id: None,
            member_epoch: 0,
            client_id: "".into(),
            client_host: "".into(),
            subscribed_topic_names: Vec::new(),
            subscribed_topic_regex: None,
            assignment: NamedAssignment::default(),
            target_assignment: NamedAssignment::default(),
            member_type: -1,
        }
    }
}
