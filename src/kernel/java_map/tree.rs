//! Red-black trees over the nodes of a map (Cormen, Leiserson, Rivest, Stein: Introduction to
//! Algorithms, chapter 13), as Java hangs them beside long lists. Java's balancing is the book's,
//! so the shape of a tree, which its map's order depends on, is the same.

use super::NONE;
use std::cmp::Ordering;

const LEFT: usize = 0;
const RIGHT: usize = 1;

/// The trees of all buckets: what hangs where, by node number.
#[derive(Clone)]
pub(super) struct Forest {
    /// Only as long as the highest node number in a tree asks for: empty in almost all maps.
    hung: Vec<Hung>,
}

#[derive(Clone, Copy)]
struct Hung {
    parent: u32,
    children: [u32; 2],
    red: bool,
}

const LEAF: Hung = Hung { parent: NONE, children: [NONE; 2], red: false };

impl Forest {
    pub(super) const fn new() -> Self {
        Forest { hung: Vec::new() }
    }

    /// Adds a node to the tree at `root`, which may be [`NONE`]. `order` tells how the node stands
    /// to another one; equal goes left. Returns the new root, and the node's parent before
    /// balancing.
    pub(super) fn insert(
        &mut self,
        root: u32,
        node: u32,
        order: impl Fn(u32) -> Ordering,
    ) -> (u32, u32) {
        if self.hung.len() <= node as usize {
            self.hung.resize(node as usize + 1, LEAF);
        }
        let (mut parent, mut side, mut next) = (NONE, LEFT, root);
        while next != NONE {
            parent = next;
            side = if order(parent).is_gt() { RIGHT } else { LEFT };
            next = self.child(parent, side);
        }
        self.hung[node as usize] = Hung { parent, red: true, ..LEAF };
        if parent == NONE {
            self.set_red(node, false);
            return (node, NONE);
        }
        self.hung[parent as usize].children[side] = node;
        (self.balance_insertion(root, node), parent)
    }

    /// Takes a node out of the tree at `root` and returns the new root.
    pub(super) fn remove(&mut self, mut root: u32, node: u32) -> u32 {
        if self.hung[node as usize].children.iter().all(|&child| child != NONE) {
            root = self.swap_with_successor(root, node);
        }
        let Hung { parent, children, red } = self.hung[node as usize];
        let only_child = if children[LEFT] == NONE { children[RIGHT] } else { children[LEFT] };
        if only_child != NONE {
            // A lone child is red and hangs below a black node: it takes the node's place and
            // color.
            root = self.replace(root, node, only_child);
            self.set_red(only_child, false);
        } else if parent == NONE {
            root = NONE;
        } else {
            if !red {
                root = self.balance_removal(root, node);
            }
            // Balancing may have given the node another parent.
            root = self.replace(root, node, NONE);
        }
        root
    }

    /// Whether Java takes the tree for too small to be kept: by a look at its leftmost branch.
    pub(super) fn is_small(&self, root: u32) -> bool {
        let left = self.child(root, LEFT);
        left == NONE || self.child(left, LEFT) == NONE
    }

    /// Restores the rules after `node`, red, was added.
    fn balance_insertion(&mut self, mut root: u32, mut node: u32) -> u32 {
        loop {
            let mut parent = self.parent(node);
            if parent == NONE {
                self.set_red(node, false);
                return root;
            }
            if !self.is_red(parent) {
                return root;
            }
            // Red, so it is not the root.
            let grandparent = self.parent(parent);
            let side = self.side(parent);
            let uncle = self.child(grandparent, 1 - side);
            if self.is_red(uncle) {
                self.set_red(parent, false);
                self.set_red(uncle, false);
                self.set_red(grandparent, true);
                node = grandparent;
                continue;
            }
            if self.side(node) != side {
                root = self.rotate(root, parent, side);
                (node, parent) = (parent, node);
            }
            self.set_red(parent, false);
            self.set_red(grandparent, true);
            root = self.rotate(root, grandparent, 1 - side);
        }
    }

