//! Dotted keys, joined: TOML makes tables of `group.protocol = "classic"`, we want the setting.

use super::document::{Entry, Node, Value};
use super::file::File;
use super::problem::Problem;
use super::shape::Shape;
use super::source::{Source, Spot};
use super::spec::{Kind, TableSpec};

/// Joins the dotted keys of a tree wherever its description has keys with dots, so that everything
/// after this finds one entry a key. What is given twice in different spellings is noted.
pub(crate) fn join(node: &mut Node, kind: &Kind, sources: &[Source], problems: &mut Vec<Problem>) {
    let kind = *kind.of(node);
    match (&mut node.value, kind) {
        (Value::Table(entries), Kind::Settings(_)) => {
            *entries = distinct(flat(std::mem::take(entries), &|_| true, sources), problems);
        }
        (Value::Table(entries), Kind::Table(spec)) => {
            let dotted = |name: &str| is_beginning(spec, name);
            *entries = distinct(flat(std::mem::take(entries), &dotted, sources), problems);
            for entry in entries {
                if let Some(key) = spec.key(&entry.key) {
                    join(&mut entry.node, &key.kind, sources, problems);
                }
            }
        }
        (Value::Table(entries), Kind::Named { of, .. }) => {
            for entry in entries {
                join(&mut entry.node, of, sources, problems);
            }
        }
        (Value::Table(entries), Kind::Variants) => {
            for entry in entries {
                join(&mut entry.node, &File::KIND, sources, problems);
            }
        }
        (Value::List(items), Kind::List { of, .. }) => {
            for item in items {
                join(item, of, sources, problems);
            }
        }
        _ => {}
    }
}

/// Whether a key of the table begins with this name and a dot.
fn is_beginning(spec: &TableSpec, name: &str) -> bool {
    let begins = |key: &str| key.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'));
    spec.key(name).is_none() && spec.keys.iter().any(|key| begins(key.name))
}

/// The entries with nested tables opened, as long as `open` says so of their joined name.
fn flat(entries: Vec<Entry>, open: &dyn Fn(&str) -> bool, sources: &[Source]) -> Vec<Entry> {
    let mut flat = Vec::new();
    for entry in entries {
        collect(entry, "", open, sources, &mut flat);
    }
    flat
}

fn collect(
    entry: Entry,
    prefix: &str,
    open: &dyn Fn(&str) -> bool,
    sources: &[Source],
    flat: &mut Vec<Entry>,
) {
    let Entry { key, key_at, node } = entry;
    let key_at = if prefix.is_empty() { key_at } else { whole_key(key_at, prefix, sources) };
    let name = if prefix.is_empty() { key } else { format!("{prefix}.{key}") };
    match node.value {
        Value::Table(inner) if !inner.is_empty() && open(&name) => {
            for entry in inner {
                collect(entry, &name, open, sources, flat);
            }
        }
        value => flat.push(Entry { key: name, key_at, node: Node { at: node.at, value } }),
    }
}

/// The place of `group.protocol`, given that of `protocol`; unchanged if `group` isn't before it.
fn whole_key(last: Spot, prefix: &str, sources: &[Source]) -> Spot {
    let before = sources.get(last.source).and_then(|source| source.text().get(..last.start));
    let before = before.unwrap_or_default();
    match before.strip_suffix('.').and_then(|before| before.strip_suffix(prefix)) {
        Some(rest) => Spot { start: rest.len(), ..last },
        None => last,
    }
}

/// The first entry of each name; the others are noted.
fn distinct(entries: Vec<Entry>, problems: &mut Vec<Problem>) -> Vec<Entry> {
    let mut kept: Vec<Entry> = Vec::new();
    for entry in entries {
        match kept.iter().find(|known| known.key == entry.key) {
            None => kept.push(entry),
            Some(known) => {
                let title = format!("`{}` is given twice", entry.key);
                let problem = Problem::error(entry.key_at, title).label("the second time");
                problems.push(problem.also(Some(known.key_at), "the first time"));
            }
        }
    }
    kept
}
