//! `rejoin test PATH…`

use super::exit::Exit;
use super::load::{self, Loaded, Test};
use super::{TestArguments, baseline, broken, print};
use crate::analysis::suite::play;
use crate::analysis::verdict::{Verdict, judge};
use crate::assignor::AssignError;
use crate::parse;
use crate::report::suite::Entry;
use crate::report::{expectation, suite as lines};
use crate::scenario::suite::Suite;
use crate::world;
use rayon::prelude::*;
use std::fmt::Write;
use std::path::Path;

pub(super) fn test(arguments: &TestArguments) -> Exit {
    let before = arguments.baseline.as_deref().map(baseline::read).transpose();
    let set = &arguments.changes.set;
    let tests = load::find(&arguments.paths).and_then(|files| load::tests(&files, set));
    let (before, tests) = match (before, tests) {
        (Ok(before), Ok(tests)) => (before, tests),
        (Err(exit), _) | (_, Err(exit)) => return exit,
    };
    let results: Vec<Result<Tested, Exit>> = tests.par_iter().map(|one| check(one, set)).collect();

    let (mut worst, mut passed, mut failed) = (Exit::Well, 0, 0);
    let mut figures: Vec<Entry> = Vec::new();
    for result in results {
        match result {
            Ok(tested) => {
                print::out(&tested.text);
                passed += tested.passed;
                failed += tested.failed;
                worst = worst.max(tested.exit);
                figures.extend(tested.figures);
            }
            Err(exit) => worst = worst.max(exit),
        }
    }
    let mut beside = String::new();
    if let Some(before) = &before {
        let compared = baseline::compare(before, &figures, arguments.tolerance);
        print::out(&compared.text);
        beside = format!(", {} worse than the baseline", compared.worse);
        worst = worst.max(if compared.worse > 0 { Exit::Failed } else { Exit::Well });
    }
    let runs = if tests.len() == 1 { "run" } else { "runs" };
    print::out(&format!("{} {runs}: {passed} passed, {failed} failed{beside}\n", tests.len()));
    if let Some(path) = arguments.write_baseline.as_deref().filter(|_| worst <= Exit::Failed) {
        worst = worst.max(baseline::write(path, &figures).err().unwrap_or(Exit::Well));
    }
    if failed > 0 { worst.max(Exit::Failed) } else { worst }
}

/// The verdicts on one run or suite, as lines.
struct Tested {
    text: String,
    passed: usize,
    failed: usize,
    /// What its strategies' failure makes of the exit code.
    exit: Exit,
    figures: Vec<Entry>,
}

impl Tested {
    fn of(path: &Path, name: &str) -> Self {
        Tested {
            text: format!("{} · {name}\n", path.display()),
            passed: 0,
            failed: 0,
            exit: Exit::Well,
            figures: Vec::new(),
        }
    }

    fn add(&mut self, verdict: &Verdict, line: &str) {
        let passed = matches!(verdict, Verdict::Passed(_));
        let mark = match (passed, print::colored_out()) {
            (true, true) => "\x1b[32mok\x1b[0m    ",
            (true, false) => "ok    ",
            (false, true) => "\x1b[31mFAILED\x1b[0m",
            (false, false) => "FAILED",
        };
        let _ = writeln!(self.text, "  {mark} {line}");
        if passed {
            self.passed += 1;
        } else {
            self.failed += 1;
        }
    }

    /// A strategy that fails is wrong input.
    fn fail(&mut self, path: &Path, why: &str) {
        print::err(&format!("error: {}: {why}\n", path.display()));
        self.text.push_str("  strategy failed\n");
        self.exit = Exit::Input;
    }
}

fn check(test: &Test, set: &[String]) -> Result<Tested, Exit> {
    match test {
        Test::Run(run) => broken::guarded("test", &run.path, set, || check_run(run)),
        Test::Suite { path, suite } => {
            broken::guarded("test", path, set, || Ok(check_suite(path, suite)))
        }
    }
}

fn check_run(one: &Loaded) -> Result<Tested, world::Violation> {
    let scenario = &one.scenario;
    let mut tested = Tested::of(&one.path, &scenario.name);
    let mut run = world::run(scenario, &mut (), &mut |_| ());
    if let Some(violation) = run.violation.take() {
        return Err(violation);
    }
    if let Some(failed) = run.failed.take() {
        tested.fail(&one.path, &failed.to_string());
        return Ok(tested);
    }
    for expect in &scenario.expects {
        let verdict = judge(&mut run, scenario, expect);
        tested.add(&verdict, &expectation::line(scenario, expect, &verdict));
    }
    Ok(tested)
}

fn check_suite(path: &Path, suite: &Suite) -> Tested {
    let mut tested = Tested::of(path, &suite.name);
    let played = match play(suite) {
        Ok(played) => played,
        Err(misfit) => {
            tested.fail(path, &parse::misfit(&misfit));
            return tested;
        }
    };
    for step in played.iter().flat_map(|one| &one.steps) {
        if let Err(error @ (AssignError::Failed(_) | AssignError::Flawed(_))) = step {
            tested.fail(path, &error.to_string());
            return tested;
        }
    }
    for expect in &suite.expects {
        for one in played.iter().filter(|one| expect.is_about(one)) {
            let verdict = expect.judge(one);
            tested.add(&verdict, &lines::line(expect, one, &verdict));
        }
    }
    tested.figures = lines::entries(&path.display().to_string(), &played);
    tested
}
