//! Values of the records of share groups (KIP-932).

use crate::model::Name;
use crate::model::message::assignment::{NamedTopicPartitions, TopicPartitions};
use serde::{Deserialize, Serialize};

/// What a member says about itself.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ShareMemberValue {
    /// `client.rack`
    pub rack_id: Option<Name>,
    /// `client.id`
    pub client_id: Name,
    /// Where it is.
    pub client_host: Name,
    /// Topics subscribed to, sorted.
    pub subscribed_topic_names: Vec<Name>,
}

impl Default for ShareMemberValue {
    fn default() -> Self {
        ShareMemberValue {
            rack_id: Some("".into()),
            client_id: "".into(),
            client_host: "".into(),
            subscribed_topic_names: Vec::new(),
        }
    }
}

/// What a member reads.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ShareAssignmentValue {
    /// Its epoch.
    pub member_epoch: i32,
    /// Its epoch before.
    pub previous_member_epoch: i32,
    /// Always 0: there is nothing to give up first.
    pub state: i8,
    /// What it reads; a set.
    pub assigned_partitions: Vec<TopicPartitions>,
}

/// How far the share coordinator knows the partitions of a group.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct SharePartitionsValue {
    /// Partitions whose state is being set up.
    pub initializing_topics: Vec<NamedTopicPartitions>,
    /// Partitions that may be assigned.
    pub initialized_topics: Vec<NamedTopicPartitions>,
    /// Topics whose state is being removed, without partitions.
    pub deleting_topics: Vec<NamedTopicPartitions>,
}
