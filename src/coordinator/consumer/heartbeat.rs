//! A heartbeat that neither leaves nor is refused at the door (kafka-semantics 4.3;
//! `GroupMetadataManager.consumerGroupHeartbeat`).

use super::group::ConsumerGroup;
use super::member::Member;
use super::outcome::{Outcome, Timer};
use super::reconcile::{Reconciliation, Subscribed};
use super::record;
use super::regex::RegexChange;
use super::state::MemberState;
use super::target::Goal;
use crate::assignor::server::SubscriptionType;
use crate::coordinator::config::{CoordinatorConfig, GroupSettings};
use crate::coordinator::image::TopicImage;
use crate::coordinator::modern::partitions::to_assignment;
use crate::coordinator::modern::refresh::Refresh;
use crate::coordinator::modern::subscriptions::{TopicCounts, is_same_set};
use crate::model::Name;
use crate::model::error::ErrorCode;
use crate::model::message::RequestContext;
use crate::model::message::assignment::TopicPartitions;
use crate::model::message::consumer_group::{
    ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse, JOIN_EPOCH,
};
use crate::model::uuid::Uuid;
use std::sync::Arc;

/// What the coordinator knows besides the group.
#[derive(Clone, Copy)]
pub(super) struct Surroundings<'a> {
    /// The coordinator's clock (ms).
    pub now_ms: i64,
    pub config: &'a CoordinatorConfig,
    pub settings: GroupSettings,
    pub image: &'a TopicImage,
    /// Version of the image in which topics last came into being.
    pub new_topics_version: i64,
    /// Whether the group's regular expressions are being resolved.
    pub resolving: bool,
}

/// A heartbeat and the group that it meets.
pub(super) struct Heartbeat<'a> {
    pub group: &'a ConsumerGroup,
    pub around: Surroundings<'a>,
    pub request: &'a ConsumerGroupHeartbeatRequest,
    pub client: &'a RequestContext,
    /// Whether it stands for a request of the classic protocol.
    pub is_classic: bool,
}

/// The group's epoch after a heartbeat.
pub(super) struct Subscriptions {
    pub epoch: i32,
    /// How subscriptions relate then; `None`: as before.
    pub kind: Option<SubscriptionType>,
}

