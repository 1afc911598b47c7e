//! Stalls: when a live consumer may not process because of a rebalance.

use crate::kernel::time::Instant;
use crate::model::fact::ConsumerFact;
use crate::model::id::{ConsumerId, GroupId};
use crate::trace::Trace;

/// A stall of one consumer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stall {
    /// Who.
    pub consumer: ConsumerId,
    /// From the revocation of all that it processed …
    pub from: Instant,
    /// … to the moment it may fetch again, or its end.
    pub to: Instant,
}

/// A stall that goes on.
#[derive(Clone, Copy, Debug)]
struct Open {
    /// Its row.
    row: usize,
    /// Whether the consumer has asked to join since it began.
    rejoined: bool,
}

/// All stalls of a group, in order of their beginning.
pub fn stalls(trace: &Trace, group: GroupId, end: Instant) -> Vec<Stall> {
    let mut all: Vec<Option<Stall>> = Vec::new();
    let mut open: Vec<Option<Open>> = vec![None; trace.consumers.len()];
    // How many partitions each consumer owns: who keeps some goes on with them.
    let mut owned = vec![0usize; trace.consumers.len()];
    for (at, consumer, what) in trace.consumer_facts(group) {
        let stalled = &mut open[consumer.index()];
        let owned = &mut owned[consumer.index()];
        match what {
            ConsumerFact::Revoked(partitions) | ConsumerFact::Lost(partitions) => {
                *owned = owned.saturating_sub(partitions.len());
                if !partitions.is_empty() && *owned == 0 && stalled.is_none() {
                    *stalled = Some(Open { row: all.len(), rejoined: false });
                    all.push(Some(Stall { consumer, from: at, to: end }));
                }
            }
            ConsumerFact::Assigned { partitions, .. } => *owned = partitions.len(),
            ConsumerFact::JoinSent => {
                if let Some(open) = stalled {
                    open.rejoined = true;
                }
            }
            ConsumerFact::Ready | ConsumerFact::Crashed | ConsumerFact::Closed => {
                if *what != ConsumerFact::Ready {
                    *owned = 0;
                }
                if let Some(open) = stalled.take() {
                    // What a consumer gives up because it closes stalls nobody.
                    let gave_up = *what == ConsumerFact::Closed && !open.rejoined;
                    all[open.row] =
                        all[open.row].filter(|_| !gave_up).map(|stall| Stall { to: at, ..stall });
                }
            }
            _ => {}
        }
    }
    all.into_iter().flatten().collect()
}
