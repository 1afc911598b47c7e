//! `rejoin test PATH…`

use super::exit::Exit;
use super::load::{self, Loaded};
use super::{TestArguments, broken, print};
use crate::analysis::verdict::{Verdict, judge};
use crate::report::expectation;
use crate::world;
use rayon::prelude::*;
use std::fmt::Write;

pub(super) fn test(arguments: &TestArguments) -> Exit {
    let set = &arguments.changes.set;
    let loaded = load::find(&arguments.paths).and_then(|files| load::load(&files, set));
    let loaded = match loaded {
        Ok(loaded) => loaded,
        Err(exit) => return exit,
    };
    let results: Vec<Result<Result<Tested, world::StrategyFailed>, Exit>> = loaded
        .par_iter()
        .map(|one| broken::guarded("test", &one.path, set, || check(one)))
        .collect();
    let (mut worst, mut passed, mut failed) = (Exit::Well, 0, 0);
    for (one, result) in loaded.iter().zip(results) {
        match result {
            Ok(Err(failed)) => {
                let path = one.path.display();
                print::err(&format!("error: {path}: {failed}\n"));
                print::out(&format!("{path} · {}\n  strategy failed\n", one.scenario.name));
                worst = worst.max(Exit::Input);
            }
            Ok(Ok(tested)) => {
                print::out(&tested.text);
                passed += tested.passed;
                failed += tested.failed;
            }
            Err(exit) => {
                print::out(&format!("{} · {}\n  broken\n", one.path.display(), one.scenario.name));
                worst = worst.max(exit);
            }
        }
    }
    let runs = if loaded.len() == 1 { "run" } else { "runs" };
    print::out(&format!("{} {runs}: {passed} passed, {failed} failed\n", loaded.len()));
    if failed > 0 { worst.max(Exit::Failed) } else { worst }
}

/// The verdicts on one run, as lines.
struct Tested {
    text: String,
    passed: usize,
    failed: usize,
}

fn check(one: &Loaded) -> Result<Result<Tested, world::StrategyFailed>, world::Violation> {
    let scenario = &one.scenario;
    let mut run = world::run(scenario, &mut (), &mut |_| ());
    if let Some(violation) = run.violation.take() {
        return Err(violation);
    }
    if let Some(failed) = run.failed.take() {
        return Ok(Err(failed));
    }
    let mut tested = Tested {
        text: format!("{} · {}\n", one.path.display(), scenario.name),
        passed: 0,
        failed: 0,
    };
    let colored = print::colored_out();
    for expect in &scenario.expects {
        let verdict = judge(&mut run, scenario, expect);
        let passed = matches!(verdict, Verdict::Passed(_));
        let mark = match (passed, colored) {
            (true, true) => "\x1b[32mok\x1b[0m    ",
            (true, false) => "ok    ",
            (false, true) => "\x1b[31mFAILED\x1b[0m",
            (false, false) => "FAILED",
        };
        let line = expectation::line(scenario, expect, &verdict);
        let _ = writeln!(tested.text, "  {mark} {line}");
        if passed {
            tested.passed += 1;
        } else {
            tested.failed += 1;
        }
    }
    Ok(Ok(tested))
}
