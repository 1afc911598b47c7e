//! The log of one partition of `__consumer_offsets`: what a coordinator that takes over finds
//! (kafka-semantics 7.2, 7.4).

use crate::kernel::time::{Instant, Span};
use crate::model::record::{Record, clean};
use std::collections::VecDeque;

/// So many records more than the cleaner left are let be.
const DIRT: usize = 1_000;

/// Records with their places, cleaned now and then.
#[derive(Clone, Debug, Default)]
pub struct OffsetsLog {
    records: Vec<(u64, Record)>,
    end: u64,
    /// How many records the cleaner left.
    clean: usize,
    /// Ends of batches that are not committed yet, with the moment of their append.
    uncommitted: VecDeque<(Instant, u64)>,
    /// The end of the last batch that is.
    committed: u64,
    /// What replicas have that stopped following the leader.
    behind: Vec<Behind>,
}

/// What a replica has that stopped following.
#[derive(Clone, Debug)]
struct Behind {
    /// It has what was appended by then.
    holds: Instant,
    records: Vec<(u64, Record)>,
    end: u64,
}

impl OffsetsLog {
    /// One beyond the last record.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// A batch comes.
    pub fn append(&mut self, now: Instant, records: Vec<Record>) -> u64 {
        self.records.extend((self.end..).zip(records));
        self.end = self.records.last().map_or(self.end, |(place, _)| self.end.max(place + 1));
        self.uncommitted.push_back((now, self.end));
        if self.records.len() > 2 * self.clean + DIRT {
            self.clean_up();
        }
        self.end
    }

    /// The in-sync replicas have everything of so long ago: how far that is, if it is news.
    pub fn commit(&mut self, now: Instant, behind: Span) -> Option<u64> {
        let before = self.committed;
        while let Some((_, end)) =
            self.uncommitted.pop_front_if(|(at, _)| at.saturating_add(behind) <= now)
        {
            self.committed = end;
        }
        (self.committed > before).then_some(self.committed)
    }

    /// When the first batch that is not committed will be, if the in-sync replicas are so far
    /// behind.
    pub fn commits_at(&self, behind: Span) -> Option<Instant> {
        self.uncommitted.front().map(|(at, _)| at.saturating_add(behind))
    }

    /// Whether a batch that is not committed came after a moment.
    pub fn has_more_than(&self, holds: Instant) -> bool {
        self.uncommitted.back().is_some_and(|(at, _)| *at > holds)
    }

    /// Replicas have stopped following, and hold what was appended by these moments, which have just been:
    /// nothing is committed that came later. Whoever is not among them any more follows again.
    pub fn keep(&mut self, moments: impl Iterator<Item = Instant> + Clone) {
        self.behind.retain(|behind| moments.clone().any(|holds| holds == behind.holds));
        for holds in moments {
            if self.behind.iter().any(|behind| behind.holds == holds) {
                continue;
            }
            let last = self.uncommitted.iter().rev().find(|(at, _)| *at <= holds);
            let end = last.map_or(self.committed, |(_, end)| *end);
            let mut records = self.records.clone();
            records.truncate(records.partition_point(|(place, _)| *place < end));
            clean(&mut records);
            self.behind.push(Behind { holds, records, end });
        }
    }

    /// Another replica leads, which has everything up to a moment and nothing of later, committed or
    /// not; with it, everything that is left is committed.
    pub fn cut(&mut self, holds: Instant) {
        if let Some(behind) = self.behind.iter().find(|behind| behind.holds == holds) {
            (self.records, self.end) = (behind.records.clone(), behind.end);
        }
        while self.uncommitted.back().is_some_and(|(at, _)| *at > holds) {
            self.uncommitted.pop_back();
            let end = self.uncommitted.back().map_or(self.committed, |(_, end)| *end);
            self.end = self.end.min(end);
        }
        let end = self.end;
        self.records.retain(|(place, _)| *place < end);
        self.uncommitted.clear();
        self.committed = end;
    }

    /// The records, the cleaner having been there.
    pub fn read(&mut self) -> Vec<(u64, Record)> {
        self.clean_up();
        self.records.clone()
    }

