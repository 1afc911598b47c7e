//! What the client knows of the cluster: topics, partitions and their leaders.

use super::consumer::Consumer;
use super::effect::Effect;
use super::lookup::PendingKind;
use super::subscription::Topics;
use crate::kernel::time::{Instant, Span};
use crate::model::Name;
use crate::model::id::{BrokerId, PartitionId};
use crate::model::message::Request;
use crate::model::message::cluster::{MetadataResponse, PartitionMetadata, TopicMetadata};
use crate::model::uuid::Uuid;
use std::collections::BTreeSet;
use std::sync::Arc;

impl Consumer {
    /// Asks for metadata if it is time to.
    pub(super) fn maintain_metadata(&mut self, now: Instant, out: &mut Vec<Effect>) {
        if now >= self.next_metadata() {
            self.ask_for_metadata(now, out);
        }
    }

    /// When metadata are to be asked for.
    pub(super) fn next_metadata(&self) -> Instant {
        let due = self.metadata.due(self.settings.metadata_max_age);
        let asked = due < Instant::NEVER && self.is_pending(&PendingKind::Metadata);
        if asked { Instant::NEVER } else { due }
    }

    pub(super) fn ask_for_metadata(&mut self, now: Instant, out: &mut Vec<Effect>) {
        if !self.is_pending(&PendingKind::Metadata) {
            let backoff = self.backoff(self.metadata.attempts);
            self.metadata.pause = backoff;
            self.metadata.free_at = now + backoff;
            let connection = self.any_broker(now);
            self.send(now, connection, PendingKind::Metadata, Request::Metadata, out);
        }
    }

    /// Where topics came that a pattern means, a member joins anew; where topics have come, grown
    /// or gone or racks have changed, the leader of the group does (`ConsumerCoordinator.rejoinNeededOrPending`).
    fn rejoin_for_topics(&mut self) {
        if self.modern.is_some() || self.member.joined_topics.is_none() {
            return;
        }
        let topics = self.topics.resolve(&self.metadata);
        let changed = self.member.joined_topics.as_ref() != Some(&topics);
        let others = self.member.assigned_when.as_ref().is_some_and(|snapshot| {
            let names: Vec<Name> = snapshot.iter().map(|(name, _)| name.clone()).collect();
            self.snapshot(&names) != *snapshot
        });
        self.member.rejoin_needed |= changed || others || self.owns_what_was_replaced();
    }

    /// Whether a topic of which it owns something was deleted, and another one of its name has come.
    fn owns_what_was_replaced(&self) -> bool {
        let Some(known) = &self.metadata.cluster else { return false };
        self.subscription.partitions().iter().any(|&partition| {
            let (topic, _) = known.names.of(partition);
            let present = self.metadata.topic(known.names.name(topic));
            present.is_some_and(|present| present.topic != topic)
        })
    }

    /// These topics now (`ConsumerCoordinator.MetadataSnapshot`). Racks count only for a consumer
    /// that has one itself. A replica on a broker out of service has none.
    pub(super) fn snapshot(&self, topics: &[Name]) -> Snapshot {
        let counts = !self.settings.client_rack.is_empty();
        let metadata = &self.metadata;
        let rack = |broker: &BrokerId| metadata.rack(*broker).cloned();
        let racks = |p: &PartitionMetadata| {
            p.replicas.iter().filter(|_| counts).map(rack).collect::<BTreeSet<_>>()
        };
        let partitions = |name: &Name| {
            let known =
                metadata.topic(name).map(|topic| topic.partitions.iter().map(racks).collect());
            (name.clone(), known.unwrap_or_default())
        };
        topics.iter().map(partitions).collect()
    }

    /// Asks for metadata if somebody has to be found who leads what is owned.
    pub(super) fn look_for_leaders(&mut self) {
        if self.subscription.lacks_leader() {
            self.metadata.want();
        }
    }

    /// Whether the cluster does not know a topic that the consumer subscribes to
    /// (`UNKNOWN_TOPIC_OR_PARTITION`; `Metadata.handleMetadataResponse`).
    fn lacks_topics(&self) -> bool {
        let Topics::Named(names) = &self.topics else { return false };
        names.iter().any(|name| self.metadata.topic(name).is_none())
    }

    /// Metadata arrived: partitions may have other leaders.
    pub(super) fn on_metadata(
        &mut self,
        now: Instant,
        response: Arc<MetadataResponse>,
        out: &mut Vec<Effect>,
    ) {
        if let (Some(m), Topics::Expression(_)) = (&mut self.modern, &self.topics) {
            m.heard_of = m.target.topics.iter().map(|topic| topic.topic_id).collect();
        }
        let news = self.metadata.update(now, response);
        if self.lacks_topics() {
            // They may be created any moment.
            self.metadata.want();
        }
        if !news {
            if self.subscription.lacks_leader() {
                self.metadata.want();
            }
            return;
        }
        self.subscription.follow_leaders(now, &self.metadata);
        self.rejoin_for_topics();
        if self.subscription.lacks_leader() {
            self.metadata.want();
        }
        self.wake_application();
        if self.modern.is_none() {
            self.validate_positions(now, out);
        }
    }
}

/// Topics with the racks of each of their partitions; topics that do not exist yet have none.
pub(super) type Snapshot = Vec<(Name, Vec<BTreeSet<Option<Name>>>)>;

/// The client's view of the cluster.
#[derive(Clone, Debug, Default)]
pub(super) struct Metadata {
    /// What it was told last, in a table that all clients share.
    cluster: Option<Arc<MetadataResponse>>,
    /// Whether something shows that it is out of date.
    wanted: bool,
    /// Not to be asked for before, however much it is wanted.
    free_at: Instant,
    /// How long it is left in peace after the next answer.
    pause: Span,
    /// When it was told last.
    told: Instant,
    /// Answers in a row that brought nothing new, and questions without an answer.
    attempts: u32,
    /// How often it was told (`updateVersion`).
    pub updates: u64,
}

