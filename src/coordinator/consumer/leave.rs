//! Heartbeats that leave: for good, or a static member's for a while (kafka-semantics 4.6).

use super::fence::fence;
use super::group::ConsumerGroup;
use super::heartbeat::Surroundings;
use super::member::Member;
use super::outcome::Outcome;
use super::record;
use crate::model::error::ErrorCode;
use crate::model::message::consumer_group::{
    ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse, LEAVE_STATIC_EPOCH,
};
use std::sync::Arc;

/// The answer to a heartbeat that leaves, with what else there is to do in `out`.
pub(super) fn leave(
    group: &ConsumerGroup,
    request: &ConsumerGroupHeartbeatRequest,
    around: &Surroundings,
    out: &mut Outcome,
) -> Result<ConsumerGroupHeartbeatResponse, ErrorCode> {
    let unknown = ErrorCode::UnknownMemberId;
    let member = match &request.instance_id {
        None => group.member(&request.member_id).ok_or(unknown)?,
        instance => {
            let id = group.static_member_id(instance.as_ref()).ok_or(unknown)?;
            let member = group.member(id).ok_or(unknown)?;
            if member.id != request.member_id {
                return Err(ErrorCode::FencedInstanceId);
            }
            member
        }
    };
    if request.instance_id.is_some() && request.member_epoch == LEAVE_STATIC_EPOCH {
        out.records.push(record::current(&group.id, &away(member)));
    } else {
        fence(group, std::slice::from_ref(member), around, out)?;
    }
    Ok(ConsumerGroupHeartbeatResponse {
        member_id: Some(request.member_id.clone()),
        member_epoch: request.member_epoch,
        ..ConsumerGroupHeartbeatResponse::default()
    })
}

/// The member while it is away: it keeps what it owns, as of epoch 0, until its session ends.
fn away(member: &Member) -> Member {
    let mut member = Member { epoch: LEAVE_STATIC_EPOCH, ..member.clone() };
    member.revoking = Arc::default();
    for partitions in Arc::make_mut(&mut member.assigned).values_mut() {
        for epoch in partitions.values_mut() {
            *epoch = 0;
        }
    }
    member
}
