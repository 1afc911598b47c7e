//! Heartbeat of a member of the classic protocol
//! (`GroupMetadataManager.classicGroupHeartbeatToConsumerGroup`).

use crate::coordinator::consumer::group::ConsumerGroup;
use crate::coordinator::consumer::member::Member;
use crate::coordinator::consumer::outcome::{Outcome, Timer};
use crate::coordinator::consumer::state::MemberState;
use crate::coordinator::modern::owners::NOBODY;
use crate::coordinator::modern::partitions::holds;
use crate::model::error::ErrorCode;
use crate::model::message::group::HeartbeatRequest;

impl ConsumerGroup {
    /// The error to answer a Heartbeat with.
    pub(in crate::coordinator::consumer) fn classic_heartbeat(
        &self,
        request: &HeartbeatRequest,
        out: &mut Outcome,
    ) -> Result<ErrorCode, ErrorCode> {
        let instance = request.group_instance_id.as_ref();
        let (member, classic) = self.classic_member(&request.member_id, instance)?;
        if member.epoch != request.generation_id {
            return Err(ErrorCode::IllegalGeneration);
        }
        let timeout_ms = classic.session_timeout_ms;
        out.timers.push(Timer::ClassicSession { member: member.id.clone(), timeout_ms });
        let rejoin = member.epoch < self.targets.epoch
            || member.state == MemberState::UnrevokedPartitions
            || (member.state == MemberState::UnreleasedPartitions && !self.is_blocked(member));
        if !rejoin {
            return Ok(ErrorCode::None);
        }
        let timeout_ms = member.rebalance_timeout_ms;
        out.timers.push(Timer::AwaitJoin { member: member.id.clone(), timeout_ms });
        Ok(ErrorCode::RebalanceInProgress)
    }

    /// Whether another member has something that this one is to own.
    fn is_blocked(&self, member: &Member) -> bool {
        let target = self.targets.of(&member.id);
        target.iter().any(|part| {
            let missing =
                part.partitions.iter().filter(|&&p| !holds(&member.assigned, part.topic, p));
            missing.into_iter().any(|&p| self.owners.epoch(part.topic, p) != NOBODY)
        })
    }
}
