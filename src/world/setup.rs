//! From the scenario to a world at its first moment.

mod coordinators;

use super::brokers::Machine;
use super::consumers::Slot;
use super::messages::Messages;
use super::sampling::sample_step;
use super::wires::Wires;
use super::{Event, FAULT, SAMPLE, World};
use crate::client::application::{Application, Draws};
use crate::client::producer::{Producer, Setup as ProducerSetup};
use crate::cluster::controller::Controller;
use crate::cluster::fetch::Logs;
use crate::cluster::log::{PartitionLog, Source};
use crate::cluster::placement::Placer;
use crate::cluster::replicas::Followers;
use crate::cluster::sessions::Sessions;
use crate::coordinator::image::TopicImage;
use crate::kernel::agenda::Agenda;
use crate::kernel::factor::Factor;
use crate::kernel::random::{Purpose, Streams};
use crate::kernel::time::{Instant, Span};
use crate::model::id::{BrokerId, ConsumerId, GroupId, PartitionId, ProducerId};
use crate::model::topic::Topics;
use crate::model::uuid::Uuid;
use crate::scenario::event::Action;
use crate::scenario::group::{ConsumerTemplate, Group, Subscription};
use crate::scenario::{Placement, Scenario};
use crate::trace::{ConsumerInfo, Observer, Trace};
use coordinators::{image, no_coordinator, place_coordinators};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The whole name must match, as in Kafka's clients.
pub(super) fn whole_name(pattern: &str) -> regex_lite::Regex {
    regex_lite::Regex::new(&format!("^(?:{pattern})$")).expect("the scenario has been checked")
}

impl<'a> World<'a> {
    pub(super) fn new(scenario: &'a Scenario, observer: &'a mut dyn Observer) -> Self {
        let streams = Streams::new(scenario.seed);
        let topics = place_topics(scenario, streams);
        observer.topics(&topics);
        let cluster = &scenario.cluster;
        let mut controller = Controller::new(cluster.racks.len());
        let (coordinators, coordinator_of) =
            place_coordinators(scenario, &topics, &mut controller, streams);
        for topic in topics.ids() {
            for &partition in topics.partitions(topic) {
                let config = &scenario.topics[topic.index()].config;
                let (min_isr, unclean) =
                    (config.min_insync_replicas, config.unclean_leader_election_enable);
                controller.add(topics.replicas(partition).to_vec(), min_isr as usize, unclean);
            }
        }
        let leaders = controller.rows().map(|row| controller.partition(row).leader).collect();
        let mut draws_of_sessions = streams.stream("controller", Purpose("sessions"));
        let sessions = Sessions::new(
            cluster.racks.len(),
            cluster.config.broker_heartbeat_interval,
            cluster.config.broker_session_timeout,
            &mut draws_of_sessions,
        );
        let draws = |event| streams.stream(&format!("event/{event}"), Purpose("targets"));
        let trace = Trace::new(scenario, topics.partition_count(), sample_step(scenario.duration));
        let mut world = World {
            scenario,
            observer,
            now: Instant::ZERO,
            end: Instant::ZERO + scenario.duration,
            agenda: Agenda::new(),
            streams,
            metadata: Arc::default(),
            logs: logs(scenario, &topics, streams),
            producer_rows: first_rows(scenario),
            group_partitions: scenario.groups.iter().map(|g| read_by(g, &topics)).collect(),
            buffer_looks: vec![
                Instant::NEVER;
                scenario.producers.iter().map(|p| p.count as usize).sum()
            ],
            existing: scenario.topics.iter().map(first_partitions).collect(),
            topics_version: 1,
            topics: Arc::new(topics),
            followers: vec![Followers::default(); controller.rows().count()],
            led_by: leaders,
            still: vec![None; controller.rows().count()],
            machines: cluster.racks.iter().map(|_| Machine::default()).collect(),
            wires: Wires::default(),
            looks: first_looks(scenario, streams),
            balance_at: Instant::ZERO,
            controller,
            sessions,
            coordinators,
            no_coordinator: no_coordinator(&cluster.config),
            coordinator_of,
            slots: Vec::new(),
            by_name: BTreeMap::new(),
            members: vec![BTreeMap::new(); scenario.groups.len()],
            client_host: "/127.0.0.1".into(),
            messages: Messages::default(),
            event_draws: (0..scenario.events.len()).map(draws).collect(),
            reliefs: Vec::new(),
            trace,
            violation: None,
            failed: None,
            client_effects: Vec::new(),
            coordinator_effects: Vec::new(),
        };
        for (index, group) in scenario.groups.iter().enumerate() {
            for consumer in &group.consumers {
                let id = world.new_slot(GroupId::new(index), &consumer.name, &consumer.template);
                world.agenda.push(consumer.start, FAULT, Event::Start(id));
            }
        }
        for row in 0..world.coordinators.len() {
            world.arm_coordinator(row);
        }
        for row in world.controller.rows() {
            world.settle(row);
        }
        world.publish_metadata();
        world.schedule_topics();
        world.schedule_strikes();
        for broker in 1..=cluster.racks.len() {
            world.watch_logs(BrokerId(broker as u32));
        }
        world.agenda.push(Instant::ZERO, SAMPLE, Event::Sample);
        world
    }

