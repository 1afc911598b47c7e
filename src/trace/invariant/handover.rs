//! No member is given what another one still owns: eager members give up everything before they
//! join, and cooperative ones let a partition be nobody's between two owners
//! (`ConsumerPartitionAssignor.RebalanceProtocol`, KIP-429). Under KIP-848 the coordinator hands a
//! partition over only when its owner has said that it gave it up.
//!
//! A consumer that the coordinator has removed may think for a while that it owns something, and
//! may be told of a generation that is over: Kafka promises nothing there.

use crate::model::fact::{ConsumerFact, Fact};
use crate::trace::ConsumerInfo;
use crate::trace::live::Live;

pub(super) fn check(fact: &Fact, consumers: &[ConsumerInfo], live: &Live) -> Result<(), String> {
    let Fact::Consumer { consumer, what: ConsumerFact::Assigned { generation, partitions } } = fact
    else {
        return Ok(());
    };
    let group = &live.groups[consumers[consumer.index()].group.index()];
    let present = group.modern.is_some() || group.generation == *generation;
    if !live.consumers[consumer.index()].member || !present {
        return Ok(());
    }
    for partition in partitions {
        let Some(owner) = group.owner[partition.index()].filter(|owner| owner != consumer) else {
            continue;
        };
        if live.consumers[owner.index()].member {
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
