//! A consumer group: what its records say, and what follows from them.

use super::member::Member;
use super::state::GroupState;
use crate::assignor::server::SubscriptionType;
use crate::coordinator::modern::owners::Owners;
use crate::coordinator::modern::refresh::Refresh;
use crate::coordinator::modern::subscriptions::TopicCounts;
use crate::coordinator::modern::targets::Targets;
use crate::kernel::timeline_map::TimelineMap;
use crate::model::Name;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a regular expression matched (`ResolvedRegularExpression`).
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::coordinator) struct Resolved {
    /// Names of topics, sorted.
    pub topics: Arc<[Name]>,
    /// Version of the topics' metadata.
    pub version: i64,
    /// When they were matched (ms of the coordinator's clock).
    pub timestamp_ms: i64,
}

/// A consumer group (`ConsumerGroup`).
#[derive(Clone, Debug)]
pub(in crate::coordinator) struct ConsumerGroup {
    /// The group's id.
    pub id: Name,
    /// Grows with everything that can change the target.
    pub epoch: i32,
    /// A hash of the subscribed topics as they were at this epoch.
    pub metadata_hash: i64,
    /// Members, in the order of Kafka's map.
    pub members: TimelineMap<Name, Arc<Member>>,
    /// Instance id → member id.
    pub static_members: BTreeMap<Name, Name>,
    /// What the members are to own.
    pub targets: Targets,
    /// Who subscribes to which topic.
    pub counts: TopicCounts,
    /// How many members use each regular expression.
    pub regexes: TimelineMap<Name, usize>,
    /// What the regular expressions matched.
    pub resolved: TimelineMap<Name, Arc<Resolved>>,
    /// Who has which partition.
    pub owners: Owners,
    /// How many members want each assignor.
    pub votes: TimelineMap<Name, usize>,
    /// How many members speak the classic protocol.
    pub classic_members: usize,
    /// How many of them offer each assignor.
    pub classic_protocols: BTreeMap<Name, usize>,
    /// When it looks at its topics again; memory only.
    pub refresh: Refresh,
    /// How the subscriptions relate, if that does not follow from the counts: it is settled when
    /// a member changes, not when a regular expression is resolved.
    pub(super) subscription: Option<SubscriptionType>,
    /// Topics that a member named last.
    last_topics: Arc<[Name]>,
}

impl ConsumerGroup {
    /// A group that nobody has joined yet.
    pub(super) fn new(id: Name) -> Self {
        ConsumerGroup {
            id,
            epoch: 1,
            metadata_hash: 0,
            members: TimelineMap::new(),
            static_members: BTreeMap::new(),
            targets: Targets::default(),
            counts: TopicCounts::default(),
            regexes: TimelineMap::new(),
            resolved: TimelineMap::new(),
            owners: Owners::default(),
            votes: TimelineMap::new(),
            classic_members: 0,
            classic_protocols: BTreeMap::new(),
            refresh: Refresh::default(),
            subscription: Some(SubscriptionType::Homogeneous),
            last_topics: Arc::default(),
        }
    }

    /// Where the group is.
    pub(in crate::coordinator) fn state(&self) -> GroupState {
        if self.members.is_empty() {
            GroupState::Empty
        } else if self.epoch > self.targets.epoch {
            GroupState::Assigning
        } else if self.members.values().all(|m| m.is_reconciled_to(self.targets.epoch)) {
            GroupState::Stable
        } else {
            GroupState::Reconciling
        }
    }

    /// The member with this id.
    pub(super) fn member(&self, id: &Name) -> Option<&Arc<Member>> {
        self.members.get(id)
    }

    /// The id of the member that is this instance.
    pub(super) fn static_member_id(&self, instance: Option<&Name>) -> Option<&Name> {
        self.static_members.get(instance?)
    }

    /// How many members use a regular expression.
    pub(super) fn regex_users(&self, regex: &Name) -> usize {
        self.regexes.get(regex).copied().unwrap_or(0)
    }

    /// The topics that a member's regular expression matched.
    pub(super) fn regex_topics(&self, member: &Member) -> Option<&Arc<[Name]>> {
        Some(&self.resolved.get(member.regex()?)?.topics)
    }

