//! Every scenario that is shipped does what it says.

use rejoin::analysis::verdict::{Verdict, judge};
use rejoin::parse::{self, Source};
use rejoin::report::expectation;
use std::fs;
use std::path::{Path, PathBuf};

fn scenario_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            scenario_files(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// All scenarios; those of `assignors` are suites of cases, which tests/suites.rs tests.
fn shipped() -> Vec<PathBuf> {
    let mut files = Vec::new();
    for folder in ["scenarios/lessons", "scenarios/operations"] {
        scenario_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut files);
    }
    assert!(files.len() >= 22, "the scenarios were not found");
    files
}

#[test]
fn expectations_hold() {
    let mut failed = Vec::new();
    for path in shipped() {
        let text = fs::read_to_string(&path).unwrap();
        let source = Source::new(path.display().to_string(), text);
        let parsed = parse::scenario(&source, &[]).unwrap_or_else(|problems| panic!("{problems}"));
        assert!(parsed.warnings.is_empty(), "{}", parsed.warnings);
        for one in parsed.runs {
            let name = &one.scenario.name;
            let (mut run, _) = crate::run_with_lines(&one.scenario);
            assert!(!one.scenario.expects.is_empty(), "{name} expects nothing");
            for expect in &one.scenario.expects {
                let verdict = judge(&mut run, &one.scenario, expect);
                if !matches!(verdict, Verdict::Passed(_)) {
                    let line = expectation::line(&one.scenario, expect, &verdict);
                    failed.push(format!("{name}: {line}"));
                }
            }
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
}

#[test]
fn scenarios_ask_a_question_in_their_first_line() {
    for path in shipped() {
        let text = fs::read_to_string(&path).unwrap();
        let question = text.lines().next().and_then(|line| line.strip_prefix("# "));
        let question = question.filter(|question| question.ends_with('?'));
        let question = question.unwrap_or_else(|| panic!("{}: no question", path.display()));
        assert!(text.contains(&format!("question = \"{question}\"")), "{}", path.display());
    }
}
