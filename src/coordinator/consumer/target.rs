//! What the members are to own (kafka-semantics 4.5;
//! `GroupMetadataManager.maybeUpdateTargetAssignment`).

use super::group::most;
use super::heartbeat::Heartbeat;
use super::member::Member;
use super::outcome::Outcome;
use super::record;
use crate::assignor::server::target::{Known, Request, Update, compute};
use crate::assignor::server::{SubscriptionType, Target, by_name};
use crate::coordinator::modern::interval::may_compute;
use crate::kernel::java_map::JavaMap;
use crate::model::Name;
use crate::model::error::ErrorCode;
use std::sync::Arc;

/// Where a member is to go.
pub(super) struct Goal {
    /// The epoch of the target.
    pub epoch: i32,
    /// The member's part of it.
    pub target: Arc<Target>,
}

impl Heartbeat<'_> {
    /// The target of the member, a new one if the group is at a new epoch and may compute it
    /// already; else the last one.
    pub(super) fn update_target(
        &self,
        before: &Member,
        updated: &Member,
        epoch: i32,
        subscription: Option<SubscriptionType>,
        out: &mut Outcome,
    ) -> Result<Goal, ErrorCode> {
        let group = self.group;
        let now_ms = self.around.now_ms;
        let interval_ms = self.around.settings.assignment_interval_ms;
        if group.targets.epoch >= epoch
            || !may_compute(group.targets.timestamp_ms, interval_ms, now_ms)
        {
            return Ok(Goal { epoch: group.targets.epoch, target: self.last_target(updated) });
        }
        let wanted = self.preferred_assignor(before, updated);
        let wanted = wanted.as_ref().or(self.around.config.consumer_assignors.first());
        let assignor = wanted.and_then(|name| by_name(name));
        let assignor = assignor.ok_or(ErrorCode::UnknownServerError)?;
        let subscription = subscription.unwrap_or_else(|| group.subscription_type());
        let request = self.question(updated, subscription);
        let written = compute(&request, assignor).map_err(|_| ErrorCode::UnknownServerError)?;
        let mut target = None;
        for (member, new) in written.changed {
            out.records.push(record::target(&group.id, &member, &new));
            if member == updated.id {
                target = Some(Arc::new(new));
            }
        }
        out.records.push(record::target_epoch(&group.id, epoch, now_ms));
        // No record: it is what it was.
        let target = target.unwrap_or_else(|| group.targets.of(&updated.id));
        Ok(Goal { epoch, target })
    }

    /// What the last target says about the member, or about the one whose place it takes.
    fn last_target(&self, member: &Member) -> Arc<Target> {
        match &member.instance {
            None => self.group.targets.of(&member.id),
            instance => self
                .group
                .static_member_id(instance.as_ref())
                .map_or_else(Arc::default, |id| self.group.targets.of(id)),
        }
    }

    /// The assignor that most members want when the member is as updated; ties go to the first in
    /// the order of a Java map.
    fn preferred_assignor(&self, before: &Member, updated: &Member) -> Option<Name> {
        let votes = &self.group.votes;
        let mut counts: JavaMap<Name, usize> = JavaMap::with_capacity(votes.len() * 4 / 3 + 1);
        for (name, &count) in votes.iter() {
            counts.put(name.clone(), count);
        }
        // A member that is not in the group yet may have no vote to take back.
        if let Some(name) = &before.assignor
            && let Some(count) = counts.get_mut(name)
        {
            *count -= 1;
            if *count == 0 {
                counts.remove(name);
            }
        }
        if let Some(name) = &updated.assignor {
            *counts.compute_if_absent(name.clone(), || 0) += 1;
        }
        most((&counts).into_iter()).cloned()
    }

    fn question(&self, updated: &Member, subscription: SubscriptionType) -> Request {
        let group = self.group;
        let target = |id: &Name| group.targets.by_member.get(id).cloned();
        let members = group.members.values().map(|m| self.known(m, target(&m.id))).collect();
        let mut changes = vec![Update::Put(self.known(updated, None))];
        let replaced = group.static_member_id(updated.instance.as_ref());
        changes.extend(replaced.filter(|id| **id != updated.id).cloned().map(Update::Remove));
        let topics = self.around.image.topics().to_vec();
        Request { topics, members, updates: changes, subscription, assignable: None }
    }

    fn known(&self, member: &Member, target: Option<Arc<Target>>) -> Known {
        let topics = match self.group.regex_topics(member) {
            Some(matched) if member.topics.is_empty() => matched.clone(),
            Some(matched) if !matched.is_empty() => union(&member.topics, matched),
            _ => member.topics.clone(),
        };
        Known {
            id: member.id.clone(),
            instance: member.instance.clone(),
            rack: member.rack.clone(),
            topics,
            target,
        }
    }
}

/// The larger of the lists, then what only the other one names.
fn union(named: &Arc<[Name]>, matched: &Arc<[Name]>) -> Arc<[Name]> {
    let (large, small) =
        if named.len() > matched.len() { (named, matched) } else { (matched, named) };
    let rest = small.iter().filter(|name| !large.contains(name));
    large.iter().chain(rest).cloned().collect()
}
