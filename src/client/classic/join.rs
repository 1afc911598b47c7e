//! `JoinGroup` and `SyncGroup`, as the member sends and hears them.

use super::member::{FailedJoin, Generation, JoinFuture, MemberState};
use super::offers::Offer;
use crate::client::consumer::Consumer;
use crate::client::effect::{Effect, Note};
use crate::client::lookup::PendingKind;
use crate::kernel::java_hash::string_cmp;
use crate::kernel::time::Instant;
use crate::model::Name;
use crate::model::consumer_protocol::{ProtocolBytes, Subscription, TopicPartitions};
use crate::model::error::ErrorCode;
use crate::model::message::group::{
    JoinGroupProtocol, JoinGroupRequest, JoinGroupResponse, SyncGroupAssignment, SyncGroupRequest,
    SyncGroupResponse,
};

/// The kind of group that consumers form.
const PROTOCOL_TYPE: &str = "consumer";

impl Consumer {
    /// Sends `JoinGroup`: from now on the member is between generations.
    pub(super) fn send_join(&mut self, now: Instant, out: &mut Vec<Effect>) {
        self.member.state = MemberState::PreparingRebalance;
        self.heartbeat.enabled = false;
        self.member.join = JoinFuture::InFlight;
        let topics = self.topics.resolve(&self.metadata);
        self.member.joined_topics = Some(topics.clone());
        self.member.assigned_when = None;
        let subscription = Subscription {
            topics,
            owned_partitions: self.owned_by_topic(),
            generation_id: self.member.generation.id,
            rack_id: Some(self.settings.client_rack.as_str().into())
                .filter(|r: &Name| !r.is_empty()),
            ..Subscription::default()
        };
        let protocol = |offer: &Offer| JoinGroupProtocol {
            name: offer.strategy.name().into(),
            metadata: ProtocolBytes::Subscription(Subscription {
                user_data: offer.user_data(),
                ..subscription.clone()
            }),
        };
        let request = JoinGroupRequest {
            group_id: self.group.clone(),
            session_timeout_ms: self.settings.session_timeout.as_ms() as i32,
            rebalance_timeout_ms: self.settings.max_poll_interval.as_ms() as i32,
            member_id: self.member.generation.member_id.clone(),
            group_instance_id: self.instance(),
            protocol_type: PROTOCOL_TYPE.into(),
            protocols: self.offers.iter().map(protocol).collect(),
            reason: None,
        };
        Self::note(Note::JoinSent, out);
        let kind = PendingKind::Join(self.member.generation.clone());
        self.send_to_coordinator(now, kind, request, out);
    }

    /// What the member owns, as a subscription names it.
    fn owned_by_topic(&self) -> Vec<TopicPartitions> {
        let mut topics: Vec<TopicPartitions> = Vec::new();
        for partition in self.subscription.partitions() {
            let (name, index) = self.metadata.name(partition);
            match topics.iter_mut().rfind(|of| of.topic == *name) {
                Some(of) => of.partitions.push(index),
                None => {
                    topics.push(TopicPartitions { topic: name.clone(), partitions: vec![index] });
                }
            }
        }
        topics.sort_by(|a, b| string_cmp(&a.topic, &b.topic));
        topics
    }

    /// The join has failed; the next pass through `poll` sees why.
    pub(in crate::client) fn fail_join(&mut self, how: FailedJoin) {
        self.member.join = JoinFuture::Done(Err(how));
    }

