//! The network between machines: what is cut, what is slower, and what waits to be sent again.
//!
//! A cut is TCP's: nothing arrives, nobody is told, connections stay open. What was lost is sent
//! again when the network is whole, after TCP's pauses ([`tcp`]).

use super::consumers::Link;
use super::faults::Relief;
use super::messages::{Body, Message, MessageId};
use super::{DELIVERY, Event, World};
use crate::client::effect::Connection;
use crate::cluster::tcp;
use crate::kernel::dist::Dist;
use crate::kernel::time::{Instant, Span};
use crate::model::id::{BrokerId, ConsumerId, ProducerId};
use crate::scenario::event::Target;
use crate::scenario::network::{Place, Wire};
use std::collections::BTreeMap;

/// How long brokers and producers wait for an answer (`replica.socket.timeout.ms`,
/// `request.timeout.ms`).
const PATIENCE: Span = Span::from_secs(30);

/// A machine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Node {
    Consumer(ConsumerId),
    Producer(ProducerId),
    Broker(BrokerId),
    Controller,
}

/// The state of the network.
#[derive(Debug, Default)]
pub(super) struct Wires {
    troubles: Vec<Trouble>,
    /// Troubles so far.
    count: u32,
    /// What was sent in vain.
    lost: Vec<Lost>,
}

/// A cut or a delay.
#[derive(Clone, Debug)]
struct Trouble {
    number: u32,
    wire: Wire,
    what: What,
}

#[derive(Clone, Debug)]
enum What {
    Delay(Dist),
    Cut(Cut),
}

/// A cut, and how much of it is over.
#[derive(Clone, Copy, Debug)]
struct Cut {
    since: Instant,
    /// Whether nothing arrives. Later only what was sent again is late.
    open: bool,
    /// Whether brokers and the controller have not found each other again.
    unheard: bool,
    /// Whether brokers and producers have not found brokers again.
    untouched: bool,
}

/// A message that did not arrive.
#[derive(Clone, Copy, Debug)]
struct Lost {
    id: MessageId,
    since: Instant,
    leg: Leg,
}

/// Which way a message goes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Leg {
    There,
    Back,
}

