//! Consumer processes: starting, waking, and what they ask of the world.

use super::messages::MessageId;
use super::wires::Opening;
use super::{CLIENT, Event, FAULT, PROCESSING, World};
use crate::assignor::Strategy;
use crate::client::application::{Application, Draws};
use crate::client::consumer::{Consumer, Setup};
use crate::client::effect::{Connection, Effect, Note};
use crate::client::subscription::Topics;
use crate::kernel::random::Stream;
use crate::kernel::time::Instant;
use crate::model::Name;
use crate::model::config::ConsumerConfig;
use crate::model::fact::{ConsumerFact, Fact};
use crate::model::id::{ConsumerId, GroupId};
use crate::scenario::group::Subscription;
use std::collections::{BTreeMap, VecDeque};

/// A consumer of the scenario, whether it runs or not.
#[derive(Debug)]
pub(super) struct Slot {
    pub name: Name,
    pub group: GroupId,
    pub rack: Option<String>,
    /// Which life it is in; messages of earlier lives go nowhere.
    pub incarnation: u32,
    pub process: Option<Consumer>,
    pub settings: ConsumerConfig,
    pub strategies: Vec<Strategy>,
    pub application: Application,
    /// Its random streams, while no process has them.
    pub draws: Option<Draws>,
    /// Latencies of its messages.
    pub network: Stream,
    /// Times that brokers spend on its requests.
    pub service: Stream,
    /// What delays add to its messages.
    pub delays: Stream,
    /// Jitter of the time that it waits for a connection.
    pub setups: Stream,
    /// How often in a row each connection could not be opened.
    pub unopened: BTreeMap<Connection, u32>,
    /// Random parts of its member ids.
    pub uuids: Stream,
    pub links: Vec<(Connection, Link)>,
    /// Connections opened so far.
    pub opened: u32,
    /// To be started again as soon as it has closed.
    pub start_after_close: bool,
    pub wake_queued: bool,
    pub step_armed: Instant,
    pub timer_armed: Instant,
}

/// A connection, both ends.
#[derive(Debug, Default)]
pub(super) struct Link {
    /// Which of the client's connections it is: what belongs to an earlier one is lost.
    pub number: u32,
    pub last_arrival: Instant,
    pub last_delivery: Instant,
    /// Whether the broker works on a request whose end is not known.
    pub busy: bool,
    /// When the broker has answered the last request whose end is known.
    pub busy_until: Instant,
    /// Whether it is being opened.
    pub opening: Option<Opening>,
    /// Requests that wait for their turn.
    pub waiting: VecDeque<MessageId>,
}

impl Slot {
    pub(super) fn has_link(&self, connection: Connection) -> bool {
        self.links.iter().any(|(other, _)| *other == connection)
    }

    pub(super) fn link(&mut self, connection: Connection) -> &mut Link {
        let at = self.links.iter().position(|(other, _)| *other == connection);
        let at = at.unwrap_or_else(|| {
            self.opened += 1;
            self.links.push((connection, Link { number: self.opened, ..Link::default() }));
            self.links.len() - 1
        });
        &mut self.links[at].1
    }

    /// The process is gone: nothing that was on its way finds it.
    fn hang_up(&mut self) {
        self.incarnation += 1;
        self.links.clear();
        self.unopened.clear();
    }
}

