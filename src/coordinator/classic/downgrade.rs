//! A classic group that takes the place of a consumer group (`ClassicGroup.fromConsumerGroup`).

use super::group::{CONSUMER_PROTOCOL_TYPE, ClassicGroup, Context};
use super::member::Member;
use super::state::GroupState;
use crate::model::Name;
use crate::model::consumer_protocol::ProtocolBytes;
use crate::model::error::ErrorCode;
use crate::model::fact::RebalanceReason;
use crate::model::record::Record;
use std::collections::BTreeMap;

impl ClassicGroup {
    /// Adds a member of the consumer group.
    pub(in crate::coordinator) fn take_over(&mut self, member: Member) {
        self.add(member, CONSUMER_PROTOCOL_TYPE.into());
    }

    /// All members are there: the group is stable at this generation, with nobody leading.
    pub(in crate::coordinator) fn settle(
        &mut self,
        generation: i32,
        clock_ms: i64,
    ) -> Result<(), ErrorCode> {
        self.generation = generation;
        self.protocol = Some(self.select_protocol().ok_or(ErrorCode::UnknownServerError)?);
        self.subscribed_topics = self.compute_subscribed_topics()?;
        self.restore_state(GroupState::Stable, Some(clock_ms));
        Ok(())
    }

    /// Gives a member its part, made for its subscription.
    pub(in crate::coordinator) fn assign(
        &mut self,
        id: &Name,
        part: impl FnOnce(Option<&ProtocolBytes>) -> Result<ProtocolBytes, ErrorCode>,
    ) -> Result<(), ErrorCode> {
        let protocol = self.protocol.clone().unwrap_or_default();
        if let Some(member) = self.members.get_mut(id) {
            member.assignment = part(member.metadata(&protocol))?;
        }
        Ok(())
    }

    /// The group with its members and their assignment.
    pub(in crate::coordinator) fn full_record(&self) -> Result<Record, ErrorCode> {
        let members = self.members.values();
        let assignment: BTreeMap<_, _> =
            members.map(|member| (member.id.clone(), member.assignment.clone())).collect();
        self.metadata_record(&assignment)
    }

    /// The group stands in the consumer group's place: sessions begin, and perhaps a rebalance.
    pub(in crate::coordinator) fn take_place(&mut self, rebalance: bool, cx: &mut Context) {
        for id in self.member_ids() {
            self.restart_session(&id, cx);
        }
        if rebalance {
            // Kafka drops what this would write.
            let _ = self.prepare_rebalance(RebalanceReason::MemberLeft, cx);
        }
    }
}
