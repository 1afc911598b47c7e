//! The order in which Java walks a hash map, from what has happened to it, without the map.
//!
//! Where no bucket is crowded, the walk follows from two things: the capacity in the end, and the
//! order of the keys in their buckets. `put` appends a new key to its bucket, `computeIfAbsent`
//! prepends it, and doubling keeps the order; so it is enough to list the keys (those that came
//! first at the end of the list, in reverse, if they came by `computeIfAbsent`) and to sort the
//! list by bucket, stably. That costs a fraction of a [`JavaMap`](super::java_map::JavaMap), which
//! remains for crowded buckets: they make the table double early or turn into trees.

/// From so many keys on a bucket may behave differently; one or two fewer than Java's own limits.
const CROWD: usize = 8;

/// From so many keys on, counting them by bucket beats comparing them.
const MANY: usize = 64;

/// Hashes below this are their own spread.
const PLAIN: u32 = 1 << 16;

/// How many keys a map holds, and the capacity that follows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Growth {
    capacity: usize,
    len: usize,
}

impl Growth {
    /// `new HashMap()`, `new HashSet()`.
    pub const fn new() -> Self {
        Growth { capacity: 16, len: 0 }
    }

    /// `new HashMap(capacity)`.
    pub const fn with_capacity(capacity: usize) -> Self {
        Growth { capacity: capacity.next_power_of_two(), len: 0 }
    }

    /// `new HashSet(collection)` of so many different keys.
    pub fn of_collection(keys: usize) -> Self {
        Growth { len: keys, ..Self::with_capacity((keys * 4 / 3 + 1).max(16)) }
    }

    /// The number of buckets.
    pub const fn capacity(self) -> usize {
        self.capacity
    }

    /// The number of keys.
    pub const fn len(self) -> usize {
        self.len
    }

    /// Whether there are no keys.
    pub const fn is_empty(self) -> bool {
        self.len == 0
    }

    /// `put` of a new key: whether the capacity doubled after it.
    pub const fn put(&mut self) -> bool {
        self.len += 1;
        self.double_if_full()
    }

    /// `put` of so many new keys.
    pub fn put_all(&mut self, keys: usize) {
        self.len += keys;
        while self.double_if_full() {}
    }

    /// `computeIfAbsent`: whether the capacity doubled before it.
    pub const fn compute_if_absent(&mut self, is_new: bool) -> bool {
        let doubled = self.double_if_full();
        self.len += is_new as usize;
        doubled
    }

    /// `remove` of a key that is present.
    pub const fn remove(&mut self) {
        self.len -= 1;
    }

    const fn double_if_full(&mut self) -> bool {
        let full = self.len > self.capacity * 3 / 4;
        if full {
            self.capacity *= 2;
        }
        full
    }
}

impl Default for Growth {
    fn default() -> Self {
        Self::new()
    }
}

/// The bucket of a key with this hash.
const fn bucket(hash: i32, capacity: usize) -> usize {
    let hash = hash.cast_unsigned();
    (hash ^ (hash >> 16)) as usize & (capacity - 1)
}

/// Brings keys, listed as they would stand in one single bucket, into the order of the walk.
pub fn walk<K: Copy>(keys: &mut [K], capacity: usize, hash: impl Fn(K) -> i32) {
    let bucket = |&key: &K| bucket(hash(key), capacity);
    if keys.is_sorted_by_key(bucket) {
        return;
    }
    if keys.len() < MANY || capacity > 8 * keys.len() {
        keys.sort_by_key(bucket);
        return;
    }
    // Where the next key of each bucket goes.
    let mut places = vec![0_u32; capacity];
    for key in &*keys {
        places[bucket(key)] += 1;
    }
    let mut total = 0;
    for place in &mut places {
        total += std::mem::replace(place, total);
    }
    let listed = keys.to_vec();
    for key in listed {
        let place = &mut places[bucket(&key)];
        keys[*place as usize] = key;
        *place += 1;
    }
}

/// [`walk`] for keys that are numbers: whether each has a bucket of its own.
pub fn walk_numbers(keys: &mut [u32], capacity: usize) -> bool {
    let bucket = |&key: &u32| bucket(key.cast_signed(), capacity);
    let alone = |keys: &[u32]| keys.is_sorted_by(|a, b| bucket(a) < bucket(b));
    alone(keys) || {
        walk(keys, capacity, u32::cast_signed);
        alone(keys)
    }
}

