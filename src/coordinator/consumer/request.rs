//! The way of a heartbeat, a timer or a resolution to its group, and of what they leave to do.

use super::group::ConsumerGroup;
use super::heartbeat::{Heartbeat, Surroundings};
use super::outcome::{Outcome, Timer};
use super::state::MemberState;
use super::{fence, leave, regex, validate};
use crate::coordinator::classic::group::ClassicGroup;
use crate::coordinator::classic::state::GroupState as ClassicState;
use crate::coordinator::effect::{Effect, Note, Ticket};
use crate::coordinator::group::Group;
use crate::coordinator::shard::Shard;
use crate::coordinator::timer::{TimerEvent, TimerName};
use crate::coordinator::write::{ErrorAnswer, OnError, Then, Write};
use crate::kernel::time::{Instant, Span};
use crate::model::Name;
use crate::model::error::ErrorCode;
use crate::model::fact::RemovalReason;
use crate::model::message::RequestContext;
use crate::model::message::consumer_group::{
    ConsumerGroupHeartbeatRequest, JOIN_EPOCH, LEAVE_EPOCH, LEAVE_STATIC_EPOCH,
};
use crate::model::uuid::Uuid;

fn millis(ms: i32) -> Span {
    Span::from_ms(u64::try_from(ms).unwrap_or(0))
}

impl Shard {
    /// `ConsumerGroupHeartbeat`.
    pub(in crate::coordinator) fn consumer_heartbeat(
        &mut self,
        now: Instant,
        ticket: Ticket,
        client: &RequestContext,
        request: &ConsumerGroupHeartbeatRequest,
        uuids: &mut dyn FnMut() -> Uuid,
        out: &mut Vec<Effect>,
    ) {
        let on_error = OnError { ticket, answer: ErrorAnswer::ConsumerHeartbeat };
        if let Err(code) = validate::request(request, client.api_version, &self.config) {
            return self.finish(now, Err(code), Some(on_error), out);
        }
        let mut outcome = Outcome::default();
        let answer = match request.member_epoch {
            LEAVE_EPOCH | LEAVE_STATIC_EPOCH => self
                .consumer_group(&request.group_id)
                .ok_or(ErrorCode::GroupIdNotFound)
                .and_then(|group| {
                    let around = self.surroundings(now, &request.group_id);
                    leave::leave(group, request, &around, &mut outcome)
                }),
            _ => self.consumer_group_for(now, request, &mut outcome, out).and_then(|fresh| {
                let group = fresh.as_ref().or(self.consumer_group(&request.group_id));
                let group = group.ok_or(ErrorCode::GroupIdNotFound)?;
                let around = self.surroundings(now, &request.group_id);
                let heartbeat = Heartbeat { group, around, request, client, is_classic: false };
                heartbeat.run(uuids, &mut outcome)
            }),
        };
        let records = self.settle(now, &request.group_id, outcome);
        let write = answer.map(|answer| {
            let reply = Some((ticket, answer.into()));
            Write { records, apply: true, reply, ..Write::default() }
        });
        self.finish(now, write, Some(on_error), out);
    }

    /// The consumer group of this name.
    pub(in crate::coordinator) fn consumer_group(&self, id: &Name) -> Option<&ConsumerGroup> {
        self.groups.get(id)?.as_consumer()
    }

    /// A fresh group, if a heartbeat is the first to come; a group of offsets makes room for it.
    fn consumer_group_for(
        &mut self,
        now: Instant,
        request: &ConsumerGroupHeartbeatRequest,
        outcome: &mut Outcome,
        out: &mut Vec<Effect>,
    ) -> Result<Option<ConsumerGroup>, ErrorCode> {
        let joins = request.member_epoch == JOIN_EPOCH;
        let fresh = || Ok(Some(ConsumerGroup::new(request.group_id.clone())));
        match self.groups.get(&request.group_id) {
            Some(Group::Consumer(_)) => Ok(None),
            None if joins => fresh(),
            Some(Group::Classic(group)) if joins && group.state() == ClassicState::Empty => {
                outcome.records.push(group.tombstone());
                fresh()
            }
            Some(Group::Classic(group)) if joins && group.may_upgrade(&self.config) => {
                self.with_group(now, &request.group_id, out, ClassicGroup::send_back);
                let group = self.classic_group(&request.group_id);
                group.map(|group| group.upgrade(&self.image, outcome)).transpose()
            }
            _ => Err(ErrorCode::GroupIdNotFound),
        }
    }

