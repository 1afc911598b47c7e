//! How records change a share group, and how to see the group as it was before them.

use super::group::{Member, ShareGroup};
use super::partitions::States;
use crate::coordinator::group::Group;
use crate::coordinator::modern::partitions::target_of_record;
use crate::coordinator::shard::Shard;
use crate::model::Name;
use crate::model::message::consumer_group::LEAVE_EPOCH;
use crate::model::record::Record;
use crate::model::record::share::ShareAssignmentValue;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A share group before a batch of records.
#[derive(Clone, Debug)]
pub(in crate::coordinator) struct Before {
    /// The group's id.
    pub id: Name,
    /// As it was; `None`: there was none.
    group: Option<Box<ShareGroup>>,
    /// Members that the batch replaced, in order.
    members: Vec<Name>,
}

impl Before {
    /// Whether the batch replaced this member of this group.
    pub(in crate::coordinator) fn replaced(&self, group: &Name, member: &Name) -> bool {
        self.id == *group && self.members.contains(member)
    }
}

/// The group as it was before these batches, which stand in their order. Members that were
/// replaced come behind the others of their slots, as in Kafka's maps.
pub(in crate::coordinator) fn revert(
    now: Option<&ShareGroup>,
    batches: &[&Before],
) -> Option<ShareGroup> {
    let mut group = (**batches.first()?.group.as_ref()?).clone();
    if let Some(now) = now {
        let before = std::mem::replace(&mut group.members, now.members.clone());
        let mut seen = BTreeSet::new();
        let replaced = batches.iter().flat_map(|batch| &batch.members);
        for id in replaced.filter(|id| seen.insert(*id)) {
            match before.get(id) {
                Some(member) => _ = group.members.put(id.clone(), member.clone()),
                None => _ = group.members.remove(id),
            }
            group.members.put_back([id]);
        }
    }
    Some(group)
}

impl Shard {
    /// The share groups that these records are about, as they are now.
    pub(in crate::coordinator) fn share_groups_before(&self, records: &[Record]) -> Vec<Before> {
        let mut befores: Vec<Before> = Vec::new();
        for (id, member) in records.iter().filter_map(Record::share_group) {
            let known = befores.iter().position(|before| before.id == *id);
            let row = known.unwrap_or_else(|| {
                let group = self.share_group(id).cloned().map(Box::new);
                befores.push(Before { id: id.clone(), group, members: Vec::new() });
                befores.len() - 1
            });
            befores[row].members.extend(member.cloned());
        }
        befores
    }

    /// Applies a record of a share group.
    pub(in crate::coordinator) fn apply_share(&mut self, record: Record, now_ms: i64) {
        let Some((id, _)) = record.share_group() else { return };
        let id = id.clone();
        if self.share_group(&id).is_none() {
            if record.is_tombstone() {
                return;
            }
            self.groups.put(id.clone(), ShareGroup::new(id.clone()).into());
        }
        if matches!(record, Record::ShareGroupMetadata { value: None, .. }) {
            self.groups.remove(&id);
        } else if let Some(group) = self.groups.get_mut(&id).and_then(Group::as_share_mut) {
            group.apply(record, now_ms);
        }
    }
}

impl ShareGroup {
    /// Applies a record that leaves the group in being.
    fn apply(&mut self, record: Record, now_ms: i64) {
        match record {
            Record::ShareGroupMetadata { value: Some(value), .. } => {
                (self.epoch, self.metadata_hash) = (value.epoch, value.metadata_hash);
            }
            Record::ShareGroupTargetAssignmentMetadata { value, .. } => {
                let (epoch, timestamp) =
                    value.map_or((-1, 0), |v| (v.assignment_epoch, v.assignment_timestamp));
                (self.targets.epoch, self.targets.timestamp_ms) = (epoch, timestamp);
            }
            Record::ShareGroupMemberMetadata { key, value: Some(value) } => {
                let mut member = self.member_or_new(&key.member_id);
                member.rack = value.rack_id;
                member.client_id = value.client_id;
                member.client_host = value.client_host;
                member.topics = value.subscribed_topic_names.into();
                self.put_member(Arc::new(member));
            }
            Record::ShareGroupMemberMetadata { key, value: None } => {
                self.remove_member(&key.member_id);
            }
            Record::ShareGroupTargetAssignmentMember { key, value: Some(value) } => {
                let target = Arc::new(target_of_record(value.topic_partitions));
                self.targets.by_member.put(key.member_id, target);
            }
            Record::ShareGroupTargetAssignmentMember { key, value: None } => {
                self.targets.by_member.remove(&key.member_id);
            }
            Record::ShareGroupCurrentMemberAssignment { key, value } => {
                if value.is_none() && !self.members.contains_key(&key.member_id) {
                    return;
                }
                let mut member = self.member_or_new(&key.member_id);
                let value = value.unwrap_or_else(|| ShareAssignmentValue {
                    member_epoch: LEAVE_EPOCH,
                    previous_member_epoch: LEAVE_EPOCH,
                    ..ShareAssignmentValue::default()
                });
                (member.epoch, member.previous_epoch) =
                    (value.member_epoch, value.previous_member_epoch);
                let topics = value.assigned_partitions.into_iter();
                member.assigned =
                    topics.map(|t| (t.topic_id, t.partitions.into_iter().collect())).collect();
                self.put_member(Arc::new(member));
            }
            Record::ShareGroupStatePartitionMetadata { value, .. } => {
                self.states = value.map(|value| Arc::new(States::of_record(value, now_ms)));
            }
            _ => {}
        }
    }

    fn member_or_new(&self, id: &Name) -> Member {
        let known = self.members.get(id);
        known.map_or_else(|| Member::new(id.clone()), |member| (**member).clone())
    }
}
