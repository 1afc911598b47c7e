//! The topics in the metadata of a dialogue's broker.

use super::script::Topic;
use crate::assignor::server;
use crate::coordinator::image::TopicImage;
use crate::model::Name;
use crate::model::uuid::Uuid;
use std::collections::BTreeMap;

/// Topics of now.
#[derive(Debug, Default)]
pub(super) struct Topics {
    by_name: BTreeMap<Name, server::Topic>,
    /// Version of the metadata.
    version: i64,
}

impl Topics {
    /// These are all topics from now on.
    pub(super) fn set(&mut self, topics: &[Topic]) {
        self.version += 1;
        let before = std::mem::take(&mut self.by_name);
        for topic in topics {
            // Partitions stay where they are: only new ones have the racks given.
            let known = before.get(&topic.name).filter(|known| known.id == topic.id);
            let mut racks: Vec<Vec<Name>> = known.map_or(Vec::new(), |known| known.racks.to_vec());
            for partition in racks.len()..topic.partitions as usize {
                racks.push(topic.racks.get(partition).cloned().unwrap_or_default());
            }
            let topic = server::Topic {
                name: topic.name.clone(),
                id: topic.id,
                partitions: topic.partitions,
                racks: racks.into(),
            };
            self.by_name.insert(topic.name.clone(), topic);
        }
    }

    /// The topics as a coordinator gets them.
    pub(super) fn image(&self) -> TopicImage {
        TopicImage::new(self.version, self.by_name.values().cloned().collect())
    }

    /// The id of the topic of this name.
    pub(super) fn id_of(&self, name: &Name) -> Option<Uuid> {
        self.by_name.get(name).map(|topic| topic.id)
    }
}
