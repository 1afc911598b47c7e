//! Measured and predicted, side by side.

use super::experiment::{Experiment, Summary};
use super::gaps::median;
use super::measures::Measures;
use serde::Serialize;

/// So much of a measured interval may be missed …
const SHARE: f64 = 0.15;
/// … or so many milliseconds, whichever is more; and so far outside of what was measured.
const SLACK_MS: f64 = 150.0;
/// An interval of a second or more counts in the summary of errors.
const LONG_MS: f64 = 1_000.0;

/// A measured name and what became of it.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Row {
    /// The name.
    pub name: String,
    /// What was measured.
    pub measured: Band,
    /// What this build says; `None`: it says nothing of it.
    pub predicted: Option<Band>,
    /// Relative error of the medians.
    pub error: Option<f64>,
    /// Whether the prediction is in the band.
    pub holds: bool,
}

/// Median, least and largest over runs.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct Band {
    /// The middle one.
    pub median: f64,
    /// The least.
    pub min: f64,
    /// The largest.
    pub max: f64,
}

/// What a name measures.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Milliseconds.
    Interval,
    /// Records a second, or a moment: sampled.
    Rate,
    /// A count of retries.
    Retries,
    /// A total of records.
    Total,
    /// Any other count.
    Count,
}

impl Kind {
    /// The kind of a name.
    pub fn of(name: &str) -> Self {
        let last = name.rsplit('.').next().unwrap_or(name);
        match name {
            name if name.contains("_ms") => Kind::Interval,
            name if name.contains("_per_s") || name.contains("lag_") => Kind::Rate,
            name if name.contains("coordinator_found_times") || name.contains(".errors.") => {
                Kind::Retries
            }
            _ if last == "produced" || last == "processed" => Kind::Total,
            _ => Kind::Count,
        }
    }
}

/// Compares the key measures of an experiment.
pub(super) fn rows(experiment: &Experiment, predicted: &[Measures]) -> Vec<Row> {
    let key: Vec<regex_lite::Regex> =
        experiment.key.iter().filter_map(|key| regex_lite::Regex::new(key).ok()).collect();
    let mut rows = Vec::new();
    for (name, summary) in &experiment.summary {
        // When the harness began to sleep is nothing of Kafka's.
        let own = name.contains(".busy_begin_ms.");
        let matters =
            !own && key.iter().any(|key| key.is_match(name)) && summary.n >= predicted.len();
        if !matters {
            continue;
        }
        let values: Vec<f64> = predicted.iter().filter_map(|m| m.get(name).copied()).collect();
        let said = Band::of(&values).filter(|_| values.len() == predicted.len());
        let error = said.filter(|_| summary.median != 0.0);
        let error = error.map(|said| (said.median - summary.median).abs() / summary.median.abs());
        rows.push(Row {
            measured: Band { median: summary.median, min: summary.min, max: summary.max },
            holds: said.is_some_and(|said| holds(Kind::of(name), summary, said.median)),
            predicted: said,
            error,
            name: name.clone(),
        });
    }
    rows
}

impl Band {
    fn of(values: &[f64]) -> Option<Band> {
        let min = values.iter().copied().min_by(f64::total_cmp)?;
        let max = values.iter().copied().max_by(f64::total_cmp)?;
        Some(Band { median: median(values)?, min, max })
    }
}

/// Whether a predicted median is what was measured.
fn holds(kind: Kind, measured: &Summary, said: f64) -> bool {
    let Summary { median, min, max, .. } = *measured;
    let near = |share: f64, slack: f64| (said - median).abs() <= (median.abs() * share).max(slack);
    match kind {
        Kind::Interval => near(SHARE, SLACK_MS) && min - SLACK_MS <= said && said <= max + SLACK_MS,
        Kind::Rate => near(SHARE, 0.0) || (min <= said && said <= max),
        Kind::Retries => 0.7 * min <= said && said <= 1.3 * max,
        Kind::Total => near(0.02, 0.0),
        // Where all runs agree, this is exact.
        Kind::Count => min <= said && said <= max,
    }
}

/// Errors of the intervals of a second or more.
pub fn long_errors(rows: &[Row]) -> Vec<f64> {
    let long = |row: &&Row| Kind::of(&row.name) == Kind::Interval && row.measured.median >= LONG_MS;
    rows.iter().filter(long).filter_map(|row| row.error).collect()
}

/// The middle one of these errors.
pub fn median_error(errors: &[f64]) -> Option<f64> {
    median(errors)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(median: f64, min: f64, max: f64) -> Summary {
        Summary { median, min, max, n: 5 }
    }

    #[test]
    fn intervals_have_a_band() {
        let nine = measured(9_000.0, 8_800.0, 9_900.0);
        let in_band = |said| holds(Kind::Interval, &nine, said);
        assert!(in_band(8_650.0) && in_band(10_050.0));
        assert!(!in_band(8_649.0), "below everything measured");
        assert!(!in_band(10_400.0), "far from the median");
        assert!(holds(Kind::Interval, &measured(20.0, 10.0, 30.0), 165.0));
        assert!(!holds(Kind::Interval, &measured(20.0, 10.0, 30.0), 181.0));
    }

    #[test]
    fn counts_are_exact_where_all_runs_agree() {
        assert!(holds(Kind::Count, &measured(2.0, 2.0, 2.0), 2.0));
        assert!(!holds(Kind::Count, &measured(2.0, 2.0, 2.0), 3.0));
        assert!(holds(Kind::Count, &measured(2.0, 1.0, 4.0), 4.0));
        assert!(holds(Kind::Retries, &measured(20.0, 19.0, 22.0), 28.0));
        assert!(!holds(Kind::Retries, &measured(20.0, 19.0, 22.0), 13.0));
        assert!(holds(Kind::Total, &measured(1_000.0, 990.0, 1_001.0), 981.0));
        assert!(!holds(Kind::Total, &measured(1_000.0, 990.0, 1_001.0), 979.0));
    }

    #[test]
    fn names_tell_what_they_measure() {
        let kinds = ["after.kill.stall_ms.c1", "after.kill.errors.HEARTBEAT.16.c1", "g.processed"];
        assert_eq!(kinds.map(Kind::of), [Kind::Interval, Kind::Retries, Kind::Total]);
        assert_eq!(Kind::of("lag_slope_per_s.0"), Kind::Rate);
        assert_eq!(Kind::of("duplicates"), Kind::Count);
    }
}
