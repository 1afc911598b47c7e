//! `JoinGroup` of a member of the classic protocol
//! (`GroupMetadataManager.classicGroupJoinToConsumerGroup`).

use crate::coordinator::config::MigrationPolicy;
use crate::coordinator::consumer::group::ConsumerGroup;
use crate::coordinator::consumer::heartbeat::{Heartbeat, Surroundings, new_id};
use crate::coordinator::consumer::member::Member;
use crate::coordinator::consumer::outcome::{Outcome, Timer};
use crate::coordinator::consumer::record;
use crate::coordinator::consumer::regex::RegexChange;
use crate::coordinator::consumer::target::Goal;
use crate::coordinator::modern::subscriptions::is_same_set;
use crate::model::consumer_protocol::{ProtocolBytes, Subscription};
use crate::model::error::ErrorCode;
use crate::model::message::RequestContext;
use crate::model::message::assignment::TopicPartitions;
use crate::model::message::consumer_group::{ConsumerGroupHeartbeatRequest, JOIN_EPOCH};
use crate::model::message::group::{JoinGroupRequest, JoinGroupResponse};
use crate::model::record::consumer::ClassicMemberValue;
use crate::model::uuid::Uuid;
use std::sync::Arc;

const CONSUMER: &str = "consumer";
/// From this version on a new member must first be given an id (KIP-394).
const MEMBER_ID_REQUIRED_VERSION: i16 = 4;

/// The answer to a join, and timers to set when it is given.
pub(in crate::coordinator::consumer) struct Joined {
    pub response: JoinGroupResponse,
    pub timers: Vec<Timer>,
    /// Whether the answer need not wait for anything.
    pub at_once: bool,
}

/// A join of a member that speaks the classic protocol.
pub(in crate::coordinator::consumer) fn join(
    group: &ConsumerGroup,
    request: &JoinGroupRequest,
    client: &RequestContext,
    around: Surroundings,
    uuids: &mut dyn FnMut() -> Uuid,
    out: &mut Outcome,
) -> Result<Joined, ErrorCode> {
    if around.config.migration_policy == MigrationPolicy::Disabled {
        return Err(ErrorCode::InconsistentGroupProtocol);
    }
    let is_new = request.member_id.is_empty();
    let id = if is_new { new_id(uuids) } else { request.member_id.clone() };
    let full = group.members.len() >= around.config.consumer_group_max_size;
    if full && !group.members.contains_key(&id) {
        return Err(ErrorCode::GroupMaxSizeReached);
    }
    let offered = |name| group.classic_protocols.get(name).copied().unwrap_or(0);
    let supported = request.protocols.iter().any(|p| offered(&p.name) == group.classic_members);
    if &*request.protocol_type != CONSUMER || !supported {
        return Err(ErrorCode::InconsistentGroupProtocol);
    }
    let instance = &request.group_instance_id;
    if is_new && instance.is_none() && client.api_version >= MEMBER_ID_REQUIRED_VERSION {
        let error_code = ErrorCode::MemberIdRequired;
        let response =
            JoinGroupResponse { error_code, member_id: id, ..JoinGroupResponse::default() };
        return Ok(Joined { response, timers: Vec::new(), at_once: true });
    }
    let creates = instance.is_none() || is_new;
    let mut said = ConsumerGroupHeartbeatRequest {
        group_id: request.group_id.clone(),
        member_id: id.clone(),
        member_epoch: if creates { JOIN_EPOCH } else { 1 },
        instance_id: instance.clone(),
        ..ConsumerGroupHeartbeatRequest::default()
    };
    let lookup = Heartbeat { group, around, request: &said, client, is_classic: true };
    let before = lookup.member(&id, out)?;
    let first = request.protocols.first().map(|protocol| &protocol.metadata);
    let Some(ProtocolBytes::Subscription(subscription)) = first else {
        return Err(ErrorCode::UnknownServerError);
    };
    said.rack_id = subscription.rack_id.clone().filter(|rack| !rack.is_empty());
    said.rebalance_timeout_ms = request.rebalance_timeout_ms;
    said.subscribed_topic_names = Some(subscription.topics.clone());
    said.subscribed_topic_regex = Some("".into());
    said.topic_partitions = Some(owned(subscription, &around));
    let heartbeat = Heartbeat { group, around, request: &said, client, is_classic: true };
    heartbeat.join_as(&before, request, out)
}

fn owned(subscription: &Subscription, around: &Surroundings) -> Vec<TopicPartitions> {
    let topic = |part: &crate::model::consumer_protocol::TopicPartitions| {
        let topic_id = around.image.by_name(&part.topic)?.id;
        Some(TopicPartitions { topic_id, partitions: part.partitions.clone() })
    };
    subscription.owned_partitions.iter().filter_map(topic).collect()
}

impl Heartbeat<'_> {
    fn join_as(
        &self,
        before: &Arc<Member>,
        request: &JoinGroupRequest,
        out: &mut Outcome,
    ) -> Result<Joined, ErrorCode> {
        let group = self.group;
        let replaced = group
            .static_member_id(request.group_instance_id.as_ref())
            .and_then(|id| group.member(id))
            .filter(|replaced| group.downgrades_replacing(replaced, self.around.config));
        let mut updated =
            before.updated(self.request, self.client).unwrap_or_else(|| (**before).clone());
        updated.classic = Some(Arc::new(ClassicMemberValue {
            session_timeout_ms: request.session_timeout_ms,
            supported_protocols: request.protocols.clone(),
        }));
        if !updated.says_the_same(before) {
            out.records.push(record::member(&group.id, &updated));
        }
        let names_changed = !is_same_set(&before.topics, &updated.topics);
        let regex = self.update_regexes(before, &updated, out)?;
        let bump = names_changed || regex != RegexChange::None;
        let subscriptions = self.update_subscriptions(before, &updated, bump, out);
        let member = if let Some(replaced) = replaced {
            let rebalance = group.targets.epoch < subscriptions.epoch;
            let mut member = None;
            if !rebalance {
                let target = group.targets.of(&replaced.id);
                let goal = Goal { epoch: group.targets.epoch, target };
                member = self.reconcile(&updated, &goal, bump, out)?;
            }
            let member = member.unwrap_or(updated);
            group.downgrade(&[], Some((replaced, &member)), rebalance, &self.around, out)?;
            member
        } else {
            let (epoch, kind) = (subscriptions.epoch, subscriptions.kind);
            let goal = self.update_target(before, &updated, epoch, kind, out)?;
            self.reconcile(&updated, &goal, bump, out)?.unwrap_or(updated)
        };
        let mut timers = vec![Timer::Joined(member.id.clone())];
        if replaced.is_none() {
            let timeout_ms = request.session_timeout_ms;
            timers.push(Timer::ClassicSession { member: member.id.clone(), timeout_ms });
            let timeout_ms = request.rebalance_timeout_ms;
            timers.push(Timer::AwaitSync { member: member.id.clone(), timeout_ms });
        }
        let response = JoinGroupResponse {
            member_id: member.id.clone(),
            generation_id: member.epoch,
            protocol_type: Some(CONSUMER.into()),
            protocol_name: request.protocols.first().map(|protocol| protocol.name.clone()),
            ..JoinGroupResponse::default()
        };
        Ok(Joined { response, timers, at_once: false })
    }
}
