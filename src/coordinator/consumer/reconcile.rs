//! One step of a member towards its target (`CurrentAssignmentBuilder`, kafka-semantics 4.4).

use super::member::Member;
use super::state::MemberState;
use crate::assignor::server::{Partitions, Target};
use crate::coordinator::image::TopicImage;
use crate::coordinator::modern::owners::{NOBODY, Owners};
use crate::coordinator::modern::partitions::{Owned, holds};
use crate::kernel::java_hash::string_cmp;
use crate::model::Name;
use crate::model::error::ErrorCode;
use crate::model::message::assignment::TopicPartitions;
use crate::model::uuid::Uuid;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A member with all that decides its next step.
pub(super) struct Reconciliation<'a> {
    pub member: &'a Member,
    pub target_epoch: i32,
    pub target: &'a Target,
    /// Who has which partition.
    pub owners: &'a Owners,
    /// What the member subscribes to.
    pub subscribed: Subscribed<'a>,
    /// Whether this heartbeat changed what it subscribes to.
    pub subscription_changed: bool,
    /// What the member says that it owns.
    pub owned: Option<&'a [TopicPartitions]>,
}

/// Topics that a member subscribes to.
pub(super) struct Subscribed<'a> {
    pub image: &'a TopicImage,
    /// Those that it names.
    pub named: &'a [Name],
    /// Those that its regular expression matched.
    pub matched: &'a [Name],
}

impl Subscribed<'_> {
    /// Whether the topic is one of them, and exists.
    fn contains(&self, topic: Uuid) -> bool {
        let Some(topic) = self.image.by_id(topic) else { return false };
        // Lists that were in a record are sorted.
        let is_in = |list: &[Name]| {
            list.binary_search_by(|name| string_cmp(name, &topic.name)).is_ok()
                || list.contains(&topic.name)
        };
        is_in(self.named) || is_in(self.matched)
    }

    /// Whether there are none, not even ones that do not exist.
    fn is_empty(&self) -> bool {
        self.named.is_empty() && self.matched.is_empty()
    }
}

impl Reconciliation<'_> {
    /// The member after the step; `None`: it stays as it is.
    pub(super) fn step(&self) -> Result<Option<Member>, ErrorCode> {
        let member = self.member;
        let next = match member.state {
            MemberState::Stable if member.epoch != self.target_epoch => self.next(member.epoch),
            MemberState::UnrevokedPartitions if !self.owns_any(&member.revoking) => {
                self.next(member.epoch)
            }
            MemberState::Stable | MemberState::UnrevokedPartitions => {
                return Ok(self.subscription_changed.then(|| self.shrink()).flatten());
            }
            MemberState::UnreleasedPartitions => self.next(member.epoch),
            MemberState::Unknown if self.owned.is_some_and(<[_]>::is_empty) => {
                self.next(self.target_epoch)
            }
            MemberState::Unknown => return Err(ErrorCode::FencedMemberEpoch),
        };
        Ok(Some(next).filter(|next| !next.stands_the_same(member)))
    }

    /// Whether the member may still own any of these. It does unless it says otherwise.
    fn owns_any(&self, partitions: &Owned) -> bool {
        self.owned.is_none_or(|owned| {
            owned
                .iter()
                .any(|topic| topic.partitions.iter().any(|&p| holds(partitions, topic.topic_id, p)))
        })
    }

    /// Whether the member owns just its target, which is so for most members at a new epoch.
    fn has_its_target(&self) -> bool {
        let parts = self.target.iter().filter(|part| self.subscribed.contains(part.topic));
        let mut target: Vec<&Partitions> = parts.collect();
        target.sort_unstable_by_key(|part| part.topic);
        let is_owned = |(part, (topic, owned)): (&&Partitions, (&Uuid, &BTreeMap<u32, i32>))| {
            let mut partitions = part.partitions.clone();
            partitions.sort_unstable();
            part.topic == *topic && !partitions.is_empty() && partitions.iter().eq(owned.keys())
        };
        let assigned = &*self.member.assigned;
        target.len() == assigned.len() && target.iter().zip(assigned).all(is_owned)
    }

    /// Gives up what the target does not want, or else takes what is free of it. `epoch` is that
    /// of a member which has something to give up.
    fn next(&self, epoch: i32) -> Member {
        let mut member = self.member.clone();
        if self.has_its_target() {
            member.state = MemberState::Stable;
            member.enter_epoch(self.target_epoch);
            member.revoking = Arc::default();
            return member;
        }
        let mut target: BTreeMap<Uuid, BTreeSet<u32>> = BTreeMap::new();
        for part in self.target.iter().filter(|part| self.subscribed.contains(part.topic)) {
            target.insert(part.topic, part.partitions.iter().copied().collect());
        }
        let (mut keep, mut revoke, mut take) = (Owned::new(), Owned::new(), Owned::new());
        for (&topic, partitions) in &*self.member.assigned {
            let wanted = target.get(&topic);
            for (&partition, &epoch) in partitions {
                let is_wanted = wanted.is_some_and(|wanted| wanted.contains(&partition));
                let to = if is_wanted { &mut keep } else { &mut revoke };
                to.entry(topic).or_default().insert(partition, epoch);
            }
        }
        let mut blocked = false;
        for (&topic, partitions) in &target {
            for &partition in partitions.iter().filter(|&&p| !holds(&keep, topic, p)) {
                // What it has not given up yet is its own: nobody else can have it.
                let free = self.owners.epoch(topic, partition) == NOBODY
                    || holds(&self.member.revoking, topic, partition);
                if free {
                    take.entry(topic).or_default().insert(partition, self.target_epoch);
                } else {
                    blocked = true;
                }
            }
        }

        if !revoke.is_empty() && self.owns_any(&revoke) {
            member.state = MemberState::UnrevokedPartitions;
            member.enter_epoch(epoch);
            (member.assigned, member.revoking) = (keep.into(), revoke.into());
            return member;
        }
        for (topic, partitions) in take {
            keep.entry(topic).or_default().extend(partitions);
        }
        member.state =
            if blocked { MemberState::UnreleasedPartitions } else { MemberState::Stable };
        member.enter_epoch(self.target_epoch);
        (member.assigned, member.revoking) = (keep.into(), Arc::default());
        member
    }

    /// Takes away topics that the member no longer subscribes to, without a new epoch; `None`:
    /// there are none.
    fn shrink(&self) -> Option<Member> {
        let mut member = self.member.clone();
        let mut revoking = (*member.revoking).clone();
        if self.subscribed.is_empty() && revoking.is_empty() {
            revoking = Arc::unwrap_or_clone(std::mem::take(&mut member.assigned));
        } else {
            let assigned = Arc::make_mut(&mut member.assigned);
            let gone = assigned.extract_if(.., |topic, _| !self.subscribed.contains(*topic));
            let gone: Owned = gone.collect();
            if gone.is_empty() {
                return None;
            }
            for (topic, partitions) in gone {
                revoking.entry(topic).or_default().extend(partitions);
            }
        }
        if !revoking.is_empty() && self.owns_any(&revoking) {
            member.state = MemberState::UnrevokedPartitions;
            member.revoking = revoking.into();
        }
        member.enter_epoch(self.member.epoch);
        Some(member).filter(|member| !member.stands_the_same(self.member))
    }
}