/// Whether, in a map of this `growth` that began with a `capacity`, so many keys have shared a
/// bucket at some time that the order needs a real map. `keys` are all that ever came, in this
/// order; `gone` is how many of them left again.
pub fn is_crowded<K: Copy>(
    keys: &[K],
    gone: usize,
    capacity: usize,
    growth: Growth,
    hash: impl Fn(K) -> i32,
) -> bool {
    if keys.len() < CROWD {
        return false;
    }
    let mut capacity = capacity;
    let mut counts = vec![0_u8; growth.capacity];
    loop {
        // The last one before the doubling counts too.
        let present = keys.len().min(capacity * 3 / 4 + 1 + gone);
        counts[..capacity].fill(0);
        for &key in &keys[..present] {
            let count = &mut counts[bucket(hash(key), capacity)];
            *count += 1;
            if usize::from(*count) >= CROWD {
                return true;
            }
        }
        if capacity >= growth.capacity {
            return false;
        }
        capacity *= 2;
    }
}

/// [`is_crowded`] for different numbers: neighbours are never in one bucket.
pub fn are_numbers_crowded(keys: &[u32], gone: usize, capacity: usize, growth: Growth) -> bool {
    if keys.len() < CROWD {
        return false;
    }
    let (least, most) =
        keys.iter().fold((u32::MAX, 0), |(least, most), &key| (least.min(key), most.max(key)));
    // With fewer buckets than this a table doubles before it holds a crowd.
    let near = most < PLAIN && ((most - least) as usize) < (CROWD - 1) * capacity.max(CROWD);
    !near && is_crowded(keys, gone, capacity, growth, u32::cast_signed)
}

/// The order in which a set of the numbers below `count` is walked whose capacity exceeds `count`.
pub fn dense(count: u32) -> Vec<u32> {
    let mut numbers: Vec<u32> = (0..count).collect();
    if count > PLAIN {
        numbers.sort_by_key(|&number| number ^ (number >> 16));
    }
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::java_map::{JavaMap, JavaSet};
    use proptest::prelude::*;

    /// Numbers that crowd or do not.
    fn keys() -> impl Strategy<Value = Vec<u32>> {
        let number = prop_oneof![0..40_u32, (0..30_u32).prop_map(|n| n * 16), 0..1_u32 << 20];
        prop::collection::btree_set(number, 0..60)
            .prop_map(|keys| keys.into_iter().collect::<Vec<u32>>())
            .prop_shuffle()
    }

    proptest! {
        #[test]
        fn puts_are_walked_as_in_a_map(keys in keys(), capacity in 0..70_usize) {
            let mut map = JavaMap::with_capacity(capacity);
            let mut growth = Growth::with_capacity(capacity);
            let first = growth.capacity();
            for &key in &keys {
                map.put(key, ());
                growth.put();
            }
            if !are_numbers_crowded(&keys, 0, first, growth) {
                let mut order = keys;
                walk_numbers(&mut order, growth.capacity());
                prop_assert_eq!(order, map.keys().copied().collect::<Vec<_>>());
            }
        }

        #[test]
        fn computed_keys_are_walked_as_in_a_map(keys in keys(), capacity in 0..70_usize) {
            let mut map = JavaMap::with_capacity(capacity);
            let mut growth = Growth::with_capacity(capacity);
            let first = growth.capacity();
            for &key in &keys {
                map.compute_if_absent(key, || ());
                growth.compute_if_absent(true);
            }
            if !are_numbers_crowded(&keys, 0, first, growth) {
                let mut order = keys;
                order.reverse();
                walk_numbers(&mut order, growth.capacity());
                prop_assert_eq!(order, map.keys().copied().collect::<Vec<_>>());
            }
        }

        #[test]
        fn copies_that_lose_and_get_keys_are_walked_as_sets(
            keys in keys(), old in 0..60_usize, lost in 0..20_usize,
        ) {
            let (old, new) = keys.split_at(old.min(keys.len()));
            let lost = &old[..lost.min(old.len())];
            let mut set = JavaSet::of_collection(old.iter().copied());
            let mut growth = Growth::of_collection(old.len());
            let first = growth.capacity();
            for key in lost {
                set.remove(key);
                growth.remove();
            }
            for &key in new {
                set.add(key);
            }
            growth.put_all(new.len());
            if !are_numbers_crowded(&keys, lost.len(), first, growth) {
                let mut order = keys[lost.len()..].to_vec();
                walk_numbers(&mut order, growth.capacity());
                prop_assert_eq!(order, set.keys().copied().collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn a_dense_set_is_walked_upwards_up_to_a_limit() {
        assert!(dense(1000).is_sorted());
        let many = dense(PLAIN + 4);
        assert_eq!(many[65_534..], [65_534, 65_535, 65_537, 65_536, 65_539, 65_538]);
    }
}
