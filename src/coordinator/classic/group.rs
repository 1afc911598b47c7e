//! A classic group: its members, its leader, its vote.

use super::member::Member;
use super::state::GroupState;
use crate::coordinator::config::CoordinatorConfig;
use crate::coordinator::effect::{Effect, Note, Ticket};
use crate::coordinator::tickets::Tickets;
use crate::coordinator::timer::{TimerEvent, TimerName};
use crate::kernel::java_map::JavaMap;
use crate::kernel::time::{Instant, Span};
use crate::kernel::timers::Timers;
use crate::model::Name;
use crate::model::consumer_protocol::Malformed;
use crate::model::error::ErrorCode;
use crate::model::fact::RemovalReason;
use crate::model::message::Response;
use crate::model::message::group::{
    JoinGroupProtocol, JoinGroupResponse, JoinGroupResponseMember, SyncGroupResponse,
};
use std::collections::{BTreeMap, BTreeSet};

/// The protocol type of consumers; others, such as `connect`, have members of another kind.
pub const CONSUMER_PROTOCOL_TYPE: &str = "consumer";

/// What an operation on a group may use besides the group.
pub(in crate::coordinator) struct Context<'a> {
    pub now: Instant,
    pub config: &'a CoordinatorConfig,
    pub timers: &'a mut Timers<TimerName, TimerEvent>,
    pub tickets: &'a mut Tickets,
    pub out: &'a mut Vec<Effect>,
}

impl Context<'_> {
    /// Answers a request at once.
    pub(crate) fn reply(&mut self, ticket: Ticket, response: impl Into<Response>) {
        self.tickets.answer(ticket, response.into(), self.out);
    }

    /// Tells the trace.
    pub(crate) fn note(&mut self, note: Note) {
        self.out.push(Effect::Note(note));
    }
}

/// A classic group (`ClassicGroup`).
#[derive(Clone, Debug)]
pub struct ClassicGroup {
    /// The group's id.
    pub id: Name,
    /// Where it is.
    state: GroupState,
    /// Where it was before.
    previous_state: GroupState,
    /// When it came to where it is (ms of the coordinator's clock); `None`: not known.
    pub state_timestamp_ms: Option<i64>,
    /// The generation.
    pub generation: i32,
    /// Kind of group.
    pub protocol_type: Option<Name>,
    /// The selected assignor.
    pub protocol: Option<Name>,
    /// Member id of the leader.
    pub leader: Option<Name>,
    /// Members, in the order of Java's `HashMap`, which decides more than one would think: the
    /// list that the leader gets, the next leader, and ties of the vote.
    pub members: JavaMap<Name, Member>,
    /// Instance id → member id.
    pub static_members: BTreeMap<Name, Name>,
    /// Ids given out with `MEMBER_ID_REQUIRED` and not used yet; they hold the join phase.
    pub pending_join: BTreeSet<Name>,
    /// Members that have not synced in this generation.
    pub pending_sync: BTreeSet<Name>,
    /// Members whose join waits for an answer.
    pub awaiting_join: usize,
    /// How many members offer each assignor.
    supported_protocols: JavaMap<Name, usize>,
    /// Topics that the members subscribe to; `None`: not known.
    pub subscribed_topics: Option<BTreeSet<Name>>,
    /// Whether somebody joined since the initial delay began, so that it may be extended.
    pub new_member_added: bool,
}

impl ClassicGroup {
    /// A fresh group: empty, generation 0.
    pub fn new(id: Name, clock_ms: i64) -> Self {
        ClassicGroup {
            id,
            state: GroupState::Empty,
            previous_state: GroupState::Dead,
            state_timestamp_ms: Some(clock_ms),
            generation: 0,
            protocol_type: None,
            protocol: None,
            leader: None,
            members: JavaMap::new(),
            static_members: BTreeMap::new(),
            pending_join: BTreeSet::new(),
            pending_sync: BTreeSet::new(),
            awaiting_join: 0,
            supported_protocols: JavaMap::new(),
            subscribed_topics: None,
            new_member_added: false,
        }
    }

    /// Where the group is.
    pub fn state(&self) -> GroupState {
        self.state
    }

    /// Where the group was before.
    pub fn previous_state(&self) -> GroupState {
        self.previous_state
    }

    /// Sets the state of a group that comes from the log.
    pub(super) fn restore_state(&mut self, state: GroupState, timestamp_ms: Option<i64>) {
        self.state = state;
        self.state_timestamp_ms = timestamp_ms;
    }

    /// The one place where a group changes its state.
    pub fn transition(&mut self, to: GroupState, clock_ms: i64) {
        assert!(to.may_follow(self.state), "group {}: {:?} after {:?}", self.id, to, self.state);
        self.previous_state = self.state;
        self.state = to;
        self.state_timestamp_ms = Some(clock_ms);
    }

