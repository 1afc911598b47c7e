//! Dealing to members that are near.

use super::super::frame::NONE;
use super::claims::Claims;
use super::constrained::Deal;
use super::rack::Nearness;
use std::collections::BTreeSet;

/// Deals partitions to members in their racks: to short ones in turn, else to the first level one.
/// Returns what nobody could get.
pub(super) fn deal(
    deal: &mut Deal,
    claims: &Claims,
    nearness: &Nearness,
    partitions: Vec<u32>,
) -> Vec<u32> {
    let mut short = Line::new(nearness, &deal.short);
    let mut level = Line::new(nearness, &deal.level);
    let mut turn = 0;
    let mut left = Vec::new();
    for partition in partitions {
        let racks = nearness.racks_of(partition);
        if let Some(place) = short.next_from(turn, racks) {
            let member = short.members[place as usize];
            turn = place + 1;
            let count = deal.counts[member as usize] + 1;
            if count >= deal.least {
                short.remove(nearness, place);
                if count < deal.most && deal.may_take_extra() {
                    level.push(nearness, member);
                }
            }
            deal.give(claims, member, partition);
        } else if let Some(place) = level.first(racks) {
            let member = level.members[place as usize];
            if deal.counts[member as usize] + 1 == deal.most {
                level.remove(nearness, place);
                deal.take_extra();
                if !deal.may_take_extra() {
                    level.clear();
                }
            }
            deal.give(claims, member, partition);
        } else {
            left.push(partition);
        }
    }
    deal.short = short.remaining();
    deal.level = level.remaining();
    left
}

/// Members in line, to be found by rack.
struct Line {
    members: Vec<u32>,
    is_in: Vec<bool>,
    /// The places of those in each rack that are still in line.
    by_rack: Vec<BTreeSet<u32>>,
}

impl Line {
    fn new(nearness: &Nearness, members: &[u32]) -> Self {
        let by_rack = vec![BTreeSet::new(); nearness.racks() as usize];
        let mut line = Line { members: Vec::new(), is_in: Vec::new(), by_rack };
        for &member in members {
            line.push(nearness, member);
        }
        line
    }

    fn push(&mut self, nearness: &Nearness, member: u32) {
        let rack = nearness.rack(member);
        if rack != NONE {
            self.by_rack[rack as usize].insert(self.members.len() as u32);
        }
        self.members.push(member);
        self.is_in.push(true);
    }

    fn remove(&mut self, nearness: &Nearness, place: u32) {
        self.is_in[place as usize] = false;
        let rack = nearness.rack(self.members[place as usize]);
        self.by_rack[rack as usize].remove(&place);
    }

    fn clear(&mut self) {
        self.is_in.fill(false);
        self.by_rack.iter_mut().for_each(BTreeSet::clear);
    }

    fn first(&self, racks: &[u32]) -> Option<u32> {
        racks.iter().filter_map(|&rack| self.by_rack[rack as usize].first().copied()).min()
    }

    /// The first in one of these racks from a place on, or else from the beginning.
    fn next_from(&self, place: u32, racks: &[u32]) -> Option<u32> {
        let from = |&rack: &u32| self.by_rack[rack as usize].range(place..).next().copied();
        racks.iter().filter_map(from).min().or_else(|| self.first(racks))
    }

    fn remaining(self) -> Vec<u32> {
        let is_in = self.is_in;
        self.members.into_iter().zip(is_in).filter(|(_, is_in)| *is_in).map(|(m, _)| m).collect()
    }
}
