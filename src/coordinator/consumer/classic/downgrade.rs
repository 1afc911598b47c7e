//! A consumer group becomes a classic group because the last member of the new protocol goes
//! (`GroupMetadataManager.convertToClassicGroup`, `ClassicGroup.fromConsumerGroup`).

use crate::coordinator::classic::group::ClassicGroup;
use crate::coordinator::classic::member::Member as ClassicMember;
use crate::coordinator::config::CoordinatorConfig;
use crate::coordinator::consumer::group::ConsumerGroup;
use crate::coordinator::consumer::heartbeat::Surroundings;
use crate::coordinator::consumer::member::Member;
use crate::coordinator::consumer::outcome::Outcome;
use crate::coordinator::consumer::record;
use crate::coordinator::image::TopicImage;
use crate::kernel::java_map::JavaMap;
use crate::model::Name;
use crate::model::consumer_protocol::{Assignment, ProtocolBytes, TopicPartitions};
use crate::model::error::ErrorCode;
use crate::model::uuid::Uuid;
use std::sync::Arc;

/// Partitions as the classic protocol sends them to a member with this subscription.
pub(in crate::coordinator::consumer) fn to_classic(
    partitions: impl IntoIterator<Item = (Uuid, Vec<u32>)>,
    subscription: Option<&ProtocolBytes>,
    image: &TopicImage,
) -> Result<ProtocolBytes, ErrorCode> {
    let Some(ProtocolBytes::Subscription(subscription)) = subscription else {
        return Err(ErrorCode::UnknownServerError);
    };
    let mut topics: JavaMap<Uuid, Vec<u32>> = JavaMap::new();
    for (topic, partitions) in partitions {
        topics.put(topic, partitions);
    }
    let named = |(&id, partitions): (&Uuid, &Vec<u32>)| {
        let topic = image.by_id(id)?.name.clone();
        Some(TopicPartitions { topic, partitions: partitions.clone() })
    };
    Ok(ProtocolBytes::Assignment(Assignment {
        version: subscription.version.min(3),
        assigned_partitions: (&topics).into_iter().filter_map(named).collect(),
        user_data: None,
    }))
}

fn may_downgrade(remaining: usize, config: &CoordinatorConfig) -> bool {
    config.migration_policy.allows_downgrade() && remaining <= config.group_max_size
}

impl ConsumerGroup {
    /// Whether the group becomes a classic one when these leave.
    pub(in crate::coordinator::consumer) fn downgrades_without(
        &self,
        leaving: &[Arc<Member>],
        config: &CoordinatorConfig,
    ) -> bool {
        let classic = leaving.iter().filter(|member| member.classic.is_some()).count();
        let remaining = self.members.len() - leaving.len();
        self.classic_members - classic == remaining
            && remaining > 0
            && may_downgrade(remaining, config)
    }

    /// Whether the group becomes a classic one when a classic member takes this one's place.
    pub(in crate::coordinator::consumer) fn downgrades_replacing(
        &self,
        replaced: &Member,
        config: &CoordinatorConfig,
    ) -> bool {
        self.classic_members + 1 == self.members.len()
            && replaced.classic.is_none()
            && may_downgrade(self.members.len(), config)
    }

    /// Makes it a classic group: without those who leave, with the one who joins in another's
    /// place.
    pub(in crate::coordinator::consumer) fn downgrade(
        &self,
        leaving: &[Arc<Member>],
        joining: Option<(&Member, &Member)>,
        rebalance: bool,
        around: &Surroundings,
        out: &mut Outcome,
    ) -> Result<(), ErrorCode> {
        let renamed = |id: &Name| match joining {
            Some((replaced, joining)) if replaced.id == *id => joining.id.clone(),
            _ => id.clone(),
        };
        let ids: Vec<Name> = self.members.keys().map(renamed).collect();
        for part in 0..3 {
            if part == 2 {
                out.records.push(record::no_target_epoch(&self.id));
            }
            for id in &ids {
                out.records.extend(record::no_member(&self.id, id).into_iter().nth(part));
            }
        }
        out.records.extend(self.resolved.keys().map(|regex| record::no_regex(&self.id, regex)));
        out.records.extend(record::no_group(&self.id));

        let mut group = ClassicGroup::new(self.id.clone(), around.now_ms);
        let stays = |member: &&Arc<Member>| {
            !leaving.iter().any(|leaves| leaves.id == member.id)
                && joining.is_none_or(|(replaced, _)| replaced.id != member.id)
        };
        let staying =
            self.members.values().filter(stays).map(|member| (member.id.clone(), &**member));
        let joining = joining.map(|(replaced, joining)| (replaced.id.clone(), joining));
        let mut targets = Vec::new();
        for (target, member) in staying.chain(joining) {
            let classic = member.classic.as_ref().ok_or(ErrorCode::UnknownServerError)?;
            targets.push((member.id.clone(), target));
            group.take_over(ClassicMember {
                id: member.id.clone(),
                instance: member.instance.clone(),
                client_id: member.client_id.clone(),
                client_host: member.client_host.clone(),
                rebalance_timeout_ms: member.rebalance_timeout_ms,
                session_timeout_ms: classic.session_timeout_ms,
                protocols: classic.supported_protocols.clone(),
                assignment: ProtocolBytes::Empty,
                awaiting_join: None,
                awaiting_sync: None,
                is_new: false,
            });
        }
        group.settle(self.epoch, around.now_ms)?;
        for (id, target) in targets {
            let target = self.targets.of(&target);
            let parts = target.iter().map(|part| (part.topic, part.partitions.clone()));
            group.assign(&id, |subscription| to_classic(parts, subscription, around.image))?;
        }
        out.records.push(group.full_record()?);
        out.downgrade = Some((Box::new(group), rebalance));
        Ok(())
    }
}
