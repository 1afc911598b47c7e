//! Rebalances: from the moment the coordinator began to prepare one until the group was stable.

use crate::kernel::time::Instant;
use crate::model::fact::GroupFact;
use crate::model::id::GroupId;
use crate::trace::Trace;

/// A rebalance that was completed: one new generation, or under KIP-848 one new target that moves
/// something.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rebalance {
    /// When the coordinator began to prepare it; under KIP-848, when the group entered its epoch.
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
        let next = matches!(what, GroupFact::Preparing { .. } | GroupFact::Stable { .. });
        if (next || matches!(what, GroupFact::Target { moves: true, .. }))
            && let Some(last) = all.last_mut().filter(|_| unsettled)
        {
            last.to = at;
            unsettled = false;
        }
        match what {
            GroupFact::Preparing { .. } | GroupFact::Epoch { .. } => {
                prepared.get_or_insert(at);
            }
            // The epoch that nothing came of is over.
            GroupFact::Stable { .. } => prepared = None,
            GroupFact::Target { epoch, moves: true } => {
                let from = prepared.take().unwrap_or(at);
                all.push(Rebalance { from, to: end, generation: *epoch });
                unsettled = true;
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
