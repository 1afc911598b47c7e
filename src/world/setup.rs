//! From the scenario to a world at its first moment.

use super::brokers::Machine;
use super::consumers::Slot;
use super::coordinators::Coordinator;
use super::messages::Messages;
use super::replication::Standing;
use super::sampling::sample_step;
use super::{Event, FAULT, SAMPLE, World};
use crate::assignor::server::Topic;
use crate::client::application::{Application, Draws};
use crate::client::producer::{Producer, Setup as ProducerSetup};
use crate::cluster::controller::Controller;
use crate::cluster::fetch::Logs;
use crate::cluster::log::PartitionLog;
use crate::cluster::offsets_log::OffsetsLog;
use crate::cluster::offsets_topic::{OFFSETS_TOPIC, partition_for};
use crate::cluster::placement::Placer;
use crate::cluster::replicas::Followers;
use crate::cluster::sessions::Sessions;
use crate::coordinator::config::{CoordinatorConfig, GroupConfig, GroupSettings, MigrationPolicy};
use crate::coordinator::image::TopicImage;
use crate::coordinator::shard::Shard;
use crate::kernel::agenda::Agenda;
use crate::kernel::factor::Factor;
use crate::kernel::random::{Purpose, Streams};
use crate::kernel::time::{Instant, Span};
use crate::model::Name;
use crate::model::config::BrokerConfig;
use crate::model::id::{BrokerId, ConsumerId, GroupId, PartitionId, ProducerId};
use crate::model::topic::Topics;
use crate::model::uuid::Uuid;
use crate::scenario::event::Action;
use crate::scenario::group::{ConsumerTemplate, Group, Subscription};
use crate::scenario::{Placement, Scenario};
use crate::trace::{ConsumerInfo, Observer, Trace};
use std::collections::{BTreeMap, VecDeque};
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
                let config = &cluster.config;
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
            unreachable: vec![false; topics.partition_count()],
            unanswered: vec![0; topics.partition_count()],
            existing: scenario.topics.iter().map(first_partitions).collect(),
            topics_version: 1,
            topics: Arc::new(topics),
            followers: vec![Followers::default(); controller.rows().count()],
            led_by: leaders,
            machines: cluster.racks.iter().map(|_| Machine::default()).collect(),
            balance_at: Instant::ZERO,
            controller,
            sessions,
            coordinators,
            no_coordinator: no_coordinator(&cluster.config),
            coordinator_of,
            slots: Vec::new(),
            by_name: BTreeMap::new(),
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
        let process_by = block.process_by.iter().map(|(topic, index, dist)| {
            (self.topics.partitions(*topic)[*index as usize], dist.clone())
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
    let draws = streams.stream(&format!("topic/{}", topic.name), Purpose("placement of more"));
    let mut placer = Placer::new(&scenario.cluster.racks, draws);
    while replicas.len() < last {
        replicas.push(placer.place(factor));
    }
    replicas
}

fn place_topics(scenario: &Scenario, streams: Streams) -> Topics {
    let mut topics = Topics::default();
    for topic in &scenario.topics {
        let replicas = match &topic.placement {
            Placement::Explicit(replicas) => replicas.clone(),
            Placement::Striped { partitions, replication_factor } => {
                let entity = format!("topic/{}", topic.name);
                let draws = streams.stream(&entity, Purpose("placement"));
                let mut placer = Placer::new(&scenario.cluster.racks, draws);
                (0..*partitions).map(|_| placer.place(*replication_factor as usize)).collect()
            }
        };
        let replicas = with_added(scenario, topic, replicas, streams);
        let entity = format!("topic/{}", topic.name);
        let id = Uuid(streams.stream(&entity, Purpose("id")).uuid());
        topics.add(topic.name.as_str().into(), id, replicas);
    }
    topics
}

fn logs(scenario: &Scenario, topics: &Topics, streams: Streams) -> Logs {
    let mut logs = Logs::default();
    for topic in topics.ids() {
        let block = &scenario.topics[topic.index()];
        for &partition in topics.partitions(topic) {
            let leader = Some(topics.leader(partition));
            logs.partitions.push(PartitionLog::new(block.backlog, block.record_size, leader));
        }
    }
    for producer in &scenario.producers {
        let partitions = topics.partitions(producer.topic);
        for index in 0..producer.count {
            let setup = producer_setup(scenario, producer, index);
            let row = logs.producers.len();
            logs.producers.push(Producer::new(&setup, streams));
            for (index, partition) in (0..).zip(partitions) {
                logs.partitions[partition.index()].add_source(row, index);
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
        Subscription::Topics(names) => names.iter().flat_map(|&topic| of(topic)).collect(),
        Subscription::Pattern(pattern) => {
            let regex = whole_name(pattern);
            topics.ids().filter(|&t| regex.is_match(topics.name(t))).flat_map(of).collect()
        }
    }
}

/// What the clocks of coordinators show at the start of a run (ms): 2026-01-01. To a coordinator, an
/// assignment that was computed at 0 was never computed.
const EPOCH_MS: i64 = 1_767_225_600_000;

fn coordinator_config(broker: &BrokerConfig) -> CoordinatorConfig {
    let assignors = broker.group_consumer_assignors.iter();
    CoordinatorConfig {
        initial_rebalance_delay: broker.group_initial_rebalance_delay,
        min_session_timeout_ms: broker.group_min_session_timeout.as_ms() as i32,
        max_session_timeout_ms: broker.group_max_session_timeout.as_ms() as i32,
        group_max_size: broker.group_max_size as usize,
        write_timeout: broker.offsets_commit_timeout,
        offset_metadata_max_bytes: broker.offset_metadata_max_bytes as usize,
        offsets_retention_ms: broker.offsets_retention.as_ms().cast_signed(),
        offsets_retention_check_interval: broker.offsets_retention_check_interval,
        consumer: GroupSettings {
            session_timeout_ms: broker.group_consumer_session_timeout.as_ms() as i32,
            heartbeat_interval_ms: broker.group_consumer_heartbeat_interval.as_ms() as i32,
            assignment_interval_ms: broker.group_consumer_assignment_interval.as_ms() as i32,
        },
        consumer_group_max_size: broker.group_consumer_max_size as usize,
        consumer_assignors: assignors.map(|name| name.as_str().into()).collect(),
        migration_policy: MigrationPolicy::by_name(&broker.group_consumer_migration_policy)
            .expect("the scenario has been checked"),
        epoch_ms: EPOCH_MS,
        ..CoordinatorConfig::default()
    }
}

/// The topics as coordinators see them.
fn image(scenario: &Scenario, topics: &Topics, existing: &[u32], version: i64) -> TopicImage {
    let racks = &scenario.cluster.racks;
    let rack = |broker: &BrokerId| racks[broker.index() - 1].as_deref().map(Name::from);
    let topic = |topic| Topic {
        name: topics.name(topic).clone(),
        id: topics.id(topic),
        partitions: existing[topic.index()],
        racks: (topics.partitions(topic)[..existing[topic.index()] as usize].iter())
            .map(|&partition| topics.replicas(partition).iter().filter_map(rack).collect())
            .collect(),
    };
    let known = topics.ids().filter(|id| existing[id.index()] > 0);
    TopicImage::new(version, known.map(topic).collect())
}

/// The offsets topic: its leaders are placed like any topic's, and each partition that a group
/// uses has a coordinator.
fn place_coordinators(
    scenario: &Scenario,
    topics: &Topics,
    controller: &mut Controller,
    streams: Streams,
) -> (Vec<Coordinator>, Vec<usize>) {
    let broker = &scenario.cluster.config;
    let draws = streams.stream(&format!("topic/{OFFSETS_TOPIC}"), Purpose("placement"));
    let mut placer = Placer::new(&scenario.cluster.racks, draws);
    let count = broker.offsets_topic_num_partitions;
    let factor = broker.offsets_topic_replication_factor as usize;
    let mut replicas: Vec<Vec<BrokerId>> = (0..count).map(|_| placer.place(factor)).collect();
    for group in &scenario.groups {
        if let Some(wanted) = group.coordinator {
            let replicas = &mut replicas[partition_for(&group.name, count) as usize];
            match replicas.iter().position(|&replica| replica == wanted) {
                Some(at) => replicas[..=at].rotate_right(1),
                None => replicas[0] = wanted,
            }
        }
    }
    let config = coordinator_config(broker);
    let mut coordinators: Vec<Coordinator> = Vec::new();
    let mut coordinator_of = Vec::new();
    for group in &scenario.groups {
        let partition = partition_for(&group.name, count);
        let row = coordinators.iter().position(|c| c.partition == partition).unwrap_or_else(|| {
            let mut shard = Shard::new(config.clone());
            // Nothing is known yet that the topics could change.
            let existing: Vec<u32> = scenario.topics.iter().map(first_partitions).collect();
            let image = image(scenario, topics, &existing, 1);
            shard.update_topics(Instant::ZERO, image, &mut Vec::new());
            shard.start(Instant::ZERO);
            let min_isr = broker.min_insync_replicas as usize;
            controller.add(
                replicas[partition as usize].clone(),
                min_isr,
                broker.unclean_leader_election_enable,
            );
            coordinators.push(Coordinator {
                partition,
                broker: replicas[partition as usize].first().copied(),
                shard,
                log: OffsetsLog::default(),
                standing: Standing::Flowing(Span::ZERO),
                uncommitted: VecDeque::new(),
                commits_at: Instant::NEVER,
                loading: Instant::NEVER,
                armed: Instant::NEVER,
            });
            coordinators.len() - 1
        });
        let ms = |span: Span| span.as_ms() as i32;
        let own = GroupConfig {
            consumer_session_timeout_ms: group.config.consumer_session_timeout.map(ms),
            consumer_heartbeat_interval_ms: group.config.consumer_heartbeat_interval.map(ms),
            consumer_assignment_interval_ms: group.config.consumer_assignment_interval.map(ms),
            ..GroupConfig::default()
        };
        coordinators[row].shard.update_group_config(&group.name.as_str().into(), own);
        coordinator_of.push(row);
    }
    (coordinators, coordinator_of)
}

/// Answers for coordinators that are elsewhere.
fn no_coordinator(broker: &BrokerConfig) -> Shard {
    let mut shard = Shard::new(coordinator_config(broker));
    shard.unload(Instant::ZERO, &mut Vec::new());
    shard
}
