//! Cases played by the strategies that a suite asks, and whether its expectations hold.

use super::verdict::{Verdict, holds};
use crate::assignor::AssignError;
use crate::assignor::churn::{Group, Misfit, Step};
use crate::scenario::suite::{Expect, Figure, Steps, Suite};

/// A case played by one strategy.
#[derive(Clone, Debug)]
pub struct Played {
    /// The case's name.
    pub case: String,
    /// The strategy's.
    pub assignor: String,
    /// The first assignment and those after each change, up to the first without an answer.
    pub steps: Vec<Result<Step, AssignError>>,
    /// What each step comes after; the first one comes after nothing.
    pub after: Vec<Option<String>>,
}

/// Plays all cases by all strategies that they ask, in the suite's order.
pub fn play(suite: &Suite) -> Result<Vec<Played>, Misfit> {
    let mut all = Vec::new();
    for case in &suite.cases {
        for strategy in &case.strategies {
            let mut group = Group::joined(strategy.clone(), case.question.clone());
            let first = group.begin();
            let changes = case.changes.iter().map(|planned| &planned.change);
            let texts = case.changes.iter().map(|planned| Some(planned.text.clone()));
            all.push(Played {
                case: case.name.clone(),
                assignor: strategy.name().to_owned(),
                steps: group.play_all(first, changes)?,
                after: std::iter::once(None).chain(texts).collect(),
            });
        }
    }
    Ok(all)
}

impl Expect {
    /// Whether it is about this case and strategy.
    pub fn is_about(&self, played: &Played) -> bool {
        let is = |wanted: &Option<String>, is: &str| wanted.as_ref().is_none_or(|w| w == is);
        let steps = match &self.steps {
            Steps::After(after) => played.after.contains(after),
            Steps::All(_) => true,
        };
        is(&self.case, &played.case) && is(&self.assignor, &played.assignor) && steps
    }

    /// Measures and compares.
    pub fn judge(&self, played: &Played) -> Verdict {
        match self.measure(played) {
            Ok(value) if holds(value, self.compare) => Verdict::Passed(value),
            Ok(value) => Verdict::Failed(value),
            Err(why) => Verdict::Error(why),
        }
    }

    fn measure(&self, played: &Played) -> Result<f64, String> {
        match &self.steps {
            Steps::All(stat) => {
                let values: Result<Vec<f64>, String> =
                    played.steps.iter().map(|step| self.figure.measured(step)).collect();
                stat.of(&values?).ok_or_else(|| "there is no step".to_owned())
            }
            // A change that comes twice: what it led to at last.
            Steps::After(after) => {
                let place = played.after.iter().rposition(|of| of == after);
                let place = place.unwrap_or(0).min(played.steps.len() - 1);
                self.figure.measured(&played.steps[place])
            }
        }
    }
}

impl Figure {
    /// The figure of a step; the error says why there is none.
    pub fn measured(self, step: &Result<Step, AssignError>) -> Result<f64, String> {
        match step {
            Ok(step) => self.of(step).ok_or_else(|| "there are no racks".to_owned()),
            Err(error) => Err(error.told()),
        }
    }
}
