//! Brokers by script around one consumer: a message takes a millisecond, each test says who answers
//! what.

use rejoin::assignor::Strategy;
use rejoin::client::application::{Application, Draws};
use rejoin::client::consumer::{Consumer, Setup};
use rejoin::client::effect::{Connection, Effect, Note};
use rejoin::client::subscription::Topics;
use rejoin::kernel::dist::Dist;
use rejoin::kernel::factor::Factor;
use rejoin::kernel::random::{Purpose, Streams};
use rejoin::kernel::time::{Instant, Span};
use rejoin::model::config::{CommitMode, ConsumerConfig, GroupProtocol};
use rejoin::model::consumer_protocol::{Assignment, ProtocolBytes, TopicPartitions};
use rejoin::model::error::ErrorCode;
use rejoin::model::id::{BrokerId, PartitionId, TopicId};
use rejoin::model::message::assignment;
use rejoin::model::message::cluster::{
    FindCoordinatorResponse, MetadataResponse, PartitionMetadata, TopicMetadata,
};
use rejoin::model::message::consumer_group::ConsumerGroupHeartbeatResponse;
use rejoin::model::message::fetch::{
    EpochEnd, FetchResponse, ListOffsetsResponse, OffsetForLeaderEpochResponse, OffsetFound,
};
use rejoin::model::message::group::{
    HeartbeatResponse, JoinGroupResponse, JoinGroupResponseMember, LeaveGroupResponse,
    SyncGroupResponse,
};
use rejoin::model::message::offset::{
    OffsetCommitResponse, OffsetFetchResponse, OffsetFetchResponsePartition,
    OffsetFetchResponseTopic,
};
use rejoin::model::message::{Request, Response};
use rejoin::model::topic::Topics as Names;
use rejoin::model::uuid::Uuid;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The topic that the consumer reads, with a partition for each broker.
pub(crate) const TOPIC: &str = "orders";

/// One way between the consumer and a broker.
const LATENCY: Span = Span::from_ms(1);

/// What a broker does with a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum State {
    Up,
    /// Its process is gone: connections break and are refused.
    Dead,
    /// Nothing is answered.
    Silent,
}

/// A request that the consumer sent.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) at: Instant,
    pub(crate) to: BrokerId,
    pub(crate) request: Request,
}

/// What happens on a connection.
#[derive(Debug)]
enum Arrival {
    Response(u64, Response),
    Broken,
}

type Script = Box<dyn FnMut(&Sent) -> Option<Response>>;

/// The consumer and everything around it.
pub(crate) struct World {
    pub(crate) consumer: Consumer,
    pub(crate) now: Instant,
    pub(crate) states: Vec<State>,
    pub(crate) coordinator: BrokerId,
    pub(crate) metadata: Arc<MetadataResponse>,
    /// The committed offset of every partition, and its leader's epoch.
    pub(crate) committed: (i64, i32),
    /// One beyond the last record of every partition.
    pub(crate) end: u64,
    /// Whether the consumer leads its group, alone.
    pub(crate) leads: bool,
    /// Answers instead of the brokers, where it wants to.
    pub(crate) script: Script,
    /// How much longer than usual a broker takes for a request.
    pub(crate) delay: Box<dyn FnMut(&Request) -> Span>,
    pub(crate) sent: Vec<Sent>,
    pub(crate) notes: Vec<(Instant, Note)>,
    arrivals: BTreeMap<(Instant, u64), (Connection, Arrival)>,
    sequence: u64,
}

/// Settings of a consumer that commits only when it is told to.
pub(crate) fn settings() -> ConsumerConfig {
    ConsumerConfig { enable_auto_commit: false, ..ConsumerConfig::default() }
}

/// The same under KIP-848.
pub(crate) fn modern() -> ConsumerConfig {
    ConsumerConfig { group_protocol: GroupProtocol::Consumer, ..settings() }
}

/// A moment of the run.
pub(crate) fn at(ms: u64) -> Instant {
    Instant::ZERO + Span::from_ms(ms)
}