    /// Restores the rules where the paths through `node` are to lose a black node.
    fn balance_removal(&mut self, mut root: u32, mut node: u32) -> u32 {
        while node != root && !self.is_red(node) {
            let (parent, side) = (self.parent(node), self.side(node));
            let mut sibling = self.child(parent, 1 - side);
            if self.is_red(sibling) {
                self.set_red(sibling, false);
                self.set_red(parent, true);
                root = self.rotate(root, parent, side);
                sibling = self.child(parent, 1 - side);
            }
            let (near, far) = (self.child(sibling, side), self.child(sibling, 1 - side));
            if !self.is_red(near) && !self.is_red(far) {
                self.set_red(sibling, true);
                node = parent;
                continue;
            }
            if !self.is_red(far) {
                self.set_red(near, false);
                self.set_red(sibling, true);
                root = self.rotate(root, sibling, 1 - side);
                sibling = self.child(parent, 1 - side);
            }
            self.set_red(sibling, self.is_red(parent));
            self.set_red(parent, false);
            self.set_red(self.child(sibling, 1 - side), false);
            root = self.rotate(root, parent, side);
            node = root;
        }
        self.set_red(node, false);
        root
    }

    /// Lets a node with two children and the next one in the order change places and colors.
    fn swap_with_successor(&mut self, root: u32, node: u32) -> u32 {
        let mut successor = self.child(node, RIGHT);
        while self.child(successor, LEFT) != NONE {
            successor = self.child(successor, LEFT);
        }
        let (above, below) = (self.hung[node as usize], self.hung[successor as usize]);
        let root = self.replace(root, node, successor);
        self.hung[successor as usize].red = above.red;
        self.hung[node as usize].red = below.red;
        self.hang(successor, LEFT, above.children[LEFT]);
        if below.parent == node {
            self.hang(successor, RIGHT, node);
        } else {
            self.hang(successor, RIGHT, above.children[RIGHT]);
            self.hang(below.parent, LEFT, node);
        }
        self.hang(node, LEFT, NONE);
        self.hang(node, RIGHT, below.children[RIGHT]);
        root
    }

    /// Turns the tree at `node` towards `side`: the child on the other side takes the node's place.
    fn rotate(&mut self, root: u32, node: u32, side: usize) -> u32 {
        let child = self.child(node, 1 - side);
        let between = self.child(child, side);
        let root = self.replace(root, node, child);
        self.hang(node, 1 - side, between);
        self.hang(child, side, node);
        root
    }

    /// Hangs `other`, which may be [`NONE`], where `node` hangs, and returns the new root.
    fn replace(&mut self, root: u32, node: u32, other: u32) -> u32 {
        let parent = self.parent(node);
        if parent != NONE {
            self.hang(parent, self.side(node), other);
            return root;
        }
        self.hung[other as usize].parent = NONE;
        other
    }

    /// Makes `child`, which may be [`NONE`], the child of `parent` on this side.
    fn hang(&mut self, parent: u32, side: usize, child: u32) {
        self.hung[parent as usize].children[side] = child;
        if child != NONE {
            self.hung[child as usize].parent = parent;
        }
    }

    fn parent(&self, node: u32) -> u32 {
        self.hung[node as usize].parent
    }

    fn child(&self, node: u32, side: usize) -> u32 {
        self.hung[node as usize].children[side]
    }

    /// On which side of its parent a node hangs.
    fn side(&self, node: u32) -> usize {
        if self.child(self.parent(node), LEFT) == node { LEFT } else { RIGHT }
    }

    /// Whether there is a node and it is red.
    fn is_red(&self, node: u32) -> bool {
        node != NONE && self.hung[node as usize].red
    }

    fn set_red(&mut self, node: u32, red: bool) {
        self.hung[node as usize].red = red;
    }
}
