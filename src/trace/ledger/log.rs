//! What became of the records of one partition's log: lost after they had been acknowledged, or
//! written twice.

use crate::kernel::time::Instant;
use crate::trace::cause::Cause;
use crate::trace::marks::Marks;

/// The account of one partition's log.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct LogAccount {
    /// Its first offset.
    pub(super) start: u64,
    /// When its end was cut off.
    pub cuts: Vec<Cut>,
    /// When records were written a second time.
    pub repeats: Vec<Repeat>,
    /// Offsets in the log that repeat others, and why.
    copies: Marks,
    /// The event that the partition came with.
    pub(super) born: Option<usize>,
}

/// A new leader lacked the end of the log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cut {
    /// When.
    pub at: Instant,
    /// The new leader's epoch: what is read in it, and later, lies in the new log.
    pub epoch: i32,
    /// The new end.
    pub to: u64,
    /// Records that had been acknowledged to their producers, and are gone.
    pub lost: u64,
    /// Why.
    pub cause: Cause,
}

/// A producer without idempotence wrote records again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Repeat {
    /// When.
    pub at: Instant,
    /// How many.
    pub records: u64,
    /// Why.
    pub cause: Cause,
}

impl LogAccount {
    /// The parts of [from, to) that repeat records before them, and why.
    pub(super) fn copies(&self, from: u64, to: u64) -> impl Iterator<Item = (u64, u64, Cause)> {
        let pieces = self.copies.pieces(from, to).into_iter();
        pieces.filter_map(|(from, to, cause)| Some((from, to, cause?)))
    }

    pub(super) fn repeat(&mut self, at: Instant, from: u64, to: u64, cause: Cause) {
        self.copies.set(from, to, cause);
        self.repeats.push(Repeat { at, records: to - from, cause });
    }

    pub(super) fn cut(&mut self, cut: Cut) {
        self.copies.split_off(cut.to);
        self.cuts.push(cut);
    }
}
