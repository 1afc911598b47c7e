//! Assignment strategies, looked up.

use crate::assignor::{Command, Registry, Strategy};
use crate::kernel::time::Span;
use crate::parse::file::strategy::{Program, StrategyRef};
use crate::parse::nearest::{did_you_mean, one_of};
use crate::parse::problem::Problem;
use crate::parse::shape::{At, Reader};

/// How long a program may think, where nothing is said.
const PATIENCE: Span = Span::from_secs(10);

/// Names that a message lists.
const LISTED: usize = 16;

/// The strategy that is meant.
pub(crate) fn resolve(
    raw: &At<StrategyRef>,
    registry: &Registry,
    reader: &mut Reader,
) -> Option<Strategy> {
    match &raw.value {
        StrategyRef::Named(name) => {
            let found = registry.get(name);
            if found.is_none() {
                let title = format!("there is no assignment strategy {name:?}");
                let problem = Problem::error(raw.at, title)
                    .label(format!("expected {}", one_of(registry.names(), LISTED)))
                    .help_if(did_you_mean(name, registry.names()));
                reader.push(problem);
            }
            found
        }
        StrategyRef::Program(program) => self::program(raw, program, registry, reader),
    }
}

fn program(
    raw: &At<StrategyRef>,
    program: &Program,
    registry: &Registry,
    reader: &mut Reader,
) -> Option<Strategy> {
    let words = program.command.as_ref()?;
    let limit = program.timeout.as_ref().map_or(PATIENCE, |at| at.value);
    if let Some(at) = program.timeout.as_ref().filter(|at| at.value.is_zero()) {
        let problem = Problem::error(at.at, "no program answers in no time");
        reader.push(problem.label("expected more than 0s"));
    }
    let words: Vec<String> = words.value.iter().map(|word| word.value.clone()).collect();
    if words.first().is_none_or(String::is_empty) {
        let at = program.command.as_ref().map_or(raw.at, |at| at.at);
        reader.push(Problem::error(at, "the program has no name").label("expected a program"));
        return None;
    }
    let strategy = registry.command(Command { words, limit });
    if strategy.is_none() {
        let problem = Problem::error(raw.at, "programs can't be strategies here");
        reader.push(problem.label("whoever reads this file has not allowed programs"));
    }
    strategy
}
