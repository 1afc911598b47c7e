//! In one generation a partition has one owner (`ConsumerPartitionAssignor`, KIP-429), unless the strategy
//! itself gave it to several. Under KIP-848 a member may take over what it said it did not have (see
//! [`super::handover`]).

use crate::model::fact::{ConsumerFact, Fact, GroupFact};
use crate::model::id::{ConsumerId, PartitionId};
use crate::trace::ConsumerInfo;
use crate::trace::live::Live;
use std::collections::BTreeMap;

/// Who was given what, in which generation.
#[derive(Debug)]
pub(super) struct SingleOwner {
    owners: Vec<BTreeMap<PartitionId, (i32, ConsumerId)>>,
}

impl SingleOwner {
    pub(super) fn new(groups: usize) -> Self {
        SingleOwner { owners: vec![BTreeMap::new(); groups] }
    }

    pub(super) fn check(
        &mut self,
        fact: &Fact,
        consumers: &[ConsumerInfo],
        live: &Live,
    ) -> Result<(), String> {
        let (consumer, generation, partitions) = match fact {
            Fact::Consumer {
                consumer,
                what: ConsumerFact::Assigned { generation, partitions },
            } => (consumer, generation, partitions),
            // Whoever takes the place of a static member has what that one had.
            Fact::Consumer { consumer, what: ConsumerFact::Crashed | ConsumerFact::Closed }
            | Fact::Group { what: GroupFact::MemberRemoved { consumer, .. }, .. } => {
                let owners = &mut self.owners[consumers[consumer.index()].group.index()];
                owners.retain(|_, (_, owner)| owner != consumer);
                return Ok(());
            }
            // A coordinator that lacks the last generations counts on from what its log holds.
            Fact::Group { group, what: GroupFact::Loaded { generation, .. } } => {
                self.owners[group.index()].retain(|_, (of, _)| *of <= *generation);
                return Ok(());
            }
            _ => return Ok(()),
        };
        // Who has been fenced may be given, late, what nobody promised to it any more.
        if *generation <= 0 {
            return Ok(());
        }
        let group = consumers[consumer.index()].group.index();
        let owners = &mut self.owners[group];
        let disclaimed = live.groups[group].modern.as_ref().map(|modern| &modern.disclaimed);
        for &partition in partitions {
            let before = owners.insert(partition, (*generation, *consumer));
            if let Some((same, other)) = before
                && same == *generation
                && other != *consumer
                && !live.groups[group].given_twice.contains(&partition)
                && !disclaimed.is_some_and(|disclaimed| {
                    disclaimed.contains(&(partition, other))
                        || disclaimed.contains(&(partition, *consumer))
                })
            {
                let name = |c: ConsumerId| &consumers[c.index()].name;
                return Err(format!(
                    "{} and {} both own {partition:?} in generation {generation}",
                    name(other),
                    name(*consumer)
                ));
            }
        }
        Ok(())
    }
}
