//! The join phase: how it begins, what it waits for, how it ends (kafka-semantics 3.7, 3.8).

use super::group::{ClassicGroup, Context};
use super::state::GroupState;
use crate::coordinator::effect::Note;
use crate::coordinator::timer::{TimerEvent, TimerName};
use crate::coordinator::write::Write;
use crate::kernel::time::Span;
use crate::model::Name;
use crate::model::consumer_protocol::ProtocolBytes;
use crate::model::error::ErrorCode;
use crate::model::fact::{RebalanceReason, RemovalReason};
use std::collections::BTreeMap;

impl ClassicGroup {
    /// Begins a rebalance, or, where one is being prepared, ends it if everybody is there.
    pub(super) fn rebalance_or_complete_join(
        &mut self,
        reason: RebalanceReason,
        cx: &mut Context,
    ) -> Result<Write, ErrorCode> {
        if GroupState::PreparingRebalance.may_follow(self.state()) {
            self.prepare_rebalance(reason, cx)
        } else {
            self.maybe_complete_join(cx)
        }
    }

    /// Begins a rebalance.
    pub(in crate::coordinator) fn prepare_rebalance(
        &mut self,
        reason: RebalanceReason,
        cx: &mut Context,
    ) -> Result<Write, ErrorCode> {
        if self.state() == GroupState::CompletingRebalance {
            self.reset_assignment(ErrorCode::RebalanceInProgress, cx);
        }
        self.pending_sync.clear();
        cx.timers.cancel(&TimerName::Sync(self.id.clone()));
        let initial = self.state() == GroupState::Empty;
        if initial {
            // A new group gives the others time to come, too.
            let delay = cx.config.initial_rebalance_delay;
            let remaining = self.rebalance_timeout().saturating_sub(delay);
            self.schedule_join(delay, TimerEvent::CompleteInitialJoin { delay, remaining }, cx);
        }
        self.transition(GroupState::PreparingRebalance, cx.config.clock_ms(cx.now));
        cx.note(Note::Preparing { group: self.id.clone(), reason });
        if initial {
            Ok(Write::nothing())
        } else if self.has_all_members_joined() {
            self.complete_join_phase(cx)
        } else {
            self.schedule_join(self.rebalance_timeout(), TimerEvent::CompleteJoin, cx);
            Ok(Write::nothing())
        }
    }

    fn schedule_join(&self, delay: Span, event: TimerEvent, cx: &mut Context) {
        cx.timers.schedule(&TimerName::Join(self.id.clone()), cx.now + delay, event);
    }

    /// Ends the join phase if nobody is missing; the initial delay is always waited for.
    pub(super) fn maybe_complete_join(&mut self, cx: &mut Context) -> Result<Write, ErrorCode> {
        let initial = self.previous_state() == GroupState::Empty;
        if self.state() == GroupState::PreparingRebalance
            && !initial
            && self.has_all_members_joined()
        {
            self.complete_join_phase(cx)
        } else {
            Ok(Write::nothing())
        }
    }

    /// The initial delay is over: wait once more if somebody new came, within the first member's
    /// rebalance timeout.
    pub(in crate::coordinator) fn complete_initial_join(
        &mut self,
        delay: Span,
        remaining: Span,
        cx: &mut Context,
    ) -> Result<Write, ErrorCode> {
        if !self.new_member_added || remaining.is_zero() {
            return self.complete_join_phase(cx);
        }
        self.new_member_added = false;
        let next = cx.config.initial_rebalance_delay.min(remaining);
        let left = remaining.saturating_sub(delay);
        let event = TimerEvent::CompleteInitialJoin { delay: next, remaining: left };
        self.schedule_join(next, event, cx);
        Ok(Write::nothing())
    }

