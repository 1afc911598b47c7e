//! Generations of a group only grow (`ClassicGroup.initNextGeneration`).

use crate::model::fact::{Fact, GroupFact};

/// The last generation of each group.
#[derive(Debug)]
pub(super) struct Generations {
    last: Vec<i32>,
}

impl Generations {
    pub(super) fn new(groups: usize) -> Self {
        Generations { last: vec![0; groups] }
    }

    pub(super) fn check(&mut self, fact: &Fact) -> Result<(), String> {
        if let Fact::Group { group, what: GroupFact::Generation { generation, .. } } = fact {
            let last = std::mem::replace(&mut self.last[group.index()], *generation);
            if *generation <= last {
                return Err(format!("generation {generation} after {last}"));
            }
        }
        Ok(())
    }
}
