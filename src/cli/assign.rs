//! `rejoin assign INPUT`

use super::exit::Exit;
use super::load;
use super::{AssignArguments, broken, external, print};
use crate::analysis::standing;
use crate::assignor::churn::Group;
use crate::assignor::{AssignError, Command, Question, Registry, Strategy};
use crate::conform::case;
use crate::conform::difference::Problem;
use crate::kernel::time::{Instant, Span};
use crate::model::id::GroupId;
use crate::parse::{self, FileKind, Source};
use crate::report::assignment::{Played, json, text};
use crate::scenario::Scenario;
use crate::scenario::case::Planned;
use crate::world;
use std::fmt::Write;
use std::path::Path;

/// A question, and who is asked.
struct Asked {
    name: String,
    question: Question,
    /// Whether members tell already what a member of the strategy tells: a recorded question.
    recorded: bool,
    strategies: Vec<Strategy>,
    changes: Vec<Planned>,
}

/// Patience with a program of the command line.
const LIMIT: Span = Span::from_secs(10);

pub(super) fn assign(arguments: &AssignArguments) -> Exit {
    let registry = external::registry();
    match load_all(arguments, &registry).and_then(|all| answer_all(arguments, all)) {
        Ok(text) => {
            print::out(&text);
            Exit::Well
        }
        Err(exit) => exit,
    }
}

/// Tells what is wrong with the input.
fn refuse(what: &str) -> Exit {
    print::err(&format!("error: {what}\n"));
    Exit::Input
}

fn load_all(arguments: &AssignArguments, registry: &Registry) -> Result<Vec<Asked>, Exit> {
    let source = load::source(&arguments.input)?;
    let recorded = source.text().trim_start().starts_with('{');
    if arguments.at.is_some() && (recorded || parse::kind(&source) == FileKind::Case) {
        return Err(refuse("--at is for scenarios: a case has only one moment"));
    }
    let mut all = if recorded {
        recorded_cases(arguments, &source)?
    } else if parse::kind(&source) == FileKind::Case {
        let case = parse::case(&source, registry).map_err(|problems| {
            print::err(&problems.render(print::colored_err()));
            Exit::Input
        })?;
        let (question, strategies) = (case.question, case.strategies);
        let changes = case.changes;
        vec![Asked { name: case.name, question, recorded: false, strategies, changes }]
    } else {
        vec![scenario(arguments)?]
    };
    let wanted = wanted(arguments, registry)?;
    for asked in &mut all {
        if !wanted.is_empty() {
            asked.strategies.clone_from(&wanted);
        }
        if !arguments.then.is_empty() {
            asked.changes = planned(&arguments.then, &asked.question)?;
        }
    }
    Ok(all)
}

/// The strategies of the command line.
fn wanted(arguments: &AssignArguments, registry: &Registry) -> Result<Vec<Strategy>, Exit> {
    let mut strategies = Vec::new();
    for name in &arguments.assignor {
        let Some(strategy) = registry.get(name.trim()) else {
            let known: Vec<&str> = registry.names().collect();
            let known = known.join(", ");
            return Err(refuse(&format!(
                "there is no assignment strategy {name:?}; known: {known}"
            )));
        };
        strategies.push(strategy);
    }
    for command in &arguments.command {
        let words: Vec<String> = command.split_whitespace().map(str::to_owned).collect();
        if words.is_empty() {
            return Err(refuse("--command needs a program"));
        }
        strategies.extend(registry.command(Command { words, limit: LIMIT }));
    }
    Ok(strategies)
}

/// The changes of the command line, if they fit the group.
fn planned(texts: &[String], question: &Question) -> Result<Vec<Planned>, Exit> {
    let Some(any) = Strategy::shipped("range") else { return Ok(Vec::new()) };
    let mut group = Group::new(any, question.clone());
    let mut planned = Vec::new();
    for text in texts {
        let change = parse::change(text).and_then(|change| {
            group.change(&change).map_err(|misfit| parse::misfit(&misfit))?;
            Ok(change)
        });
        match change {
            Ok(change) => planned.push(Planned { text: text.trim().to_owned(), change }),
            Err(why) => return Err(refuse(&format!("--then {text:?}: {why}"))),
        }
    }
    Ok(planned)
}

