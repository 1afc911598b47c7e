//! The way of classic requests to a consumer group.

use super::join::join;
use crate::coordinator::classic::Join;
use crate::coordinator::consumer::group::ConsumerGroup;
use crate::coordinator::consumer::outcome::Outcome;
use crate::coordinator::effect::{Effect, Ticket};
use crate::coordinator::group::Group;
use crate::coordinator::shard::Shard;
use crate::coordinator::write::{ErrorAnswer, OnError, Then, Write};
use crate::kernel::time::Instant;
use crate::model::Name;
use crate::model::error::ErrorCode;
use crate::model::message::group::{
    HeartbeatRequest, LeaveGroupRequest, LeaveGroupResponse, SyncGroupRequest,
};
use crate::model::record::Record;

impl Shard {
    /// `JoinGroup` for a consumer group that has members.
    pub(in crate::coordinator) fn join_consumer_group(
        &mut self,
        now: Instant,
        wants: &mut Join,
        out: &mut Vec<Effect>,
    ) {
        let on_error = OnError { ticket: wants.ticket, answer: ErrorAnswer::Join };
        let id = wants.request.group_id.clone();
        let mut outcome = Outcome::default();
        let joined = self.consumer_group(&id).ok_or(ErrorCode::UnknownServerError);
        let joined = joined.and_then(|group| {
            let around = self.surroundings(now, &id);
            let uuids = &mut *wants.uuids;
            join(group, &wants.request, wants.client, around, uuids, &mut outcome)
        });
        let records = self.settle(now, &id, outcome);
        let write = match joined {
            Ok(joined) if joined.at_once => {
                return self.tickets.answer(wants.ticket, joined.response.into(), out);
            }
            Ok(joined) => {
                let then = Then::Timers { group: id, timers: joined.timers };
                let reply = Some((wants.ticket, joined.response.into()));
                Ok(Write { records, apply: true, reply, then })
            }
            Err(code) => Err(code),
        };
        self.finish(now, write, Some(on_error), out);
    }

    /// An empty consumer group makes room for a classic one: the records that say so. It is gone at
    /// once, in Kafka too.
    pub(in crate::coordinator) fn displace(&mut self, id: &Name) -> Vec<Record> {
        let Some(tombstones) = self.consumer_group(id).and_then(ConsumerGroup::tombstones) else {
            return Vec::new();
        };
        if let Some(Group::Consumer(group)) = self.groups.remove(id) {
            self.displaced.push(*group);
        }
        tombstones
    }

    /// `SyncGroup` for a consumer group that has members.
    pub(in crate::coordinator) fn sync_consumer_group(
        &mut self,
        now: Instant,
        ticket: Ticket,
        request: &SyncGroupRequest,
    ) -> Result<Write, ErrorCode> {
        let id = &request.group_id;
        let mut outcome = Outcome::default();
        let group = self.consumer_group(id).ok_or(ErrorCode::UnknownMemberId)?;
        let synced = group.sync(request, &self.image, &mut outcome);
        self.settle(now, id, outcome);
        let (response, timers) = synced?;
        let then = Then::Timers { group: id.clone(), timers };
        Ok(Write { then, ..Write::reply(ticket, response) })
    }

    /// Heartbeat for a consumer group: the error to answer.
    pub(in crate::coordinator) fn heartbeat_consumer_group(
        &mut self,
        now: Instant,
        request: &HeartbeatRequest,
    ) -> Result<ErrorCode, ErrorCode> {
        let mut outcome = Outcome::default();
        let group = self.consumer_group(&request.group_id);
        let group = group.ok_or(ErrorCode::UnknownMemberId)?;
        let answer = group.classic_heartbeat(request, &mut outcome);
        self.settle(now, &request.group_id, outcome);
        answer
    }

    /// `LeaveGroup` for a consumer group.
    pub(in crate::coordinator) fn leave_consumer_group(
        &mut self,
        now: Instant,
        id: &Name,
        ticket: Ticket,
        request: &LeaveGroupRequest,
    ) -> Result<Write, ErrorCode> {
        let mut outcome = Outcome::default();
        let group = self.consumer_group(id).ok_or(ErrorCode::UnknownMemberId)?;
        let around = self.surroundings(now, id);
        let response: LeaveGroupResponse = group.leave_classic(request, &around, &mut outcome)?;
        let records = self.settle(now, id, outcome);
        Ok(Write { records, ..Write::reply(ticket, response) })
    }
}
