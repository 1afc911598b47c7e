//! The way of a heartbeat, a timer or a set-up of partitions to its group, and of what they leave
//! to do.

use super::group::ShareGroup;
use super::heartbeat::{Heartbeat, Outcome};
use super::partitions::{Known, PartitionSet, name_of};
use super::{record, validate};
use crate::coordinator::effect::{Effect, Ticket};
use crate::coordinator::group::Group;
use crate::coordinator::shard::Shard;
use crate::coordinator::timer::{TimerEvent, TimerName};
use crate::coordinator::write::{ErrorAnswer, OnError, Then, Write};
use crate::kernel::time::{Instant, Span};
use crate::model::Name;
use crate::model::error::ErrorCode;
use crate::model::message::RequestContext;
use crate::model::message::consumer_group::{JOIN_EPOCH, LEAVE_EPOCH};
use crate::model::message::share_group::{ShareGroupHeartbeatRequest, ShareGroupHeartbeatResponse};
use crate::model::record::Record;
use crate::model::uuid::Uuid;

impl Shard {
    /// The share group of this name.
    pub(in crate::coordinator) fn share_group(&self, id: &Name) -> Option<&ShareGroup> {
        self.groups.get(id)?.as_share()
    }

    /// `ShareGroupHeartbeat`.
    pub(in crate::coordinator) fn share_heartbeat(
        &mut self,
        now: Instant,
        ticket: Ticket,
        client: &RequestContext,
        request: &ShareGroupHeartbeatRequest,
        out: &mut Vec<Effect>,
    ) {
        let on_error = OnError { ticket, answer: ErrorAnswer::ShareHeartbeat };
        let mut outcome = Outcome::default();
        let answer = validate::request(request).and_then(|()| match request.member_epoch {
            LEAVE_EPOCH => self.leave_share_group(request, &mut outcome),
            _ => self.run_share_heartbeat(now, client, request, &mut outcome),
        });
        let (group, member) = (&request.group_id, &request.member_id);
        if let Some(refresh) = outcome.refreshed
            && let Some(group) = self.groups.get_mut(group).and_then(Group::as_share_mut)
        {
            group.refresh = refresh;
        }
        let session = TimerName::MemberSession(group.clone(), member.clone());
        if outcome.alive {
            self.begin_share_session(now, &session);
        } else if request.member_epoch == LEAVE_EPOCH && answer.is_ok() {
            self.timers.cancel(&session);
        }
        let write = answer.map(|answer| {
            let then = if outcome.initialize.is_empty() {
                Then::Nothing
            } else {
                Then::Initialize { group: group.clone(), partitions: outcome.initialize }
            };
            let reply = Some((ticket, answer.into()));
            Write { records: outcome.records, apply: true, reply, then }
        });
        self.finish(now, write, Some(on_error), out);
    }

    fn leave_share_group(
        &self,
        request: &ShareGroupHeartbeatRequest,
        out: &mut Outcome,
    ) -> Result<ShareGroupHeartbeatResponse, ErrorCode> {
        let group = self.share_group(&request.group_id).ok_or(ErrorCode::GroupIdNotFound)?;
        let member = group.members.get(&request.member_id).ok_or(ErrorCode::UnknownMemberId)?;
        out.records = group.fence(member, &self.image);
        Ok(ShareGroupHeartbeatResponse {
            member_id: Some(request.member_id.clone()),
            member_epoch: request.member_epoch,
            ..ShareGroupHeartbeatResponse::default()
        })
    }

    fn run_share_heartbeat(
        &self,
        now: Instant,
        client: &RequestContext,
        request: &ShareGroupHeartbeatRequest,
        out: &mut Outcome,
    ) -> Result<ShareGroupHeartbeatResponse, ErrorCode> {
        let fresh;
        let group = match self.groups.get(&request.group_id) {
            Some(Group::Share(group)) => group,
            None if request.member_epoch == JOIN_EPOCH => {
                fresh = ShareGroup::new(request.group_id.clone());
                &fresh
            }
            _ => return Err(ErrorCode::GroupIdNotFound),
        };
        let heartbeat = Heartbeat {
            group,
            now_ms: self.config.clock_ms(now),
            config: &self.config,
            settings: self.group_config(&request.group_id).share(&self.config),
            image: &self.image,
            request,
            client,
        };
        heartbeat.run(out)
    }

