//! The way of a message: from client to broker, its turn there, and back.
//!
//! A connection keeps the order of its messages, and a broker reads the next request of a
//! connection only after it has answered the one before (Kafka mutes the channel).

use super::consumers::Link;
use super::messages::{Body, Message, MessageId};
use super::wires::{Leg, Node};
use super::{DELIVERY, Event, World};
use crate::client::effect::Connection;
use crate::cluster::controller::Row;
use crate::kernel::dist::Dist;
use crate::kernel::random::Stream;
use crate::kernel::time::{Instant, Span};
use crate::model::error::ErrorCode;
use crate::model::id::{BrokerId, ConsumerId};
use crate::model::message::cluster::FindCoordinatorResponse;
use crate::model::message::fetch::{
    EpochEnd, EpochQuestion, ListOffsetsRequest, ListOffsetsResponse, OffsetForLeaderEpochRequest,
    OffsetForLeaderEpochResponse, OffsetFound, OffsetQuestion, OffsetSpec,
};
use crate::model::message::{Request, Response};
use crate::trace::{Answer, Api};

/// A draw of a time that is often fixed.
fn draw(dist: &Dist, draws: &mut Stream) -> Span {
    Span::from_us(match dist {
        Dist::Fixed(us) => *us,
        dist => dist.draw(draws),
    })
}

/// What an observer hears of an answer.
fn heard(response: &Response) -> Option<(Api, ErrorCode, Option<i32>)> {
    Some(match response {
        Response::FindCoordinator(r) => (Api::FindCoordinator, r.error_code, None),
        Response::JoinGroup(r) => (Api::JoinGroup, r.error_code, None),
        Response::SyncGroup(r) => (Api::SyncGroup, r.error_code, None),
        Response::Heartbeat(r) => (Api::Heartbeat, r.error_code, None),
        Response::OffsetCommit(r) => (Api::OffsetCommit, r.first_error(), None),
        Response::ConsumerGroupHeartbeat(r) => {
            (Api::ConsumerGroupHeartbeat, r.error_code, Some(r.member_epoch))
        }
        _ => return None,
    })
}

