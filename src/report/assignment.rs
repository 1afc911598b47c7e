//! Assignments and what they are worth, for people and for programs.

use super::columns::Columns;
use super::figures::counted;
use crate::assignor::churn::Step;
use crate::assignor::figures::Figures;
use crate::assignor::{Answer, AssignError, List, Question};
use crate::model::Name;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write;

/// What a strategy answered to a case: the assignment, and one for each change after it.
#[derive(Clone, Debug)]
pub struct Played {
    /// The strategy's name.
    pub strategy: String,
    /// By step. An error is Kafka's: its own code throws. Nothing follows it.
    pub steps: Vec<Result<Step, AssignError>>,
}

/// A table a person reads, at most 80 columns wide: who owns what, and the figures. With changes,
/// the figures after each, and who owns what in the end.
pub fn text(name: &str, changes: &[&str], played: &[Played]) -> String {
    let mut text = String::new();
    if let Some(question) = played.iter().find_map(|played| played.steps.last()?.as_ref().ok()) {
        text = format!("{name} · {}\n\n", size(&question.question));
    }
    let mut table = Columns {
        heads: played.iter().map(|played| played.strategy.clone()).collect(),
        ..Columns::default()
    };
    if !changes.is_empty() {
        write_changes(&mut table, changes, played);
        text.push_str(&table.text());
        let last = changes.last().copied().unwrap_or_default();
        let _ = write!(text, "\nAfter \"{last}\":\n\n");
        table.rows.clear();
    }
    write_owners(&mut table, played);
    table.gap();
    write_figures(&mut table, played);
    text.push_str(&table.text());
    text
}

fn size(question: &Question) -> String {
    let partitions: u32 = question.topics.iter().map(|topic| topic.partitions).sum();
    format!(
        "{} of {}, {}",
        counted(u64::from(partitions), "partition"),
        counted(question.topics.len() as u64, "topic"),
        counted(question.members.len() as u64, "member"),
    )
}

fn write_owners(table: &mut Columns, played: &[Played]) {
    // Strategies may fail at different steps: each has members of its own.
    let mut members: Vec<&Name> = Vec::new();
    let ends: Vec<_> = played.iter().map(|played| played.steps.last()).collect();
    for step in ends.iter().flatten().filter_map(|step| step.as_ref().ok()) {
        for (member, _) in step.answer.iter() {
            if !members.contains(&member) {
                members.push(member);
            }
        }
    }
    let by_end: Vec<BTreeMap<&Name, String>> = ends.iter().map(|end| owners(*end)).collect();
    for member in members {
        let cell = |owners: &BTreeMap<&Name, String>| owners.get(member).cloned();
        table.row(&**member, by_end.iter().map(|o| cell(o).unwrap_or_default()).collect());
    }
}

fn owners(end: Option<&Result<Step, AssignError>>) -> BTreeMap<&Name, String> {
    let Some(Ok(step)) = end else { return BTreeMap::new() };
    step.answer.iter().map(|(member, list)| (member, owned(list))).collect()
}

/// `3: orders 0-2`
fn owned(list: List<'_>) -> String {
    let mut by_topic: BTreeMap<&Name, Vec<u32>> = BTreeMap::new();
    for (topic, index) in list.iter() {
        by_topic.entry(topic).or_default().push(index);
    }
    if by_topic.is_empty() {
        return "idle".to_owned();
    }
    let topics = by_topic.into_iter().map(|(topic, mut indexes)| {
        indexes.sort_unstable();
        format!("{topic} {}", runs(&indexes))
    });
    format!("{}: {}", list.len(), topics.collect::<Vec<_>>().join(" · "))
}

/// `0-2 5 7-9`, of numbers in order.
fn runs(numbers: &[u32]) -> String {
    let mut runs: Vec<(u32, u32)> = Vec::new();
    for &number in numbers {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == number => *last = number,
            _ => runs.push((number, number)),
        }
    }
    let run = |&(first, last): &(u32, u32)| match last - first {
        0 => first.to_string(),
        1 => format!("{first} {last}"),
        _ => format!("{first}-{last}"),
    };
    runs.iter().map(run).collect::<Vec<_>>().join(" ")
}

