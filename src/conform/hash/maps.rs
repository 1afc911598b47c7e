//! Walks of Java's `HashMap` and Kafka's `TimelineHashMap` after some operations.

use crate::conform::difference::{Pairs, Problem};
use crate::kernel::java_hash::JavaKey;
use crate::kernel::java_map::{JavaMap, JavaSet};
use crate::kernel::timeline_map::TimelineMap;
use serde::Deserialize;
use std::cmp::Ordering;
use std::fmt;

/// A larger table is refused: it only costs memory.
const CAPACITY: usize = 1 << 20;

/// A key: a string or an `Integer`.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
enum Key {
    Text(String),
    Int(i32),
}

/// The operation's name, and its key or keys.
type Op = (String, Keys);

#[derive(Deserialize)]
#[serde(untagged)]
enum Keys {
    One(Key),
    Many(Vec<Key>),
}

/// Operations on a map, and its walk afterwards.
#[derive(Deserialize)]
pub(super) struct Walk {
    /// Argument of the constructor.
    capacity: Option<usize>,
    /// The expected size of a `TimelineHashMap`.
    expected: Option<usize>,
    ops: Vec<Op>,
    order: Vec<Key>,
    /// The walk of `new HashMap(map)`.
    copied: Option<Vec<Key>>,
    /// The walk of `new HashSet(list of keys)`.
    hashset: Option<Vec<Key>>,
}

/// Keys that share a bucket, inserted into an empty map and into one of capacity 64.
#[derive(Deserialize)]
pub(super) struct Colliding {
    inserted: Vec<Key>,
    order: Vec<Key>,
    #[serde(rename = "order-capacity-64")]
    order_capacity_64: Vec<Key>,
}

pub(super) fn hash_map(case: &Walk, pairs: &mut Pairs) -> Result<String, Problem> {
    let capacity = case.capacity.map(limited).transpose()?;
    let mut map = capacity.map_or(JavaMap::new(), JavaMap::with_capacity);
    for (op, keys) in &case.ops {
        match (op.as_str(), keys) {
            ("put", Keys::One(key)) => _ = map.put(key.clone(), ()),
            ("putIfAbsent", Keys::One(key)) => _ = map.put_if_absent(key.clone(), ()),
            ("compute", Keys::One(key)) => {
                map.compute_if_absent(key.clone(), || ());
            }
            ("remove", Keys::One(key)) => _ = map.remove(key),
            ("removeIf", Keys::Many(gone)) => map.retain(|key, ()| !gone.contains(key)),
            (op, _) => return Err(unknown(op)),
        }
    }
    compare(pairs, "walk", &case.order, map.keys());
    if let Some(copied) = &case.copied {
        compare(pairs, "walk of a copy", copied, JavaMap::copy_of(&map).keys());
    }
    if let Some(hashset) = &case.hashset {
        let set = JavaSet::of_collection(case.order.iter().cloned());
        compare(pairs, "walk of a set of the keys", hashset, set.keys());
    }
    Ok(format!("HashMap after {} operations", case.ops.len()))
}

pub(super) fn timeline(case: &Walk, pairs: &mut Pairs) -> Result<String, Problem> {
    let expected = case.expected.or(case.capacity).unwrap_or(0);
    let mut map = TimelineMap::expecting(limited(expected)?);
    for (op, keys) in &case.ops {
        match (op.as_str(), keys) {
            ("put", Keys::One(key)) => _ = map.put(key.clone(), ()),
            ("remove", Keys::One(key)) => _ = map.remove(key),
            (op, _) => return Err(unknown(op)),
        }
    }
    compare(pairs, "walk", &case.order, map.keys());
    Ok(format!("TimelineHashMap after {} operations", case.ops.len()))
}

pub(super) fn colliding(case: &Colliding, pairs: &mut Pairs) -> String {
    let maps = [
        ("walk", JavaMap::new(), &case.order),
        ("walk at capacity 64", JavaMap::with_capacity(64), &case.order_capacity_64),
    ];
    for (what, mut map, order) in maps {
        for key in &case.inserted {
            map.put(key.clone(), ());
        }
        compare(pairs, what, order, map.keys());
    }
    format!("HashMap of {} colliding keys", case.inserted.len())
}

fn compare<'a>(pairs: &mut Pairs, what: &str, kafka: &[Key], walk: impl Iterator<Item = &'a Key>) {
    let walk: Vec<Key> = walk.cloned().collect();
    pairs.lists(what, kafka, &walk, Key::to_string);
}

fn limited(capacity: usize) -> Result<usize, Problem> {
    let malformed = || Problem::Malformed(format!("a capacity of {capacity} is too large"));
    if capacity <= CAPACITY { Ok(capacity) } else { Err(malformed()) }
}

fn unknown(op: &str) -> Problem {
    Problem::Malformed(format!("`{op}` is no operation on such a map, or has no such key"))
}

impl JavaKey for Key {
    fn java_hash(&self) -> i32 {
        match self {
            Key::Text(text) => text.java_hash(),
            Key::Int(number) => number.java_hash(),
        }
    }

    fn java_cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Key::Text(a), Key::Text(b)) => a.java_cmp(b),
            (Key::Int(a), Key::Int(b)) => a.java_cmp(b),
            // Java orders keys of two classes by the names of the classes.
            (Key::Int(_), Key::Text(_)) => Ordering::Less,
            (Key::Text(_), Key::Int(_)) => Ordering::Greater,
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Key::Text(text) => write!(f, "{text}"),
            Key::Int(number) => write!(f, "{number}"),
        }
    }
}