impl World<'_> {
    /// One way between a consumer and a broker.
    pub(super) fn latency(&mut self, consumer: ConsumerId, connection: Connection) -> Span {
        let cluster = &self.scenario.cluster;
        let delays = self.delays(Node::Consumer(consumer), Node::Broker(connection.broker));
        let slot = &mut self.slots[consumer.index()];
        let mut span = draw(&cluster.latency, &mut slot.network);
        if !cluster.rack_latency.is_zero() {
            let rack = cluster.racks[connection.broker.index() - 1].as_deref();
            if slot.rack.as_deref() != rack {
                span += draw(&cluster.rack_latency, &mut slot.network);
            }
        }
        for delay in &delays {
            span += draw(delay, &mut slot.delays);
        }
        // Nothing is on both sides at once: a client that never waits would never let time pass.
        span.max(Span::from_us(1))
    }

    /// A consumer sends a request.
    pub(super) fn send(
        &mut self,
        consumer: ConsumerId,
        connection: Connection,
        correlation: u64,
        request: Request,
    ) {
        let is_cut = self.is_cut(consumer, connection.broker);
        if !is_cut && !self.machine(connection.broker).up {
            return self.break_connection(consumer, connection);
        }
        let is_new = !self.slots[consumer.index()].has_link(connection);
        let latency = self.latency(consumer, connection);
        let slot = &mut self.slots[consumer.index()];
        let incarnation = slot.incarnation;
        let link = slot.link(connection);
        if !is_cut && link.opening.is_some() {
            // It will not open in time.
            return;
        }
        link.last_arrival = link.last_arrival.max(self.now + latency);
        let (arrival, number) = (link.last_arrival, link.number);
        let body = Body::Request(request);
        let message = Message::new(consumer, incarnation, connection, correlation, body);
        let message = self.messages.add(Message { sent: self.now, link: number, ..message });
        if !is_cut {
            return self.plan(arrival, message, Event::Arrive);
        }
        if is_new {
            self.open_in_vain(consumer, connection);
        }
        self.lose(message, Leg::There);
    }

    /// Something will happen to a message.
    fn plan(&mut self, at: Instant, id: MessageId, event: fn(MessageId) -> Event) {
        self.messages.expect(id);
        self.agenda.push(at, DELIVERY, event(id));
    }

    /// The link that a message came on, unless its sender has hung up.
    pub(super) fn link_of(&mut self, id: MessageId) -> Option<&mut Link> {
        let message = self.messages.get(id);
        let slot = &mut self.slots[message.consumer.index()];
        let ours = |(connection, link): &&mut (Connection, Link)| {
            *connection == message.connection && link.number == message.link
        };
        let lives = slot.incarnation == message.incarnation;
        slot.links.iter_mut().find(ours).filter(|_| lives).map(|(_, link)| link)
    }

    /// A request reaches its broker. It waits for its turn if the one before it is not answered.
    pub(super) fn arrive(&mut self, id: MessageId) {
        let now = self.now;
        let message = self.messages.get(id);
        if self.is_cut(message.consumer, message.connection.broker) {
            return self.lose(id, Leg::There);
        }
        if self.messages.get(id).resent && self.link_of(id).is_none() {
            self.messages.remove(id);
            return;
        }
        if let Some(link) = self.link_of(id) {
            if link.busy || link.busy_until > now || !link.waiting.is_empty() {
                link.waiting.push_back(id);
                if !link.busy && link.waiting.len() == 1 {
                    let turn = link.busy_until;
                    self.plan(turn, id, Event::Turn);
                }
                return;
            }
            link.busy = true;
        }
        self.handle(id);
    }

    /// The first request that waits for a connection has its turn.
    pub(super) fn turn(&mut self, id: MessageId) {
        let now = self.now;
        let Some(link) = self.link_of(id) else { return };
        if link.waiting.front() != Some(&id) {
            return;
        }
        if link.busy_until > now {
            let turn = link.busy_until;
            self.plan(turn, id, Event::Turn);
            return;
        }
        link.waiting.pop_front();
        link.busy = true;
        self.handle(id);
    }

    /// A message goes on that a broker held while it stood still.
    pub(super) fn go_on(&mut self, id: MessageId) {
        let message = self.messages.get(id);
        match &message.body {
            Body::Request(Request::Fetch(_)) if message.parked_since < Instant::NEVER => {
                self.handle_fetch(id);
            }
            Body::Request(_) => self.handle(id),
            _ => self.answered(id, self.now),
        }
    }

    /// The broker handles a request.
    fn handle(&mut self, id: MessageId) {
        let message = self.messages.get_mut(id);
        let (consumer, broker) = (message.consumer, message.connection.broker);
        if !self.machine(broker).serves() {
            return self.hold_message(broker, id);
        }
        let message = self.messages.get_mut(id);
        if let Body::Request(Request::Fetch(_)) = &message.body {
            return self.handle_fetch(id);
        }
        let Body::Request(request) = std::mem::replace(&mut message.body, Body::Nothing) else {
            unreachable!("a request arrives once")
        };
        match request {
            Request::Metadata => {
                let metadata = Response::Metadata(self.metadata.clone());
                self.respond(id, metadata);
            }
            Request::FindCoordinator(_) => {
                let response = self.find_coordinator(consumer);
                self.respond(id, response.into());
            }
            Request::ListOffsets(request) => {
                let response = self.list_offsets(broker, &request);
                self.respond(id, response.into());
            }
            Request::OffsetForLeaderEpoch(request) => {
                let response = self.offsets_for_leader_epochs(broker, &request);
                self.respond(id, response.into());
            }
            request => self.ask_coordinator(id, request),
        }
    }

    /// A fetch: when it is answered and delivered is known at once; its records are read then.
    fn handle_fetch(&mut self, id: MessageId) {
        if self.send_on(id) {
            return;
        }
        let message = self.messages.get(id);
        let Body::Request(Request::Fetch(request)) = &message.body else { return };
        let (consumer, broker) = (message.consumer, message.connection.broker);
        let ready = self.logs.answer_at(request, broker, self.now, self.scenario.resolution);
        let answer_at = ready + self.service(consumer, broker);
        let message = self.messages.get_mut(id);
        message.parked_since = self.now;
        message.ready_at = ready;
        message.answer_at = answer_at;
        self.answered(id, answer_at);
    }

    /// The broker answers a request.
    pub(super) fn respond(&mut self, id: MessageId, response: Response) {
        let message = self.messages.get_mut(id);
        let (consumer, broker) = (message.consumer, message.connection.broker);
        message.body = Body::Response(message.with_unknown_topics(response));
        let answer_at = self.now + self.service(consumer, broker);
        self.answered(id, answer_at);
    }

    fn service(&mut self, consumer: ConsumerId, broker: BrokerId) -> Span {
        let slow = self.machine(broker).slow;
        let service =
            draw(&self.scenario.cluster.service, &mut self.slots[consumer.index()].service);
        Span::from_us(slow.times(service.as_us()))
    }

    /// The answer leaves the broker at `answer_at`; then the next request has its turn.
    fn answered(&mut self, id: MessageId, answer_at: Instant) {
        let message = self.messages.get(id);
        let (consumer, connection) = (message.consumer, message.connection);
        let latency = self.latency(consumer, connection);
        let mut deliver_at = answer_at + latency;
        let mut next = None;
        if let Some(link) = self.link_of(id) {
            deliver_at = deliver_at.max(link.last_delivery);
            link.last_delivery = deliver_at;
            link.busy = false;
            link.busy_until = answer_at;
            next = link.waiting.front().copied();
        }
        if let Some(next) = next {
            self.plan(answer_at, next, Event::Turn);
        }
        let message = self.messages.get_mut(id);
        (message.answer_at, message.deliver_at) = (answer_at, deliver_at);
        self.plan(deliver_at, id, Event::Deliver);
    }

    /// Fetches that wait for data may have to wait for other moments now.
    pub(super) fn replan_fetches(&mut self) {
        for id in self.messages.parked_fetches(self.now) {
            let message = self.messages.get(id);
            let Body::Request(Request::Fetch(request)) = &message.body else { continue };
            let (since, broker) = (message.parked_since, message.connection.broker);
            let resolution = self.scenario.resolution;
            let ready = self.logs.answer_again(request, broker, since, self.now, resolution);
            let message = self.messages.get_mut(id);
            let (service, way_back) =
                (message.answer_at - message.ready_at, message.deliver_at - message.answer_at);
            if ready == message.ready_at {
                continue;
            }
            message.ready_at = ready;
            message.answer_at = ready + service;
            message.deliver_at = message.answer_at + way_back;
            let (answer_at, deliver_at) = (message.answer_at, message.deliver_at);
            self.plan(deliver_at, id, Event::Deliver);
            let Some(link) = self.link_of(id) else { continue };
            link.busy_until = answer_at;
            link.last_delivery = deliver_at;
            if let Some(next) = link.waiting.front().copied() {
                self.plan(answer_at, next, Event::Turn);
            }
        }
    }

    /// Whoever leads the group's partition of `__consumer_offsets`, as far as the controller knows.
    fn find_coordinator(&self, consumer: ConsumerId) -> FindCoordinatorResponse {
        let row = self.coordinator_of[self.slots[consumer.index()].group.index()];
        match self.controller.partition(Row(row as u32)).leader {
            Some(node) => FindCoordinatorResponse { error_code: ErrorCode::None, node },
            None => FindCoordinatorResponse {
                error_code: ErrorCode::CoordinatorNotAvailable,
                node: BrokerId(0),
            },
        }
    }

    fn list_offsets(
        &mut self,
        broker: BrokerId,
        request: &ListOffsetsRequest,
    ) -> ListOffsetsResponse {
        let now = self.now;
        let logs = &mut self.logs;
        let answer = |question: &OffsetQuestion| {
            let log = &logs.partitions[question.partition.index()];
            let end = log.visible_end(now, &mut logs.producers);
            let offset = match question.spec {
                OffsetSpec::Earliest => Some(log.start()),
                OffsetSpec::Latest => Some(end),
                OffsetSpec::MaxAge(age) => {
                    let since = Instant::from_us(now.as_us().saturating_sub(age.as_us()));
                    let first = log.first_created(since, end, now, &mut logs.producers);
                    (first < end).then_some(first)
                }
            };
            let partition = question.partition;
            let error_code = log.refusal(broker, question.leader_epoch, now);
            let leader_epoch = log.leadership().epoch;
            OffsetFound { partition, error_code, offset, leader_epoch }
        };
        ListOffsetsResponse { partitions: request.partitions.iter().map(answer).collect() }
    }

    fn offsets_for_leader_epochs(
        &mut self,
        broker: BrokerId,
        request: &OffsetForLeaderEpochRequest,
    ) -> OffsetForLeaderEpochResponse {
        let now = self.now;
        let logs = &mut self.logs;
        let answer = |question: &EpochQuestion| {
            let log = &logs.partitions[question.partition.index()];
            let end = log.end(now, &mut logs.producers);
            let (leader_epoch, end_offset) = log.epoch_end(question.leader_epoch, end);
            let error_code = log.refusal(broker, question.current_leader_epoch, now);
            EpochEnd { partition: question.partition, error_code, leader_epoch, end_offset }
        };
        OffsetForLeaderEpochResponse { partitions: request.partitions.iter().map(answer).collect() }
    }

    /// A response reaches its client, if that still lives.
    pub(super) fn deliver(&mut self, id: MessageId) {
        let message = self.messages.get(id);
        if message.deliver_at != self.now {
            return;
        }
        let unopened = matches!(message.body, Body::Unopened);
        if !unopened && self.is_cut(message.consumer, message.connection.broker) {
            return self.lose(id, Leg::Back);
        }
        let gives_up = unopened && self.give_up_opening(id);
        let is_open = self.link_of(id).is_some();
        let message = self.messages.remove(id);
        let slot = &mut self.slots[message.consumer.index()];
        if slot.incarnation != message.incarnation
            || !(is_open || gives_up || matches!(message.body, Body::Broken))
            || unopened && !gives_up
        {
            return;
        }
        let Some(process) = &mut slot.process else { return };
        let wakes = match message.body {
            Body::Request(Request::Fetch(request)) => {
                let broker = message.connection.broker;
                let response = self.logs.read(request, broker, message.answer_at);
                process.receive_fetch(self.now, message.connection, response)
            }
            Body::Response(Response::Fetch(response)) => {
                process.receive_fetch(self.now, message.connection, response)
            }
            Body::Broken | Body::Unopened => process.disconnected(self.now, message.connection),
            Body::Response(response) => {
                if let Some((api, error, epoch)) = heard(&response) {
                    let (consumer, sent) = (message.consumer, message.sent);
                    let answer = Answer { consumer, api, sent, error, epoch };
                    self.observer.answer(self.now, &answer);
                }
                process.receive(self.now, message.correlation, response)
            }
            body => unreachable!("{body:?} is no response"),
        };
        self.arm(message.consumer, wakes);
    }

    /// A client gives up a connection: what waits on it is never read. What is on its way back
    /// finds nobody who asked.
    pub(super) fn disconnect(&mut self, consumer: ConsumerId, connection: Connection) {
        self.slots[consumer.index()].links.retain(|(other, _)| *other != connection);
    }
}
