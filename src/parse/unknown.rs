//! A key that its table does not have: what a person may have meant.

use super::document::{Entry, Value};
use super::file::File;
use super::kafka::catalogue::{Family, families};
use super::nearest::nearest;
use super::problem::Problem;
use super::shape::Reader;
use super::source::Spot;
use super::spec::{Kind, TableSpec};

/// Notes an unknown key; returns the one that was probably meant.
pub(crate) fn report(
    entry: &Entry,
    spec: &'static TableSpec,
    reader: &mut Reader,
) -> Option<&'static str> {
    let (key, place) = (&entry.key, reader.place());
    let settings = leaves(entry).into_iter().map(|leaf| (families(&leaf.0), leaf));
    if let Some((homes, leaf)) = settings.into_iter().find(|(homes, _)| !homes.is_empty()) {
        reader.push(misplaced(entry, spec, &leaf, &homes, reader));
        return None;
    }
    let meant = nearest(key, spec.names());
    let home = home(key).filter(|_| meant.is_none() && spec.heading.starts_with('['));
    let label = match home {
        Some(home) => format!("this is a key of {home}"),
        None => "no such key".to_owned(),
    };
    let help = match (meant, reader.path()) {
        (Some(meant), _) => Some(format!("did you mean `{meant}`?")),
        (None, _) if home.is_some() => None,
        (None, [table, name]) if entry.node.entries().is_some() => {
            Some(format!("a name with dots is quoted: [{table}.\"{name}.{key}\"]"))
        }
        (None, _) => {
            let known: Vec<String> = spec.names().map(|name| format!("`{name}`")).collect();
            Some(format!("known here: {}", known.join(", ")))
        }
    };
    let problem = Problem::error(entry.key_at, format!("unknown key `{key}` in {place}"));
    reader.push(problem.label(label).help_if(help));
    meant
}

/// A setting of Kafka's outside of the `config` tables.
fn misplaced(
    entry: &Entry,
    spec: &TableSpec,
    (name, last): &(String, Spot),
    homes: &[Family],
    reader: &Reader,
) -> Problem {
    let own = match spec.noun {
        "group" | "consumer" => Some(Family::Consumer),
        "producer" => Some(Family::Producer),
        "topic" => Some(Family::Topic),
        "cluster" => Some(Family::Broker),
        _ => None,
    };
    let table = match own.filter(|own| homes.contains(own)) {
        Some(_) if spec.noun == "consumer" => "`config = { … }` of this entry".to_owned(),
        Some(_) => format!("[{}.config]", reader.path().join(".")),
        None => homes[0].table().to_owned(),
    };
    // The whole dotted name, where it is written in one go.
    let whole = Spot { end: last.end, ..entry.key_at };
    let in_one = last.end.checked_sub(entry.key_at.start) == Some(name.len());
    Problem::error(
        if in_one { whole } else { entry.key_at },
        format!("`{name}` is a setting of Kafka's"),
    )
    .label(format!("not a key of {}", reader.place()))
    .help(format!("put it into {table}"))
}

/// The dotted names that an entry spells (`session` with `timeout` and `ms` inside), and where
/// their last parts stand.
fn leaves(entry: &Entry) -> Vec<(String, Spot)> {
    match &entry.node.value {
        Value::Table(inner) => inner
            .iter()
            .flat_map(leaves)
            .map(|(rest, at)| (format!("{}.{rest}", entry.key), at))
            .collect(),
        _ => vec![(entry.key.clone(), entry.key_at)],
    }
}

/// The heading of the first table that has a key of this name.
pub(crate) fn home(key: &str) -> Option<&'static str> {
    home_in(&File::SPEC, key)
}

fn home_in(spec: &'static TableSpec, key: &str) -> Option<&'static str> {
    if spec.names().any(|name| name == key) {
        return Some(spec.heading);
    }
    spec.keys.iter().find_map(|known| home_below(&known.kind, key))
}

fn home_below(kind: &'static Kind, key: &str) -> Option<&'static str> {
    match kind {
        Kind::Table(spec) => home_in(spec, key),
        Kind::List { of, .. } | Kind::Named { of, .. } => home_below(of, key),
        Kind::OneOf(kinds) => kinds.iter().find_map(|kind| home_below(kind, key)),
        _ => None,
    }
}
