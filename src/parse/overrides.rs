//! `--set KEY=VALUE`: any key of a scenario, from the command line.

use super::document::{Entry, Node, Value};
use super::file::File;
use super::nearest::did_you_mean;
use super::problem::{Problem, Problems};
use super::shape::Shape;
use super::source::{Source, Spot};
use super::spec::Kind;

/// A key of a scenario and the value that it shall have instead.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Override {
    /// The whole text, under the name that messages show.
    pub(crate) source: Source,
    /// Length of the key with the spaces after it.
    equals: usize,
}

impl Override {
    /// Reads `groups.search.config.session.timeout.ms=10s`.
    ///
    /// The key is a path of dotted names. Names of topics, groups and the like may have dots
    /// themselves: where a table holds names, the longest one of the file that fits is meant; where
    /// it holds keys, the longest key. Places in a list are counted from 0: `events.0.at=50s`. The
    /// value is TOML; what isn't TOML is text, so that `10s` needs no quotes.
    pub fn parse(text: &str) -> Result<Override, Problems> {
        let source = Source::new("--set", text);
        let equals = text.find('=').filter(|equals| !text[..*equals].trim().is_empty());
        if let Some(equals) = equals {
            return Ok(Override { source, equals });
        }
        let at = Spot { source: 0, start: 0, end: text.len() };
        let problem = Problem::error(at, "an override is written KEY=VALUE");
        let help = "for example groups.search.config.session.timeout.ms=10s";
        Err(Problems::new(vec![source], vec![problem.help(help)]))
    }

    /// The key, as written.
    pub fn key(&self) -> &str {
        self.source.text()[..self.equals].trim()
    }

    /// Whether it changes a variant rather than the run.
    pub(crate) fn is_of_variant(&self) -> bool {
        self.key().split('.').next() == Some("variants")
    }

    /// Puts the value into a tree whose dotted keys have been joined; `index` is the number of this
    /// override's source.
    pub(crate) fn apply(
        &self,
        root: &mut Node,
        kind: &Kind,
        index: usize,
    ) -> Result<(), Box<Problem>> {
        let text = self.source.text();
        let rest = &text[self.equals + 1..];
        let start = self.equals + 1 + (rest.len() - rest.trim_start().len());
        let value = rest.trim();
        let at = Spot { source: index, start, end: start + value.len() };
        let value = Node::value(index, start, value)
            .unwrap_or_else(|| Node { at, value: Value::Text(value.to_owned()) });
        let key_start = text.len() - text.trim_start().len();
        let key = Spot { source: index, start: key_start, end: key_start + self.key().len() };
        let place = Place { at: key, segments: self.key().split('.').collect(), done: 0 };
        place.put(root, kind, value)
    }
}

/// How far a path has been followed.
struct Place<'a> {
    at: Spot,
    segments: Vec<&'a str>,
    done: usize,
}

impl Place<'_> {
    fn rest(&self) -> &[&str] {
        &self.segments[self.done..]
    }

    fn put(mut self, node: &mut Node, kind: &Kind, value: Node) -> Result<(), Box<Problem>> {
        if self.rest().is_empty() {
            *node = value;
            return Ok(());
        }
        let kind = *self.branch(node, kind);
        if let Kind::List { of, .. } = kind {
            return self.put_into_list(node, of, value);
        }
        if !matches!(node.value, Value::Table(_)) {
            *node = Node { at: self.at, value: Value::Table(Vec::new()) };
        }
        let Value::Table(entries) = &mut node.value else { return Ok(()) };
        let (name, inner) = self.step(entries, &kind)?;
        let position = entries.iter().position(|entry| entry.key == name).unwrap_or_else(|| {
            let node = Node { at: self.at, value: Value::Table(Vec::new()) };
            entries.push(Entry { key: name, key_at: self.at, node });
            entries.len() - 1
        });
        let entry = &mut entries[position];
        if self.rest().is_empty() {
            entry.key_at = self.at;
        }
        self.put(&mut entry.node, &inner, value)
    }

    /// Of several ways to write a value the one that the path goes into.
    fn branch<'k>(&self, node: &Node, kind: &'k Kind) -> &'k Kind {
        let Kind::OneOf(kinds) = kind else { return kind };
        let fits = |kind: &&Kind| match kind {
            Kind::List { .. } => matches!(node.value, Value::List(_)),
            Kind::Table(spec) => spec.key(self.rest()[0]).is_some(),
            _ => false,
        };
        kinds.iter().find(fits).unwrap_or(kind)
    }

    fn put_into_list(
        mut self,
        node: &mut Node,
        of: &Kind,
        value: Node,
    ) -> Result<(), Box<Problem>> {
        let wanted = self.rest()[0].to_owned();
        let items = match &mut node.value {
            Value::List(items) => items.as_mut_slice(),
            _ => &mut [],
        };
        let count = items.len();
        if let Some(item) = wanted.parse().ok().and_then(|index: usize| items.get_mut(index)) {
            self.done += 1;
            return self.put(item, of, value);
        }
        let problem = Problem::error(self.at, format!("the list has no place `{wanted}`"));
        Err(Box::new(problem.label(match count {
            0 => "it is empty".to_owned(),
            _ => format!("places are counted from 0 to {}", count - 1),
        })))
    }

    /// The name of the next entry, as many segments as possible, and what may stand there.
    fn step(&mut self, entries: &[Entry], kind: &Kind) -> Result<(String, Kind), Box<Problem>> {
        let rest = self.rest();
        let longest = |known: &dyn Fn(&str) -> bool| {
            (1..=rest.len()).rev().find(|count| known(&rest[..*count].join(".")))
        };
        let is_given = |name: &str| entries.iter().any(|entry| entry.key == name);
        let found = match kind {
            Kind::Table(spec) => longest(&|name| spec.key(name).is_some()),
            Kind::Settings(_) => Some(rest.len()),
            // A new table would lack what such a table needs; it is a slip of the pen.
            Kind::Named { of: Kind::Table(_), .. } | Kind::Variants => longest(&is_given),
            Kind::Named { .. } => longest(&is_given).or(Some(rest.len())),
            _ => None,
        };
        let Some(count) = found else { return Err(Box::new(self.stray(entries, kind))) };
        let name = rest[..count].join(".");
        self.done += count;
        let inner = match kind {
            Kind::Table(spec) => spec.key(&name).map_or(Kind::Later, |key| key.kind),
            Kind::Named { of, .. } => **of,
            Kind::Variants => File::KIND,
            _ => Kind::Later,
        };
        Ok((name, inner))
    }

    fn stray(&self, entries: &[Entry], kind: &Kind) -> Problem {
        let wanted = self.rest()[0];
        let given = || entries.iter().map(|entry| entry.key.as_str());
        let (what, near) = match kind {
            Kind::Table(spec) => ("key", did_you_mean(wanted, spec.names())),
            Kind::Named { noun, .. } => (*noun, did_you_mean(wanted, given())),
            Kind::Variants => ("variant", did_you_mean(wanted, given())),
            _ => {
                let path = self.segments[..self.done].join(".");
                let title = format!("`{path}` is a single value, not a table");
                return Problem::error(self.at, title).label(format!("so it has no `{wanted}`"));
            }
        };
        let place = match self.done {
            0 => "at the top of the file".to_owned(),
            done => format!("in [{}]", self.segments[..done].join(".")),
        };
        Problem::error(self.at, format!("there is no {what} `{wanted}` {place}")).help_if(near)
    }
}
