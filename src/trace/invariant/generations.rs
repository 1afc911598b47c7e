//! Generations of a group only grow (`ClassicGroup.initNextGeneration`).

use crate::model::fact::{Fact, GroupFact};
use crate::trace::live::Live;

/// The last generation of each group.
#[derive(Debug)]
pub(super) struct Generations {
    last: Vec<i32>,
}

impl Generations {
    pub(super) fn new(groups: usize) -> Self {
        Generations { last: vec![0; groups] }
    }

    pub(super) fn check(&mut self, fact: &Fact, live: &Live) -> Result<(), String> {
        if let Fact::Group { group, what: GroupFact::Generation { generation, .. } } = fact {
            let last = std::mem::replace(&mut self.last[group.index()], *generation);
            if *generation <= last {
                return Err(format!("generation {generation} after {last}"));
            }
        }
        if let Fact::Group { group, what: GroupFact::Epoch { epoch } } = fact {
            let last = std::mem::replace(&mut self.last[group.index()], *epoch);
            // An empty group that changes its protocol begins anew; a group with members becomes
            // one under KIP-848 in the epoch of its generation.
            let state = &live.groups[group.index()];
            if *epoch < last && !state.members.is_empty() {
                return Err(format!("epoch {epoch} after {last}"));
            }
        }
        Ok(())
    }
}