impl Metadata {
    /// Takes over a response. Whether it brought anything new.
    fn update(&mut self, now: Instant, response: Arc<MetadataResponse>) -> bool {
        let news = self.cluster.as_ref().is_none_or(|known| !Arc::ptr_eq(known, &response));
        self.attempts = if news { 0 } else { self.attempts + 1 };
        self.updates += 1;
        self.free_at = now + self.pause;
        (self.cluster, self.told, self.wanted) = (Some(response), now, false);
        news
    }

    /// Something shows that it is out of date (`Metadata.requestUpdate`).
    pub(super) fn want(&mut self) {
        self.wanted = true;
    }

    /// As [`Metadata::want`], but answers that bring nothing new do not make the client slower to
    /// ask again (`requestUpdate(true)`).
    pub(super) fn want_soon(&mut self) {
        self.wanted = true;
        self.attempts = 0;
    }

    /// Whether something shows that it is out of date.
    pub(super) fn is_wanted(&self) -> bool {
        self.wanted
    }

    /// Whether it may be asked for (`Metadata.timeToAllowUpdate`).
    pub(super) fn is_free(&self, now: Instant) -> bool {
        now >= self.free_at
    }

    /// A question was not answered.
    pub(super) fn failed(&mut self, now: Instant, backoff: Span) {
        self.wanted = true;
        self.free_at = now + backoff;
    }

    /// When it is to be asked for again (`Metadata.timeToNextUpdate`).
    pub(super) fn due(&self, max_age: Span) -> Instant {
        match self.cluster {
            None => Instant::ZERO,
            Some(_) if self.wanted => self.free_at,
            Some(_) => self.free_at.max(self.told.saturating_add(max_age)),
        }
    }

    /// Brokers that can be asked.
    pub(super) fn brokers(&self) -> &[BrokerId] {
        self.cluster.as_ref().map_or(&[], |cluster| &cluster.brokers)
    }

    /// Whether the client has heard anything yet.
    pub(super) fn is_known(&self) -> bool {
        self.cluster.is_some()
    }

    /// All topics.
    pub(super) fn topics(&self) -> &[TopicMetadata] {
        self.cluster.as_ref().map_or(&[], |cluster| &cluster.topics)
    }

    /// The rack of a broker, if it is in service and has one.
    fn rack(&self, broker: BrokerId) -> Option<&Name> {
        let cluster = self.cluster.as_ref().filter(|known| known.brokers.contains(&broker))?;
        cluster.racks.get(broker.index() - 1)?.as_ref()
    }

    /// For each partition of a topic the racks of its replicas, as far as brokers have one.
    pub(super) fn racks(&self, topic: &TopicMetadata) -> Vec<Vec<Name>> {
        let rack = |broker: &BrokerId| self.rack(*broker).cloned();
        let racks = |p: &PartitionMetadata| p.replicas.iter().filter_map(rack).collect();
        topic.partitions.iter().map(racks).collect()
    }

    /// The topic of this name.
    pub(super) fn topic(&self, name: &str) -> Option<&TopicMetadata> {
        self.topics().iter().find(|topic| *topic.name == *name)
    }

    fn place(&self, partition: PartitionId) -> Option<(&TopicMetadata, u32)> {
        let cluster = self.cluster.as_ref()?;
        let &(row, index) = cluster.places.get(&partition)?;
        Some((&cluster.topics[row], index))
    }

    /// The leader of a partition, and its epoch.
    pub(super) fn leader(&self, partition: PartitionId) -> (Option<BrokerId>, i32) {
        let Some((topic, index)) = self.place(partition) else { return (None, -1) };
        let known = &topic.partitions[index as usize];
        (known.leader, known.leader_epoch)
    }

    /// Whether a replica of a partition is in service.
    pub(super) fn is_online(&self, partition: PartitionId, broker: BrokerId) -> bool {
        let of_partition = |(topic, index): (&TopicMetadata, u32)| {
            topic.partitions[index as usize].replicas.contains(&broker)
        };
        self.brokers().contains(&broker) && self.place(partition).is_some_and(of_partition)
    }

    /// Topic and index of a partition.
    pub(super) fn name(&self, partition: PartitionId) -> (&Name, u32) {
        let names = &self.cluster.as_ref().expect("who owns something knows the cluster").names;
        let (topic, index) = names.of(partition);
        (names.name(topic), index)
    }

    /// The id of a partition's topic.
    pub(super) fn topic_id(&self, partition: PartitionId) -> Uuid {
        let names = &self.cluster.as_ref().expect("who owns something knows the cluster").names;
        names.id(names.of(partition).0)
    }

    /// Whether the client has heard of the topic of this id.
    pub(super) fn knows(&self, topic: Uuid) -> bool {
        self.topics().iter().any(|known| known.id == topic)
    }

    /// The partition of this topic's id and index, as soon as the topic is known: its partitions
    /// may be newer than what the client knows.
    pub(super) fn partition_by_id(&self, topic: Uuid, index: u32) -> Option<PartitionId> {
        let topic = self.topics().iter().find(|known| known.id == topic)?;
        self.partition(&topic.name, index)
    }

    /// The partition of this topic and index.
    pub(super) fn partition(&self, topic: &str, index: u32) -> Option<PartitionId> {
        let names = &self.cluster.as_ref()?.names;
        let known = self.topic(topic).map(|known| known.topic);
        let topic = known.or_else(|| names.by_name(topic))?;
        names.partitions(topic).get(index as usize).copied()
    }
}