    /// Whether the group has neither members nor a kind: it only stores offsets.
    pub fn is_simple(&self) -> bool {
        self.protocol_type.is_none()
            && self.state == GroupState::Empty
            && self.pending_join.is_empty()
    }

    /// Whether its members are consumers.
    pub fn uses_consumer_protocol(&self) -> bool {
        self.protocol_type.as_deref() == Some(CONSUMER_PROTOCOL_TYPE)
    }

    /// Whether `member` leads.
    pub fn is_leader(&self, member: &Name) -> bool {
        self.leader.as_ref() == Some(member)
    }

    /// How long the group waits for its members: the longest rebalance timeout of any.
    pub fn rebalance_timeout(&self) -> Span {
        let longest = self.members.values().map(|m| m.rebalance_timeout_ms).max().unwrap_or(0);
        super::member::millis(longest)
    }

    /// Whether every member has joined and no id is still to be used.
    pub fn has_all_members_joined(&self) -> bool {
        self.members.len() == self.awaiting_join && self.pending_join.is_empty()
    }

    /// Whether a member that offers these assignors could take part.
    pub fn supports(&self, protocol_type: &str, protocols: &[JoinGroupProtocol]) -> bool {
        if self.state == GroupState::Empty {
            return !protocol_type.is_empty() && !protocols.is_empty();
        }
        let everybody = self.members.len();
        self.protocol_type.as_deref() == Some(protocol_type)
            && protocols
                .iter()
                .any(|p| self.supported_protocols.get(&p.name).copied().unwrap_or(0) == everybody)
    }

    /// Adds a member whose join, if it has one, waits for an answer.
    pub(super) fn add(&mut self, member: Member, protocol_type: Name) {
        if let Some(instance) = &member.instance {
            let taken = self.static_members.insert(instance.clone(), member.id.clone());
            assert!(taken.is_none(), "instance {instance} is already a member of {}", self.id);
        }
        if self.members.is_empty() {
            self.protocol_type = Some(protocol_type);
        }
        self.leader.get_or_insert_with(|| member.id.clone());
        self.count_protocols(&member.protocols, true);
        self.awaiting_join += usize::from(member.awaiting_join.is_some());
        self.pending_join.remove(&member.id);
        self.members.put(member.id.clone(), member);
    }

    /// Takes a member, or an id not used yet, out of the group.
    pub(super) fn remove(&mut self, id: &Name) -> Option<Member> {
        let removed = self.members.remove(id);
        if let Some(member) = &removed {
            self.count_protocols(&member.protocols, false);
            self.awaiting_join -= usize::from(member.awaiting_join.is_some());
            if let Some(instance) = &member.instance {
                self.static_members.remove(instance);
            }
        }
        if self.is_leader(id) {
            self.leader = self.members.keys().next().cloned();
        }
        self.pending_join.remove(id);
        self.pending_sync.remove(id);
        removed
    }

    /// Takes a member out and tells the trace.
    pub(super) fn drop_member(&mut self, id: &Name, reason: RemovalReason, cx: &mut Context) {
        if self.remove(id).is_some() {
            let (group, member) = (self.id.clone(), id.clone());
            cx.note(Note::MemberRemoved { group, member, reason });
        }
    }

    fn count_protocols(&mut self, protocols: &[JoinGroupProtocol], more: bool) {
        for protocol in protocols {
            let count = self.supported_protocols.get(&protocol.name).copied().unwrap_or(0);
            let count = if more { count + 1 } else { count - 1 };
            self.supported_protocols.put(protocol.name.clone(), count);
        }
    }

    /// Takes over what a member says in a new join. Without a ticket nobody waits any more.
    pub(super) fn update_member(
        &mut self,
        id: &Name,
        protocols: Vec<JoinGroupProtocol>,
        (rebalance_timeout_ms, session_timeout_ms): (i32, i32),
        ticket: Option<Ticket>,
    ) {
        let old = self.members.get(id).expect("a member").protocols.clone();
        self.count_protocols(&old, false);
        self.count_protocols(&protocols, true);
        let member = self.members.get_mut(id).expect("a member");
        member.protocols = protocols;
        member.rebalance_timeout_ms = rebalance_timeout_ms;
        member.session_timeout_ms = session_timeout_ms;
        self.awaiting_join += usize::from(ticket.is_some());
        self.awaiting_join -= usize::from(member.awaiting_join.is_some());
        member.awaiting_join = ticket;
    }

    /// Whether a request may speak for this member (`ClassicGroup.validateMember`).
    pub fn validate_member(&self, id: &Name, instance: Option<&Name>) -> Result<(), ErrorCode> {
        if let Some(instance) = instance {
            match self.static_members.get(instance) {
                None => return Err(ErrorCode::UnknownMemberId),
                Some(member) if member != id => return Err(ErrorCode::FencedInstanceId),
                Some(_) => {}
            }
        }
        if self.members.contains_key(id) { Ok(()) } else { Err(ErrorCode::UnknownMemberId) }
    }