/// A partition per broker: broker n leads partition n − 1, the others follow.
pub(crate) fn metadata(brokers: u32, epoch: i32) -> Arc<MetadataResponse> {
    let partition = |n: u32| PartitionMetadata {
        partition: PartitionId(n),
        leader: Some(BrokerId(n + 1)),
        leader_epoch: epoch,
        replicas: (0..brokers).map(|i| BrokerId((n + i) % brokers + 1)).collect(),
    };
    let topic = TopicMetadata {
        topic: TopicId(0),
        name: TOPIC.into(),
        id: Uuid(7),
        partitions: (0..brokers).map(partition).collect(),
    };
    let ids = (1..=brokers).map(BrokerId).collect();
    let mut names = Names::default();
    names.add(TOPIC.into(), Uuid(7), topic.partitions.iter().map(|p| p.replicas.clone()).collect());
    MetadataResponse::new(vec![None; brokers as usize], ids, vec![topic], names.into()).into()
}

impl World {
    pub(crate) fn new(settings: ConsumerConfig, commit: CommitMode) -> World {
        World::with(settings, commit, |_| {})
    }

    /// A world with another application or subscription.
    pub(crate) fn with(
        settings: ConsumerConfig,
        commit: CommitMode,
        change: impl FnOnce(&mut Setup),
    ) -> World {
        World::in_cluster(metadata(3, 0), settings, commit, change)
    }

    /// The same in another cluster of three brokers.
    pub(crate) fn in_cluster(
        metadata: Arc<MetadataResponse>,
        settings: ConsumerConfig,
        commit: CommitMode,
        change: impl FnOnce(&mut Setup),
    ) -> World {
        let streams = Streams::new(1);
        let stream = |purpose| streams.stream("consumer", Purpose(purpose));
        let mut setup = Setup {
            group: "group".into(),
            topics: Topics::Named(vec![TOPIC.into()]),
            settings,
            strategies: vec![Strategy::shipped("range").unwrap()],
            application: Application {
                process: Dist::Fixed(1000),
                process_by: Vec::new(),
                pace: Factor::ONE,
                commit,
                on_revoked: Dist::Fixed(0),
                on_assigned: Dist::Fixed(0),
                on_lost: Dist::Fixed(0),
                poll_timeout: Span::from_ms(100),
                poll_while_processing: None,
            },
            draws: Draws {
                process: stream("process"),
                callbacks: stream("callbacks"),
                client: stream("client"),
            },
            bootstrap: (1..=3).map(BrokerId).collect(),
        };
        change(&mut setup);
        let mut effects = Vec::new();
        let consumer = Consumer::start(setup, Instant::ZERO, &mut effects);
        let mut world = World {
            consumer,
            now: Instant::ZERO,
            states: vec![State::Up; 3],
            coordinator: BrokerId(3),
            metadata,
            committed: (0, 0),
            end: 0,
            leads: false,
            script: Box::new(|_| None),
            delay: Box::new(|_| Span::ZERO),
            sent: Vec::new(),
            notes: Vec::new(),
            arrivals: BTreeMap::new(),
            sequence: 0,
        };
        world.perform(effects);
        world
    }

    /// What a broker does from now on. Connections to one that dies break.
    pub(crate) fn set(&mut self, broker: u32, state: State) {
        self.states[broker as usize - 1] = state;
        if state == State::Dead {
            for coordinator in [false, true] {
                self.break_connection(Connection { broker: BrokerId(broker), coordinator });
            }
        }
    }

    /// Requests of this name after `since`.
    pub(crate) fn asked(&self, name: &str, since: Instant) -> Vec<&Sent> {
        let asked = self.sent.iter().filter(|sent| sent.at >= since);
        asked.filter(|sent| format!("{:?}", sent.request).starts_with(name)).collect()
    }

    /// Moments of the notes that `wanted` picks.
    pub(crate) fn noted(&self, wanted: impl Fn(&Note) -> bool) -> Vec<Instant> {
        self.notes.iter().filter(|(_, note)| wanted(note)).map(|(at, _)| *at).collect()
    }

