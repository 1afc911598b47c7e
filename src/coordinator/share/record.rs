//! Records of share groups (`GroupCoordinatorRecordHelpers`).

use super::group::Member;
use super::partitions::States;
use crate::assignor::server::Target;
use crate::coordinator::image::TopicImage;
use crate::coordinator::modern::partitions::target_to_record;
use crate::kernel::java_hash::string_cmp;
use crate::model::Name;
use crate::model::message::assignment::TopicPartitions;
use crate::model::record::Record;
use crate::model::record::modern::{
    EpochValue, ModernGroupKey, ModernMemberKey, TargetMemberValue, TargetMetadataValue,
};
use crate::model::record::share::{ShareAssignmentValue, ShareMemberValue};

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
    let value = ShareMemberValue {
        rack_id: member.rack.clone(),
        client_id: member.client_id.clone(),
        client_host: member.client_host.clone(),
        subscribed_topic_names,
    };
    Record::ShareGroupMemberMetadata { key: member_key(group, &member.id), value: Some(value) }
}

/// A new group epoch.
pub(super) fn epoch(group: &Name, epoch: i32, metadata_hash: i64) -> Record {
    let value = Some(EpochValue { epoch, metadata_hash });
    Record::ShareGroupMetadata { key: group_key(group), value }
}

/// A new target of a member.
pub(super) fn target(group: &Name, member: &Name, target: &Target) -> Record {
    let value = Some(TargetMemberValue { topic_partitions: target_to_record(target) });
    Record::ShareGroupTargetAssignmentMember { key: member_key(group, member), value }
}

/// The target is computed for this epoch.
pub(super) fn target_epoch(group: &Name, assignment_epoch: i32, now_ms: i64) -> Record {
    let value = Some(TargetMetadataValue { assignment_epoch, assignment_timestamp: now_ms });
    Record::ShareGroupTargetAssignmentMetadata { key: group_key(group), value }
}

/// What the member reads now.
pub(super) fn current(group: &Name, member: &Member) -> Record {
    let topics = member.assigned.iter().map(|(&topic_id, partitions)| TopicPartitions {
        topic_id,
        partitions: partitions.iter().copied().collect(),
    });
    let value = ShareAssignmentValue {
        member_epoch: member.epoch,
        previous_member_epoch: member.previous_epoch,
        state: 0,
        assigned_partitions: topics.collect(),
    };
    let key = member_key(group, &member.id);
    Record::ShareGroupCurrentMemberAssignment { key, value: Some(value) }
}

/// How far the share coordinator knows the group's partitions.
pub(super) fn states(group: &Name, states: &States, image: &TopicImage) -> Record {
    let value = Some(states.to_record(image));
    Record::ShareGroupStatePartitionMetadata { key: group_key(group), value }
}

/// A member is gone, in the order that replaying needs.
pub(super) fn no_member(group: &Name, member: &Name) -> [Record; 3] {
    let key = || member_key(group, member);
    [
        Record::ShareGroupCurrentMemberAssignment { key: key(), value: None },
        Record::ShareGroupTargetAssignmentMember { key: key(), value: None },
        Record::ShareGroupMemberMetadata { key: key(), value: None },
    ]
}

/// A group without members is gone.
pub(super) fn no_group(group: &Name) -> [Record; 3] {
    let key = || group_key(group);
    [
        Record::ShareGroupTargetAssignmentMetadata { key: key(), value: None },
        Record::ShareGroupStatePartitionMetadata { key: key(), value: None },
        Record::ShareGroupMetadata { key: key(), value: None },
    ]
}
