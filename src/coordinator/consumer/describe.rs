//! A consumer group as administrators see it (`ConsumerGroup.asDescribedGroup`).

use super::group::ConsumerGroup;
use super::member::Member;
use crate::coordinator::config::CoordinatorConfig;
use crate::coordinator::image::TopicImage;
use crate::coordinator::modern::partitions::{Owned, named};
use crate::kernel::java_map::JavaSet;
use crate::model::Name;
use crate::model::message::consumer_group::{DescribedConsumerGroup, DescribedConsumerGroupMember};
use crate::model::uuid::Uuid;
use std::collections::BTreeMap;

/// What `memberType` says of members that speak the classic protocol.
const CLASSIC_MEMBER: i8 = 0;
/// What it says of the others.
const CONSUMER_MEMBER: i8 = 1;

impl ConsumerGroup {
    /// The answer to `ConsumerGroupDescribe`. Members in `twice` show twice.
    pub(in crate::coordinator) fn describe(
        &self,
        twice: &[&Name],
        config: &CoordinatorConfig,
        image: &TopicImage,
    ) -> DescribedConsumerGroup {
        let assignor = self.preferred_assignor().or(config.consumer_assignors.first());
        let members = self.members.values_twice(twice).into_iter();
        DescribedConsumerGroup {
            group_id: self.id.clone(),
            group_state: self.state().name().into(),
            group_epoch: self.epoch,
            assignment_epoch: self.targets.epoch,
            assignor_name: assignor.cloned().unwrap_or_default(),
            members: members.map(|member| self.describe_member(member, image)).collect(),
            ..DescribedConsumerGroup::default()
        }
    }

    fn describe_member(&self, member: &Member, image: &TopicImage) -> DescribedConsumerGroupMember {
        let mut owned: BTreeMap<Uuid, Vec<u32>> = BTreeMap::new();
        let mut add = |partitions: &Owned| {
            for (&topic, partitions) in partitions {
                owned.entry(topic).or_default().extend(partitions.keys());
            }
        };
        add(&member.assigned);
        // It answers for these until it has given them up.
        add(&member.revoking);
        let target = self.targets.of(&member.id);
        let target = target.iter().map(|part| (part.topic, part.partitions.clone()));
        let names = JavaSet::of_collection(member.topics.to_vec());
        DescribedConsumerGroupMember {
            member_id: member.id.clone(),
            instance_id: member.instance.clone(),
            rack_id: member.rack.clone(),
            member_epoch: member.epoch,
            client_id: member.client_id.clone(),
            client_host: member.client_host.clone(),
            subscribed_topic_names: names.keys().cloned().collect(),
            subscribed_topic_regex: Some(member.regex.clone()),
            assignment: named(owned, image),
            target_assignment: named(target, image),
            member_type: if member.classic.is_some() { CLASSIC_MEMBER } else { CONSUMER_MEMBER },
        }
    }
}
