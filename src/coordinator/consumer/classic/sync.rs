//! `SyncGroup` of a member of the classic protocol
//! (`GroupMetadataManager.classicGroupSyncToConsumerGroup`).

use super::downgrade::to_classic;
use crate::coordinator::consumer::group::ConsumerGroup;
use crate::coordinator::consumer::member::Member;
use crate::coordinator::consumer::outcome::{Outcome, Timer};
use crate::coordinator::consumer::state::MemberState;
use crate::coordinator::image::TopicImage;
use crate::model::Name;
use crate::model::error::ErrorCode;
use crate::model::message::group::{SyncGroupRequest, SyncGroupResponse};
use crate::model::record::consumer::ClassicMemberValue;
use std::sync::Arc;

impl ConsumerGroup {
    /// The member of the classic protocol that a request speaks for.
    pub(in crate::coordinator::consumer) fn classic_member(
        &self,
        id: &Name,
        instance: Option<&Name>,
    ) -> Result<(&Arc<Member>, &ClassicMemberValue), ErrorCode> {
        let unknown = ErrorCode::UnknownMemberId;
        let member = match instance {
            None => self.member(id).ok_or(unknown)?,
            instance => {
                let known = self.static_member_id(instance).ok_or(unknown)?;
                let member = self.member(known).ok_or(unknown)?;
                if member.id != *id {
                    return Err(ErrorCode::FencedInstanceId);
                }
                member
            }
        };
        Ok((member, member.classic.as_deref().ok_or(unknown)?))
    }

    /// The answer to a `SyncGroup`, and timers to set when it is given.
    pub(in crate::coordinator::consumer) fn sync(
        &self,
        request: &SyncGroupRequest,
        image: &TopicImage,
        out: &mut Outcome,
    ) -> Result<(SyncGroupResponse, Vec<Timer>), ErrorCode> {
        let instance = request.group_instance_id.as_ref();
        let (member, classic) = self.classic_member(&request.member_id, instance)?;
        if member.epoch != request.generation_id {
            return Err(ErrorCode::IllegalGeneration);
        }
        let first = classic.supported_protocols.first();
        let differs = |name: &Name| first.is_none_or(|protocol| protocol.name != *name);
        if request.protocol_type.as_deref().is_some_and(|kind| kind != "consumer")
            || request.protocol_name.as_ref().is_some_and(differs)
        {
            return Err(ErrorCode::InconsistentGroupProtocol);
        }
        if self.targets.epoch > member.epoch && member.state != MemberState::UnrevokedPartitions {
            let timeout_ms = member.rebalance_timeout_ms;
            out.timers.push(Timer::AwaitJoin { member: member.id.clone(), timeout_ms });
            return Err(ErrorCode::RebalanceInProgress);
        }
        let partitions =
            member.assigned.iter().map(|(&topic, p)| (topic, p.keys().copied().collect()));
        let response = SyncGroupResponse {
            error_code: ErrorCode::None,
            protocol_type: request.protocol_type.clone(),
            protocol_name: request.protocol_name.clone(),
            assignment: to_classic(partitions, first.map(|protocol| &protocol.metadata), image)?,
        };
        let (member, timeout_ms) = (request.member_id.clone(), classic.session_timeout_ms);
        let session = Timer::ClassicSession { member: member.clone(), timeout_ms };
        Ok((response, vec![Timer::Synced(member), session]))
    }
}