    /// Ends the join phase: whoever dynamic is missing is out, and a new generation begins.
    pub(in crate::coordinator) fn complete_join_phase(
        &mut self,
        cx: &mut Context,
    ) -> Result<Write, ErrorCode> {
        cx.timers.cancel(&TimerName::Join(self.id.clone()));
        for id in self.missing_dynamic_members() {
            self.drop_member(&id, RemovalReason::RebalanceTimeout, cx);
            self.cancel_session(&id, cx);
        }
        if self.state() == GroupState::Dead {
            return Ok(Write::nothing());
        }
        if !self.elect_joined_leader() && !self.members.is_empty() {
            // Only absent static members are left: wait until one comes or its session ends.
            self.schedule_join(self.rebalance_timeout(), TimerEvent::CompleteJoin, cx);
            return Ok(Write::nothing());
        }
        self.begin_generation(cx)?;
        if self.state() == GroupState::Empty {
            let record = self.metadata_record(&BTreeMap::new())?;
            return Ok(Write { records: vec![record], ..Write::default() });
        }
        self.answer_joins(cx)?;
        let event = TimerEvent::ExpireSync { generation: self.generation };
        let deadline = cx.now + self.rebalance_timeout();
        cx.timers.schedule(&TimerName::Sync(self.id.clone()), deadline, event);
        Ok(Write::nothing())
    }

    fn missing_dynamic_members(&self) -> Vec<Name> {
        let missing =
            |m: &&super::member::Member| m.awaiting_join.is_none() && m.instance.is_none();
        self.members.values().filter(missing).map(|m| m.id.clone()).collect()
    }

    /// Whether the group has a leader that has joined, another one if need be.
    fn elect_joined_leader(&mut self) -> bool {
        let Some(leader) = &self.leader else { return false };
        if self.members.get(leader).is_some_and(|m| m.awaiting_join.is_some()) {
            return true;
        }
        let joined = self.members.values().find(|m| m.awaiting_join.is_some());
        let Some(joined) = joined.map(|m| m.id.clone()) else { return false };
        self.leader = Some(joined);
        true
    }

    fn begin_generation(&mut self, cx: &mut Context) -> Result<(), ErrorCode> {
        self.generation += 1;
        let next = if self.members.is_empty() {
            self.protocol = None;
            GroupState::Empty
        } else {
            self.protocol = Some(self.select_protocol().ok_or(ErrorCode::UnknownServerError)?);
            GroupState::CompletingRebalance
        };
        // Kafka 4.3.1 throws here on some malformed subscriptions; the group then stays in
        // PreparingRebalance with its joins unanswered.
        self.subscribed_topics = self.compute_subscribed_topics()?;
        // The join timer of a group whose first record was lost may end in its successor, which
        // prepares nothing. Kafka has counted the generation by the time it throws.
        if !next.may_follow(self.state()) {
            return Err(ErrorCode::UnknownServerError);
        }
        self.transition(next, cx.config.clock_ms(cx.now));
        self.pending_sync.clear();
        cx.note(Note::Generation {
            group: self.id.clone(),
            generation: self.generation,
            protocol: self.protocol.clone(),
            leader: self.leader.clone(),
            members: self.member_ids(),
        });
        Ok(())
    }

    fn answer_joins(&mut self, cx: &mut Context) -> Result<(), ErrorCode> {
        for id in self.member_ids() {
            let mut response = self.join_response(&id);
            if self.is_leader(&id) {
                response.members = self.members_for_leader()?;
            }
            self.complete_join(&id, response, cx);
            self.restart_session(&id, cx);
            self.members.get_mut(&id).expect("a member").is_new = false;
            self.pending_sync.insert(id);
        }
        Ok(())
    }

    /// Nobody has an assignment any more; parked syncs are told why.
    pub(super) fn reset_assignment(&mut self, error_code: ErrorCode, cx: &mut Context) {
        for id in self.member_ids() {
            self.members.get_mut(&id).expect("a member").assignment = ProtocolBytes::Empty;
        }
        self.answer_syncs(error_code, cx);
    }
}
