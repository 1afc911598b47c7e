//! Topics that come, grow and go. Their partitions have their places in all tables from the beginning,
//! and one that is created again has places of its own; who asks is told of them when they exist.

use super::{Event, FAULT, World};
use crate::client::producer::Setup;
use crate::cluster::log::Source;
use crate::cluster::replicas::Followers;
use crate::kernel::time::{Instant, Span};
use crate::model::fact::{Fact, PartitionFact};
use crate::model::id::{PartitionId, ProducerId, TopicId};

impl World<'_> {
    /// The partitions of a topic that exist.
    pub(super) fn existing_partitions(&self, topic: TopicId) -> &[PartitionId] {
        &self.topics.partitions(topic)[..self.existing[topic.index()] as usize]
    }

    /// Whether a partition exists.
    pub(super) fn exists(&self, partition: PartitionId) -> bool {
        let (topic, index) = self.topics.of(partition);
        index < self.existing[topic.index()]
    }

    /// The topic that exists among those of its name.
    fn present(&self, topic: TopicId) -> Option<TopicId> {
        let lives = self.topics.lives(self.topics.name(topic));
        lives.into_iter().find(|&life| self.existing[life.index()] > 0)
    }

    /// Whether another topic of its topic's name exists by now.
    pub(super) fn is_succeeded(&self, partition: PartitionId) -> bool {
        let (topic, _) = self.topics.of(partition);
        self.present(topic).is_some_and(|present| present != topic)
    }

    /// The topic of a name that exists, or else the one that existed last.
    pub(super) fn topic_named(&self, name: &str) -> Option<TopicId> {
        let begun = |&topic: &TopicId| self.scenario.topics[topic.index()].created_at <= self.now;
        self.topics.lives(name).rev().find(begun)
    }

    /// Rows of the producers that write to a topic, whichever of its name it is.
    fn producers_of(&self, topic: TopicId) -> Vec<usize> {
        let blocks = (0..self.scenario.producers.len()).map(ProducerId::new);
        let ours = blocks
            .filter(|id| self.topics.is_same(self.scenario.producers[id.index()].topic, topic));
        ours.flat_map(|id| self.rows_of(id)).collect()
    }

    /// A topic is created with the partitions that its table names. What producers still have for
    /// one of its name that was deleted is for this one.
    pub(super) fn create_topic(&mut self, topic: TopicId) {
        let block = &self.scenario.topics[topic.index()];
        if block.life > 0 {
            for row in self.producers_of(topic) {
                for (index, partition) in (0..).zip(self.topics.partitions(topic).to_vec()) {
                    let before = self.logs.producers[row].delivered(index, self.now);
                    let source = Source { row, index, before };
                    self.logs.partitions[partition.index()].add_source(source);
                }
            }
        }
        self.have_partitions(topic, block.partitions() as u32);
        if block.life > 0 {
            for row in self.producers_of(topic) {
                self.logs.producers[row].find_topic();
                self.hear_of_growth(row);
                self.look_at_buffer_soon(row);
            }
        }
    }

    /// A topic is deleted: brokers know it no longer, coordinators forget its offsets, and producers
    /// stand in `send()` (`ReplicationControlManager.deleteTopic`, `KafkaProducer.waitOnMetadata`).
    pub(super) fn delete_topic(&mut self, topic: TopicId) {
        let Some(topic) = self.present(topic) else { return };
        let partitions = self.existing_partitions(topic).to_vec();
        self.existing[topic.index()] = 0;
        for &partition in &partitions {
            self.settle(self.row_of(partition));
            let log = &mut self.logs.partitions[partition.index()];
            log.delete(self.now, &mut self.logs.producers);
            let end = log.start();
            self.tell(Fact::Partition { partition, what: PartitionFact::Deleted { end } });
        }
        self.change_topics();
        for row in self.producers_of(topic) {
            self.logs.producers[row].lose_topic();
            self.look_at_buffer_soon(row);
        }
        self.replan_fetches();
    }

    /// A topic has more partitions. Producers hear of it when what they know has become too old
    /// (`metadata.max.age.ms`), consumers in their own way.
    pub(super) fn add_partitions(&mut self, topic: TopicId, to: u32) {
        let Some(topic) = self.present(topic) else { return };
        if to <= self.existing[topic.index()] {
            return;
        }
        self.have_partitions(topic, to);
        for row in self.producers_of(topic) {
            let producer = self.producer_of(row);
            let age = producer.config.metadata_max_age.as_us().max(1);
            let since = self.now.since(producer.start).as_us();
            let at = producer.start + Span::from_us(since.div_ceil(age) * age);
            self.agenda.push(at.max(self.now), FAULT, Event::Hear(row as u32));
        }
    }

    fn have_partitions(&mut self, topic: TopicId, count: u32) {
        let before = self.existing[topic.index()];
        self.existing[topic.index()] = count;
        let new = self.topics.partitions(topic)[before as usize..count as usize].to_vec();
        for partition in new {
            self.found_partition(partition);
            self.tell(Fact::Partition { partition, what: PartitionFact::Created });
        }
        self.change_topics();
        for partition in self.existing_partitions(topic).to_vec() {
            self.settle(self.row_of(partition));
        }
        self.replan_fetches();
    }

    /// A partition begins with a leader of the first epoch and the replicas that are in service.
    fn found_partition(&mut self, partition: PartitionId) {
        let row = self.row_of(partition);
        self.controller.create(row);
        let leader = self.controller.partition(row).leader;
        self.led_by[row.index()] = leader;
        self.followers[row.index()] = Followers::default();
        self.logs.partitions[partition.index()].begin(leader);
    }

    /// Clients and coordinators are told of other topics from now on.
    fn change_topics(&mut self) {
        self.topics_version += 1;
        self.publish_metadata();
        let image = self.image();
        let mut effects = std::mem::take(&mut self.coordinator_effects);
        for row in 0..self.coordinators.len() {
            let now = self.now;
            self.coordinators[row].shard.update_topics(now, image.clone(), &mut effects);
            self.perform(row, &mut effects, None);
        }
        self.coordinator_effects = effects;
    }

    /// A producer hears how many partitions its topic has.
    pub(super) fn hear_of_growth(&mut self, row: usize) {
        let mut setup: Setup = self.producer_setup(row);
        let Some(topic) = self.present(self.producer_of(row).topic) else { return };
        setup.partitions = self.existing[topic.index()];
        if u64::from(setup.partitions) == self.logs.producers[row].partitions() {
            return;
        }
        self.logs.producers[row].grow(self.now, &setup, self.streams);
        for partition in self.existing_partitions(topic).to_vec() {
            self.settle(self.row_of(partition));
        }
        self.replan_fetches();
    }

    /// Topics that are created while the run is under way.
    pub(super) fn schedule_topics(&mut self) {
        for topic in self.topics.ids() {
            let at = self.scenario.topics[topic.index()].created_at;
            if at > Instant::ZERO {
                self.agenda.push(at, FAULT, Event::Create(topic));
            }
        }
    }
}
