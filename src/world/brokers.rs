//! Brokers as machines: they die, stop, stand still and come back, and connections with them.

use super::messages::{Body, Message, MessageId};
use super::{DELIVERY, Event, FAULT, World};
use crate::client::effect::Connection;
use crate::kernel::factor::Factor;
use crate::kernel::time::{Instant, Span};
use crate::model::fact::{BrokerFact, Fact};
use crate::model::id::{BrokerId, ConsumerId};

/// Messages that a broker and the controller exchange until the broker is in service: it registers,
/// reads the metadata, asks to be unfenced (`BrokerLifecycleManager`).
const ROUND_TRIPS: u64 = 3;

/// A broker's machine.
#[derive(Debug)]
pub(super) struct Machine {
    pub up: bool,
    /// Standing still until then.
    pub paused: Option<Instant>,
    /// Since when the controller has heard nothing.
    silent: Option<Instant>,
    /// When it looks for segments that it need not keep.
    pub looks_at: Instant,
    /// Its time for a request, and as a follower, as a multiple of the usual.
    pub slow: Factor,
    /// Whether it shut down in order the last time.
    clean: bool,
    /// Whether it has started and can't reach the controller.
    waits: bool,
    /// Messages that reached it, or were to leave it, while it stood still.
    held: Vec<MessageId>,
}

impl Default for Machine {
    fn default() -> Self {
        Machine {
            up: true,
            paused: None,
            silent: None,
            looks_at: Instant::NEVER,
            slow: Factor::ONE,
            clean: true,
            waits: false,
            held: Vec::new(),
        }
    }
}

impl Machine {
    /// Whether it answers.
    pub(super) const fn serves(&self) -> bool {
        self.up && self.paused.is_none()
    }
}