    pub(super) fn surroundings(&self, now: Instant, group: &Name) -> Surroundings<'_> {
        Surroundings {
            now_ms: self.config.clock_ms(now),
            config: &self.config,
            settings: self.group_config(group).consumer(&self.config),
            image: &self.image,
            new_topics_version: self.new_topics_version,
            resolving: self.timers.is_scheduled(&TimerName::Resolution(group.clone())),
        }
    }

    /// Does what an operation does to memory alone; its records remain.
    pub(super) fn settle(
        &mut self,
        now: Instant,
        group: &Name,
        outcome: Outcome,
    ) -> Vec<crate::model::record::Record> {
        for timer in outcome.timers {
            self.set_timer(now, group, timer);
        }
        if let Some(regexes) = outcome.resolve {
            let event = TimerEvent::Resolve { regexes };
            self.timers.schedule(&TimerName::Resolution(group.clone()), now, event);
        }
        if let Some(refresh) = outcome.refreshed
            && let Some(group) = self.groups.get_mut(group).and_then(Group::as_consumer_mut)
        {
            group.refresh = refresh;
        }
        self.becoming = outcome.downgrade;
        outcome.records
    }

    /// Sets timers of a group's members, in order.
    pub(in crate::coordinator) fn set_timers(
        &mut self,
        now: Instant,
        group: &Name,
        timers: Vec<Timer>,
    ) {
        for timer in timers {
            self.set_timer(now, group, timer);
        }
    }

    fn set_timer(&mut self, now: Instant, group: &Name, timer: Timer) {
        let session = |member| TimerName::MemberSession(group.clone(), member);
        let revocation = |member| TimerName::Revocation(group.clone(), member);
        match timer {
            Timer::Session(member) => {
                let settings = self.group_config(group).consumer(&self.config);
                let at = now + millis(settings.session_timeout_ms);
                self.timers.schedule(&session(member), at, TimerEvent::ExpireSession);
            }
            Timer::ClassicSession { member, timeout_ms } => {
                let at = now + millis(timeout_ms);
                self.timers.schedule(&session(member), at, TimerEvent::ExpireSession);
            }
            Timer::AwaitJoin { member, timeout_ms } => {
                let name = TimerName::ClassicJoin(group.clone(), member);
                if !self.timers.is_scheduled(&name) {
                    let at = now + millis(timeout_ms);
                    self.timers.schedule(&name, at, TimerEvent::ExpireSession);
                }
            }
            Timer::Joined(member) => {
                self.timers.cancel(&TimerName::ClassicJoin(group.clone(), member));
            }
            Timer::AwaitSync { member, timeout_ms } => {
                let name = TimerName::ClassicSync(group.clone(), member);
                self.timers.schedule(&name, now + millis(timeout_ms), TimerEvent::ExpireSession);
            }
            Timer::Synced(member) => {
                self.timers.cancel(&TimerName::ClassicSync(group.clone(), member));
            }
            Timer::Revocation { member, epoch, timeout_ms } => {
                let event = TimerEvent::ExpireRevocation { epoch };
                self.timers.schedule(&revocation(member), now + millis(timeout_ms), event);
            }
            Timer::Revoked(member) => self.timers.cancel(&revocation(member)),
            Timer::Gone(member) => {
                self.timers.cancel(&session(member.clone()));
                self.timers.cancel(&revocation(member.clone()));
                self.timers.cancel(&TimerName::ClassicJoin(group.clone(), member.clone()));
                self.timers.cancel(&TimerName::ClassicSync(group.clone(), member));
            }
        }
    }

    /// A member's session is over, or the time to give up partitions: it is out of the group,
    /// unless it has left that epoch. If that cannot be written, it is tried again.
    pub(in crate::coordinator) fn expire_consumer_member(
        &mut self,
        now: Instant,
        name: TimerName,
        event: TimerEvent,
        out: &mut Vec<Effect>,
    ) {
        let (TimerName::MemberSession(group_id, member)
        | TimerName::Revocation(group_id, member)
        | TimerName::ClassicJoin(group_id, member)
        | TimerName::ClassicSync(group_id, member)) = &name
        else {
            return;
        };
        let mut failure = None;
        let mut outcome = Outcome::default();
        if let Some(group) = self.consumer_group(group_id)
            && let Some(member) = group.member(member)
        {
            let late = match event {
                TimerEvent::ExpireRevocation { epoch } => member.epoch == epoch,
                _ => true,
            };
            if late {
                let around = self.surroundings(now, group_id);
                let fenced =
                    fence::fence(group, std::slice::from_ref(member), &around, &mut outcome);
                failure = fenced.err();
                let reason = match name {
                    TimerName::MemberSession(..) => RemovalReason::SessionExpired,
                    TimerName::ClassicSync(..) => RemovalReason::SyncTimeout,
                    _ => RemovalReason::RebalanceTimeout,
                };
                if failure.is_none() {
                    let (group, member) = (group_id.clone(), member.id.clone());
                    out.push(Effect::Note(Note::MemberRemoved { group, member, reason }));
                }
            }
        }
        let records = self.settle(now, &group_id.clone(), outcome);
        if failure.is_some() {
            return self.retry(now, &name, event);
        }
        let then = if records.is_empty() { Then::Nothing } else { Then::Timer(name, event) };
        let write = Write { records, apply: true, then, ..Write::default() };
        self.finish(now, Ok(write), None, out);
    }

    /// The background work of a group's regular expressions is done.
    pub(in crate::coordinator) fn finish_resolution(
        &mut self,
        now: Instant,
        group_id: &Name,
        regexes: &[Name],
        out: &mut Vec<Effect>,
    ) {
        let mut outcome = Outcome::default();
        if let Some(group) = self.consumer_group(group_id) {
            let around = self.surroundings(now, group_id);
            regex::resolve(group, regexes, &around, &mut outcome);
        }
        let records = self.settle(now, group_id, outcome);
        let write = Write { records, apply: true, ..Write::default() };
        self.finish(now, Ok(write), None, out);
    }

    /// The coordinator has loaded this group: all sessions begin anew, and so does the time for
    /// partitions that are to be given up.
    pub(in crate::coordinator) fn begin_consumer_sessions(&mut self, now: Instant, id: &Name) {
        let Some(group) = self.consumer_group(id) else { return };
        let mut timers = Vec::new();
        for member in group.members.values() {
            // Also of members of the classic protocol, whatever their own timeout is.
            timers.push(Timer::Session(member.id.clone()));
            if member.state == MemberState::UnrevokedPartitions {
                let timeout_ms = member.rebalance_timeout_ms;
                let (member, epoch) = (member.id.clone(), member.epoch);
                timers.push(Timer::Revocation { member, epoch, timeout_ms });
            }
        }
        for timer in timers {
            self.set_timer(now, id, timer);
        }
    }
}
