//! Who owned a partition, and when nobody did.

use crate::kernel::time::Instant;
use crate::model::fact::ConsumerFact;
use crate::model::id::{ConsumerId, GroupId, PartitionId};
use crate::trace::Trace;
use std::collections::{BTreeMap, BTreeSet};

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
    let mut book = Book::new(trace, end);
    for (at, consumer, what) in trace.consumer_facts(group) {
        match what {
            ConsumerFact::Revoked(partitions) | ConsumerFact::Lost(partitions) => {
                for &partition in partitions {
                    book.end_of(partition, consumer, at);
                }
            }
            ConsumerFact::Crashed | ConsumerFact::Closed => book.end_all(consumer, &[], at),
            ConsumerFact::Assigned { partitions, .. } => {
                book.end_all(consumer, partitions, at);
                for &partition in partitions {
                    book.begin(partition, consumer, at);
                }
            }
            _ => {}
        }
    }
    book.all
}

/// The tenures so far, and which of them go on.
struct Book {
    end: Instant,
    all: Vec<Tenure>,
    /// By partition: the row of the tenure that goes on.
    open: Vec<Option<usize>>,
    /// By consumer: what it was assigned last.
    assigned: Vec<Vec<PartitionId>>,
}

impl Book {
    fn new(trace: &Trace, end: Instant) -> Self {
        let partitions = trace.live.groups.first().map_or(0, |group| group.owner.len());
        Book {
            end,
            all: Vec::new(),
            open: vec![None; partitions],
            assigned: vec![Vec::new(); trace.consumers.len()],
        }
    }

    fn begin(&mut self, partition: PartitionId, owner: ConsumerId, at: Instant) {
        if let Some(row) = self.open[partition.index()] {
            if self.all[row].owner == owner {
                return;
            }
            self.all[row].to = at;
        }
        self.open[partition.index()] = Some(self.all.len());
        self.all.push(Tenure { partition, owner, from: at, to: self.end });
    }

    /// Ends the tenure of a partition if it is this owner's.
    fn end_of(&mut self, partition: PartitionId, owner: ConsumerId, at: Instant) {
        let open = &mut self.open[partition.index()];
        if let Some(row) = open.take_if(|row| self.all[*row].owner == owner) {
            self.all[row].to = at;
        }
    }

    /// Ends all tenures of an owner but those of the partitions that it keeps.
    fn end_all(&mut self, owner: ConsumerId, kept: &[PartitionId], at: Instant) {
        let keeps: BTreeSet<PartitionId> = kept.iter().copied().collect();
        for partition in std::mem::replace(&mut self.assigned[owner.index()], kept.to_vec()) {
            if !keeps.contains(&partition) {
                self.end_of(partition, owner, at);
            }
        }
    }
}

/// A time in which nobody owned a partition that had been owned.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Vacancy {
    /// The partition.
    pub partition: PartitionId,
    /// Who had owned it.
    pub owner: ConsumerId,
    /// When its owner lost it.
    pub from: Instant,
    /// When the next one got it; the end of the run if nobody did.
    pub to: Instant,
}

/// All vacancies of a group's partitions. `deleted` says when a partition's topic was deleted: from
/// then on it is nobody's to own.
pub fn vacancies(
    tenures: &[Tenure],
    end: Instant,
    deleted: impl Fn(PartitionId) -> Option<Instant>,
) -> Vec<Vacancy> {
    // By partition: when its tenures began, in order.
    let mut begun: BTreeMap<PartitionId, Vec<Instant>> = BTreeMap::new();
    for tenure in tenures {
        begun.entry(tenure.partition).or_default().push(tenure.from);
    }
    let vacancy = |tenure: &Tenure| {
        let begun = &begun[&tenure.partition];
        let next = begun.get(begun.partition_point(|&from| from < tenure.to));
        let Tenure { partition, owner, .. } = *tenure;
        let end = deleted(partition).map_or(end, |deleted| deleted.min(end));
        let to = next.copied().unwrap_or(end).min(end);
        let vacant = tenure.to < end && to > tenure.to;
        vacant.then_some(Vacancy { partition, owner, from: tenure.to, to })
    };
    tenures.iter().filter_map(vacancy).collect()
}
