//! Groups as the committed records have them: what only asks sees nothing else
//! (`CoordinatorRuntime.scheduleReadOperation`).

use super::classic::group::ClassicGroup;
use super::consumer::group::ConsumerGroup;
use super::consumer::{Undo, revert};
use super::group::Group;
use super::shard::Shard;
use crate::model::Name;
use crate::model::record::Record;
use std::borrow::Cow;
use std::collections::BTreeSet;

impl Shard {
    /// A group, if it was there when the last committed record was written: what only asks sees
    /// nothing else (`CoordinatorRuntime.scheduleReadOperation`).
    pub(super) fn committed_group(&self, id: &Name) -> Option<&ClassicGroup> {
        self.classic_group(id).filter(|_| !self.created.contains_key(id))
    }

    /// A consumer group as the committed records have it.
    pub(super) fn committed_consumer_group(&self, id: &Name) -> Option<Cow<'_, ConsumerGroup>> {
        let present = self.consumer_group(id);
        let changes = self.replaced.iter().filter(|(_, group, _)| group == id);
        let changes: Vec<&Undo> = changes.map(|(_, _, undo)| undo).collect();
        if changes.is_empty() {
            return present.map(Cow::Borrowed);
        }
        revert(present.cloned(), &changes).map(Cow::Owned)
    }

    /// Applies records and reverts to what was before. In Kafka memory follows the records first,
    /// and goes back when the log refuses them; its maps show that in their order.
    pub(super) fn apply_in_vain(&mut self, records: Vec<Record>) {
        let mut replaced = Vec::new();
        if records.iter().any(|record| matches!(record, Record::GroupMetadata { .. })) {
            // A group that was to take a classic one's place has not been there.
            return;
        }
        let modern = records.into_iter().filter(|record| record.consumer_group().is_some());
        modern.for_each(|record| self.apply(record, &mut replaced));
        let ids: BTreeSet<&Name> = replaced.iter().map(|(id, _)| id).collect();
        for id in ids {
            let changes = replaced.iter().filter(|(group, _)| group == id);
            let changes: Vec<&Undo> = changes.map(|(_, undo)| undo).collect();
            let present = self.groups.get_mut(id).and_then(Group::as_consumer_mut);
            match revert(present.cloned(), &changes) {
                Some(group) => _ = self.groups.put(id.clone(), group.into()),
                None => _ = self.groups.remove(id),
            }
        }
    }
}
