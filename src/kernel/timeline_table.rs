//! A hash table that remembers what it was at each snapshot (Kafka's `SnapshottableHashTable`).
//!
//! The present is a table as [`TimelineMap`](super::timeline_map::TimelineMap) has it. What a
//! change replaces or removes moves into the tier of the newest snapshot, a table of its own. A look
//! at a snapshot walks the present and the tiers since then side by side. Going back to a snapshot
//! takes what is in its tier into the present but leaves it in the tier too: until the snapshot is
//! forgotten, a look at it shows those keys twice, as in Kafka.

use super::java_hash::JavaKey;
use super::timeline_map::slot_of;
use std::mem;

/// The present, as the epoch of a look.
pub const LATEST: u64 = u64::MAX;

/// A hash table with its past; see the [module](self). Epochs name snapshots.
#[derive(Clone, Debug)]
pub struct TimelineTable<K, V> {
    now: Slots<K, V>,
    /// What changed since each snapshot took it away, by epoch, the oldest first.
    tiers: Vec<(u64, Slots<K, V>)>,
}

#[derive(Clone, Debug)]
struct Slots<K, V> {
    slots: Vec<Vec<Entry<K, V>>>,
    len: usize,
}

#[derive(Clone, Debug)]
struct Entry<K, V> {
    hash: i32,
    key: K,
    value: V,
    /// The first epoch that has it.
    since: u64,
}

impl<K, V> Slots<K, V> {
    fn new() -> Self {
        Slots { slots: Self::empty(2), len: 0 }
    }

    fn empty(count: usize) -> Vec<Vec<Entry<K, V>>> {
        (0..count).map(|_| Vec::new()).collect()
    }

    fn slot(&self, hash: i32) -> usize {
        slot_of(hash, self.slots.len())
    }
}

impl<K: Eq, V> Slots<K, V> {
    fn find(&self, hash: i32, key: &K) -> Option<(usize, usize)> {
        let slot = self.slot(hash);
        let same = |entry: &Entry<K, V>| entry.hash == hash && entry.key == *key;
        self.slots[slot].iter().position(same).map(|index| (slot, index))
    }

    fn get(&self, hash: i32, key: &K) -> Option<&Entry<K, V>> {
        self.find(hash, key).map(|(slot, index)| &self.slots[slot][index])
    }

    fn put(&mut self, entry: Entry<K, V>) -> Option<Entry<K, V>> {
        // The growth test stands before the look-up: replacing a value can double the slots.
        if 3 * (self.len + 1) > 4 * self.slots.len() {
            let doubled = Self::empty(2 * self.slots.len());
            for entry in mem::replace(&mut self.slots, doubled).into_iter().flatten() {
                let slot = self.slot(entry.hash);
                self.slots[slot].push(entry);
            }
        }
        if let Some((slot, index)) = self.find(entry.hash, &entry.key) {
            return Some(mem::replace(&mut self.slots[slot][index], entry));
        }
        let slot = self.slot(entry.hash);
        self.slots[slot].push(entry);
        self.len += 1;
        None
    }

    fn remove(&mut self, hash: i32, key: &K) -> Option<Entry<K, V>> {
        let (slot, index) = self.find(hash, key)?;
        self.len -= 1;
        Some(self.slots[slot].remove(index))
    }
}

impl<K, V> Default for TimelineTable<K, V> {
    fn default() -> Self {
        TimelineTable { now: Slots::new(), tiers: Vec::new() }
    }
}

impl<K: JavaKey + Clone, V: Clone> TimelineTable<K, V> {
    /// Whether there are no keys at present.
    pub fn is_empty(&self) -> bool {
        self.now.len == 0
    }

    /// The value that a key has at an epoch.
    pub fn get(&self, key: &K, epoch: u64) -> Option<&V> {
        let hash = key.java_hash();
        if let Some(entry) = self.now.get(hash, key).filter(|entry| entry.since <= epoch) {
            return Some(&entry.value);
        }
        let mut tiers = self.tiers.iter().filter(|(of, _)| *of >= epoch);
        let entry = tiers.find_map(|(_, tier)| tier.get(hash, key))?;
        (entry.since <= epoch).then_some(&entry.value)
    }

    /// Sets the value of a key. `newest` is the epoch of the newest snapshot.
    pub fn put(&mut self, key: K, value: V, newest: u64) {
        let entry = Entry { hash: key.java_hash(), key, value, since: newest + 1 };
        if let Some(before) = self.now.put(entry) {
            self.keep(before, newest);
        }
    }

