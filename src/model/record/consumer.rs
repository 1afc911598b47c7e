//! Values of the records of consumer groups (KIP-848).

use crate::model::Name;
use crate::model::message::group::JoinGroupProtocol;
use crate::model::uuid::Uuid;
use serde::{Deserialize, Serialize};

/// What a member says about itself.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ConsumerMemberValue {
    /// `group.instance.id`
    pub instance_id: Option<Name>,
    /// `client.rack`
    pub rack_id: Option<Name>,
    /// `client.id`
    pub client_id: Name,
    /// Where it is.
    pub client_host: Name,
    /// Topics subscribed to by name, sorted.
    pub subscribed_topic_names: Vec<Name>,
    /// Topics subscribed to by regular expression; empty: none.
    pub subscribed_topic_regex: Name,
    /// How long it may take to give up partitions (ms).
    pub rebalance_timeout_ms: i32,
    /// The assignor that it wants.
    pub server_assignor: Option<Name>,
    /// What a member of the classic protocol says besides.
    pub classic_member_metadata: Option<ClassicMemberValue>,
}

impl Default for ConsumerMemberValue {
    fn default() -> Self {
        ConsumerMemberValue {
            instance_id: Some("".into()),
            rack_id: Some("".into()),
            client_id: "".into(),
            client_host: "".into(),
            subscribed_topic_names: Vec::new(),
            subscribed_topic_regex: "".into(),
            rebalance_timeout_ms: -1,
            server_assignor: Some("".into()),
            classic_member_metadata: Some(ClassicMemberValue::default()),
        }
    }
}

/// What a member of the classic protocol says besides.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ClassicMemberValue {
    /// Session timeout (ms).
    pub session_timeout_ms: i32,
    /// Assignors that it offers, each with its subscription.
    pub supported_protocols: Vec<JoinGroupProtocol>,
}

/// What a member owns, and how far it is.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct CurrentAssignmentValue {
    /// Its epoch.
    pub member_epoch: i32,
    /// Its epoch before.
    pub previous_member_epoch: i32,
    /// Its state as a number.
    pub state: i8,
    /// What it owns.
    pub assigned_partitions: Vec<EpochPartitions>,
    /// What it has to give up.
    pub partitions_pending_revocation: Vec<EpochPartitions>,
}

/// Partitions of a topic, each with the member epoch in which the member got it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct EpochPartitions {
    /// The topic.
    pub topic_id: Uuid,
    /// Its partitions.
    pub partitions: Vec<u32>,
    /// The epoch of each (KIP-1251).
    pub assignment_epochs: Vec<i32>,
}

/// Key of a resolved regular expression.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct RegexKey {
    /// The group.
    pub group_id: Name,
    /// The expression.
    pub regular_expression: Name,
}

/// The topics that a regular expression matched.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct RegexValue {
    /// Their names, sorted.
    pub topics: Vec<Name>,
    /// Version of the topics' metadata.
    pub version: i64,
    /// When they were matched (ms of the coordinator's clock).
    pub timestamp: i64,
}
