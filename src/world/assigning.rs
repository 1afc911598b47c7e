//! What a leader asks its strategy: the world tells what members cannot know, and hears of failures.

use super::World;
use crate::assignor::{AssignError, Load, Question};
use crate::client::effect::Assigning;
use crate::kernel::rate::Rate;
use crate::kernel::time::Instant;
use crate::model::id::{ConsumerId, GroupId};
use std::fmt;

/// A strategy of one's own had no answer, or one that is no assignment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StrategyFailed {
    /// When it was asked.
    pub at: Instant,
    /// The group.
    pub group: String,
    /// The strategy's name.
    pub strategy: String,
    /// Why.
    pub error: AssignError,
}

impl fmt::Display for StrategyFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let StrategyFailed { at, group, strategy, error } = self;
        write!(f, "at {at}: the strategy `{strategy}` of the group `{group}` failed: {error}")
    }
}

impl std::error::Error for StrategyFailed {}

impl World<'_> {
    /// Asks a strategy and brings its answer to the leader. What Kafka's code throws goes to the
    /// leader, too; a strategy of one's own that fails ends the run.
    pub(super) fn assign(&mut self, leader: ConsumerId, mut asked: Assigning) {
        let group = self.slots[leader.index()].group;
        if asked.strategy.assignor().reads_load() {
            self.tell_load(group, &mut asked.question);
        }
        let answer = asked.strategy.assign(&asked.question);
        if let Err(error) = &answer
            && error.class().is_none()
        {
            self.failed.get_or_insert(StrategyFailed {
                at: self.now,
                group: self.scenario.groups[group.index()].name.clone(),
                strategy: asked.strategy.name().to_owned(),
                error: error.clone(),
            });
            return;
        }
        let Some(process) = &mut self.slots[leader.index()].process else { return };
        let mut effects = Vec::new();
        process.lead(self.now, &asked, answer, &mut effects);
        self.perform_all(leader, &mut effects);
    }

    /// Lag and rate of every partition, and how fast the members are.
    fn tell_load(&mut self, group: GroupId, question: &mut Question) {
        let now = self.now;
        let state = &self.trace.live.groups[group.index()];
        let logs = &mut self.logs;
        for topic in &mut question.topics {
            let known = self.metadata.topics.iter().find(|known| known.name == topic.name);
            let load = |partition: &crate::model::message::cluster::PartitionMetadata| {
                let row = partition.partition.index();
                let log = &logs.partitions[row];
                let reached = state.committed[row].or(state.position[row]).unwrap_or(log.start());
                let end = log.visible_end(now, &mut logs.producers);
                Load { lag: end.saturating_sub(reached), rate: log.rate(now, &logs.producers) }
            };
            topic.load = known.map(|k| k.partitions.iter().map(load).collect()).unwrap_or_default();
        }
        for member in &mut question.members {
            let slot = state.members.get(&member.id).map(|consumer| &self.slots[consumer.index()]);
            member.capacity = slot.and_then(|slot| {
                let us = slot.application.mean_processing();
                (us > 0.0).then(|| Rate::from_units((Rate::PER_EVENT as f64 / us) as u64))
            });
        }
    }
}
