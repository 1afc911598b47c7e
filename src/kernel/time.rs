//! Simulated time: integer microseconds since the start of the run.
//!
//! Kafka's settings are milliseconds and a network hop is some hundred microseconds, so the
//! microsecond is the finest tick that anything here needs; a `u64` of them lasts 584,000 years.

use std::fmt;
use std::ops::{Add, AddAssign, Mul, Sub};

/// A moment of the run, in microseconds since its start. Never wall-clock time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Instant(u64);

/// A length of simulated time, in microseconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span(u64);

impl Instant {
    /// The start of the run.
    pub const ZERO: Instant = Instant(0);
    /// Later than every moment of every run: the deadline of what never happens.
    pub const NEVER: Instant = Instant(u64::MAX);

    /// The moment `us` microseconds after the start.
    pub const fn from_us(us: u64) -> Self {
        Instant(us)
    }

    /// The moment `ms` milliseconds after the start.
    pub const fn from_ms(ms: u64) -> Self {
        Instant(ms * 1_000)
    }

    /// The moment `s` seconds after the start.
    pub const fn from_secs(s: u64) -> Self {
        Instant(s * 1_000_000)
    }

    /// Microseconds since the start.
    pub const fn as_us(self) -> u64 {
        self.0
    }

    /// Whole milliseconds since the start: what a Kafka clock would show.
    pub const fn as_ms(self) -> u64 {
        self.0 / 1_000
    }

    /// Seconds since the start, for figures and charts only.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// The time from `earlier` to here; zero if `earlier` is later.
    pub const fn since(self, earlier: Instant) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }

    /// This moment plus `span`, or [`Instant::NEVER`] where that would overflow.
    pub const fn saturating_add(self, span: Span) -> Instant {
        Instant(self.0.saturating_add(span.0))
    }

    /// The first multiple of `step` at or after this moment; the moment itself if `step` is zero.
    pub const fn round_up(self, step: Span) -> Instant {
        if step.0 == 0 { self } else { Instant(self.0.div_ceil(step.0).saturating_mul(step.0)) }
    }
}

impl Span {
    /// No time at all.
    pub const ZERO: Span = Span(0);
    /// Longer than every run.
    pub const MAX: Span = Span(u64::MAX);

    /// `us` microseconds.
    pub const fn from_us(us: u64) -> Self {
        Span(us)
    }

    /// `ms` milliseconds.
    pub const fn from_ms(ms: u64) -> Self {
        Span(ms * 1_000)
    }

    /// `s` seconds.
    pub const fn from_secs(s: u64) -> Self {
        Span(s * 1_000_000)
    }

    /// Length in microseconds.
    pub const fn as_us(self) -> u64 {
        self.0
    }

    /// Length in whole milliseconds, as Kafka's protocol carries it.
    pub const fn as_ms(self) -> u64 {
        self.0 / 1_000
    }

    /// Length in seconds, for figures and charts only.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// Whether this is no time at all.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// This length less `other`, not below zero.
    pub const fn saturating_sub(self, other: Span) -> Span {
        Span(self.0.saturating_sub(other.0))
    }

    /// This length and `other`, at most [`Span::MAX`].
    pub const fn saturating_add(self, other: Span) -> Span {
        Span(self.0.saturating_add(other.0))
    }
}

impl Add<Span> for Instant {
    type Output = Instant;
    fn add(self, span: Span) -> Instant {
        Instant(self.0 + span.0)
    }
}

impl AddAssign<Span> for Instant {
    fn add_assign(&mut self, span: Span) {
        self.0 += span.0;
    }
}

impl Sub<Instant> for Instant {
    type Output = Span;
    /// The time between two moments; panics if the right one is later, which only a bug can cause.
    fn sub(self, earlier: Instant) -> Span {
        assert!(earlier <= self, "{earlier} is later than {self}");
        Span(self.0 - earlier.0)
    }
}

impl Add for Span {
    type Output = Span;
    fn add(self, other: Span) -> Span {
        Span(self.0 + other.0)
    }
}

impl AddAssign for Span {
    fn add_assign(&mut self, other: Span) {
        self.0 += other.0;
    }
}

impl Sub for Span {
    type Output = Span;
    fn sub(self, other: Span) -> Span {
        Span(self.0 - other.0)
    }
}

impl std::iter::Sum for Span {
    fn sum<I: Iterator<Item = Span>>(spans: I) -> Span {
        spans.fold(Span::ZERO, Span::saturating_add)
    }
}

impl Mul<u64> for Span {
    type Output = Span;
    fn mul(self, n: u64) -> Span {
        Span(self.0 * n)
    }
}

impl fmt::Display for Instant {
    /// Seconds with as many decimals as the moment needs, at most six: `40s`, `3.01s`, `0.00025s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Instant::NEVER {
            return f.write_str("never");
        }
        write_decimal(f, self.0, 1_000_000)?;
        f.write_str("s")
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Span {
    /// In the unit a person would use: `250us`, `4ms`, `1.5s`, `45s`, `5m`, `2h`, `7d`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [(u64, &str); 3] =
            [(86_400_000_000, "d"), (3_600_000_000, "h"), (60_000_000, "m")];
        for (size, unit) in UNITS {
            if self.0 >= size && self.0.is_multiple_of(size) {
                return write!(f, "{}{unit}", self.0 / size);
            }
        }
        let (size, unit) = match self.0 {
            1..1_000 => (1, "us"),
            1_000..1_000_000 => (1_000, "ms"),
            _ => (1_000_000, "s"),
        };
        write_decimal(f, self.0, size)?;
        f.write_str(unit)
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The first moment in (from, to] at which `holds`; it holds at `to` and never ceases to.
pub fn first_moment(from: Instant, to: Instant, mut holds: impl FnMut(Instant) -> bool) -> Instant {
    let (mut low, mut high) = (from.0, to.0);
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if holds(Instant(middle)) { high = middle } else { low = middle }
    }
    Instant(high)
}

/// Writes `value / scale` exactly, without trailing zeros; `scale` is a power of ten.
fn write_decimal(f: &mut fmt::Formatter<'_>, value: u64, scale: u64) -> fmt::Result {
    write!(f, "{}", value / scale)?;
    let mut rest = value % scale;
    if rest == 0 {
        return Ok(());
    }
    let mut digits = scale.ilog10() as usize;
    while rest.is_multiple_of(10) {
        rest /= 10;
        digits -= 1;
    }
    write!(f, ".{rest:0digits$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_as_people_write_them() {
        let shown: Vec<String> =
            [0, 250, 4_000, 4_250, 1_500_000, 45_000_000, 300_000_000, 7_200_000_000, 90_000_000]
                .into_iter()
                .map(|us| Span::from_us(us).to_string())
                .collect();
        assert_eq!(shown, ["0s", "250us", "4ms", "4.25ms", "1.5s", "45s", "5m", "2h", "90s"]);
    }

    #[test]
    fn instants_read_as_seconds() {
        let shown: Vec<String> =
            [0, 250, 3_010_000, 40_000_000].map(|us| Instant::from_us(us).to_string()).into();
        assert_eq!(shown, ["0s", "0.00025s", "3.01s", "40s"]);
        assert_eq!(Instant::NEVER.to_string(), "never");
    }

    #[test]
    fn rounding_up_keeps_multiples() {
        let step = Span::from_ms(20);
        assert_eq!(Instant::from_ms(40).round_up(step), Instant::from_ms(40));
        assert_eq!(Instant::from_us(40_001).round_up(step), Instant::from_ms(60));
        assert_eq!(Instant::from_us(7).round_up(Span::ZERO), Instant::from_us(7));
    }
}
