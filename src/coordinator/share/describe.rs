//! A share group as administrators see it, and as it is in memory.

use super::group::{Member, ShareGroup};
use super::target::ASSIGNOR;
use crate::coordinator::image::TopicImage;
use crate::coordinator::modern::partitions::named;
use crate::coordinator::snapshot::{GroupSnapshot, MemberSnapshot, by_name, target_by_name};
use crate::kernel::java_map::JavaSet;
use crate::model::Name;
use crate::model::message::share_group::{DescribedShareGroup, DescribedShareGroupMember};

impl ShareGroup {
    /// The answer to `ShareGroupDescribe`. Members in `twice` show twice.
    pub(in crate::coordinator) fn describe(
        &self,
        twice: &[&Name],
        image: &TopicImage,
    ) -> DescribedShareGroup {
        let members = self.members.values_twice(twice).into_iter();
        DescribedShareGroup {
            group_id: self.id.clone(),
            group_state: self.state().into(),
            group_epoch: self.epoch,
            assignment_epoch: self.targets.epoch,
            assignor_name: ASSIGNOR.into(),
            members: members.map(|member| describe_member(member, image)).collect(),
            ..DescribedShareGroup::default()
        }
    }

    pub(in crate::coordinator) fn snapshot(&self, image: &TopicImage) -> GroupSnapshot {
        let member = |member: &Member| MemberSnapshot {
            id: member.id.clone(),
            epoch: member.epoch,
            prev: member.previous_epoch,
            assigned: by_name(member.assigned.clone(), image),
            target: target_by_name(&self.targets.of(&member.id), image),
            ..MemberSnapshot::default()
        };
        GroupSnapshot {
            group: self.id.clone(),
            r#type: "share".into(),
            state: self.state().into(),
            group_epoch: self.epoch,
            assignment_epoch: self.targets.epoch,
            subscription: self.subscription_type().to_string().to_uppercase().into(),
            members: self.members.values().map(|m| member(m)).collect(),
            ..GroupSnapshot::default()
        }
    }
}

fn describe_member(member: &Member, image: &TopicImage) -> DescribedShareGroupMember {
    let owned = member.assigned.iter();
    let owned = owned.map(|(&topic, partitions)| (topic, partitions.iter().copied().collect()));
    let names = JavaSet::of_collection(member.topics.to_vec());
    DescribedShareGroupMember {
        member_id: member.id.clone(),
        rack_id: member.rack.clone(),
        member_epoch: member.epoch,
        client_id: member.client_id.clone(),
        client_host: member.client_host.clone(),
        subscribed_topic_names: names.keys().cloned().collect(),
        assignment: named(owned, image),
    }
}
