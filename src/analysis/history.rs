//! Lag and positions over time, exact at every commit, poll and change of owner.

use super::gauge::Gauge;
use super::ownership::{Tenure, tenures};
use crate::kernel::time::{Instant, Span};
use crate::model::fact::ConsumerFact;
use crate::model::id::{GroupId, PartitionId};
use crate::trace::steps::Standing;
use crate::world::Run;

/// Between its changes lag grows with the log, which is looked at this often at least.
const GRID: u64 = 500;

/// What is measured against the log end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Against {
    /// The committed offset; before the first commit the owner's position, without an owner the
    /// log start.
    Committed,
    /// The owner's position, or the committed offset where nobody owns the partition.
    Position,
}

/// Committed offset and position of one partition in one group, change by change.
#[derive(Clone, Debug)]
pub struct History {
    partition: PartitionId,
    committed: Vec<Standing>,
    /// The owner's position, `None` where there is no owner or it has no position yet.
    position: Vec<(Instant, Option<u64>)>,
    /// The log start offset, from the moments on at which it moved.
    log_start: Vec<(Instant, u64)>,
}

fn last_at<T: Copy>(steps: &[(Instant, T)], at: Instant) -> Option<T> {
    let next = steps.partition_point(|(when, _)| *when <= at);
    next.checked_sub(1).map(|last| steps[last].1)
}

fn log_start(run: &Run, partition: PartitionId) -> Vec<(Instant, u64)> {
    let log = &run.logs.partitions[partition.index()];
    log.start_moves().map(|at| (at, log.start_at(at))).collect()
}

impl History {
    /// Histories of these partitions. The run has kept what they are made of.
    pub fn of(run: &Run, group: GroupId, partitions: &[PartitionId], end: Instant) -> Vec<History> {
        let tenures = tenures(&run.trace, group, end);
        let of_one = |&partition| Self::of_one(run, group, partition, &tenures, end);
        partitions.iter().map(of_one).collect()
    }

    fn of_one(
        run: &Run,
        group: GroupId,
        partition: PartitionId,
        tenures: &[Tenure],
        end: Instant,
    ) -> History {
        let steps = &run.trace.steps;
        let committed = steps.committed[group.index()].get(partition.index());
        let mut position: Vec<(Instant, Option<u64>)> = Vec::new();
        for (at, _, what) in run.trace.consumer_facts(group) {
            if let ConsumerFact::Positioned { partition: p, offset, .. } = what
                && *p == partition
            {
                position.push((at, Some(*offset)));
            }
        }
        let ours = || tenures.iter().filter(|tenure| tenure.partition == partition);
        if let Some(positions) = steps.positions[group.index()].get(partition.index()) {
            let owned = |at: Instant| ours().any(|tenure| tenure.from <= at && at < tenure.to);
            let owned = positions.iter().filter(|(at, _)| owned(*at));
            position.extend(owned.map(|&(at, offset)| (at, Some(offset))));
        }
        // At the end of the run nobody gives anything up.
        let ended = ours().filter(|tenure| tenure.to < end);
        position.extend(ended.map(|tenure| (tenure.to, None)));
        position.sort_by_key(|&(at, _)| at);
        History {
            partition,
            committed: committed.cloned().unwrap_or_default(),
            position,
            log_start: log_start(run, partition),
        }
    }

    /// Committed offset at `at`.
    pub fn committed(&self, at: Instant) -> Option<u64> {
        last_at(&self.committed, at).flatten()
    }

    /// The owner's position at `at`.
    pub fn position(&self, at: Instant) -> Option<u64> {
        last_at(&self.position, at).flatten()
    }

    fn reached(&self, at: Instant, against: Against) -> u64 {
        let (committed, position) = (self.committed(at), self.position(at));
        let reached = match against {
            Against::Committed => committed.or(position),
            Against::Position => position.or(committed),
        };
        reached.or(last_at(&self.log_start, at)).unwrap_or(0)
    }

    fn changes(&self) -> impl Iterator<Item = Instant> + '_ {
        let positions = self.position.iter().map(|&(at, _)| at);
        let starts = self.log_start.iter().map(|&(at, _)| at);
        self.committed.iter().map(|&(at, _)| at).chain(positions).chain(starts)
    }
}

/// Lag of one partition at `at`, if its log ends at `end`. What is deleted is nothing to read.
fn behind(run: &Run, history: &History, against: Against, at: Instant, end: u64) -> u64 {
    if run.logs.partitions[history.partition.index()].is_deleted(at) {
        return 0;
    }
    end.saturating_sub(history.reached(at, against))
}

/// Lag of all these partitions together at the end of the tick `at`.
pub fn lag_at(run: &mut Run, histories: &[History], against: Against, at: Instant) -> u64 {
    let one = |history: &History| {
        let log = &run.logs.partitions[history.partition.index()];
        let end = log.visible_end(at, &mut run.logs.producers);
        behind(run, history, against, at, end)
    };
    histories.iter().map(one).sum()
}

/// Lag of all these partitions together over (from, to].
pub fn lag(
    run: &mut Run,
    histories: &[History],
    against: Against,
    from: Instant,
    to: Instant,
) -> Gauge {
    let mut moments: Vec<Instant> = vec![from, to];
    for history in histories {
        moments.extend(history.changes().filter(|&at| from < at && at < to));
    }
    let step = Span::from_us((to.since(from).as_us() / GRID).max(1));
    let mut at = from + step;
    while at < to {
        moments.push(at);
        at += step;
    }
    moments.sort_unstable();
    moments.dedup();
    let mut gauge = Gauge::default();
    for at in moments {
        let just_before = Instant::from_us(at.as_us().saturating_sub(1));
        let (mut before, mut after) = (0, 0);
        for history in histories {
            let log = &run.logs.partitions[history.partition.index()];
            let end = log.visible_end(at, &mut run.logs.producers);
            before += behind(run, history, against, just_before, end);
            after += behind(run, history, against, at, end);
        }
        gauge.push(at, before as f64, after as f64);
    }
    gauge
}
