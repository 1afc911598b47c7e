//! Consumers that read from a replica in their rack (KIP-392).

use super::World;
use super::messages::{Body, MessageId};
use crate::cluster::controller::Row;
use crate::cluster::nearest::Follower;
use crate::model::id::{BrokerId, PartitionId};
use crate::model::message::Request;

impl World<'_> {
    fn recommends_replicas(&self) -> bool {
        self.scenario.cluster.config.replica_selector_class.is_some()
    }

    /// Consumers may read a partition from those who follow its leader now, if leaders send them
    /// there.
    pub(super) fn show_followers(&mut self, row: Row) {
        if !self.recommends_replicas() {
            return;
        }
        let registration = self.controller.partition(row);
        let (Some(partition), Some(leader)) = (self.partition_of(row), registration.leader) else {
            return;
        };
        let others = registration.replicas.iter().filter(|&&replica| replica != leader);
        let follower = |&broker: &BrokerId| {
            let one_way = self.between(leader, broker);
            let round_trip = one_way + self.between(broker, leader);
            let holds = self.followers[row.index()].stuck(broker).map(|stuck| stuck.holds);
            Follower { broker, one_way, round_trip, holds }
        };
        let followers = others.map(follower).collect();
        self.logs.followed.follow(partition, leader, followers);
    }

    /// A leader answers a fetch at once if it knows a replica that is nearer to the client: one that
    /// is in sync, in service and in the client's rack. Whether it does.
    pub(super) fn send_on(&mut self, id: MessageId) -> bool {
        let preferred = self.nearest_replicas(id);
        if preferred.is_empty() {
            return false;
        }
        let message = self.messages.get_mut(id);
        let broker = message.connection.broker;
        let Body::Request(Request::Fetch(mut request)) =
            std::mem::replace(&mut message.body, Body::Nothing)
        else {
            unreachable!("it is a fetch")
        };
        request.partitions.retain(|fetch| preferred.iter().all(|(p, _)| *p != fetch.partition));
        let mut response = self.logs.read(request, broker, self.now);
        response.preferred = preferred;
        self.respond(id, response.into());
        true
    }

    fn nearest_replicas(&mut self, id: MessageId) -> Vec<(PartitionId, BrokerId)> {
        let message = self.messages.get(id);
        let Body::Request(Request::Fetch(request)) = &message.body else { return vec![] };
        let broker = message.connection.broker;
        let racks = &self.scenario.cluster.racks;
        let Some(rack) = &self.slots[message.consumer.index()].rack else { return vec![] };
        if !self.recommends_replicas() || racks[broker.index() - 1].as_ref() == Some(rack) {
            return vec![];
        }
        let mut nearest = Vec::new();
        for fetch in &request.partitions {
            let isr = &self.controller.partition(self.row_of(fetch.partition)).isr;
            let is_near = |replica: BrokerId| {
                isr.contains(&replica)
                    && self.controller.is_active(replica)
                    && racks[replica.index() - 1].as_ref() == Some(rack)
            };
            if let Some(replica) = self.logs.nearest(fetch, broker, self.now, is_near) {
                nearest.push((fetch.partition, replica));
            }
        }
        nearest
    }
}
