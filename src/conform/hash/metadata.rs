//! Hashes of topics and groups (`Utils.computeTopicHash`, `computeGroupHash`).

use crate::assignor::server;
use crate::conform::difference::Pairs;
use crate::coordinator::metadata_hash::{of_group, of_topic};
use crate::model::Name;
use crate::model::uuid::Uuid;
use serde::Deserialize;

/// A group's topics in the order of their names, and its hash.
#[derive(Deserialize)]
pub(super) struct Group {
    topics: Vec<Topic>,
    #[serde(rename = "group")]
    hash: String,
}

#[derive(Deserialize)]
struct Topic {
    name: Name,
    id: Uuid,
    partitions: u32,
    racks: Vec<Vec<Name>>,
    hash: String,
}

pub(super) fn group(case: &Group, pairs: &mut Pairs) -> String {
    let hash = |topic: &Topic| {
        of_topic(&server::Topic {
            name: topic.name.clone(),
            id: topic.id,
            partitions: topic.partitions,
            racks: topic.racks.clone().into(),
        })
    };
    let hashes: Vec<i64> = case.topics.iter().map(hash).collect();
    for (topic, hash) in case.topics.iter().zip(&hashes) {
        pairs.compare(&topic.name, &topic.hash, &hash.to_string());
    }
    pairs.compare("group", &case.hash, &of_group(hashes).to_string());
    format!("metadata of {} topics", case.topics.len())
}
