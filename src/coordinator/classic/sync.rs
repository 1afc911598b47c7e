//! `SyncGroup` (kafka-semantics 3.10; `GroupMetadataManager.classicGroupSync…`).

use super::group::{ClassicGroup, Context};
use super::state::GroupState;
use crate::coordinator::effect::{Note, Ticket};
use crate::coordinator::timer::TimerName;
use crate::coordinator::write::{Then, Write};
use crate::model::Name;
use crate::model::consumer_protocol::ProtocolBytes;
use crate::model::error::ErrorCode;
use crate::model::fact::{RebalanceReason, RemovalReason};
use crate::model::message::group::{SyncGroupRequest, SyncGroupResponse};
use std::collections::BTreeMap;

/// Whether both name something and not the same.
fn differ(requested: Option<&Name>, group: Option<&Name>) -> bool {
    requested.zip(group).is_some_and(|(requested, group)| requested != group)
}

impl ClassicGroup {
    /// A `SyncGroup` for this group.
    pub(in crate::coordinator) fn sync(
        &mut self,
        ticket: Ticket,
        request: SyncGroupRequest,
        cx: &mut Context,
    ) -> Result<Write, ErrorCode> {
        let refuse = |cx: &mut Context, error_code| {
            cx.reply(ticket, SyncGroupResponse { error_code, ..SyncGroupResponse::default() });
            Ok(Write::nothing())
        };
        if let Err(code) = self.validate_sync(&request) {
            return refuse(cx, code);
        }
        match self.state() {
            GroupState::PreparingRebalance => refuse(cx, ErrorCode::RebalanceInProgress),
            GroupState::CompletingRebalance => self.park_sync(ticket, request, cx),
            GroupState::Stable => {
                self.has_synced(&request.member_id, cx);
                cx.reply(ticket, self.sync_response(&request.member_id));
                Ok(Write::nothing())
            }
            GroupState::Empty | GroupState::Dead => Err(ErrorCode::UnknownServerError),
        }
    }

    fn validate_sync(&self, request: &SyncGroupRequest) -> Result<(), ErrorCode> {
        if self.state() == GroupState::Dead {
            return Err(ErrorCode::CoordinatorNotAvailable);
        }
        self.validate_member(&request.member_id, request.group_instance_id.as_ref())?;
        if request.generation_id != self.generation {
            Err(ErrorCode::IllegalGeneration)
        } else if differ(request.protocol_type.as_ref(), self.protocol_type.as_ref())
            || differ(request.protocol_name.as_ref(), self.protocol.as_ref())
        {
            Err(ErrorCode::InconsistentGroupProtocol)
        } else {
            Ok(())
        }
    }

    fn park_sync(
        &mut self,
        ticket: Ticket,
        request: SyncGroupRequest,
        cx: &mut Context,
    ) -> Result<Write, ErrorCode> {
        let id = &request.member_id;
        self.members.get_mut(id).expect("validated").awaiting_sync = Some(ticket);
        self.has_synced(id, cx);
        if !self.is_leader(id) {
            return Ok(Write::nothing());
        }
        let mut assignment: BTreeMap<Name, ProtocolBytes> =
            request.assignments.into_iter().map(|a| (a.member_id, a.assignment)).collect();
        for member in self.members.keys() {
            assignment.entry(member.clone()).or_default();
        }
        let record = self.metadata_record(&assignment)?;
        let then = Then::Assign { group: self.id.clone(), generation: self.generation, assignment };
        Ok(Write { records: vec![record], then, ..Write::default() })
    }

    /// The member has synced; when all have, nobody is waited for.
    fn has_synced(&mut self, id: &Name, cx: &mut Context) {
        self.pending_sync.remove(id);
        if self.pending_sync.is_empty() {
            cx.timers.cancel(&TimerName::Sync(self.id.clone()));
        }
    }

    fn sync_response(&self, member: &Name) -> SyncGroupResponse {
        SyncGroupResponse {
            error_code: ErrorCode::None,
            protocol_type: self.protocol_type.clone(),
            protocol_name: self.protocol.clone(),
            assignment: self.members.get(member).expect("a member").assignment.clone(),
        }
    }

    /// The leader's assignment is committed, or lost. If the group has moved on meanwhile, nothing
    /// happens.
    pub(in crate::coordinator) fn finish_assignment(
        &mut self,
        generation: i32,
        mut assignment: BTreeMap<Name, ProtocolBytes>,
        written: Result<(), ErrorCode>,
        cx: &mut Context,
    ) {
        if self.state() != GroupState::CompletingRebalance || self.generation != generation {
            return;
        }
        match written {
            Ok(()) => {
                for id in self.member_ids() {
                    let part = assignment.remove(&id).unwrap_or_default();
                    self.members.get_mut(&id).expect("a member").assignment = part;
                }
                self.answer_syncs(ErrorCode::None, cx);
                self.transition(GroupState::Stable, cx.config.clock_ms(cx.now));
                cx.note(Note::Stable { group: self.id.clone(), generation });
            }
            Err(code) => {
                let code = code.of_failed_write();
                self.reset_assignment(code, cx);
                // Kafka drops what this would write: nobody waits for it.
                let _ = self.rebalance_or_complete_join(RebalanceReason::WriteFailed(code), cx);
            }
        }
    }

    /// Answers all parked syncs. Their members' sessions begin anew: an end of the session that
    /// fell into the wait has been passed over.
    pub(super) fn answer_syncs(&mut self, error_code: ErrorCode, cx: &mut Context) {
        for id in self.member_ids() {
            let response = if error_code.is_none() {
                self.sync_response(&id)
            } else {
                SyncGroupResponse { error_code, ..SyncGroupResponse::default() }
            };
            if self.complete_sync(&id, response, cx) {
                self.restart_session(&id, cx);
            }
        }
    }

    /// The time to sync is over: who did not is out, static members too.
    pub(in crate::coordinator) fn expire_sync(
        &mut self,
        generation: i32,
        cx: &mut Context,
    ) -> Result<Write, ErrorCode> {
        let waiting = matches!(self.state(), GroupState::CompletingRebalance | GroupState::Stable);
        if generation != self.generation || !waiting || self.pending_sync.is_empty() {
            return Ok(Write::nothing());
        }
        for id in std::mem::take(&mut self.pending_sync) {
            self.drop_member(&id, RemovalReason::SyncTimeout, cx);
            self.cancel_session(&id, cx);
        }
        self.prepare_rebalance(RebalanceReason::SyncExpired, cx)
    }
}
