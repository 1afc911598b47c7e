//! What brokers mean to producers: records flow into a log, or wait (kafka-semantics 8.3, 9.3).

use super::replication::Standing;
use super::wires::Node;
use super::{CLIENT, Event, World};
use crate::kernel::time::{Instant, Span};
use crate::model::fact::{Fact, PartitionFact};
use crate::model::id::{BrokerId, PartitionId};

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

    /// The producers of a partition deliver, or wait, as the partition stands.
    pub(super) fn course_of_producers(&mut self, partition: PartitionId, standing: Standing) {
        let leader = self.logs.partitions[partition.index()].leadership().leader;
        let mut refused = false;
        for (row, index) in self.logs.partitions[partition.index()].sources().to_vec() {
            let node = Node::Producer(self.producer_id(row));
            let cut = leader.is_some_and(|leader| !self.in_touch(node, leader));
            let producer = &mut self.logs.producers[row];
            let waits = match standing {
                Standing::Leaderless => true,
                Standing::TooFew | Standing::Waiting => producer.waits_for_all(),
                Standing::Flowing(_) => false,
            };
            let Some(leader) = leader.filter(|_| !waits && !cut) else {
                refused |= waits && standing != Standing::Waiting;
                producer.hold(index, self.now);
                continue;
            };
            let tries = if self.unreachable[partition.index()] {
                producer.tries_again(index, self.now)
            } else {
                self.now
            };
            if tries > self.now {
                // Whoever was refused looks again after a pause.
                self.agenda.push(tries, CLIENT, Event::Retry(partition));
                refused = true;
                continue;
            }
            let way = self.way_to(leader) + self.mean_delay(node, Node::Broker(leader));
            let unanswered = std::mem::take(&mut self.unanswered[partition.index()]);
            let end =
                self.logs.partitions[partition.index()].end(self.now, &mut self.logs.producers);
            let outcome = self.logs.producers[row].flow(index, self.now, way, unanswered);
            if outcome.repeated > 0 {
                let (from, to) = (end, end + outcome.repeated);
                self.tell(Fact::Partition {
                    partition,
                    what: PartitionFact::Repeated { from, to },
                });
            }
            if outcome.expired > 0 {
                let what = PartitionFact::Undelivered { records: outcome.expired };
                self.tell(Fact::Partition { partition, what });
            }
        }
        self.unreachable[partition.index()] = refused;
    }

    /// Producers that were refused try again.
    pub(super) fn retry_producers(&mut self, partition: PartitionId) {
        let row = self.row_of(partition);
        self.course_of_producers(partition, self.standing(row));
        self.replan_fetches();
    }

    /// The leader of a partition died: what it had written and not acknowledged is sent again.
    pub(super) fn note_unanswered(&mut self, partition: PartitionId, behind: Span) {
        let log = &self.logs.partitions[partition.index()];
        let Some(leader) = log.leadership().leader else { return };
        let (back, follower) = (self.way_to(leader), Span::from_us(behind.as_us() / 2));
        let ago = |span: Span| Instant::from_us(self.now.as_us().saturating_sub(span.as_us()));
        // Its followers have what came a message's way ago, and acknowledged is what came a round
        // trip and the answer's way ago.
        let (held, answered) = (ago(follower), ago(behind + back));
        let held = log.end(held, &mut self.logs.producers);
        let answered = log.end(answered, &mut self.logs.producers);
        self.unanswered[partition.index()] = held.saturating_sub(answered);
    }

    /// A new leader has a partition's log up to a moment: what was appended later is gone. What had
    /// not been acknowledged is sent again.
    pub(super) fn cut_log(&mut self, partition: PartitionId, holds: Instant, unclean: bool) {
        let now = self.now;
        let log = &mut self.logs.partitions[partition.index()];
        let producers = &mut self.logs.producers;
        let end = log.end(now, producers);
        let kept = log.end(holds, producers).min(end);
        let visible = log.visible_end(now, producers);
        if kept == end {
            return;
        }
        let mut acknowledged = 0;
        let mut seen = visible.saturating_sub(kept);
        for &(row, index) in log.sources() {
            let producer = &mut producers[row];
            let gone = producer.delivered(index, now)
                - producer.delivered(index, holds).min(producer.delivered(index, now));
            let lost = if producer.waits_for_all() { gone.min(seen) } else { gone };
            seen -= lost.min(seen);
            acknowledged += lost;
            producer.retract(index, now, gone, lost);
        }
        log.cut(now, kept, producers);
        let what = PartitionFact::Truncated { to: kept, end, acknowledged, unclean };
        self.tell(Fact::Partition { partition, what });
    }
}
