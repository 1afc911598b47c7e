//! Scenario files: what is said of bad ones, what is read of good ones.

mod messages;
mod mutations;
mod overrides;
mod schema;
mod values;

use rejoin::parse::Source;
use std::fs;
use std::path::{Path, PathBuf};

/// A path below the root of the crate.
fn in_tree(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The TOML files of a folder and those below it, by name; none if there is no such folder.
fn files(folder: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![in_tree(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.expect("it can be listed").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "toml") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// A file as a source, under its bare name.
fn source(path: &Path) -> Source {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Source::new(name, fs::read_to_string(path).expect("it is text"))
}
