//! What the broker tells its coordinators: topics, and settings kept on groups.

use super::config::GroupConfig;
use super::effect::Effect;
use super::group::Group;
use super::image::TopicImage;
use super::modern::refresh::Refresh;
use super::shard::Shard;
use super::write::Write;
use crate::kernel::time::Instant;
use crate::model::Name;

impl Shard {
    /// The broker's metadata has new topics, or topics have changed or gone. Groups look at their
    /// topics with the next heartbeat (`GroupMetadataManager.onMetadataUpdate`).
    pub fn update_topics(&mut self, now: Instant, image: TopicImage, out: &mut Vec<Effect>) {
        let delta = image.since(&self.image);
        if delta.created || self.new_topics_version == 0 {
            self.new_topics_version = image.version();
        }
        self.image = image;
        let ids: Vec<Name> = self.groups.keys().cloned().collect();
        for id in ids.into_iter().filter(|_| !delta.touched.is_empty()) {
            if let Some(group) = self.groups.get_mut(&id).and_then(Group::as_consumer_mut)
                && delta.touched.iter().any(|topic| group.counts.contains(topic))
            {
                group.refresh = Refresh::default();
            }
        }
        if !delta.deleted.is_empty() {
            let records = self.offsets.tombstones_of_topics(&delta.deleted);
            let write = Write { records, apply: true, ..Write::default() };
            self.finish(now, Ok(write), None, out);
        }
    }

    /// An administrator changed the settings of a group.
    pub fn update_group_config(&mut self, group: &Name, config: GroupConfig) {
        self.group_configs.insert(group.clone(), config);
    }

    /// The settings kept on a group.
    pub(super) fn group_config(&self, group: &Name) -> GroupConfig {
        self.group_configs.get(group).copied().unwrap_or_default()
    }
}
