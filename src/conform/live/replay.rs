//! An experiment, replayed run by run.

use super::compare::{self, Row};
use super::experiment::Experiment;
use super::measures::{Measures, Seen};
use super::scenario::{self, Unclear};
use super::stalls::Stalls;
use super::watch::Watch;
use crate::kernel::time::Instant;
use crate::parse::{self, Source};
use crate::world;
use serde::Serialize;

/// What came of an experiment.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Replayed {
    /// Its name.
    pub id: String,
    /// Whether the machine was disturbed.
    pub noisy: bool,
    /// Whether it is compared: family z measures the JVM.
    pub compared: bool,
    /// Which stalls belong to an event in it: whichever fits better.
    pub stalls: Stalls,
    /// Its key measures.
    pub rows: Vec<Row>,
    /// Why it could not be replayed.
    pub refused: Option<String>,
}

/// Reads the file of an experiment.
///
/// # Errors
/// What is wrong with it, and in which line.
pub fn read(text: &str) -> Result<Experiment, (u64, String)> {
    let experiment: Experiment =
        serde_json::from_str(text).map_err(|error| (error.line() as u64, error.to_string()))?;
    if experiment.runs.is_empty() {
        return Err((1, "the experiment has no runs".to_owned()));
    }
    if let Some(key) = experiment.key.iter().find(|key| regex_lite::Regex::new(key).is_err()) {
        return Err((1, format!("the key `{key}` is no regular expression")));
    }
    Ok(experiment)
}

/// Whether a text is the file of an experiment: one document with a setup and runs.
pub fn is_experiment(text: &str) -> bool {
    let head = text.trim_start();
    let lines = head.lines().next().is_some_and(|line| line.trim() == "{");
    lines && head.contains("\"setup\"")
}

/// Replays all runs of an experiment.
pub fn replay(experiment: &Experiment) -> Replayed {
    let runs = (0..experiment.runs.len()).map(|run| simulate(experiment, run));
    let (rows, stalls, refused) = match runs.collect::<Result<Vec<[Measures; 2]>, String>>() {
        Ok(runs) => {
            let (ended, begun): (Vec<_>, Vec<_>) = runs.into_iter().map(Into::into).unzip();
            let ended = compare::rows(experiment, &ended);
            let begun = compare::rows(experiment, &begun);
            let held = |rows: &[Row]| rows.iter().filter(|row| row.holds).count();
            if held(&begun) > held(&ended) {
                (begun, Stalls::Begun, None)
            } else {
                (ended, Stalls::Ended, None)
            }
        }
        Err(why) => (Vec::new(), Stalls::Ended, Some(why)),
    };
    let compared = !experiment.id.starts_with("z-");
    Replayed { id: experiment.id.clone(), noisy: experiment.noisy, compared, stalls, rows, refused }
}

/// What a run would have measured, with the stalls that end before the next event, and with those that
/// begin before it.
fn simulate(experiment: &Experiment, run: usize) -> Result<[Measures; 2], String> {
    let text = scenario::text(experiment, run)
        .map_err(|Unclear(what)| format!("no scenario can be made of it: {what}"))?;
    let source = Source::new(format!("{}.toml", experiment.id), text);
    let parsed = parse::scenario(&source, &[]).map_err(|problems| {
        let text = problems.to_string();
        text.lines().next().unwrap_or_default().to_owned()
    })?;
    let scenario_of_run = &parsed.runs[0].scenario;
    let mut watch = Watch::default();
    let mut world = world::run(scenario_of_run, &mut watch, &mut |_| {});
    if let Some(violation) = &world.violation {
        return Err(violation.to_string());
    }
    let end = scenario::end(experiment, run).unwrap_or_default();
    let end = Instant::from_us((end * 1e6) as u64);
    let mut measure = |stalls| {
        let (scenario, watch) = (scenario_of_run, &watch);
        Seen { experiment, run, scenario, watch, stalls, end }.measure(&mut world)
    };
    Ok([measure(Stalls::Ended), measure(Stalls::Begun)])
}
