//! Names for the ids that facts and figures carry.

use crate::model::id::{ConsumerId, GroupId, PartitionId};
use crate::model::topic::Topics;
use crate::scenario::Scenario;
use crate::trace::ConsumerInfo;
use crate::trace::cause::Cause;
use crate::world::Run;

/// Who is who in a run.
#[derive(Clone, Copy, Debug)]
pub struct Names<'a> {
    /// The scenario.
    pub scenario: &'a Scenario,
    /// Topics and partitions.
    pub topics: &'a Topics,
    /// Consumers.
    pub consumers: &'a [ConsumerInfo],
}

impl<'a> Names<'a> {
    /// The names of a finished run.
    pub fn of(run: &'a Run, scenario: &'a Scenario) -> Self {
        Names { scenario, topics: &run.topics, consumers: &run.trace.consumers }
    }

    /// A consumer's name.
    pub fn consumer(&self, id: ConsumerId) -> &'a str {
        &self.consumers[id.index()].name
    }

    /// The group that a consumer belongs to.
    pub fn group_of(&self, id: ConsumerId) -> GroupId {
        self.consumers[id.index()].group
    }

    /// A group's name.
    pub fn group(&self, id: GroupId) -> &'a str {
        &self.scenario.groups[id.index()].name
    }

    /// A partition as people write it: `orders-7`.
    pub fn partition(&self, id: PartitionId) -> String {
        self.topics.label(id)
    }

    /// Why records were repeated or skipped, as expectations name it.
    pub fn cause(&self, cause: Cause) -> &'static str {
        cause.name(self.scenario)
    }
}
