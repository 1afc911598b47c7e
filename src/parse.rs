//! TOML to [`Scenario`]: every problem of a file at once, each shown where it stands.
//!
//! A file is read in steps, each of which goes on after a problem:
//!
//! 1. `document` makes a tree of the text that knows the place of every value; `normal` joins the
//!    dotted keys of Kafka's settings in it.
//! 2. `merge` lays a variant over the file, `overrides` the `--set` of the command line over both.
//! 3. `file` reads the tree into the tables of a scenario file. One description of every table and
//!    key drives this, the messages, the JSON Schema and docs/scenario.md.
//! 4. `kafka` checks settings as Kafka's own classes do; `resolve` fills in defaults and looks up
//!    names.
//!
//! Text in, data out: no files, no environment.
//!
//! ```
//! use rejoin::parse::{Source, scenario};
//!
//! let text = r#"
//! duration = "2m"
//!
//! [topics.orders]
//! partitons = 2
//!
//! [groups.search]
//! topics = ["ordres"]
//! "#;
//! let problems = scenario(&Source::new("two-mistakes.toml", text), &[]).unwrap_err();
//! assert_eq!(problems.len(), 2);
//! let text = problems.render(false);
//! assert!(text.contains("did you mean `partitions`?"));
//! assert!(text.contains("did you mean `orders`?"));
//! ```

mod change;
mod document;
mod file;
mod kafka;
mod leaf;
mod merge;
mod nearest;
mod normal;
mod overrides;
mod problem;
mod quantity;
mod reference;
mod resolve;
mod schema;
mod shape;
mod source;
mod spec;
mod syntax;
mod table;
mod unknown;

pub use change::{change, misfit};
pub use overrides::Override;
pub use problem::Problems;
pub use reference::reference;
pub use schema::schema;
pub use source::Source;

use crate::assignor::Registry;
use crate::kernel::time::{Instant, Span};
use crate::scenario::Scenario;
use crate::scenario::case::Case;
use crate::scenario::suite::Suite;
use document::{Entry, Node, Value};
use file::File;
use problem::{Problem, Severity};
use shape::{Reader, Shape, check_name};
use spec::Kind;

/// What a scenario file describes.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// The base scenario, then one for each variant in the order of the file.
    pub runs: Vec<Run>,
    /// What a person should know, though it can be run.
    pub warnings: Problems,
}

/// One run of a scenario file.
#[derive(Clone, Debug)]
pub struct Run {
    /// The variant's name, `None` for the base scenario.
    pub variant: Option<String>,
    /// The run, described whole.
    pub scenario: Scenario,
}

/// Reads a scenario file: its base scenario and its variants, with overrides over all of them.
pub fn scenario(source: &Source, overrides: &[Override]) -> Result<Parsed, Problems> {
    scenario_with(source, overrides, &Registry::default())
}

/// Reads a scenario file whose groups may name these assignment strategies.
pub fn scenario_with(
    source: &Source,
    overrides: &[Override],
    registry: &Registry,
) -> Result<Parsed, Problems> {
    let changes = overrides.iter().map(|change| change.source.clone());
    let sources: Vec<Source> = std::iter::once(source.clone()).chain(changes).collect();
    let (mut document, errors) = Node::document(source);
    let syntax = syntax::explain(source, &document, errors);
    if !syntax.recovered {
        return Err(Problems::new(sources, syntax.problems));
    }
    let mut collected = Collected::new(source, syntax.problems);
    let mut reader = Reader::default();
    apply(&sources, overrides, Override::is_of_variant, &mut document, &mut reader);
    let variants = take_variants(&mut document, &mut reader);
    collected.add(reader.into_problems(), None);

    let mut runs = Vec::new();
    for variant in std::iter::once(None).chain(variants.iter().map(Some)) {
        let mut node = document.clone();
        if let Some(variant) = variant {
            merge::merge(&mut node, &variant.node, &File::KIND);
        }
        let name = variant.map(|variant| variant.key.as_str());
        let (scenario, problems) = run(node, name, &sources, overrides, registry);
        collected.add(problems, name);
        runs.extend(scenario.map(|scenario| Run { variant: name.map(str::to_owned), scenario }));
    }
    let (errors, warnings) = collected.split();
    if errors.is_empty() {
        Ok(Parsed { runs, warnings: Problems::new(sources, warnings) })
    } else {
        Err(Problems::new(sources, errors))
    }
}

/// What a TOML file is, told by its keys.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FileKind {
    /// A scenario.
    Scenario,
    /// A question to assignment strategies: it has `members`.
    Case,
    /// A regression test of assignment strategies: it has `cases`.
    Suite,
}

/// What a file is; one that is none of these is a scenario with mistakes.
pub fn kind(source: &Source) -> FileKind {
    let (document, _) = Node::document(source);
    let has = |key: &str| document.entries().is_some_and(|all| all.iter().any(|e| e.key == key));
    if has("cases") {
        FileKind::Suite
    } else if has("members") {
        FileKind::Case
    } else {
        FileKind::Scenario
    }
}

/// Reads a question to assignment strategies.
pub fn case(source: &Source, registry: &Registry) -> Result<Case, Problems> {
    whole(source, |raw, reader| resolve::case::resolve(raw, source, registry, reader))
}

