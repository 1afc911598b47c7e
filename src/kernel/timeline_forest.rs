//! Hash tables in hash tables with common snapshots (Kafka's `SnapshotRegistry`).
//!
//! A table that is removed from its parent lives on for the snapshots that have it.

use super::java_hash::JavaKey;
use super::timeline_table::{LATEST, TimelineTable};
use std::collections::{BTreeSet, VecDeque};

/// Names a table of a forest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct TableId(usize);

/// What a key leads to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Node<V> {
    /// Another table.
    Table(TableId),
    /// A value.
    Leaf(V),
}

/// Tables with common snapshots; see the [module](self).
#[derive(Clone, Debug)]
pub struct Forest<K, V> {
    tables: Vec<Option<TimelineTable<K, Node<V>>>>,
    free: Vec<usize>,
    roots: usize,
    /// Epochs, the oldest first, and which tables have changed since each.
    snapshots: VecDeque<(u64, BTreeSet<TableId>)>,
    /// From so many tables on it is worth to look for those that nobody has any more.
    crowded: usize,
}

/// Fewer tables than this are never looked through.
const CROWDED: usize = 64;

impl<K: JavaKey + Clone, V: Clone> Forest<K, V> {
    /// A forest with so many tables that are always there, and a snapshot of epoch 0.
    pub fn new(roots: usize) -> Self {
        Forest {
            tables: (0..roots).map(|_| Some(TimelineTable::default())).collect(),
            free: Vec::new(),
            roots,
            snapshots: VecDeque::from([(0, BTreeSet::new())]),
            crowded: CROWDED,
        }
    }

    /// The table of this number that is always there.
    pub fn root(&self, number: usize) -> TableId {
        assert!(number < self.roots, "there are {} roots", self.roots);
        TableId(number)
    }

    fn table(&self, id: TableId) -> &TimelineTable<K, Node<V>> {
        self.tables[id.0].as_ref().expect("a table that somebody has")
    }

    fn newest(&self) -> u64 {
        self.snapshots.back().expect("there always is a snapshot").0
    }

    /// The table `id` is about to change.
    fn change(&mut self, id: TableId) -> (&mut TimelineTable<K, Node<V>>, u64) {
        let (newest, changed) = self.snapshots.back_mut().expect("there always is a snapshot");
        changed.insert(id);
        (self.tables[id.0].as_mut().expect("a table that somebody has"), *newest)
    }

    /// What the keys of a table lead to at an epoch, in Kafka's order, some perhaps twice.
    pub fn walk(&self, id: TableId, epoch: u64) -> Vec<(&K, &Node<V>)> {
        self.table(id).walk(epoch)
    }

    /// The keys of a table that lead to values at an epoch, with these.
    pub fn leaves(&self, id: TableId, epoch: u64) -> impl Iterator<Item = (&K, &V)> {
        self.walk(id, epoch).into_iter().filter_map(|(key, node)| match node {
            Node::Leaf(value) => Some((key, value)),
            Node::Table(_) => None,
        })
    }

    /// The keys of a table that lead to other tables at an epoch, with these.
    pub fn children(&self, id: TableId, epoch: u64) -> impl Iterator<Item = (&K, TableId)> {
        self.walk(id, epoch).into_iter().filter_map(|(key, node)| match node {
            Node::Table(child) => Some((key, *child)),
            Node::Leaf(_) => None,
        })
    }

    /// The table that a path of keys leads to from a table at an epoch.
    pub fn descend(&self, from: TableId, path: &[K], epoch: u64) -> Option<TableId> {
        path.iter().try_fold(from, |id, key| match self.table(id).get(key, epoch)? {
            Node::Table(child) => Some(*child),
            Node::Leaf(_) => None,
        })
    }

    /// The value that a key of a table has at an epoch.
    pub fn leaf(&self, id: TableId, key: &K, epoch: u64) -> Option<&V> {
        match self.table(id).get(key, epoch)? {
            Node::Leaf(value) => Some(value),
            Node::Table(_) => None,
        }
    }

    /// The table that a path of keys leads to at present; those come into being that are not there.
    pub fn plant(&mut self, from: TableId, path: &[K]) -> TableId {
        let mut id = from;
        for key in path {
            id = if let Some(child) = self.descend(id, std::slice::from_ref(key), LATEST) {
                child
            } else {
                let child = self.add();
                let (table, newest) = self.change(id);
                table.put(key.clone(), Node::Table(child), newest);
                child
            };
        }
        id
    }