impl World<'_> {
    pub(super) fn machine(&self, broker: BrokerId) -> &Machine {
        &self.machines[broker.index() - 1]
    }

    pub(super) fn machine_mut(&mut self, broker: BrokerId) -> &mut Machine {
        &mut self.machines[broker.index() - 1]
    }

    fn tell_broker(&mut self, broker: BrokerId, what: BrokerFact) {
        self.tell(Fact::Broker { broker, what });
    }

    /// Between brokers and controller, there and back so often.
    pub(super) fn round_trips(&self) -> Span {
        Span::from_us((self.scenario.cluster.latency.mean() as u64).max(1) * 2 * ROUND_TRIPS)
    }

    /// A broker dies without a word.
    pub(super) fn kill_broker(&mut self, broker: BrokerId) {
        if !self.machine(broker).up {
            return;
        }
        self.tell_broker(broker, BrokerFact::Killed);
        self.fall_silent(broker);
        let machine = self.machine_mut(broker);
        (machine.up, machine.paused, machine.clean) = (false, None, false);
        self.break_connections(broker);
        self.lose_coordinators(broker);
        self.settle_all_of(broker);
    }

    /// The controller hears nothing of a broker from now on.
    fn fall_silent(&mut self, broker: BrokerId) {
        let now = self.now;
        if self.controller.is_fenced(broker) || self.machine(broker).silent.is_some() {
            return;
        }
        self.machine_mut(broker).silent = Some(now);
        let ends = self.sessions.ends(broker, now);
        self.agenda.push(ends, FAULT, Event::Fence(broker));
    }

    /// A broker's session has ended, if it is still silent.
    pub(super) fn fence(&mut self, broker: BrokerId) {
        let since = self.machine(broker).silent;
        if since.is_none_or(|since| self.sessions.ends(broker, since) > self.now) {
            return;
        }
        if let Some(later) = self.sessions.fence(self.now) {
            return self.agenda.push(later, FAULT, Event::Fence(broker));
        }
        self.machine_mut(broker).silent = None;
        self.tell_broker(broker, BrokerFact::Fenced);
        let mut changes = Vec::new();
        self.controller.fence(broker, &mut changes);
        self.apply_changes(&changes);
        self.publish_metadata();
    }

    /// A broker shuts down in order: its leaders move first.
    pub(super) fn stop_broker(&mut self, broker: BrokerId) {
        if !self.machine(broker).serves() || !self.controller.is_active(broker) {
            return;
        }
        if !self.hears(broker) {
            // Nobody takes over.
            return self.kill_broker(broker);
        }
        let mut changes = Vec::new();
        self.controller.begin_shutdown(broker, &mut changes);
        self.apply_changes(&changes);
        let gone = self.now + self.round_trips();
        self.agenda.push(gone, FAULT, Event::ShutDown(broker));
    }

    /// A broker that has handed over everything is gone.
    pub(super) fn shut_down(&mut self, broker: BrokerId) {
        if !self.machine(broker).up {
            return;
        }
        self.tell_broker(broker, BrokerFact::Stopped);
        let machine = self.machine_mut(broker);
        (machine.up, machine.paused, machine.silent, machine.clean) = (false, None, None, true);
        self.break_connections(broker);
        self.tell_broker(broker, BrokerFact::Fenced);
        let mut changes = Vec::new();
        self.controller.fence(broker, &mut changes);
        self.apply_changes(&changes);
        self.publish_metadata();
        self.settle_all_of(broker);
    }

    /// A broker's process starts. While the session of its former life lasts, the controller takes
    /// it for a second one of the same id and sends it away (`DuplicateBrokerRegistration`).
    pub(super) fn start_broker(&mut self, broker: BrokerId) {
        if self.machine(broker).up {
            return;
        }
        self.tell_broker(broker, BrokerFact::Started);
        let silent = self.machine(broker).silent;
        let ends = silent.map_or(self.now, |since| self.sessions.ends(broker, since));
        let registers = ends.max(self.now);
        let serves = registers + self.round_trips();
        self.agenda.push(serves, FAULT, Event::Unfence(broker));
    }

    /// A broker that started is in service.
    pub(super) fn unfence(&mut self, broker: BrokerId) {
        if self.machine(broker).up {
            return;
        }
        if !self.hears(broker) {
            self.machine_mut(broker).waits = true;
            return;
        }
        if !self.machine(broker).clean {
            let mut changes = Vec::new();
            self.controller.register_after_crash(broker, &mut changes);
            self.apply_changes(&changes);
        }
        let machine = self.machine_mut(broker);
        (machine.up, machine.silent, machine.waits) = (true, None, false);
        self.sessions.began(broker, self.now);
        self.tell_broker(broker, BrokerFact::Unfenced);
        let mut changes = Vec::new();
        self.controller.unfence(broker, &mut changes);
        self.apply_changes(&changes);
        self.publish_metadata();
        self.looks[broker.index() - 1] = self.now.since(Instant::ZERO);
        self.settle_all_of(broker);
        self.watch_logs(broker);
    }

    /// The controller hears of a broker again, or does not any longer.
    pub(super) fn listen(&mut self, broker: BrokerId) {
        if !self.hears(broker) || !self.machine(broker).serves() && !self.machine(broker).waits {
            return self.fall_silent(broker);
        }
        if self.machine(broker).waits {
            return self.unfence(broker);
        }
        if self.machine_mut(broker).silent.take().is_some() {
            self.sessions.began(broker, self.now);
        }
        // If the controller has put it out of service meanwhile, its next heartbeat brings it back.
        if self.controller.is_fenced(broker) {
            self.tell_broker(broker, BrokerFact::Unfenced);
            let mut changes = Vec::new();
            self.controller.unfence(broker, &mut changes);
            self.apply_changes(&changes);
            self.publish_metadata();
        }
    }

    /// A broker's process stands still.
    pub(super) fn pause_broker(&mut self, broker: BrokerId, span: Span) {
        let until = self.now + span;
        if !self.machine(broker).up || self.machine(broker).paused.is_some_and(|to| to >= until) {
            return;
        }
        self.tell_broker(broker, BrokerFact::Paused { until });
        self.machine_mut(broker).paused = Some(until);
        self.agenda.push(until, FAULT, Event::Resume(broker));
        self.fall_silent(broker);
        for id in self.messages.answering(broker, self.now) {
            self.messages.get_mut(id).deliver_at = Instant::NEVER;
            self.hold_message(broker, id);
        }
        self.settle_all_of(broker);
    }

    /// A broker's process goes on.
    pub(super) fn resume_broker(&mut self, broker: BrokerId) {
        if self.machine(broker).paused != Some(self.now) {
            return;
        }
        let machine = self.machine_mut(broker);
        machine.paused = None;
        let held = std::mem::take(&mut machine.held);
        self.listen(broker);
        self.settle_all_of(broker);
        self.release(held);
        self.wake_coordinators(broker);
    }

    /// What waited at a broker that stood still goes on.
    fn release(&mut self, held: Vec<MessageId>) {
        for id in held {
            if self.messages.is_there(id) {
                self.go_on(id);
            }
        }
    }

    /// A message reaches a broker that stands still.
    pub(super) fn hold_message(&mut self, broker: BrokerId, id: MessageId) {
        self.machine_mut(broker).held.push(id);
    }

    /// Takes longer, or less long, for each request and each fetch as a follower.
    pub(super) fn slow_broker(&mut self, broker: BrokerId, factor: Factor) {
        self.machine_mut(broker).slow = factor;
        self.settle_all_of(broker);
    }

    /// Connections to a broker that is gone break: what is on its way there, or waits there, is
    /// lost, and whoever had one hears of it.
    fn break_connections(&mut self, broker: BrokerId) {
        self.machine_mut(broker).held.clear();
        for id in self.messages.unanswered(broker, self.now) {
            self.messages.remove(id);
        }
        for row in 0..self.slots.len() {
            let slot = &mut self.slots[row];
            let (lost, rest) = std::mem::take(&mut slot.links)
                .into_iter()
                .partition::<Vec<_>, _>(|(connection, _)| connection.broker == broker);
            slot.links = rest;
            for (connection, _) in lost {
                self.break_connection(ConsumerId::new(row), connection);
            }
        }
    }

    /// A client opens a connection: it hears of it only if nobody is there.
    pub(super) fn connect(&mut self, consumer: ConsumerId, connection: Connection) {
        if self.is_cut(consumer, connection.broker) {
            if !self.slots[consumer.index()].has_link(connection) {
                self.open_in_vain(consumer, connection);
            }
        } else if !self.machine(connection.broker).up {
            self.break_connection(consumer, connection);
        }
    }

    /// A client hears, after a message's way, that its connection broke or was refused.
    pub(super) fn break_connection(&mut self, consumer: ConsumerId, connection: Connection) {
        let at = self.now + self.latency(consumer, connection);
        let incarnation = self.slots[consumer.index()].incarnation;
        let broken = Message::new(consumer, incarnation, connection, 0, Body::Broken);
        let id = self.messages.add(Message { deliver_at: at, ..broken });
        self.messages.expect(id);
        self.agenda.push(at, DELIVERY, Event::Deliver(id));
    }
}
