//! Assignment strategies, looked up.

use crate::assignor::{Registry, Strategy};
use crate::parse::file::strategy::StrategyRef;
use crate::parse::kafka::assignor;
use crate::parse::nearest::{did_you_mean, one_of};
use crate::parse::problem::Problem;
use crate::parse::shape::{At, Reader};

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
        StrategyRef::Program(program) => assignor::program(program, raw.at, registry, reader),
    }
}
