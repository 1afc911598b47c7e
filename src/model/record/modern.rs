//! Values of records that consumer groups and share groups have in common.

use crate::model::Name;
use crate::model::message::assignment::TopicPartitions;
use serde::{Deserialize, Deserializer, Serialize};

/// Key of a record about a consumer or share group as a whole.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ModernGroupKey {
    /// The group.
    pub group_id: Name,
}

/// Key of a record about a member.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ModernMemberKey {
    /// The group.
    pub group_id: Name,
    /// The member.
    pub member_id: Name,
}

/// A group's epoch.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct EpochValue {
    /// The epoch.
    pub epoch: i32,
    /// A hash of the subscribed topics with their partitions and racks; only its equality counts.
    #[serde(deserialize_with = "long")]
    pub metadata_hash: i64,
}

/// The epoch of a group's target assignment.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct TargetMetadataValue {
    /// The epoch.
    pub assignment_epoch: i32,
    /// When it was computed (ms of the coordinator's clock).
    pub assignment_timestamp: i64,
}

/// What a member is to own.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct TargetMemberValue {
    /// Partitions by topic. The order is that of the assignor's answer.
    pub topic_partitions: Vec<TopicPartitions>,
}

/// Reads a number that may stand in a text, because JSON's numbers end at 2^53.
fn long<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Long {
        Number(i64),
        Text(String),
    }
    match Long::deserialize(deserializer)? {
        Long::Number(number) => Ok(number),
        Long::Text(text) => text.parse().map_err(serde::de::Error::custom),
    }
}
