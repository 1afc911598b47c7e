//! Partitions shared out among subscribers: each partition to the same number of them, and each
//! subscriber as many partitions as the others, or one more.

use super::{Change, Log, Thrown, capacity_for};
use crate::assignor::server::group::Lists;
use crate::assignor::server::rebuild::Step;
use crate::kernel::java_hash::JavaKey;
use crate::kernel::java_map::{JavaMap, JavaSet};
use crate::kernel::java_order::{self, Growth};
use std::cmp::Ordering;

/// A partition under work.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Slot {
    pub topic: u32,
    pub partition: u32,
    /// The hash of the key that stands for it.
    pub hash: i32,
}

/// A slot as a key of Java's maps.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Key {
    slot: u32,
    hash: i32,
}

impl JavaKey for Key {
    fn java_hash(&self) -> i32 {
        self.hash
    }

    /// Where the key is a topic with a partition, Java has no order and decides by addresses.
    fn java_cmp(&self, other: &Self) -> Ordering {
        self.slot.cmp(&other.slot)
    }
}

/// Shares out partitions, with memory that is used again.
pub(super) struct Sharing {
    /// How many partitions each member should have, and how many it has.
    wanted: Vec<usize>,
    counts: Vec<usize>,
    /// The slot at which each member was last seen, plus one; counted on over all topics.
    seen_at: Vec<u64>,
    visits: u64,
}

impl Sharing {
    pub(super) fn new(members: usize) -> Self {
        Sharing {
            wanted: vec![0; members],
            counts: vec![0; members],
            seen_at: vec![0; members],
            visits: 0,
        }
    }

    /// How many partitions a member should have.
    pub(super) fn wanted(&self, member: usize) -> usize {
        self.wanted[member]
    }

    /// Shares out the slots among `targets`. `pairs` tells who has which slot now, members one
    /// after the other; they may have slots that are no targets.
    pub(super) fn share(
        &mut self,
        slots: &[Slot],
        targets: &[u32],
        pairs: &[(u32, u32)],
        subscribers: &[u32],
        log: &mut Log,
    ) -> Result<(), Thrown> {
        let sharers = subscribers.len().div_ceil(targets.len().max(1));
        let sharers = if targets.is_empty() { 0 } else { sharers };
        self.want(subscribers, sharers, targets.len());

        let capacity = Growth::with_capacity(capacity_for(targets.len()));
        let mut growth = capacity;
        // Slots in the order in which they got an entry.
        let mut entries: Vec<u32> = Vec::with_capacity(targets.len());
        let mut has_entry = vec![false; slots.len()];
        let mut enter = |slot: u32| {
            let is_new = !std::mem::replace(&mut has_entry[slot as usize], true);
            growth.compute_if_absent(is_new);
            if is_new {
                entries.push(slot);
            }
        };
        for &(_, slot) in pairs {
            enter(slot);
        }
        let mut is_left = self.take_from_the_full(slots, pairs, log);
        let by_slot = Lists::of(slots.len(), || pairs.iter().map(|&(_, slot)| slot).zip(0..));
        self.take_from_the_crowded(slots, pairs, &by_slot, sharers, &mut is_left, log);
        for &slot in targets {
            enter(slot);
        }

        let mut unfilled: Vec<u32> = subscribers
            .iter()
            .copied()
            .filter(|&member| self.counts[member as usize] < self.wanted[member as usize])
            .collect();
        if unfilled.is_empty() {
            return Ok(());
        }
        let all = Growth::with_capacity(capacity_for(self.wanted.len())).capacity();
        java_order::walk_numbers(&mut unfilled, all);
        let hash = |slot: u32| slots[slot as usize].hash;
        walk_entries(&mut entries, capacity.capacity(), growth, hash);
        self.give(
            &mut Ring::of(unfilled),
            sharers,
            &entries,
            |slot| {
                let here = by_slot.get(slot).iter().map(|&pair| pair as usize);
                here.filter(|&pair| is_left[pair]).map(|pair| pairs[pair].0)
            },
            |member, slot, step| {
                let Slot { topic, partition, .. } = slots[slot as usize];
                log.add(member, Change { topic, partition, step });
            },
        )
    }

