//! Fetching: one request in flight per broker, a buffer of what came, and what a poll takes out
//! of it (`AbstractFetch`, `FetchBuffer`, `FetchCollector`; kafka-semantics 6.9).

use super::effect::Connection;
use super::fetch_session::FetchSessions;
use super::subscription::{Owned, Position, Subscription};
use crate::kernel::time::Instant;
use crate::model::error::ErrorCode;
use crate::model::id::{BrokerId, PartitionId};
use crate::model::message::fetch::{FetchPartition, FetchResponse};
use std::collections::VecDeque;

/// Records [from, to) of a partition that a poll returns.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Part {
    pub partition: PartitionId,
    pub from: u64,
    pub to: u64,
    /// The epoch of the leader that they were read from.
    pub epoch: i32,
}

/// Data of one partition that came with a response.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct CompletedFetch {
    partition: PartitionId,
    leader_epoch: i32,
    next: u64,
    end: u64,
    took_something: bool,
    /// Whether a poll has looked at it and found that it begins where the partition is read.
    looked_at: bool,
}

/// Requests in flight and data not yet returned.
#[derive(Clone, Debug, Default)]
pub(super) struct Fetcher {
    /// Brokers that owe an answer, and until when it is awaited.
    pending: Vec<(BrokerId, Instant)>,
    /// The data that the next poll takes from first. It stays until a poll finds it empty: one that
    /// is filled exactly by its last record does not, and its broker is not asked meanwhile.
    next_in_line: Option<CompletedFetch>,
    completed: VecDeque<CompletedFetch>,
    /// What leaders refused to read, and nobody has seen to.
    pub refused: Vec<FetchPartition>,
    sessions: FetchSessions,
    /// Emptied lists of partitions, to be used again.
    spare: Vec<Vec<FetchPartition>>,
}

impl Fetcher {
    /// A broker answered.
    pub(super) fn receive(&mut self, broker: BrokerId, response: FetchResponse) {
        self.pending.retain(|&(pending, _)| pending != broker);
        let mut partitions = response.partitions;
        let brought = partitions.iter().filter(|read| read.to > read.from);
        self.sessions.answered(broker, brought.map(|read| read.partition));
        for read in partitions.drain(..) {
            if !read.error_code.is_none() {
                self.refused.push(read);
                continue;
            }
            self.completed.push_back(CompletedFetch {
                partition: read.partition,
                leader_epoch: read.leader_epoch,
                next: read.from,
                end: read.to,
                took_something: false,
                looked_at: false,
            });
        }
        self.spare.push(partitions);
    }

    /// The connection to a broker is gone, and its answer with it. Whether there was an answer to come.
    pub(super) fn give_up(&mut self, broker: BrokerId) -> bool {
        let asked = self.owes(broker);
        if asked {
            self.sessions.end(broker);
        }
        self.pending.retain(|&(pending, _)| pending != broker);
        asked
    }

    /// Until when answers are awaited.
    pub(super) fn deadlines(&self) -> impl Iterator<Item = (Connection, Instant)> {
        let connection = |broker| Connection { broker, coordinator: false };
        self.pending.iter().map(move |&(broker, deadline)| (connection(broker), deadline))
    }

    fn owes(&self, broker: BrokerId) -> bool {
        self.pending.iter().any(|&(pending, _)| pending == broker)
    }

