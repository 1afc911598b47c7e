//! A map that is walked in the order of Java's `HashMap`.
//!
//! That order is a function of the keys' hashes, of the order in which they came and went, of the
//! operation that brought each one, and of the capacity. Programs whose answers depend on it can be
//! followed exactly. The rules, as of JDK 17:
//!
//! - The walk goes through the buckets upwards, and through the list of each bucket. The bucket of
//!   a key is its spread hash modulo the capacity, a power of two.
//! - [`put`](JavaMap::put) appends to the list, and then doubles the capacity if it holds more than
//!   3/4 of it. [`compute_if_absent`](JavaMap::compute_if_absent) doubles before it looks, and
//!   prepends. Doubling parts a list in two without changing the order.
//! - A list that grows beyond eight keys gets a red-black tree beside it, if the capacity is at
//!   least 64; else the capacity doubles. With a tree, a key is inserted behind its parent in the
//!   tree, and the key at the root of the tree moves to the front of the list. Few keys lose their
//!   tree again: six at a doubling, or when a removal finds the tree's top sparse.
//!
//! Lookups walk the list even where there is a tree: that is slower than Java only for many keys
//! whose hashes agree modulo the capacity, which must be sought to be found.

mod iter;
mod order;
mod table;
mod tree;

pub use iter::{Iter, Keys, Values};
pub use order::walk_of_puts;

use super::java_hash::JavaKey;
use std::borrow::Borrow;
use std::{fmt, mem};
use tree::Forest;

/// Stands for no node.
const NONE: u32 = u32::MAX;

/// The capacity that a map gets with its first key if none was asked for.
const DEFAULT_CAPACITY: usize = 16;

/// A map that is walked in the order of Java's `HashMap`; see the [module](self).
#[derive(Clone)]
pub struct JavaMap<K, V> {
    nodes: Vec<Node<K, V>>,
    /// The first node that holds no entry; `next` leads to the others.
    free: u32,
    len: usize,
    /// Empty before the first insertion.
    table: Vec<Bucket>,
    /// The table's size at the first insertion.
    initial_capacity: usize,
    trees: Forest,
}

/// A set that is walked in the order of Java's `HashSet`.
pub type JavaSet<K> = JavaMap<K, ()>;

#[derive(Clone)]
struct Node<K, V> {
    /// Spread.
    hash: i32,
    next: u32,
    entry: Option<(K, V)>,
}

/// The list of a bucket and the root of the tree beside it; [`NONE`] if there is none.
#[derive(Clone, Copy)]
struct Bucket {
    head: u32,
    root: u32,
}

/// Why a node is sure to hold an entry.
const LISTED: &str = "nodes in lists hold entries";

const EMPTY: Bucket = Bucket { head: NONE, root: NONE };

/// What Java makes of a hash: high bits take part in the choice of a bucket.
const fn spread(hash: i32) -> i32 {
    hash ^ (hash.cast_unsigned() >> 16).cast_signed()
}

impl<K, V> JavaMap<K, V> {
    /// `new HashMap()`.
    pub const fn new() -> Self {
        Self::of_size(DEFAULT_CAPACITY)
    }

    /// `new HashMap(capacity)`: the next power of two, at least one.
    pub const fn with_capacity(capacity: usize) -> Self {
        Self::of_size(capacity.next_power_of_two())
    }

    const fn of_size(initial_capacity: usize) -> Self {
        JavaMap {
            nodes: Vec::new(),
            free: NONE,
            len: 0,
            table: Vec::new(),
            initial_capacity,
            trees: Forest::new(),
        }
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no keys.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many buckets there are; 0 before the first key.
    pub fn capacity(&self) -> usize {
        self.table.len()
    }
}

impl<K: JavaKey, V> JavaMap<K, V> {
    /// `new HashMap(other)`: the capacity is the next power of two from `size / 0.75 + 1`, and the
    /// keys are put in the other's order. (A clone, in contrast, is the same in everything.)
    pub fn copy_of(other: &Self) -> Self
    where
        K: Clone,
        V: Clone,
    {
        if other.is_empty() {
            return Self::new();
        }
        // Rounded down as Java's cast does; thirds stay clear of the float's last bit.
        let mut copy = Self::with_capacity(other.len * 4 / 3 + 1);
        for (key, value) in other {
            copy.put(key.clone(), value.clone());
        }
        copy
    }

