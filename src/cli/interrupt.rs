//! Ctrl-C leaves no half-written file.

use std::fs;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Folders that hold unfinished files.
static UNFINISHED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// What a shell expects of a program that Ctrl-C has ended.
const INTERRUPTED: i32 = 130;

/// The list of unfinished folders. Ctrl-C waits while somebody holds it.
pub(super) fn unfinished() -> MutexGuard<'static, Vec<PathBuf>> {
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// From now on Ctrl-C removes what is unfinished.
pub(super) fn watch() {
    // Without a handler Ctrl-C still ends the program.
    let _ = ctrlc::set_handler(|| {
        for folder in unfinished().iter() {
            let _ = fs::remove_dir_all(folder);
        }
        process::exit(INTERRUPTED);
    });
}

/// Takes a folder off the list.
pub(super) fn forget(unfinished: &mut Vec<PathBuf>, folder: &Path) {
    unfinished.retain(|other| other != folder);
}
