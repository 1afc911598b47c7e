//! A commit is accepted only from a member of the present generation, under KIP-848 from a member in
//! an epoch that it has or had (`ClassicGroup.validateOffsetCommit`,
//! `ConsumerGroup.validateOffsetCommit`). A group without members takes any commit without epoch.

use crate::model::fact::{ConsumerFact, Fact};
use crate::trace::ConsumerInfo;
use crate::trace::live::Live;

pub(super) fn check(fact: &Fact, consumers: &[ConsumerInfo], live: &Live) -> Result<(), String> {
    let Fact::Consumer { consumer, what: ConsumerFact::Committed { generation, member, .. } } =
        fact
    else {
        return Ok(());
    };
    let info = &consumers[consumer.index()];
    let group = &live.groups[info.group.index()];
    if *generation < 0 && group.members.is_empty() {
        return Ok(());
    }
    if let Some(modern) = &group.modern {
        let of_member = modern.members.get(member).map(|member| member.epoch);
        if of_member.is_some_and(|epoch| *generation > epoch) {
            return Err(format!("{} commits in epoch {generation}, which it never had", info.name));
        }
    } else if group.generation != *generation {
        let now = group.generation;
        return Err(format!("{} commits in generation {generation} of {now}", info.name));
    }
    if group.members.get(member) != Some(consumer) {
        return Err(format!("{} commits as {member}, who is no member", info.name));
    }
    Ok(())
}
