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

    /// Another replica leads, which has everything up to a moment and nothing of later; with it,
    /// everything that is left is committed.
    pub fn cut(&mut self, holds: Instant) {
        while self.uncommitted.back().is_some_and(|(at, _)| *at > holds) {
            self.uncommitted.pop_back();
            let end = self.uncommitted.back().map(|(_, end)| *end);
            self.end = end.unwrap_or(self.committed);
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

    fn clean_up(&mut self) {
        clean(&mut self.records);
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
    fn the_cleaner_keeps_the_last_of_each_key_and_no_tombstones() {
        let mut log = OffsetsLog::default();
        let gone = |value| Record::GroupMetadata { key: GroupKey { group: "g".into() }, value };
        log.append(
            at(1),
            vec![commit(0, 1), gone(Some(GroupMetadataValue::default())), commit(1, 5)],
        );
        log.append(at(2), vec![commit(0, 2), gone(None)]);
        assert_eq!(log.read(), [(2, commit(1, 5)), (3, commit(0, 2))]);
        assert_eq!(log.end(), 5);
    }
}
