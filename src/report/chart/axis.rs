//! Axes: where their ticks are and what they say.

use super::sheet::Side;
use crate::report::figures::count;
use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};
use std::ops::Range;

/// An axis from one value to another (downwards if `to` is less), with its ticks.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Axis {
    from: f64,
    to: f64,
    ticks: Vec<(f64, String)>,
    /// What stands below it.
    pub(super) title: &'static str,
}

/// Steps of a time axis (seconds) that people count in.
const TIME_STEPS: [f64; 29] = [
    1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0,
    30.0, 60.0, 120.0, 300.0, 600.0, 1_200.0, 1_800.0, 3_600.0, 7_200.0, 21_600.0, 43_200.0,
    86_400.0,
];
/// At most so many ticks on a time axis …
const TIME_TICKS: f64 = 13.0;
/// … and on one that counts.
const COUNT_TICKS: f64 = 6.0;
/// How far an axis that counts goes beyond its largest value.
const HEADROOM: f64 = 1.05;
/// Up to here time is written in seconds.
const SECONDS: f64 = 120.0;
/// Up to here it is written in minutes and seconds.
const MINUTES: f64 = 2.0 * 3_600.0;
/// Up to here it is written in hours and minutes.
const HOURS: f64 = 4.0 * 86_400.0;

impl Axis {
    /// Time since the start of the run.
    pub(super) fn time((from, to): (f64, f64)) -> Axis {
        let fits = |step: &&f64| (to - from) / **step <= TIME_TICKS;
        let days = || 86_400.0 * ((to - from) / 86_400.0 / TIME_TICKS).ceil();
        let step = TIME_STEPS.iter().find(fits).copied().unwrap_or_else(days);
        let (title, text): (&'static str, &dyn Fn(f64) -> String) = match to {
            ..=SECONDS => ("time (s)", &|at| decimal(at, step)),
            ..=MINUTES if step < 1.0 => ("time (s)", &|at| decimal(at, step)),
            ..=MINUTES => ("time (min:s)", &|at| sexagesimal(at)),
            ..=HOURS => ("time (h:min)", &|at| sexagesimal(at / 60.0)),
            _ => ("time (days)", &|at| decimal(at / 86_400.0, step / 86_400.0)),
        };
        let first = (from / step).ceil() as u64;
        let last = (to / step + 1e-9).floor() as u64;
        let tick = |n: u64| (n as f64 * step, text(n as f64 * step));
        Axis { from, to, ticks: (first..=last).map(tick).collect(), title }
    }

    /// The upright axis of a panel, so high in logical pixels.
    pub(super) fn side(side: &Side, height: u32) -> Axis {
        match side {
            Side::Count(max) => Self::count(*max),
            Side::Lanes(names) => {
                let every = (names.len() * 12).div_ceil(height.max(1) as usize).max(1);
                let shown = names.iter().enumerate().step_by(every);
                let ticks = shown.map(|(lane, name)| (lane as f64 + 0.5, name.clone()));
                let (from, ticks) = (names.len() as f64, ticks.collect());
                Axis { from, to: 0.0, ticks, title: "" }
            }
        }
    }

    fn count(max: f64) -> Axis {
        let mut step = 1.0;
        // 1, 2, 5, 10, 20, 50 …
        for factor in [2.0, 2.5, 2.0].into_iter().cycle() {
            if max / step <= COUNT_TICKS {
                break;
            }
            step *= factor;
        }
        // A value at the very top shall not stick to the edge.
        let to = (max * HEADROOM).max(1.0);
        let last = (to / step).floor();
        let (divisor, suffix) = match last * step {
            ..10_000.0 => (1.0, ""),
            ..10_000_000.0 => (1e3, "k"),
            ..1e10 => (1e6, "M"),
            _ => (1e9, "G"),
        };
        let text = |value: f64| match value / divisor {
            0.0 => "0".to_owned(),
            whole if step >= divisor => count(whole as u64) + suffix,
            part => decimal(part, step / divisor) + suffix,
        };
        let ticks = (0..=last as u64).map(|n| (n as f64 * step, text(n as f64 * step))).collect();
        Axis { from: 0.0, to, ticks, title: "" }
    }

    /// The same with shorter texts at its ticks.
    pub(super) fn shorten(mut self, shorter: impl Fn(&str) -> String) -> Axis {
        for (_, text) in &mut self.ticks {
            *text = shorter(text);
        }
        self
    }

    /// Its two ends, the one that is drawn below or left first.
    pub(super) fn ends(&self) -> (f64, f64) {
        (self.from, self.to)
    }

    /// What its ticks say.
    pub(super) fn labels(&self) -> impl Iterator<Item = &str> {
        self.ticks.iter().map(|(_, text)| text.as_str())
    }
}

/// With as many decimals as a step needs.
fn decimal(value: f64, step: f64) -> String {
    let decimals = (-libm::log10(step) - 1e-9).ceil().max(0.0) as usize;
    format!("{value:.decimals$}")
}

/// `1:05`: units and sixtieths.
fn sexagesimal(sixtieths: f64) -> String {
    let whole = sixtieths.round() as u64;
    format!("{}:{:02}", whole / 60, whole % 60)
}

impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, (start, end): (i32, i32)) -> i32 {
        let share = (value - self.from) / (self.to - self.from);
        start + (f64::from(end - start) * share).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        self.ticks.iter().map(|(at, _)| *at).collect()
    }

    fn range(&self) -> Range<f64> {
        self.from..self.to
    }
}

impl ValueFormatter<f64> for Axis {
    fn format_ext(&self, value: &f64) -> String {
        let near = |(at, _): &&(f64, String)| (at - value).abs() < f64::EPSILON * at.abs().max(1.0);
        self.ticks.iter().find(near).map_or_else(String::new, |(_, text)| text.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(from: f64, to: f64) -> (&'static str, Vec<String>) {
        let axis = Axis::time((from, to));
        let labels = axis.labels().map(str::to_owned).collect();
        (axis.title, labels)
    }

    #[test]
    fn time_is_counted_as_people_count_it() {
        let (title, labels) = time(0.0, 120.0);
        assert_eq!((title, labels.len()), ("time (s)", 13));
        assert_eq!(labels[12], "120");
        let (title, labels) = time(0.0, 3_600.0);
        assert_eq!(
            (title, &labels[..2]),
            ("time (min:s)", &["0:00", "5:00"].map(String::from)[..])
        );
        let (title, labels) = time(0.0, 86_400.0);
        assert_eq!((title, labels[1].as_str()), ("time (h:min)", "2:00"));
        let (title, labels) = time(0.0, 30.0 * 86_400.0);
        assert_eq!((title, labels[1].as_str()), ("time (days)", "3"));
        assert_eq!(time(10.0, 10.4).1[..2], ["10.00", "10.05"]);
    }

    #[test]
    fn counts_are_round_and_leave_room_at_the_top() {
        let counts = |max| {
            let axis = Axis::count(max);
            let labels: Vec<&str> = axis.labels().collect();
            (labels.join(" "), axis.to)
        };
        assert_eq!(counts(3.0), ("0 1 2 3".to_owned(), 3.0 * HEADROOM));
        assert_eq!(counts(0.0).0, "0 1");
        assert_eq!(counts(8_700.0).0, "0 2,000 4,000 6,000 8,000");
        assert_eq!(counts(12_400.0).0, "0 5k 10k");
        assert_eq!(counts(2.4e6).0, "0 500k 1,000k 1,500k 2,000k 2,500k");
        assert_eq!(counts(2.4e7).0, "0 5M 10M 15M 20M 25M");
    }
}