    /// Takes up to `max` records out of the buffer, oldest response first. Those of paused partitions
    /// stay, behind all others, for a poll after their partition is resumed.
    pub(super) fn collect(&mut self, max: u64, subscription: &mut Subscription) -> Vec<Part> {
        let mut parts: Vec<Part> = Vec::new();
        let mut parked = Vec::new();
        let mut left = max;
        while left > 0 {
            let Some(mut fetch) = self.next_in_line.take().or_else(|| self.completed.pop_front())
            else {
                break;
            };
            let owned = subscription.get(fetch.partition);
            let reads_on = owned.is_some_and(|owned| owned.position == Position::At(fetch.next));
            fetch.looked_at |= reads_on;
            if fetch.looked_at && owned.is_some_and(|owned| owned.pause.is_on()) {
                parked.push(fetch);
                continue;
            }
            let reads_on = reads_on && owned.is_some_and(Owned::is_fetchable);
            if !reads_on || fetch.next == fetch.end {
                if fetch.took_something {
                    subscription.move_to_end(fetch.partition);
                }
                continue;
            }
            let to = fetch.end.min(fetch.next + left);
            left -= to - fetch.next;
            let (partition, epoch) = (fetch.partition, fetch.leader_epoch);
            let same = |part: &&mut Part| part.partition == partition && part.epoch == epoch;
            match parts.iter_mut().find(same) {
                Some(part) => part.to = to,
                None => parts.push(Part { partition, from: fetch.next, to, epoch }),
            }
            subscription.set_position(fetch.partition, Position::At(to));
            subscription.read_in(fetch.partition, fetch.leader_epoch);
            fetch.next = to;
            fetch.took_something = true;
            self.next_in_line = Some(fetch);
        }
        self.completed.extend(parked);
        parts
    }

    /// Whether data lie in the buffer that no poll has begun to take (`FetchBuffer.isEmpty`).
    pub(super) fn buffers(&self) -> bool {
        !self.completed.is_empty()
    }

    /// Whether there are data of paused partitions among them. What a poll under KIP-848 puts back into
    /// the buffer wakes whoever waits for it (`FetchBuffer.addAll`), and that is the poll itself.
    pub(super) fn has_parked(&self, subscription: &Subscription) -> bool {
        let is_paused = |id| subscription.get(id).is_some_and(|owned| owned.pause.is_on());
        self.completed.iter().any(|fetch| fetch.looked_at && is_paused(fetch.partition))
    }

    /// Whether a broker can be asked that is not being asked.
    pub(super) fn wants(&self, subscription: &Subscription, now: Instant) -> bool {
        let idle = |broker| !self.owes(broker);
        subscription.in_order().any(|o| o.is_fetchable() && o.source(now).is_some_and(idle))
    }

    /// The fetches to send now, to be answered by `deadline`: everything fetchable, by broker; no
    /// broker that owes an answer or whose data are still buffered is asked (KAFKA-17182).
    pub(super) fn requests(
        &mut self,
        subscription: &Subscription,
        now: Instant,
        deadline: Instant,
        reachable: impl Fn(BrokerId) -> bool,
    ) -> Vec<(BrokerId, Vec<FetchPartition>)> {
        let mut requests: Vec<(BrokerId, Vec<FetchPartition>)> = Vec::new();
        let buffered: Vec<BrokerId> = self
            .next_in_line
            .iter()
            .chain(&self.completed)
            .filter_map(|fetch| {
                subscription.get(fetch.partition).filter(|o| o.is_fetchable())?.source(now)
            })
            .collect();
        for owned in subscription.in_order().filter(|owned| owned.is_fetchable()) {
            let (Position::At(from), Some(source)) = (owned.position, owned.source(now)) else {
                continue;
            };
            if self.owes(source) || buffered.contains(&source) || !reachable(source) {
                continue;
            }
            let partition = FetchPartition {
                partition: owned.partition,
                leader_epoch: owned.epoch,
                from,
                to: from,
                error_code: ErrorCode::None,
            };
            if let Some((_, partitions)) = requests.iter_mut().find(|(broker, _)| *broker == source)
            {
                partitions.push(partition);
            } else {
                let mut partitions = self.spare.pop().unwrap_or_default();
                partitions.push(partition);
                requests.push((source, partitions));
            }
        }
        for (broker, partitions) in &mut requests {
            self.sessions.arrange(*broker, partitions);
        }
        self.pending.extend(requests.iter().map(|(broker, _)| (*broker, deadline)));
        requests
    }
}
