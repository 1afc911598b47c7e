//! Requests: the checks before the group is asked, and the way to it (`GroupCoordinatorService`).

use super::classic::Join;
use super::classic::group::{ClassicGroup, Context};
use super::classic::state::GroupState;
use super::effect::{Effect, Ticket};
use super::serving::Serving;
use super::shard::Shard;
use super::write::{ErrorAnswer, OnError, Write};
use crate::kernel::time::Instant;
use crate::model::Name;
use crate::model::error::ErrorCode;
use crate::model::message::group::{
    HeartbeatRequest, HeartbeatResponse, JoinGroupResponse, LeaveGroupRequest, SyncGroupRequest,
};
use crate::model::message::{Request, RequestContext, Response};
use crate::model::record::Record;
use crate::model::uuid::Uuid;

impl Shard {
    /// A request for a group of this partition. The ticket names it in the reply, which may come
    /// now or with a later input; `uuids` gives new members their ids.
    pub fn handle(
        &mut self,
        now: Instant,
        ticket: Ticket,
        client: &RequestContext,
        request: Request,
        uuids: &mut dyn FnMut() -> Uuid,
        out: &mut Vec<Effect>,
    ) {
        self.tickets.open(ticket);
        if self.serving != Serving::Active {
            return self.refuse(ticket, client, request, out);
        }
        match request {
            Request::JoinGroup(request) => {
                let request = *request;
                self.join(now, Join { ticket, client, request, uuids }, out);
            }
            Request::SyncGroup(request) => self.sync(now, ticket, *request, out),
            Request::Heartbeat(request) => self.heartbeat(now, ticket, &request, out),
            Request::LeaveGroup(request) => self.leave(now, ticket, *request, out),
            Request::ConsumerGroupHeartbeat(request) => {
                self.consumer_heartbeat(now, ticket, client, &request, uuids, out);
            }
            Request::ShareGroupHeartbeat(request) => {
                self.share_heartbeat(now, ticket, client, &request, out);
            }
            Request::OffsetCommit(request) => self.commit(now, ticket, client, request, out),
            Request::OffsetFetch(request) => self.fetch_offsets(now, ticket, &request, out),
            Request::TxnOffsetCommit(request) => {
                self.commit_in_transaction(now, ticket, request, out);
            }
            Request::EndTransaction(request) => self.end_transaction(now, ticket, &request, out),
            Request::OffsetDelete(request) => self.delete_offsets(now, ticket, &request, out),
            Request::DescribeGroups(groups) => {
                let groups = self.describe(&groups, client.api_version);
                self.tickets.answer(ticket, Response::DescribeGroups(groups), out);
            }
            Request::ConsumerGroupDescribe(groups) => {
                let groups = self.describe_consumer_groups(groups);
                self.tickets.answer(ticket, Response::ConsumerGroupDescribe(groups), out);
            }
            Request::ShareGroupDescribe(groups) => {
                let groups = self.describe_share_groups(groups);
                self.tickets.answer(ticket, Response::ShareGroupDescribe(groups), out);
            }
            Request::ListGroups => {
                self.tickets.answer(ticket, Response::ListGroups(self.list()), out);
            }
            Request::DeleteGroups(groups) => self.delete(now, ticket, groups, out),
            Request::Fetch(_)
            | Request::ListOffsets(_)
            | Request::OffsetForLeaderEpoch(_)
            | Request::Metadata
            | Request::FindCoordinator(_) => unreachable!("not a coordinator's request"),
        }
    }

    fn join(&mut self, now: Instant, mut join: Join, out: &mut Vec<Effect>) {
        let (ticket, request) = (join.ticket, &join.request);
        let (group_id, mut member_id) = (request.group_id.clone(), request.member_id.clone());
        let bounds = self.config.min_session_timeout_ms..=self.config.max_session_timeout_ms;
        if !group_id.is_empty()
            && bounds.contains(&request.session_timeout_ms)
            && self.consumer_group(&group_id).is_some_and(|group| !group.members.is_empty())
        {
            return self.join_consumer_group(now, &mut join, out);
        }
        let makes_room = if group_id.is_empty() || !bounds.contains(&request.session_timeout_ms) {
            Vec::new()
        } else {
            self.displace(&group_id)
        };
        let known = self.groups.contains_key(&group_id);
        let other_kind = known && self.classic_group(&group_id).is_none();
        let refusal = if group_id.is_empty() {
            Some(ErrorCode::InvalidGroupId)
        } else if !bounds.contains(&request.session_timeout_ms) {
            Some(ErrorCode::InvalidSessionTimeout)
        } else if !known && !member_id.is_empty() {
            // Only somebody new can found a group.
            Some(ErrorCode::UnknownMemberId)
        } else if other_kind {
            member_id = "".into();
            Some(ErrorCode::InconsistentGroupProtocol)
        } else {
            None
        };
        if let Some(error_code) = refusal {
            let response =
                JoinGroupResponse { error_code, member_id, ..JoinGroupResponse::default() };
            return self.tickets.answer(ticket, response.into(), out);
        }
        if !known {
            self.create_group(now, &group_id);
        }
        let outcome = self.with_group(now, &group_id, out, |group, cx| {
            let outcome = group.join(join, cx);
            if known { outcome } else { outcome.map(|write| found(group, makes_room, write)) }
        });
        if outcome.as_ref().is_some_and(|o| !known && o.is_err()) {
            self.groups.remove(&group_id);
        }
        let on_error = OnError { ticket, answer: ErrorAnswer::Join };
        self.finish(now, outcome.expect("the group exists"), Some(on_error), out);
    }

