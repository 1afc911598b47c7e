//! A consumer group as it is in memory, for comparison and for people.

use super::group::ConsumerGroup;
use super::member::Member;
use crate::coordinator::image::TopicImage;
use crate::coordinator::modern::partitions::Owned;
use crate::coordinator::snapshot::{
    GroupSnapshot, MemberSnapshot, Partitions, by_name, target_by_name,
};
use crate::model::Name;

fn snapshot_of(owned: &Owned, image: &TopicImage) -> Partitions {
    by_name(owned.iter().map(|(&id, p)| (id, p.keys().copied().collect())), image)
}

impl ConsumerGroup {
    pub(in crate::coordinator) fn snapshot(&self, image: &TopicImage) -> GroupSnapshot {
        let regex =
            |(regex, topics): (&Name, &[Name])| (regex.clone(), topics.iter().cloned().collect());
        let resolved = self.resolved.iter().map(|(name, resolved)| (name, &*resolved.topics));
        GroupSnapshot {
            group: self.id.clone(),
            r#type: "consumer".into(),
            state: self.state().name().into(),
            group_epoch: self.epoch,
            assignment_epoch: self.targets.epoch,
            subscription: self.subscription_type().to_string().to_uppercase().into(),
            assignor: self.preferred_assignor().cloned(),
            regex: resolved.map(regex).collect(),
            members: self.members.values().map(|m| self.member_snapshot(m, image)).collect(),
            ..GroupSnapshot::default()
        }
    }

    fn member_snapshot(&self, member: &Member, image: &TopicImage) -> MemberSnapshot {
        MemberSnapshot {
            id: member.id.clone(),
            instance: member.instance.clone(),
            classic: member.classic.is_some(),
            epoch: member.epoch,
            prev: member.previous_epoch,
            state: member.state.name().into(),
            assigned: snapshot_of(&member.assigned, image),
            revoking: snapshot_of(&member.revoking, image),
            target: target_by_name(&self.targets.of(&member.id), image),
            ..MemberSnapshot::default()
        }
    }
}
