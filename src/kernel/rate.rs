//! Rates as integers, so that a count over a time is exact and the same on every machine.

use super::time::Span;
use std::fmt;

/// A rate in thousandths of an event per hour: holds `1000000000/s` as well as `0.001/h`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Rate(u64);

impl Rate {
    /// Units of a [`Rate`] in one event per second.
    pub const PER_SECOND: u64 = 3_600_000;

    /// Units of a [`Rate`] times microseconds in one event.
    pub const PER_EVENT: u128 = Self::PER_SECOND as u128 * 1_000_000;

    /// `n` events a second.
    pub const fn per_second(n: u64) -> Self {
        Rate(n * Self::PER_SECOND)
    }

    /// The rate of `units` thousandths of an event per hour.
    pub const fn from_units(units: u64) -> Self {
        Rate(units)
    }

    /// The rate in thousandths of an event per hour.
    pub const fn units(self) -> u64 {
        self.0
    }

    /// Whether nothing ever happens at this rate.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Events per second, for figures and charts only.
    pub fn as_per_second_f64(self) -> f64 {
        self.0 as f64 / Self::PER_SECOND as f64
    }

    /// The time between two events, rounded up; `None` at rate zero.
    pub fn gap(self) -> Option<Span> {
        (self.0 > 0).then(|| Span::from_us(Self::PER_EVENT.div_ceil(u128::from(self.0)) as u64))
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.0 / Self::PER_SECOND, self.0 % Self::PER_SECOND);
        if rest == 0 {
            write!(f, "{whole}/s")
        } else if self.0.is_multiple_of(1_000) {
            write!(f, "{}/h", self.0 / 1_000)
        } else {
            write!(f, "{}/s", self.as_per_second_f64())
        }
    }
}
