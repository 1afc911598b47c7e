//! Members that all subscribe to the same topics: everybody keeps what it owns up to a quota, and
//! the rest is dealt out.

use super::super::AssignError;
use super::super::frame::{Frame, NONE};
use super::super::names;
use super::Kind;
use super::claims::Claims;
use super::near;
use super::rack::Nearness;
use std::collections::VecDeque;
use std::mem;

/// A deal under way.
pub(super) struct Deal {
    /// (member, partition), in the order in which they were given.
    pub(super) given: Vec<(u32, u32)>,
    /// How many partitions each member has.
    pub(super) counts: Vec<u32>,
    /// Who had to give up each partition; [`NONE`]: nobody.
    revoked_from: Vec<u32>,
    /// Everybody has at least so many,
    pub(super) least: u32,
    /// and nobody more.
    pub(super) most: u32,
    /// So many members have one more than the least, if the two differ.
    extra: u32,
    /// So many have it already.
    with_extra: u32,
    /// Members with less than the least.
    pub(super) short: Vec<u32>,
    /// Members with the least that may get one more.
    pub(super) level: Vec<u32>,
    kind: Kind,
}

/// Who gets what, one by one; without what a cooperative member must wait for.
pub(super) fn assign(
    frame: &Frame,
    claims: &Claims,
    nearness: Option<&Nearness>,
    kind: Kind,
) -> Result<Vec<(u32, u32)>, AssignError> {
    let members = frame.order.len() as u32;
    if members == 0 {
        return Err(AssignError::Arithmetic);
    }
    let mut deal = Deal {
        given: Vec::with_capacity(frame.total as usize),
        counts: vec![0; frame.members()],
        revoked_from: vec![NONE; claims.partitions() as usize],
        least: frame.total / members,
        most: frame.total.div_ceil(members),
        extra: frame.total % members,
        with_extra: 0,
        short: Vec::with_capacity(members as usize),
        level: Vec::new(),
        kind,
    };
    deal.keep_owned(frame, claims, nearness);

    let mut left = unkept(frame, claims, &deal.given);
    let mut rank = vec![0; frame.members()];
    let ids: Vec<&str> = frame.question.members.iter().map(|m| &*m.id).collect();
    for (place, member) in (0_u32..).zip(names::sorted(&ids)) {
        rank[member as usize] = place;
    }
    deal.short.sort_unstable_by_key(|&m| rank[m as usize]);
    deal.level.sort_unstable_by_key(|&m| rank[m as usize]);
    if let Some(nearness) = nearness {
        left.sort_by_key(|&p| nearness.members_near(p));
        if nearness.matters {
            left = near::deal(&mut deal, claims, nearness, left);
        }
    }
    deal.deal_round(claims, &left)?;
    deal.check()?;
    Ok(deal.given)
}

impl Deal {
    /// Lets everybody keep what it owns, lowest partition numbers first, as far as the quota goes.
    fn keep_owned(&mut self, frame: &Frame, claims: &Claims, nearness: Option<&Nearness>) {
        let (owned, starts) = owned(frame, claims);
        let mut kept = Vec::new();
        for member in frame.order_again() {
            let [start, end] = [member, member + 1].map(|m| starts[m as usize] as usize);
            kept.clear();
            let rack = nearness.map_or(NONE, |nearness| nearness.rack(member));
            for &partition in &owned[start..end] {
                if nearness.is_some_and(|nearness| nearness.is_far(rack, partition)) {
                    self.revoked_from[partition as usize] = member;
                } else if !claims.contested[partition as usize] {
                    kept.push(partition);
                }
            }
            let count = kept.len() as u32;
            let keeps = if count < self.least {
                self.short.push(member);
                count
            } else if count >= self.most && self.may_take_extra() {
                self.take_extra();
                self.most
            } else {
                if self.may_take_extra() {
                    self.level.push(member);
                }
                self.least
            };
            for &partition in &kept[keeps as usize..] {
                self.revoked_from[partition as usize] = member;
            }
            self.counts[member as usize] = keeps;
            self.given.extend(kept[..keeps as usize].iter().map(|&p| (member, p)));
        }
    }

    pub(super) fn may_take_extra(&self) -> bool {
        self.with_extra < self.extra
    }

    /// A member gets its extra one; after the last of them nobody waits for more.
    pub(super) fn take_extra(&mut self) {
        self.with_extra += 1;
        if !self.may_take_extra() {
            self.level.clear();
        }
    }

