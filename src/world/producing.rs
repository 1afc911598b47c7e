//! What brokers mean to producers: records flow into a log, or wait (kafka-semantics 8.3, 9.3).

use super::replication::Standing;
use super::wires::Node;
use super::{CLIENT, Event, World, disarm};
use crate::client::producer::{BufferChange, Why};
use crate::cluster::log::Source;
use crate::kernel::factor::Factor;
use crate::kernel::time::{Instant, Span, first_moment};
use crate::model::config::Acks;
use crate::model::fact::{Fact, PartitionFact, ProducerFact};
use crate::model::id::{BrokerId, PartitionId};

/// How a leader was chosen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Election {
    /// Who led before.
    pub old_leader: Option<BrokerId>,
    /// The new leader's epoch.
    pub epoch: i32,
    /// Whether the new leader was not in sync.
    pub unclean: bool,
}

impl World<'_> {
    /// One way from a producer to a broker, on average, with the broker's work. A producer is in no
    /// rack.
    fn way_to(&self, broker: BrokerId) -> Span {
        let cluster = &self.scenario.cluster;
        let racks = cluster.racks[broker.index() - 1].is_some();
        let far = if racks { cluster.rack_latency.mean() } else { 0.0 };
        let service = self.machine(broker).slow.times(cluster.service.mean() as u64);
        Span::from_us((cluster.latency.mean() + far) as u64 + service)
    }

    /// Why the records of a producer wait as its partition stands; `None`: they flow.
    fn why(&self, row: usize, standing: Standing, leader: Option<BrokerId>) -> Option<Why> {
        if let Some(leader) = leader.filter(|&leader| self.is_silent(row, leader)) {
            return Some(Why::Silent(leader));
        }
        let for_all = self.logs.producers[row].waits_for_all();
        match standing {
            Standing::Leaderless => Some(Why::Refused),
            Standing::TooFew => for_all.then_some(Why::TooFew),
            Standing::Waiting(_) => for_all.then_some(Why::Unacknowledged),
            Standing::Flowing(_) => None,
        }
    }

    /// Whether a broker keeps its connection with a producer, but answers nothing: it stands still, or
    /// the network is cut.
    fn is_silent(&self, row: usize, broker: BrokerId) -> bool {
        let node = Node::Producer(self.producer_id(row));
        self.machine(broker).up && !(self.machine(broker).serves() && self.in_touch(node, broker))
    }

    /// The producers of a partition deliver, or wait, as the partition stands. `behind` is how far
    /// its high watermark was behind until now.
    pub(super) fn course_of_producers(
        &mut self,
        partition: PartitionId,
        standing: Standing,
        behind: Option<Span>,
    ) {
        let leader = self.logs.partitions[partition.index()].leadership().leader;
        for Source { row, index, .. } in self.logs.partitions[partition.index()].sources().to_vec()
        {
            // Who waits for a silent leader does not hear that it leads no more.
            let asked = leader.or_else(|| self.logs.producers[row].waits_for(index));
            let why = self.why(row, standing, asked);
            match (why, leader) {
                (None, Some(leader)) => self.deliver_again(partition, row, index, leader),
                (why, leader) => {
                    let node = Node::Producer(self.producer_id(row));
                    let is_cut_off = leader.is_some_and(|leader| !self.in_touch(node, leader));
                    let back = leader.map_or(Span::ZERO, |leader| self.way_to(leader));
                    let producer = &mut self.logs.producers[row];
                    let behind = behind.unwrap_or(Span::ZERO);
                    let acknowledged = producer.acknowledged_at(self.now, behind, back, is_cut_off);
                    let why = why.unwrap_or(Why::Refused);
                    producer.hold(index, self.now, why, leader, acknowledged);
                    self.hear_of_leader(partition, row, index, leader.is_some());
                }
            }
            self.look_at_buffer_soon(row);
        }
    }

    /// A producer hears that a partition has a leader, or none, when it asks next: now, or when it
    /// tries again.
    fn hear_of_leader(&mut self, partition: PartitionId, row: usize, index: u32, leads: bool) {
        let producer = &self.logs.producers[row];
        if producer.knows_leader(index) == leads {
            return;
        }
        let asks = producer.tries_again(index, self.now, |broker| self.is_silent(row, broker));
        if asks > self.now {
            return self.agenda.push(asks, CLIENT, Event::Retry(partition));
        }
        self.logs.producers[row].hear_of_leader(index, self.now, leads);
    }

    /// Somebody takes what a producer has for a partition: now, or when the producer tries again.
    fn deliver_again(&mut self, partition: PartitionId, row: usize, index: u32, leader: BrokerId) {
        let producer = &self.logs.producers[row];
        let tries = producer.tries_again(index, self.now, |broker| self.is_silent(row, broker));
        if tries > self.now {
            return self.agenda.push(tries, CLIENT, Event::Retry(partition));
        }
        let node = Node::Producer(self.producer_id(row));
        let way = self.way_to(leader) + self.mean_delay(node, Node::Broker(leader));
        let trip = self.late_trip(row, partition, leader, way);
        let from = self.logs.partitions[partition.index()].end(self.now, &mut self.logs.producers);
        self.logs.producers[row].hear_of_leader(index, self.now, true);
        let outcome = self.logs.producers[row].flow(index, self.now, (way, trip), leader);
        if outcome.repeated > 0 {
            let to = from + outcome.repeated;
            self.tell(Fact::Partition { partition, what: PartitionFact::Repeated { from, to } });
        }
        if outcome.expired > 0 {
            let what = PartitionFact::Undelivered { records: outcome.expired };
            self.tell(Fact::Partition { partition, what });
        }
    }

    /// How long a request of a producer takes to the leader of a partition and back, if an event has made
    /// that longer than it should be.
    fn late_trip(
        &self,
        row: usize,
        partition: PartitionId,
        leader: BrokerId,
        way: Span,
    ) -> Option<Span> {
        let node = Node::Producer(self.producer_id(row));
        let acks = self.logs.producers[row].acks();
        let behind = match self.standing(self.row_of(partition)) {
            Standing::Flowing(behind) if acks == Acks::All => behind,
            _ => Span::ZERO,
        };
        let followers = self.controller.partition(self.row_of(partition)).isr.iter();
        let slow = |a: Node, broker: BrokerId| {
            self.machine(broker).slow != Factor::ONE
                || !self.mean_delay(a, Node::Broker(broker)).is_zero()
        };
        let is_late = slow(node, leader)
            || acks == Acks::All
                && followers.into_iter().any(|&follower| slow(Node::Broker(leader), follower));
        let back = self.mean_delay(Node::Broker(leader), node);
        let back = Span::from_us(self.scenario.cluster.latency.mean() as u64) + back;
        (is_late && acks != Acks::None).then(|| way + behind + back)
    }

    /// Producers that were refused try again.
    pub(super) fn retry_producers(&mut self, partition: PartitionId) {
        let standing = self.standing(self.row_of(partition));
        let behind = self.logs.partitions[partition.index()].behind();
        self.course_of_producers(partition, standing, behind);
        self.replan_fetches();
    }

    /// Something has changed that may fill a producer's buffer, or make room in it.
    pub(super) fn look_at_buffer_soon(&mut self, row: usize) {
        if self.buffer_looks[row] != self.now && self.logs.producers[row].may_block() {
            self.buffer_looks[row] = self.now;
            self.agenda.push(self.now, CLIENT, Event::Buffer(row as u32));
        }
    }

    /// A producer's buffer may be full, or have room again.
    pub(super) fn look_at_buffer(&mut self, row: usize) {
        if !disarm(&mut self.buffer_looks[row], self.now) {
            return;
        }
        if let Some(change) = self.logs.producers[row].look_at_buffer(self.now) {
            let what = match change {
                BufferChange::Blocked => ProducerFact::Blocked,
                BufferChange::Unblocked { since, kept_back, refused } => {
                    ProducerFact::Unblocked { since, kept_back, refused }
                }
            };
            let (producer, number) = self.producer_in(row);
            self.tell(Fact::Producer { producer, number, what });
            self.replan_fetches();
        }
        if let Some(next) = self.logs.producers[row].next_look(self.now) {
            self.buffer_looks[row] = next;
            self.agenda.push(next, CLIENT, Event::Buffer(row as u32));
        }
    }

    /// A new leader has a partition's log up to a moment: what was appended later is gone. What had
    /// not been acknowledged is sent again.
    pub(super) fn cut_log(&mut self, partition: PartitionId, holds: Instant, election: Election) {
        let now = self.now;
        let log = &mut self.logs.partitions[partition.index()];
        let producers = &mut self.logs.producers;
        let end = log.end(now, producers);
        let visible = log.visible_end(now, producers);
        // Who is in sync has what is visible, however slow the network has become since.
        let holds = if election.unclean || log.end(holds, producers) >= visible {
            holds
        } else {
            first_moment(holds, now, |at| log.end(at, producers) >= visible)
        };
        let kept = log.end(holds, producers).min(end);
        if kept == end {
            return;
        }
        let (mut acknowledged, mut replicated) = (0, 0);
        let mut seen = visible.saturating_sub(kept);
        for &Source { row, index, .. } in log.sources() {
            let producer = &mut producers[row];
            let gone = producer.delivered(index, now)
                - producer.delivered(index, holds).min(producer.delivered(index, now));
            let lost = match producer.acknowledged(index) {
                Some(answered) => {
                    answered.saturating_sub(producer.delivered(index, now) - gone).min(gone)
                }
                None if producer.waits_for_all() => gone.min(seen),
                None => gone,
            };
            seen -= lost.min(seen);
            acknowledged += lost;
            replicated += if producer.waits_for_all() { lost } else { 0 };
            producer.retract(index, now, gone, lost);
        }
        log.cut(now, kept, producers);
        let Election { old_leader, epoch, unclean } = election;
        self.tell(Fact::Partition {
            partition,
            what: PartitionFact::Truncated {
                old_leader,
                epoch,
                to: kept,
                end,
                high_watermark: visible,
                acknowledged,
                replicated,
                unclean,
            },
        });
    }
}
