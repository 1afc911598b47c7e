//! Who owned a partition, and when nobody did.

use crate::kernel::time::Instant;
use crate::model::fact::{ConsumerFact, Fact};
use crate::model::id::{ConsumerId, GroupId, PartitionId};
use crate::trace::Trace;

/// One owner of a partition, from assignment to its end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Tenure {
    /// The partition.
    pub partition: PartitionId,
    /// The owner.
    pub owner: ConsumerId,
    /// When it was assigned.
    pub from: Instant,
    /// When it was given up or lost; the end of the run if it was not.
    pub to: Instant,
}

/// All tenures of a group, in order of their beginning. A partition that is assigned again to its
/// owner, without having been given up, is one tenure.
pub fn tenures(trace: &Trace, group: GroupId, end: Instant) -> Vec<Tenure> {
    let mut all: Vec<Tenure> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    for (at, fact) in &trace.facts {
        let Fact::Consumer { consumer, what } = fact else { continue };
        if trace.consumers[consumer.index()].group != group {
            continue;
        }
        let ends = |tenure: &Tenure| match what {
            ConsumerFact::Revoked(partitions) | ConsumerFact::Lost(partitions) => {
                tenure.owner == *consumer && partitions.contains(&tenure.partition)
            }
            ConsumerFact::Crashed | ConsumerFact::Closed => tenure.owner == *consumer,
            ConsumerFact::Assigned { partitions, .. } => {
                (tenure.owner == *consumer) != partitions.contains(&tenure.partition)
            }
            _ => false,
        };
        open.retain(|&row| {
            let ended = ends(&all[row]);
            if ended {
                all[row].to = *at;
            }
            !ended
        });
        if let ConsumerFact::Assigned { partitions, .. } = what {
            for &partition in partitions {
                if !open.iter().any(|&row| all[row].partition == partition) {
                    open.push(all.len());
                    all.push(Tenure { partition, owner: *consumer, from: *at, to: end });
                }
            }
        }
    }
    all
}

/// A time in which nobody owned a partition that had been owned.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Vacancy {
    /// The partition.
    pub partition: PartitionId,
    /// When its owner lost it.
    pub from: Instant,
    /// When the next one got it; the end of the run if nobody did.
    pub to: Instant,
}

/// All vacancies of a group's partitions.
pub fn vacancies(tenures: &[Tenure], end: Instant) -> Vec<Vacancy> {
    let mut vacancies = Vec::new();
    for tenure in tenures {
        let next = tenures
            .iter()
            .filter(|other| other.partition == tenure.partition && other.from >= tenure.to)
            .map(|other| other.from)
            .min();
        let to = next.unwrap_or(end);
        if tenure.to < end && to > tenure.to {
            vacancies.push(Vacancy { partition: tenure.partition, from: tenure.to, to });
        }
    }
    vacancies
}
