//! Partitions with two owners: after a claim that Kafka doesn't find in the metadata, kept ones are
//! given once more. Then it shows in which order Kafka's map holds the lists.

use super::super::super::frame::{Frame, NONE};
use super::General;
use crate::kernel::java_map::JavaMap;
use crate::model::Name;

/// Kafka's map of lists, by member.
pub(super) struct Walk {
    map: JavaMap<Name, u32>,
    /// Members that take no part.
    away: JavaMap<Name, u32>,
    remembered: Vec<(Name, u32)>,
}

impl Walk {
    pub(super) fn new(frame: &Frame) -> Self {
        Walk { map: frame.map_of_members(), away: JavaMap::new(), remembered: Vec::new() }
    }

    /// The order of the members.
    pub(super) fn members(&self) -> Vec<u32> {
        self.map.values().copied().collect()
    }

    /// Takes members out, in the order of another map that has room for all.
    pub(super) fn send_away(&mut self, frame: &Frame, members: &[u32]) {
        let mut all = JavaMap::with_capacity(frame.order.len());
        for &member in &frame.order {
            all.put(frame.id(member).clone(), member);
        }
        for (name, &member) in all.iter().filter(|(_, member)| members.contains(member)) {
            self.map.remove(&**name);
            self.away.put(name.clone(), member);
        }
    }

    /// Keeps the present order in mind.
    pub(super) fn remember(&mut self) {
        let mut copy = JavaMap::new();
        for (name, &member) in &self.map {
            copy.put(name.clone(), member);
        }
        self.remembered = copy.iter().map(|(name, &member)| (name.clone(), member)).collect();
    }

    /// Clears the map and fills it in the order kept in mind.
    pub(super) fn restore(&mut self) {
        self.map.retain(|_, _| false);
        for (name, member) in std::mem::take(&mut self.remembered) {
            self.map.put(name, member);
        }
    }

    /// Takes back who was sent away.
    pub(super) fn take_back(&mut self) {
        for (name, &member) in &self.away {
            self.map.put(name.clone(), member);
        }
    }

    /// Whether the assignment is balanced; the last owner of a partition counts.
    pub(super) fn is_balanced(&self, general: &General) -> bool {
        let mut owners = vec![NONE; general.owners.len()];
        for &member in self.map.values() {
            for &partition in &general.lists[member as usize] {
                owners[partition as usize] = member;
            }
        }
        !self.map.values().any(|&member| {
            let class = general.frame.class_of[member as usize] as usize;
            let list = &general.lists[member as usize];
            if list.len() == general.full[class] {
                return false;
            }
            let mut partitions = general.frame.classes[class].topics.iter().flat_map(|&topic| {
                let first = general.frame.first[topic as usize];
                first..first + general.frame.topics[topic as usize].partitions
            });
            partitions.any(|partition| {
                let owner = owners[partition as usize];
                !list.contains(&partition)
                    && owner != NONE
                    && list.len() + 1 < general.lists[owner as usize].len()
            })
        })
    }
}
