//! Buckets: their lists, the trees beside them, and how the table grows.

use super::{Bucket, EMPTY, JavaMap, LISTED, NONE, Node};
use crate::kernel::java_hash::JavaKey;
use std::borrow::Borrow;
use std::{iter, mem};

/// A list that held so many keys before `put` brought one more gets a tree.
const TREE_FROM: usize = 8;
/// A list of so many keys has no tree after a doubling.
const LIST_UP_TO: usize = 6;
/// With less capacity than this, the table doubles where a list would get a tree.
const TREE_CAPACITY: usize = 64;

impl<K: JavaKey, V> JavaMap<K, V> {
    /// The capacity is doubled when there are more keys than this.
    pub(super) fn threshold(&self) -> usize {
        self.table.len() * 3 / 4
    }

    fn bucket_of(&self, hash: i32) -> usize {
        hash.cast_unsigned() as usize & (self.table.len() - 1)
    }

    pub(super) fn find<Q: JavaKey + ?Sized>(&self, hash: i32, key: &Q) -> Option<u32>
    where
        K: Borrow<Q>,
    {
        if self.table.is_empty() {
            return None;
        }
        self.list(self.table[self.bucket_of(hash)].head).find(|&node| {
            let node = &self.nodes[node as usize];
            node.hash == hash && node.entry.as_ref().is_some_and(|(k, _)| k.borrow() == key)
        })
    }

    pub(super) fn value_mut(&mut self, node: u32) -> &mut V {
        let (_, value) = self.nodes[node as usize].entry.as_mut().expect(LISTED);
        value
    }

    /// The nodes of a list from `head` on.
    fn list(&self, head: u32) -> impl Iterator<Item = u32> {
        let next = |&node: &u32| Some(self.nodes[node as usize].next).filter(|&next| next != NONE);
        iter::successors(Some(head).filter(|&head| head != NONE), next)
    }

    /// Adds an absent key as `put` does.
    pub(super) fn append(&mut self, hash: i32, entry: (K, V)) {
        if self.table.is_empty() {
            self.grow();
        }
        let bucket = self.bucket_of(hash);
        let node = self.node(hash, entry);
        if self.table[bucket].root == NONE {
            let (mut last, mut before) = (NONE, 0);
            for listed in self.list(self.table[bucket].head) {
                (last, before) = (listed, before + 1);
            }
            self.link_behind(bucket, last, node);
            if before >= TREE_FROM {
                self.tree_or_grow(bucket);
            }
        } else {
            self.insert_into_tree(bucket, node);
        }
        self.len += 1;
        if self.len > self.threshold() {
            self.grow();
        }
    }

    /// Adds an absent key as `computeIfAbsent` does.
    pub(super) fn prepend(&mut self, hash: i32, entry: (K, V)) -> u32 {
        let bucket = self.bucket_of(hash);
        let node = self.node(hash, entry);
        if self.table[bucket].root == NONE {
            let before = self.list(self.table[bucket].head).count();
            self.link_behind(bucket, NONE, node);
            // One less than in `append`: so it stands in Java.
            if before >= TREE_FROM - 1 {
                self.tree_or_grow(bucket);
            }
        } else {
            self.insert_into_tree(bucket, node);
        }
        self.len += 1;
        node
    }

    /// Makes a node, in the place of a released one if there is any.
    fn node(&mut self, hash: i32, entry: (K, V)) -> u32 {
        let node = Node { hash, next: NONE, entry: Some(entry) };
        let place = self.free;
        if place == NONE {
            self.nodes.push(node);
            return u32::try_from(self.nodes.len() - 1).expect("memory ends before the numbers do");
        }
        self.free = self.nodes[place as usize].next;
        self.nodes[place as usize] = node;
        place
    }

    /// Gives up a node that is in no list.
    pub(super) fn release(&mut self, node: u32) -> (K, V) {
        self.len -= 1;
        let released = &mut self.nodes[node as usize];
        released.next = mem::replace(&mut self.free, node);
        released.entry.take().expect("a node is released once")
    }