impl Heartbeat<'_> {
    /// What the member says that it owns.
    pub(super) fn owned(&self) -> Option<&[TopicPartitions]> {
        self.request.topic_partitions.as_deref()
    }

    /// The answer, with what else there is to do in `out`.
    pub(super) fn run(
        &self,
        uuids: &mut dyn FnMut() -> Uuid,
        out: &mut Outcome,
    ) -> Result<ConsumerGroupHeartbeatResponse, ErrorCode> {
        let request = self.request;
        let full = self.group.members.len() >= self.around.config.consumer_group_max_size;
        let is_member = || self.group.members.contains_key(&request.member_id);
        if full && (request.member_id.is_empty() || !is_member()) {
            return Err(ErrorCode::GroupMaxSizeReached);
        }
        let id = match &request.member_id {
            id if id.is_empty() => new_id(uuids),
            id => id.clone(),
        };
        let before = self.member(&id, out)?;
        let updated = before.updated(request, self.client);
        if let Some(updated) = updated.as_ref().filter(|m| !m.says_the_same(&before)) {
            out.records.push(record::member(&self.group.id, updated));
        }
        let updated = updated.as_ref().unwrap_or(&before);
        let names_changed = !Arc::ptr_eq(&before.topics, &updated.topics)
            && !is_same_set(&before.topics, &updated.topics);
        let regex = self.update_regexes(&before, updated, out)?;
        let subscriptions = self.update_subscriptions(
            &before,
            updated,
            names_changed || regex == RegexChange::Resolved,
            out,
        );
        let goal =
            self.update_target(&before, updated, subscriptions.epoch, subscriptions.kind, out)?;
        let changed = names_changed || regex != RegexChange::None;
        let reconciled = self.reconcile(updated, &goal, changed, out)?;
        let member = reconciled.as_ref().unwrap_or(updated);
        out.timers.push(Timer::Session(id));

        let full_request = request.rebalance_timeout_ms != -1
            && (request.subscribed_topic_names.is_some()
                || request.subscribed_topic_regex.is_some())
            && self.owned().is_some();
        let tell = request.member_epoch == JOIN_EPOCH
            || full_request
            || reconciled.as_ref().is_some_and(|member| member.assigned != before.assigned);
        Ok(ConsumerGroupHeartbeatResponse {
            error_code: ErrorCode::None,
            member_id: Some(member.id.clone()),
            member_epoch: member.epoch,
            heartbeat_interval_ms: self.around.settings.heartbeat_interval_ms,
            assignment: tell.then(|| to_assignment(&member.assigned)),
        })
    }

    /// Enters a new group epoch if the member subscribes to something else (`bump`), or if
    /// something about the subscribed topics has changed.
    pub(super) fn update_subscriptions(
        &self,
        before: &Member,
        updated: &Member,
        bump: bool,
        out: &mut Outcome,
    ) -> Subscriptions {
        let group = self.group;
        let now_ms = self.around.now_ms;
        if !bump && !group.refresh.is_due(now_ms, group.epoch) {
            return Subscriptions { epoch: group.epoch, kind: None };
        }
        let counts = self.counts_with(before, updated);
        let hash = self.around.image.hash_of(counts.topics());
        let is_known = group.members.contains_key(&updated.id)
            || group.static_member_id(updated.instance.as_ref()).is_some();
        let members = group.members.len() + usize::from(!is_known);
        let regexes = self.regexes_with(before, updated);
        let kind = counts.subscription_type(members, regexes.values().next().copied());
        let mut epoch = group.epoch;
        if bump || hash != group.metadata_hash {
            epoch += 1;
            out.records.push(record::epoch(&group.id, epoch, hash));
        }
        out.refreshed = Some(Refresh::after(now_ms, epoch));
        Subscriptions { epoch, kind: Some(kind) }
    }

    /// Who subscribes to which topic when the member is as updated.
    fn counts_with(&self, before: &Member, updated: &Member) -> TopicCounts {
        let mut counts = self.group.counts.clone();
        counts.count_names(&before.topics, false);
        counts.count_names(&updated.topics, true);
        if let Some(regex) = before.regex().filter(|_| before.regex != updated.regex)
            && self.group.regex_users(regex) == 1
            && let Some(topics) = self.group.regex_topics(before)
        {
            counts.count_regex(topics.iter(), false);
        }
        counts
    }

    /// Leads the member a step towards its target.
    pub(super) fn reconcile(
        &self,
        member: &Member,
        goal: &Goal,
        subscription_changed: bool,
        out: &mut Outcome,
    ) -> Result<Option<Member>, ErrorCode> {
        if !subscription_changed && member.is_reconciled_to(goal.epoch) {
            return Ok(None);
        }
        let reconciliation = Reconciliation {
            member,
            target_epoch: goal.epoch,
            target: &goal.target,
            owners: &self.group.owners,
            subscribed: Subscribed {
                image: self.around.image,
                named: &member.topics,
                matched: self.group.regex_topics(member).map_or(&[], |topics| topics),
            },
            subscription_changed,
            owned: self.owned(),
        };
        let next = reconciliation.step()?;
        if let Some(next) = &next {
            out.records.push(record::current(&self.group.id, next));
            if next.classic.is_some() {
                return Ok(Some(next.clone()));
            }
            let member = next.id.clone();
            out.timers.push(if next.state == MemberState::UnrevokedPartitions {
                let timeout_ms = next.rebalance_timeout_ms;
                Timer::Revocation { member, epoch: next.epoch, timeout_ms }
            } else {
                Timer::Revoked(member)
            });
        }
        Ok(next)
    }
}

/// A member id of the coordinator's making, for clients that leave that to it. Kafka's own random
/// ids never begin with a dash, which command lines would take for an option.
pub(super) fn new_id(uuids: &mut dyn FnMut() -> Uuid) -> Name {
    loop {
        let id = uuids().to_string();
        if !id.starts_with('-') {
            return id.into();
        }
    }
}
