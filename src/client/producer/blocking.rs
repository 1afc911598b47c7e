//! Times in which the application stands in `send()` because the buffer is full: what it would have
//! created meanwhile is never created (`KafkaProducer.doSend`, `BufferPool.allocate`).

use crate::kernel::time::{Instant, Span};

/// How many records were created and kept back by a moment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Tally {
    /// By partition.
    pub partitions: Vec<u64>,
    /// Of all of them.
    pub total: u64,
}

/// A time in which nothing is created.
#[derive(Clone, Debug)]
struct Block {
    from: Instant,
    /// [`Instant::NEVER`] while it lasts.
    to: Instant,
    /// What would have been created without any block, when this one began and when it ended.
    began: Tally,
    ended: Tally,
    /// What blocks had kept back before this one.
    before: Tally,
}

/// All such times of a producer.
#[derive(Clone, Debug, Default)]
pub(super) struct Blocks {
    all: Vec<Block>,
}

impl Tally {
    fn of(&self, index: Option<u32>) -> u64 {
        let partition = |index| self.partitions.get(index as usize).copied().unwrap_or(0);
        index.map_or(self.total, partition)
    }
}

impl Block {
    /// What has been kept back when it ends.
    fn kept_back(&self, index: Option<u32>) -> u64 {
        self.before.of(index) + self.ended.of(index) - self.began.of(index)
    }
}

impl Blocks {
    /// Whether the application is blocked now.
    pub(super) fn is_blocked(&self) -> bool {
        self.all.last().is_some_and(|block| block.to == Instant::NEVER)
    }

    /// The application blocks from `from` on, when so much would have been created.
    pub(super) fn begin(&mut self, from: Instant, began: Tally) {
        let kept = |index| self.all.last().map_or(0, |block| block.kept_back(index));
        let partitions = (0..).take(began.partitions.len()).map(|index| kept(Some(index)));
        let before = Tally { partitions: partitions.collect(), total: kept(None) };
        let (to, ended) = (Instant::NEVER, began.clone());
        self.all.push(Block { from, to, began, ended, before });
    }

    /// It goes on at `to`, when so much would have been created. Since when it was blocked, and how
    /// many records were kept back meanwhile.
    pub(super) fn end(&mut self, to: Instant, ended: Tally) -> (Instant, u64) {
        let block = self.all.last_mut().expect("it is blocked");
        (block.to, block.ended) = (to, ended);
        (block.from, block.ended.total - block.began.total)
    }

    /// How many records of a partition, or of all, are created at `at`, if `would_be` would be
    /// without blocks.
    pub(super) fn created(&self, index: Option<u32>, at: Instant, would_be: u64) -> u64 {
        let after = self.all.partition_point(|block| block.from <= at);
        let Some(block) = after.checked_sub(1).map(|last| &self.all[last]) else {
            return would_be;
        };
        if at < block.to {
            block.began.of(index) - block.before.of(index)
        } else {
            would_be - block.kept_back(index)
        }
    }

    /// Which record the `nth` that is created would be without blocks; `None`: nothing is created
    /// any more.
    pub(super) fn would_be(&self, index: Option<u32>, nth: u64) -> Option<u64> {
        let created = |block: &Block| block.began.of(index) - block.before.of(index);
        let after = self.all.partition_point(|block| created(block) < nth);
        let Some(block) = after.checked_sub(1).map(|last| &self.all[last]) else {
            return Some(nth);
        };
        (block.to < Instant::NEVER).then(|| nth + block.kept_back(index))
    }

    /// How long the application was blocked in (from, to].
    pub(super) fn time(&self, from: Instant, to: Instant) -> Span {
        let within = |block: &Block| block.to.min(to).since(block.from.max(from));
        self.all.iter().map(within).sum()
    }

    /// How many calls of `send()` failed by `at`: each one blocks for so long first. One of no
    /// `patience` fails at once, and so do all that follow.
    pub(super) fn refused(&self, at: Instant, would_be: u64, patience: Span) -> u64 {
        let begun = self.all.iter().take_while(|block| block.from <= at);
        let refused = |block: &Block| {
            let ended = if at < block.to { would_be } else { block.ended.total };
            let kept = ended - block.began.total;
            let stood = block.to.min(at).since(block.from).as_us();
            stood.checked_div(patience.as_us()).map_or(kept, |calls| calls.min(kept))
        };
        begun.map(refused).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A record a second, a tenth of them in the second of two partitions.
    fn tally(at: u64) -> Tally {
        Tally { partitions: vec![at - at / 10, at / 10], total: at }
    }

    fn at(secs: u64) -> Instant {
        Instant::from_secs(secs)
    }

    #[test]
    fn what_would_come_while_blocked_never_comes() {
        let mut blocks = Blocks::default();
        blocks.begin(at(100), tally(100));
        assert!(blocks.is_blocked());
        assert_eq!(blocks.created(None, at(130), 130), 100);
        assert_eq!((blocks.would_be(None, 100), blocks.would_be(None, 101)), (Some(100), None));
        assert_eq!(blocks.end(at(140), tally(140)), (at(100), 40));
        blocks.begin(at(200), tally(200));
        blocks.end(at(210), tally(210));
        assert!(!blocks.is_blocked());
        for (secs, total, second) in [(50, 50, 5), (139, 100, 10), (150, 110, 11), (300, 250, 25)] {
            assert_eq!(blocks.created(None, at(secs), secs), total, "{secs}");
            assert_eq!(blocks.created(Some(1), at(secs), secs / 10), second, "{secs}");
        }
        for nth in 1..=250 {
            let would_be = blocks.would_be(None, nth).unwrap();
            assert_eq!(blocks.created(None, at(would_be), would_be), nth);
            assert!(blocks.created(None, at(would_be - 1), would_be - 1) < nth);
        }
    }

    #[test]
    fn a_call_of_send_fails_when_it_has_stood_long_enough() {
        let mut blocks = Blocks::default();
        blocks.begin(at(100), tally(100));
        let refused = |blocks: &Blocks, secs, patience| {
            blocks.refused(at(secs), secs, Span::from_secs(patience))
        };
        assert_eq!([90, 159, 160, 220].map(|secs| refused(&blocks, secs, 60)), [0, 0, 1, 2]);
        assert_eq!(refused(&blocks, 130, 0), 30, "each fails at once");
        blocks.end(at(240), tally(240));
        assert_eq!(refused(&blocks, 900, 60), 2);
        assert_eq!(blocks.time(at(0), at(900)), Span::from_secs(140));
        assert_eq!(blocks.time(at(110), at(120)), Span::from_secs(10));
    }
}
