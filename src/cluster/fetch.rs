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
        if bytes >= wanted(request) {
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
        let wanted = wanted(request);
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

/// What a fetch waits for (bytes): not more than it takes (`KafkaApis.handleFetchRequest`).
fn wanted(request: &FetchRequest) -> u64 {
    request.min_bytes.min(request.max_bytes).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::random::{Purpose, Stream, Streams};
    use crate::model::id::PartitionId;

    const BROKER: BrokerId = BrokerId(1);

    /// Logs that nobody writes to: so many records of so many bytes each.
    fn logs(contents: &[(u64, u64)]) -> Logs {
        let log = |&(records, size): &(u64, u64)| {
            PartitionLog::new(records, Instant::ZERO, size, Some(BROKER))
        };
        Logs { partitions: contents.iter().map(log).collect(), ..Logs::default() }
    }

    fn draw_request(contents: &[(u64, u64)], draws: &mut Stream) -> FetchRequest {
        let mut limit = || 1 << draws.below(12);
        let (min_bytes, max_bytes, partition_max_bytes) = (limit(), limit(), limit());
        let part = |(id, &(records, _)): (usize, &(u64, u64))| {
            let from = draws.below(records + 1);
            let partition = PartitionId(id as u32);
            FetchPartition {
                partition,
                leader_epoch: 0,
                from,
                to: from,
                error_code: ErrorCode::None,
            }
        };
        let partitions = contents.iter().enumerate().map(part).collect();
        let max_wait = Span::from_ms(500);
        FetchRequest { max_wait, min_bytes, max_bytes, partition_max_bytes, partitions }
    }

    /// One record after the other: while it fits into what is left, and always a first one.
    fn reference(contents: &[(u64, u64)], request: &FetchRequest) -> Vec<(PartitionId, u64, u64)> {
        let (mut left, mut brought) = (u64::from(request.max_bytes), Vec::new());
        for fetch in &request.partitions {
            let (records, size) = contents[fetch.partition.index()];
            let (mut to, mut room) = (fetch.from, left.min(request.partition_max_bytes.into()));
            while to < records && (room >= size || brought.is_empty() && to == fetch.from) {
                room = room.saturating_sub(size);
                left = left.saturating_sub(size);
                to += 1;
            }
            if to > fetch.from {
                brought.push((fetch.partition, fetch.from, to));
            }
        }
        brought
    }

    #[test]
    fn a_fetch_brings_what_fits_record_by_record() {
        let mut draws = Streams::new(3).stream("fetch", Purpose("reference"));
        let (mut cut, mut waits) = (0, 0);
        for _ in 0..2_000 {
            let mut content = || (draws.below(40), 1 + draws.below(200));
            let contents = [content(), content(), content()];
            let mut logs = logs(&contents);
            let request = draw_request(&contents, &mut draws);
            let expected = reference(&contents, &request);
            let now = Instant::ZERO + Span::from_secs(1);
            let there = |fetch: &FetchPartition| {
                let (records, size) = contents[fetch.partition.index()];
                let most = u64::from(request.partition_max_bytes).max(size);
                ((records - fetch.from) * size).min(most)
            };
            let enough = request.partitions.iter().map(there).sum::<u64>() >= wanted(&request);
            let answered = logs.answer_at(&request, BROKER, now, Span::ZERO);
            assert_eq!(answered, if enough { now } else { now + request.max_wait }, "{request:?}");
            let response = logs.read(request.clone(), BROKER, now);
            let brought =
                response.partitions.iter().map(|part| (part.partition, part.from, part.to));
            assert_eq!(brought.collect::<Vec<_>>(), expected, "{contents:?} {request:?}");
            cut += usize::from(expected.iter().any(|(p, _, to)| *to < contents[p.index()].0));
            waits += usize::from(!enough);
        }
        assert!(cut > 500 && waits > 50, "{cut} {waits}");
    }
}
