//! Which partitions of a share group may be assigned: those whose state the share coordinator has
//! set up (`GroupMetadataManager.subscribedTopicsChangeMap` and its neighbours).

use super::group::ShareGroup;
use crate::coordinator::image::TopicImage;
use crate::model::Name;
use crate::model::message::assignment::NamedTopicPartitions;
use crate::model::record::share::SharePartitionsValue;
use crate::model::uuid::Uuid;
use std::collections::{BTreeMap, BTreeSet};

/// What a topic is called that is gone.
const UNKNOWN: &str = "<UNKNOWN>";

/// Partitions of a topic.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::coordinator) struct Known {
    /// The topic's name.
    pub name: Name,
    pub partitions: BTreeSet<u32>,
    /// When this was applied (ms of the coordinator's clock).
    pub since_ms: i64,
}

/// Partitions by topic.
pub(in crate::coordinator) type PartitionSet = BTreeMap<Uuid, Known>;

/// How far the share coordinator knows the partitions of a group.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(in crate::coordinator) struct States {
    /// It has been asked to set these up.
    pub initializing: PartitionSet,
    /// It knows these.
    pub initialized: PartitionSet,
    /// It has been asked to forget these.
    pub deleting: BTreeSet<Uuid>,
}

impl States {
    /// As a record said it, applied at `now_ms`.
    pub(super) fn of_record(value: SharePartitionsValue, now_ms: i64) -> Self {
        let set = |topics: Vec<NamedTopicPartitions>| {
            let known = |topic: NamedTopicPartitions| {
                let partitions = topic.partitions.into_iter().collect();
                (topic.topic_id, Known { name: topic.topic_name, partitions, since_ms: now_ms })
            };
            topics.into_iter().map(known).collect()
        };
        States {
            initializing: set(value.initializing_topics),
            initialized: set(value.initialized_topics),
            deleting: value.deleting_topics.into_iter().map(|topic| topic.topic_id).collect(),
        }
    }

    /// As a record says it.
    pub(super) fn to_record(&self, image: &TopicImage) -> SharePartitionsValue {
        let list = |set: &PartitionSet| {
            let topic = |(&topic_id, known): (&Uuid, &Known)| NamedTopicPartitions {
                topic_id,
                topic_name: known.name.clone(),
                partitions: known.partitions.iter().copied().collect(),
            };
            set.iter().map(topic).collect()
        };
        let gone = |&topic_id: &Uuid| NamedTopicPartitions {
            topic_id,
            topic_name: name_of(topic_id, image),
            partitions: Vec::new(),
        };
        SharePartitionsValue {
            initializing_topics: list(&self.initializing),
            initialized_topics: list(&self.initialized),
            deleting_topics: self.deleting.iter().map(gone).collect(),
        }
    }

    /// With these to be set up.
    pub(super) fn initializing(&self, change: &PartitionSet) -> Self {
        let mut states = self.clone();
        merge(&mut states.initializing, change);
        states.deleting.retain(|topic| !states.initializing.contains_key(topic));
        states
    }

    /// With these set up.
    pub(super) fn initialized(&self, done: &PartitionSet) -> Self {
        let mut states = self.clone();
        merge(&mut states.initialized, done);
        subtract(&mut states.initializing, done);
        states
    }

    /// As if these had not been asked for; `None`: nothing is being set up.
    pub(super) fn not_asked_for(&self, lost: &PartitionSet) -> Option<Self> {
        let mut states = self.clone();
        subtract(&mut states.initializing, lost);
        (!self.initializing.is_empty() && !lost.is_empty()).then_some(states)
    }

    /// Without topics that are gone; `None`: there are none of them.
    pub(super) fn without(&self, deleted: &[(Name, Uuid)]) -> Option<Self> {
        let mut states = self.clone();
        for (_, topic) in deleted {
            states.initializing.remove(topic);
            states.initialized.remove(topic);
            states.deleting.remove(topic);
        }
        (states != *self).then_some(states)
    }

    /// With everything to be forgotten, because the group is to go.
    pub(super) fn deleting(&self, image: &TopicImage) -> Self {
        let exists = |topic: &&Uuid| image.by_id(**topic).is_some();
        let known = self.initialized.keys().chain(self.initializing.keys());
        let deleting = known.chain(self.deleting.iter().filter(exists)).copied().collect();
        States { deleting, ..States::default() }
    }
}

/// The topic's name, if it still exists.
pub(super) fn name_of(topic: Uuid, image: &TopicImage) -> Name {
    image.by_id(topic).map_or_else(|| UNKNOWN.into(), |topic| topic.name.clone())
}

fn merge(set: &mut PartitionSet, more: &PartitionSet) {
    for (&topic, known) in more {
        let mut known = known.clone();
        if let Some(before) = set.get(&topic) {
            known.partitions.extend(&before.partitions);
        }
        set.insert(topic, known);
    }
}

fn subtract(set: &mut PartitionSet, less: &PartitionSet) {
    for (topic, known) in less {
        if let Some(left) = set.get_mut(topic) {
            left.partitions.retain(|partition| !known.partitions.contains(partition));
            if left.partitions.is_empty() {
                set.remove(topic);
            }
        }
    }
}

impl ShareGroup {
    /// Partitions of these topics that the share coordinator does not know yet. Those that it has
    /// been asked for are left out for `retry_ms`.
    pub(super) fn unknown_partitions<'a>(
        &self,
        topics: impl Iterator<Item = &'a Name>,
        image: &TopicImage,
        now_ms: i64,
        retry_ms: i64,
    ) -> PartitionSet {
        let mut asked: BTreeMap<Uuid, BTreeSet<u32>> = BTreeMap::new();
        if let Some(states) = &self.states {
            let fresh = |(_, known): &(&Uuid, &Known)| now_ms - known.since_ms < retry_ms;
            let initializing = states.initializing.iter().filter(fresh);
            for (&topic, known) in states.initialized.iter().chain(initializing) {
                asked.entry(topic).or_default().extend(&known.partitions);
            }
        }
        let mut unknown = PartitionSet::new();
        for topic in topics.filter_map(|name| image.by_name(name)) {
            let asked = asked.remove(&topic.id).unwrap_or_default();
            if asked.is_empty() || asked.len() < topic.partitions as usize {
                let partitions = (0..topic.partitions).filter(|p| !asked.contains(p)).collect();
                let known = Known { name: topic.name.clone(), partitions, since_ms: now_ms };
                unknown.insert(topic.id, known);
            }
        }
        unknown
    }

    /// Whether partitions may be assigned that are not, or the other way round
    /// (`initializedAssignmentPending`). `joins`: somebody does who is no member yet.
    pub(super) fn has_partitions_to_assign(&self, joins: bool) -> bool {
        let Some(states) = &self.states else { return false };
        if self.members.is_empty() && !joins {
            return false;
        }
        let subscribed =
            states.initialized.iter().filter(|(_, known)| self.counts.contains(&known.name));
        let mut subscribed = subscribed.peekable();
        if subscribed.peek().is_none() {
            return false;
        }
        let mut assigned: BTreeMap<Uuid, BTreeSet<u32>> = BTreeMap::new();
        for part in self.targets.by_member.values().flat_map(|target| target.iter()) {
            assigned.entry(part.topic).or_default().extend(&part.partitions);
        }
        subscribed.any(|(topic, known)| assigned.get(topic) != Some(&known.partitions))
    }
}
