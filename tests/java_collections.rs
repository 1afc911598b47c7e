//! Hashes and iteration orders against those recorded from a JVM and from Kafka's own classes.

use proptest::prelude::*;
use rejoin::kernel::java_hash::{JavaKey, combine, string_cmp, string_hash};
use rejoin::kernel::java_map::{JavaMap, JavaSet};
use rejoin::kernel::murmur::murmur2;
use rejoin::kernel::timeline_map::TimelineMap;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Debug;

const VECTORS: [&str; 2] =
    [include_str!("vectors/assignors/hash.jsonl"), include_str!("vectors/java/walks.jsonl")];

/// Runs `check` on every case of a kind, of which there must be `count`.
fn each(kind: &str, count: usize, check: impl Fn(&Value)) {
    let lines = VECTORS.into_iter().flat_map(str::lines);
    let cases = lines.map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let cases: Vec<Value> = cases.filter(|case| case["kind"] == kind).collect();
    assert_eq!(cases.len(), count, "cases of kind {kind}");
    cases.iter().for_each(check);
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().expect("a list").iter().map(|item| text(item).to_owned()).collect()
}

fn int(value: &Value) -> i32 {
    value.as_i64().and_then(|number| i32::try_from(number).ok()).expect("a 32-bit number")
}

fn keys<V>(map: &JavaMap<String, V>) -> Vec<String> {
    map.keys().cloned().collect()
}

#[test]
fn murmur2_of_keys() {
    each("key", 130, |case| {
        let hex = text(&case["key"]).as_bytes();
        let digits = |pair: &[u8]| str::from_utf8(pair).map(|pair| u8::from_str_radix(pair, 16));
        let key: Vec<u8> = hex.chunks(2).map(|pair| digits(pair).unwrap().unwrap()).collect();
        assert_eq!(murmur2(&key), int(&case["murmur2"]), "{case}");
    });
}

#[test]
fn hash_codes_of_strings() {
    each("group", 100, |case| {
        assert_eq!(string_hash(text(&case["group"])), int(&case["hash"]), "{case}");
    });
}

#[test]
fn combined_hash_codes() {
    each("topic-partition", 42, |case| {
        let hash = combine(combine(1, int(&case["index"])), string_hash(text(&case["topic"])));
        assert_eq!(hash, int(&case["hash"]), "{case}");
    });
}

#[test]
fn order_of_strings() {
    each("string-order", 1, |case| {
        let sorted = texts(&case["sorted"]);
        let mut again = sorted.clone();
        again.sort();
        assert_ne!(again, sorted, "the order of UTF-8 is another one");
        again.sort_by(|a, b| string_cmp(a, b));
        assert_eq!(again, sorted);
    });
}

/// The keys of a list, if they are of this type.
fn list<K: JavaKey>(value: &Value, key: fn(&Value) -> Option<K>) -> Option<Vec<K>> {
    value.as_array().expect("a list").iter().map(key).collect()
}

/// Keys come as texts or as numbers, the same throughout a case.
fn as_text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn as_int(value: &Value) -> Option<i32> {
    value.as_i64().map(|number| i32::try_from(number).expect("a 32-bit number"))
}

fn has_numbers(case: &Value) -> bool {
    case["ops"].as_array().expect("operations").iter().any(|op| op[1].is_i64())
}

/// The map after the operations of a case.
fn hash_map<K: JavaKey>(case: &Value, key: fn(&Value) -> Option<K>) -> JavaMap<K, ()> {
    let capacity = case["capacity"].as_u64();
    let mut map = capacity.map_or(JavaMap::new(), |n| JavaMap::with_capacity(n as usize));
    for op in case["ops"].as_array().expect("operations") {
        let key_of = || key(&op[1]).expect("keys of one type");
        match text(&op[0]) {
            "put" => _ = map.put(key_of(), ()),
            "putIfAbsent" => _ = map.put_if_absent(key_of(), ()),
            "compute" => {
                map.compute_if_absent(key_of(), || ());
            }
            "remove" => _ = map.remove(&key_of()),
            "removeIf" => {
                let gone = list(&op[1], key).expect("keys of one type");
                map.retain(|key, ()| !gone.contains(key));
            }
            other => panic!("{other} is no operation"),
        }
    }
    map
}

fn timeline_map<K: JavaKey>(case: &Value, key: fn(&Value) -> Option<K>) -> TimelineMap<K, ()> {
    let expected = case["expected"].as_u64().or(case["capacity"].as_u64()).expect("a number");
    let mut map = TimelineMap::expecting(expected as usize);
    for op in case["ops"].as_array().expect("operations") {
        let key = key(&op[1]).expect("keys of one type");
        match text(&op[0]) {
            "put" => map.put(key, ()),
            "remove" => map.remove(&key),
            other => panic!("{other} is no operation"),
        };
    }
    map
}

fn check_walk<'a, K: JavaKey + Debug + 'a>(
    walk: impl Iterator<Item = &'a K>,
    case: &Value,
    key: fn(&Value) -> Option<K>,
) {
    let order = list(&case["order"], key).expect("keys of one type");
    let walk: Vec<&K> = walk.collect();
    assert_eq!(walk, order.iter().collect::<Vec<_>>(), "{case}");
}

#[test]
fn walks_of_hash_maps() {
    each("hashmap", 60, |case| {
        let map = hash_map(case, as_text);
        check_walk(map.keys(), case, as_text);
        assert_eq!(keys(&JavaMap::copy_of(&map)), texts(&case["copied"]), "{case}");
        let set = JavaSet::of_collection(texts(&case["order"]));
        assert_eq!(keys(&set), texts(&case["hashset"]), "{case}");
    });
}

#[test]
fn walks_of_hash_maps_with_tree_bins() {
    each("hashmap-tree", 9, |case| {
        for (mut map, order) in
            [(JavaMap::new(), "order"), (JavaMap::with_capacity(64), "order-capacity-64")]
        {
            for key in texts(&case["inserted"]) {
                map.put(key, ());
            }
            assert_eq!(keys(&map), texts(&case[order]), "{case}");
        }
    });
    each("hashmap-walk", 50, |case| {
        if has_numbers(case) {
            check_walk(hash_map(case, as_int).keys(), case, as_int);
        } else {
            check_walk(hash_map(case, as_text).keys(), case, as_text);
        }
    });
}

#[test]
fn walks_of_timeline_maps() {
    let check = |case: &Value| {
        if has_numbers(case) {
            check_walk(timeline_map(case, as_int).keys(), case, as_int);
        } else {
            check_walk(timeline_map(case, as_text).keys(), case, as_text);
        }
    };
    each("timeline", 60, check);
    each("timeline-walk", 13, check);
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
