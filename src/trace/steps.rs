//! Exact histories: each change with its moment.

use super::ledger::Repetition;
use super::wanted::Wanted;
use crate::kernel::time::Instant;
use crate::model::fact::{ConsumerFact, Fact, Processed};
use crate::model::id::GroupId;

/// Records that a consumer processed in one go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Batch {
    /// Which, and when.
    pub processed: Processed,
    /// How many of them, from the first on, had been processed before.
    pub repeated: Option<Repetition>,
}

/// The histories that were wanted.
#[derive(Clone, Debug)]
pub struct Steps {
    wanted: Vec<Wanted>,
    /// By group and partition: committed offsets with the moment of each commit.
    pub committed: Vec<Vec<Vec<(Instant, u64)>>>,
    /// By group and partition: positions after a poll, with its moment.
    pub positions: Vec<Vec<Vec<(Instant, u64)>>>,
    /// By group and partition: batches processed, with what each repeated.
    pub progress: Vec<Vec<Vec<Batch>>>,
}

impl Steps {
    pub(super) fn new(wanted: Vec<Wanted>, partitions: usize) -> Self {
        let per = |keep: bool| if keep { partitions } else { 0 };
        Steps {
            committed: wanted.iter().map(|w| vec![Vec::new(); per(w.commits)]).collect(),
            positions: wanted
                .iter()
                .map(|w| vec![Vec::new(); per(w.commits || w.positions)])
                .collect(),
            progress: wanted.iter().map(|w| vec![Vec::new(); per(w.progress)]).collect(),
            wanted,
        }
    }

    pub(super) fn record(
        &mut self,
        at: Instant,
        group: GroupId,
        fact: &Fact,
        repeated: Option<Repetition>,
    ) {
        let Fact::Consumer { what, .. } = fact else { return };
        let (group, wanted) = (group.index(), self.wanted[group.index()]);
        match what {
            ConsumerFact::Committed { offsets, .. } if wanted.commits => {
                for &(partition, offset) in offsets {
                    let steps = &mut self.committed[group][partition.index()];
                    if steps.last().is_none_or(|&(_, last)| last != offset) {
                        steps.push((at, offset));
                    }
                }
            }
            ConsumerFact::Processed(p) => {
                let committed = self.committed[group].get(p.partition.index());
                if wanted.positions || committed.is_some_and(Vec::is_empty) {
                    self.positions[group][p.partition.index()].push((p.returned, p.to));
                }
                if wanted.progress {
                    self.progress[group][p.partition.index()]
                        .push(Batch { processed: *p, repeated });
                }
            }
            _ => {}
        }
    }
}
