//! Partitions as the heartbeats of consumer and share groups, and their records, list them.

use crate::model::Name;
use crate::model::uuid::Uuid;
use serde::{Deserialize, Serialize};

/// Partitions of a topic.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct TopicPartitions {
    /// The topic.
    pub topic_id: Uuid,
    /// Its partitions.
    pub partitions: Vec<u32>,
}

/// What a member is to own.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Assignment {
    /// Partitions by topic; a set.
    pub topic_partitions: Vec<TopicPartitions>,
}

/// Partitions of a topic, with its name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct NamedTopicPartitions {
    /// The topic's id.
    pub topic_id: Uuid,
    /// The topic's name.
    pub topic_name: Name,
    /// Its partitions.
    pub partitions: Vec<u32>,
}

/// What a member owns, with the names of topics.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct NamedAssignment {
    /// Partitions by topic; a set.
    pub topic_partitions: Vec<NamedTopicPartitions>,
}
