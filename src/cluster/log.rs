//! A partition's log: an end and a visible end, both functions of time. Records are never stored.
//!
//! The leader's end is what its producers have delivered. Consumers see the high watermark: what
//! every in-sync replica has (kafka-semantics 9.3). Replicas that keep up are one message behind,
//! and the leader hears of it with their next fetch, so the high watermark is the end of a round
//! trip ago; while one of them is silent, it stands still.

mod origins;
mod retention;

use crate::client::producer::Producer;
use crate::kernel::rate::Rate;
use crate::kernel::time::{Instant, Span, first_moment};
use crate::model::error::ErrorCode;
use crate::model::id::BrokerId;

/// A partition's log, filled by producers.
#[derive(Clone, Debug)]
pub struct PartitionLog {
    /// The first offset that is still there, and since when.
    starts: Vec<(Instant, u64)>,
    /// When the first record of the oldest segment was appended, if anybody has looked.
    oldest: Option<Instant>,
    /// When the log was cut, and where.
    cuts: Vec<(Instant, u64)>,
    /// When it was deleted with its topic.
    deleted: Option<Instant>,
    /// Offsets before the first record that a producer of this run wrote, and since when they are
    /// there.
    base: u64,
    born: Instant,
    /// Bytes of a record.
    record_size: u64,
    /// Who writes here.
    sources: Vec<Source>,
    /// Who led, the present leader last.
    leaders: Vec<Leadership>,
    /// What consumers may see, the present rule last.
    visible: Vec<Visible>,
}

/// A producer of a log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Source {
    /// Its row in the table of producers.
    pub row: usize,
    /// Which of its partitions this is.
    pub index: u32,
    /// What it had delivered there before the log was there.
    pub before: u64,
}

impl Source {
    /// Of so many records that the producer has delivered, those of this log.
    const fn ours(self, delivered: u64) -> u64 {
        delivered.saturating_sub(self.before)
    }
}

/// A leader's time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Leadership {
    /// Since when.
    pub from: Instant,
    /// Who leads; `None`: nobody can.
    pub leader: Option<BrokerId>,
    /// Its epoch.
    pub epoch: i32,
    /// The log's end when it began.
    pub begins: u64,
}

/// Which of the log's records are visible, from a moment on: those that the log held so long ago,
/// but at least so many, whatever it held before it was cut.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Visible {
    from: Instant,
    /// How far the high watermark is behind; `None`: it stands still at `least`.
    behind: Option<Span>,
    least: u64,
    /// When the log was cut last.
    cut: Instant,
}

impl PartitionLog {
    /// A log that begins with `backlog` records at `born`.
    pub fn new(backlog: u64, born: Instant, record_size: u64, leader: Option<BrokerId>) -> Self {
        let (from, behind) = (Instant::ZERO, Some(Span::ZERO));
        PartitionLog {
            starts: vec![(Instant::ZERO, 0)],
            oldest: None,
            cuts: vec![],
            deleted: None,
            base: backlog,
            born,
            record_size: record_size.max(1),
            sources: vec![],
            leaders: vec![Leadership { from: Instant::ZERO, leader, epoch: 0, begins: 0 }],
            visible: vec![Visible { from, behind, least: 0, cut: from }],
        }
    }

    /// From now on a producer writes here.
    pub fn add_source(&mut self, source: Source) {
        self.sources.push(source);
    }

    /// The log is deleted with its topic: nothing comes any more, and nothing is left.
    pub fn delete(&mut self, at: Instant, producers: &mut [Producer]) {
        self.follow(at, None, producers);
        let end = self.visible_end(at, producers);
        self.deleted = Some(at);
        self.starts.push((at, end));
    }

    /// When the log was deleted; `None`: it was not.
    pub fn deleted(&self) -> Option<Instant> {
        self.deleted
    }

    /// Whether the log is deleted at `at`.
    pub fn is_deleted(&self, at: Instant) -> bool {
        self.deleted.is_some_and(|deleted| deleted <= at)
    }

    /// When its topic was created.
    pub fn born(&self) -> Instant {
        self.born
    }

    /// Who writes here.
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// Log start offset now.
    pub fn start(&self) -> u64 {
        self.starts.last().expect("a log begins somewhere").1
    }

    /// Log start offset at `at`.
    pub fn start_at(&self, at: Instant) -> u64 {
        let next = self.starts.partition_point(|&(from, _)| from <= at);
        next.checked_sub(1).map_or(0, |last| self.starts[last].1)
    }

    /// When the log start offset moved.
    pub fn start_moves(&self) -> impl Iterator<Item = Instant> {
        self.starts.iter().skip(1).map(|&(at, _)| at)
    }

    /// Bytes of a record.
    pub fn record_size(&self) -> u64 {
        self.record_size
    }

    /// Log end offset at `at`.
    pub fn end(&self, at: Instant, producers: &mut [Producer]) -> u64 {
        let at = self.deleted.map_or(at, |deleted| at.min(deleted));
        let records =
            |source: &Source| source.ours(producers[source.row].delivered(source.index, at));
        self.base + self.sources.iter().map(records).sum::<u64>()
    }

    /// Records that producers send here at `at`.
    pub fn rate(&self, at: Instant, producers: &[Producer]) -> Rate {
        let rate = |source: &Source| producers[source.row].rate(source.index, at).units();
        Rate::from_units(self.sources.iter().map(rate).sum())
    }

