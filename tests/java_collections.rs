//! Hashes and iteration orders against those recorded from a JVM and from Kafka's own classes.

mod replay;

use proptest::prelude::*;
use rejoin::kernel::java_map::JavaMap;
use rejoin::kernel::timeline_map::TimelineMap;
use std::collections::BTreeMap;

/// Hashes of keys, groups, partitions and topic ids, sorted lists, walks.
#[test]
fn hashes_and_orders() {
    replay::check("assignors/hash.jsonl", 464);
}

/// Walks after operations that were picked because faults show in them.
#[test]
fn walks_that_show_faults() {
    replay::check("java/walks.jsonl", 63);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

    /// Whatever the order, the maps hold what any map would; keys that differ by multiples of 2^26
    /// share a bucket.
    #[test]
    fn maps_hold_what_was_put(ops in prop::collection::vec((0..6_u8, 0..64_i32), 1..300)) {
        let mut plain = BTreeMap::new();
        let (mut map, mut timeline) = (JavaMap::new(), TimelineMap::new());
        for (value, (op, key)) in ops.into_iter().enumerate() {
            let key = (key & 7) | key << 26;
            let before = plain.get(&key).copied();
            prop_assert_eq!(map.get(&key).copied(), before);
            prop_assert_eq!(timeline.get(&key).copied(), before);
            match op {
                0 => prop_assert_eq!((map.remove(&key), timeline.remove(&key)), (before, before)),
                1 => {
                    let now = *map.compute_if_absent(key, || value);
                    prop_assert_eq!(now, before.unwrap_or(value));
                    prop_assert_eq!(timeline.put(key, now), before);
                }
                _ => {
                    prop_assert_eq!(map.put(key, value), before);
                    prop_assert_eq!(timeline.put(key, value), before);
                }
            }
            match op {
                0 => _ = plain.remove(&key),
                1 => _ = plain.entry(key).or_insert(value),
                _ => _ = plain.insert(key, value),
            }
            prop_assert_eq!((map.len(), timeline.len()), (plain.len(), plain.len()));
        }
        map.values_mut().chain(timeline.values_mut()).for_each(|value| *value += 1);
        let plain: Vec<_> = plain.into_iter().map(|(key, value)| (key, value + 1)).collect();
        for walk in [map.iter().collect::<Vec<_>>(), timeline.iter().collect()] {
            let mut held: Vec<_> = walk.into_iter().map(|(&key, &value)| (key, value)).collect();
            held.sort_unstable();
            prop_assert_eq!(&held, &plain);
        }
    }
}
