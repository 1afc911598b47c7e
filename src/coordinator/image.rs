//! The topics that the broker's metadata knows (`CoordinatorMetadataImage`).

use super::metadata_hash;
use crate::assignor::server::Topic;
use crate::model::Name;
use crate::model::uuid::Uuid;
use std::collections::BTreeMap;

/// Topics at a version of the metadata.
#[derive(Clone, Debug, Default)]
pub struct TopicImage {
    version: i64,
    topics: Vec<Topic>,
    hashes: Vec<i64>,
    by_name: BTreeMap<Name, usize>,
    by_id: BTreeMap<Uuid, usize>,
    /// Names of topics that were there before.
    gone: BTreeMap<Uuid, Name>,
}

/// What a new image changed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Delta {
    /// Whether there are topics that were not there before.
    pub created: bool,
    /// Names of topics that came, changed or went.
    pub touched: Vec<Name>,
    /// Topics that went.
    pub deleted: Vec<(Name, Uuid)>,
}

impl TopicImage {
    /// The topics at a version, which grows with each change of the metadata.
    pub fn new(version: i64, topics: Vec<Topic>) -> Self {
        let rows = || (0..).zip(&topics);
        TopicImage {
            version,
            hashes: topics.iter().map(metadata_hash::of_topic).collect(),
            by_name: rows().map(|(row, topic)| (topic.name.clone(), row)).collect(),
            by_id: rows().map(|(row, topic)| (topic.id, row)).collect(),
            gone: BTreeMap::new(),
            topics,
        }
    }

    /// The version of the metadata.
    pub fn version(&self) -> i64 {
        self.version
    }

    /// All topics.
    pub fn topics(&self) -> &[Topic] {
        &self.topics
    }

    /// The topic of this name.
    pub fn by_name(&self, name: &str) -> Option<&Topic> {
        self.by_name.get(name).map(|&row| &self.topics[row])
    }

    /// The topic with this id.
    pub fn by_id(&self, id: Uuid) -> Option<&Topic> {
        self.by_id.get(&id).map(|&row| &self.topics[row])
    }

    /// The name of the topic with this id, whether it is still there or not.
    pub(super) fn name_of(&self, id: Uuid) -> Name {
        let name = self.by_id(id).map(|topic| &topic.name).or_else(|| self.gone.get(&id));
        name.cloned().unwrap_or_else(|| id.to_string().into())
    }

    /// Keeps the names of topics that an earlier image had.
    pub(super) fn remember(&mut self, before: TopicImage) {
        self.gone.extend(before.gone);
        self.gone.extend(before.topics.into_iter().map(|topic| (topic.id, topic.name)));
    }

    /// A hash of those of the named topics that exist, to see whether anything about them changed;
    /// 0: there are none. The names are sorted.
    pub(super) fn hash_of<'a>(&self, names: impl IntoIterator<Item = &'a Name>) -> i64 {
        let rows = names.into_iter().filter_map(|name| self.by_name.get(name));
        metadata_hash::of_group(rows.map(|&row| self.hashes[row]))
    }

    /// What the step from `before` to this image changed.
    pub(super) fn since(&self, before: &TopicImage) -> Delta {
        let mut delta = Delta::default();
        for (topic, hash) in self.topics.iter().zip(&self.hashes) {
            match before.by_id.get(&topic.id) {
                Some(&row) if before.hashes[row] == *hash => {}
                known => {
                    delta.created |= known.is_none();
                    delta.touched.push(topic.name.clone());
                }
            }
        }
        for topic in before.topics.iter().filter(|topic| !self.by_id.contains_key(&topic.id)) {
            delta.touched.push(topic.name.clone());
            delta.deleted.push((topic.name.clone(), topic.id));
        }
        delta
    }
}
