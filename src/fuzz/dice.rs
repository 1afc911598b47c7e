//! Choices, drawn one after the other.

use crate::kernel::random::Stream;

/// A stream of choices.
#[derive(Debug)]
pub(super) struct Dice(Stream);

impl Dice {
    pub(super) fn new(stream: Stream) -> Self {
        Dice(stream)
    }

    /// A number from `low` to `high`, both included.
    pub(super) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.0.below(high - low + 1)
    }

    /// Whether the one of `n` comes up.
    pub(super) fn one_in(&mut self, n: u64) -> bool {
        self.0.below(n) == 0
    }

    /// One of them.
    pub(super) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.0.below(from.len() as u64) as usize]
    }

    /// A duration between two numbers of milliseconds, as it is written.
    pub(super) fn ms(&mut self, low: u64, high: u64) -> String {
        format!("\"{}ms\"", self.between(low, high))
    }

    /// A distribution of durations up to some milliseconds, as it is written.
    pub(super) fn distribution(&mut self, high: u64) -> String {
        let us = |ms: u64| ms * 1_000;
        let (a, b) = (self.between(0, us(high)), self.between(0, us(high)));
        let (low, high) = (a.min(b), a.max(b).max(1));
        match self.between(0, 5) {
            0 => format!("{{ uniform = [\"{low}us\", \"{high}us\"] }}"),
            1 => format!("{{ exponential = \"{high}us\" }}"),
            2 => {
                format!("{{ lognormal = {{ median = \"{}us\", p99 = \"{high}us\" }} }}", low.max(1))
            }
            _ => format!("\"{high}us\""),
        }
    }
}
