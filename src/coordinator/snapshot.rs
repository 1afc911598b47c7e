//! What is in a coordinator's memory, for comparison and for people.

use super::classic::group::ClassicGroup;
use super::group::Group;
use super::image::TopicImage;
use super::serving::Serving;
use super::shard::Shard;
use crate::assignor::server::Target;
use crate::kernel::java_map::JavaMap;
use crate::model::Name;
use crate::model::uuid::Uuid;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Partitions by the name of their topic.
pub type Partitions = BTreeMap<Name, BTreeSet<u32>>;

/// Partitions by name. Where a topic has been created anew under its name, the one shows that
/// comes later in a Java map of ids.
pub(super) fn by_name(
    topics: impl IntoIterator<Item = (Uuid, BTreeSet<u32>)>,
    image: &TopicImage,
) -> Partitions {
    let mut ids: JavaMap<Uuid, BTreeSet<u32>> = JavaMap::new();
    for (topic, partitions) in topics {
        ids.put(topic, partitions);
    }
    (&ids)
        .into_iter()
        .map(|(&topic, partitions)| (image.name_of(topic), partitions.clone()))
        .collect()
}

/// A target by name.
pub(super) fn target_by_name(target: &Target, image: &TopicImage) -> Partitions {
    by_name(target.iter().map(|p| (p.topic, p.partitions.iter().copied().collect())), image)
}

/// A group at a moment. What groups of its kind do not have stays empty.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct GroupSnapshot {
    /// The group.
    pub group: Name,
    /// `classic` or `consumer`; empty if there is no such group.
    pub r#type: Name,
    /// Its state, by Kafka's name; `none`: no such group; `unloaded`: nothing is known yet.
    pub state: Name,
    /// Its generation.
    pub generation: i32,
    /// Kind of group.
    pub protocol_type: Option<Name>,
    /// The selected assignor.
    pub protocol: Option<Name>,
    /// Member id of the leader.
    pub leader: Option<Name>,
    /// How many ids were given out and not used yet.
    pub pending_join: usize,
    /// Who has not synced.
    pub pending_sync: BTreeSet<Name>,
    /// The epoch of a consumer group.
    pub group_epoch: i32,
    /// The epoch of its target assignment.
    pub assignment_epoch: i32,
    /// How the subscriptions of its members relate.
    pub subscription: Name,
    /// The assignor that most members want.
    pub assignor: Option<Name>,
    /// What its regular expressions matched.
    pub regex: BTreeMap<Name, BTreeSet<Name>>,
    /// Its members, in the coordinator's order.
    pub members: Vec<MemberSnapshot>,
}

/// A member at a moment.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MemberSnapshot {
    /// Its id.
    pub id: Name,
    /// Its instance id.
    pub instance: Option<Name>,
    /// `join` or `sync`: the request that waits for an answer.
    pub awaits: Option<Name>,
    /// Whether it speaks the classic protocol in a consumer group.
    pub classic: bool,
    /// Its epoch.
    pub epoch: i32,
    /// Its epoch before.
    pub prev: i32,
    /// How far it is.
    pub state: Name,
    /// What it owns.
    pub assigned: Partitions,
    /// What it has to give up.
    pub revoking: Partitions,
    /// What it is to own.
    pub target: Partitions,
}

impl Shard {
    /// The group as it is now.
    pub fn snapshot(&self, id: &Name) -> GroupSnapshot {
        match self.groups.get(id) {
            _ if self.serving != Serving::Active => {
                GroupSnapshot { group: id.clone(), state: "unloaded".into(), ..Default::default() }
            }
            None => GroupSnapshot { group: id.clone(), state: "none".into(), ..Default::default() },
            Some(Group::Classic(group)) => group.snapshot(),
            Some(Group::Consumer(group)) => group.snapshot(&self.image),
            Some(Group::Share(group)) => group.snapshot(&self.image),
        }
    }

    /// The committed offset of a partition, as the coordinator has it in memory, if it is of the topic
    /// with this id and not of an earlier one of its name.
    pub fn committed_offset(
        &self,
        group: &Name,
        (topic, id): (&Name, Uuid),
        partition: u32,
    ) -> Option<i64> {
        let stored = self.offsets.committed_of(group, topic, partition);
        Some(stored.filter(|stored| stored.is_of(id))?.value.offset)
    }

    /// Ids of all groups, in the coordinator's order.
    pub fn group_ids(&self) -> Vec<Name> {
        self.groups.keys().cloned().collect()
    }
}

impl ClassicGroup {
    fn snapshot(&self) -> GroupSnapshot {
        let members = self.members.values().map(|member| MemberSnapshot {
            id: member.id.clone(),
            instance: member.instance.clone(),
            awaits: match (member.awaiting_join, member.awaiting_sync) {
                (Some(_), _) => Some("join".into()),
                (None, Some(_)) => Some("sync".into()),
                (None, None) => None,
            },
            ..MemberSnapshot::default()
        });
        GroupSnapshot {
            group: self.id.clone(),
            r#type: "classic".into(),
            state: self.state().name().into(),
            generation: self.generation,
            protocol_type: self.protocol_type.clone(),
            protocol: self.protocol.clone(),
            leader: self.leader.clone(),
            pending_join: self.pending_join.len(),
            pending_sync: self.pending_sync.clone(),
            members: members.collect(),
            ..GroupSnapshot::default()
        }
    }
}
