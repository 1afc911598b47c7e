//! What is said of bad files and of good ones.
//!
//! Beside each `tests/bad/NAME.toml` lies `NAME.stderr`, what a person is shown; beside a good one
//! too, if there is something to say. A test that finds something else writes what it found below
//! the target folder and says where: look at it, and copy it over if it is better.

use crate::{files, in_tree, source};
use rejoin::assignor::Registry;
use rejoin::parse::{FileKind, Problems, Source, kind, reference, scenario, suite};
use std::fs;
use std::path::Path;

/// Compares a text with a file of the tree; if they differ, the new text is left below the target
/// folder, under the same path.
fn differs(actual: &str, expected: &Path) -> Option<String> {
    let known = fs::read_to_string(expected).ok();
    if known.as_deref() == Some(actual) || (known.is_none() && actual.is_empty()) {
        return None;
    }
    let path = expected.strip_prefix(in_tree("")).expect("it is in the tree");
    let new = Path::new(env!("CARGO_TARGET_TMPDIR")).join(path);
    fs::create_dir_all(new.parent().expect("a file is in a folder")).expect("it can be made");
    fs::write(&new, actual).expect("it can be written");
    Some(format!("{} should be {}", path.display(), new.display()))
}

/// What is said of a file: its warnings, or its errors; a suite has no warnings.
fn said(source: &Source) -> Result<Option<Problems>, Problems> {
    match kind(source) {
        FileKind::Suite => suite(source, &Registry::default()).map(|_| None),
        _ => scenario(source, &[]).map(|parsed| Some(parsed.warnings)),
    }
}

#[test]
fn bad_files_say_what_is_wrong() {
    let files = files("tests/bad");
    assert!(files.len() >= 70, "{} bad files", files.len());
    let mut wrong = Vec::new();
    for path in files {
        match said(&source(&path)) {
            Ok(_) => wrong.push(format!("{} was taken for good", path.display())),
            Err(problems) => {
                wrong.extend(differs(&problems.render(false), &path.with_extension("stderr")));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn good_files_are_read_and_warned_about() {
    let files = files("tests/good");
    assert!(files.len() >= 16, "{} good files", files.len());
    let mut wrong = Vec::new();
    for path in files {
        match said(&source(&path)) {
            Ok(warnings) => {
                let text = warnings.map_or_else(String::new, |all| all.render(false));
                wrong.extend(differs(&text, &path.with_extension("stderr")));
            }
            Err(problems) => wrong.push(problems.to_string()),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Ten kinds of mistakes in one file are ten messages or more, each with its place.
#[test]
fn all_mistakes_are_shown_at_once() {
    let problems = said(&source(&in_tree("tests/bad/ten-at-once.toml"))).unwrap_err();
    let text = problems.render(false);
    assert!(problems.len() >= 10, "{text}");
    assert_eq!(text.matches("\nerror: ").count() + 1, problems.len());
    assert_eq!(text.matches("--> ten-at-once.toml:").count(), problems.len());
}

#[test]
fn colour_is_only_used_when_asked_for() {
    let problems = said(&source(&in_tree("tests/bad/top-duration.toml"))).unwrap_err();
    assert!(problems.render(true).contains('\u{1b}'));
    assert!(!problems.render(false).contains('\u{1b}'));
    assert_eq!(problems.to_string(), problems.render(false).trim_end());
}

#[test]
fn the_reference_is_in_the_docs() {
    let wrong = differs(&reference(), &in_tree("docs/scenario.md"));
    assert_eq!(wrong, None);
}
