//! Checks of a heartbeat before the group is asked, and of its epoch after
//! (`GroupCoordinatorService.throwIfConsumerGroupHeartbeatRequestIsInvalid`, kafka-semantics 4.2).

use super::member::Member;
use crate::coordinator::config::CoordinatorConfig;
use crate::coordinator::modern::partitions::{Owned, holds};
use crate::coordinator::modern::validate::is_blank;
use crate::model::Name;
use crate::model::error::ErrorCode;
use crate::model::message::assignment::TopicPartitions;
use crate::model::message::consumer_group::{
    ConsumerGroupHeartbeatRequest, JOIN_EPOCH, LEAVE_EPOCH, LEAVE_STATIC_EPOCH,
};

/// From this version on clients make their member ids.
const CLIENT_MAKES_ID_VERSION: i16 = 1;

/// Whether the request may be put to a group.
pub(in crate::coordinator) fn request(
    request: &ConsumerGroupHeartbeatRequest,
    api_version: i16,
    config: &CoordinatorConfig,
) -> Result<(), ErrorCode> {
    let r = request;
    let needs_id = api_version >= CLIENT_MAKES_ID_VERSION
        || r.member_epoch > JOIN_EPOCH
        || r.member_epoch == LEAVE_EPOCH;
    let blank = |text: &Option<Name>| text.as_ref().is_some_and(|text| is_blank(text));
    if (needs_id && is_blank(&r.member_id))
        || is_blank(&r.group_id)
        || blank(&r.instance_id)
        || blank(&r.rack_id)
    {
        return Err(ErrorCode::InvalidRequest);
    }
    let complete = match r.member_epoch {
        JOIN_EPOCH => {
            r.rebalance_timeout_ms != -1
                && r.topic_partitions.as_ref().is_some_and(Vec::is_empty)
                && (r.subscribed_topic_names.is_some() || r.subscribed_topic_regex.is_some())
        }
        LEAVE_STATIC_EPOCH => r.instance_id.is_some(),
        epoch => epoch > LEAVE_STATIC_EPOCH,
    };
    if !complete {
        return Err(ErrorCode::InvalidRequest);
    }
    let known = |name: &Name| config.consumer_assignors.contains(name);
    if r.server_assignor.as_ref().is_some_and(|name| !known(name)) {
        return Err(ErrorCode::UnsupportedAssignor);
    }
    Ok(())
}

/// Whether the member may use this epoch. A smaller one is its previous one, if the answer with
/// the new one got lost; then it owns nothing but what it had.
pub(super) fn epoch(
    member: &Member,
    received: i32,
    owned: Option<&[TopicPartitions]>,
) -> Result<(), ErrorCode> {
    let retry = || received == member.previous_epoch && owns_only(owned, &member.assigned);
    if received == JOIN_EPOCH || received == member.epoch || (received < member.epoch && retry()) {
        Ok(())
    } else {
        Err(ErrorCode::FencedMemberEpoch)
    }
}

fn owns_only(owned: Option<&[TopicPartitions]>, assigned: &Owned) -> bool {
    owned.is_some_and(|owned| {
        owned.iter().all(|topic| {
            assigned.contains_key(&topic.topic_id)
                && topic.partitions.iter().all(|&p| holds(assigned, topic.topic_id, p))
        })
    })
}