fn recorded_cases(arguments: &AssignArguments, source: &Source) -> Result<Vec<Asked>, Exit> {
    let mut all = Vec::new();
    for (number, line) in (1..).zip(source.text().lines()) {
        if line.trim().is_empty() {
            continue;
        }
        let asked = match case::question(line) {
            Ok(asked) => asked,
            Err(problem) => {
                let what = format!("{}:{number}: {problem}", source.name());
                if matches!(problem, Problem::Malformed(_)) {
                    return Err(refuse(&what));
                }
                print::err(&format!("warning: {what}; left out\n"));
                continue;
            }
        };
        if arguments.case.as_ref().is_none_or(|wanted| *wanted == asked.id) {
            let strategies = Strategy::shipped(&asked.assignor).into_iter().collect();
            let changes = Vec::new();
            let name = asked.id;
            let question = asked.question;
            all.push(Asked { name, question, recorded: true, strategies, changes });
        }
    }
    if all.is_empty() {
        let which = arguments.case.as_ref().map_or(String::new(), |id| format!(" {id:?}"));
        return Err(refuse(&format!("{} has no case{which}", source.name())));
    }
    Ok(all)
}

/// The group of a scenario: as the file starts it, or as it is at a moment of the run.
fn scenario(arguments: &AssignArguments) -> Result<Asked, Exit> {
    let path = &arguments.input;
    let set = &arguments.changes.set;
    let loaded = load::load(std::slice::from_ref(path), set)?;
    let Some(mut scenario) = loaded.into_iter().next().map(|loaded| loaded.scenario) else {
        return Err(Exit::Input);
    };
    let group = group(&scenario, arguments.group.as_deref())?;
    let end = match &arguments.at {
        Some(at) => Some(parse::moment(at, scenario.duration).map_err(|why| refuse(&why))?),
        None => None,
    };
    scenario.duration = end.map_or(Span::from_us(1), |at| at.since(Instant::ZERO));
    scenario.expects.clear();
    let question = broken::guarded("assign", path, set, || {
        let mut run = world::run(&scenario, &mut (), &mut |_| ());
        if let Some(violation) = run.violation.take() {
            return Err(violation);
        }
        Ok(match end {
            Some(_) => standing::members_at_end(&mut run, &scenario, group),
            None => standing::members_at_start(&mut run, &scenario, group),
        })
    })?;
    let name = &scenario.groups[group.index()].name;
    let when = end.map_or(String::new(), |at| format!(" at {at}"));
    let offered = &scenario.groups[group.index()].template.strategies;
    let name = format!("{name}{when}");
    let strategies = offered.first().cloned().into_iter().collect();
    Ok(Asked { name, question, recorded: false, strategies, changes: Vec::new() })
}

fn group(scenario: &Scenario, wanted: Option<&str>) -> Result<GroupId, Exit> {
    let names: Vec<&str> = scenario.groups.iter().map(|group| &*group.name).collect();
    let found = match wanted {
        Some(wanted) => names.iter().position(|name| *name == wanted),
        None => (names.len() == 1).then_some(0),
    };
    found.map(GroupId::new).ok_or_else(|| {
        let names = names.join(", ");
        refuse(&match wanted {
            Some(wanted) => format!("there is no group {wanted:?}; the scenario has {names}"),
            None => format!("the scenario has several groups: --group one of {names}"),
        })
    })
}

fn answer_all(arguments: &AssignArguments, all: Vec<Asked>) -> Result<String, Exit> {
    let mut out = String::new();
    for (number, asked) in all.into_iter().enumerate() {
        let mut played = Vec::new();
        for strategy in &asked.strategies {
            played.push(play(strategy, &asked, &arguments.input)?);
        }
        let changes: Vec<&str> = asked.changes.iter().map(|planned| &*planned.text).collect();
        if arguments.json {
            let _ = writeln!(out, "{}", json(&asked.name, &changes, &played));
        } else {
            out.push_str(if number > 0 { "\n" } else { "" });
            out.push_str(&text(&asked.name, &changes, &played));
        }
    }
    Ok(out)
}

/// Asks a strategy. Where Kafka throws, that is the answer; a strategy of one's own that fails is
/// wrong input.
fn play(strategy: &Strategy, asked: &Asked, path: &Path) -> Result<Played, Exit> {
    let question = asked.question.clone();
    let mut group = if asked.recorded {
        Group::new(strategy.clone(), question)
    } else {
        Group::joined(strategy.clone(), question)
    };
    let first = if asked.changes.is_empty() { group.ask() } else { group.begin() };
    let changes = asked.changes.iter().map(|planned| &planned.change);
    let steps = group.play_all(first, changes).map_err(|what| refuse(&parse::misfit(&what)))?;
    for step in &steps {
        if let Err(error @ (AssignError::Failed(_) | AssignError::Flawed(_))) = step {
            return Err(refuse(&format!("{}: {error}", path.display())));
        }
    }
    Ok(Played { strategy: strategy.name().to_owned(), steps })
}
