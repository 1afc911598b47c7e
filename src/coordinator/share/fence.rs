//! Members that leave or do not answer, and groups that go.

use super::group::{Member, ShareGroup};
use super::record;
use crate::coordinator::image::TopicImage;
use crate::model::record::Record;

impl ShareGroup {
    /// Takes a member out. The group enters a new epoch.
    pub(super) fn fence(&self, member: &Member, image: &TopicImage) -> Vec<Record> {
        let mut records = record::no_member(&self.id, &member.id).to_vec();
        let mut counts = self.counts.clone();
        counts.count_names(&member.topics, false);
        let hash = image.hash_of(counts.topics());
        records.push(record::epoch(&self.id, self.epoch + 1, hash));
        records
    }

    /// Asks the share coordinator to forget the group's partitions, before the group goes.
    pub(in crate::coordinator) fn forget_partitions(&self, image: &TopicImage) -> Option<Record> {
        let states = self.states.as_ref()?;
        Some(record::states(&self.id, &states.deleting(image), image))
    }

    /// Tombstones of everything that the log has of the group; `None`: it has members.
    pub(in crate::coordinator) fn tombstones(&self) -> Option<Vec<Record>> {
        self.members.is_empty().then(|| record::no_group(&self.id).to_vec())
    }
}
