//! Factors and shares, exact: `2.5`, a third of the group as `0.333`.

use std::fmt;

/// A non-negative decimal in millionths, so that no float decides how many members are struck.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Factor(u64);

impl Factor {
    /// Millionths in one.
    pub const SCALE: u64 = 1_000_000;
    /// Times one.
    pub const ONE: Factor = Factor(Self::SCALE);

    /// The factor of so many millionths.
    pub const fn from_millionths(millionths: u64) -> Self {
        Factor(millionths)
    }

    /// The factor in millionths.
    pub const fn millionths(self) -> u64 {
        self.0
    }

    /// So many times `n`, rounded down.
    pub const fn times(self, n: u64) -> u64 {
        let product = n as u128 * self.0 as u128 / Self::SCALE as u128;
        if product > u64::MAX as u128 { u64::MAX } else { product as u64 }
    }

    /// This share of `n`, rounded up.
    pub const fn share_of(self, n: u64) -> u64 {
        (n as u128 * self.0 as u128).div_ceil(Self::SCALE as u128) as u64
    }
}

impl fmt::Display for Factor {
    /// As a person writes it: `3`, `2.5`, `0.333`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.0 / Self::SCALE, self.0 % Self::SCALE);
        if rest == 0 {
            return write!(f, "{whole}");
        }
        let digits = format!("{rest:06}");
        write!(f, "{whole}.{}", digits.trim_end_matches('0'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factors_read_as_people_write_them() {
        let shown = [3_000_000, 2_500_000, 333_000, 1].map(|n| Factor(n).to_string());
        assert_eq!(shown, ["3", "2.5", "0.333", "0.000001"]);
    }
}
