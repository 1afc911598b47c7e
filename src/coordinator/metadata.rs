//! What the broker tells its coordinators: topics, and settings kept on groups.

use super::config::GroupConfig;
use super::effect::Effect;
use super::group::Group;
use super::image::TopicImage;
use super::modern::refresh::Refresh;
use super::serving::Serving;
use super::shard::Shard;
use super::write::{FollowUp, Write};
use crate::kernel::time::Instant;
use crate::model::Name;

impl Shard {
    /// The topics that the coordinator knows.
    pub fn topics(&self) -> &TopicImage {
        &self.image
    }

    /// The broker's metadata has new topics, or topics have changed or gone. Groups look at their
    /// topics with the next heartbeat (`GroupMetadataManager.onMetadataUpdate`).
    pub fn update_topics(&mut self, now: Instant, image: TopicImage, out: &mut Vec<Effect>) {
        let delta = image.since(&self.image);
        if delta.created || self.new_topics_version == 0 {
            self.new_topics_version = image.version();
        }
        let before = std::mem::replace(&mut self.image, image);
        self.image.remember(before);
        let ids: Vec<Name> = self.groups.keys().cloned().collect();
        for id in ids.into_iter().filter(|_| !delta.touched.is_empty()) {
            let (counts, refresh) = match self.groups.get_mut(&id) {
                Some(Group::Consumer(group)) => (&group.counts, &mut group.refresh),
                Some(Group::Share(group)) => (&group.counts, &mut group.refresh),
                Some(Group::Classic(_)) | None => continue,
            };
            if delta.touched.iter().any(|topic| counts.contains(topic)) {
                *refresh = Refresh::default();
            }
        }
        if !delta.deleted.is_empty() && self.serving == Serving::Active {
            let records = self.offsets.tombstones_of_topics(&delta.deleted);
            let write = Write { records, apply: true, ..Write::default() };
            self.follow_ups.push_back(FollowUp::ForgetTopics(delta.deleted));
            self.finish(now, Ok(write), None, out);
            self.follow_up(now, out);
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
