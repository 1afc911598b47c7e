//! Scenario files, read and understood before anything runs.

use super::exit::Exit;
use super::external;
use super::find::{self, Wanted};
use super::print;
use crate::parse::{self, Override, Source};
use crate::scenario::Scenario;
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

/// The runs of all these files. What is wrong with any of them is told, all at once.
pub(super) fn load(files: &[PathBuf], set: &[String]) -> Result<Vec<Loaded>, Exit> {
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
        match load_one(path, &overrides) {
            Some(runs) => loaded.extend(runs),
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

fn load_one(path: &Path, overrides: &[Override]) -> Option<Vec<Loaded>> {
    match parse::scenario_with(&source(path).ok()?, overrides, &external::registry()) {
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
