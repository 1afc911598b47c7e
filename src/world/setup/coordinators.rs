//! The offsets topic and the coordinators of its partitions, before anything has happened.

use super::first_partitions;
use crate::assignor::server::Topic;
use crate::cluster::controller::Controller;
use crate::cluster::offsets_log::OffsetsLog;
use crate::cluster::offsets_topic::{OFFSETS_TOPIC, partition_for};
use crate::cluster::placement::Placer;
use crate::coordinator::config::{CoordinatorConfig, GroupConfig, GroupSettings, MigrationPolicy};
use crate::coordinator::image::TopicImage;
use crate::coordinator::shard::Shard;
use crate::kernel::random::{Purpose, Streams};
use crate::kernel::time::{Instant, Span};
use crate::model::Name;
use crate::model::config::BrokerConfig;
use crate::model::id::BrokerId;
use crate::model::topic::Topics;
use crate::scenario::Scenario;
use crate::world::coordinators::Coordinator;
use crate::world::replication::Standing;
use std::collections::VecDeque;

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
pub(super) fn image(
    scenario: &Scenario,
    topics: &Topics,
    existing: &[u32],
    version: i64,
) -> TopicImage {
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
pub(super) fn place_coordinators(
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
pub(super) fn no_coordinator(broker: &BrokerConfig) -> Shard {
    let mut shard = Shard::new(coordinator_config(broker));
    shard.unload(Instant::ZERO, &mut Vec::new());
    shard
}