    /// What is not committed may be cut off, and does not stand in for what it would replace.
    fn clean_up(&mut self) {
        let committed = self.records.partition_point(|(place, _)| *place < self.committed);
        let mut rest = self.records.split_off(committed);
        clean(&mut self.records);
        self.records.append(&mut rest);
        self.clean = self.records.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::record::{GroupKey, GroupMetadataValue, OffsetCommitKey, OffsetCommitValue};

    fn commit(partition: u32, offset: i64) -> Record {
        let key = OffsetCommitKey { group: "g".into(), topic: "t".into(), partition };
        let value = OffsetCommitValue { offset, ..OffsetCommitValue::default() };
        Record::OffsetCommit { key, value: Some(value), producer_id: None }
    }

    fn at(ms: u64) -> Instant {
        Instant::from_ms(ms)
    }

    #[test]
    fn batches_are_committed_a_round_trip_later() {
        let mut log = OffsetsLog::default();
        log.append(at(10), vec![commit(0, 1), commit(1, 1)]);
        log.append(at(12), vec![commit(0, 2)]);
        let behind = Span::from_ms(3);
        assert_eq!(log.commits_at(behind), Some(at(13)));
        assert_eq!(log.commit(at(12), behind), None);
        assert_eq!(log.commit(at(13), behind), Some(2));
        assert_eq!(log.commit(at(20), behind), Some(3));
    }

    #[test]
    fn what_the_new_leader_lacks_is_gone() {
        let mut log = OffsetsLog::default();
        log.append(at(10), vec![commit(0, 1)]);
        assert_eq!(log.commit(at(11), Span::from_ms(1)), Some(1));
        log.append(at(12), vec![commit(0, 2)]);
        log.append(at(14), vec![commit(0, 3)]);
        log.cut(at(13));
        assert_eq!((log.end(), log.read()), (2, vec![(1, commit(0, 2))]));
        log.append(at(15), vec![commit(0, 4)]);
        log.cut(at(14));
        assert_eq!((log.end(), log.read()), (2, vec![(1, commit(0, 2))]));
    }

    #[test]
    fn a_leader_that_stopped_following_lacks_what_was_committed_since() {
        let mut log = OffsetsLog::default();
        let stopped = [at(13)];
        log.append(at(10), vec![commit(0, 1), commit(1, 1)]);
        log.append(at(12), vec![commit(0, 2)]);
        log.append(at(14), vec![commit(0, 3)]);
        log.keep(stopped.into_iter());
        for ms in 15_u64..2_000 {
            log.append(at(ms), vec![commit(0, ms.cast_signed())]);
            log.commit(at(ms), Span::ZERO);
            log.keep(stopped.into_iter());
        }
        let mut other = log.clone();
        log.cut(at(13));
        assert_eq!((log.end(), log.read()), (3, vec![(1, commit(1, 1)), (2, commit(0, 2))]));
        other.keep([].into_iter());
        other.cut(at(2_000));
        assert_eq!(other.read().last(), Some(&(1_988, commit(0, 1_999))));
    }

    #[test]
    fn what_is_cut_off_has_replaced_nothing() {
        let mut log = OffsetsLog::default();
        log.append(at(10), vec![commit(0, 1)]);
        log.commit(at(10), Span::ZERO);
        for ms in 20_u64..2_000 {
            log.append(at(ms), vec![commit(0, ms.cast_signed())]);
        }
        log.cut(at(15));
        assert_eq!(log.read(), [(0, commit(0, 1))]);
    }

    #[test]
    fn the_cleaner_keeps_the_last_of_each_key_and_no_tombstones() {
        let mut log = OffsetsLog::default();
        let gone = |value| Record::GroupMetadata { key: GroupKey { group: "g".into() }, value };
        log.append(
            at(1),
            vec![commit(0, 1), gone(Some(GroupMetadataValue::default())), commit(1, 5)],
        );
        log.append(at(2), vec![commit(0, 2), gone(None)]);
        assert_eq!(log.commit(at(2), Span::ZERO), Some(5));
        assert_eq!(log.read(), [(2, commit(1, 5)), (3, commit(0, 2))]);
        assert_eq!(log.end(), 5);
    }
}
