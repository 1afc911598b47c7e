//! Members that are taken out of the group, because they leave or do not answer
//! (kafka-semantics 4.6; `GroupMetadataManager.consumerGroupFenceMembers`).

use super::group::ConsumerGroup;
use super::heartbeat::Surroundings;
use super::member::Member;
use super::outcome::{Outcome, Timer};
use super::record;
use crate::kernel::java_map::JavaMap;
use crate::model::Name;
use crate::model::error::ErrorCode;
use crate::model::record::Record;
use std::sync::Arc;

/// Takes members out. The group enters a new epoch; its target is computed at the next heartbeat
/// of somebody else. If only members of the classic protocol remain, it may become a classic group.
pub(super) fn fence(
    group: &ConsumerGroup,
    members: &[Arc<Member>],
    around: &Surroundings,
    out: &mut Outcome,
) -> Result<(), ErrorCode> {
    if members.is_empty() {
        return Ok(());
    }
    if group.downgrades_without(members, around.config) {
        return group.downgrade(members, None, true, around, out);
    }
    let mut counts = group.counts.clone();
    let mut users: JavaMap<Name, usize> = JavaMap::new();
    for member in members {
        out.records.extend(record::no_member(&group.id, &member.id));
        counts.count_names(&member.topics, false);
        if let Some(regex) = member.regex() {
            *users.compute_if_absent(regex.clone(), || 0) += 1;
        }
    }
    for (regex, _) in
        (&users).into_iter().filter(|(regex, users)| group.regex_users(regex) == **users)
    {
        out.records.push(record::no_regex(&group.id, regex));
        if let Some(resolved) = group.resolved.get(regex) {
            counts.count_regex(resolved.topics.iter(), false);
        }
    }
    let hash = around.image.hash_of(counts.topics());
    out.records.push(record::epoch(&group.id, group.epoch + 1, hash));
    out.timers.extend(members.iter().map(|member| Timer::Gone(member.id.clone())));
    Ok(())
}

impl ConsumerGroup {
    /// Tombstones of everything that the log has of the group; `None`: it has members.
    pub(in crate::coordinator) fn tombstones(&self) -> Option<Vec<Record>> {
        if !self.members.is_empty() {
            return None;
        }
        let mut records = vec![record::no_target_epoch(&self.id)];
        records.extend(self.resolved.keys().map(|regex| record::no_regex(&self.id, regex)));
        records.extend(record::no_group(&self.id));
        Some(records)
    }
}
