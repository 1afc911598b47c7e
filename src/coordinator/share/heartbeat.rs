//! A heartbeat of a share group's member (`GroupMetadataManager.shareGroupHeartbeat`).

use super::group::{Assigned, Member, ShareGroup};
use super::partitions::PartitionSet;
use super::target::Goal;
use super::{record, validate};
use crate::coordinator::config::{CoordinatorConfig, GroupSettings};
use crate::coordinator::image::TopicImage;
use crate::coordinator::modern::refresh::Refresh;
use crate::coordinator::modern::subscriptions::{TopicCounts, is_same_set};
use crate::model::error::ErrorCode;
use crate::model::message::RequestContext;
use crate::model::message::assignment::{Assignment, TopicPartitions};
use crate::model::message::consumer_group::JOIN_EPOCH;
use crate::model::message::share_group::{ShareGroupHeartbeatRequest, ShareGroupHeartbeatResponse};
use crate::model::record::Record;
use std::borrow::Cow;
use std::sync::Arc;

/// A heartbeat and the group that it meets.
pub(super) struct Heartbeat<'a> {
    pub group: &'a ShareGroup,
    /// The coordinator's clock (ms).
    pub now_ms: i64,
    pub config: &'a CoordinatorConfig,
    pub settings: GroupSettings,
    pub image: &'a TopicImage,
    pub request: &'a ShareGroupHeartbeatRequest,
    pub client: &'a RequestContext,
}

/// What a heartbeat leaves to do. What is memory alone happens even if it fails.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// Records, in order.
    pub records: Vec<Record>,
    /// The topics were looked at.
    pub refreshed: Option<Refresh>,
    /// Partitions that the share coordinator is asked to set up once the records are committed.
    pub initialize: PartitionSet,
    /// Whether the session begins anew.
    pub alive: bool,
}

impl Heartbeat<'_> {
    /// The answer, with what else there is to do in `out`.
    pub(super) fn run(&self, out: &mut Outcome) -> Result<ShareGroupHeartbeatResponse, ErrorCode> {
        let (group, request) = (self.group, self.request);
        let known = group.members.get(&request.member_id);
        if known.is_none() && group.members.len() >= self.config.share_group_max_size {
            return Err(ErrorCode::GroupMaxSizeReached);
        }
        let before = match known {
            Some(member) => member.clone(),
            None if request.member_epoch == JOIN_EPOCH => {
                Arc::new(Member::new(request.member_id.clone()))
            }
            None => return Err(ErrorCode::UnknownMemberId),
        };
        validate::epoch(&before, request.member_epoch)?;
        let updated = self.updated(&before, out);
        let mut bump = !is_same_set(&before.topics, &updated.topics);
        if group.targets.epoch >= group.epoch {
            bump |= group.has_partitions_to_assign(known.is_none());
        }

        let mut epoch = group.epoch;
        let mut counts = Cow::Borrowed(&group.counts);
        let members = group.members.len() + usize::from(known.is_none());
        if bump || group.refresh.is_due(self.now_ms, group.epoch) {
            let counts = counts.to_mut();
            counts.count_names(&before.topics, false);
            counts.count_names(&updated.topics, true);
            let hash = self.image.hash_of(counts.topics());
            bump |= hash != group.metadata_hash;
            if bump {
                epoch += 1;
                out.records.push(record::epoch(&group.id, epoch, hash));
            }
            out.refreshed = Some(Refresh::after(self.now_ms, epoch));
        }
        let subscription = counts.subscription_type(members, None);
        let goal = self.update_target(&updated, epoch, subscription, out)?;
        let reconciled = self.reconcile(&updated, &goal, bump);
        if let Some(member) = &reconciled {
            out.records.push(record::current(&group.id, member));
        }
        out.alive = true;
        let member = reconciled.as_ref().unwrap_or(&updated);
        self.ask_for_partitions(&counts, out);

        let tell = request.member_epoch == JOIN_EPOCH
            || request.subscribed_topic_names.is_some()
            || member.assigned != before.assigned;
        Ok(ShareGroupHeartbeatResponse {
            error_code: ErrorCode::None,
            member_id: Some(member.id.clone()),
            member_epoch: member.epoch,
            heartbeat_interval_ms: self.settings.heartbeat_interval_ms,
            assignment: tell.then(|| to_assignment(&member.assigned)),
        })
    }

    /// The member with what the request says about it.
    fn updated(&self, before: &Arc<Member>, out: &mut Outcome) -> Arc<Member> {
        let (request, client) = (self.request, self.client);
        let mut member = (**before).clone();
        if request.rack_id.is_some() {
            member.rack.clone_from(&request.rack_id);
        }
        if let Some(topics) = &request.subscribed_topic_names {
            member.topics = topics.as_slice().into();
        }
        member.client_id = client.client_id.clone();
        member.client_host = client.client_host.clone();
        let same = member.rack == before.rack
            && member.client_id == before.client_id
            && member.client_host == before.client_host
            && is_same_set(&member.topics, &before.topics);
        if !same {
            out.records.push(record::member(&self.group.id, &member));
        }
        Arc::new(member)
    }

    /// The member at its target; `None`: it is there.
    fn reconcile(&self, member: &Member, goal: &Goal, changed: bool) -> Option<Member> {
        if member.epoch == goal.epoch && !changed {
            return None;
        }
        let subscribed = |topic| {
            let topic = self.image.by_id(topic);
            topic.is_some_and(|topic| member.topics.contains(&topic.name))
        };
        let mut next = member.clone();
        next.assigned = goal.target.clone();
        next.assigned.retain(|&topic, _| subscribed(topic));
        if member.epoch != goal.epoch {
            next.previous_epoch = member.epoch;
            next.epoch = goal.epoch;
        }
        let same = next.epoch == member.epoch && next.assigned == member.assigned;
        (!same).then_some(next)
    }

    /// Asks for partitions of subscribed topics that the share coordinator does not know.
    fn ask_for_partitions(&self, counts: &TopicCounts, out: &mut Outcome) {
        let retry_ms = self.config.share_initialize_retry_interval_ms;
        let unknown =
            self.group.unknown_partitions(counts.topics(), self.image, self.now_ms, retry_ms);
        if !unknown.is_empty() {
            let states = self.group.states.as_deref().cloned().unwrap_or_default();
            let states = states.initializing(&unknown);
            out.records.push(record::states(&self.group.id, &states, self.image));
            out.initialize = unknown;
        }
    }
}

fn to_assignment(assigned: &Assigned) -> Assignment {
    let topics = assigned.iter().map(|(&topic_id, partitions)| TopicPartitions {
        topic_id,
        partitions: partitions.iter().copied().collect(),
    });
    Assignment { topic_partitions: topics.collect() }
}
