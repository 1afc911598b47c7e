//! What the records of groups under KIP-848 tell: members, epochs, targets. What a coordinator
//! knows for good is in its records, so nobody has to say it twice.

use super::World;
use crate::model::Name;
use crate::model::fact::{Fact, GroupFact, MemberState, RemovalReason};
use crate::model::id::PartitionId;
use crate::model::record::Record;
use crate::model::record::consumer::EpochPartitions;

impl World<'_> {
    /// Tells what a batch of records changes in groups under KIP-848.
    pub(super) fn tell_modern(&mut self, records: &[Record]) {
        let mut touched: Option<Name> = None;
        for (at, record) in records.iter().enumerate() {
            let (before, _) = records.split_at(at);
            let Some((group, what)) = self.modern_fact(record, before, records) else { continue };
            let id = self.group_named(&group);
            touched = Some(group);
            self.tell_group(id, what);
        }
        let Some(group) = touched.map(|name| self.group_named(&name)) else { return };
        let state = &self.trace.live.groups[group.index()];
        if state.is_reconciled() && !state.stable {
            let what = GroupFact::Stable { generation: state.generation };
            self.tell(Fact::Group { group, what });
        }
    }

    fn modern_fact(
        &self,
        record: &Record,
        before: &[Record],
        batch: &[Record],
    ) -> Option<(Name, GroupFact)> {
        Some(match record {
            Record::ConsumerGroupMetadata { key, value: Some(value) } => {
                (key.group_id.clone(), GroupFact::Epoch { epoch: value.epoch })
            }
            Record::ConsumerGroupTargetAssignmentMetadata { key, value: Some(value) } => {
                let last = before.iter().rposition(is_target).map_or(0, |last| last + 1);
                // The members of a classic group bring their first target with them.
                let brought = last == 0 && batch.iter().any(ends_classic);
                let moves = !brought && before[last..].iter().any(gives);
                let epoch = value.assignment_epoch;
                (key.group_id.clone(), GroupFact::Target { epoch, moves })
            }
            Record::ConsumerGroupMemberMetadata { key, value: Some(value) } => {
                if self.is_member(&key.group_id, &key.member_id) {
                    return None;
                }
                // Who takes the place of a static member has its predecessor's client id at first.
                let last = batch.iter().rev().find_map(|record| client_of(record, &key.member_id));
                let client = last.unwrap_or(&value.client_id);
                let (consumer, member) = (self.by_name[&**client], key.member_id.clone());
                (key.group_id.clone(), GroupFact::MemberAdded { consumer, member })
            }
            Record::ConsumerGroupMemberMetadata { key, value: None } => {
                let goes_on = batch.iter().any(|record| stays_classic(record, &key.member_id));
                if goes_on || !self.is_member(&key.group_id, &key.member_id) {
                    return None;
                }
                let consumer = self.consumer_of(&key.group_id, &key.member_id);
                let member = key.member_id.clone();
                let replaced = batch.iter().any(|record| joins(record, &member));
                let reason = if replaced { RemovalReason::Replaced } else { RemovalReason::Left };
                (key.group_id.clone(), GroupFact::MemberRemoved { consumer, member, reason })
            }
            Record::ConsumerGroupCurrentMemberAssignment { key, value: Some(value) } => {
                if !self.is_member(&key.group_id, &key.member_id) {
                    return None;
                }
                let consumer = self.consumer_of(&key.group_id, &key.member_id);
                let (epoch, state) = (value.member_epoch, MemberState::of(value.state));
                let partitions = self.partitions_of(&value.assigned_partitions);
                let revoking = self.partitions_of(&value.partitions_pending_revocation);
                let member = key.member_id.clone();
                let what =
                    GroupFact::Member { consumer, member, epoch, state, partitions, revoking };
                (key.group_id.clone(), what)
            }
            _ => return None,
        })
    }

    fn partitions_of(&self, topics: &[EpochPartitions]) -> Vec<PartitionId> {
        let known = |of: &EpochPartitions| self.topics.by_id(of.topic_id);
        let mut all: Vec<PartitionId> = Vec::new();
        for (topic, of) in topics.iter().filter_map(|of| Some((known(of)?, of))) {
            let partitions = self.topics.partitions(topic);
            all.extend(of.partitions.iter().filter_map(|&i| partitions.get(i as usize)));
        }
        all.sort_unstable();
        all
    }

    fn is_member(&self, group: &Name, member: &Name) -> bool {
        let group = self.group_named(group);
        self.trace.live.groups[group.index()].members.contains_key(member)
    }
}

/// Whether a record gives a member something to own.
fn gives(record: &Record) -> bool {
    matches!(
        record,
        Record::ConsumerGroupTargetAssignmentMember { value: Some(value), .. }
            if value.topic_partitions.iter().any(|topic| !topic.partitions.is_empty())
    )
}

fn is_target(record: &Record) -> bool {
    matches!(record, Record::ConsumerGroupTargetAssignmentMetadata { .. })
}

/// Whether a record ends a classic group.
fn ends_classic(record: &Record) -> bool {
    matches!(record, Record::GroupMetadata { value: None, .. })
}

/// The client that a record says a member is.
fn client_of<'a>(record: &'a Record, member: &Name) -> Option<&'a Name> {
    match record {
        Record::ConsumerGroupMemberMetadata { key, value: Some(value) }
            if key.member_id == *member =>
        {
            Some(&value.client_id)
        }
        _ => None,
    }
}

/// Whether a record makes somebody else a member.
fn joins(record: &Record, other_than: &Name) -> bool {
    matches!(
        record,
        Record::ConsumerGroupMemberMetadata { key, value: Some(_) } if key.member_id != *other_than
    )
}

/// Whether a record has a member in a classic group.
fn stays_classic(record: &Record, member: &Name) -> bool {
    matches!(
        record,
        Record::GroupMetadata { value: Some(value), .. }
            if value.members.iter().any(|known| known.member_id == *member)
    )
}