    /// The topics of a record, as one list with those of the member whose record came last if they
    /// are the same: most groups have one list for all.
    pub(super) fn share_topics(&mut self, topics: Vec<Name>) -> Arc<[Name]> {
        if *self.last_topics != *topics {
            self.last_topics = topics.into();
        }
        self.last_topics.clone()
    }

    /// How the subscriptions of the members relate.
    pub(in crate::coordinator) fn subscription_type(&self) -> SubscriptionType {
        self.subscription.unwrap_or_else(|| {
            let first_regex = self.regexes.values().next().copied();
            self.counts.subscription_type(self.members.len(), first_regex)
        })
    }

    /// The assignor that most members want; ties go to the first in map order.
    pub(in crate::coordinator) fn preferred_assignor(&self) -> Option<&Name> {
        most(self.votes.iter())
    }

    /// A member is new, or another than before.
    pub(super) fn put_member(&mut self, member: &Arc<Member>) -> Option<Arc<Member>> {
        let old = self.members.put(member.id.clone(), member.clone());
        // Most records only say what a member owns: its topics are the same list.
        let topics_stay = old.as_ref().is_some_and(|old| Arc::ptr_eq(&old.topics, &member.topics));
        if let Some(old) = &old {
            self.count(old, false);
        }
        self.count(member, true);
        if !topics_stay {
            if let Some(old) = &old {
                self.counts.count_names(&old.topics, false);
            }
            self.counts.count_names(&member.topics, true);
        }
        if let Some(instance) = &member.instance {
            self.static_members.insert(instance.clone(), member.id.clone());
        }
        self.subscription = None;
        old
    }

    /// A member is gone.
    pub(super) fn remove_member(&mut self, id: &Name) -> Option<Arc<Member>> {
        let old = self.members.remove(id)?;
        self.count(&old, false);
        self.counts.count_names(&old.topics, false);
        if let Some(instance) = &old.instance {
            self.static_members.remove(instance);
        }
        self.subscription = None;
        Some(old)
    }

    /// Counts all of a member but the topics that it names.
    fn count(&mut self, member: &Member, more: bool) {
        if let Some(assignor) = &member.assignor {
            vote(&mut self.votes, assignor, more);
        }
        if let Some(regex) = member.regex() {
            vote(&mut self.regexes, regex, more);
        }
        if let Some(classic) = &member.classic {
            let by = |count: usize| if more { count + 1 } else { count.saturating_sub(1) };
            self.classic_members = by(self.classic_members);
            for protocol in &classic.supported_protocols {
                let count = self.classic_protocols.entry(protocol.name.clone()).or_default();
                *count = by(*count);
            }
        }
        if more {
            self.owners.add(&member.assigned, member.epoch);
            self.owners.add(&member.revoking, member.epoch);
        } else {
            self.owners.remove(&member.assigned, member.epoch);
            self.owners.remove(&member.revoking, member.epoch);
        }
    }

    /// A regular expression is resolved, anew perhaps, or nobody uses it any more.
    pub(super) fn set_resolved(
        &mut self,
        regex: &Name,
        resolved: Option<Arc<Resolved>>,
    ) -> Option<Arc<Resolved>> {
        self.subscription = Some(self.subscription_type());
        let old = self.resolved.remove(regex);
        if let Some(old) = &old {
            self.counts.count_regex(old.topics.iter(), false);
        }
        if let Some(new) = resolved {
            self.counts.count_regex(new.topics.iter(), true);
            self.resolved.put(regex.clone(), new);
        }
        old
    }
}

/// One more, or one fewer, for a key.
fn vote(counts: &mut TimelineMap<Name, usize>, key: &Name, more: bool) {
    let count = counts.get(key).copied().unwrap_or(0);
    match (more, count) {
        (true, count) => {
            counts.put(key.clone(), count + 1);
        }
        (false, 0 | 1) => {
            counts.remove(key);
        }
        (false, count) => {
            counts.put(key.clone(), count - 1);
        }
    }
}

/// The first of the keys with the highest count.
pub(super) fn most<'a>(counts: impl Iterator<Item = (&'a Name, &'a usize)>) -> Option<&'a Name> {
    let mut best: Option<(&Name, usize)> = None;
    for (key, &count) in counts {
        if best.is_none_or(|(_, most)| count > most) {
            best = Some((key, count));
        }
    }
    best.map(|(key, _)| key)
}