    /// Works out how many partitions everybody should have.
    fn want(&mut self, subscribers: &[u32], sharers: usize, targets: usize) {
        self.wanted.fill(0);
        self.counts.fill(0);
        let each = (sharers * targets) as f64 / subscribers.len() as f64;
        let up_to = |count: usize| (each * count as f64).ceil() as usize;
        let mut before = 0;
        for (number, &member) in (1..).zip(subscribers) {
            let end = up_to(number);
            self.wanted[member as usize] = end - before;
            before = end;
        }
    }

    /// Counts what everybody has, and takes from those who have more than they should. Tells
    /// which pairs are left.
    fn take_from_the_full(
        &mut self,
        slots: &[Slot],
        pairs: &[(u32, u32)],
        log: &mut Log,
    ) -> Vec<bool> {
        let mut is_left = vec![true; pairs.len()];
        let mut start = 0;
        for of_member in pairs.chunk_by(|a, b| a.0 == b.0) {
            let member = of_member[0].0;
            let wanted = self.wanted[member as usize];
            let more = of_member.len().saturating_sub(wanted);
            self.counts[member as usize] = of_member.len() - more;
            if more > 0 {
                let hash = |pair: u32| slots[pairs[pair as usize].1 as usize].hash;
                let mut walk: Vec<u32> = (start..start + of_member.len() as u32).collect();
                let mut growth = Growth::new();
                growth.put_all(of_member.len());
                if java_order::is_crowded(&walk, 0, 16, growth, hash) {
                    let mut set = JavaMap::new();
                    for &pair in &walk {
                        set.put(Key { slot: pairs[pair as usize].1, hash: hash(pair) }, pair);
                    }
                    walk = set.values().copied().collect();
                } else {
                    java_order::walk(&mut walk, growth.capacity(), hash);
                }
                for &pair in &walk[..more] {
                    is_left[pair as usize] = false;
                    let Slot { topic, partition, .. } = slots[pairs[pair as usize].1 as usize];
                    log.add(member, Change { topic, partition, step: Step::Removed });
                }
            }
            start += of_member.len() as u32;
        }
        is_left
    }

    /// Takes slots from members where more than `sharers` have them.
    fn take_from_the_crowded(
        &mut self,
        slots: &[Slot],
        pairs: &[(u32, u32)],
        by_slot: &Lists,
        sharers: usize,
        is_left: &mut [bool],
        log: &mut Log,
    ) {
        for (number, slot) in (0..).zip(slots) {
            let here = by_slot.get(number);
            if here.len() <= sharers {
                continue;
            }
            let left = here.iter().filter(|&&pair| is_left[pair as usize]).count();
            let Some(more) = left.checked_sub(sharers).filter(|&more| more > 0) else { continue };
            let member = |pair: u32| pairs[pair as usize].0.cast_signed();
            let mut growth = Growth::new();
            growth.put_all(here.len());
            let mut walk: Vec<u32> = Vec::with_capacity(here.len());
            if java_order::is_crowded(here, here.len() - left, 16, growth, member) {
                let mut set = JavaMap::new();
                for &pair in here {
                    set.put(pairs[pair as usize].0, pair);
                }
                for &pair in here.iter().filter(|&&pair| !is_left[pair as usize]) {
                    set.remove(&pairs[pair as usize].0);
                }
                walk.extend(set.values());
            } else {
                walk.extend(here.iter().filter(|&&pair| is_left[pair as usize]));
                java_order::walk(&mut walk, growth.capacity(), member);
            }
            for &pair in &walk[..more] {
                is_left[pair as usize] = false;
                let member = pairs[pair as usize].0;
                self.counts[member as usize] -= 1;
                let Slot { topic, partition, .. } = *slot;
                log.add(member, Change { topic, partition, step: Step::Removed });
            }
        }
    }

