//! The one place with the agenda: brokers, network, producers and consumers wired together, and the
//! faults that strike them.
//!
//! Events happen in the order (time, rank, sequence). Ranks: faults and operations, coordinator
//! timers, deliveries, processing, client timers, samples; so a session that ends on the tick on
//! which a heartbeat arrives has ended, and a sample sees the end of its tick.

mod assigning;
mod brokers;
mod consumers;
mod coordinators;
mod failover;
mod faults;
mod messages;
mod modern;
mod nearest;
mod network;
mod producing;
mod replication;
mod retention;
mod sampling;
mod setup;
mod syncing;
mod tombstones;
mod topics;
mod unknown;
mod wires;

use crate::client;
use crate::cluster::controller::{Controller, Row};
use crate::cluster::fetch::Logs;
use crate::cluster::replicas::Followers;
use crate::cluster::sessions::Sessions;
use crate::coordinator;
use crate::coordinator::shard::Shard;
use crate::kernel::agenda::Agenda;
use crate::kernel::random::{Stream, Streams};
use crate::kernel::time::{Instant, Span};
use crate::model::Name;
use crate::model::fact::{Fact, Standstill};
use crate::model::id::{BrokerId, ConsumerId, PartitionId, TopicId};
use crate::model::message::cluster::MetadataResponse;
use crate::model::topic::Topics;
use crate::scenario::Scenario;
pub use crate::trace::invariant::Violation;
use crate::trace::{Observer, Trace};
pub use assigning::StrategyFailed;
use brokers::Machine;
use consumers::Slot;
use coordinators::Coordinator;
use messages::{MessageId, Messages};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Faults and operations.
const FAULT: u8 = 0;
/// Timers of coordinators.
const COORDINATOR: u8 = 1;
/// Messages that arrive.
const DELIVERY: u8 = 2;
/// Applications that go on.
const PROCESSING: u8 = 3;
/// Timers of clients.
const CLIENT: u8 = 4;
/// Samples.
const SAMPLE: u8 = 6;

/// What the agenda holds. Payloads live in tables; an event carries their row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Event {
    /// A request reaches its broker.
    Arrive(MessageId),
    /// A response reaches its client.
    Deliver(MessageId),
    /// A request that waited for its connection has its turn.
    Turn(MessageId),
    /// A consumer sees what arrived in this tick.
    Wake(ConsumerId),
    /// A consumer's application goes on.
    Step(ConsumerId),
    /// A timer of a consumer ends.
    Timer(ConsumerId),
    /// A timer of a coordinator ends.
    CoordinatorTimer(u32),
    /// An event of the scenario strikes.
    Strike(u32),
    /// A consumer's process starts.
    Start(ConsumerId),
    /// An effect of an event of the scenario ends.
    Relieve(u32),
    /// The controller may have to fence a broker.
    Fence(BrokerId),
    /// A broker that shuts down in order is gone.
    ShutDown(BrokerId),
    /// A broker's process starts.
    Boot(BrokerId),
    /// A broker that started is in service.
    Unfence(BrokerId),
    /// Replicas of a partition may have caught up.
    CatchUp(Row),
    /// The leader of a partition looks who has been behind for too long.
    Shrink(Row),
    /// A broker that stood still goes on.
    Resume(BrokerId),
    /// A broker looks for segments that it need not keep.
    Retain(BrokerId),
    /// The controller looks for leaders that are not the preferred ones.
    Balance,
    /// The high watermark of a coordinator's log moves.
    Commit(u32),
    /// A coordinator has read its log.
    Load(u32),
    /// Producers of a partition that were refused try again.
    Retry(PartitionId),
    /// A producer's buffer may be full, or have room again.
    Buffer(u32),
    /// A topic is created.
    Create(TopicId),
    /// A producer hears how many partitions its topic has.
    Hear(u32),
    /// Samples are taken.
    Sample,
}

const _: () = assert!(size_of::<Event>() <= 8);

/// A finished run.
#[derive(Debug)]
pub struct Run {
    /// What happened.
    pub trace: Trace,
    /// Topics and their partitions.
    pub topics: Topics,
    /// Log ends at any moment of the run.
    pub logs: Logs,
    /// By group: the partitions that it reads.
    pub group_partitions: Vec<Vec<PartitionId>>,
    /// By producer of the scenario: the row of its first producer in the logs.
    pub producer_rows: Vec<usize>,
    /// By group: its partition of `__consumer_offsets`, and that partition's preferred leader.
    pub coordinators: Vec<(u32, BrokerId)>,
    /// The invariant that ended the run early.
    pub violation: Option<Violation>,
    /// The strategy of one's own that failed and ended the run early.
    pub failed: Option<StrategyFailed>,
}