    /// `get`.
    pub fn get<Q: JavaKey + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        let found = self.find(spread(key.java_hash()), key)?;
        self.nodes[found as usize].entry.as_ref().map(|(_, value)| value)
    }

    /// `get`, to change the value.
    pub fn get_mut<Q: JavaKey + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        let found = self.find(spread(key.java_hash()), key)?;
        Some(self.value_mut(found))
    }

    /// `containsKey`.
    pub fn contains_key<Q: JavaKey + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.find(spread(key.java_hash()), key).is_some()
    }

    /// `put`: the value that the key had before. A new key goes to the end of its bucket.
    pub fn put(&mut self, key: K, value: V) -> Option<V> {
        let hash = spread(key.java_hash());
        if let Some(node) = self.find(hash, &key) {
            return Some(mem::replace(self.value_mut(node), value));
        }
        self.append(hash, (key, value));
        None
    }

    /// `putIfAbsent`: whether it was absent. A new key goes to the end of its bucket.
    pub fn put_if_absent(&mut self, key: K, value: V) -> bool {
        let hash = spread(key.java_hash());
        let absent = self.find(hash, &key).is_none();
        if absent {
            self.append(hash, (key, value));
        }
        absent
    }

    /// `computeIfAbsent`, and `compute` and `merge` likewise: the value of the key, a new one if
    /// there was none. A new key goes to the front of its bucket, and the table grows one key later
    /// than with [`put`](Self::put), but also when the key is present.
    pub fn compute_if_absent(&mut self, key: K, value: impl FnOnce() -> V) -> &mut V {
        if self.table.is_empty() || self.len > self.threshold() {
            self.grow();
        }
        let hash = spread(key.java_hash());
        let node = self.find(hash, &key).unwrap_or_else(|| self.prepend(hash, (key, value())));
        self.value_mut(node)
    }

    /// `remove`: the value that the key had.
    pub fn remove<Q: JavaKey + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let node = self.find(spread(key.java_hash()), key)?;
        let bucket = self.unlink(node);
        if self.table[bucket].root != NONE {
            if self.trees.is_small(self.table[bucket].root) {
                self.table[bucket].root = NONE;
            } else {
                self.table[bucket].root = self.trees.remove(self.table[bucket].root, node);
                self.root_to_front(bucket);
            }
        }
        Some(self.release(node).1)
    }

    /// Keeps the keys of which `keep` says so, as `removeIf` and the iterator's `remove` do: unlike
    /// [`remove`](Self::remove) they leave the order of what remains alone.
    pub fn retain(&mut self, mut keep: impl FnMut(&K, &mut V) -> bool) {
        for bucket in 0..self.table.len() {
            let mut node = self.table[bucket].head;
            while node != NONE {
                let here = &mut self.nodes[node as usize];
                let next = here.next;
                let (key, value) = here.entry.as_mut().expect(LISTED);
                if !keep(key, value) {
                    self.unlink(node);
                    let Bucket { head, root } = self.table[bucket];
                    if head == NONE {
                        self.table[bucket].root = NONE;
                    } else if root != NONE {
                        self.table[bucket].root = self.trees.remove(root, node);
                    }
                    self.release(node);
                }
                node = next;
            }
        }
    }
}

impl<K: JavaKey> JavaSet<K> {
    /// `new HashSet(collection)`: the capacity is the next power of two from `size / 0.75 + 1`, at
    /// least 16; the keys are added in the given order.
    pub fn of_collection(keys: impl IntoIterator<Item = K, IntoIter: ExactSizeIterator>) -> Self {
        let keys = keys.into_iter();
        let mut set = Self::with_capacity((keys.len() * 4 / 3 + 1).max(DEFAULT_CAPACITY));
        for key in keys {
            set.add(key);
        }
        set
    }

    /// `add`: whether the key is new.
    pub fn add(&mut self, key: K) -> bool {
        self.put_if_absent(key, ())
    }
}

impl<K, V> Default for JavaMap<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: fmt::Debug, V: fmt::Debug> fmt::Debug for JavaMap<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self).finish()
    }
}
