//! Records of consumer groups (`GroupCoordinatorRecordHelpers`).

use super::group::Resolved;
use super::member::Member;
use crate::assignor::server::Target;
use crate::coordinator::modern::partitions::{target_to_record, to_record};
use crate::kernel::java_hash::string_cmp;
use crate::model::Name;
use crate::model::record::Record;
use crate::model::record::consumer::{
    ConsumerMemberValue, CurrentAssignmentValue, RegexKey, RegexValue,
};
use crate::model::record::modern::{
    EpochValue, ModernGroupKey, ModernMemberKey, TargetMemberValue, TargetMetadataValue,
};

fn group_key(group: &Name) -> ModernGroupKey {
    ModernGroupKey { group_id: group.clone() }
}

fn member_key(group: &Name, member: &Name) -> ModernMemberKey {
    ModernMemberKey { group_id: group.clone(), member_id: member.clone() }
}

/// What the member says about itself.
pub(super) fn member(group: &Name, member: &Member) -> Record {
    let mut subscribed_topic_names = member.topics.to_vec();
    subscribed_topic_names.sort_unstable_by(|a, b| string_cmp(a, b));
    subscribed_topic_names.dedup();
    let value = ConsumerMemberValue {
        instance_id: member.instance.clone(),
        rack_id: member.rack.clone(),
        client_id: member.client_id.clone(),
        client_host: member.client_host.clone(),
        subscribed_topic_names,
        subscribed_topic_regex: member.regex.clone(),
        rebalance_timeout_ms: member.rebalance_timeout_ms,
        server_assignor: member.assignor.clone(),
        classic_member_metadata: member.classic.as_deref().cloned(),
    };
    Record::ConsumerGroupMemberMetadata { key: member_key(group, &member.id), value: Some(value) }
}

/// A new group epoch.
pub(super) fn epoch(group: &Name, epoch: i32, metadata_hash: i64) -> Record {
    let value = Some(EpochValue { epoch, metadata_hash });
    Record::ConsumerGroupMetadata { key: group_key(group), value }
}

/// A new target of a member.
pub(super) fn target(group: &Name, member: &Name, target: &Target) -> Record {
    let value = Some(TargetMemberValue { topic_partitions: target_to_record(target) });
    Record::ConsumerGroupTargetAssignmentMember { key: member_key(group, member), value }
}

/// The target is computed for this epoch.
pub(super) fn target_epoch(group: &Name, assignment_epoch: i32, now_ms: i64) -> Record {
    let value = Some(TargetMetadataValue { assignment_epoch, assignment_timestamp: now_ms });
    Record::ConsumerGroupTargetAssignmentMetadata { key: group_key(group), value }
}

/// What the member owns now.
pub(super) fn current(group: &Name, member: &Member) -> Record {
    let value = CurrentAssignmentValue {
        member_epoch: member.epoch,
        previous_member_epoch: member.previous_epoch,
        state: member.state.value(),
        assigned_partitions: to_record(&member.assigned),
        partitions_pending_revocation: to_record(&member.revoking),
    };
    let key = member_key(group, &member.id);
    Record::ConsumerGroupCurrentMemberAssignment { key, value: Some(value) }
}

/// A regular expression matched these topics.
pub(super) fn regex(group: &Name, regex: &Name, resolved: &Resolved) -> Record {
    let value = RegexValue {
        topics: resolved.topics.to_vec(),
        version: resolved.version,
        timestamp: resolved.timestamp_ms,
    };
    Record::ConsumerGroupRegularExpression { key: regex_key(group, regex), value: Some(value) }
}

fn regex_key(group: &Name, regex: &Name) -> RegexKey {
    RegexKey { group_id: group.clone(), regular_expression: regex.clone() }
}

/// Nobody uses the regular expression any more.
pub(super) fn no_regex(group: &Name, regex: &Name) -> Record {
    Record::ConsumerGroupRegularExpression { key: regex_key(group, regex), value: None }
}

/// A member is gone, in the order that replaying needs.
pub(super) fn no_member(group: &Name, member: &Name) -> [Record; 3] {
    let key = || member_key(group, member);
    [
        Record::ConsumerGroupCurrentMemberAssignment { key: key(), value: None },
        Record::ConsumerGroupTargetAssignmentMember { key: key(), value: None },
        Record::ConsumerGroupMemberMetadata { key: key(), value: None },
    ]
}

/// The target is gone.
pub(super) fn no_target_epoch(group: &Name) -> Record {
    Record::ConsumerGroupTargetAssignmentMetadata { key: group_key(group), value: None }
}

/// A group without members is gone.
pub(super) fn no_group(group: &Name) -> [Record; 2] {
    [
        Record::ConsumerGroupPartitionMetadata { key: group_key(group), value: None },
        Record::ConsumerGroupMetadata { key: group_key(group), value: None },
    ]
}
