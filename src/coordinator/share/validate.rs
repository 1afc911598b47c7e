//! Checks of a heartbeat (`GroupCoordinatorService.throwIfShareGroupHeartbeatRequestIsInvalid`).

use super::group::Member;
use crate::coordinator::modern::validate::is_blank;
use crate::model::error::ErrorCode;
use crate::model::message::consumer_group::{JOIN_EPOCH, LEAVE_EPOCH};
use crate::model::message::share_group::ShareGroupHeartbeatRequest;

/// Whether the request may be put to a group.
pub(in crate::coordinator) fn request(
    request: &ShareGroupHeartbeatRequest,
) -> Result<(), ErrorCode> {
    let r = request;
    let topics = r.subscribed_topic_names.as_ref();
    let incomplete = if r.member_epoch == JOIN_EPOCH {
        topics.is_none_or(Vec::is_empty)
    } else {
        r.member_epoch < LEAVE_EPOCH
    };
    let blank = is_blank(&r.member_id)
        || is_blank(&r.group_id)
        || r.rack_id.as_ref().is_some_and(|rack| is_blank(rack));
    if blank || incomplete { Err(ErrorCode::InvalidRequest) } else { Ok(()) }
}

/// Whether the member may use this epoch. The previous one is accepted, in case the answer with
/// the new one got lost.
pub(super) fn epoch(member: &Member, received: i32) -> Result<(), ErrorCode> {
    let retry = received < member.epoch && received == member.previous_epoch;
    if received == JOIN_EPOCH || received == member.epoch || retry {
        Ok(())
    } else {
        Err(ErrorCode::FencedMemberEpoch)
    }
}
