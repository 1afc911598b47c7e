//! Rebalances: from the moment the coordinator began to prepare one until the group was stable.

use crate::kernel::time::Instant;
use crate::model::fact::GroupFact;
use crate::model::id::GroupId;
use crate::trace::Trace;

/// A rebalance that was completed: one new generation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rebalance {
    /// When the coordinator began to prepare it.
    pub from: Instant,
    /// When the assignment was stored and sent, the group was empty, or the next rebalance began;
    /// the end of the run if none of these happened.
    pub to: Instant,
    /// The generation that it began.
    pub generation: i32,
}

/// All completed rebalances of a group, in order.
pub fn rebalances(trace: &Trace, group: GroupId, end: Instant) -> Vec<Rebalance> {
    let mut all: Vec<Rebalance> = Vec::new();
    let mut prepared: Option<Instant> = None;
    let mut unsettled = false;
    for (at, what) in trace.group_facts(group) {
        if matches!(what, GroupFact::Preparing { .. } | GroupFact::Stable { .. })
            && let Some(last) = all.last_mut().filter(|_| unsettled)
        {
            last.to = at;
            unsettled = false;
        }
        match what {
            GroupFact::Preparing { .. } => {
                prepared.get_or_insert(at);
            }
            GroupFact::Generation { generation, protocol, .. } => {
                let from = prepared.take().unwrap_or(at);
                let empty = protocol.is_none();
                all.push(Rebalance {
                    from,
                    to: if empty { at } else { end },
                    generation: *generation,
                });
                unsettled = !empty;
            }
            _ => {}
        }
    }
    all
}
