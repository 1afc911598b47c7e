//! Racks of members and of replicas, by number.

use super::frame::{Frame, NONE};
use crate::model::Name;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Where members and replicas are. Only made for a group in which a member has a rack.
pub(super) struct Racks {
    /// Number of racks.
    pub(super) count: u32,
    /// The rack of each member; [`NONE`] if it has none.
    pub(super) of_member: Vec<u32>,
    /// The racks of each partition are `of_replicas[starts[p]..starts[p + 1]]`, each once.
    starts: Vec<u32>,
    of_replicas: Vec<u32>,
}

impl Racks {
    /// Racks by number; `None` if no member has one.
    pub(super) fn read(frame: &Frame) -> Option<Self> {
        let rack_of = |m: u32| {
            let rack = frame.question.members[m as usize].rack.as_ref();
            rack.filter(|rack| !rack.is_empty())
        };
        let mut numbers = Names::default();
        let mut of_member = vec![NONE; frame.members()];
        for &member in &frame.order {
            if let Some(rack) = rack_of(member) {
                of_member[member as usize] = numbers.number(rack);
            }
        }
        if numbers.by_name.is_empty() {
            return None;
        }
        let (mut starts, mut racks) = (Vec::with_capacity(frame.total as usize + 1), Vec::new());
        for topic in &frame.topics {
            for index in 0..topic.partitions as usize {
                let start = racks.len();
                starts.push(start as u32);
                for rack in topic.racks.get(index).into_iter().flatten() {
                    let rack = numbers.number(rack);
                    if !racks[start..].contains(&rack) {
                        racks.push(rack);
                    }
                }
            }
        }
        starts.push(racks.len() as u32);
        Some(Racks { count: numbers.by_name.len() as u32, of_member, starts, of_replicas: racks })
    }

    /// The racks in which a partition has replicas.
    pub(super) fn of(&self, partition: u32) -> &[u32] {
        let [start, end] = [partition, partition + 1].map(|p| self.starts[p as usize] as usize);
        &self.of_replicas[start..end]
    }

    /// Whether racks can tell anything about these partitions to members in these racks: some
    /// member shares a rack with some replica, and not every partition is in all racks
    /// (`useRackAwareAssignment`).
    pub(super) fn matter(
        &self,
        members: impl Iterator<Item = u32>,
        partitions: impl Iterator<Item = u32> + Clone,
    ) -> bool {
        let mut used = vec![false; self.count as usize];
        let mut in_use = 0;
        for &rack in partitions.clone().flat_map(|p| self.of(p)) {
            in_use += usize::from(!std::mem::replace(&mut used[rack as usize], true));
        }
        let mut racks = members.map(|m| self.of_member[m as usize]).filter(|&rack| rack != NONE);
        racks.any(|rack| used[rack as usize])
            && partitions.map(|p| self.of(p)).any(|racks| racks.len() < in_use)
    }
}

/// Names of racks by number: few, met often, and mostly shared.
#[derive(Default)]
struct Names<'a> {
    by_name: BTreeMap<&'a str, u32>,
    /// The last ones met.
    recent: Vec<(&'a Name, u32)>,
}

impl<'a> Names<'a> {
    const RECENT: usize = 8;

    fn number(&mut self, name: &'a Name) -> u32 {
        let met = self.recent.iter().find(|(recent, _)| Arc::ptr_eq(recent, name));
        if let Some(&(_, number)) = met {
            return number;
        }
        let next = self.by_name.len() as u32;
        let number = *self.by_name.entry(name).or_insert(next);
        if self.recent.len() == Self::RECENT {
            self.recent.clear();
        }
        self.recent.push((name, number));
        number
    }
}
