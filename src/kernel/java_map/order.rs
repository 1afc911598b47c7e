//! The walk of a map that only ever took in keys, told without building the map.

use super::{DEFAULT_CAPACITY, spread};
use std::iter;

/// A list of more keys than this may get a tree, or make the table grow.
const PLAIN_UP_TO: u8 = 8;

/// The order in which `new HashMap()` is walked after keys of these hashes were put one by one:
/// their places in the sequence.
///
/// `None` where hashes alone don't tell: two keys may be equal, or a bucket was so crowded that it
/// may have got a tree. A [`JavaMap`](super::JavaMap) knows then.
pub fn walk_of_puts(hashes: &[i32]) -> Option<Vec<u32>> {
    let mut capacity = DEFAULT_CAPACITY;
    let bucket =
        |hash: i32, capacity: usize| spread(hash).cast_unsigned() as usize & (capacity - 1);
    loop {
        // The key that is one too many is still put into the smaller table.
        let held = &hashes[..hashes.len().min(capacity * 3 / 4 + 1)];
        let mut counts = vec![0_u8; capacity];
        for &hash in held {
            let count = &mut counts[bucket(hash, capacity)];
            *count += 1;
            if *count > PLAIN_UP_TO {
                return None;
            }
        }
        if hashes.len() > capacity * 3 / 4 {
            capacity *= 2;
            continue;
        }
        let mut next = Vec::with_capacity(capacity);
        let mut start = 0;
        for count in counts {
            next.push(start);
            start += u32::from(count);
        }
        let starts = next.clone();
        let mut order = vec![0; hashes.len()];
        for (place, &hash) in iter::zip(0_u32.., hashes) {
            let at = &mut next[bucket(hash, capacity)];
            order[*at as usize] = place;
            *at += 1;
        }
        for (start, end) in iter::zip(starts, next) {
            let list = &order[start as usize..end as usize];
            for (i, &a) in list.iter().enumerate() {
                if list[..i].iter().any(|&b| hashes[a as usize] == hashes[b as usize]) {
                    return None;
                }
            }
        }
        return Some(order);
    }
}

#[cfg(test)]
mod tests {
    use super::super::JavaMap;
    use super::*;

    #[test]
    fn it_is_the_walk_of_the_map() {
        for count in [0, 1, 12, 13, 14, 24, 25, 26, 200, 1000] {
            let keys: Vec<i32> =
                (0..count).map(|n: i32| n.wrapping_mul(0x9E37_79B1_u32.cast_signed())).collect();
            let mut map = JavaMap::new();
            for (place, &key) in iter::zip(0_u32.., &keys) {
                map.put(key, place);
            }
            let walk: Vec<u32> = map.values().copied().collect();
            assert_eq!(walk_of_puts(&keys), Some(walk), "{count} keys");
        }
    }

    #[test]
    fn it_does_not_guess() {
        assert_eq!(walk_of_puts(&[5, 6, 5]), None, "perhaps one key put twice");
        let crowded: Vec<i32> = (0..9).map(|n| n << 8).collect();
        assert_eq!(walk_of_puts(&crowded), None, "nine in a bucket");
        assert!(walk_of_puts(&crowded[..8]).is_some());
    }
}