    fn add(&mut self) -> TableId {
        let table = Some(TimelineTable::default());
        if let Some(number) = self.free.pop() {
            self.tables[number] = table;
            return TableId(number);
        }
        self.tables.push(table);
        TableId(self.tables.len() - 1)
    }

    /// Sets the value of a key of a table.
    pub fn put(&mut self, id: TableId, key: K, value: V) {
        let (table, newest) = self.change(id);
        table.put(key, Node::Leaf(value), newest);
    }

    /// Removes a key of a table.
    pub fn remove(&mut self, id: TableId, key: &K) {
        let (table, newest) = self.change(id);
        table.remove(key, newest);
    }

    /// Removes what a path leads to from a table, and tables on the way that are empty then.
    pub fn prune(&mut self, from: TableId, path: &[K]) {
        let Some((key, above)) = path.split_last() else { return };
        let Some(id) = self.descend(from, above, LATEST) else { return };
        self.remove(id, key);
        if self.table(id).is_empty() {
            self.prune(from, above);
        }
    }

    /// A snapshot of the present, of an epoch beyond those so far.
    pub fn snapshot(&mut self, epoch: u64) {
        if epoch > self.newest() {
            self.snapshots.push_back((epoch, BTreeSet::new()));
        }
    }

    /// Goes back to the newest snapshot.
    pub fn revert(&mut self) {
        let newest = self.newest();
        let changed = self.snapshots.back().map(|(_, changed)| changed.clone());
        for id in changed.into_iter().flatten() {
            if let Some(table) = &mut self.tables[id.0] {
                table.revert(newest);
            }
        }
    }

    /// Forgets snapshots before an epoch; the newest stays.
    pub fn forget_before(&mut self, epoch: u64) {
        while self.snapshots.len() > 1 && self.snapshots[0].0 < epoch {
            let (old, changed) = self.snapshots.pop_front().expect("just seen");
            for id in changed {
                if let Some(table) = &mut self.tables[id.0] {
                    table.forget(old);
                }
            }
        }
        if self.tables.len() - self.free.len() > self.crowded {
            self.sweep();
            self.crowded = CROWDED.max(2 * (self.tables.len() - self.free.len()));
        }
    }

    /// Frees the tables that neither the present nor a snapshot has.
    fn sweep(&mut self) {
        let mut reached = vec![false; self.tables.len()];
        let mut todo: Vec<TableId> = (0..self.roots).map(TableId).collect();
        while let Some(id) = todo.pop() {
            if !std::mem::replace(&mut reached[id.0], true) {
                todo.extend(self.table(id).all_values().filter_map(|node| match node {
                    Node::Table(child) => Some(*child),
                    Node::Leaf(_) => None,
                }));
            }
        }
        for (number, table) in self.tables.iter_mut().enumerate() {
            if table.is_some() && !reached[number] {
                *table = None;
                self.free.push(number);
                for (_, changed) in &mut self.snapshots {
                    changed.remove(&TableId(number));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_removed_table_lives_on_for_its_snapshots() {
        let mut forest: Forest<u32, char> = Forest::new(1);
        let root = forest.root(0);
        let child = forest.plant(root, &[1]);
        forest.put(child, 5, 'a');
        forest.snapshot(3);
        forest.prune(root, &[1, 5]);
        assert_eq!(forest.descend(root, &[1], LATEST), None);
        let then = forest.descend(root, &[1], 3).expect("it was there");
        assert_eq!(forest.leaf(then, &5, 3), Some(&'a'));
        forest.revert();
        let now = forest.descend(root, &[1], LATEST).expect("it is there again");
        assert_eq!(forest.leaf(now, &5, LATEST), Some(&'a'));
    }

    #[test]
    fn tables_that_nobody_has_are_freed() {
        let mut forest: Forest<u32, char> = Forest::new(1);
        let root = forest.root(0);
        for epoch in 1..10_000 {
            let child = forest.plant(root, &[1]);
            forest.put(child, 5, 'a');
            forest.prune(root, &[1, 5]);
            forest.snapshot(epoch);
            forest.forget_before(epoch);
        }
        assert!(forest.tables.len() <= 2 * CROWDED, "{} tables", forest.tables.len());
    }
}
