//! When a member is done.

use std::cmp::Ordering;

/// The time that some work takes at some speed, compared without rounding.
#[derive(Clone, Copy, Debug)]
pub(super) struct Finish {
    /// Less than 2⁹⁷.
    pub(super) work: u128,
    /// More than zero, less than 2³¹.
    pub(super) speed: u128,
}

impl Ord for Finish {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.work * other.speed).cmp(&(other.work * self.speed))
    }
}

impl PartialOrd for Finish {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Finish {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Finish {}