    fn begin_share_session(&mut self, now: Instant, session: &TimerName) {
        let TimerName::MemberSession(group, _) = session else { return };
        let timeout_ms = self.group_config(group).share(&self.config).session_timeout_ms;
        let at = now + Span::from_ms(u64::try_from(timeout_ms).unwrap_or(0));
        self.timers.schedule(session, at, TimerEvent::ExpireSession);
    }

    /// The coordinator has loaded this group: all sessions begin anew.
    pub(in crate::coordinator) fn begin_share_sessions(&mut self, now: Instant, id: &Name) {
        let Some(group) = self.share_group(id) else { return };
        let sessions = group.members.keys();
        let sessions = sessions.map(|member| TimerName::MemberSession(id.clone(), member.clone()));
        for session in sessions.collect::<Vec<_>>() {
            self.begin_share_session(now, &session);
        }
    }

    /// A member's session is over. If that cannot be written, it is tried again.
    pub(in crate::coordinator) fn expire_share_member(
        &mut self,
        now: Instant,
        name: TimerName,
        event: TimerEvent,
        out: &mut Vec<Effect>,
    ) {
        let TimerName::MemberSession(group, member) = &name else { return };
        let Some(group) = self.share_group(group) else { return };
        let Some(member) = group.members.get(member) else { return };
        let records = group.fence(member, &self.image);
        let then = Then::Timer(name, event);
        self.finish(now, Ok(Write { records, apply: true, then, ..Write::default() }), None, out);
    }

    /// The share coordinator has set up partitions of a group, which it does at once
    /// (`GroupMetadataManager.initializeShareGroupState`).
    pub(in crate::coordinator) fn partitions_initialized(
        &mut self,
        now: Instant,
        id: &Name,
        partitions: PartitionSet,
        out: &mut Vec<Effect>,
    ) {
        let Some(group) = self.share_group(id) else { return };
        let states = group.states.as_deref().cloned().unwrap_or_default();
        let named = |(&topic, known): (&Uuid, &Known)| {
            let name = name_of(topic, &self.image);
            (topic, Known { name, ..known.clone() })
        };
        let states = states.initialized(&partitions.iter().map(named).collect());
        let records = vec![record::states(id, &states, &self.image)];
        let then = Then::Initialized { group: id.clone(), partitions };
        self.finish(now, Ok(Write { records, apply: true, then, ..Write::default() }), None, out);
    }

    /// The log did not take it that partitions are set up: they count as not asked for, and the next
    /// heartbeat asks again (`GroupMetadataManager.uninitializeShareGroupState`).
    pub(in crate::coordinator) fn partitions_initialized_in_vain(
        &mut self,
        now: Instant,
        id: &Name,
        partitions: &PartitionSet,
        out: &mut Vec<Effect>,
    ) {
        let states = self.share_group(id).and_then(|group| group.states.as_ref());
        let Some(states) = states.and_then(|states| states.not_asked_for(partitions)) else {
            return;
        };
        let records = vec![record::states(id, &states, &self.image)];
        self.finish(now, Ok(Write { records, apply: true, ..Write::default() }), None, out);
    }

    /// Records by which share groups forget partitions of topics that are gone
    /// (`GroupMetadataManager.maybeCleanupShareGroupState`).
    pub(in crate::coordinator) fn forget_topics(&self, deleted: &[(Name, Uuid)]) -> Vec<Record> {
        let groups = self.groups.values().filter_map(Group::as_share);
        let record = |group: &ShareGroup| {
            let states = group.states.as_ref()?.without(deleted)?;
            Some(record::states(&group.id, &states, &self.image))
        };
        groups.filter_map(record).collect()
    }
}
