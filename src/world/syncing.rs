//! Replicas that lose their leader, catch up, and are in sync or not (kafka-semantics 9.3;
//! `Partition.maybeShrinkIsr`, `maybeExpandIsr`).

use super::wires::Node;
use super::{Event, FAULT, World, disarm};
use crate::cluster::controller::Row;
use crate::cluster::log::Source;
use crate::kernel::time::{Instant, Span};
use crate::model::id::BrokerId;

impl World<'_> {
    /// Who can reach the leader follows it, as soon as it has caught up; who cannot stays where it
    /// is, and the leader will notice.
    pub(super) fn settle_followers(&mut self, row: Row) {
        let partition = self.controller.partition(row);
        let Some(leader) = partition.leader else { return };
        let serves = self.machine(leader).serves();
        for replica in partition.replicas.clone() {
            if replica == leader {
                continue;
            }
            let in_sync = self.controller.partition(row).isr.contains(&replica);
            if !self.reaches(leader, replica) {
                let one_way = self.between(leader, replica);
                self.followers[row.index()].stop(replica, self.now, one_way);
                if serves && in_sync {
                    self.look_later(row, leader);
                }
                continue;
            }
            let Some(stuck) = self.followers[row.index()].stuck(replica) else {
                if !in_sync && self.may_join(leader, replica) {
                    self.return_at(row, self.now + self.round_trips());
                }
                continue;
            };
            let at = stuck.follows_at.unwrap_or_else(|| {
                let again = if in_sync { Span::ZERO } else { self.round_trips() };
                self.now + again + self.reading(row, leader, replica, stuck.holds)
            });
            if at <= self.now {
                self.followers[row.index()].resume(replica);
            } else {
                self.followers[row.index()].catch_up(replica, at);
                self.return_at(row, at);
            }
        }
    }

    /// Whether a replica can follow a leader.
    fn reaches(&self, leader: BrokerId, replica: BrokerId) -> bool {
        let both = self.machine(leader).serves() && self.machine(replica).serves();
        both && self.in_touch(Node::Broker(leader), replica)
    }

    /// Whether a leader can have a replica counted among those in sync: the controller must hear it,
    /// and know the replica as in service.
    fn may_join(&self, leader: BrokerId, replica: BrokerId) -> bool {
        self.controller.is_active(replica) && self.hears(leader)
    }

    /// How long a replica reads what it missed beyond one fetch: `replica.fetch.max.bytes` in each
    /// round trip.
    fn reading(&mut self, row: Row, leader: BrokerId, replica: BrokerId, holds: Instant) -> Span {
        let Some(partition) = self.partition_of(row) else { return Span::ZERO };
        let log = &self.logs.partitions[partition.index()];
        let producers = &mut self.logs.producers;
        let held = log.end(holds, producers).max(log.start());
        let missed = log.end(self.now, producers).saturating_sub(held) * log.record_size();
        let fetches =
            missed / u64::from(self.scenario.cluster.config.replica_fetch_max_bytes.max(1));
        let round_trip = self.between(leader, replica) + self.between(replica, leader);
        round_trip * fetches
    }

    fn return_at(&mut self, row: Row, at: Instant) {
        let armed = &mut self.followers[row.index()].returns_at;
        if at < *armed {
            *armed = at;
            self.agenda.push(at, FAULT, Event::CatchUp(row));
        }
    }

    /// Replicas of a partition have caught up: they follow again, and are in sync again.
    pub(super) fn catch_up(&mut self, row: Row) {
        if !disarm(&mut self.followers[row.index()].returns_at, self.now) {
            return;
        }
        let partition = self.controller.partition(row).clone();
        let Some(leader) = partition.leader else { return };
        let mut isr = partition.isr.clone();
        for &replica in &partition.replicas {
            let stuck = self.followers[row.index()].stuck(replica);
            let not_yet = stuck.is_some_and(|s| s.follows_at.is_none_or(|at| at > self.now));
            if replica == leader || not_yet || !self.reaches(leader, replica) {
                continue;
            }
            self.followers[row.index()].resume(replica);
            if !isr.contains(&replica) && self.may_join(leader, replica) {
                isr.push(replica);
            }
        }
        if isr.len() > partition.isr.len() {
            let mut changes = Vec::new();
            self.controller.alter_isr(row, isr, &mut changes);
            self.apply_changes(&changes);
            self.balance_later();
        } else {
            self.settle(row);
            self.replan_fetches();
        }
    }

    /// The leader looks twice in `replica.lag.time.max.ms` who has not caught up for so long. It
    /// takes the controller a round trip to agree.
    fn look_later(&mut self, row: Row, leader: BrokerId) {
        let max = self.scenario.cluster.config.replica_lag_time_max;
        let partition = self.controller.partition(row);
        let followers = &self.followers[row.index()];
        let stuck = partition.isr.iter().filter_map(|&replica| followers.stuck(replica));
        let Some(due) = stuck.map(|stuck| stuck.since + max).min() else { return };
        let due = due.max(self.now).as_us() + 1;
        let (first, period) = (self.looks[leader.index() - 1].as_us(), max.as_us() / 2);
        let looks = due.saturating_sub(first).div_ceil(period.max(1));
        let way = self.scenario.cluster.latency.mean() as u64 * 2;
        let at = Instant::from_us(first + looks * period + way);
        let armed = &mut self.followers[row.index()].shrinks_at;
        if at < *armed {
            *armed = at;
            self.agenda.push(at, FAULT, Event::Shrink(row));
        }
    }

    /// Who has been behind for too long is not in sync any more. A replica that has all that there is
    /// is not behind, however long it has been silent (`ReplicaState.isCaughtUp`).
    pub(super) fn shrink(&mut self, row: Row) {
        if !disarm(&mut self.followers[row.index()].shrinks_at, self.now) {
            return;
        }
        let partition = self.controller.partition(row).clone();
        let Some(leader) = partition.leader.filter(|&leader| self.machine(leader).serves()) else {
            return;
        };
        let max = self.scenario.cluster.config.replica_lag_time_max;
        let mut isr = partition.isr.clone();
        isr.retain(|&replica| {
            let stuck = self.followers[row.index()].stuck(replica);
            let stuck = stuck.filter(|stuck| replica != leader && stuck.since + max < self.now);
            !stuck.is_some_and(|stuck| self.lacks(row, stuck.holds))
        });
        if isr.len() < partition.isr.len() && self.hears(leader) {
            let mut changes = Vec::new();
            self.controller.alter_isr(row, isr, &mut changes);
            self.apply_changes(&changes);
        } else {
            self.look_later(row, leader);
        }
    }

    /// Whether somebody has sent something that a replica which holds the log of a moment lacks.
    /// Producers that wait for all replicas have written it, though we hold it back.
    fn lacks(&mut self, row: Row, holds: Instant) -> bool {
        let Some(partition) = self.partition_of(row) else {
            return self.coordinators[row.index()].log.has_more_than(holds);
        };
        let (now, producers) = (self.now, &mut self.logs.producers);
        let sources = self.logs.partitions[partition.index()].sources();
        sources.iter().any(|&Source { row, index, .. }| {
            producers[row].count(index, now) > producers[row].count(index, holds)
        })
    }
}
