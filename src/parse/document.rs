//! TOML as a tree of our own: in the order of the text, every value with its place.
//!
//! Variants and overrides are laid over such a tree, so its parts may come from several texts.

use super::source::{Source, Spot};
use std::ops::Range;
use toml::de::{DeTable, DeValue};

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// The value's text; of a table its header, or its key where dots imply it.
    pub(crate) at: Spot,
    pub(crate) value: Value,
}

/// What TOML can say.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Text(String),
    /// Saturates far beyond every limit that anything here has.
    Integer(i128),
    /// As written, without underscores.
    Float(String),
    Bool(bool),
    Datetime,
    List(Vec<Node>),
    Table(Vec<Entry>),
}

/// A key of a table and its value.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_at: Spot,
    pub(crate) node: Node,
}

impl Node {
    /// The tree of a whole file, as far as it could be read, and what TOML says against it.
    pub(crate) fn document(source: &Source) -> (Node, Vec<toml::de::Error>) {
        let (table, errors) = DeTable::parse_recoverable(source.text());
        let node = Node { at: Spot::TOP, value: Value::Table(entries(0, 0, table.get_ref())) };
        (node, errors)
    }

    /// A single value of a source, `text` standing at `offset` in it; `None` if it isn't TOML.
    pub(crate) fn value(source: usize, offset: usize, text: &str) -> Option<Node> {
        let value = DeValue::parse(text).ok()?;
        Some(node(source, offset, value.span(), value.get_ref()))
    }

    /// The entries, if this is a table.
    pub(crate) fn entries(&self) -> Option<&[Entry]> {
        match &self.value {
            Value::Table(entries) => Some(entries),
            _ => None,
        }
    }

    /// The value of a key, if this is a table that has it.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        Some(&self.entries()?.iter().find(|entry| entry.key == key)?.node)
    }

    /// What it is, for "found …".
    pub(crate) fn found(&self) -> &'static str {
        match &self.value {
            Value::Text(_) => "a text",
            Value::Integer(_) => "a whole number",
            Value::Float(_) => "a decimal number",
            Value::Bool(_) => "true or false",
            Value::Datetime => "a date",
            Value::List(_) => "a list",
            Value::Table(_) => "a table",
        }
    }
}

fn entries(source: usize, offset: usize, table: &DeTable<'_>) -> Vec<Entry> {
    let mut entries: Vec<Entry> = table
        .iter()
        .map(|(key, value)| Entry {
            key: key.get_ref().to_string(),
            key_at: spot(source, offset, key.span()),
            node: node(source, offset, value.span(), value.get_ref()),
        })
        .collect();
    // The crate sorts by name; ids follow the order in which a person wrote the tables.
    entries.sort_by_key(|entry| entry.key_at.start);
    entries
}

fn node(source: usize, offset: usize, span: Range<usize>, value: &DeValue<'_>) -> Node {
    let value = match value {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(digits) => Value::Integer(integer(digits.as_str(), digits.radix())),
        DeValue::Float(digits) => Value::Float(digits.as_str().to_owned()),
        DeValue::Boolean(value) => Value::Bool(*value),
        DeValue::Datetime(_) => Value::Datetime,
        DeValue::Array(items) => {
            let item = |item: &toml::Spanned<DeValue<'_>>| {
                node(source, offset, item.span(), item.get_ref())
            };
            Value::List(items.iter().map(item).collect())
        }
        DeValue::Table(table) => Value::Table(entries(source, offset, table)),
    };
    Node { at: spot(source, offset, span), value }
}

fn integer(digits: &str, radix: u32) -> i128 {
    let beyond = if digits.starts_with('-') { i128::MIN } else { i128::MAX };
    i128::from_str_radix(digits, radix).unwrap_or(beyond)
}

fn spot(source: usize, offset: usize, span: Range<usize>) -> Spot {
    Spot { source, start: offset + span.start, end: offset + span.end }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_keep_the_order_of_the_text() {
        let source =
            Source::new("a.toml", "b = 1\na = 0x10\n[d]\nx = 9999999999999999999999\n[c]\n");
        let (node, errors) = Node::document(&source);
        assert!(errors.is_empty());
        let keys: Vec<&str> = node.entries().unwrap().iter().map(|e| e.key.as_str()).collect();
        assert_eq!(keys, ["b", "a", "d", "c"]);
        assert!(matches!(node.get("a").unwrap().value, Value::Integer(16)));
        assert_eq!(node.get("d").unwrap().at.text(&[source]), "[d]");
    }

    #[test]
    fn a_value_knows_its_place_in_a_longer_text() {
        let node = Node::value(3, 4, "[1, 2]").unwrap();
        assert_eq!(node.at, Spot { source: 3, start: 4, end: 10 });
        assert!(Node::value(3, 4, "10s").is_none());
    }
}
