//! Files among and below the paths of a call.

use super::exit::Exit;
use super::print;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Which files of a folder count. One that the user names counts in any case.
pub(super) struct Wanted {
    /// What they are, for the user.
    pub(super) what: &'static str,
    /// How their names end.
    pub(super) endings: &'static [&'static str],
}

/// The files among and below these paths, in the order of the paths and of their names.
pub(super) fn find(paths: &[PathBuf], wanted: &Wanted) -> Result<Vec<PathBuf>, Exit> {
    let mut files = Vec::new();
    let mut wrong = false;
    for path in paths {
        let before = files.len();
        match collect(path, wanted, &mut files) {
            Err(error) => {
                print::err(&format!("error: can't read {}: {error}\n", path.display()));
                wrong = true;
            }
            Ok(()) if files.len() == before => {
                let endings: Vec<String> =
                    wanted.endings.iter().map(|ending| format!("*{ending}")).collect();
                let (what, endings, path) = (wanted.what, endings.join(", "), path.display());
                print::err(&format!("error: no {what} ({endings}) in {path}\n"));
                wrong = true;
            }
            Ok(()) => {}
        }
    }
    if wrong { Err(Exit::Input) } else { Ok(files) }
}

fn collect(path: &Path, wanted: &Wanted, files: &mut Vec<PathBuf>) -> io::Result<()> {
    if !fs::metadata(path)?.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    let entries: io::Result<Vec<_>> =
        fs::read_dir(path)?.map(|entry| entry.map(|entry| entry.path())).collect();
    let mut entries = entries?;
    entries.sort();
    for entry in entries {
        let name = entry.file_name().unwrap_or_default().to_string_lossy();
        let is_wanted = wanted.endings.iter().any(|ending| name.ends_with(ending));
        if entry.is_dir() || is_wanted {
            collect(&entry, wanted, files)?;
        }
    }
    Ok(())
}
