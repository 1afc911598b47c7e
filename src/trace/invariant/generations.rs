//! Generations of a group only grow (`ClassicGroup.initNextGeneration`), and so do the epochs of a
//! member as long as it is one, in the coordinator's books (`ConsumerGroupMember`) as in what its
//! consumer hears. A coordinator that takes over goes on from what it finds in the log, and a group that
//! was deleted begins anew.

use crate::model::fact::{ConsumerFact, Fact, GroupFact};
use crate::model::id::ConsumerId;
use crate::trace::ConsumerInfo;
use crate::trace::live::Live;
use std::collections::BTreeMap;

/// The last generation of each group, and the one that each member was last given something in.
#[derive(Debug)]
pub(super) struct Generations {
    last: Vec<i32>,
    given: BTreeMap<ConsumerId, i32>,
}

impl Generations {
    pub(super) fn new(groups: usize) -> Self {
        Generations { last: vec![0; groups], given: BTreeMap::new() }
    }

    pub(super) fn check(
        &mut self,
        fact: &Fact,
        consumers: &[ConsumerInfo],
        live: &Live,
    ) -> Result<(), String> {
        match fact {
            Fact::Group { group, what: GroupFact::Generation { generation, .. } } => {
                let last = std::mem::replace(&mut self.last[group.index()], *generation);
                if *generation <= last {
                    return Err(format!("generation {generation} after {last}"));
                }
            }
            // What had not come into the log is forgotten with the coordinator.
            Fact::Group { group, what: GroupFact::Loaded { generation, .. } } => {
                self.last[group.index()] = *generation;
                let ours = |id: &ConsumerId| consumers[id.index()].group == *group;
                self.given.retain(|id, given| !ours(id) || *given <= *generation);
            }
            Fact::Group { group, what: GroupFact::Deleted } => self.last[group.index()] = 0,
            Fact::Group { group, what: GroupFact::Epoch { epoch } } => {
                let last = std::mem::replace(&mut self.last[group.index()], *epoch);
                // An empty group that changes its protocol begins anew; a group with members
                // becomes one under KIP-848 in the epoch of its generation.
                let state = &live.groups[group.index()];
                if *epoch < last && !state.members.is_empty() {
                    return Err(format!("epoch {epoch} after {last}"));
                }
            }
            Fact::Group { group, what: GroupFact::Member { consumer, member, epoch, .. } } => {
                let modern = live.groups[group.index()].modern.as_ref();
                let before = modern.and_then(|modern| modern.members.get(member));
                // A negative one says that it leaves, for good or for a while.
                if let Some(last) = before.map(|member| member.epoch)
                    && (0..last).contains(epoch)
                {
                    let name = &consumers[consumer.index()].name;
                    return Err(format!("{name} is at epoch {epoch} after {last}"));
                }
            }
            Fact::Group { what: GroupFact::MemberRemoved { consumer, .. }, .. } => {
                self.given.remove(consumer);
            }
            // Who has been fenced may be given, late, what nobody promised to it any more.
            Fact::Consumer { consumer, what: ConsumerFact::Assigned { generation, .. } }
                if *generation > 0 && live.consumers[consumer.index()].member =>
            {
                let last = self.given.insert(*consumer, *generation);
                if let Some(last) = last.filter(|last| generation < last) {
                    let name = &consumers[consumer.index()].name;
                    return Err(format!("{name} is given generation {generation} after {last}"));
                }
            }
            _ => {}
        }
        Ok(())
    }
}