    /// The assignor that the next generation uses: each member votes for the first of its own list
    /// that all offer; most votes win, ties go to the first in map order.
    pub(super) fn select_protocol(&self) -> Option<Name> {
        let everybody = self.members.len();
        let mut votes: JavaMap<Name, usize> = JavaMap::new();
        for member in self.members.values() {
            let vote = member
                .protocols
                .iter()
                .find(|p| self.supported_protocols.get(&p.name) == Some(&everybody))?;
            let count = votes.get(&vote.name).copied().unwrap_or(0);
            votes.put(vote.name.clone(), count + 1);
        }
        let mut best: Option<(&Name, usize)> = None;
        for (name, &count) in &votes {
            if best.is_none_or(|(_, most)| count > most) {
                best = Some((name, count));
            }
        }
        best.map(|(name, _)| name.clone())
    }

    /// The topics that the members subscribe to, as far as their subscriptions can be read;
    /// `Err` where Kafka 4.3.1 throws.
    pub(super) fn compute_subscribed_topics(&self) -> Result<Option<BTreeSet<Name>>, ErrorCode> {
        if !self.uses_consumer_protocol() {
            return Ok(None);
        }
        if self.members.is_empty() {
            return Ok(Some(BTreeSet::new()));
        }
        let Some(protocol) = &self.protocol else { return Ok(None) };
        let mut topics = BTreeSet::new();
        for member in self.members.values() {
            let metadata = member.metadata(protocol).ok_or(ErrorCode::UnknownServerError)?;
            match metadata.subscribed_topics() {
                Ok(names) => topics.extend(names),
                Err(Malformed::Short) => return Ok(None),
                Err(Malformed::Throws) => return Err(ErrorCode::UnknownServerError),
            }
        }
        Ok(Some(topics))
    }

    /// All members with their subscriptions for the selected assignor: what the leader gets.
    pub(super) fn members_for_leader(&self) -> Result<Vec<JoinGroupResponseMember>, ErrorCode> {
        let protocol = self.protocol.as_deref().unwrap_or_default();
        let member = |m: &Member| {
            Some(JoinGroupResponseMember {
                member_id: m.id.clone(),
                group_instance_id: m.instance.clone(),
                metadata: m.metadata(protocol)?.clone(),
            })
        };
        let members: Option<Vec<_>> = self.members.values().map(member).collect();
        members.ok_or(ErrorCode::UnknownServerError)
    }

    /// A join answer with the present generation.
    pub(super) fn join_response(&self, member: &Name) -> JoinGroupResponse {
        JoinGroupResponse {
            member_id: member.clone(),
            generation_id: self.generation,
            protocol_type: self.protocol_type.clone(),
            protocol_name: self.protocol.clone(),
            leader: self.leader.clone().unwrap_or_else(|| "".into()),
            ..JoinGroupResponse::default()
        }
    }

    /// Answers a member's parked join, if there is one.
    pub(in crate::coordinator) fn complete_join(
        &mut self,
        id: &Name,
        response: JoinGroupResponse,
        cx: &mut Context,
    ) {
        let Some(member) = self.members.get_mut(id) else { return };
        if let Some(ticket) = member.awaiting_join.take() {
            self.awaiting_join -= 1;
            cx.reply(ticket, response);
        }
    }

    /// Answers a member's parked sync; whether there was one.
    pub(in crate::coordinator) fn complete_sync(
        &mut self,
        id: &Name,
        response: SyncGroupResponse,
        cx: &mut Context,
    ) -> bool {
        let ticket = self.members.get_mut(id).and_then(|member| member.awaiting_sync.take());
        if let Some(ticket) = ticket {
            cx.reply(ticket, response);
        }
        ticket.is_some()
    }

    /// Ids of all members, in the coordinator's order.
    pub fn member_ids(&self) -> Vec<Name> {
        self.members.keys().cloned().collect()
    }

    /// The member's session begins anew.
    pub(in crate::coordinator) fn restart_session(&self, id: &Name, cx: &mut Context) {
        let timeout = self.members.get(id).expect("a member").session_timeout();
        self.expect_within(id, timeout, cx);
    }

    /// The member must say something within `timeout`.
    pub(super) fn expect_within(&self, id: &Name, timeout: Span, cx: &mut Context) {
        let name = TimerName::Session(self.id.clone(), id.clone());
        cx.timers.schedule(&name, cx.now + timeout, TimerEvent::ExpireSession);
    }

    /// Nothing is expected of the member any more.
    pub(super) fn cancel_session(&self, id: &Name, cx: &mut Context) {
        cx.timers.cancel(&TimerName::Session(self.id.clone(), id.clone()));
    }
}
