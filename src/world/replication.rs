//! Replicas in the world: who follows whom, what that does to logs, and how leaders change.
//!
//! Nothing here is computed record by record. Whenever a broker, a leader or the in-sync replicas
//! change, [`World::settle`] looks how a partition stands and sets the course of its log from this
//! moment on.

use super::World;
use super::producing::Election;
use super::wires::Node;
use crate::cluster::controller::{Change, Row};
use crate::kernel::time::{Instant, Span};
use crate::model::fact::{Fact, GroupFact, PartitionFact, Standstill};
use crate::model::id::{BrokerId, PartitionId};
use crate::model::message::cluster::{MetadataResponse, PartitionMetadata, TopicMetadata};
use std::sync::Arc;

/// How a partition stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Standing {
    /// Nobody takes records.
    Leaderless,
    /// The leader takes records, but fewer are in sync than must be: `acks=all` is refused, and
    /// nothing new becomes visible.
    TooFew,
    /// The leader takes records, but somebody in sync is silent: nothing new becomes visible, and
    /// `acks=all` gets no answer.
    Waiting(BrokerId),
    /// Records become visible so much after their append.
    Flowing(Span),
}

impl World<'_> {
    /// The controller's row of a partition: those of coordinators come first.
    pub(super) fn row_of(&self, partition: PartitionId) -> Row {
        Row(partition.0 + self.coordinators.len() as u32)
    }

    /// The partition of a controller's row; `None`: it is one of `__consumer_offsets`.
    pub(super) fn partition_of(&self, row: Row) -> Option<PartitionId> {
        row.0.checked_sub(self.coordinators.len() as u32).map(PartitionId)
    }

    /// One way between two brokers, on average, with the receiver's work.
    pub(super) fn between(&self, from: BrokerId, to: BrokerId) -> Span {
        let cluster = &self.scenario.cluster;
        let racks = &cluster.racks;
        let mut us = cluster.latency.mean();
        if racks[from.index() - 1] != racks[to.index() - 1] {
            us += cluster.rack_latency.mean();
        }
        let slow = self.machine(to).slow.times(cluster.service.mean() as u64);
        let delay = self.mean_delay(Node::Broker(from), Node::Broker(to));
        delay + Span::from_us((us as u64 + slow).max(1))
    }

    /// How a partition stands now.
    pub(super) fn standing(&self, row: Row) -> Standing {
        let exists = self.partition_of(row).is_none_or(|partition| self.exists(partition));
        let partition = self.controller.partition(row);
        let leader = partition.leader.filter(|_| exists);
        let Some(leader) = leader.filter(|&leader| self.machine(leader).serves()) else {
            return Standing::Leaderless;
        };
        if partition.isr.len() < partition.min_isr {
            return Standing::TooFew;
        }
        let followers = &self.followers[row.index()];
        let others = || partition.isr.iter().copied().filter(|&replica| replica != leader);
        if let Some(silent) = others().find(|&replica| !followers.follows(replica)) {
            return Standing::Waiting(silent);
        }
        // There with the record, back with the next fetch.
        let round_trip = |replica| self.between(leader, replica) + self.between(replica, leader);
        Standing::Flowing(others().map(round_trip).max().unwrap_or(Span::ZERO))
    }

    /// Tells that a log stands still, or flows again.
    fn tell_standing(&mut self, row: Row, standing: Standing) {
        let leader = self.controller.partition(row).leader;
        let still = match standing {
            Standing::Leaderless => {
                Some(leader.map_or(Standstill::NoLeader, Standstill::LeaderSilent))
            }
            Standing::TooFew => Some(Standstill::TooFewInSync),
            Standing::Waiting(replica) => Some(Standstill::WaitsFor(replica)),
            Standing::Flowing(_) => None,
        };
        let partition = self.partition_of(row);
        let exists = partition.is_none_or(|partition| self.exists(partition));
        if !exists || std::mem::replace(&mut self.still[row.index()], still) == still {
            return;
        }
        let Some(partition) = partition else {
            let what = still.map_or(GroupFact::CommitsFlow, GroupFact::CommitsStandStill);
            return self.tell_groups(row.index(), &what);
        };
        let what = still.map_or(PartitionFact::Flows, PartitionFact::StandsStill);
        self.tell(Fact::Partition { partition, what });
    }

    /// Sets the course of a partition's log from now on.
    pub(super) fn settle(&mut self, row: Row) {
        self.settle_followers(row);
        self.show_followers(row);
        let standing = self.standing(row);
        self.tell_standing(row, standing);
        let Some(partition) = self.partition_of(row) else {
            return self.settle_coordinator(row, standing);
        };
        let was_behind = self.logs.partitions[partition.index()].behind();
        let behind = match standing {
            Standing::Flowing(behind) => Some(behind),
            _ => None,
        };
        let log = &mut self.logs.partitions[partition.index()];
        log.follow(self.now, behind, &mut self.logs.producers);
        // What becomes of a deleted topic's replicas is nothing to those who write to the next one.
        if !self.is_succeeded(partition) {
            self.course_of_producers(partition, standing, was_behind);
        }
    }

    /// Sets the course of all partitions that a broker has a replica of.
    pub(super) fn settle_all_of(&mut self, broker: BrokerId) {
        for row in self.controller.rows() {
            if self.controller.partition(row).replicas.contains(&broker) {
                self.settle(row);
            }
        }
        self.replan_fetches();
    }

    /// Does what the controller decided.
    pub(super) fn apply_changes(&mut self, changes: &[Change]) {
        for change in changes {
            if change.leader {
                self.change_leader(*change);
            }
            if change.isr
                && let Some(partition) = self.partition_of(change.row)
                && self.exists(partition)
            {
                let isr = self.controller.partition(change.row).isr.clone();
                self.tell(Fact::Partition { partition, what: PartitionFact::InSync(isr) });
            }
            self.settle(change.row);
        }
        if !changes.is_empty() {
            self.publish_metadata();
            self.replan_fetches();
        }
    }

    /// Another leader. Its log ends where it followed the old one to: what lies beyond is gone.
    fn change_leader(&mut self, change: Change) {
        let row = change.row;
        let registration = self.controller.partition(row);
        let (leader, epoch) = (registration.leader, registration.leader_epoch);
        let old = self.led_by[row.index()];
        self.led_by[row.index()] = leader.or(old);
        let holds = match leader.zip(old).filter(|(new, old)| new != old) {
            None => self.now,
            Some((new, old)) => {
                let one_way = self.between(old, new);
                self.followers[row.index()].holds(new, self.now, one_way)
            }
        };
        if let (Some(new), Some(old)) = (leader, old)
            && new != old
        {
            let one_way = self.between(old, new);
            self.followers[row.index()].stop(old, self.now, one_way);
            self.followers[row.index()].lead(new, holds, self.now);
        }
        let Some(partition) = self.partition_of(row) else {
            return self.move_coordinator(row, leader, holds);
        };
        // Nobody tells of a topic that is gone, or of a partition that is still to come.
        if !self.exists(partition) {
            return;
        }
        if leader.is_some() {
            let election = Election { old_leader: old, epoch, unclean: change.unclean };
            self.cut_log(partition, holds, election);
        }
        let log = &mut self.logs.partitions[partition.index()];
        let begins = log.end(self.now, &mut self.logs.producers);
        log.lead(self.now, leader, epoch, begins);
        self.tell(Fact::Partition { partition, what: PartitionFact::Leader { leader, epoch } });
    }

    /// Leaders step back for the preferred ones.
    pub(super) fn balance_leaders(&mut self) {
        let mut changes = Vec::new();
        self.controller.elect_preferred(&mut changes);
        self.apply_changes(&changes);
        self.balance_later();
    }

    /// Plans the next look at leaders, if there is anything to see.
    pub(super) fn balance_later(&mut self) {
        let config = &self.scenario.cluster.config;
        let interval = config.leader_imbalance_check_interval.as_us().max(1);
        let imbalanced = self.controller.rows().any(|row| self.controller.is_imbalanced(row));
        if config.auto_leader_rebalance_enable && imbalanced && self.balance_at <= self.now {
            let looks = self.now.as_us() / interval + 1;
            self.balance_at = Instant::from_us(looks * interval);
            self.agenda.push(self.balance_at, super::FAULT, super::Event::Balance);
        }
    }

    /// What clients are told from now on.
    pub(super) fn publish_metadata(&mut self) {
        let topics = &self.topics;
        let partition = |&partition: &PartitionId| {
            let registration = self.controller.partition(self.row_of(partition));
            PartitionMetadata {
                partition,
                leader: registration.leader,
                leader_epoch: registration.leader_epoch,
                replicas: registration.replicas.clone(),
            }
        };
        let topic = |topic| TopicMetadata {
            topic,
            name: topics.name(topic).clone(),
            id: topics.id(topic),
            partitions: self.existing_partitions(topic).iter().map(partition).collect(),
        };
        let racks = self.scenario.cluster.racks.iter();
        let racks = racks.map(|rack| rack.as_deref().map(Into::into)).collect();
        let known = topics.ids().filter(|&id| !self.existing_partitions(id).is_empty());
        let known = known.map(topic).collect();
        let (brokers, names) = (self.controller.unfenced(), self.topics.clone());
        self.metadata = Arc::new(MetadataResponse::new(racks, brokers, known, names));
    }
}
