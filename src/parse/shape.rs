//! Reading a tree into types: what a type expects, and how it says that it got something else.

use super::document::{Entry, Node, Value};
use super::nearest::{did_you_mean, one_of};
use super::problem::Problem;
use super::source::Spot;
use super::spec::{Kind, Rule, TableSpec, paragraph};
use super::unknown;

/// A type that values of a scenario file are read into.
pub(crate) trait Shape: Sized {
    /// What may stand for it.
    const KIND: Kind;

    /// The value, or `None` and a problem.
    fn read(node: &Node, reader: &mut Reader) -> Option<Self>;
}

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct At<T> {
    pub(crate) value: T,
    pub(crate) at: Spot,
}

/// Stands in the path for the items of a list.
const ITEM: &str = "[]";

/// Collects problems while a tree is read.
#[derive(Default)]
pub(crate) struct Reader {
    problems: Vec<Problem>,
    /// The tables around what is being read: `groups`, `search`.
    path: Vec<String>,
}

impl Reader {
    /// Notes a problem and goes on.
    pub(crate) fn push(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// Everything noted so far.
    pub(crate) fn into_problems(self) -> Vec<Problem> {
        self.problems
    }

    /// Reads a value with its place.
    pub(crate) fn read<T: Shape>(&mut self, node: &Node) -> Option<At<T>> {
        T::read(node, self).map(|value| At { value, at: node.at })
    }

    /// Does something inside the table `name`.
    pub(crate) fn within<R>(&mut self, name: &str, read: impl FnOnce(&mut Self) -> R) -> R {
        self.path.push(name.to_owned());
        let result = read(self);
        self.path.pop();
        result
    }

    /// Where we are, as a person would say it: `[groups.search]`, `[[events]]`.
    pub(crate) fn place(&self) -> String {
        let path: Vec<&str> = self.path.iter().map(String::as_str).collect();
        match path[..] {
            [] => "the top of the file".to_owned(),
            [list, ITEM] => format!("[[{list}]]"),
            [.., list, ITEM] => format!("an entry of `{list}`"),
            [.., name] if path.contains(&ITEM) => format!("`{name}`"),
            _ => format!("[{}]", path.join(".")),
        }
    }

    /// " for `partitions`": the key whose value is being read.
    pub(crate) fn whose(&self) -> String {
        let key = self.path.iter().rev().find(|name| *name != ITEM);
        key.map(|key| format!(" for `{key}`")).unwrap_or_default()
    }

    /// Names of the tables around what is being read.
    pub(crate) fn path(&self) -> &[String] {
        &self.path
    }

    /// Notes that a value is of the wrong type.
    pub(crate) fn mismatch(&mut self, node: &Node, kind: &Kind) {
        let title = format!("{} won't do{}", node.found(), self.whose());
        let label = format!("expected {}", kind.expected());
        self.push(Problem::error(node.at, title).label(label));
    }

    /// The table's entries, after unknown and missing keys have been noted.
    pub(crate) fn table<'n>(
        &mut self,
        node: &'n Node,
        spec: &'static TableSpec,
    ) -> Option<Fields<'n>> {
        let Some(entries) = node.entries() else {
            self.mismatch(node, &Kind::Table(spec));
            return None;
        };
        let mut strangers = Vec::new();
        for entry in entries {
            match spec.key(&entry.key).map(|key| key.kind) {
                None => strangers.push(unknown::report(entry, spec, self)),
                Some(Kind::Later) => self.push(not_yet(entry.key_at, &format!("`{}`", entry.key))),
                Some(_) => {}
            }
        }
        for rule in spec.rules {
            self.check(rule, spec, entries, node.at, &strangers);
        }
        Some(Fields { entries })
    }

    /// Checks which keys there are. `strangers` are the unknown ones, or rather what was meant by
    /// them: what is only misspelt isn't missing.
    fn check(
        &mut self,
        rule: &Rule,
        spec: &TableSpec,
        entries: &[Entry],
        at: Spot,
        strangers: &[Option<&'static str>],
    ) {
        let given = |names: &[&str]| -> Vec<&Entry> {
            entries.iter().filter(|entry| names.contains(&entry.key.as_str())).collect()
        };
        match rule {
            Rule::Required(name) => {
                if given(&[name]).is_empty() && !strangers.contains(&Some(name)) {
                    let title = format!("`{name}` is missing from {}", self.place());
                    let doc = spec.key(name).map(|key| paragraph(key.doc));
                    let help = doc.map(|doc| format!("`{name}`: {doc}"));
                    self.push(Problem::error(at, title).label("it is required").help_if(help));
                }
            }
            Rule::Needs(name, others) => {
                if let (Some(entry), true) = (given(&[name]).first(), given(others).is_empty()) {
                    let others = one_of(others.iter().copied(), others.len());
                    let problem = Problem::error(entry.key_at, format!("`{name}` needs {others}"));
                    self.push(problem.label("it is missing here"));
                }
            }
            Rule::ExactlyOne(names) | Rule::AtMostOne(names) => {
                let given = given(names);
                if let [first, second, ..] = given[..] {
                    let title = format!("`{}` and `{}` exclude each other", first.key, second.key);
                    let problem = Problem::error(second.key_at, title).label("give only one");
                    self.push(problem.also(Some(first.key_at), "the other is here"));
                }
                let missing = given.is_empty() && strangers.is_empty();
                if missing && matches!(rule, Rule::ExactlyOne(_)) {
                    let wanted = one_of(spec.names().filter(|name| names.contains(name)), 12);
                    let title = format!("{} needs {wanted}", self.place());
                    self.push(Problem::error(at, title).label("one of them is required"));
                }
            }
        }
    }
}

