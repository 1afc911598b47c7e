//! How records change a consumer group, and how to see the group as it was before them
//! (`GroupMetadataManager.replay`).

use super::group::{ConsumerGroup, Resolved};
use super::member::Member;
use super::state::MemberState;
use crate::assignor::server::{SubscriptionType, Target};
use crate::coordinator::group::Group;
use crate::coordinator::modern::partitions::{Owned, of_record, target_of_record};
use crate::coordinator::shard::Shard;
use crate::model::Name;
use crate::model::message::consumer_group::LEAVE_EPOCH;
use crate::model::record::Record;
use crate::model::record::consumer::{
    ConsumerMemberValue, CurrentAssignmentValue, EpochPartitions,
};
use crate::model::record::modern::{EpochValue, TargetMetadataValue};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What a record replaced: enough to see the group without it. What only asks sees committed
/// groups (`TimelineHashMap` and its like).
#[derive(Clone, Debug)]
pub(in crate::coordinator) enum Undo {
    /// There was no such group.
    Created,
    /// There was this group.
    Removed(Box<ConsumerGroup>),
    /// The epoch.
    Epoch(EpochValue),
    /// The epoch of the target and its time.
    TargetEpoch(TargetMetadataValue),
    /// A member, and how the subscriptions of all related.
    Member(Name, Option<Arc<Member>>, Option<SubscriptionType>),
    /// A member's target.
    Target(Name, Option<Arc<Target>>),
    /// A regular expression, and how the subscriptions of all related.
    Regex(Name, Option<Arc<Resolved>>, Option<SubscriptionType>),
}

impl Undo {
    /// The member that was replaced.
    pub(in crate::coordinator) fn member(&self) -> Option<&Name> {
        if let Undo::Member(id, ..) = self { Some(id) } else { None }
    }

    /// The group as it was before the record.
    fn apply(self, group: Option<ConsumerGroup>) -> Option<ConsumerGroup> {
        if let Undo::Removed(group) = self {
            return Some(*group);
        }
        let mut group = group?;
        match self {
            Undo::Created => return None,
            Undo::Removed(_) => {}
            Undo::Epoch(EpochValue { epoch, metadata_hash }) => {
                (group.epoch, group.metadata_hash) = (epoch, metadata_hash);
            }
            Undo::TargetEpoch(before) => {
                group.targets.epoch = before.assignment_epoch;
                group.targets.timestamp_ms = before.assignment_timestamp;
            }
            Undo::Member(id, member, subscription) => {
                match member {
                    Some(member) => group.put_member(&member),
                    None => group.remove_member(&id),
                };
                group.subscription = subscription;
            }
            Undo::Target(id, Some(target)) => _ = group.targets.by_member.put(id, target),
            Undo::Target(id, None) => _ = group.targets.by_member.remove(&id),
            Undo::Regex(regex, resolved, subscription) => {
                group.set_resolved(&regex, resolved);
                group.subscription = subscription;
            }
        }
        Some(group)
    }
}

/// The group as it was before these changes, which stand in their order. Members that were
/// replaced come behind the others of their slots, as in Kafka's maps.
pub(in crate::coordinator) fn revert(
    group: Option<ConsumerGroup>,
    changes: &[&Undo],
) -> Option<ConsumerGroup> {
    let mut group =
        changes.iter().rev().fold(group, |group, &change| change.clone().apply(group))?;
    let mut seen = BTreeSet::new();
    let replaced = changes.iter().filter_map(|change| match change {
        Undo::Member(id, ..) => Some(id),
        _ => None,
    });
    let replaced: Vec<&Name> = replaced.filter(|id| seen.insert(*id)).collect();
    group.members.put_back(replaced);
    Some(group)
}

impl Member {
    /// The member as a record describes it.
    fn with_metadata(&self, value: ConsumerMemberValue, topics: Arc<[Name]>) -> Member {
        Member {
            instance: value.instance_id,
            rack: value.rack_id,
            client_id: value.client_id,
            client_host: value.client_host,
            topics,
            regex: value.subscribed_topic_regex,
            rebalance_timeout_ms: value.rebalance_timeout_ms,
            assignor: value.server_assignor,
            classic: value.classic_member_metadata.map(Arc::new),
            ..self.clone()
        }
    }

