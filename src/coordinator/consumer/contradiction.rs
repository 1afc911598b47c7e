//! Records of a log that cannot follow one another (`GroupMetadataManager.replay`,
//! `ConsumerGroup.addPartitionEpochs`).

use super::group::ConsumerGroup;
use super::member::Member;
use crate::coordinator::modern::owners::NOBODY;
use crate::coordinator::modern::partitions::Owned;
use crate::model::message::consumer_group::LEAVE_EPOCH;
use crate::model::record::Record;

impl ConsumerGroup {
    /// Whether a record cannot follow what was read before it: somebody is removed who has not
    /// left, or a partition is given to a member whose epoch is no later than that of its owner.
    pub(in crate::coordinator) fn contradicts(&self, record: &Record) -> bool {
        match record {
            Record::ConsumerGroupMetadata { value: None, .. } => {
                !self.members.is_empty() || !self.targets.are_gone()
            }
            Record::ConsumerGroupTargetAssignmentMetadata { value: None, .. } => {
                !self.targets.by_member.is_empty()
            }
            Record::ConsumerGroupMemberMetadata { key, value: None } => {
                self.member(&key.member_id).is_some_and(|member| {
                    member.epoch != LEAVE_EPOCH || self.targets.by_member.contains_key(&member.id)
                })
            }
            Record::ConsumerGroupMemberMetadata { key, value: Some(_) } => {
                self.member(&key.member_id).is_some_and(|member| self.has_other_owners(member))
            }
            Record::ConsumerGroupCurrentMemberAssignment { key, value: Some(value) } => {
                let member = self.member_or_new(&key.member_id);
                self.has_other_owners(&member.with_assignment(Some(value)))
            }
            _ => false,
        }
    }

    /// Whether somebody else has a partition of this member, as it is to be, in an epoch that is
    /// not before the member's.
    fn has_other_owners(&self, member: &Member) -> bool {
        let before = self.member(&member.id);
        let had = |topic, partition| {
            before.is_some_and(|before| {
                self.owners.epoch(topic, partition) == before.epoch
                    && [&before.assigned, &before.revoking].iter().any(|owned| {
                        owned.get(&topic).is_some_and(|epochs| epochs.contains_key(&partition))
                    })
            })
        };
        let taken = |owned: &Owned| {
            owned.iter().any(|(&topic, epochs)| {
                epochs.keys().any(|&partition| {
                    let owner = self.owners.epoch(topic, partition);
                    owner != NOBODY && owner >= member.epoch && !had(topic, partition)
                })
            })
        };
        taken(&member.assigned) || taken(&member.revoking)
    }
}
