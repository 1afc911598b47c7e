//! Heartbeat, and what happens without one (kafka-semantics 3.11).

use super::group::{ClassicGroup, Context};
use super::state::GroupState;
use crate::coordinator::write::Write;
use crate::model::Name;
use crate::model::error::ErrorCode;
use crate::model::fact::{RebalanceReason, RemovalReason};
use crate::model::message::group::{HeartbeatRequest, JoinGroupResponse};

impl ClassicGroup {
    /// A Heartbeat for this group: the error to answer.
    pub(in crate::coordinator) fn heartbeat(
        &self,
        request: &HeartbeatRequest,
        cx: &mut Context,
    ) -> ErrorCode {
        if self.state() == GroupState::Dead {
            return ErrorCode::CoordinatorNotAvailable;
        }
        let instance = request.group_instance_id.as_ref();
        if let Err(code) = self.validate_member(&request.member_id, instance) {
            return code;
        }
        if request.generation_id != self.generation {
            return ErrorCode::IllegalGeneration;
        }
        match self.state() {
            GroupState::Empty | GroupState::Dead => ErrorCode::UnknownMemberId,
            GroupState::PreparingRebalance => {
                self.restart_session(&request.member_id, cx);
                ErrorCode::RebalanceInProgress
            }
            // A member may heartbeat as soon as it has the answer to its join.
            GroupState::CompletingRebalance | GroupState::Stable => {
                self.restart_session(&request.member_id, cx);
                ErrorCode::None
            }
        }
    }
}

/// A session, or the time of a new member's first join, is over.
pub(in crate::coordinator) fn expire_session(
    group: &mut ClassicGroup,
    member: &Name,
    cx: &mut Context,
) -> Result<Write, ErrorCode> {
    if group.state() == GroupState::Dead {
        return Ok(Write::nothing());
    }
    if group.pending_join.contains(member) {
        group.remove(member);
        return group.complete_if_all_joined(cx);
    }
    if group.members.get(member).is_none_or(super::member::Member::has_satisfied_heartbeat) {
        return Ok(Write::nothing());
    }
    // A new member's join may be parked: it hears that it is unknown, and joins again if it lives.
    let response = JoinGroupResponse {
        error_code: ErrorCode::UnknownMemberId,
        ..JoinGroupResponse::default()
    };
    group.complete_join(member, response, cx);
    group.drop_member(member, RemovalReason::SessionExpired, cx);
    match group.state() {
        GroupState::Stable | GroupState::CompletingRebalance => {
            group.rebalance_or_complete_join(RebalanceReason::SessionExpired, cx)
        }
        _ => group.complete_if_all_joined(cx),
    }
}

impl ClassicGroup {
    /// Ends the join phase if nobody is missing any more. Unlike joins and leaves, the end of a
    /// session does so in the initial delay, too.
    fn complete_if_all_joined(&mut self, cx: &mut Context) -> Result<Write, ErrorCode> {
        if self.state() == GroupState::PreparingRebalance && self.has_all_members_joined() {
            self.complete_join_phase(cx)
        } else {
            Ok(Write::nothing())
        }
    }
}
