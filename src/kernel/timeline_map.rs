//! A map that is walked in the order of the `TimelineHashMap` of a coordinator.
//!
//! Like a hash map of Java it has a power of two of slots; unlike one, it
//!
//! - picks the slot by the highest bits of the hash times 2^64 over the golden ratio (Knuth's
//!   multiplicative hashing), the hash widened to 64 bits with its sign;
//! - begins with two slots, and doubles before an insertion that would fill more than 4/3 of a key
//!   a slot (a load factor turned upside down), also where the key is present already;
//! - walks the slots upwards, but each slot from the key that came last to the one that came first.

use super::java_hash::JavaKey;
use std::borrow::Borrow;
use std::{fmt, mem};

/// A map that is walked in the order of a `TimelineHashMap`; see the [module](self).
#[derive(Clone)]
pub struct TimelineMap<K, V> {
    slots: Vec<Vec<Entry<K, V>>>,
    len: usize,
}

#[derive(Clone)]
struct Entry<K, V> {
    hash: i32,
    key: K,
    value: V,
}

impl<K, V> TimelineMap<K, V> {
    /// A map that expects nothing: two slots.
    pub fn new() -> Self {
        Self::expecting(0)
    }

    /// A map that expects so many keys: the next power of two of slots from 4/3 of that, at least
    /// 2.
    pub fn expecting(keys: usize) -> Self {
        let slots = (4 * keys).div_ceil(3).next_power_of_two().max(2);
        TimelineMap { slots: Self::empty(slots), len: 0 }
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no keys.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Keys and values in the map's order.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.slots.iter().flat_map(|slot| slot.iter().rev()).map(|entry| (&entry.key, &entry.value))
    }

    /// Keys, and values to change, in the map's order.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&K, &mut V)> {
        let entries = self.slots.iter_mut().flat_map(|slot| slot.iter_mut().rev());
        entries.map(|entry| (&entry.key, &mut entry.value))
    }

    /// Keys in the map's order.
    pub fn keys(&self) -> impl Iterator<Item = &K> {
        self.iter().map(|(key, _)| key)
    }

    /// Values in the map's order.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.iter().map(|(_, value)| value)
    }

    /// Values to change, in the map's order.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.iter_mut().map(|(_, value)| value)
    }

    fn empty(slots: usize) -> Vec<Vec<Entry<K, V>>> {
        (0..slots).map(|_| Vec::new()).collect()
    }

    fn slot_of(&self, hash: i32) -> usize {
        slot_of(hash, self.slots.len())
    }
}

/// The slot of a hash, of a power of two of them.
pub(super) fn slot_of(hash: i32, slots: usize) -> usize {
    let product = i64::from(hash).cast_unsigned().wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (product >> (u64::BITS - slots.ilog2())) as usize
}

impl<K: JavaKey, V> TimelineMap<K, V> {
    /// The value of a key.
    pub fn get<Q: JavaKey + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        let (slot, index) = self.find(key.java_hash(), key)?;
        Some(&self.slots[slot][index].value)
    }

    /// The value of a key, to change it.
    pub fn get_mut<Q: JavaKey + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        let (slot, index) = self.find(key.java_hash(), key)?;
        Some(&mut self.slots[slot][index].value)
    }

    /// Whether there is such a key.
    pub fn contains_key<Q: JavaKey + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.find(key.java_hash(), key).is_some()
    }

    /// Sets the value of a key and returns the one that it had before.
    pub fn put(&mut self, key: K, value: V) -> Option<V> {
        // The growth test stands before the look-up: replacing a value can double the slots.
        if 3 * (self.len + 1) > 4 * self.slots.len() {
            self.grow();
        }
        if let Some(present) = self.get_mut(&key) {
            return Some(mem::replace(present, value));
        }
        let hash = key.java_hash();
        let slot = self.slot_of(hash);
        self.slots[slot].push(Entry { hash, key, value });
        self.len += 1;
        None
    }

    /// Removes a key and returns its value; the rest keeps its order.
    pub fn remove<Q: JavaKey + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let (slot, index) = self.find(key.java_hash(), key)?;
        self.len -= 1;
        Some(self.slots[slot].remove(index).value)
    }

    /// The values, those of some keys twice, as a look at the map of before a write shows them that
    /// was reverted and is the last so far: the copies come behind the others of their slots.
    pub fn values_twice(&self, keys: &[&K]) -> Vec<&V> {
        let mut values = Vec::with_capacity(self.len + keys.len());
        for (number, slot) in self.slots.iter().enumerate() {
            let copies = keys.iter().filter_map(|&key| self.find(key.java_hash(), key));
            let copies = copies.filter(|(place, _)| *place == number).map(|(_, at)| &slot[at]);
            let entries: Vec<&Entry<K, V>> = slot.iter().chain(copies).collect();
            values.extend(entries.into_iter().rev().map(|entry| &entry.value));
        }
        values
    }

    /// Puts keys back, in this order, that a write replaced and that were then reverted to: each
    /// becomes the last of its slot. Only the order changes. A look at the map of before a write
    /// has the same order. Growth is never reverted.
    pub fn put_back<'a>(&mut self, keys: impl IntoIterator<Item = &'a K>)
    where
        K: 'a,
    {
        for key in keys {
            if let Some((slot, index)) = self.find(key.java_hash(), key) {
                self.slots[slot][index..].rotate_left(1);
            }
        }
    }

    fn find<Q: JavaKey + ?Sized>(&self, hash: i32, key: &Q) -> Option<(usize, usize)>
    where
        K: Borrow<Q>,
    {
        let slot = self.slot_of(hash);
        let same = |entry: &Entry<K, V>| entry.hash == hash && entry.key.borrow() == key;
        self.slots[slot].iter().position(same).map(|index| (slot, index))
    }

    fn grow(&mut self) {
        let old = mem::take(&mut self.slots);
        self.slots = Self::empty(2 * old.len());
        for entry in old.into_iter().flatten() {
            let slot = self.slot_of(entry.hash);
            self.slots[slot].push(entry);
        }
    }
}

impl<K, V> Default for TimelineMap<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: fmt::Debug, V: fmt::Debug> fmt::Debug for TimelineMap<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}