    /// The member with what a record says that it owns; `None`: it leaves.
    pub(super) fn with_assignment(&self, value: Option<&CurrentAssignmentValue>) -> Member {
        let mut member = self.clone();
        if let Some(value) = value {
            member.epoch = value.member_epoch;
            member.previous_epoch = value.previous_member_epoch;
            member.state = MemberState::of_value(value.state);
            let update = |owned: &mut Arc<Owned>, listed: &[EpochPartitions]| {
                let new = of_record(listed, value.member_epoch);
                // Members are copied often: what stays is one thing to all copies.
                if **owned != new {
                    *owned = Arc::new(new);
                }
            };
            update(&mut member.assigned, &value.assigned_partitions);
            update(&mut member.revoking, &value.partitions_pending_revocation);
        } else {
            (member.epoch, member.previous_epoch) = (LEAVE_EPOCH, LEAVE_EPOCH);
            (member.assigned, member.revoking) = Default::default();
        }
        member
    }
}

impl Shard {
    /// Applies a record of a consumer group; what it replaced, for the list.
    pub(in crate::coordinator) fn apply_consumer(
        &mut self,
        record: Record,
        undo: &mut Vec<(Name, Undo)>,
    ) {
        let Some(id) = record.consumer_group().cloned() else { return };
        if self.groups.get(&id).and_then(Group::as_consumer).is_none() {
            if record.is_tombstone() {
                return;
            }
            // A group that only had offsets has no record of its own.
            self.groups.put(id.clone(), ConsumerGroup::new(id.clone()).into());
            self.created.remove(&id);
            undo.push((id.clone(), Undo::Created));
        }
        if let Record::ConsumerGroupMetadata { value: None, .. } = record {
            if let Some(Group::Consumer(group)) = self.groups.remove(&id) {
                undo.push((id, Undo::Removed(group)));
            }
            return;
        }
        if let Some(group) = self.groups.get_mut(&id).and_then(Group::as_consumer_mut)
            && let Some(before) = group.apply(record)
        {
            undo.push((id, before));
        }
    }
}

impl ConsumerGroup {
    /// Applies a record that leaves the group in being; what it replaced.
    fn apply(&mut self, record: Record) -> Option<Undo> {
        Some(match record {
            Record::ConsumerGroupMetadata { value, .. } => {
                let value = value?;
                let (epoch, metadata_hash) = (self.epoch, self.metadata_hash);
                (self.epoch, self.metadata_hash) = (value.epoch, value.metadata_hash);
                Undo::Epoch(EpochValue { epoch, metadata_hash })
            }
            Record::ConsumerGroupTargetAssignmentMetadata { value, .. } => {
                let before = TargetMetadataValue {
                    assignment_epoch: self.targets.epoch,
                    assignment_timestamp: self.targets.timestamp_ms,
                };
                let gone = TargetMetadataValue { assignment_epoch: -1, assignment_timestamp: 0 };
                let value = value.unwrap_or(gone);
                self.targets.epoch = value.assignment_epoch;
                self.targets.timestamp_ms = value.assignment_timestamp;
                Undo::TargetEpoch(before)
            }
            Record::ConsumerGroupMemberMetadata { key, value: Some(mut value) } => {
                let topics = self.share_topics(std::mem::take(&mut value.subscribed_topic_names));
                let member = self.member_or_new(&key.member_id).with_metadata(value, topics);
                self.replace_member(member)
            }
            Record::ConsumerGroupMemberMetadata { key, value: None } => {
                let subscription = self.subscription;
                let member = self.remove_member(&key.member_id)?;
                Undo::Member(key.member_id, Some(member), subscription)
            }
            Record::ConsumerGroupTargetAssignmentMember { key, value } => {
                let targets = &mut self.targets.by_member;
                let before = match value {
                    Some(value) => {
                        let target = Arc::new(target_of_record(value.topic_partitions));
                        targets.put(key.member_id.clone(), target)
                    }
                    None => targets.remove(&key.member_id),
                };
                Undo::Target(key.member_id, before)
            }
            Record::ConsumerGroupCurrentMemberAssignment { key, value } => {
                if value.is_none() && !self.members.contains_key(&key.member_id) {
                    return None;
                }
                let member = self.member_or_new(&key.member_id).with_assignment(value.as_ref());
                self.replace_member(member)
            }
            Record::ConsumerGroupRegularExpression { key, value } => {
                let resolved = value.map(|value| {
                    let (version, timestamp_ms) = (value.version, value.timestamp);
                    Arc::new(Resolved { topics: value.topics.into(), version, timestamp_ms })
                });
                let subscription = self.subscription;
                let before = self.set_resolved(&key.regular_expression, resolved);
                Undo::Regex(key.regular_expression, before, subscription)
            }
            _ => return None,
        })
    }

    pub(super) fn member_or_new(&self, id: &Name) -> Arc<Member> {
        self.members.get(id).cloned().unwrap_or_else(|| Arc::new(Member::new(id.clone())))
    }

    fn replace_member(&mut self, member: Member) -> Undo {
        let (id, subscription) = (member.id.clone(), self.subscription);
        let before = self.put_member(&Arc::new(member));
        Undo::Member(id, before, subscription)
    }
}