    /// `JoinGroup` is answered (`JoinGroupResponseHandler`).
    pub(in crate::client) fn on_join(
        &mut self,
        now: Instant,
        sent: &Generation,
        response: JoinGroupResponse,
        out: &mut Vec<Effect>,
    ) {
        let unchanged = self.member.generation == *sent;
        match response.error_code {
            ErrorCode::None if self.member.state == MemberState::PreparingRebalance => {
                self.member.state = MemberState::CompletingRebalance;
                self.heartbeat.enable(now, &self.settings);
                self.member.generation = Generation {
                    id: response.generation_id,
                    member_id: response.member_id.clone(),
                    protocol: response.protocol_name.clone(),
                };
                let generation = self.member.generation.clone();
                self.member.is_leader = response.leader == response.member_id;
                if self.member.is_leader {
                    self.watch_topics(&response.members);
                }
                // A static leader that came back finds the assignment made (KIP-814).
                if self.member.is_leader && !response.skip_assignment {
                    self.ask_strategy(generation, &response.members, out);
                } else {
                    self.send_sync(now, generation, Vec::new(), out);
                }
            }
            // The membership was lost meanwhile (`UnjoinedGroupException`), or the groups are being read.
            ErrorCode::None | ErrorCode::CoordinatorLoadInProgress => {
                self.fail_join(FailedJoin::Later);
            }
            ErrorCode::UnknownMemberId => {
                if unchanged {
                    self.lose_membership(false);
                }
                self.fail_join(FailedJoin::AtOnce);
            }
            ErrorCode::CoordinatorNotAvailable | ErrorCode::NotCoordinator => {
                self.mark_coordinator_unknown(now, out);
                self.fail_join(FailedJoin::Later);
            }
            ErrorCode::MemberIdRequired => {
                self.member.generation =
                    Generation { member_id: response.member_id, ..Generation::none() };
                self.member.rejoin_needed = true;
                self.fail_join(FailedJoin::AtOnce);
            }
            ErrorCode::RebalanceInProgress => self.fail_join(FailedJoin::AtOnce),
            code => self.fail_join(FailedJoin::Fatal(code)),
        }
    }

    /// Sends `SyncGroup`, as leader with what everybody gets.
    pub(super) fn send_sync(
        &mut self,
        now: Instant,
        generation: Generation,
        assignments: Vec<SyncGroupAssignment>,
        out: &mut Vec<Effect>,
    ) {
        if self.lookup.coordinator.is_none() {
            return self.fail_join(FailedJoin::Later);
        }
        let request = SyncGroupRequest {
            group_id: self.group.clone(),
            generation_id: generation.id,
            member_id: generation.member_id.clone(),
            group_instance_id: self.instance(),
            protocol_type: Some(PROTOCOL_TYPE.into()),
            protocol_name: generation.protocol.clone(),
            assignments,
        };
        self.send_to_coordinator(now, PendingKind::Sync(generation), request, out);
    }

    /// `SyncGroup` is answered (`SyncGroupResponseHandler`). That a coordinator still reads its groups is
    /// no answer that it foresees.
    pub(in crate::client) fn on_sync(
        &mut self,
        now: Instant,
        sent: &Generation,
        response: SyncGroupResponse,
        out: &mut Vec<Effect>,
    ) {
        let unchanged = self.member.generation == *sent;
        match response.error_code {
            ErrorCode::None => {
                let current = !self.member.generation.is_reset()
                    && self.member.state == MemberState::CompletingRebalance;
                if !current {
                    return self.fail_join(FailedJoin::AtOnce);
                }
                let ProtocolBytes::Assignment(assignment) = response.assignment else {
                    return self.fail_join(FailedJoin::Fatal(ErrorCode::UnknownServerError));
                };
                self.member.state = MemberState::Stable;
                self.member.rejoin_needed = false;
                self.member.join = JoinFuture::Done(Ok(assignment));
            }
            code @ (ErrorCode::UnknownMemberId | ErrorCode::IllegalGeneration) => {
                if unchanged {
                    self.lose_membership(code == ErrorCode::IllegalGeneration);
                }
                self.fail_join(FailedJoin::AtOnce);
            }
            ErrorCode::RebalanceInProgress => self.fail_join(FailedJoin::AtOnce),
            ErrorCode::CoordinatorNotAvailable | ErrorCode::NotCoordinator => {
                self.mark_coordinator_unknown(now, out);
                self.fail_join(FailedJoin::Later);
            }
            code => self.fail_join(FailedJoin::Fatal(code)),
        }
    }
}