    /// The group's next consumer: the next number that nobody has.
    pub(super) fn add_consumer(&mut self, group: GroupId) -> ConsumerId {
        let block = &self.scenario.groups[group.index()];
        let mut number = self.slots.iter().filter(|slot| slot.group == group).count() + 1;
        while self.by_name.contains_key(&format!("{}-{number}", block.name)) {
            number += 1;
        }
        self.new_slot(group, &format!("{}-{number}", block.name), &block.template)
    }

    fn new_slot(&mut self, group: GroupId, name: &str, template: &ConsumerTemplate) -> ConsumerId {
        let block = &self.scenario.groups[group.index()];
        let process_by = block.process_by.iter().flat_map(|(topic, index, dist)| {
            let lives = self.topics.lives(self.topics.name(*topic));
            lives.map(|topic| (self.topics.partitions(topic)[*index as usize], dist.clone()))
        });
        let application = Application {
            process: template.process.clone(),
            process_by: process_by.collect(),
            pace: Factor::ONE,
            commit: block.commit,
            on_revoked: block.on_revoked.clone(),
            on_assigned: block.on_assigned.clone(),
            on_lost: block.on_lost.clone(),
            poll_timeout: block.poll_timeout,
            poll_while_processing: block.poll_while_processing,
        };
        let mut settings = template.config.clone();
        if block.static_members {
            settings.group_instance_id.get_or_insert_with(|| name.to_owned());
        }
        let entity = format!("consumer/{name}");
        let stream = |purpose| self.streams.stream(&entity, Purpose(purpose));
        self.slots.push(Slot {
            name: name.into(),
            group,
            rack: Some(template.config.client_rack.clone()).filter(|rack| !rack.is_empty()),
            incarnation: 0,
            process: None,
            settings,
            strategies: template.strategies.clone(),
            application,
            draws: Some(Draws {
                process: stream("process"),
                callbacks: stream("callbacks"),
                client: stream("client"),
            }),
            network: stream("network"),
            service: stream("service"),
            delays: stream("delays"),
            setups: stream("connection setup"),
            unopened: BTreeMap::new(),
            uuids: stream("member id"),
            links: Vec::new(),
            opened: 0,
            start_after_close: false,
            wake_queued: false,
            step_armed: Instant::NEVER,
            timer_armed: Instant::NEVER,
        });
        let info = ConsumerInfo { name: name.to_owned(), group };
        self.observer.consumer(&info);
        let id = self.trace.add_consumer(info);
        self.by_name.insert(name.to_owned(), id);
        id
    }

    /// The topics as coordinators see them now.
    pub(super) fn image(&self) -> TopicImage {
        image(self.scenario, &self.topics, &self.existing, self.topics_version)
    }

    /// Which producer of the scenario a row stands for.
    pub(super) fn producer_of(&self, row: usize) -> &'a crate::scenario::workload::Producer {
        let after = self.producer_rows.partition_point(|&first| first <= row);
        &self.scenario.producers[after - 1]
    }

    /// The same, by its number.
    pub(super) fn producer_id(&self, row: usize) -> ProducerId {
        ProducerId::new(self.producer_rows.partition_point(|&first| first <= row) - 1)
    }

    /// Which producer of the scenario a row stands for, and which of its identical ones, from 1.
    pub(super) fn producer_in(&self, row: usize) -> (ProducerId, u32) {
        let after = self.producer_rows.partition_point(|&first| first <= row);
        let number = row - self.producer_rows[after - 1] + 1;
        (ProducerId::new(after - 1), number as u32)
    }

    /// What the producer in a row was made of.
    pub(super) fn producer_setup(&self, row: usize) -> ProducerSetup {
        let after = self.producer_rows.partition_point(|&first| first <= row);
        let index = (row - self.producer_rows[after - 1]) as u32;
        producer_setup(self.scenario, self.producer_of(row), index)
    }

    /// Rows of the identical producers that stand for one of the scenario.
    pub(super) fn rows_of(&self, producer: ProducerId) -> std::ops::Range<usize> {
        let first = self.producer_rows[producer.index()];
        first..first + self.scenario.producers[producer.index()].count as usize
    }
}

/// When each broker looks first whether its followers keep up: it does so twice within
/// `replica.lag.time.max.ms`, from its start.
fn first_looks(scenario: &Scenario, streams: Streams) -> Vec<Span> {
    let period = scenario.cluster.config.replica_lag_time_max.as_us() / 2;
    let first = |broker: BrokerId| {
        let mut draws = streams.stream(&format!("broker/{}", broker.0), Purpose("isr"));
        Span::from_us(draws.below(period.max(1)))
    };
    scenario.cluster.brokers().map(first).collect()
}

