//! A level over time, exact at every change: what `[[expect]]` takes maxima and means of.

use crate::kernel::time::{Instant, Span};
use crate::scenario::expect::Stat;

/// A value over time: between two points it moves linearly, at a point it may jump.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Gauge {
    points: Vec<Point>,
}

/// A moment, the value just before it and from it on.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Point {
    at: Instant,
    before: f64,
    after: f64,
}

impl Gauge {
    /// Adds a point after all others.
    pub fn push(&mut self, at: Instant, before: f64, after: f64) {
        if let Some(last) = self.points.last_mut()
            && last.at == at
        {
            last.after = after;
            return;
        }
        self.points.push(Point { at, before, after });
    }

    /// Holds its last value up to `at` and is `value` from then on.
    pub fn step(&mut self, at: Instant, value: f64) {
        let before = self.points.last().map_or(value, |last| last.after);
        self.push(at, before, value);
    }

    /// The value at the end of the tick `at`; before the first point its value.
    pub fn at(&self, at: Instant) -> f64 {
        let next = self.points.partition_point(|point| point.at <= at);
        let Some(last) = next.checked_sub(1) else {
            return self.points.first().map_or(0.0, |point| point.before);
        };
        let from = self.points[last];
        match self.points.get(next) {
            Some(to) => interpolate(from, *to, at),
            None => from.after,
        }
    }

    /// The value just before `at`.
    fn just_before(&self, at: Instant) -> f64 {
        let next = self.points.partition_point(|point| point.at < at);
        match (next.checked_sub(1), self.points.get(next)) {
            (_, Some(to)) if to.at == at => to.before,
            (Some(last), Some(to)) => interpolate(self.points[last], *to, at),
            (Some(last), None) => self.points[last].after,
            (None, to) => to.map_or(0.0, |point| point.before),
        }
    }

    /// The first moment from `from` on at which the value is at most `level`.
    pub fn first_at_most(&self, level: f64, from: Instant) -> Option<Instant> {
        if self.at(from) <= level {
            return Some(from);
        }
        for pair in self.points.windows(2).filter(|pair| pair[1].at > from) {
            let (start, end) = (pair[0].after, pair[1].before);
            if end <= level && start > level {
                let share = (start - level) / (start - end);
                let us = pair[1].at.since(pair[0].at).as_us() as f64 * share;
                return Some(pair[0].at + Span::from_us(libm::ceil(us) as u64));
            }
            if pair[1].after <= level {
                return Some(pair[1].at);
            }
        }
        None
    }

    /// One value for the window (from, to].
    pub fn over(&self, from: Instant, to: Instant, stat: Stat) -> f64 {
        let first = self.points.partition_point(|point| point.at <= from);
        let after = self.points.partition_point(|point| point.at <= to);
        // Where the gauge bends inside the window, with its ends.
        let mut bends = vec![Point { at: from, before: 0.0, after: self.at(from) }];
        bends.extend(&self.points[first..after]);
        bends.push(Point { at: to, before: self.just_before(to), after: self.at(to) });
        let values = || {
            let jumps = bends[1..].iter().flat_map(|point| [point.before, point.after]);
            std::iter::once(bends[0].after).chain(jumps)
        };
        match stat {
            Stat::Max => values().fold(f64::NEG_INFINITY, f64::max),
            Stat::Min => values().fold(f64::INFINITY, f64::min),
            Stat::Last => self.at(to),
            Stat::Sum => area(&bends),
            Stat::Mean => {
                let length = to.since(from).as_secs_f64();
                if length > 0.0 { area(&bends) / length } else { self.at(to) }
            }
            Stat::Percentile(percent) => percentile(&bends, percent),
        }
    }
}

fn interpolate(from: Point, to: Point, at: Instant) -> f64 {
    let whole = to.at.since(from.at).as_us() as f64;
    let gone = at.since(from.at).as_us() as f64;
    if whole <= 0.0 { from.after } else { from.after + (to.before - from.after) * gone / whole }
}

/// Value times seconds.
fn area(bends: &[Point]) -> f64 {
    let part = |pair: &[Point]| {
        let seconds = pair[1].at.since(pair[0].at).as_secs_f64();
        f64::midpoint(pair[0].after, pair[1].before) * seconds
    };
    bends.windows(2).map(part).sum()
}

/// The level below which the gauge stays for `percent` of the time. Slopes are cut into
/// [`PIECES`].
fn percentile(bends: &[Point], percent: f64) -> f64 {
    const PIECES: u32 = 16;
    let mut weighted: Vec<(f64, f64)> = Vec::new();
    for pair in bends.windows(2) {
        let seconds = pair[1].at.since(pair[0].at).as_secs_f64();
        let (start, end) = (pair[0].after, pair[1].before);
        let flat = start.total_cmp(&end).is_eq();
        let pieces = if flat { 1 } else { PIECES };
        for piece in 0..pieces {
            let middle = (f64::from(piece) + 0.5) / f64::from(pieces);
            weighted.push((start + (end - start) * middle, seconds / f64::from(pieces)));
        }
    }
    weighted_percentile(&mut weighted, percent).unwrap_or_else(|| bends[0].after)
}

/// The smallest value that at least `percent` of the weight does not exceed.
fn weighted_percentile(weighted: &mut [(f64, f64)], percent: f64) -> Option<f64> {
    weighted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let total: f64 = weighted.iter().map(|(_, weight)| weight).sum();
    if total <= 0.0 {
        return None;
    }
    let mut seen = 0.0;
    for &(value, weight) in weighted.iter() {
        seen += weight;
        if seen >= total * percent / 100.0 {
            return Some(value);
        }
    }
    weighted.last().map(|&(value, _)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: fn(u64) -> Instant = Instant::from_secs;

    /// 0 up to 10 s, then 4, a jump to 8 at 20 s, and a slope down to 0 at 30 s.
    fn gauge() -> Gauge {
        let mut gauge = Gauge::default();
        gauge.step(S(0), 0.0);
        gauge.step(S(10), 4.0);
        gauge.step(S(20), 8.0);
        gauge.push(S(30), 0.0, 0.0);
        gauge
    }

    fn over(from: u64, to: u64, stat: Stat) -> String {
        format!("{:.3}", gauge().over(S(from), S(to), stat))
    }

    #[test]
    fn a_moment_sees_the_end_of_its_tick() {
        let values = [5, 10, 20, 25, 30, 40].map(|s| gauge().at(S(s)));
        assert_eq!(format!("{values:?}"), "[0.0, 4.0, 8.0, 4.0, 0.0, 0.0]");
    }

    #[test]
    fn windows_are_open_at_the_start() {
        assert_eq!(over(0, 10, Stat::Max), "4.000", "the jump at the end counts");
        assert_eq!(over(10, 20, Stat::Min), "4.000", "what lies before the window does not");
        assert_eq!(over(20, 30, Stat::Max), "8.000");
    }

    #[test]
    fn means_are_weighted_by_time() {
        assert_eq!(over(0, 20, Stat::Mean), "2.000");
        assert_eq!(over(20, 30, Stat::Mean), "4.000");
        assert_eq!(over(0, 30, Stat::Sum), "80.000");
    }

    #[test]
    fn percentiles_are_weighted_by_time() {
        assert_eq!(over(0, 20, Stat::Percentile(50.0)), "0.000");
        assert_eq!(over(0, 20, Stat::Percentile(51.0)), "4.000");
        assert_eq!(over(20, 30, Stat::Percentile(50.0)), "3.750");
    }
}