impl World<'_> {
    /// Starts a consumer's process, unless it runs.
    pub(super) fn start_consumer(&mut self, id: ConsumerId) {
        let slot = &mut self.slots[id.index()];
        if slot.process.is_some() {
            slot.start_after_close = true;
            return;
        }
        let group = &self.scenario.groups[slot.group.index()];
        let subscription = match &group.subscription {
            Subscription::Topics(topics) => {
                let mut names: Vec<Name> =
                    topics.iter().map(|&topic| self.topics.name(topic).clone()).collect();
                names.sort();
                Topics::Named(names)
            }
            Subscription::Pattern(pattern) => Topics::Pattern(super::setup::whole_name(pattern)),
            Subscription::BrokerPattern(pattern) => Topics::Expression(pattern.as_str().into()),
        };
        let setup = Setup {
            group: group.name.as_str().into(),
            topics: subscription,
            settings: slot.settings.clone(),
            strategies: slot.strategies.clone(),
            application: slot.application.clone(),
            draws: slot.draws.take().expect("a stopped consumer has its streams"),
            bootstrap: self.scenario.cluster.brokers().collect(),
        };
        self.tell(Fact::Consumer { consumer: id, what: ConsumerFact::Started });
        let mut effects = std::mem::take(&mut self.client_effects);
        let process = Consumer::start(setup, self.now, &mut effects);
        self.slots[id.index()].process = Some(process);
        self.perform_client(id, &mut effects);
        self.client_effects = effects;
    }

    /// Lets a consumer do what is due.
    pub(super) fn wake(&mut self, id: ConsumerId) {
        self.with_process(id, super::super::client::consumer::Consumer::wake);
    }

    /// Does something with a running process, and then what it asks for.
    pub(super) fn with_process(
        &mut self,
        id: ConsumerId,
        act: impl FnOnce(&mut Consumer, Instant, &mut Vec<Effect>),
    ) {
        let Some(process) = &mut self.slots[id.index()].process else { return };
        let mut effects = std::mem::take(&mut self.client_effects);
        act(process, self.now, &mut effects);
        self.perform_client(id, &mut effects);
        self.client_effects = effects;
    }

    /// A process dies without a word.
    pub(super) fn crash_consumer(&mut self, id: ConsumerId) {
        let slot = &mut self.slots[id.index()];
        let Some(process) = slot.process.take() else { return };
        let mut effects = std::mem::take(&mut self.client_effects);
        slot.draws = Some(process.crash(self.now, &mut effects));
        slot.hang_up();
        for effect in effects.drain(..) {
            if let Effect::Note(note) = effect {
                self.client_note(id, note);
            }
        }
        self.client_effects = effects;
        self.tell(Fact::Consumer { consumer: id, what: ConsumerFact::Crashed });
    }

    /// At the end of the run: what was being processed counts as far as it got.
    pub(super) fn tell_unfinished_work(&mut self) {
        for row in 0..self.slots.len() {
            let Some(process) = self.slots[row].process.take() else { continue };
            let mut effects = Vec::new();
            process.crash(self.now, &mut effects);
            for effect in effects {
                if let Effect::Note(note) = effect {
                    self.client_note(ConsumerId::new(row), note);
                }
            }
        }
    }

    fn perform_client(&mut self, id: ConsumerId, effects: &mut Vec<Effect>) {
        self.perform_all(id, effects);
        let slot = &mut self.slots[id.index()];
        if slot.process.as_ref().is_some_and(Consumer::is_stopped) {
            slot.draws = slot.process.take().map(Consumer::into_draws);
            slot.hang_up();
            if std::mem::take(&mut slot.start_after_close) {
                self.agenda.push(self.now, FAULT, Event::Start(id));
            }
        } else {
            self.arm(id, false);
        }
    }

    pub(super) fn perform_all(&mut self, id: ConsumerId, effects: &mut Vec<Effect>) {
        for effect in effects.drain(..) {
            match effect {
                Effect::Send { connection, correlation, request } => {
                    self.send(id, connection, correlation, request);
                }
                Effect::Assign(asked) => self.assign(id, *asked),
                Effect::Connect(connection) => self.connect(id, connection),
                Effect::Disconnect(connection) => self.disconnect(id, connection),
                Effect::Note(note) => self.client_note(id, note),
            }
        }
    }

    /// Arms the events that the consumer needs; with `wakes` it sees this tick's arrivals.
    pub(super) fn arm(&mut self, id: ConsumerId, wakes: bool) {
        let slot = &mut self.slots[id.index()];
        let Some(process) = &slot.process else { return };
        if wakes && !slot.wake_queued {
            slot.wake_queued = true;
            self.agenda.push(self.now, PROCESSING, Event::Wake(id));
        }
        let step = process.next_step_at().max(self.now);
        if step < slot.step_armed {
            slot.step_armed = step;
            self.agenda.push(step, PROCESSING, Event::Step(id));
        }
        let timer = process.next_timer_at().max(self.now);
        if timer < slot.timer_armed {
            slot.timer_armed = timer;
            self.agenda.push(timer, CLIENT, Event::Timer(id));
        }
    }

    fn client_note(&mut self, consumer: ConsumerId, note: Note) {
        let what = match note {
            Note::CoordinatorFound(broker) => ConsumerFact::CoordinatorFound(broker),
            Note::CoordinatorLost => ConsumerFact::CoordinatorLost,
            Note::JoinSent => ConsumerFact::JoinSent,
            Note::Revoked(partitions) => ConsumerFact::Revoked(partitions),
            Note::Lost(partitions) => ConsumerFact::Lost(partitions),
            Note::Assigned { generation, partitions } => {
                ConsumerFact::Assigned { generation, partitions }
            }
            Note::GivenTwice(partitions) => ConsumerFact::GivenTwice(partitions),
            Note::Paused(partitions) => ConsumerFact::PartitionsPaused(partitions),
            Note::Resumed(partitions) => ConsumerFact::PartitionsResumed(partitions),
            Note::Positioned { partition, offset, source } => {
                ConsumerFact::Positioned { partition, offset, source }
            }
            Note::Ready => ConsumerFact::Ready,
            Note::Processed(processed) => ConsumerFact::Processed(processed),
            // The coordinator's word counts, not the client's.
            Note::Committed => return,
            Note::CommitFailed(code) => ConsumerFact::CommitFailed(code),
            Note::PollTimeout => ConsumerFact::PollTimeout,
            Note::Failed(failure) => ConsumerFact::Failed(failure),
            Note::Closed => ConsumerFact::Closed,
        };
        self.tell(Fact::Consumer { consumer, what });
    }
}
