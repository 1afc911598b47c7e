//! When a partition was paused by the application of its owner.

use super::ownership::tenures;
use crate::kernel::time::Instant;
use crate::model::fact::ConsumerFact;
use crate::model::id::{ConsumerId, GroupId, PartitionId};
use crate::trace::Trace;

/// A time in which a partition was paused.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Pause {
    /// Since when.
    pub from: Instant,
    /// Until it was resumed, or its owner lost it; the end of the run if neither came.
    pub to: Instant,
    /// Whose application had paused it.
    pub owner: ConsumerId,
    /// The partition.
    pub partition: PartitionId,
}

/// All pauses of a group's partitions, in order of their beginning. What an application pauses because
/// another thread has its records (`poll_while_processing`) is not among them.
pub fn pauses(trace: &Trace, group: GroupId, end: Instant) -> Vec<Pause> {
    let mut all: Vec<Pause> = Vec::new();
    for (at, owner, what) in trace.consumer_facts(group) {
        match what {
            ConsumerFact::PartitionsPaused(partitions) => {
                let begins = |&partition| Pause { from: at, to: end, owner, partition };
                all.extend(partitions.iter().map(begins));
            }
            ConsumerFact::PartitionsResumed(partitions) => {
                let ours = all.iter_mut().filter(|pause| pause.owner == owner && pause.to == end);
                ours.filter(|pause| partitions.contains(&pause.partition))
                    .for_each(|pause| pause.to = at);
            }
            _ => {}
        }
    }
    let tenures = tenures(trace, group, end);
    for pause in &mut all {
        let theirs = tenures.iter().filter(|tenure| {
            (tenure.partition, tenure.owner) == (pause.partition, pause.owner)
                && tenure.from <= pause.from
        });
        let lost = theirs.map(|tenure| tenure.to).filter(|&to| to >= pause.from).min();
        pause.to = pause.to.min(lost.unwrap_or(pause.from));
    }
    all
}
