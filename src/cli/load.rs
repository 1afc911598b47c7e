//! Files, read and understood before anything runs.

use super::exit::Exit;
use super::external;
use super::find::{self, Wanted};
use super::print;
use crate::parse::{self, FileKind, Override, Source};
use crate::scenario::Scenario;
use crate::scenario::suite::Suite;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// A scenario, or a variant of one, ready to run.
#[derive(Debug)]
pub(super) struct Loaded {
    /// Its file.
    pub(super) path: PathBuf,
    /// The run, described whole.
    pub(super) scenario: Scenario,
}

/// What `rejoin test` runs.
#[derive(Debug)]
pub(super) enum Test {
    /// A scenario, or a variant of one.
    Run(Box<Loaded>),
    /// Cases for assignment strategies.
    Suite {
        /// Its file.
        path: PathBuf,
        /// The cases and what they expect.
        suite: Suite,
    },
}

/// The runs of all these files. What is wrong with any of them is told, all at once.
pub(super) fn load(files: &[PathBuf], set: &[String]) -> Result<Vec<Loaded>, Exit> {
    each(files, set, |path, source, overrides| {
        let (what, command) = match parse::kind(source) {
            FileKind::Scenario => return scenario(path, source, overrides),
            FileKind::Case => ("a case", "rejoin assign"),
            FileKind::Suite => ("a suite of cases", "rejoin test"),
        };
        let name = source.name();
        print::err(&format!("error: {name} is {what}, not a scenario: use {command} {name}\n"));
        None
    })
}

/// The runs and suites of all these files, likewise.
pub(super) fn tests(files: &[PathBuf], set: &[String]) -> Result<Vec<Test>, Exit> {
    each(files, set, |path, source, overrides| {
        if parse::kind(source) != FileKind::Suite {
            let runs = scenario(path, source, overrides)?.into_iter();
            return Some(runs.map(|run| Test::Run(Box::new(run))).collect());
        }
        match parse::suite(source, &external::registry()) {
            Ok(suite) => Some(vec![Test::Suite { path: path.to_owned(), suite }]),
            Err(problems) => {
                print::err(&problems.render(print::colored_err()));
                None
            }
        }
    })
}

/// What is read of each file, if all can be read.
fn each<T>(
    files: &[PathBuf],
    set: &[String],
    read: impl Fn(&Path, &Source, &[Override]) -> Option<Vec<T>>,
) -> Result<Vec<T>, Exit> {
    let mut wrong = false;
    let mut overrides = Vec::new();
    for text in set {
        match Override::parse(text) {
            Ok(change) => overrides.push(change),
            Err(problems) => {
                print::err(&problems.render(print::colored_err()));
                wrong = true;
            }
        }
    }
    let mut loaded = Vec::new();
    for path in files {
        match source(path).ok().and_then(|source| read(path, &source, &overrides)) {
            Some(of_file) => loaded.extend(of_file),
            None => wrong = true,
        }
    }
    if wrong { Err(Exit::Input) } else { Ok(loaded) }
}

/// The text of a file.
pub(super) fn source(path: &Path) -> Result<Source, Exit> {
    let name = path.display().to_string();
    match fs::read(path).map(String::from_utf8) {
        Ok(Ok(text)) => return Ok(Source::new(name, text)),
        Ok(Err(_)) => print::err(&format!("error: {name} is not text in UTF-8\n")),
        Err(error) => print::err(&format!("error: can't read {name}: {error}\n")),
    }
    Err(Exit::Input)
}

fn scenario(path: &Path, source: &Source, overrides: &[Override]) -> Option<Vec<Loaded>> {
    match parse::scenario_with(source, overrides, &external::registry()) {
        Ok(parsed) => {
            print::err(&parsed.warnings.render(print::colored_err()));
            let runs = parsed.runs.into_iter();
            Some(runs.map(|run| Loaded { path: path.to_owned(), scenario: run.scenario }).collect())
        }
        Err(problems) => {
            print::err(&problems.render(print::colored_err()));
            None
        }
    }
}

/// The folder of a run: its name, with dashes for spaces.
pub(super) fn folder_name(scenario: &Scenario) -> String {
    scenario.name.replace(' ', "-")
}

/// Refuses two runs that would write the same folder.
pub(super) fn refuse_equal_names(loaded: &[Loaded]) -> Result<(), Exit> {
    let mut by_name: BTreeMap<String, &Path> = BTreeMap::new();
    let mut result = Ok(());
    for one in loaded {
        let name = folder_name(&one.scenario);
        if let Some(other) = by_name.insert(name.clone(), &one.path) {
            let (this, other) = (one.path.display(), other.display());
            print::err(&format!(
                "error: {other} and {this} are both named `{name}` and would write the same \
                 folder; give one another `name`, or run them one after the other with another \
                 --output\n"
            ));
            result = Err(Exit::Input);
        }
    }
    result
}

/// The scenario files among and below these paths, in the order of the paths and of their names.
pub(super) fn find(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Exit> {
    find::find(paths, &Wanted { what: "scenario file", endings: &[".toml"] })
}