/// The entries of a table that has been checked against its description.
pub(crate) struct Fields<'n> {
    entries: &'n [Entry],
}

impl Fields<'_> {
    /// Reads the value of a key, if it is given.
    pub(crate) fn read<T: Shape>(&self, name: &str, reader: &mut Reader) -> Option<At<T>> {
        let entry = self.entries.iter().find(|entry| entry.key == name)?;
        reader.within(name, |reader| reader.read(&entry.node))
    }
}

/// The message for what is part of the contract but not of this version.
pub(crate) fn not_yet(at: Spot, what: &str) -> Problem {
    Problem::error(at, format!("not yet: {what} comes with a later step of rejoin"))
        .label("this version can't simulate it")
        .help("nothing in a scenario is ignored silently: take it out to run the rest")
}

/// A table whose keys are names.
#[derive(Clone, Debug)]
pub(crate) struct Named<T> {
    pub(crate) entries: Vec<NamedEntry<T>>,
}

/// A name and what it stands for.
#[derive(Clone, Debug)]
pub(crate) struct NamedEntry<T> {
    pub(crate) name: String,
    /// Where the name stands.
    pub(crate) at: Spot,
    /// `None` if it couldn't be read; the name exists nevertheless.
    pub(crate) value: Option<At<T>>,
}

impl<T: Shape> Shape for Named<T> {
    const KIND: Kind = Kind::Named { of: &T::KIND, noun: noun(&T::KIND) };

    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        let Some(entries) = node.entries() else {
            reader.mismatch(node, &Self::KIND);
            return None;
        };
        let read = |entry: &Entry, reader: &mut Reader| {
            check_name(&entry.key, entry.key_at, reader);
            reader.within(&entry.key, |reader| NamedEntry {
                name: entry.key.clone(),
                at: entry.key_at,
                value: reader.read(&entry.node),
            })
        };
        Some(Named { entries: entries.iter().map(|entry| read(entry, reader)).collect() })
    }
}

const fn noun(kind: &Kind) -> &'static str {
    match kind {
        Kind::Table(spec) => spec.noun,
        _ => "name",
    }
}

/// Notes a name that Kafka would not take.
pub(crate) fn check_name(name: &str, at: Spot, reader: &mut Reader) {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let label = if name.is_empty() {
        "it is empty"
    } else if name.len() > 249 {
        "it is longer than 249 characters"
    } else if !name.chars().all(legal) {
        "it may hold letters, digits, `.`, `_` and `-`"
    } else if matches!(name, "." | "..") {
        "Kafka refuses `.` and `..`"
    } else {
        return;
    };
    let shown: String = name.chars().take(40).collect();
    reader.push(Problem::error(at, format!("{shown:?} can't be a name")).label(label));
}

/// A list of `MIN` to `MAX` values.
#[derive(Clone, Debug)]
pub(crate) struct List<T, const MIN: usize, const MAX: usize> {
    /// Those that could be read, with `None` for the others, so that positions stay.
    pub(crate) items: Vec<Option<At<T>>>,
}

/// A list of any length.
pub(crate) type AnyList<T> = List<T, 0, { usize::MAX }>;

impl<T: Shape, const MIN: usize, const MAX: usize> Shape for List<T, MIN, MAX> {
    const KIND: Kind = Kind::List { of: &T::KIND, min: MIN, max: MAX };

    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        let Value::List(items) = &node.value else {
            reader.mismatch(node, &Self::KIND);
            return None;
        };
        if items.len() < MIN || items.len() > MAX {
            let what = match items.len() {
                0 => "an empty list".to_owned(),
                1 => "a list of one value".to_owned(),
                count => format!("a list of {count} values"),
            };
            let title = format!("{what} won't do{}", reader.whose());
            let label = if MIN == MAX {
                format!("expected {MIN} values")
            } else if items.len() < MIN {
                format!("expected at least {MIN}")
            } else {
                format!("expected at most {MAX}")
            };
            reader.push(Problem::error(node.at, title).label(label));
            return None;
        }
        let read = |reader: &mut Reader| items.iter().map(|item| reader.read(item)).collect();
        Some(List { items: reader.within(ITEM, read) })
    }
}

impl<T, const MIN: usize, const MAX: usize> List<T, MIN, MAX> {
    /// The values that could be read.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &At<T>> {
        self.items.iter().flatten()
    }
}

/// The text of a node, if it is one of these words.
pub(crate) fn word<'n>(
    node: &'n Node,
    kind: &Kind,
    words: &[&str],
    reader: &mut Reader,
) -> Option<&'n str> {
    let Value::Text(word) = &node.value else {
        reader.mismatch(node, kind);
        return None;
    };
    if words.contains(&word.as_str()) {
        return Some(word);
    }
    let problem = Problem::error(node.at, format!("{word:?} won't do{}", reader.whose()))
        .label(format!("expected {}", kind.expected()))
        .help_if(did_you_mean(word, words.iter().copied()));
    reader.push(problem);
    None
}
