//! Distributions of durations and counts.

/// A distribution over whole numbers: microseconds for durations, units for counts.
#[derive(Clone, PartialEq, Debug)]
pub enum Dist {
    /// Always the same.
    Fixed(u64),
    /// Every whole number of the closed interval is equally likely.
    Uniform(u64, u64),
    /// Exponential with this mean.
    Exponential(u64),
    /// Lognormal with this median and 99th percentile.
    LogNormal {
        /// Half the draws lie below.
        median: u64,
        /// 99 of 100 draws lie below; at least the median.
        p99: u64,
    },
    /// Pareto: never below `min`, tail exponent `shape`.
    Pareto {
        /// The smallest value.
        min: u64,
        /// The tail exponent, above 0; the mean exists above 1.
        shape: f64,
    },
    /// One of these, each equally likely.
    Empirical(Vec<u64>),
}

impl Dist {
    /// Never anything but zero.
    pub const ZERO: Dist = Dist::Fixed(0);

    /// Whether every draw is zero, so that nothing need be drawn.
    pub fn is_zero(&self) -> bool {
        matches!(self, Dist::Fixed(0))
    }
}
