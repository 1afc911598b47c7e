//! Who is near to which partition.

use super::super::frame::{Frame, NONE};
use super::super::racks::Racks;

/// Racks of a group in which some member has one.
pub(super) struct Nearness {
    racks: Racks,
    /// Whether they decide anything, for the group as a whole.
    pub(super) matters: bool,
    /// How many members there are in each rack.
    members: Vec<u32>,
    known: u32,
}

impl Nearness {
    pub(super) fn read(frame: &Frame) -> Option<Self> {
        let racks = Racks::read(frame)?;
        let matters = racks.matter(frame.order.iter().copied(), 0..frame.total);
        let mut members = vec![0; racks.count as usize];
        for &member in &frame.order {
            if let Some(count) = members.get_mut(racks.of_member[member as usize] as usize) {
                *count += 1;
            }
        }
        Some(Nearness { racks, matters, members, known: frame.total })
    }

    /// The rack of a member if racks matter; [`NONE`] if it has none.
    pub(super) fn rack(&self, member: u32) -> u32 {
        if self.matters { self.racks.of_member[member as usize] } else { NONE }
    }

    /// Number of racks.
    pub(super) fn racks(&self) -> u32 {
        self.racks.count
    }

    /// The racks of a partition's replicas.
    pub(super) fn racks_of(&self, partition: u32) -> &[u32] {
        self.racks.of(partition)
    }

    /// Whether a member in this rack is far from all replicas of the partition. Those of unknown
    /// partitions are nowhere.
    pub(super) fn is_far(&self, rack: u32, partition: u32) -> bool {
        rack != NONE && (partition >= self.known || !self.racks.of(partition).contains(&rack))
    }

    /// How many members are near to a partition.
    pub(super) fn members_near(&self, partition: u32) -> u32 {
        self.racks.of(partition).iter().map(|&rack| self.members[rack as usize]).sum()
    }
}
