//! Expectations of a suite and what was measured, and its figures for a baseline.

use super::expectation::told;
use crate::analysis::suite::Played;
use crate::analysis::verdict::Verdict;
use crate::scenario::suite::{Expect, Figure, Stat, Steps};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// `line 31: moves of "rolling" by sticky after "join m4" is 2 partitions, at most 2 partitions`
pub fn line(expect: &Expect, played: &Played, verdict: &Verdict) -> String {
    let steps = match &expect.steps {
        Steps::After(None) => " at the start".to_owned(),
        Steps::After(Some(change)) => format!(" after {change:?}"),
        Steps::All(Stat::Last) => String::new(),
        Steps::All(stat) => format!(" ({} of all steps)", stat.name()),
    };
    let (figure, case, assignor) = (expect.figure, &played.case, &played.assignor);
    let what = format!("{} of {case:?} by {assignor}{steps}", figure.name());
    told(expect.line, &what, figure.unit(), expect.compare, verdict)
}

/// The figures of a step, as a baseline keeps them.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// What it is about.
    #[serde(flatten)]
    pub of: Key,
    /// Figures by name; none where there was no answer.
    pub figures: BTreeMap<String, f64>,
}

/// A step of a case played by a strategy.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Key {
    /// The suite's file.
    pub suite: String,
    /// The case.
    pub case: String,
    /// The strategy.
    pub assignor: String,
    /// Which step, from 0.
    pub step: usize,
    /// What it comes after.
    pub after: String,
}

/// The figures of all steps.
pub fn entries(suite: &str, played: &[Played]) -> Vec<Entry> {
    let mut entries = Vec::new();
    for one in played {
        for (step, (result, after)) in one.steps.iter().zip(&one.after).enumerate() {
            let value = |figure: Figure| {
                let value = figure.measured(result).ok()?;
                Some((figure.name().to_owned(), value))
            };
            entries.push(Entry {
                of: Key {
                    suite: suite.to_owned(),
                    case: one.case.clone(),
                    assignor: one.assignor.clone(),
                    step,
                    after: after.clone().unwrap_or_else(|| "start".to_owned()),
                },
                figures: Figure::ALL.into_iter().filter_map(value).collect(),
            });
        }
    }
    entries
}