    /// Removes a key; whether it was there. `newest` is the epoch of the newest snapshot.
    pub fn remove(&mut self, key: &K, newest: u64) -> bool {
        let before = self.now.remove(key.java_hash(), key);
        before.map(|before| self.keep(before, newest)).is_some()
    }

    /// Keeps what is no longer present for the newest snapshot, if that has it.
    fn keep(&mut self, before: Entry<K, V>, newest: u64) {
        if before.since > newest {
            return;
        }
        if self.tiers.last().is_none_or(|(of, _)| *of != newest) {
            self.tiers.push((newest, Slots::new()));
        }
        if let Some((_, tier)) = self.tiers.last_mut() {
            tier.put(before);
        }
    }

    /// Keys and values at an epoch in Kafka's order, some perhaps twice.
    pub fn walk(&self, epoch: u64) -> Vec<(&K, &V)> {
        let count = self.now.slots.len();
        let mut walked = Vec::with_capacity(self.now.len);
        for (number, slot) in self.now.slots.iter().enumerate() {
            let mut ready: Vec<&Entry<K, V>> =
                slot.iter().filter(|entry| entry.since <= epoch).collect();
            for (_, tier) in self.tiers.iter().filter(|(of, _)| *of >= epoch) {
                let place = &tier.slots[slot_beside(number, count, tier.slots.len())];
                let here = |entry: &&Entry<K, V>| {
                    entry.since <= epoch && slot_of(entry.hash, count) == number
                };
                ready.extend(place.iter().filter(here));
            }
            walked.extend(ready.into_iter().rev().map(|entry| (&entry.key, &entry.value)));
        }
        walked
    }

    /// Values of the present and of all snapshots.
    pub fn all_values(&self) -> impl Iterator<Item = &V> {
        let tables = self.tiers.iter().map(|(_, tier)| tier).chain([&self.now]);
        tables.flat_map(|table| table.slots.iter().flatten()).map(|entry| &entry.value)
    }

    /// Goes back to the newest snapshot.
    pub fn revert(&mut self, newest: u64) {
        for slot in &mut self.now.slots {
            let before = slot.len();
            slot.retain(|entry| entry.since <= newest);
            self.now.len -= before - slot.len();
        }
        if let Some((_, tier)) = self.tiers.last().filter(|(of, _)| *of == newest) {
            for entry in tier.slots.iter().flatten() {
                self.now.put(entry.clone());
            }
        }
    }

    /// Forgets the snapshot of this epoch and those before.
    pub fn forget(&mut self, epoch: u64) {
        self.tiers.retain(|(of, _)| *of > epoch);
    }
}

/// Where in a tier the keys stand that belong into a slot of the present. Where the tier has more
/// slots than the present Kafka shifts by a negative number, and looks into the first one only.
fn slot_beside(slot: usize, present: usize, tier: usize) -> usize {
    slot.checked_shr(present.ilog2().wrapping_sub(tier.ilog2())).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(table: &TimelineTable<u32, char>, epoch: u64) -> Vec<u32> {
        table.walk(epoch).into_iter().map(|(key, _)| *key).collect()
    }

    #[test]
    fn a_snapshot_stays_as_it_was() {
        let mut table = TimelineTable::default();
        (0..3).for_each(|key| table.put(key, 'a', 0));
        table.put(1, 'b', 7);
        table.remove(&2, 7);
        table.put(3, 'b', 7);
        assert_eq!(table.get(&1, 7), Some(&'a'));
        assert_eq!(table.get(&1, LATEST), Some(&'b'));
        assert_eq!((table.get(&2, 7), table.get(&2, LATEST)), (Some(&'a'), None));
        assert_eq!((table.get(&3, 7), table.get(&3, LATEST)), (None, Some(&'b')));
        let mut then = keys(&table, 7);
        then.sort_unstable();
        assert_eq!(then, [0, 1, 2]);
    }

    #[test]
    fn a_snapshot_gone_back_to_shows_what_came_back_twice() {
        let mut table = TimelineTable::default();
        (0..2).for_each(|key| table.put(key, 'a', 0));
        table.put(1, 'b', 5);
        table.put(2, 'b', 5);
        table.revert(5);
        assert_eq!((table.get(&1, LATEST), table.get(&2, LATEST)), (Some(&'a'), None));
        let mut then = keys(&table, 5);
        then.sort_unstable();
        assert_eq!(then, [0, 1, 1]);
        table.forget(5);
        let mut now = keys(&table, 5);
        now.sort_unstable();
        assert_eq!(now, [0, 1]);
    }
}
