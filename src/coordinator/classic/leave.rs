//! `LeaveGroup` (kafka-semantics 3.12; `GroupMetadataManager.classicGroupLeave…`).

use super::group::{ClassicGroup, Context};
use super::state::GroupState;
use crate::coordinator::effect::Ticket;
use crate::coordinator::write::Write;
use crate::model::Name;
use crate::model::error::ErrorCode;
use crate::model::fact::{RebalanceReason, RemovalReason};
use crate::model::message::group::{
    JoinGroupResponse, LeaveGroupRequest, LeaveGroupResponse, MemberIdentity, MemberResponse,
};

impl ClassicGroup {
    /// A `LeaveGroup` for this group.
    pub(in crate::coordinator) fn leave(
        &mut self,
        ticket: Ticket,
        request: &LeaveGroupRequest,
        cx: &mut Context,
    ) -> Result<Write, ErrorCode> {
        if self.state() == GroupState::Dead {
            let error_code = ErrorCode::CoordinatorNotAvailable;
            let response = LeaveGroupResponse { error_code, ..LeaveGroupResponse::default() };
            return Ok(Write::reply(ticket, response));
        }
        let mut members = Vec::with_capacity(request.members.len());
        let mut anybody = false;
        for identity in &request.members {
            let left = self.leave_one(identity, cx);
            anybody |= left.is_ok();
            members.push(MemberResponse {
                member_id: identity.member_id.clone(),
                group_instance_id: identity.group_instance_id.clone(),
                error_code: left.err().unwrap_or_default(),
            });
        }
        let write = match self.state() {
            GroupState::Stable | GroupState::CompletingRebalance if anybody => {
                self.rebalance_or_complete_join(RebalanceReason::MemberLeft, cx)?
            }
            GroupState::PreparingRebalance if anybody => self.maybe_complete_join(cx)?,
            _ => Write { apply: true, ..Write::nothing() },
        };
        let response = LeaveGroupResponse { members, ..LeaveGroupResponse::default() };
        Ok(Write { reply: Some((ticket, response.into())), ..write })
    }

    fn leave_one(&mut self, identity: &MemberIdentity, cx: &mut Context) -> Result<(), ErrorCode> {
        let instance = identity.group_instance_id.as_ref();
        let id = if identity.member_id.is_empty() {
            // An administrator removes a static member without knowing its member id.
            let member = instance.and_then(|instance| self.static_members.get(instance));
            member.cloned().ok_or(ErrorCode::UnknownMemberId)?
        } else {
            identity.member_id.clone()
        };
        if self.pending_join.contains(&id) {
            self.remove(&id);
            self.cancel_session(&id, cx);
            return Ok(());
        }
        if !identity.member_id.is_empty() {
            self.validate_member(&id, instance)?;
        }
        self.leave_member(&id, cx);
        Ok(())
    }

    fn leave_member(&mut self, id: &Name, cx: &mut Context) {
        self.cancel_session(id, cx);
        // If its join is parked, the client is still there and may join again.
        let error_code = ErrorCode::UnknownMemberId;
        let response = JoinGroupResponse { error_code, ..JoinGroupResponse::default() };
        self.complete_join(id, response, cx);
        self.drop_member(id, RemovalReason::Left, cx);
    }
}