    /// Who leads now.
    pub fn leadership(&self) -> Leadership {
        *self.leaders.last().expect("the first leader is known")
    }

    /// Who led at `at`.
    pub fn leadership_at(&self, at: Instant) -> Leadership {
        let now = self.leadership();
        if now.from <= at {
            return now;
        }
        let next = self.leaders.partition_point(|leadership| leadership.from <= at);
        self.leaders[next.saturating_sub(1)]
    }

    /// Its partition is created, and this broker leads.
    pub fn begin(&mut self, leader: Option<BrokerId>) {
        self.leaders = vec![Leadership { from: Instant::ZERO, leader, epoch: 0, begins: 0 }];
    }

    /// Another leader, whose log ends at `begins`.
    pub fn lead(&mut self, from: Instant, leader: Option<BrokerId>, epoch: i32, begins: u64) {
        self.leaders.push(Leadership { from, leader, epoch, begins });
    }

    /// The largest epoch that is not beyond `epoch`, and the offset after its last record
    /// (`LeaderEpochFileCache.endOffsetFor`).
    pub fn epoch_end(&self, epoch: i32, end: u64) -> (i32, u64) {
        let led = || self.leaders.iter().filter(|leadership| leadership.leader.is_some());
        let known = led().filter(|leadership| leadership.epoch <= epoch).map(|l| l.epoch).max();
        let next = led().filter(|leadership| leadership.epoch > epoch).map(|l| l.begins).min();
        (known.unwrap_or(-1), next.unwrap_or(end).max(self.start()))
    }

    /// What is wrong with a client that takes `broker` for the leader in `epoch` at `at`; -1: it does
    /// not know the epoch (`Partition.checkCurrentLeaderEpoch`).
    pub fn refusal(&self, broker: BrokerId, epoch: i32, at: Instant) -> ErrorCode {
        let now = self.leadership_at(at);
        if self.is_deleted(at) {
            return ErrorCode::UnknownTopicOrPartition;
        }
        match epoch {
            epoch if epoch >= 0 && epoch < now.epoch => ErrorCode::FencedLeaderEpoch,
            epoch if epoch > now.epoch => ErrorCode::UnknownLeaderEpoch,
            _ if now.leader != Some(broker) => ErrorCode::NotLeaderOrFollower,
            _ => ErrorCode::None,
        }
    }

    /// From `at` on the high watermark is so far behind the log's end; `None`: it stands still.
    pub fn follow(&mut self, at: Instant, behind: Option<Span>, producers: &mut [Producer]) {
        let now = self.last_visible();
        if now.behind != behind {
            let least = self.visible_end(at, producers);
            self.see(Visible { from: at, behind, least, ..now });
        }
    }

    /// How far the high watermark is behind the log's end; `None`: it stands still.
    pub fn behind(&self) -> Option<Span> {
        self.last_visible().behind
    }

    /// The log was cut at `end`, at `at`: nothing of before is visible beyond that.
    pub fn cut(&mut self, at: Instant, end: u64, producers: &mut [Producer]) {
        let least = self.visible_end(at, producers).min(end);
        self.see(Visible { from: at, least, cut: at, ..self.last_visible() });
        self.cuts.push((at, end));
        self.oldest = None;
        if end < self.start() {
            self.starts.push((at, end));
        }
    }

    fn last_visible(&self) -> Visible {
        *self.visible.last().expect("something is visible")
    }

    fn see(&mut self, visible: Visible) {
        if self.last_visible().from == visible.from {
            self.visible.pop();
        }
        self.visible.push(visible);
    }

    fn visible_at(&self, at: Instant) -> Visible {
        let last = self.last_visible();
        if last.from <= at {
            return last;
        }
        let next = self.visible.partition_point(|visible| visible.from <= at);
        self.visible[next.saturating_sub(1)]
    }

    /// High watermark at `at`: what consumers may see.
    pub fn visible_end(&self, at: Instant, producers: &mut [Producer]) -> u64 {
        let Visible { behind, least, cut, .. } = self.visible_at(at);
        let Some(behind) = behind else { return least };
        let then = Instant::from_us(at.as_us().saturating_sub(behind.as_us()));
        self.end(then.max(cut), producers).max(least)
    }

    /// When `offset` becomes visible, looking from `from` on to `horizon`, as far as is known now;
    /// `None`: not within.
    pub fn visible_from(
        &self,
        offset: u64,
        from: Instant,
        horizon: Instant,
        producers: &mut [Producer],
    ) -> Option<Instant> {
        if offset < self.base {
            return Some(from);
        }
        if let ([source], [Visible { behind: Some(behind), .. }]) =
            (&self.sources[..], &self.visible[..])
        {
            let nth = offset + 1 - self.base + source.before;
            let nth = producers[source.row].delivered_nth(source.index, nth);
            if let Ok(at) = nth {
                return Some(at?.saturating_add(*behind).max(from));
            }
        }
        if self.visible_end(from, producers) > offset {
            return Some(from);
        }
        if self.visible_end(horizon, producers) <= offset {
            return None;
        }
        let visible = |at| self.visible_end(at, producers) > offset;
        Some(first_moment(from, horizon, visible))
    }
}
