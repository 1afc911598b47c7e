//! `LeaveGroup` for a consumer group: of classic members, and of static ones by an administrator
//! (`GroupMetadataManager.classicGroupLeaveToConsumerGroup`).

use crate::coordinator::consumer::fence::fence;
use crate::coordinator::consumer::group::ConsumerGroup;
use crate::coordinator::consumer::heartbeat::Surroundings;
use crate::coordinator::consumer::member::Member;
use crate::coordinator::consumer::outcome::Outcome;
use crate::model::error::ErrorCode;
use crate::model::message::group::{
    LeaveGroupRequest, LeaveGroupResponse, MemberIdentity, MemberResponse,
};
use std::sync::Arc;

impl ConsumerGroup {
    fn who_leaves(&self, identity: &MemberIdentity) -> Result<&Arc<Member>, ErrorCode> {
        let unknown = ErrorCode::UnknownMemberId;
        let Some(instance) = &identity.group_instance_id else {
            return self.member(&identity.member_id).ok_or(unknown);
        };
        let id = self.static_member_id(Some(instance)).ok_or(unknown)?;
        let member = self.member(id).ok_or(unknown)?;
        if !identity.member_id.is_empty() && member.id != identity.member_id {
            return Err(ErrorCode::FencedInstanceId);
        }
        Ok(member)
    }

    /// The answer to a `LeaveGroup`.
    pub(in crate::coordinator::consumer) fn leave_classic(
        &self,
        request: &LeaveGroupRequest,
        around: &Surroundings,
        out: &mut Outcome,
    ) -> Result<LeaveGroupResponse, ErrorCode> {
        let mut leaving: Vec<Arc<Member>> = Vec::new();
        let mut members = Vec::with_capacity(request.members.len());
        for identity in &request.members {
            let who = self.who_leaves(identity);
            if let Ok(member) = who
                && !leaving.iter().any(|known| known.id == member.id)
            {
                leaving.push(member.clone());
            }
            members.push(MemberResponse {
                member_id: identity.member_id.clone(),
                group_instance_id: identity.group_instance_id.clone(),
                error_code: who.err().unwrap_or_default(),
            });
        }
        fence(self, &leaving, around, out)?;
        Ok(LeaveGroupResponse { members, ..LeaveGroupResponse::default() })
    }
}