    /// Gives a partition. If another member has yet to give it up, a cooperative one only waits
    /// for it in its place.
    pub(super) fn give(&mut self, claims: &Claims, member: u32, partition: u32) {
        self.counts[member as usize] += 1;
        let from = self.revoked_from[partition as usize];
        let must_wait = from != NONE && from != member || claims.contested[partition as usize];
        if self.kind == Kind::Eager || !must_wait {
            self.given.push((member, partition));
        }
    }

    /// Deals to the short ones in turn, then to level ones.
    fn deal_round(&mut self, claims: &Claims, left: &[u32]) -> Result<(), AssignError> {
        let mut level = VecDeque::from(mem::take(&mut self.level));
        let mut still_short = Vec::new();
        let mut turn = 0;
        for &partition in left {
            if turn == self.short.len() && !still_short.is_empty() {
                mem::swap(&mut self.short, &mut still_short);
                still_short.clear();
                turn = 0;
            }
            let Some(&member) = self.short.get(turn) else {
                let member = level.pop_front().ok_or(AssignError::IllegalState)?;
                self.give(claims, member, partition);
                self.with_extra += u32::from(self.counts[member as usize] == self.most);
                continue;
            };
            turn += 1;
            self.give(claims, member, partition);
            if self.counts[member as usize] == self.least {
                level.push_back(member);
            } else {
                self.with_extra += u32::from(self.counts[member as usize] == self.most);
                still_short.push(member);
            }
        }
        still_short.extend(&self.short[turn.min(self.short.len())..]);
        self.short = still_short;
        Ok(())
    }

    /// Kafka's own doubts about what it has done: reason to throw if there are short members.
    fn check(&self) -> Result<(), AssignError> {
        let short = |&m: &u32| self.counts[m as usize] != self.least;
        if !self.short.is_empty() && (self.with_extra != self.extra || self.short.iter().any(short))
        {
            return Err(AssignError::IllegalState);
        }
        Ok(())
    }
}

/// Held partitions by member, each member's by (index, topic): those of member `m` begin at the
/// returned place `m` and end at the next.
fn owned(frame: &Frame, claims: &Claims) -> (Vec<u32>, Vec<u32>) {
    let mut starts = vec![0; frame.members() + 1];
    let held: Vec<u32> = (0..claims.partitions()).filter(|&p| claims.holder(p) != NONE).collect();
    for &partition in &held {
        starts[claims.holder(partition) as usize + 1] += 1;
    }
    for member in 0..frame.members() {
        starts[member + 1] += starts[member];
    }
    let mut next = starts.clone();
    let mut owned = vec![0; held.len()];
    for partition in by_index(claims, held) {
        let at = &mut next[claims.holder(partition) as usize];
        owned[*at as usize] = partition;
        *at += 1;
    }
    (owned, starts)
}

/// Partitions by (index, topic), given by number.
fn by_index(claims: &Claims, mut partitions: Vec<u32>) -> Vec<u32> {
    let Some(&last) = partitions.last() else { return partitions };
    if last >= claims.known {
        partitions.sort_unstable_by_key(|&p| (claims.index(p), claims.topic(p)));
        return partitions;
    }
    // Numbers go by (topic, index): it is enough to count.
    let mut starts = Vec::new();
    for &partition in &partitions {
        let index = claims.index(partition) as usize;
        if starts.len() < index + 2 {
            starts.resize(index + 2, 0);
        }
        starts[index + 1] += 1;
    }
    for index in 1..starts.len() {
        starts[index] += starts[index - 1];
    }
    let mut sorted = vec![0; partitions.len()];
    for partition in partitions {
        let at = &mut starts[claims.index(partition) as usize];
        sorted[*at as usize] = partition;
        *at += 1;
    }
    sorted
}

/// Partitions that nobody has kept, by (topic, index).
///
/// Kafka walks all partitions and the kept ones in step, and waits for each kept one until it meets
/// it. One that is unknown is never met, so all behind it count as not kept.
fn unkept(frame: &Frame, claims: &Claims, kept: &[(u32, u32)]) -> Vec<u32> {
    let mut is_kept = vec![false; claims.partitions() as usize];
    for &(_, partition) in kept {
        is_kept[partition as usize] = true;
    }
    let stuck = (claims.known..claims.partitions()).filter(|&p| is_kept[p as usize]).map(|p| {
        let topic = claims.topic(p);
        let first = frame.first[topic as usize];
        if claims.index(p) < 0 { first } else { first + frame.topics[topic as usize].partitions }
    });
    let stuck = stuck.min().unwrap_or(claims.known);
    (0..claims.known).filter(|&p| p >= stuck || !is_kept[p as usize]).collect()
}
