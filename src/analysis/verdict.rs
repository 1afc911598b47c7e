//! Whether an expectation holds.

use super::measure::measure;
use crate::scenario::Scenario;
use crate::scenario::expect::{Compare, Expect};
use crate::world::Run;

/// What became of an expectation.
#[derive(Clone, PartialEq, Debug)]
pub enum Verdict {
    /// It holds for this value.
    Passed(f64),
    /// It does not hold for this value.
    Failed(f64),
    /// There is nothing to measure, and why.
    Error(String),
}

/// Two numbers closer than this are equal: times are measured in microseconds.
const EXACT: f64 = 5e-7;

/// Measures and compares.
pub fn judge(run: &mut Run, scenario: &Scenario, expect: &Expect) -> Verdict {
    match measure(run, scenario, expect) {
        Ok(value) if holds(value, expect.compare) => Verdict::Passed(value),
        Ok(value) => Verdict::Failed(value),
        Err(why) => Verdict::Error(why),
    }
}

/// Whether a value is what is wanted.
pub(super) fn holds(value: f64, compare: Compare) -> bool {
    match compare {
        Compare::Equals(wanted) => (value - wanted).abs() <= EXACT,
        Compare::AtLeast(least) => value >= least - EXACT,
        Compare::AtMost(most) => value <= most + EXACT,
        Compare::Between(least, most) => value >= least - EXACT && value <= most + EXACT,
        Compare::Near { value: wanted, percent } => {
            (value - wanted).abs() <= wanted.abs() * percent / 100.0 + EXACT
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comparisons_hold_at_their_limits_and_not_beyond() {
        let near = Compare::Near { value: 200.0, percent: 5.0 };
        for (compare, inside, outside) in [
            (Compare::Equals(3.0), [3.0, 3.0], [2.9, 3.000_001]),
            (Compare::AtLeast(3.0), [3.0, 9.0], [2.9, 2.999_999]),
            (Compare::AtMost(3.0), [3.0, 0.0], [3.1, 3.000_001]),
            (Compare::Between(2.0, 4.0), [2.0, 4.0], [1.9, 4.1]),
            (near, [190.0, 210.0], [189.9, 210.1]),
        ] {
            assert!(inside.iter().all(|&value| holds(value, compare)), "{compare:?}");
            assert!(!outside.iter().any(|&value| holds(value, compare)), "{compare:?}");
        }
    }
}