/// Reads a regression test of assignment strategies.
pub fn suite(source: &Source, registry: &Registry) -> Result<Suite, Problems> {
    whole(source, |raw, reader| resolve::suite::resolve(raw, source, registry, reader))
}

/// Reads a file that is one table, and resolves it.
fn whole<Raw: Shape, T>(
    source: &Source,
    resolve: impl FnOnce(&Raw, &mut Reader) -> T,
) -> Result<T, Problems> {
    let sources = vec![source.clone()];
    let (document, errors) = Node::document(source);
    let syntax = syntax::explain(source, &document, errors);
    if !syntax.recovered {
        return Err(Problems::new(sources, syntax.problems));
    }
    let mut collected = Collected::new(source, syntax.problems);
    let mut reader = Reader::default();
    let resolved = Raw::read(&document, &mut reader).map(|raw| resolve(&raw, &mut reader));
    collected.add(reader.into_problems(), None);
    let (errors, _) = collected.split();
    match resolved {
        Some(resolved) if errors.is_empty() => Ok(resolved),
        _ => Err(Problems::new(sources, errors)),
    }
}

/// Reads a moment of a run of this length, such as `30s`; the error says what is wrong.
pub fn moment(text: &str, duration: Span) -> Result<Instant, String> {
    let span = quantity::duration(text);
    let span = span.map_err(|refusal| format!("{text:?} is not a time: {}", refusal.label))?;
    if span.is_zero() || span > duration {
        return Err(format!("{text} is not within the run, which lasts {duration}"));
    }
    Ok(Instant::ZERO + span)
}

/// The run that a tree describes; without one there are problems.
fn run(
    mut node: Node,
    variant: Option<&str>,
    sources: &[Source],
    overrides: &[Override],
    registry: &Registry,
) -> (Option<Scenario>, Vec<Problem>) {
    let mut reader = Reader::default();
    apply(sources, overrides, |change| !change.is_of_variant(), &mut node, &mut reader);
    let scenario = File::read(&node, &mut reader).map(|file| {
        let mut scenario = resolve::scenario(&file, &sources[0], registry, &mut reader);
        if let Some(variant) = variant {
            scenario.name = format!("{}.{variant}", scenario.name);
        }
        scenario
    });
    (scenario, reader.into_problems())
}

/// Applies those of the overrides that are meant; the number of an override is that of its source.
fn apply(
    sources: &[Source],
    overrides: &[Override],
    meant: impl Fn(&Override) -> bool,
    node: &mut Node,
    reader: &mut Reader,
) {
    for (index, change) in overrides.iter().enumerate().filter(|(_, change)| meant(change)) {
        if let Err(problem) = change.apply(node, &File::KIND, index + 1) {
            reader.push(*problem);
        }
    }
    // The values of overrides may be tables with dotted keys.
    let mut twice = Vec::new();
    normal::join(node, &File::KIND, sources, &mut twice);
    for problem in twice {
        reader.push(problem);
    }
}

/// Takes `[variants.NAME]` out of the file.
fn take_variants(document: &mut Node, reader: &mut Reader) -> Vec<Entry> {
    let Value::Table(entries) = &mut document.value else { return Vec::new() };
    let Some(position) = entries.iter().position(|entry| entry.key == "variants") else {
        return Vec::new();
    };
    let node = entries.remove(position).node;
    let Value::Table(variants) = node.value else {
        let problem = Problem::error(node.at, format!("{} won't do for `variants`", node.found()));
        reader.push(problem.label(format!("expected {}", Kind::Variants.expected())));
        return Vec::new();
    };
    let mut tables = Vec::new();
    for variant in variants {
        check_name(&variant.key, variant.key_at, reader);
        if let Some(nested) =
            variant.node.entries().unwrap_or_default().iter().find(|entry| entry.key == "variants")
        {
            let problem = Problem::error(nested.key_at, "a variant has no variants of its own");
            reader.push(problem.label("put them beside each other"));
        } else if variant.node.entries().is_some() {
            tables.push(variant);
        } else {
            let problem = Problem::error(variant.node.at, "a variant is a table");
            reader.push(problem.label(format!("write [variants.{}]", variant.key)));
        }
    }
    tables
}

/// The problems of a file, each once.
struct Collected<'a> {
    source: &'a Source,
    /// Lines that TOML could not read right: what else is wrong with them is no second mistake.
    broken: Vec<usize>,
    problems: Vec<Problem>,
}

impl<'a> Collected<'a> {
    fn new(source: &'a Source, syntax: Vec<Problem>) -> Self {
        let broken = syntax.iter().map(|problem| source.line(problem.at.start)).collect();
        Collected { source, broken, problems: syntax }
    }

    /// Adds the problems of the file (`None`) or of a variant; a variant repeats those of the file.
    fn add(&mut self, found: Vec<Problem>, variant: Option<&str>) {
        for problem in found {
            let line = self.source.line(problem.at.start);
            let broken = problem.at.source == 0 && self.broken.contains(&line);
            if broken || self.problems.iter().any(|known| known.repeats(&problem)) {
                continue;
            }
            self.problems.push(match variant {
                Some(variant) => problem.help(format!("this is so in the variant `{variant}`")),
                None => problem,
            });
        }
    }

    /// Errors and warnings.
    fn split(self) -> (Vec<Problem>, Vec<Problem>) {
        self.problems.into_iter().partition(|problem| problem.severity == Severity::Error)
    }
}
