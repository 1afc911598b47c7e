//! Brokers look for segments that are too old or too much (kafka-semantics 9.8;
//! `LogManager.cleanupLogs`). Partitions that can lose nothing within the run cost nothing.

use super::{Event, FAULT, World};
use crate::kernel::time::{Instant, Span};
use crate::model::fact::{Fact, PartitionFact};
use crate::model::id::{BrokerId, TopicId};

impl World<'_> {
    /// Whether records of a topic can be deleted within the run.
    fn can_lose(&self, topic: TopicId) -> bool {
        let config = &self.scenario.topics[topic.index()].config;
        let ages = config.retention.is_some_and(|age| age < self.end.since(Instant::ZERO));
        config.deletes && (ages || config.retention_bytes.is_some())
    }

    /// A broker's process starts, and will look at its logs.
    pub(super) fn watch_logs(&mut self, broker: BrokerId) {
        if self.topics.ids().any(|topic| self.can_lose(topic)) {
            let first = self.scenario.cluster.config.log_initial_task_delay;
            self.look_at_logs_at(broker, self.now.saturating_add(first));
        }
    }

    fn look_at_logs_at(&mut self, broker: BrokerId, at: Instant) {
        self.machine_mut(broker).looks_at = at;
        self.agenda.push(at, FAULT, Event::Retain(broker));
    }

    /// A broker looks at its logs. What the leader deletes is deleted everywhere.
    pub(super) fn look_at_logs(&mut self, broker: BrokerId) {
        let machine = self.machine(broker);
        if machine.looks_at != self.now || !machine.up {
            return;
        }
        if let Some(until) = machine.paused {
            return self.look_at_logs_at(broker, until);
        }
        for topic in self.topics.ids() {
            if !self.can_lose(topic) {
                continue;
            }
            let config = &self.scenario.topics[topic.index()].config;
            for partition in self.existing_partitions(topic).to_vec() {
                let log = &mut self.logs.partitions[partition.index()];
                if log.leadership().leader != Some(broker) {
                    continue;
                }
                if let Some(to) = log.retain(config, self.now, &mut self.logs.producers) {
                    let what = PartitionFact::StartMoved { to };
                    self.tell(Fact::Partition { partition, what });
                }
            }
        }
        let interval = self.scenario.cluster.config.log_retention_check_interval;
        self.look_at_logs_at(broker, self.now.saturating_add(interval.max(Span::from_ms(1))));
    }
}