type Line = (&'static str, fn(&Figures) -> String);

/// The figures, one a line.
const LINES: [Line; 7] = [
    ("most - least", |f| format!("{} ({} - {})", f.spread(), f.most, f.least)),
    ("within a topic", |f| {
        let worst = f.topic_spread.iter().rev().max_by_key(|(_, spread)| *spread);
        match worst.filter(|(_, spread)| *spread > 0) {
            Some((topic, spread)) => format!("{spread} ({topic})"),
            None => "0".to_owned(),
        }
    }),
    ("Jain's index", |f| format!("{:.3}", f.jain())),
    ("idle members", |f| f.idle.len().to_string()),
    ("moves", moves),
    ("other rack", |f| {
        f.rack_mismatches
            .map_or_else(|| "no racks".to_owned(), |n| format!("{n} of {}", f.assigned))
    }),
    ("nobody's", |f| f.unassigned.to_string()),
];

fn moves(figures: &Figures) -> String {
    let fewest = figures.fewest;
    let least = if fewest.is_enough { "" } else { "at least " };
    format!("{} (fewest: {least}{})", figures.moves, fewest.moves)
}

fn write_figures(table: &mut Columns, played: &[Played]) {
    let ends: Vec<Result<Figures, String>> = played.iter().map(end).collect();
    for (label, figure) in LINES {
        let cells: Vec<String> =
            ends.iter().map(|end| end.as_ref().map_or_else(|_| String::new(), figure)).collect();
        // What there is always none of says nothing.
        let quiet = matches!(label, "nobody's" | "other rack");
        if !quiet || cells.iter().any(|cell| !matches!(&**cell, "" | "0" | "no racks")) {
            table.row(label, cells);
        }
    }
    if ends.iter().any(Result::is_err) {
        table.row("no answer", ends.into_iter().map(|end| end.err().unwrap_or_default()).collect());
    }
}

fn end(played: &Played) -> Result<Figures, String> {
    match played.steps.last() {
        Some(Ok(step)) => Ok(step.figures()),
        Some(Err(error)) => Err(error.told()),
        None => Err("was not asked".to_owned()),
    }
}

fn write_changes(table: &mut Columns, changes: &[&str], played: &[Played]) {
    let labels = std::iter::once("at first").chain(changes.iter().copied());
    for (number, label) in labels.enumerate() {
        let cell = |played: &Played| match played.steps.get(number) {
            Some(Ok(step)) => told(step),
            Some(Err(error)) => error.told(),
            None => String::new(),
        };
        table.row(label, played.iter().map(cell).collect());
    }
    let total = |played: &Played| {
        let steps = played.steps.iter().filter_map(|step| step.as_ref().ok());
        steps.map(|step| step.figures().moves).sum::<usize>().to_string()
    };
    table.row("moves in all", played.iter().map(total).collect());
}

/// `moves 2 (fewest: 1), most - least 1, 2 rounds`
fn told(step: &Step) -> String {
    let figures = step.figures();
    let mut told = format!("moves {}, most - least {}", moves(&figures), figures.spread());
    if !figures.idle.is_empty() {
        let _ = write!(told, ", {} idle", figures.idle.len());
    }
    if step.rounds > 1 {
        let _ = write!(told, ", {} rounds", step.rounds);
    }
    told
}

/// The same as JSON. Lists of partitions are as in Kafka's answer: a topic may come again.
pub fn json(name: &str, changes: &[&str], played: &[Played]) -> Value {
    let step = |(number, step): (usize, &Result<Step, AssignError>)| {
        let change = number.checked_sub(1).and_then(|n| changes.get(n));
        match step {
            Ok(step) => json!({
                "change": change,
                "rounds": step.rounds,
                "result": result(&step.answer),
                "figures": figures(&step.figures()),
            }),
            Err(error) => json!({"change": change, "error": error.to_string()}),
        }
    };
    let one = |played: &Played| {
        let steps: Vec<Value> = played.steps.iter().enumerate().map(step).collect();
        json!({"assignor": played.strategy, "steps": steps})
    };
    json!({"name": name, "assignors": played.iter().map(one).collect::<Vec<_>>()})
}

fn result(answer: &Answer) -> Value {
    answer.iter().map(|(member, list)| (member.to_string(), json!(runs_of(list)))).collect()
}

/// Partitions as runs of one topic, in order: `[["t1",[0,2]],["t2",[1]]]`.
pub fn runs_of(list: List<'_>) -> Vec<(Name, Vec<u32>)> {
    let mut runs: Vec<(Name, Vec<u32>)> = Vec::new();
    for (topic, index) in list.iter() {
        match runs.last_mut() {
            Some((current, indexes)) if current == topic => indexes.push(index),
            _ => runs.push((topic.clone(), vec![index])),
        }
    }
    runs
}

fn figures(figures: &Figures) -> Value {
    let topics: Value =
        figures.topic_spread.iter().map(|(topic, n)| (topic.to_string(), json!(n))).collect();
    json!({
        "members": figures.members,
        "assigned": figures.assigned,
        "unassigned": figures.unassigned,
        "least": figures.least,
        "most": figures.most,
        "topic_spread": topics,
        "jain": figures.jain(),
        "idle": figures.idle.iter().map(|id| &**id).collect::<Vec<_>>(),
        "moves": figures.moves,
        "fewest_moves": figures.fewest.moves,
        "fewest_is_exact": figures.fewest.is_enough,
        "rack_mismatches": figures.rack_mismatches,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_a_row_are_runs() {
        assert_eq!(runs(&[0, 1, 2, 5, 7, 8]), "0-2 5 7 8");
        assert_eq!(runs(&[]), "");
    }
}