/// A run under way.
struct World<'a> {
    scenario: &'a Scenario,
    observer: &'a mut dyn Observer,
    now: Instant,
    end: Instant,
    agenda: Agenda<Event>,
    streams: Streams,
    topics: Arc<Topics>,
    /// By topic: how many of its partitions exist by now.
    existing: Vec<u32>,
    /// Counts changes of topics, as the brokers' metadata do.
    topics_version: i64,
    /// What every client is told; one table for all of them.
    metadata: Arc<MetadataResponse>,
    logs: Logs,
    producer_rows: Vec<usize>,
    group_partitions: Vec<Vec<PartitionId>>,
    controller: Controller,
    sessions: Sessions,
    machines: Vec<Machine>,
    wires: wires::Wires,
    /// When brokers look first who is behind, by broker.
    looks: Vec<Span>,
    /// By row of the controller: how far replicas are, and who led last.
    followers: Vec<Followers>,
    led_by: Vec<Option<BrokerId>>,
    /// By row of the controller: why nothing new becomes visible, if so.
    still: Vec<Option<Standstill>>,
    /// By row of a producer: when its buffer is looked at next.
    buffer_looks: Vec<Instant>,
    /// When the controller looks at leaders next.
    balance_at: Instant,
    coordinators: Vec<Coordinator>,
    /// Answers for a coordinator that is elsewhere.
    no_coordinator: Shard,
    /// By group: the row of its coordinator.
    coordinator_of: Vec<usize>,
    slots: Vec<Slot>,
    by_name: BTreeMap<String, ConsumerId>,
    /// By group: whose each member id is, or was.
    members: Vec<BTreeMap<Name, ConsumerId>>,
    client_host: Name,
    messages: Messages,
    /// By event of the scenario: its own random stream.
    event_draws: Vec<Stream>,
    reliefs: Vec<faults::Relief>,
    trace: Trace,
    violation: Option<Violation>,
    failed: Option<StrategyFailed>,
    client_effects: Vec<client::effect::Effect>,
    coordinator_effects: Vec<coordinator::effect::Effect>,
}

/// Runs a scenario to its end, or to the first invariant that breaks or strategy that fails.
/// `progress` hears now and then how far the run is.
pub fn run(
    scenario: &Scenario,
    observer: &mut dyn Observer,
    progress: &mut dyn FnMut(Instant),
) -> Run {
    let mut world = World::new(scenario, observer);
    let mut events = 0u64;
    while world.violation.is_none() && world.failed.is_none() {
        if world.agenda.peek_time().is_none_or(|at| at > world.end) {
            break;
        }
        let (at, _, event) = world.agenda.pop().expect("peeked");
        world.now = at;
        world.dispatch(event);
        events += 1;
        if events.is_multiple_of(1 << 16) {
            progress(at);
        }
    }
    world.finish(events)
}

/// Whether an event that comes at `now` is the one that is awaited. A deadline that moved closer
/// has left another one in the agenda, which nobody awaits.
fn disarm(armed: &mut Instant, now: Instant) -> bool {
    let awaited = *armed == now;
    if awaited {
        *armed = Instant::NEVER;
    }
    awaited
}

impl World<'_> {
    fn dispatch(&mut self, event: Event) {
        match event {
            Event::Arrive(id) | Event::Turn(id) | Event::Deliver(id) => {
                if self.messages.come(id) {
                    match event {
                        Event::Arrive(_) => self.arrive(id),
                        Event::Turn(_) => self.turn(id),
                        _ => self.deliver(id),
                    }
                }
            }
            Event::Wake(consumer) => {
                self.slots[consumer.index()].wake_queued = false;
                self.wake(consumer);
            }
            Event::Step(consumer) => {
                let armed = &mut self.slots[consumer.index()].step_armed;
                if disarm(armed, self.now) {
                    self.wake(consumer);
                }
            }
            Event::Timer(consumer) => {
                let armed = &mut self.slots[consumer.index()].timer_armed;
                if disarm(armed, self.now) {
                    self.wake(consumer);
                }
            }
            Event::CoordinatorTimer(row) => self.coordinator_timer(row as usize),
            Event::Strike(strike) => self.strike(strike as usize),
            Event::Relieve(relief) => self.relieve(relief as usize),
            Event::Start(consumer) => self.start_consumer(consumer),
            Event::Fence(broker) => self.fence(broker),
            Event::ShutDown(broker) => self.shut_down(broker),
            Event::Boot(broker) => self.start_broker(broker),
            Event::Unfence(broker) => self.unfence(broker),
            Event::CatchUp(row) => self.catch_up(row),
            Event::Shrink(row) => self.shrink(row),
            Event::Resume(broker) => self.resume_broker(broker),
            Event::Retain(broker) => self.look_at_logs(broker),
            Event::Balance => self.balance_leaders(),
            Event::Commit(row) => self.commit(row as usize),
            Event::Load(row) => self.load(row as usize),
            Event::Retry(partition) => self.retry_producers(partition),
            Event::Buffer(row) => self.look_at_buffer(row as usize),
            Event::Create(topic) => self.create_topic(topic),
            Event::Hear(row) => self.hear_of_growth(row as usize),
            Event::Sample => self.sample(),
        }
    }

    /// Tells a fact to everybody who listens.
    fn tell(&mut self, fact: Fact) {
        self.observer.fact(self.now, &fact);
        if let Err(violation) = self.trace.record(self.now, fact) {
            self.violation.get_or_insert(violation);
        }
    }

    fn finish(mut self, events: u64) -> Run {
        self.now = self.end;
        self.trace.events = events;
        self.tell_unfinished_work();
        if self.violation.is_none() && self.failed.is_none() {
            self.violation = self.check_accounts();
        }
        let coordinator = |&row: &usize| {
            let preferred = self.controller.partition(Row(row as u32)).replicas[0];
            (self.coordinators[row].partition, preferred)
        };
        Run {
            producer_rows: self.producer_rows,
            coordinators: self.coordinator_of.iter().map(coordinator).collect(),
            trace: self.trace,
            topics: Arc::unwrap_or_clone(self.topics),
            logs: self.logs,
            group_partitions: self.group_partitions,
            violation: self.violation,
            failed: self.failed,
        }
    }
}