    /// Does something with the consumer and then what it asks for.
    pub(crate) fn act(&mut self, act: impl FnOnce(&mut Consumer, Instant, &mut Vec<Effect>)) {
        let mut effects = Vec::new();
        act(&mut self.consumer, self.now, &mut effects);
        self.perform(effects);
    }

    fn perform(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Send { connection, correlation, request } => {
                    self.send(connection, correlation, request);
                }
                Effect::Connect(connection) => {
                    if self.state(connection) == State::Dead {
                        self.plan(self.now + LATENCY, connection, Arrival::Broken);
                    }
                }
                Effect::Disconnect(connection) => {
                    self.arrivals.retain(|_, (other, _)| *other != connection);
                }
                Effect::Note(note) => self.notes.push((self.now, note)),
                Effect::Assign(asked) => {
                    let answer = asked.strategy.assign(&asked.question);
                    self.act(|consumer, now, out| consumer.lead(now, &asked, answer, out));
                }
            }
        }
    }

    fn state(&self, connection: Connection) -> State {
        self.states[connection.broker.index() - 1]
    }

    fn plan(&mut self, at: Instant, connection: Connection, arrival: Arrival) {
        self.sequence += 1;
        self.arrivals.insert((at, self.sequence), (connection, arrival));
    }

    fn break_connection(&mut self, connection: Connection) {
        self.arrivals.retain(|_, (other, _)| *other != connection);
        self.plan(self.now + LATENCY, connection, Arrival::Broken);
    }

    fn send(&mut self, connection: Connection, correlation: u64, request: Request) {
        let sent = Sent { at: self.now, to: connection.broker, request };
        self.sent.push(sent.clone());
        match self.state(connection) {
            State::Dead => return self.break_connection(connection),
            State::Silent => return,
            State::Up => {}
        }
        let (scripted, delay) = ((self.script)(&sent), (self.delay)(&sent.request));
        let (response, wait) = match scripted {
            Some(response) => (response, Span::ZERO),
            None => self.answer(sent.request),
        };
        let at = self.now + LATENCY + wait + delay + LATENCY;
        self.plan(at, connection, Arrival::Response(correlation, response));
    }

    /// What a broker answers that is well.
    fn answer(&self, request: Request) -> (Response, Span) {
        let response = match request {
            Request::Metadata => Response::Metadata(self.metadata.clone()),
            Request::FindCoordinator(_) => {
                let node = self.coordinator;
                FindCoordinatorResponse { error_code: ErrorCode::None, node }.into()
            }
            Request::JoinGroup(join) => {
                let metadata = join.protocols[0].metadata.clone();
                let me = JoinGroupResponseMember {
                    member_id: "me".into(),
                    metadata,
                    ..JoinGroupResponseMember::default()
                };
                JoinGroupResponse {
                    generation_id: 1,
                    protocol_name: Some("range".into()),
                    leader: if self.leads { "me".into() } else { "somebody".into() },
                    member_id: "me".into(),
                    members: if self.leads { vec![me] } else { Vec::new() },
                    ..JoinGroupResponse::default()
                }
                .into()
            }
            Request::SyncGroup(sync) if self.leads => {
                let assignment = sync.assignments[0].assignment.clone();
                SyncGroupResponse { assignment, ..SyncGroupResponse::default() }.into()
            }
            Request::SyncGroup(_) => {
                let partitions = (0..3).collect();
                let all = TopicPartitions { topic: TOPIC.into(), partitions };
                let assignment =
                    Assignment { assigned_partitions: vec![all], ..Assignment::default() };
                let assignment = ProtocolBytes::Assignment(assignment);
                SyncGroupResponse { assignment, ..SyncGroupResponse::default() }.into()
            }
            Request::Heartbeat(_) => Response::Heartbeat(HeartbeatResponse::default()),
            Request::LeaveGroup(_) => LeaveGroupResponse::default().into(),
            Request::ConsumerGroupHeartbeat(beat) => {
                let all =
                    assignment::TopicPartitions { topic_id: Uuid(7), partitions: (0..3).collect() };
                let all = assignment::Assignment { topic_partitions: vec![all] };
                ConsumerGroupHeartbeatResponse {
                    member_id: Some(beat.member_id),
                    member_epoch: if beat.member_epoch < 0 { beat.member_epoch } else { 1 },
                    heartbeat_interval_ms: 5_000,
                    assignment: (beat.member_epoch == 0).then_some(all),
                    ..ConsumerGroupHeartbeatResponse::default()
                }
                .into()
            }
            Request::OffsetCommit(commit) => {
                OffsetCommitResponse::of_error(&commit.topics, ErrorCode::None).into()
            }
            Request::OffsetFetch(_) => self.committed(ErrorCode::None),
            Request::ListOffsets(asked) => {
                let found = asked.partitions.iter().map(|question| OffsetFound {
                    partition: question.partition,
                    error_code: ErrorCode::None,
                    offset: Some(self.end),
                    leader_epoch: question.leader_epoch,
                });
                ListOffsetsResponse { partitions: found.collect() }.into()
            }
            Request::OffsetForLeaderEpoch(asked) => {
                let ends = asked.partitions.iter().map(|question| EpochEnd {
                    partition: question.partition,
                    error_code: ErrorCode::None,
                    leader_epoch: question.leader_epoch,
                    end_offset: self.end,
                });
                OffsetForLeaderEpochResponse { partitions: ends.collect() }.into()
            }
            Request::Fetch(mut fetch) => {
                fetch.partitions.retain_mut(|part| {
                    part.to = self.end.max(part.from);
                    part.to > part.from
                });
                let wait = if fetch.partitions.is_empty() { fetch.max_wait } else { Span::ZERO };
                let partitions = fetch.partitions;
                return (FetchResponse { partitions, ..FetchResponse::default() }.into(), wait);
            }
            other => unreachable!("no consumer asks {other:?}"),
        };
        (response, Span::ZERO)
    }

    /// The answer to `OffsetFetch`, with this error for every partition.
    pub(crate) fn committed(&self, error_code: ErrorCode) -> Response {
        let partition = |partition_index| OffsetFetchResponsePartition {
            partition_index,
            committed_offset: if error_code.is_none() { self.committed.0 } else { -1 },
            committed_leader_epoch: self.committed.1,
            error_code,
            ..OffsetFetchResponsePartition::default()
        };
        let topic = OffsetFetchResponseTopic {
            name: TOPIC.into(),
            partitions: (0..3).map(partition).collect(),
        };
        OffsetFetchResponse { topics: vec![topic], ..OffsetFetchResponse::default() }.into()
    }

    /// Lets time pass until then.
    pub(crate) fn run_until(&mut self, end: Instant) {
        let mut steps = 0;
        loop {
            let arrival = self.arrivals.keys().next().map_or(Instant::NEVER, |&(at, _)| at);
            let stopped = self.consumer.is_stopped();
            let own = self.consumer.next_step_at().min(self.consumer.next_timer_at());
            let own = if stopped { Instant::NEVER } else { own.max(self.now) };
            let next = arrival.min(own);
            if next > end {
                break;
            }
            steps += 1;
            assert!(steps < 100_000, "at {:?} time stands still", self.now);
            self.now = next;
            let mut wakes = own == next;
            while let Some(entry) = self.arrivals.first_entry()
                && entry.key().0 == next
                && !stopped
            {
                let (connection, arrival) = entry.remove();
                wakes |= match arrival {
                    Arrival::Broken => self.consumer.disconnected(next, connection),
                    Arrival::Response(_, Response::Fetch(response)) => {
                        self.consumer.receive_fetch(next, connection, response)
                    }
                    Arrival::Response(correlation, response) => {
                        self.consumer.receive(next, correlation, response)
                    }
                };
            }
            if stopped {
                self.arrivals.clear();
            } else if wakes {
                self.act(Consumer::wake);
            }
        }
        self.now = end;
    }
}
