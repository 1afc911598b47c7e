//! Cases with expectations.

use super::case::{self, strategies, usual};
use super::compare::{Comparison, Measured, compare};
use crate::assignor::{Registry, Strategy};
use crate::parse::file::suite::{Suite as Raw, SuiteExpect};
use crate::parse::nearest::did_you_mean;
use crate::parse::problem::Problem;
use crate::parse::shape::{At, Reader};
use crate::parse::source::{Source, Spot};
use crate::scenario::case::Case;
use crate::scenario::suite::{Expect, Stat, Steps, Suite};
use std::collections::BTreeMap;

/// What `after` calls the first assignment.
const START: &str = "start";

/// The suite that a file describes.
pub(crate) fn resolve(
    raw: &Raw,
    source: &Source,
    registry: &Registry,
    reader: &mut Reader,
) -> Suite {
    let common = strategies(raw.assignors.as_ref(), registry, reader).unwrap_or_else(usual);
    let mut cases = Vec::new();
    let mut names: BTreeMap<String, Spot> = BTreeMap::new();
    for (number, of) in (1..).zip(raw.cases.iter().flat_map(|list| list.value.iter())) {
        let mut case = case::resolve(&of.value, source, registry, reader);
        if of.value.assignors.is_none() {
            case.strategies.clone_from(&common);
        }
        if of.value.name.is_none() {
            case.name = format!("case {number}");
        }
        let at = of.value.name.as_ref().map_or(of.at, |name| name.at);
        if let Some(other) = names.insert(case.name.clone(), at) {
            let title = format!("two cases are named {:?}", case.name);
            let problem = Problem::error(at, title).label("an expectation could mean either");
            reader.push(problem.also(Some(other), "also here"));
        }
        cases.push(case);
    }
    let blocks = raw.expect.iter().flat_map(|list| list.value.iter());
    let expects = blocks.filter_map(|raw| expect(raw, &cases, source, reader)).collect();
    let name = raw.name.as_ref().map_or_else(|| source.stem().to_owned(), |at| at.value.clone());
    let question = raw.question.as_ref().map(|at| at.value.clone());
    Suite { name, question, cases, expects }
}

fn expect(
    raw: &At<SuiteExpect>,
    cases: &[Case],
    source: &Source,
    reader: &mut Reader,
) -> Option<Expect> {
    let of = &raw.value;
    let figure = of.figure.as_ref()?.value;
    let comparison = Comparison {
        equals: of.equals.as_ref(),
        at_least: of.at_least.as_ref(),
        at_most: of.at_most.as_ref(),
        between: of.between.as_ref(),
        near: of.near.as_ref(),
    };
    let measured = Measured { name: figure.name(), unit: figure.unit(), is_seconds: false };
    let compare = compare(&comparison, &measured, reader);

    let case_names = cases.iter().map(|case| &*case.name);
    let case = of.case.as_ref().map(|at| among(at, "case", case_names, reader));
    let meant = |one: &&Case| case.as_ref().is_none_or(|name| *name == one.name);
    let strategies = cases.iter().filter(meant).flat_map(|case| &case.strategies);
    let assignor = of
        .assignor
        .as_ref()
        .map(|at| among(at, "strategy", strategies.map(Strategy::name), reader));
    let changes = || cases.iter().filter(meant).flat_map(|case| &case.changes);
    let steps = match (&of.after, &of.stat) {
        (Some(at), _) if at.value.trim() == START => Steps::After(None),
        (Some(at), _) => {
            let texts = changes().map(|planned| &*planned.text);
            Steps::After(Some(among(at, "change", texts, reader)))
        }
        (None, stat) => Steps::All(stat.as_ref().map_or(Stat::Last, |at| at.value)),
    };
    Some(Expect {
        line: source.line(raw.at.start) as u32,
        figure,
        case,
        assignor,
        steps,
        compare: compare?,
    })
}

/// A name that must be one of these.
fn among<'a>(
    at: &At<String>,
    what: &str,
    known: impl Iterator<Item = &'a str> + Clone,
    reader: &mut Reader,
) -> String {
    let name = at.value.trim();
    if !known.clone().any(|known| known == name) {
        let title = format!("no such {what}: {name:?}");
        let problem = Problem::error(at.at, title).label("nothing that this suite asks");
        reader.push(problem.help_if(did_you_mean(name, known)));
    }
    name.to_owned()
}
