//! Fetch on the broker: answer at once, or wait for data (kafka-semantics 9.6;
//! `ReplicaManager.readFromLog`, `DelayedFetch`).

use super::log::PartitionLog;
use super::nearest::Followed;
use crate::client::producer::Producer;
use crate::kernel::time::{Instant, Span, first_moment};
use crate::model::error::ErrorCode;
use crate::model::id::{BrokerId, PartitionId};
use crate::model::message::fetch::{FetchPartition, FetchRequest, FetchResponse};

/// The logs of all partitions and who fills them.
#[derive(Debug, Default)]
pub struct Logs {
    /// By partition id.
    pub partitions: Vec<PartitionLog>,
    /// Producers of all topics.
    pub producers: Vec<Producer>,
    /// Who else may be read.
    pub followed: Followed,
}

impl Logs {
    /// When a partition was deleted with its topic; `None`: it was not.
    pub fn deleted(&self, partition: PartitionId) -> Option<Instant> {
        self.partitions[partition.index()].deleted()
    }

    /// When a fetch that arrives at `broker` at `now` is answered. It waits for `fetch.min.bytes`,
    /// at most `fetch.max.wait.ms`. With a resolution a fetch that reads to the end of the log is
    /// answered at the next multiple of it, and so brings what arrives until then, too.
    pub fn answer_at(
        &mut self,
        request: &FetchRequest,
        broker: BrokerId,
        now: Instant,
        resolution: Span,
    ) -> Instant {
        self.answer_again(request, broker, now, now, resolution)
    }

    /// The same for a fetch that arrived at `since` and is looked at again at `now`.
    pub fn answer_again(
        &mut self,
        request: &FetchRequest,
        broker: BrokerId,
        since: Instant,
        now: Instant,
        resolution: Span,
    ) -> Instant {
        if request.partitions.is_empty() || request.max_wait.is_zero() {
            return now;
        }
        let deadline = since + request.max_wait;
        if request.partitions.iter().any(|p| !self.refusal(p, broker, now).is_none()) {
            return now;
        }
        let (bytes, full) = self.readable(request, broker, now);
        if bytes >= u64::from(request.min_bytes) {
            // Whoever reads to the end of the log reads as much more a moment later.
            return if full { now } else { now.round_up(resolution).min(deadline) };
        }
        match self.enough_at(request, broker, now, deadline) {
            Some(at) => at.round_up(resolution).min(deadline),
            None => deadline,
        }
    }

    /// What is wrong with reading a partition at `broker` (`ReplicaManager.readFromLog`).
    fn refusal(&mut self, fetch: &FetchPartition, broker: BrokerId, at: Instant) -> ErrorCode {
        let log = &self.partitions[fetch.partition.index()];
        let (refusal, start) = (log.refusal(broker, fetch.leader_epoch, at), log.start());
        let follows = || self.follows(fetch.partition, broker);
        if !(refusal.is_none() || refusal == ErrorCode::NotLeaderOrFollower && follows()) {
            return refusal;
        }
        let unseen = fetch.from > self.shown_end(fetch.partition, broker, at);
        if fetch.from < start || unseen && fetch.from > self.held_end(fetch.partition, broker, at) {
            return ErrorCode::OffsetOutOfRange;
        }
        ErrorCode::None
    }

    /// The first moment in (now, deadline] at which `fetch.min.bytes` can be read.
    fn enough_at(
        &mut self,
        request: &FetchRequest,
        broker: BrokerId,
        now: Instant,
        deadline: Instant,
    ) -> Option<Instant> {
        let mut first: Option<Instant> = None;
        for fetch in &request.partitions {
            let at = self.shown_from(fetch, broker, now, deadline);
            if let Some(at) = at.filter(|&at| at <= deadline) {
                first = Some(first.map_or(at, |first| first.min(at)));
            }
        }
        let first = first?;
        let wanted = u64::from(request.min_bytes);
        if self.readable(request, broker, first).0 >= wanted {
            return Some(first);
        }
        if self.readable(request, broker, deadline).0 < wanted {
            return None;
        }
        Some(first_moment(first, deadline, |at| self.readable(request, broker, at).0 >= wanted))
    }

    /// Bytes that the fetch could read, each partition up to its limit; and whether it would leave
    /// something behind.
    fn readable(&mut self, request: &FetchRequest, broker: BrokerId, at: Instant) -> (u64, bool) {
        let (mut bytes, mut full) = (0, false);
        for fetch in &request.partitions {
            let shown = self.shown_end(fetch.partition, broker, at);
            let log = &self.partitions[fetch.partition.index()];
            let records = shown.saturating_sub(fetch.from);
            let limit = u64::from(request.partition_max_bytes).max(log.record_size());
            let there = records * log.record_size();
            full |= there > limit;
            bytes += there.min(limit);
        }
        (bytes, full || bytes > u64::from(request.max_bytes))
    }

    /// What the fetch reads at `broker` at `at`: per partition up to its limit, all told up to
    /// `fetch.max.bytes`, but always a first record.
    pub fn read(&mut self, request: FetchRequest, broker: BrokerId, at: Instant) -> FetchResponse {
        let mut budget = u64::from(request.max_bytes);
        let partition_max = u64::from(request.partition_max_bytes);
        let mut partitions = request.partitions;
        let mut anything = false;
        partitions.retain_mut(|fetch| {
            fetch.error_code = self.refusal(fetch, broker, at);
            if !fetch.error_code.is_none() {
                return true;
            }
            let there = self.shown_end(fetch.partition, broker, at).saturating_sub(fetch.from);
            let log = &self.partitions[fetch.partition.index()];
            let size = log.record_size();
            let mut records = there.min(partition_max.min(budget) / size);
            if records == 0 && there > 0 && !anything {
                records = 1;
            }
            anything |= records > 0;
            budget = budget.saturating_sub(records * size);
            fetch.to = fetch.from + records;
            fetch.leader_epoch = log.leadership_at(at).epoch;
            records > 0
        });
        FetchResponse { partitions, ..FetchResponse::default() }
    }
}
