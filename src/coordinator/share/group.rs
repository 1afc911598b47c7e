//! A share group: what its records say, and what follows from them.

use super::partitions::States;
use crate::assignor::server::{SubscriptionType, Target};
use crate::coordinator::modern::refresh::Refresh;
use crate::coordinator::modern::subscriptions::TopicCounts;
use crate::coordinator::modern::targets::Targets;
use crate::kernel::timeline_map::TimelineMap;
use crate::model::Name;
use crate::model::uuid::Uuid;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What a member reads.
pub(super) type Assigned = BTreeMap<Uuid, BTreeSet<u32>>;

/// A target as what a member reads.
pub(super) fn assigned_of(target: &Target) -> Assigned {
    target.iter().map(|part| (part.topic, part.partitions.iter().copied().collect())).collect()
}

/// A member as records describe it (`ShareGroupMember`); it is never changed, but replaced.
#[derive(Clone, Debug)]
pub(in crate::coordinator) struct Member {
    pub id: Name,
    /// Its epoch: 0 until it has its first target.
    pub epoch: i32,
    /// Its epoch before, which it may still use.
    pub previous_epoch: i32,
    /// `client.rack`
    pub rack: Option<Name>,
    pub client_id: Name,
    pub client_host: Name,
    /// Topics that it names: a set, in the order in which Java's was filled.
    pub topics: Arc<[Name]>,
    /// What it reads.
    pub assigned: Assigned,
}

impl Member {
    /// A member that has said nothing yet.
    pub(super) fn new(id: Name) -> Self {
        Member {
            id,
            epoch: 0,
            previous_epoch: -1,
            rack: None,
            client_id: "".into(),
            client_host: "".into(),
            topics: Arc::default(),
            assigned: Assigned::new(),
        }
    }
}

/// A share group (`ShareGroup`). It is `Empty` without members, else `Stable`.
#[derive(Clone, Debug)]
pub(in crate::coordinator) struct ShareGroup {
    /// The group's id.
    pub id: Name,
    /// Grows with everything that can change the target.
    pub epoch: i32,
    /// A hash of the subscribed topics as they were at this epoch.
    pub metadata_hash: i64,
    /// Members, in the order of Kafka's map.
    pub members: TimelineMap<Name, Arc<Member>>,
    /// What the members are to read.
    pub targets: Targets,
    /// Who subscribes to which topic.
    pub counts: TopicCounts,
    /// How far the share coordinator knows the group's partitions; `None`: it has not been asked.
    pub states: Option<Arc<States>>,
    /// When it looks at its topics again; memory only.
    pub refresh: Refresh,
}

impl ShareGroup {
    /// A group that nobody has joined yet.
    pub(super) fn new(id: Name) -> Self {
        ShareGroup {
            id,
            epoch: 1,
            metadata_hash: 0,
            members: TimelineMap::new(),
            targets: Targets::default(),
            counts: TopicCounts::default(),
            states: None,
            refresh: Refresh::default(),
        }
    }

    /// The name of its state.
    pub(in crate::coordinator) fn state(&self) -> &'static str {
        if self.members.is_empty() { "Empty" } else { "Stable" }
    }

    /// How the subscriptions of the members relate.
    pub(in crate::coordinator) fn subscription_type(&self) -> SubscriptionType {
        self.counts.subscription_type(self.members.len(), None)
    }

    /// A member is new, or another than before.
    pub(super) fn put_member(&mut self, member: Arc<Member>) {
        self.counts.count_names(&member.topics, true);
        if let Some(old) = self.members.put(member.id.clone(), member) {
            self.counts.count_names(&old.topics, false);
        }
    }

    /// A member is gone.
    pub(super) fn remove_member(&mut self, id: &Name) {
        if let Some(old) = self.members.remove(id) {
            self.counts.count_names(&old.topics, false);
        }
    }
}
