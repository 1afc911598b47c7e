//! Records of a log that cannot follow one another (`GroupMetadataManager.replay`).

use super::group::ShareGroup;
use crate::model::message::consumer_group::LEAVE_EPOCH;
use crate::model::record::Record;

impl ShareGroup {
    /// Whether a record cannot follow what was read before it: somebody is removed who has not
    /// left.
    pub(in crate::coordinator) fn contradicts(&self, record: &Record) -> bool {
        match record {
            Record::ShareGroupMetadata { value: None, .. } => {
                !self.members.is_empty() || !self.targets.are_gone()
            }
            Record::ShareGroupTargetAssignmentMetadata { value: None, .. } => {
                !self.targets.by_member.is_empty()
            }
            Record::ShareGroupMemberMetadata { key, value: None } => {
                self.members.get(&key.member_id).is_some_and(|member| {
                    member.epoch != LEAVE_EPOCH || self.targets.by_member.contains_key(&member.id)
                })
            }
            _ => false,
        }
    }
}
