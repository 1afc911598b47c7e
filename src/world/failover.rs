//! Coordinators that live and die with the leaders of their partitions of `__consumer_offsets`
//! (kafka-semantics 7.3, 7.4).

use super::coordinators::Coordinator;
use super::replication::Standing;
use super::{COORDINATOR, Event, FAULT, World};
use crate::cluster::controller::Row;
use crate::coordinator::serving::Serving;
use crate::kernel::time::{Instant, Span};
use crate::model::Name;
use crate::model::fact::{Fact, GroupFact};
use crate::model::id::{BrokerId, ConsumerId, GroupId, PartitionId};

impl World<'_> {
    /// The groups of a coordinator.
    fn groups_of(&self, row: usize) -> Vec<GroupId> {
        let groups = self.coordinator_of.iter().enumerate();
        groups.filter(|(_, of)| **of == row).map(|(group, _)| GroupId::new(group)).collect()
    }

    pub(super) fn tell_groups(&mut self, row: usize, what: &GroupFact) {
        for group in self.groups_of(row) {
            self.tell(Fact::Group { group, what: what.clone() });
        }
    }

    /// The coordinators of a broker die with it, and with them everything that is not in the log.
    pub(super) fn lose_coordinators(&mut self, broker: BrokerId) {
        for row in 0..self.coordinators.len() {
            let coordinator = &mut self.coordinators[row];
            if coordinator.broker == Some(broker) {
                coordinator.broker = None;
                coordinator.forget();
                self.tell_groups(row, &GroupFact::CoordinatorLost { broker });
            }
        }
    }

    /// Another broker leads a coordinator's partition, and holds its log up to a moment. The one
    /// before, if it lives, tells whoever waits; the new one reads the log.
    pub(super) fn move_coordinator(&mut self, row: Row, leader: Option<BrokerId>, holds: Instant) {
        let row = row.index();
        if let Some(broker) = self.coordinators[row].broker.take() {
            self.tell_groups(row, &GroupFact::CoordinatorLost { broker });
            if self.machine(broker).serves() {
                self.unload(row);
            }
            self.coordinators[row].forget();
        }
        let now = self.now;
        let Some(broker) = leader else { return };
        let coordinator = &mut self.coordinators[row];
        coordinator.log.cut(holds);
        // What the new leader has is committed, answered or not.
        let end = coordinator.log.end();
        let kept = coordinator.uncommitted.drain(..).filter(|(at, _)| *at <= end);
        let kept: Vec<Fact> = kept.map(|(_, fact)| fact).collect();
        for fact in kept {
            self.tell(fact);
        }
        let coordinator = &mut self.coordinators[row];
        coordinator.broker = Some(broker);
        coordinator.shard.begin_loading();
        let records = coordinator.log.read().len() as u64;
        let us = records.saturating_mul(1_000_000) / self.scenario.cluster.load_rate.max(1);
        let until = now + Span::from_us(us.max(1));
        coordinator.loading = until;
        self.tell_groups(row, &GroupFact::Loading { broker, records, until });
        self.agenda.push(until, FAULT, Event::Load(row as u32));
    }

    fn unload(&mut self, row: usize) {
        let mut effects = std::mem::take(&mut self.coordinator_effects);
        self.coordinators[row].shard.unload(self.now, &mut effects);
        self.perform(row, &mut effects, None);
        self.coordinator_effects = effects;
    }

    /// A coordinator has read its log, and begins to serve.
    pub(super) fn load(&mut self, row: usize) {
        let coordinator = &mut self.coordinators[row];
        let Some(broker) = coordinator.broker else { return };
        if coordinator.loading != self.now || coordinator.shard.serving() != Serving::Loading {
            return;
        }
        let (records, end) = (coordinator.log.read(), coordinator.log.end());
        let mut effects = std::mem::take(&mut self.coordinator_effects);
        coordinator.shard.load(self.now, records, end, &mut effects);
        for group in self.groups_of(row) {
            let what = self.loaded(row, group, broker);
            self.tell(Fact::Group { group, what });
            self.tell_loaded_offsets(row, group);
        }
        self.perform(row, &mut effects, None);
        self.coordinator_effects = effects;
        self.settle(Row(row as u32));
    }

    /// What a coordinator knows of a group after it has read its log.
    fn loaded(&self, row: usize, group: GroupId, broker: BrokerId) -> GroupFact {
        let name: Name = self.scenario.groups[group.index()].name.as_str().into();
        let snapshot = self.coordinators[row].shard.snapshot(&name);
        let known = &self.members[group.index()];
        let member =
            |id: &Name| -> Option<(ConsumerId, Name)> { Some((*known.get(id)?, id.clone())) };
        let members = snapshot.members.iter().filter_map(|known| member(&known.id)).collect();
        let generation = snapshot.generation.max(snapshot.group_epoch);
        GroupFact::Loaded { broker, generation, members }
    }

    /// Tells which committed offsets a new coordinator knows otherwise than the one before said.
    fn tell_loaded_offsets(&mut self, row: usize, group: GroupId) {
        let name: Name = self.scenario.groups[group.index()].name.as_str().into();
        let shard = &self.coordinators[row].shard;
        let told = &self.trace.live.groups[group.index()].committed;
        let differs = |&partition: &PartitionId| {
            let (topic, index) = self.topics.of(partition);
            let topic = (self.topics.name(topic), self.topics.id(topic));
            let found = shard.committed_offset(&name, topic, index);
            let found = found.and_then(|offset| u64::try_from(offset).ok());
            (found != told[partition.index()]).then_some((partition, found))
        };
        let offsets: Vec<_> =
            self.group_partitions[group.index()].iter().filter_map(differs).collect();
        if !offsets.is_empty() {
            self.tell(Fact::Group { group, what: GroupFact::OffsetsFound { offsets } });
        }
    }

    /// Sets the course of a coordinator's log from now on.
    pub(super) fn settle_coordinator(&mut self, row: Row, standing: Standing) {
        let coordinator = &mut self.coordinators[row.index()];
        coordinator.standing = standing;
        coordinator.log.keep(self.followers[row.index()].held());
        self.commit_later(row.index());
    }

    /// Plans the moment at which the next batch in a coordinator's log is committed.
    pub(super) fn commit_later(&mut self, row: usize) {
        let coordinator = &mut self.coordinators[row];
        let Standing::Flowing(behind) = coordinator.standing else { return };
        if let Some(at) = coordinator.log.commits_at(behind) {
            let at = at.max(self.now);
            if at < coordinator.commits_at || coordinator.commits_at <= self.now {
                coordinator.commits_at = at;
                self.agenda.push(at, COORDINATOR, Event::Commit(row as u32));
            }
        }
    }

    /// The high watermark of a coordinator's log moves.
    pub(super) fn commit(&mut self, row: usize) {
        let coordinator = &mut self.coordinators[row];
        let Standing::Flowing(behind) = coordinator.standing else { return };
        coordinator.commits_at = Instant::NEVER;
        if let Some(end) = coordinator.log.commit(self.now, behind) {
            let mut effects = std::mem::take(&mut self.coordinator_effects);
            self.committed_up_to(row, end, &mut effects);
            self.perform(row, &mut effects, None);
            self.coordinator_effects = effects;
        }
        self.commit_later(row);
    }

    /// Coordinators of a broker that stood still see to their timers.
    pub(super) fn wake_coordinators(&mut self, broker: BrokerId) {
        for row in 0..self.coordinators.len() {
            if self.coordinators[row].broker == Some(broker) {
                self.coordinators[row].armed = Instant::NEVER;
                self.arm_coordinator(row);
                self.commit_later(row);
            }
        }
    }
}

impl Coordinator {
    /// Whatever is not in the log is forgotten; nobody serves.
    fn forget(&mut self) {
        self.shard = self.shard.successor();
        self.shard.unload(Instant::ZERO, &mut Vec::new());
        self.armed = Instant::NEVER;
        self.loading = Instant::NEVER;
    }
}
