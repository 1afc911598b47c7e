//! Groups as the committed records have them: what only asks sees nothing else
//! (`CoordinatorRuntime.scheduleReadOperation`).

use super::classic::group::ClassicGroup;
use super::consumer::group::ConsumerGroup;
use super::consumer::{Undo, revert};
use super::group::Group;
use super::shard::Shard;
use super::share::{self, group::ShareGroup};
use crate::kernel::time::Instant;
use crate::model::Name;
use crate::model::record::Record;
use std::borrow::Cow;
use std::collections::BTreeSet;

/// A member that a batch replaced which the log refused. Kafka goes back to what was before, but
/// keeps what it went back by until a later batch is committed; who describes the group sees both.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Ghost {
    /// The end of the log then.
    pub written: u64,
    group: Name,
    member: Name,
}

/// A classic group that is gone but for those who see what is committed.
#[derive(Debug)]
pub(super) struct Removed {
    /// The end of the log with the record that removed it.
    pub end: u64,
    /// The end of the log when it came into being, if that was not committed.
    pub created: Option<u64>,
    pub group: Box<ClassicGroup>,
}

impl Shard {
    /// Members of a group that show twice when it is described.
    pub(super) fn ghosts_of(&self, group: &Name) -> Vec<&Name> {
        let changed = |member: &Name| {
            let replaced = self.replaced.iter().filter(|(_, id, _)| id == group);
            let mut replaced = replaced.filter_map(|(_, _, undo)| undo.member());
            replaced.any(|id| id == member)
                || self.replaced_shares.iter().any(|(_, before)| before.replaced(group, member))
        };
        let ghosts = self.ghosts.iter().filter(|ghost| ghost.group == *group);
        ghosts.map(|ghost| &ghost.member).filter(|member| !changed(member)).collect()
    }

    /// A batch is written: what it replaces takes the place of copies kept at the same moment.
    pub(super) fn drop_ghosts(&mut self, records: &[Record]) {
        let written = self.written;
        let replaces = |ghost: &Ghost| {
            let members = records.iter().filter_map(Record::modern_member);
            members.into_iter().any(|key| (key.0, key.1) == (&ghost.group, &ghost.member))
        };
        self.ghosts.retain(|ghost| ghost.written != written || !replaces(ghost));
    }

    fn add_ghost(&mut self, group: &Name, member: &Name) {
        let (group, member) = (group.clone(), member.clone());
        let ghost = Ghost { written: self.written, group, member };
        if !self.ghosts.contains(&ghost) {
            self.ghosts.push(ghost);
        }
    }

    /// A group, if it was there when the last committed record was written: what only asks sees
    /// nothing else (`CoordinatorRuntime.scheduleReadOperation`).
    pub(super) fn committed_group(&self, id: &Name) -> Option<&ClassicGroup> {
        let was_there = |removed: &&Removed| {
            removed.group.id == *id && removed.created.is_none_or(|at| at < self.committed)
        };
        let removed = self.removed.iter().find(was_there).map(|removed| &*removed.group);
        removed.or_else(|| self.classic_group(id).filter(|_| !self.created.contains_key(id)))
    }

    /// A consumer group as the committed records have it.
    pub(super) fn committed_consumer_group(&self, id: &Name) -> Option<Cow<'_, ConsumerGroup>> {
        let displaced = || self.displaced.iter().find(|group| group.id == *id);
        let present = self.consumer_group(id).or_else(displaced);
        let changes = self.replaced.iter().filter(|(_, group, _)| group == id);
        let changes: Vec<&Undo> = changes.map(|(_, _, undo)| undo).collect();
        if changes.is_empty() {
            return present.map(Cow::Borrowed);
        }
        revert(present.cloned(), &changes).map(Cow::Owned)
    }

    /// A share group as the committed records have it.
    pub(super) fn committed_share_group(&self, id: &Name) -> Option<Cow<'_, ShareGroup>> {
        let present = self.share_group(id);
        let batches = self.replaced_shares.iter().map(|(_, before)| before);
        let batches: Vec<&share::Before> = batches.filter(|before| before.id == *id).collect();
        if batches.is_empty() {
            return present.map(Cow::Borrowed);
        }
        share::revert(present, &batches).map(Cow::Owned)
    }

    /// Applies records and reverts to what was before. In Kafka memory follows the records first,
    /// and goes back when the log refuses them; its maps show that in their order.
    pub(super) fn apply_in_vain(&mut self, now: Instant, records: Vec<Record>) {
        let mut replaced = Vec::new();
        if records.iter().any(|record| matches!(record, Record::GroupMetadata { .. })) {
            // A group that was to take a classic one's place has not been there.
            return;
        }
        let befores = self.share_groups_before(&records);
        for (group, member) in records.iter().filter_map(Record::modern_member) {
            if self.has_modern_member(group, member) {
                self.add_ghost(group, member);
            }
        }
        for record in records {
            if record.consumer_group().is_some() || record.share_group().is_some() {
                self.apply(now, self.written, record, &mut replaced);
            }
        }
        for before in befores {
            match share::revert(self.share_group(&before.id), &[&before]) {
                Some(group) => _ = self.groups.put(before.id, group.into()),
                None => _ = self.groups.remove(&before.id),
            }
        }
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

    fn has_modern_member(&self, group: &Name, member: &Name) -> bool {
        match self.groups.get(group) {
            Some(Group::Consumer(group)) => group.members.contains_key(member),
            Some(Group::Share(group)) => group.members.contains_key(member),
            Some(Group::Classic(_)) | None => false,
        }
    }
}