    /// Gives slots that lack members to those who lack slots, going round among them.
    fn give<I: Iterator<Item = u32>>(
        &mut self,
        unfilled: &mut Ring,
        sharers: usize,
        entries: &[u32],
        members_of: impl Fn(u32) -> I,
        mut give: impl FnMut(u32, u32, Step),
    ) -> Result<(), Thrown> {
        // Whether anybody took anything in this turn.
        let mut is_useful = false;
        for &slot in entries {
            let mut missing = sharers;
            // Marks who has the slot already, and, one higher, who gets it now.
            self.visits += 2;
            for member in members_of(slot) {
                self.seen_at[member as usize] = self.visits;
                missing = missing.saturating_sub(1);
            }
            while missing > 0 {
                if unfilled.is_at_end() {
                    // After a turn in vain nobody gets anything any more: the next slots come here
                    // too. So it is in Kafka.
                    if !is_useful {
                        break;
                    }
                    unfilled.restart();
                    is_useful = false;
                }
                let member = unfilled.next().ok_or(Thrown::NoSuchElement)?;
                let here = member as usize;
                if self.seen_at[here] == self.visits {
                    continue;
                }
                // Kafka does not note that the slot is given: if nobody else is unfilled, members
                // get it again and again until it counts as given often enough.
                if self.seen_at[here] == self.visits + 1 {
                    give(member, slot, Step::AddedAgain);
                } else {
                    self.seen_at[here] = self.visits + 1;
                    give(member, slot, Step::Added);
                    self.counts[here] += 1;
                }
                missing -= 1;
                is_useful = true;
                if self.counts[here] >= self.wanted[here] {
                    unfilled.remove();
                }
            }
            if unfilled.is_empty() {
                break;
            }
        }
        Ok(())
    }
}

/// Brings slots from the order in which they got entries into that of the map.
fn walk_entries(
    entries: &mut Vec<u32>,
    capacity: usize,
    growth: Growth,
    hash: impl Fn(u32) -> i32 + Copy,
) {
    if java_order::is_crowded(entries, 0, capacity, growth, hash) {
        let mut map: JavaSet<Key> = JavaSet::with_capacity(capacity);
        let key = |slot: u32| Key { slot, hash: hash(slot) };
        for &slot in entries.iter() {
            map.compute_if_absent(key(slot), || ());
        }
        // Entries that were met again later may have made it grow once more.
        let mut unmet = Growth::with_capacity(capacity);
        for _ in 0..entries.len() {
            unmet.compute_if_absent(true);
        }
        if let Some(&last) = entries.last().filter(|_| unmet != growth) {
            map.compute_if_absent(key(last), || ());
        }
        *entries = map.keys().map(|key| key.slot).collect();
    } else {
        entries.reverse();
        java_order::walk(entries, growth.capacity(), hash);
    }
}

/// Members to go round among.
struct Ring {
    members: Vec<u32>,
    /// The place of the next member, by place; the last of all stands for the end.
    next: Vec<u32>,
    first: u32,
    /// The place that comes next, the one that was told last, and the one before it.
    upcoming: u32,
    current: Option<u32>,
    before: Option<u32>,
}

impl Ring {
    fn of(members: Vec<u32>) -> Self {
        let next = (1..=members.len() as u32).collect();
        Ring { members, next, first: 0, upcoming: 0, current: None, before: None }
    }

    fn is_at_end(&self) -> bool {
        self.upcoming as usize == self.members.len()
    }

    fn is_empty(&self) -> bool {
        self.first as usize == self.members.len()
    }

    fn restart(&mut self) {
        (self.upcoming, self.current, self.before) = (self.first, None, None);
    }

    fn next(&mut self) -> Option<u32> {
        let member = self.members.get(self.upcoming as usize).copied()?;
        self.before = self.current.or(self.before);
        self.current = Some(self.upcoming);
        self.upcoming = self.next[self.upcoming as usize];
        Some(member)
    }

    /// Takes out the member that was told last.
    fn remove(&mut self) {
        if self.current.take().is_some() {
            match self.before {
                Some(before) => self.next[before as usize] = self.upcoming,
                None => self.first = self.upcoming,
            }
        }
    }
}