    /// Puts a node behind another one of its list; behind [`NONE`]: in front.
    fn link_behind(&mut self, bucket: usize, before: u32, node: u32) {
        let link = if before == NONE {
            &mut self.table[bucket].head
        } else {
            &mut self.nodes[before as usize].next
        };
        let next = mem::replace(link, node);
        self.nodes[node as usize].next = next;
    }

    /// Takes a node out of its list and tells its bucket.
    pub(super) fn unlink(&mut self, node: u32) -> usize {
        let Node { hash, next, .. } = self.nodes[node as usize];
        let bucket = self.bucket_of(hash);
        let head = self.table[bucket].head;
        if head == node {
            self.table[bucket].head = next;
        } else {
            let before = self.list(head).find(|&n| self.nodes[n as usize].next == node);
            let before = before.expect("a node is in the list of its bucket");
            self.nodes[before as usize].next = next;
        }
        bucket
    }

    /// Doubles the capacity; makes the table if there is none.
    pub(super) fn grow(&mut self) {
        let old = self.table.len();
        if old == 0 {
            self.table = vec![EMPTY; self.initial_capacity];
            return;
        }
        self.table.resize(2 * old, EMPTY);
        for low in 0..old {
            let Bucket { head, root } = mem::replace(&mut self.table[low], EMPTY);
            let (mut node, mut last, mut count) = (head, [NONE; 2], [0; 2]);
            while node != NONE {
                let Node { hash, next, .. } = self.nodes[node as usize];
                let bucket = self.bucket_of(hash);
                let half = usize::from(bucket != low);
                self.link_behind(bucket, last[half], node);
                (last[half], count[half]) = (node, count[half] + 1);
                node = next;
            }
            if root == NONE {
                continue;
            }
            for (half, bucket) in [low, low + old].into_iter().enumerate() {
                if count[half] <= LIST_UP_TO {
                    continue;
                }
                if count[1 - half] == 0 {
                    self.table[bucket].root = root;
                } else {
                    self.make_tree(bucket);
                }
            }
        }
    }

    /// What a list gets when it is too long.
    fn tree_or_grow(&mut self, bucket: usize) {
        if self.table.len() < TREE_CAPACITY { self.grow() } else { self.make_tree(bucket) }
    }

    /// Makes a tree of a list, in the list's order.
    fn make_tree(&mut self, bucket: usize) {
        let nodes: Vec<u32> = self.list(self.table[bucket].head).collect();
        for node in nodes {
            self.hang(bucket, node);
        }
        self.root_to_front(bucket);
    }

    /// Adds a node to a bucket that has a tree: in the list it follows its parent.
    fn insert_into_tree(&mut self, bucket: usize, node: u32) {
        let parent = self.hang(bucket, node);
        self.link_behind(bucket, parent, node);
        self.root_to_front(bucket);
    }

    /// Adds a node to the tree, by spread hash and then by key, and tells under which node it was
    /// hung before the tree was balanced.
    fn hang(&mut self, bucket: usize, node: u32) -> u32 {
        let key_of = |node: u32| {
            let node = &self.nodes[node as usize];
            (node.hash, &node.entry.as_ref().expect(LISTED).0)
        };
        let (hash, key) = key_of(node);
        let (root, parent) = self.trees.insert(self.table[bucket].root, node, |other| {
            let (other_hash, other_key) = key_of(other);
            hash.cmp(&other_hash).then_with(|| key.java_cmp(other_key))
        });
        self.table[bucket].root = root;
        parent
    }

    /// Moves the root of the tree to the front of the list.
    pub(super) fn root_to_front(&mut self, bucket: usize) {
        let root = self.table[bucket].root;
        if self.table[bucket].head != root {
            self.unlink(root);
            self.link_behind(bucket, NONE, root);
        }
    }
}