    fn sync(
        &mut self,
        now: Instant,
        ticket: Ticket,
        request: SyncGroupRequest,
        out: &mut Vec<Effect>,
    ) {
        let group_id = request.group_id.clone();
        let outcome = if self.consumer_group(&group_id).is_some() {
            self.sync_consumer_group(now, ticket, &request)
        } else {
            self.with_members(now, &group_id, out, |group, cx| group.sync(ticket, request, cx))
        };
        self.finish(now, outcome, Some(OnError { ticket, answer: ErrorAnswer::Sync }), out);
    }

    /// Runs `f` on a group that has members.
    fn with_members(
        &mut self,
        now: Instant,
        group_id: &Name,
        out: &mut Vec<Effect>,
        f: impl FnOnce(&mut ClassicGroup, &mut Context) -> Result<Write, ErrorCode>,
    ) -> Result<Write, ErrorCode> {
        if group_id.is_empty() {
            return Err(ErrorCode::InvalidGroupId);
        }
        let group = self.classic_group(group_id);
        if group.is_none_or(|group| group.state() == GroupState::Empty) {
            return Err(ErrorCode::UnknownMemberId);
        }
        self.with_group(now, group_id, out, f).expect("just seen")
    }

    fn heartbeat(
        &mut self,
        now: Instant,
        ticket: Ticket,
        request: &HeartbeatRequest,
        out: &mut Vec<Effect>,
    ) {
        let answered = if request.group_id.is_empty() {
            Some(ErrorCode::InvalidGroupId)
        } else if self.consumer_group(&request.group_id).is_some() {
            Some(self.heartbeat_consumer_group(now, request).unwrap_or_else(|code| code))
        } else {
            self.with_group(now, &request.group_id, out, |group, cx| group.heartbeat(request, cx))
        };
        let error_code = answered.unwrap_or(ErrorCode::UnknownMemberId);
        // What Kafka throws leaves at once; what it returns waits for earlier writes.
        let outcome = match error_code {
            ErrorCode::None | ErrorCode::RebalanceInProgress => {
                Ok(Write::reply(ticket, HeartbeatResponse { error_code }))
            }
            error => Err(error),
        };
        let on_error = OnError { ticket, answer: ErrorAnswer::Heartbeat };
        self.finish(now, outcome, Some(on_error), out);
    }

    fn leave(
        &mut self,
        now: Instant,
        ticket: Ticket,
        request: LeaveGroupRequest,
        out: &mut Vec<Effect>,
    ) {
        let outcome = if request.group_id.is_empty() {
            Err(ErrorCode::InvalidGroupId)
        } else if self.consumer_group(&request.group_id).is_some() {
            let id = request.group_id.clone();
            self.leave_consumer_group(now, &id, ticket, &request)
        } else {
            self.with_group(now, &request.group_id, out, |group, cx| {
                group.leave(ticket, &request, cx)
            })
            .unwrap_or(Err(ErrorCode::UnknownMemberId))
        };
        let on_error = OnError { ticket, answer: ErrorAnswer::Leave(request) };
        self.finish(now, outcome, Some(on_error), out);
    }
}

/// The first operation on a group writes that it exists, unless it writes something else.
/// `makes_room` are tombstones of the group that was there before.
fn found(group: &ClassicGroup, makes_room: Vec<Record>, write: Write) -> Write {
    if !write.is_nothing() {
        return write;
    }
    let mut records = makes_room;
    records.push(group.creation_record());
    Write { records, ..Write::default() }
}
