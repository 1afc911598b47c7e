//! The scenario's events: whom they strike, what they do, and when that ends.

use super::{Event, FAULT, World};
use crate::client::producer::curve::Change;
use crate::kernel::factor::Factor;
use crate::kernel::random::Stream;
use crate::kernel::time::{Instant, Span};
use crate::model::fact::{ConsumerFact, Fact};
use crate::model::id::{BrokerId, ConsumerId, GroupId, PartitionId, ProducerId};
use crate::scenario::event::{Action, BrokerAction, RateChange, Target, Which};
use crate::scenario::network::{Place, Wire};

/// The end of an effect.
#[derive(Clone, Debug)]
pub(super) enum Relief {
    /// Processing is as fast as it was.
    Pace(Vec<ConsumerId>),
    /// The producers follow their profiles again.
    Rate(Vec<ProducerId>),
    /// The broker is as fast as it was.
    Broker(BrokerId),
    /// The network is whole again.
    Heal(u32),
    /// Brokers that were cut off and the controller hear each other again.
    Hear(u32),
    /// Brokers that were cut off are in touch with others and with producers again.
    Touch(u32),
    /// The network is as fast as it was.
    Hasten(u32),
}

impl World<'_> {
    pub(super) fn schedule_strikes(&mut self) {
        for (event, block) in (0u32..).zip(&self.scenario.events) {
            for &at in &block.at {
                self.agenda.push(at, FAULT, Event::Strike(event));
            }
        }
    }

    /// An event strikes.
    pub(super) fn strike(&mut self, event: usize) {
        let scenario = self.scenario;
        let action = &scenario.events[event].action;
        let struck = match action {
            Action::Crash { target, .. }
            | Action::Close { target, .. }
            | Action::Restart { target, .. }
            | Action::Pause { target, .. }
            | Action::Busy { target, .. }
            | Action::PausePartitions { target, .. }
            | Action::Slow { target, .. } => self.running(event, target),
            Action::Cut { wire, .. } | Action::Delay { wire, .. } => {
                return self.strike_network(event, wire, action);
            }
            Action::StartConsumer { target } => self.named(target),
            Action::StartNext { group } => vec![self.add_consumer(*group)],
            Action::Scale { groups, to } => {
                groups.iter().flat_map(|&group| self.those_to_scale(group, *to as usize)).collect()
            }
            Action::SetRate { .. }
            | Action::Brokers { .. }
            | Action::AddPartitions { .. }
            | Action::CreateTopic { .. }
            | Action::DeleteTopic { .. } => Vec::new(),
        };
        self.tell(Fact::Struck { event, consumers: struck.clone() });
        match action {
            Action::SetRate { producers, change, span } => {
                let change = match *change {
                    RateChange::To(rate) => Change::To(rate),
                    RateChange::Times(factor) => Change::Times(factor),
                };
                self.change_rate(producers, change);
                self.relieve_later(*span, Relief::Rate(producers.clone()));
            }
            Action::AddPartitions { topic, to } => self.add_partitions(*topic, *to),
            Action::DeleteTopic { topic } => self.delete_topic(*topic),
            Action::Brokers { brokers, what, .. } => {
                for &broker in brokers {
                    self.strike_broker(broker, *what);
                }
            }
            Action::Slow { factor, span, .. } => {
                self.set_pace(&struck, *factor);
                self.relieve_later(*span, Relief::Pace(struck));
            }
            _ => {
                for id in struck {
                    self.strike_one(id, action);
                }
            }
        }
    }

    fn strike_one(&mut self, id: ConsumerId, action: &Action) {
        match *action {
            Action::Crash { restart_after, .. } => {
                self.crash_consumer(id);
                self.start_later(id, restart_after);
            }
            Action::Restart { down, .. } => {
                self.crash_consumer(id);
                self.start_later(id, Some(down));
            }
            Action::Close { restart_after, .. } => {
                self.close_consumer(id);
                self.start_later(id, restart_after);
            }
            Action::Pause { span, .. } => {
                let until = self.now + span;
                self.tell(Fact::Consumer { consumer: id, what: ConsumerFact::Paused { until } });
                self.with_process(id, |process, now, _| process.pause(now, span));
            }
            Action::Busy { span, .. } => {
                self.with_process(id, |process, now, out| process.keep_busy(now, span, out));
            }
            Action::PausePartitions { ref which, span, .. } => {
                let until = span.map_or(Instant::NEVER, |span| self.now.saturating_add(span));
                let which = self.those(which);
                self.with_process(id, |process, now, out| {
                    process.pause_partitions(now, which, until, out);
                });
            }
            Action::Scale { .. } if self.slots[id.index()].process.is_some() => {
                self.close_consumer(id);
            }
            Action::StartConsumer { .. } | Action::StartNext { .. } | Action::Scale { .. } => {
                self.start_consumer(id);
            }
            // A topic comes when its own table says so.
            Action::CreateTopic { .. } => {}
            Action::Slow { .. }
            | Action::Cut { .. }
            | Action::Delay { .. }
            | Action::SetRate { .. }
            | Action::AddPartitions { .. }
            | Action::DeleteTopic { .. }
            | Action::Brokers { .. } => {
                unreachable!("strikes all at once")
            }
        }
    }

    /// The network is struck; some of a group, if that is meant, are drawn first.
    fn strike_network(&mut self, event: usize, wire: &Wire, action: &Action) {
        let mut wire = wire.clone();
        let sides = wire.one.iter_mut().chain(wire.other.iter_mut().flatten());
        for place in sides {
            if let Place::Consumers(target @ (Target::Share { .. } | Target::Random { .. })) = place
            {
                let names = self.running(event, target);
                let names = names.iter().map(|id| self.slots[id.index()].name.to_string());
                *target = Target::Consumers(names.collect());
            }
        }
        let struck = self.running_at(&wire);
        self.tell(Fact::Struck { event, consumers: struck });
        match action {
            Action::Cut { span, .. } => self.cut(wire, *span),
            Action::Delay { by, span, .. } => self.delay(wire, by.clone(), *span),
            _ => unreachable!("strikes the network"),
        }
    }

    fn strike_broker(&mut self, broker: BrokerId, what: BrokerAction) {
        let back = match what {
            BrokerAction::Kill { restart_after } => {
                self.kill_broker(broker);
                restart_after
            }
            BrokerAction::Stop { restart_after } => {
                self.stop_broker(broker);
                restart_after
            }
            BrokerAction::Start => {
                self.start_broker(broker);
                None
            }
            BrokerAction::Pause { span } => {
                self.pause_broker(broker, span);
                None
            }
            BrokerAction::Slow { factor, span } => {
                self.slow_broker(broker, factor);
                self.relieve_later(span, Relief::Broker(broker));
                None
            }
        };
        if let Some(back) = back {
            self.agenda.push(self.now.saturating_add(back), FAULT, Event::Boot(broker));
        }
    }

    /// An effect of an event ends.
    pub(super) fn relieve(&mut self, relief: usize) {
        match self.reliefs[relief].clone() {
            Relief::Pace(consumers) => self.set_pace(&consumers, Factor::ONE),
            Relief::Broker(broker) => self.slow_broker(broker, Factor::ONE),
            Relief::Heal(cut) => self.heal(cut),
            Relief::Hear(cut) => self.hear_again(cut),
            Relief::Touch(cut) => self.touch_again(cut),
            Relief::Hasten(delay) => self.hasten(delay),
            Relief::Rate(producers) => self.change_rate(&producers, Change::Profile),
        }
    }

    pub(super) fn relieve_later(&mut self, span: Option<Span>, relief: Relief) {
        if let Some(span) = span {
            let row = self.reliefs.len() as u32;
            self.reliefs.push(relief);
            self.agenda.push(self.now.saturating_add(span), FAULT, Event::Relieve(row));
        }
    }

    fn set_pace(&mut self, consumers: &[ConsumerId], pace: Factor) {
        for &id in consumers {
            self.slots[id.index()].application.pace = pace;
            self.with_process(id, |process, _, _| process.set_pace(pace));
        }
    }

    fn change_rate(&mut self, producers: &[ProducerId], change: Change) {
        for &producer in producers {
            for row in self.rows_of(producer) {
                self.logs.producers[row].change_rate(self.now, change);
                self.look_at_buffer_soon(row);
            }
        }
        self.replan_fetches();
    }

    fn start_later(&mut self, id: ConsumerId, after: Option<Span>) {
        if let Some(after) = after {
            self.agenda.push(self.now.saturating_add(after), FAULT, Event::Start(id));
        }
    }

    fn close_consumer(&mut self, id: ConsumerId) {
        self.with_process(id, super::super::client::consumer::Consumer::close);
    }

    /// The partitions that an event means, whichever topic of the name they belong to; `None`: all.
    fn those(&self, which: &Which) -> Option<Vec<PartitionId>> {
        let (topic, numbers) = match which {
            Which::All => return None,
            Which::OfTopic(topic) => (*topic, None),
            Which::Some(topic, numbers) => (*topic, Some(numbers)),
        };
        let lives = self.topics.lives(self.topics.name(topic));
        let all = lives.into_iter().flat_map(|life| self.topics.partitions(life).iter().copied());
        let is_meant = |partition: &PartitionId| {
            numbers.is_none_or(|numbers| numbers.contains(&self.topics.of(*partition).1))
        };
        Some(all.filter(is_meant).collect())
    }

    fn named(&self, target: &Target) -> Vec<ConsumerId> {
        match target {
            Target::Consumers(names) => {
                names.iter().filter_map(|name| self.by_name.get(name).copied()).collect()
            }
            Target::Group(group) | Target::Share { group, .. } | Target::Random { group, .. } => {
                let rows = self.slots.iter().enumerate();
                let ours = rows.filter(|(_, slot)| slot.group == *group);
                ours.map(|(row, _)| ConsumerId::new(row)).collect()
            }
        }
    }

    /// Those among the targets that run.
    fn running(&mut self, event: usize, target: &Target) -> Vec<ConsumerId> {
        let mut running = self.named(target);
        running.retain(|id| self.slots[id.index()].process.is_some());
        let count = match target {
            Target::Consumers(_) | Target::Group(_) => return running,
            Target::Share { share, .. } => share.share_of(running.len() as u64) as usize,
            Target::Random { count, .. } => *count as usize,
        };
        pick(running, count, &mut self.event_draws[event])
    }

    /// Who has to start or close so that `to` run: those that stopped come back first, the last
    /// ones close first.
    fn those_to_scale(&mut self, group: GroupId, to: usize) -> Vec<ConsumerId> {
        let ours = self.named(&Target::Group(group));
        let runs = |id: &ConsumerId| self.slots[id.index()].process.is_some();
        let (running, stopped): (Vec<_>, Vec<_>) = ours.into_iter().partition(runs);
        if running.len() >= to {
            return running[to..].to_vec();
        }
        let missing = to - running.len();
        let mut starting: Vec<ConsumerId> = stopped.into_iter().take(missing).collect();
        while starting.len() < missing {
            starting.push(self.add_consumer(group));
        }
        starting
    }
}

/// Some of them, each equally likely, in their order.
fn pick(from: Vec<ConsumerId>, count: usize, draws: &mut Stream) -> Vec<ConsumerId> {
    let mut left = count.min(from.len()) as u64;
    let total = from.len();
    let mut picked = Vec::with_capacity(left as usize);
    for (seen, id) in from.into_iter().enumerate() {
        if draws.below((total - seen) as u64) < left {
            picked.push(id);
            left -= 1;
        }
    }
    picked
}
