//! What the members are to read (`GroupMetadataManager.maybeUpdateTargetAssignment`).

use super::group::{Assigned, Member, ShareGroup, assigned_of};
use super::heartbeat::{Heartbeat, Outcome};
use super::record;
use crate::assignor::server::target::{Known, Request, Update, compute};
use crate::assignor::server::{Partitions, SubscriptionType, by_name};
use crate::coordinator::modern::interval::may_compute;
use crate::model::error::ErrorCode;
use std::sync::Arc;

/// The one assignor of share groups.
pub(super) const ASSIGNOR: &str = "simple";

/// Where a member is to go.
pub(super) struct Goal {
    /// The epoch of the target.
    pub epoch: i32,
    /// The member's part of it.
    pub target: Assigned,
}

impl Heartbeat<'_> {
    /// The target of the member, a new one if the group is at a new epoch and may compute it
    /// already; else the last one.
    pub(super) fn update_target(
        &self,
        updated: &Member,
        epoch: i32,
        subscription: SubscriptionType,
        out: &mut Outcome,
    ) -> Result<Goal, ErrorCode> {
        let group = self.group;
        let last = || assigned_of(&group.targets.of(&updated.id));
        let interval_ms = self.settings.assignment_interval_ms;
        if group.targets.epoch >= epoch
            || !may_compute(group.targets.timestamp_ms, interval_ms, self.now_ms)
        {
            return Ok(Goal { epoch: group.targets.epoch, target: last() });
        }
        let assignor = by_name(ASSIGNOR).ok_or(ErrorCode::UnknownServerError)?;
        let request = self.question(updated, subscription);
        let written = compute(&request, assignor).map_err(|_| ErrorCode::UnknownServerError)?;
        let mut target = None;
        for (member, new) in written.changed {
            out.records.push(record::target(&group.id, &member, &new));
            if member == updated.id {
                target = Some(assigned_of(&new));
            }
        }
        out.records.push(record::target_epoch(&group.id, epoch, self.now_ms));
        Ok(Goal { epoch, target: target.unwrap_or_else(last) })
    }

    fn question(&self, updated: &Member, subscription: SubscriptionType) -> Request {
        let group = self.group;
        // Kafka puts a new member into its group before it asks, which shows in the order.
        let mut members = group.members.clone();
        if !members.contains_key(&updated.id) {
            members.put(updated.id.clone(), Arc::new(Member::new(updated.id.clone())));
        }
        let initialized = group.states.iter().flat_map(|states| &states.initialized);
        let assignable = initialized.map(|(&topic, known)| Partitions {
            topic,
            partitions: known.partitions.iter().copied().collect(),
        });
        Request {
            topics: self.image.topics().to_vec(),
            members: members.values().map(|member| known(group, member)).collect(),
            updates: vec![Update::Put(known(group, updated))],
            subscription,
            assignable: Some(assignable.collect()),
        }
    }
}

fn known(group: &ShareGroup, member: &Member) -> Known {
    Known {
        id: member.id.clone(),
        instance: None,
        rack: member.rack.clone(),
        topics: member.topics.clone(),
        target: group.targets.by_member.get(&member.id).cloned(),
    }
}
