//! Random scenarios with all kinds of faults, every invariant on: what no person thinks of.
//!
//! A seed makes the text of a scenario, so that it is read as a person's file is, and anybody can
//! run it again. Some kinds of events are off altogether in each, so that the others meet more
//! often (swarm testing, Groce et al., 2012).

mod cluster;
mod dice;
mod events;
mod groups;
mod pauses;

use crate::kernel::random::{Purpose, Streams};
use crate::parse::{self, Source};
use crate::world;
use cluster::Cluster;
use dice::Dice;
use groups::Group;
use std::fmt::Write;

/// What came of a scenario.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// Every invariant held.
    Held {
        /// Fingerprint of what happened.
        digest: u64,
        /// Events that the run took.
        events: u64,
    },
    /// An invariant broke: which, and how.
    Broke(String),
    /// The text is no scenario: why.
    Refused(String),
}

/// Runs the scenario of a seed.
pub fn check(seed: u64) -> Outcome {
    run(&scenario(seed))
}

/// Runs the scenario that a text describes.
pub fn run(text: &str) -> Outcome {
    let scenario = match parse::scenario(&Source::new("fuzz.toml", text), &[]) {
        Ok(mut parsed) => parsed.runs.remove(0).scenario,
        Err(problems) => return Outcome::Refused(problems.to_string()),
    };
    let run = world::run(&scenario, &mut (), &mut |_| ());
    if let Some(violation) = run.violation {
        return Outcome::Broke(violation.to_string());
    }
    match run.failed {
        Some(failed) => Outcome::Broke(failed.to_string()),
        None => Outcome::Held { digest: run.trace.digest(), events: run.trace.events },
    }
}

/// The text of the scenario of a seed.
pub fn scenario(seed: u64) -> String {
    let mut dice = Dice::new(Streams::new(seed).stream("fuzz", Purpose("scenario")));
    let seconds = dice.between(10, 60);
    let cluster = Cluster::draw(&mut dice, seconds);
    let mut groups = groups::draw(&mut dice, &cluster);
    // What came later has dice of its own: a seed that broke something goes on doing so.
    let mut later = Dice::new(Streams::new(seed).stream("fuzz", Purpose("pauses")));
    for group in &mut groups {
        group.hand_over(&mut later);
    }
    let mut text = format!("# What breaks? Made by `rejoin fuzz --seed {seed} --runs 1`.\n\n");
    let _ = writeln!(text, "seed = {seed}\nduration = \"{seconds}s\"");
    if dice.one_in(4) {
        let _ = writeln!(text, "resolution = \"{}ms\"", dice.between(1, 50));
    }
    text += &cluster.text;
    for Group { text: group, .. } in &groups {
        text += group;
    }
    text += &events::draw(&mut dice, &cluster, &groups, seconds);
    text += &pauses::draw(&mut later, &groups, seconds);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_makes_one_text_and_seeds_differ() {
        assert_eq!(scenario(5), scenario(5));
        assert_ne!(scenario(5), scenario(6));
    }

    #[test]
    fn texts_that_are_no_scenario_are_refused() {
        assert!(matches!(run("duration = \"1s\""), Outcome::Refused(_)));
    }
}
