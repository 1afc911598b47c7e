//! Exact histories: each change with its moment.

use super::ledger::Repetition;
use super::wanted::Wanted;
use crate::kernel::time::Instant;
use crate::model::fact::{ConsumerFact, Fact, GroupFact, Processed};
use crate::model::id::{GroupId, PartitionId};

/// Records that a consumer processed in one go.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Batch {
    /// Which, and when.
    pub processed: Processed,
    /// Which of them repeat others, by offset.
    pub repeated: Vec<Repetition>,
}

/// A committed offset and since when it stands there; `None`: it was deleted.
pub type Standing = (Instant, Option<u64>);

/// The histories that were wanted.
#[derive(Clone, Debug)]
pub struct Steps {
    wanted: Vec<Wanted>,
    /// By group and partition: committed offsets.
    pub committed: Vec<Vec<Vec<Standing>>>,
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
        repeated: Vec<Repetition>,
    ) {
        let wanted = self.wanted[group.index()];
        let what = match fact {
            Fact::Consumer { what, .. } => what,
            Fact::Group { what: GroupFact::OffsetsDeleted { partitions }, .. } => {
                for &partition in partitions {
                    self.stands_at(at, group, partition, None);
                }
                return;
            }
            Fact::Group { what: GroupFact::OffsetsFound { offsets }, .. } => {
                for &(partition, offset) in offsets {
                    self.stands_at(at, group, partition, offset);
                }
                return;
            }
            _ => return,
        };
        match what {
            ConsumerFact::Committed { offsets, .. } => {
                for &(partition, offset) in offsets {
                    self.stands_at(at, group, partition, Some(offset));
                }
            }
            ConsumerFact::Processed(p) => {
                let row = p.partition.index();
                let committed = self.committed[group.index()].get(row);
                let nothing =
                    |steps: &Vec<Standing>| steps.last().is_none_or(|(_, offset)| offset.is_none());
                if wanted.positions || committed.is_some_and(nothing) {
                    self.positions[group.index()][row].push((p.returned, p.to));
                }
                if wanted.progress {
                    let batch = Batch { processed: *p, repeated };
                    self.progress[group.index()][row].push(batch);
                }
            }
            _ => {}
        }
    }

    /// The committed offset of a partition from now on.
    fn stands_at(
        &mut self,
        at: Instant,
        group: GroupId,
        partition: PartitionId,
        offset: Option<u64>,
    ) {
        let Some(steps) = self.committed[group.index()].get_mut(partition.index()) else { return };
        if steps.last().is_none_or(|&(_, last)| last != offset) {
            steps.push((at, offset));
        }
    }
}
