//! No member is given what another one still owns: eager members give up everything before they
//! join, and cooperative ones let a partition be nobody's between two owners
//! (`ConsumerPartitionAssignor.RebalanceProtocol`, KIP-429). Under KIP-848 the coordinator hands a
//! partition over only when its owner has said that it gave it up.
//!
//! A member may say that it does not have what it was handed, while it is about to take it, or is in
//! `onPartitionsAssigned`: its heartbeat tells of an earlier assignment. The coordinator then gives it
//! to another at once (`CurrentAssignmentBuilder.ownsRevokedPartitions`), and for a while both own it,
//! in Kafka, too.
//!
//! A strategy may give a partition to two members, as Kafka's `cooperative-sticky` does in rare cases.
//!
//! A consumer that the coordinator has removed may think for a while that it owns something, and
//! may be told of a generation that is over: Kafka promises nothing there.

use crate::model::Name;
use crate::model::fact::{ConsumerFact, Fact, GroupFact};
use crate::model::id::PartitionId;
use crate::trace::ConsumerInfo;
use crate::trace::live::{GroupState, Live};

pub(super) fn check(fact: &Fact, consumers: &[ConsumerInfo], live: &Live) -> Result<(), String> {
    if let Fact::Group { group, what: GroupFact::Member { member, partitions, revoking, .. } } =
        fact
    {
        let held = partitions.iter().chain(revoking);
        return in_the_books(&live.groups[group.index()], member, held, consumers);
    }
    let Fact::Consumer { consumer, what: ConsumerFact::Assigned { generation, partitions } } = fact
    else {
        return Ok(());
    };
    let group = &live.groups[consumers[consumer.index()].group.index()];
    let present = match &group.modern {
        Some(_) => *generation > 0,
        None => group.generation == *generation,
    };
    if !live.consumers[consumer.index()].member || !present {
        return Ok(());
    }
    let handed = partitions.iter().filter(|partition| !group.given_twice.contains(partition));
    for partition in handed {
        let Some(owner) = group.owner[partition.index()].filter(|owner| owner != consumer) else {
            continue;
        };
        // A static member is not removed when it does not rejoin in time: it takes part, and owns
        // what it owned, without having been asked (`GroupMetadataManager.completeClassicGroupJoin`).
        let absent =
            group.modern.is_none() && live.consumers[owner.index()].is_absent_in(*generation);
        let cut_off = group.modern.as_ref().is_some_and(|modern| {
            modern.cut_off.contains(&owner) || modern.disclaimed.contains(&(*partition, owner))
        });
        if live.consumers[owner.index()].member && !cut_off && !absent {
            let name = |index: usize| &consumers[index].name;
            return Err(format!(
                "{} is given {partition:?} in generation {generation} while {} still owns it",
                name(consumer.index()),
                name(owner.index())
            ));
        }
    }
    Ok(())
}

/// Under KIP-848 no partition is in the coordinator's books twice: what a member has, or has not
/// given up yet, is nobody else's.
fn in_the_books<'a>(
    group: &GroupState,
    member: &Name,
    held: impl Iterator<Item = &'a PartitionId>,
    consumers: &[ConsumerInfo],
) -> Result<(), String> {
    let Some(modern) = &group.modern else { return Ok(()) };
    let name = |member: &Name| {
        let consumer = group.members.get(member);
        consumer.map_or(&**member, |consumer| &consumers[consumer.index()].name).to_owned()
    };
    for partition in held {
        let holder = modern.holders.get(partition).filter(|holder| *holder != member);
        if let Some(holder) = holder {
            let (to, holder) = (name(member), name(holder));
            return Err(format!("{partition:?} is handed to {to} while {holder} has it"));
        }
    }
    Ok(())
}
