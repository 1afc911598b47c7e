//! The description of a scenario file: one set of constants from which the reader, the JSON Schema
//! and the reference in docs/scenario.md all come.
//!
//! [`table!`](super::table) writes a table's description and the struct that it is read into in
//! one go, so a key can't be known to one and not to the other.

use super::document::{Node, Value};
use super::kafka::catalogue::Family;
use serde_json::Value as Json;

/// What may stand as a value.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    /// A single value of some notation.
    Leaf(&'static Leaf),
    /// A whole number of the closed interval.
    Integer { min: u64, max: u64 },
    /// One of these words.
    Words(&'static [Word]),
    /// A list of so many values.
    List { of: &'static Kind, min: usize, max: usize },
    /// A table with known keys.
    Table(&'static TableSpec),
    /// A table whose keys are names: `[topics.T]`.
    Named { of: &'static Kind, noun: &'static str },
    /// Kafka's settings of one family.
    Settings(Family),
    /// One of these, told apart by TOML's own types.
    OneOf(&'static [Kind]),
    /// `[variants.NAME]`: read before everything else.
    Variants,
    /// Part of the contract that this version refuses to run.
    Later,
}

/// A notation for single values.
pub(crate) struct Leaf {
    /// One word for tables: `duration`.
    pub(crate) name: &'static str,
    /// For "expected …".
    pub(crate) expected: &'static str,
    /// For editors.
    pub(crate) schema: fn() -> Json,
}

/// A word and what it means.
pub(crate) struct Word {
    pub(crate) word: &'static str,
    pub(crate) doc: &'static str,
}

/// A table with known keys.
pub(crate) struct TableSpec {
    /// Its name among the schema's definitions, and what one such thing is called.
    pub(crate) noun: &'static str,
    /// As people see it: `[topics.T]`.
    pub(crate) heading: &'static str,
    pub(crate) doc: &'static [&'static str],
    pub(crate) keys: &'static [KeySpec],
    pub(crate) rules: &'static [Rule],
}

/// A key of a table.
pub(crate) struct KeySpec {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) doc: &'static [&'static str],
    /// As written in TOML, or in words.
    pub(crate) default: Option<&'static str>,
}

/// Which keys a table must have.
#[derive(Clone, Copy)]
pub(crate) enum Rule {
    /// This one.
    Required(&'static str),
    /// One of these, and only one.
    ExactlyOne(&'static [&'static str]),
    /// Not more than one of these.
    AtMostOne(&'static [&'static str]),
    /// With the first, one of the others.
    Needs(&'static str, &'static [&'static str]),
}

impl TableSpec {
    /// The key of that name.
    pub(crate) fn key(&self, name: &str) -> Option<&KeySpec> {
        self.keys.iter().find(|key| key.name == name)
    }

    /// All keys that this version reads.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.keys.iter().filter(|key| !matches!(key.kind, Kind::Later)).map(|key| key.name)
    }
}

impl Kind {
    /// For "expected …".
    pub(crate) fn expected(&self) -> String {
        match self {
            Kind::Leaf(leaf) => leaf.expected.to_owned(),
            Kind::Integer { min, max } => format!("a whole number from {min} to {max}"),
            Kind::Words(words) => either(words),
            Kind::List { of: Kind::Table(spec), .. } if spec.heading.starts_with('[') => {
                format!("blocks {}", spec.heading)
            }
            Kind::List { of: Kind::Table(spec), .. } => {
                format!("a list such as [{}]", spec.heading)
            }
            Kind::List { of: Kind::Leaf(leaf), .. } => format!("a list of {}s", leaf.name),
            Kind::List { of: Kind::List { .. }, .. } => "a list of lists".to_owned(),
            Kind::List { of: Kind::Integer { .. }, .. } => "a list of whole numbers".to_owned(),
            Kind::List { of, .. } => format!("a list of values, each {}", of.expected()),
            Kind::Table(spec) if spec.heading.starts_with('{') => {
                format!("a table such as {}", spec.heading)
            }
            Kind::Table(spec) => format!("a table {}", spec.heading),
            Kind::Named { noun, .. } => format!("a table with one entry for each {noun}"),
            Kind::Settings(family) => format!("a table of {family} settings"),
            Kind::OneOf(kinds) => {
                kinds.iter().map(Kind::expected).collect::<Vec<_>>().join(", or ")
            }
            Kind::Variants => "a table with one table for each variant".to_owned(),
            Kind::Later => "nothing yet".to_owned(),
        }
    }

    /// The kind that a value of this TOML type has to be read as.
    pub(crate) fn of(&self, node: &Node) -> &Kind {
        let Kind::OneOf(kinds) = self else { return self };
        kinds.iter().find(|kind| kind.fits(node)).unwrap_or(self)
    }

    /// Whether TOML's type alone lets it be read as this.
    fn fits(&self, node: &Node) -> bool {
        match self {
            Kind::List { .. } => matches!(node.value, Value::List(_)),
            Kind::Table(_) | Kind::Named { .. } | Kind::Settings(_) | Kind::Variants => {
                matches!(node.value, Value::Table(_))
            }
            _ => !matches!(node.value, Value::List(_) | Value::Table(_)),
        }
    }
}

/// `"a", "b" or "c"`
fn either(words: &[Word]) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("\"{}\"", word.word)).collect();
    match words.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => words.concat(),
    }
}

/// Doc lines as one paragraph.
pub(crate) fn paragraph(doc: &[&str]) -> String {
    doc.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ")
}