/// The replicas of a topic, with those of the partitions that events add to it.
fn with_added(
    scenario: &Scenario,
    topic: &crate::scenario::Topic,
    mut replicas: Vec<Vec<BrokerId>>,
    streams: Streams,
) -> Vec<Vec<BrokerId>> {
    let grown = scenario.events.iter().filter_map(|event| match event.action {
        Action::AddPartitions { topic: id, to } => {
            (scenario.topics[id.index()].name == topic.name).then_some(to as usize)
        }
        _ => None,
    });
    let (last, factor) = (grown.max().unwrap_or(0), replicas.first().map_or(1, Vec::len));
    let draws = streams.stream(&entity(topic), Purpose("placement of more"));
    let mut placer = Placer::new(&scenario.cluster.racks, draws);
    while replicas.len() < last {
        replicas.push(placer.place(factor));
    }
    replicas
}

/// The name of a topic's random streams.
fn entity(topic: &crate::scenario::Topic) -> String {
    match topic.life {
        0 => format!("topic/{}", topic.name),
        life => format!("topic/{}/{life}", topic.name),
    }
}

fn place_topics(scenario: &Scenario, streams: Streams) -> Topics {
    let mut topics = Topics::default();
    for topic in &scenario.topics {
        let replicas = match &topic.placement {
            Placement::Explicit(replicas) => replicas.clone(),
            Placement::Striped { partitions, replication_factor } => {
                let draws = streams.stream(&entity(topic), Purpose("placement"));
                let mut placer = Placer::new(&scenario.cluster.racks, draws);
                (0..*partitions).map(|_| placer.place(*replication_factor as usize)).collect()
            }
        };
        let replicas = with_added(scenario, topic, replicas, streams);
        let id = Uuid(streams.stream(&entity(topic), Purpose("id")).uuid());
        topics.add(topic.name.as_str().into(), id, replicas);
    }
    topics
}

fn logs(scenario: &Scenario, topics: &Topics, streams: Streams) -> Logs {
    let mut logs = Logs::default();
    logs.followed.wait = scenario.cluster.config.replica_fetch_wait_max;
    for topic in topics.ids() {
        let block = &scenario.topics[topic.index()];
        for (index, &partition) in topics.partitions(topic).iter().enumerate() {
            let leader = Some(topics.leader(partition));
            // Partitions that are added later are empty.
            let backlog = if index < block.partitions() { block.backlog } else { 0 };
            let (born, size) = (block.created_at, block.record_size);
            logs.partitions.push(PartitionLog::new(backlog, born, size, leader));
        }
    }
    for producer in &scenario.producers {
        let partitions = topics.partitions(producer.topic);
        for index in 0..producer.count {
            let setup = producer_setup(scenario, producer, index);
            let row = logs.producers.len();
            logs.producers.push(Producer::new(&setup, streams));
            for (index, partition) in (0..).zip(partitions) {
                let source = Source { row, index, before: 0 };
                logs.partitions[partition.index()].add_source(source);
            }
        }
    }
    logs
}

/// How many partitions a topic has at the start.
fn first_partitions(topic: &crate::scenario::Topic) -> u32 {
    if topic.created_at > Instant::ZERO { 0 } else { topic.partitions() as u32 }
}

/// One of the identical producers that stand for one of the scenario.
fn producer_setup(
    scenario: &Scenario,
    producer: &crate::scenario::workload::Producer,
    index: u32,
) -> ProducerSetup {
    let topic = &scenario.topics[producer.topic.index()];
    ProducerSetup {
        name: producer.name.clone(),
        profile: producer.profile.clone(),
        arrivals: producer.arrivals,
        partitioner: producer.partitioner,
        start: producer.start,
        stop: producer.stop,
        tick: producer.tick,
        index,
        count: producer.count,
        config: producer.config.clone(),
        record_size: topic.record_size,
        partitions: topic.partitions() as u32,
        duration: scenario.duration,
    }
}

/// The row of each producer of the scenario: identical ones have rows of their own.
fn first_rows(scenario: &Scenario) -> Vec<usize> {
    let mut next = 0;
    let first = |producer: &crate::scenario::workload::Producer| {
        next += producer.count as usize;
        next - producer.count as usize
    };
    scenario.producers.iter().map(first).collect()
}

/// The partitions that a group reads.
fn read_by(group: &Group, topics: &Topics) -> Vec<PartitionId> {
    let of = |topic| topics.partitions(topic).to_vec();
    match &group.subscription {
        Subscription::Topics(named) => {
            let lives = named.iter().flat_map(|&topic| topics.lives(topics.name(topic)));
            lives.flat_map(of).collect()
        }
        Subscription::Pattern(pattern) | Subscription::BrokerPattern(pattern) => {
            let regex = whole_name(pattern);
            topics.ids().filter(|&t| regex.is_match(topics.name(t))).flat_map(of).collect()
        }
    }
}
