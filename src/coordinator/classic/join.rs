//! `JoinGroup` (kafka-semantics 3.2 to 3.6; `GroupMetadataManager.classicGroupJoin…`).

use super::group::{ClassicGroup, Context};
use super::member::{Member, millis};
use super::state::GroupState;
use crate::coordinator::effect::{Note, Ticket};
use crate::coordinator::timer::{TimerEvent, TimerName};
use crate::coordinator::write::Write;
use crate::model::Name;
use crate::model::consumer_protocol::ProtocolBytes;
use crate::model::error::ErrorCode;
use crate::model::fact::{RebalanceReason, RemovalReason};
use crate::model::message::RequestContext;
use crate::model::message::group::{JoinGroupRequest, JoinGroupResponse};
use crate::model::uuid::Uuid;

/// From this version on a new member must first be given an id (KIP-394).
const MEMBER_ID_REQUIRED_VERSION: i16 = 4;

/// A `JoinGroup` on its way through the group.
pub(in crate::coordinator) struct Join<'a> {
    pub ticket: Ticket,
    pub client: &'a RequestContext,
    pub request: JoinGroupRequest,
    /// Gives a new member its id.
    pub uuids: &'a mut dyn FnMut() -> Uuid,
}

/// An answer that says what is wrong, and to whom.
fn refusal(member_id: impl Into<Name>, error_code: ErrorCode) -> JoinGroupResponse {
    JoinGroupResponse { member_id: member_id.into(), error_code, ..JoinGroupResponse::default() }
}

impl ClassicGroup {
    /// A `JoinGroup` for this group.
    pub(in crate::coordinator) fn join(
        &mut self,
        join: Join,
        cx: &mut Context,
    ) -> Result<Write, ErrorCode> {
        let ticket = join.ticket;
        if !self.accepts(&join.request.member_id, cx.config.group_max_size) {
            self.drop_member(&join.request.member_id.clone(), RemovalReason::GroupFull, cx);
            cx.reply(ticket, refusal("", ErrorCode::GroupMaxSizeReached));
            return Ok(Write::nothing());
        }
        let new = join.request.member_id.is_empty();
        let told = if new { "".into() } else { join.request.member_id.clone() };
        if self.state() == GroupState::Dead {
            cx.reply(ticket, refusal(told, ErrorCode::CoordinatorNotAvailable));
            Ok(Write::nothing())
        } else if !self.supports(&join.request.protocol_type, &join.request.protocols) {
            cx.reply(ticket, refusal(told, ErrorCode::InconsistentGroupProtocol));
            Ok(Write::nothing())
        } else if new {
            self.join_new(join, cx)
        } else {
            self.join_known(join, cx)
        }
    }

    /// Whether there is room. While a rebalance is prepared the first to join keep their seats.
    fn accepts(&self, member: &Name, max_size: usize) -> bool {
        match self.state() {
            GroupState::Empty | GroupState::Dead => true,
            GroupState::PreparingRebalance => {
                self.members.get(member).is_some_and(|m| m.awaiting_join.is_some())
                    || self.awaiting_join < max_size
            }
            GroupState::CompletingRebalance | GroupState::Stable => {
                self.members.contains_key(member) || self.members.len() < max_size
            }
        }
    }

    fn join_new(&mut self, join: Join, cx: &mut Context) -> Result<Write, ErrorCode> {
        let prefix = join.request.group_instance_id.as_ref().unwrap_or(&join.client.client_id);
        let id: Name = format!("{prefix}-{}", (join.uuids)().hyphenated()).into();
        if let Some(instance) = &join.request.group_instance_id {
            return match self.static_members.get(instance).cloned() {
                Some(old) => self.replace_static(join, &old, &id, cx),
                None => self.add_member(join, &id, cx),
            };
        }
        if join.client.api_version < MEMBER_ID_REQUIRED_VERSION {
            return self.add_member(join, &id, cx);
        }
        self.pending_join.insert(id.clone());
        self.expect_within(&id, millis(join.request.session_timeout_ms), cx);
        cx.reply(join.ticket, refusal(id, ErrorCode::MemberIdRequired));
        Ok(Write::nothing())
    }

    fn join_known(&mut self, join: Join, cx: &mut Context) -> Result<Write, ErrorCode> {
        let id = join.request.member_id.clone();
        if self.pending_join.contains(&id) {
            // Ids are only given out to dynamic members; Kafka throws.
            if join.request.group_instance_id.is_some() {
                return Err(ErrorCode::UnknownServerError);
            }
            return self.add_member(join, &id, cx);
        }
        if let Err(code) = self.validate_member(&id, join.request.group_instance_id.as_ref()) {
            let response = JoinGroupResponse { protocol_name: None, ..refusal(id, code) };
            cx.reply(join.ticket, response);
            return Ok(Write::nothing());
        }
        let unchanged =
            self.members.get(&id).is_some_and(|m| m.protocols == join.request.protocols);
        match self.state() {
            GroupState::CompletingRebalance if unchanged => {
                // Perhaps the member lost the answer to its join.
                let mut response = self.join_response(&id);
                if self.is_leader(&id) {
                    response.members = self.members_for_leader()?;
                }
                cx.reply(join.ticket, response);
                Ok(Write::nothing())
            }
            GroupState::Stable if unchanged && !self.is_leader(&id) => {
                cx.reply(join.ticket, self.join_response(&id));
                Ok(Write::nothing())
            }
            // A leader rejoins when it sees other topics or partitions.
            GroupState::PreparingRebalance
            | GroupState::CompletingRebalance
            | GroupState::Stable => self.rejoin(join, cx),
            GroupState::Empty | GroupState::Dead => {
                cx.reply(join.ticket, refusal(id, ErrorCode::UnknownMemberId));
                Ok(Write::nothing())
            }
        }
    }

    fn rejoin(&mut self, join: Join, cx: &mut Context) -> Result<Write, ErrorCode> {
        let timeouts = (join.request.rebalance_timeout_ms, join.request.session_timeout_ms);
        let id = &join.request.member_id;
        self.update_member(id, join.request.protocols, timeouts, Some(join.ticket));
        self.rebalance_or_complete_join(RebalanceReason::MemberRejoined, cx)
    }

    fn add_member(&mut self, join: Join, id: &Name, cx: &mut Context) -> Result<Write, ErrorCode> {
        let Join { ticket, client, request, .. } = join;
        let initial = self.state() == GroupState::PreparingRebalance
            && self.previous_state() == GroupState::Empty;
        self.new_member_added |= initial;
        let member = Member {
            id: id.clone(),
            instance: request.group_instance_id,
            client_id: client.client_id.clone(),
            client_host: client.client_host.clone(),
            rebalance_timeout_ms: request.rebalance_timeout_ms,
            session_timeout_ms: request.session_timeout_ms,
            protocols: request.protocols,
            assignment: ProtocolBytes::Empty,
            awaiting_join: Some(ticket),
            awaiting_sync: None,
            is_new: true,
        };
        self.add(member, request.protocol_type);
        let client_id = client.client_id.clone();
        cx.note(Note::MemberAdded { group: self.id.clone(), member: id.clone(), client_id });
        // It cannot heartbeat while its join is parked, and a client that gave up would join
        // again under another id; so it is expected back within a time of its own.
        let name = TimerName::Session(self.id.clone(), id.clone());
        let deadline = cx.now + cx.config.new_member_join_timeout;
        cx.timers.schedule(&name, deadline, TimerEvent::ExpireSession);
        self.rebalance_or_complete_join(RebalanceReason::MemberJoined, cx)
    }
}
