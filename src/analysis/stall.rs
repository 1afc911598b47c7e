//! Stalls: when a live consumer may not process because of a rebalance.

use crate::kernel::time::Instant;
use crate::model::fact::{ConsumerFact, Fact};
use crate::model::id::{ConsumerId, GroupId};
use crate::trace::Trace;

/// A stall of one consumer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stall {
    /// Who.
    pub consumer: ConsumerId,
    /// From the revocation of what it processed …
    pub from: Instant,
    /// … to the moment it may fetch again, or its end.
    pub to: Instant,
}

/// All stalls of a group, in order of their beginning.
pub fn stalls(trace: &Trace, group: GroupId, end: Instant) -> Vec<Stall> {
    let mut all: Vec<Stall> = Vec::new();
    let mut open: Vec<Option<usize>> = vec![None; trace.consumers.len()];
    for (at, fact) in &trace.facts {
        let Fact::Consumer { consumer, what } = fact else { continue };
        if trace.consumers[consumer.index()].group != group {
            continue;
        }
        let stalled = &mut open[consumer.index()];
        match what {
            ConsumerFact::Revoked(partitions) | ConsumerFact::Lost(partitions)
                if !partitions.is_empty() && stalled.is_none() =>
            {
                *stalled = Some(all.len());
                all.push(Stall { consumer: *consumer, from: *at, to: end });
            }
            ConsumerFact::Ready | ConsumerFact::Crashed | ConsumerFact::Closed => {
                if let Some(row) = stalled.take() {
                    all[row].to = *at;
                }
            }
            _ => {}
        }
    }
    // What a consumer gives up when it closes stalls nobody.
    all.retain(|stall| !closes(trace, stall));
    all
}

/// Whether the consumer gave up its partitions because it closed.
fn closes(trace: &Trace, stall: &Stall) -> bool {
    let closed =
        (stall.to, Fact::Consumer { consumer: stall.consumer, what: ConsumerFact::Closed });
    let rejoined = |(at, fact): &(Instant, Fact)| {
        *at >= stall.from
            && *at <= stall.to
            && *fact == Fact::Consumer { consumer: stall.consumer, what: ConsumerFact::JoinSent }
    };
    trace.facts.contains(&closed) && !trace.facts.iter().any(rejoined)
}