impl World<'_> {
    /// Whether a machine is one of those.
    fn is_at(&self, node: Node, place: &Place) -> bool {
        match (node, place) {
            (Node::Consumer(id), Place::Consumers(target)) => {
                let slot = &self.slots[id.index()];
                match target {
                    Target::Consumers(names) => names.iter().any(|name| *name == *slot.name),
                    Target::Group(group) => slot.group == *group,
                    Target::Share { .. } | Target::Random { .. } => false,
                }
            }
            (Node::Consumer(id), Place::Rack(rack)) => {
                self.slots[id.index()].rack.as_ref() == Some(rack)
            }
            (Node::Broker(id), Place::Rack(rack)) => {
                self.scenario.cluster.racks[id.index() - 1].as_ref() == Some(rack)
            }
            (Node::Broker(id), Place::Broker(broker)) => id == *broker,
            (Node::Producer(id), Place::Producer(producer)) => id == *producer,
            (Node::Controller, Place::Controller) => true,
            _ => false,
        }
    }

    /// Whether the network between two machines is that of a trouble.
    fn is_between(&self, wire: &Wire, a: Node, b: Node) -> bool {
        let on = |node, side: &[Place]| side.iter().any(|place| self.is_at(node, place));
        match &wire.other {
            None => on(a, &wire.one) != on(b, &wire.one),
            Some(other) => on(a, &wire.one) && on(b, other) || on(b, &wire.one) && on(a, other),
        }
    }

    /// Consumers that run and are on a side of the network between two.
    pub(super) fn running_at(&self, wire: &Wire) -> Vec<ConsumerId> {
        let places = || wire.one.iter().chain(wire.other.iter().flatten());
        let ids = (0..self.slots.len()).map(ConsumerId::new);
        let runs = ids.filter(|id| self.slots[id.index()].process.is_some());
        runs.filter(|&id| places().any(|place| self.is_at(Node::Consumer(id), place))).collect()
    }

    fn is_cut_for(&self, a: Node, b: Node, still: fn(&Cut) -> bool) -> bool {
        self.wires.troubles.iter().any(|trouble| {
            matches!(&trouble.what, What::Cut(cut) if still(cut))
                && self.is_between(&trouble.wire, a, b)
        })
    }

    /// Whether nothing arrives between a consumer and a broker.
    pub(super) fn is_cut(&self, consumer: ConsumerId, broker: BrokerId) -> bool {
        self.is_cut_for(Node::Consumer(consumer), Node::Broker(broker), |cut| cut.open)
    }

    /// Whether a broker and another one, or a producer, are in touch.
    pub(super) fn in_touch(&self, node: Node, broker: BrokerId) -> bool {
        !self.is_cut_for(node, Node::Broker(broker), |cut| cut.untouched)
    }

    /// Whether the controller hears of a broker that runs.
    pub(super) fn hears(&self, broker: BrokerId) -> bool {
        !self.is_cut_for(Node::Controller, Node::Broker(broker), |cut| cut.unheard)
    }

    /// What is added to the way between two machines.
    pub(super) fn delays(&self, a: Node, b: Node) -> Vec<Dist> {
        let ours = self.wires.troubles.iter().filter_map(|trouble| match &trouble.what {
            What::Delay(dist) if self.is_between(&trouble.wire, a, b) => Some(dist.clone()),
            _ => None,
        });
        ours.collect()
    }

    /// The same, on average.
    pub(super) fn mean_delay(&self, a: Node, b: Node) -> Span {
        Span::from_us(self.delays(a, b).iter().map(|dist| dist.mean() as u64).sum())
    }

    /// The network between two sides is cut, or whole again after `span`.
    pub(super) fn cut(&mut self, wire: Wire, span: Option<Span>) {
        let since = self.now;
        let cut = Cut { since, open: true, unheard: true, untouched: true };
        let number = self.trouble(wire, What::Cut(cut));
        self.relieve_later(span, Relief::Heal(number));
        for broker in self.scenario.cluster.brokers() {
            self.listen(broker);
        }
        self.settle_network();
    }

    /// The network between two sides is slower.
    pub(super) fn delay(&mut self, wire: Wire, by: Dist, span: Option<Span>) {
        let number = self.trouble(wire, What::Delay(by));
        self.relieve_later(span, Relief::Hasten(number));
        self.settle_network();
    }

    fn trouble(&mut self, wire: Wire, what: What) -> u32 {
        let number = self.wires.count;
        self.wires.count += 1;
        self.wires.troubles.push(Trouble { number, wire, what });
        number
    }

    /// A delay is over.
    pub(super) fn hasten(&mut self, number: u32) {
        self.wires.troubles.retain(|trouble| trouble.number != number);
        self.settle_network();
    }

    fn settle_network(&mut self) {
        for row in self.controller.rows() {
            self.settle(row);
        }
        self.replan_fetches();
    }

    fn cut_numbered(&mut self, number: u32) -> Option<&mut Cut> {
        let trouble = self.wires.troubles.iter_mut().find(|trouble| trouble.number == number)?;
        match &mut trouble.what {
            What::Cut(cut) => Some(cut),
            What::Delay(_) => None,
        }
    }

    /// The network is whole again: what was lost is sent again in time.
    pub(super) fn heal(&mut self, number: u32) {
        let now = self.now;
        let session = self.scenario.cluster.config.broker_session_timeout;
        let Some(cut) = self.cut_numbered(number) else { return };
        cut.open = false;
        // `NodeToControllerRequestThread`: half a session, then another connection.
        let heard = tcp::in_touch(cut.since, now, Span::from_us(session.as_us() / 2));
        let touched = tcp::in_touch(cut.since, now, PATIENCE);
        self.relieve_later(Some(heard.since(now)), Relief::Hear(number));
        self.relieve_later(Some(touched.since(now)), Relief::Touch(number));
        self.send_again();
    }

    /// Brokers and the controller have found each other again.
    pub(super) fn hear_again(&mut self, number: u32) {
        if let Some(cut) = self.cut_numbered(number) {
            cut.unheard = false;
        }
        for broker in self.scenario.cluster.brokers() {
            self.listen(broker);
        }
        self.settle_network();
    }

    /// Brokers and producers have found brokers again.
    pub(super) fn touch_again(&mut self, number: u32) {
        if let Some(cut) = self.cut_numbered(number) {
            cut.untouched = false;
        }
        self.settle_network();
    }

    /// A message does not arrive: it is sent again later, unless its connection is gone by then.
    pub(super) fn lose(&mut self, id: MessageId, leg: Leg) {
        self.messages.expect(id);
        let since = self.now;
        self.wires.lost.push(Lost { id, since, leg });
    }

    /// What does not have to be lost any longer is sent again: all of a connection together, when
    /// the first of it is.
    fn send_again(&mut self) {
        let mut moments: BTreeMap<(ConsumerId, Connection, Leg), Option<Instant>> = BTreeMap::new();
        for Lost { id, since, leg } in std::mem::take(&mut self.wires.lost) {
            if !self.messages.come(id) {
                continue;
            }
            let message = self.messages.get(id);
            let (consumer, connection) = (message.consumer, message.connection);
            if self.is_cut(consumer, connection.broker) {
                self.messages.expect(id);
                self.wires.lost.push(Lost { id, since, leg });
                continue;
            }
            let is_news = matches!(message.body, Body::Broken);
            let has_link = self.link_of(id).is_some();
            let moment = match moments.get(&(consumer, connection, leg)) {
                Some(&known) => known,
                None if is_news => Some(tcp::resent(since, self.now)),
                None => self.opens_or_resends(id, since),
            };
            moments.insert((consumer, connection, leg), moment);
            // News of a connection that broke are for who has not given it up; the rest for who
            // has not, either.
            match moment.filter(|_| has_link != is_news) {
                Some(at) => self.resend(id, at, leg),
                None => drop(self.messages.remove(id)),
            }
        }
    }

    /// When the first message that was lost on a connection is sent again: when TCP does, or as
    /// soon as the connection opens; `None`: its client gives up before.
    fn opens_or_resends(&mut self, id: MessageId, since: Instant) -> Option<Instant> {
        let message = self.messages.get(id);
        let (consumer, connection) = (message.consumer, message.connection);
        let now = self.now;
        let link = self.link_of(id)?;
        let Some(opening) = link.opening else { return Some(tcp::resent(since, now)) };
        let opened = tcp::opened(opening.since, now);
        if opened >= opening.gives_up {
            return None;
        }
        link.opening = None;
        self.slots[consumer.index()].unopened.remove(&connection);
        if !self.machine(connection.broker).up {
            self.disconnect(consumer, connection);
            self.break_connection(consumer, connection);
            return None;
        }
        Some(opened)
    }

    fn resend(&mut self, id: MessageId, at: Instant, leg: Leg) {
        let message = self.messages.get(id);
        let mut at = at + self.latency(message.consumer, message.connection);
        let event = if leg == Leg::There { Event::Arrive } else { Event::Deliver };
        if let Some(link) = self.link_of(id) {
            let last = match leg {
                Leg::There => &mut link.last_arrival,
                Leg::Back => &mut link.last_delivery,
            };
            at = at.max(*last);
            *last = at;
        }
        let message = self.messages.get_mut(id);
        match leg {
            Leg::There => message.resent = true,
            Leg::Back => message.deliver_at = at,
        }
        self.messages.expect(id);
        self.agenda.push(at, DELIVERY, event(id));
    }

    /// A client opens a connection across a cut: it waits for that no longer than it waits for
    /// connections (`socket.connection.setup.timeout.ms`).
    pub(super) fn open_in_vain(&mut self, consumer: ConsumerId, connection: Connection) {
        let now = self.now;
        let slot = &mut self.slots[consumer.index()];
        let (first, longest) = (
            slot.settings.socket_connection_setup_timeout.as_us(),
            slot.settings.socket_connection_setup_timeout_max.as_us(),
        );
        let failures = slot.unopened.entry(connection).or_insert(0);
        let term = u128::from(first) << (*failures).min(32);
        *failures += 1;
        let jittered = term * u128::from(800 + slot.setups.below(401)) / 1000;
        let at = now + Span::from_us(jittered.min(longest.into()) as u64);
        let incarnation = slot.incarnation;
        let link = slot.link(connection);
        link.opening = Some(Opening { since: now, gives_up: at });
        let link = link.number;
        let body = Body::Unopened;
        let message = Message::new(consumer, incarnation, connection, 0, body);
        let id = self.messages.add(Message { link, deliver_at: at, ..message });
        self.messages.expect(id);
        self.agenda.push(at, DELIVERY, Event::Deliver(id));
    }

    /// A client's attempt to open a connection ends.
    pub(super) fn give_up_opening(&mut self, id: MessageId) -> bool {
        let still = |link: &mut Link| link.opening.is_some();
        let gives_up = self.link_of(id).is_some_and(still);
        if gives_up {
            let message = self.messages.get(id);
            self.disconnect(message.consumer, message.connection);
        }
        gives_up
    }
}

/// A connection that is being opened.
#[derive(Clone, Copy, Debug)]
pub(super) struct Opening {
    since: Instant,
    gives_up: Instant,
}
