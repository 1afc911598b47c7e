//! Topics that come, and topics that grow. Their partitions have their places in all tables from the
//! beginning; who asks is told of them when they exist.

use super::{Event, FAULT, World};
use crate::client::producer::Setup;
use crate::kernel::time::{Instant, Span};
use crate::model::fact::{Fact, PartitionFact};
use crate::model::id::{PartitionId, TopicId};

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

    /// A topic is created with the partitions that its table names.
    pub(super) fn create_topic(&mut self, topic: TopicId) {
        let partitions = self.scenario.topics[topic.index()].partitions() as u32;
        self.have_partitions(topic, partitions);
    }

    /// A topic has more partitions. Producers hear of it when what they know has become too old
    /// (`metadata.max.age.ms`), consumers in their own way.
    pub(super) fn add_partitions(&mut self, topic: TopicId, to: u32) {
        if to <= self.existing[topic.index()] {
            return;
        }
        self.have_partitions(topic, to);
        for (producer, first) in self.scenario.producers.iter().zip(self.producer_rows.clone()) {
            if producer.topic != topic {
                continue;
            }
            let age = producer.config.metadata_max_age.as_us().max(1);
            let since = self.now.since(producer.start).as_us();
            let at = producer.start + Span::from_us(since.div_ceil(age) * age);
            for row in first..first + producer.count as usize {
                self.agenda.push(at.max(self.now), FAULT, Event::Hear(row as u32));
            }
        }
    }

    fn have_partitions(&mut self, topic: TopicId, count: u32) {
        let before = self.existing[topic.index()];
        self.existing[topic.index()] = count;
        let new = self.topics.partitions(topic)[before as usize..count as usize].to_vec();
        for partition in new {
            self.tell(Fact::Partition { partition, what: PartitionFact::Created });
        }
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
        for partition in self.existing_partitions(topic).to_vec() {
            self.settle(self.row_of(partition));
        }
        self.replan_fetches();
    }

    /// A producer hears how many partitions its topic has.
    pub(super) fn hear_of_growth(&mut self, row: usize) {
        let mut setup: Setup = self.producer_setup(row);
        let topic = self.producer_of(row).topic;
        setup.partitions = self.existing[topic.index()];
        if u64::from(setup.partitions) <= self.logs.producers[row].partitions() {
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
