//! What is in a coordinator's memory, for comparison and for people.

use super::shard::Shard;
use crate::model::Name;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A classic group at a moment.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct GroupSnapshot {
    /// The group.
    pub group: Name,
    /// `classic`; empty if there is no such group.
    pub r#type: Name,
    /// Its state, by Kafka's name; `none`: no such group.
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
}

impl Shard {
    /// The group as it is now.
    pub fn snapshot(&self, id: &Name) -> GroupSnapshot {
        let Some(group) = self.groups.get(id) else {
            return GroupSnapshot { group: id.clone(), state: "none".into(), ..Default::default() };
        };
        let members = group.members.values().map(|member| MemberSnapshot {
            id: member.id.clone(),
            instance: member.instance.clone(),
            awaits: match (member.awaiting_join, member.awaiting_sync) {
                (Some(_), _) => Some("join".into()),
                (None, Some(_)) => Some("sync".into()),
                (None, None) => None,
            },
        });
        GroupSnapshot {
            group: id.clone(),
            r#type: "classic".into(),
            state: group.state().name().into(),
            generation: group.generation,
            protocol_type: group.protocol_type.clone(),
            protocol: group.protocol.clone(),
            leader: group.leader.clone(),
            pending_join: group.pending_join.len(),
            pending_sync: group.pending_sync.clone(),
            members: members.collect(),
        }
    }

    /// Ids of all groups, in the coordinator's order.
    pub fn group_ids(&self) -> Vec<Name> {
        self.groups.keys().cloned().collect()
    }
}
