//! The walk through a map.

use super::{Bucket, JavaMap, NONE, Node};
use std::slice;

/// Keys and values in the map's order.
#[derive(Clone)]
pub struct Iter<'a, K, V> {
    nodes: &'a [Node<K, V>],
    buckets: slice::Iter<'a, Bucket>,
    /// The next node of the list under way.
    next: u32,
    left: usize,
}

/// Keys in the map's order.
pub type Keys<'a, K, V> = std::iter::Map<Iter<'a, K, V>, fn((&'a K, &'a V)) -> &'a K>;

/// Values in the map's order.
pub type Values<'a, K, V> = std::iter::Map<Iter<'a, K, V>, fn((&'a K, &'a V)) -> &'a V>;

impl<'a, K, V> Iterator for Iter<'a, K, V> {
    type Item = (&'a K, &'a V);

    fn next(&mut self) -> Option<Self::Item> {
        while self.next == NONE {
            self.next = self.buckets.next()?.head;
        }
        let node = &self.nodes[self.next as usize];
        self.next = node.next;
        self.left -= 1;
        node.entry.as_ref().map(|(key, value)| (key, value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<K, V> ExactSizeIterator for Iter<'_, K, V> {}

impl<K, V> JavaMap<K, V> {
    /// Keys and values in the map's order.
    pub fn iter(&self) -> Iter<'_, K, V> {
        Iter { nodes: &self.nodes, buckets: self.table.iter(), next: NONE, left: self.len }
    }

    /// Keys in the map's order.
    pub fn keys(&self) -> Keys<'_, K, V> {
        self.iter().map(|(key, _)| key)
    }

    /// Values in the map's order.
    pub fn values(&self) -> Values<'_, K, V> {
        self.iter().map(|(_, value)| value)
    }

    /// Keys, and values to change, in the map's order. Gathers references to all values first.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&K, &mut V)> {
        let mut order = Vec::with_capacity(self.len);
        for bucket in &self.table {
            let mut node = bucket.head;
            while node != NONE {
                order.push(node as usize);
                node = self.nodes[node as usize].next;
            }
        }
        let mut entries: Vec<_> = self.nodes.iter_mut().map(|node| node.entry.as_mut()).collect();
        order.into_iter().filter_map(move |node| entries[node].take().map(|(k, v)| (&*k, v)))
    }

    /// Values to change, in the map's order. Gathers references to all values first.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.iter_mut().map(|(_, value)| value)
    }
}

impl<'a, K, V> IntoIterator for &'a JavaMap<K, V> {
    type Item = (&'a K, &'a V);
    type IntoIter = Iter<'a, K, V>;

    fn into_iter(self) -> Iter<'a, K, V> {
        self.iter()
    }
}
