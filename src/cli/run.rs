//! `rejoin run FILE…`

use super::exit::Exit;
use super::load::{self, Loaded};
use super::output::Output;
use super::progress::Progress;
use super::{RunArguments, broken, interrupt, print, slow};
use crate::analysis::summary::{Summary, summarize};
use crate::report::events::Lines;
use crate::report::names::Names;
use crate::report::{chart, json, series, text};
use crate::scenario::Scenario;
use crate::world;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

pub(super) fn run(arguments: &RunArguments) -> Exit {
    let set = &arguments.changes.set;
    let loaded = match load::load(&arguments.files, set) {
        Ok(loaded) => loaded,
        Err(exit) => return exit,
    };
    if let Err(exit) = load::refuse_equal_names(&loaded) {
        return exit;
    }
    interrupt::watch();
    let mut worst = Exit::Well;
    for (index, mut one) in loaded.into_iter().enumerate() {
        // What is only kept for them would cost memory.
        one.scenario.expects.clear();
        slow::warn(&one.scenario);
        let exit = match broken::guarded("run", &one.path, set, || write(&one, &arguments.output)) {
            Ok(Ok(Written { summary, folder, files })) => {
                let separator = if index > 0 { "\n" } else { "" };
                let files = files.join(" ");
                print::out(&format!("{separator}{summary}\n{}: {files}\n", folder.display()));
                Exit::Well
            }
            Ok(Err(Unwritten::Output(error))) => {
                let output = arguments.output.display();
                print::err(&format!("error: can't write below {output}: {error}\n"));
                Exit::Input
            }
            Ok(Err(Unwritten::Strategy(failed))) => {
                print::err(&format!("error: {}: {failed}\n", one.path.display()));
                Exit::Input
            }
            Err(exit) => exit,
        };
        worst = worst.max(exit);
    }
    worst
}

/// A run whose files are in their place.
struct Written {
    summary: String,
    folder: PathBuf,
    files: Vec<String>,
}

/// Why there is no folder.
enum Unwritten {
    Output(io::Error),
    Strategy(world::StrategyFailed),
}

/// Runs a scenario and writes its folder.
fn write(one: &Loaded, root: &Path) -> Result<Result<Written, Unwritten>, world::Violation> {
    let scenario = &one.scenario;
    let mut output = match Output::begin(root, &load::folder_name(scenario)) {
        Ok(output) => output,
        Err(error) => return Ok(Err(Unwritten::Output(error))),
    };
    let mut events = match output.open("events.jsonl") {
        Ok(events) => events,
        Err(error) => return Ok(Err(Unwritten::Output(error))),
    };
    let mut failure: Option<io::Error> = None;
    let mut lines = Lines::new(scenario, |line: &str| {
        if failure.is_none() {
            failure = writeln!(events, "{line}").err();
        }
    });
    let mut progress = Progress::new(&scenario.name, scenario.duration.as_us());
    let mut run = world::run(scenario, &mut lines, &mut |at| progress.show(at.as_us()));
    progress.end();
    if let Some(violation) = run.violation.take() {
        return Err(violation);
    }
    if let Some(failed) = run.failed.take() {
        return Ok(Err(Unwritten::Strategy(failed)));
    }
    let summary = summarize(&mut run, scenario);
    let publish = || -> io::Result<Written> {
        if let Some(error) = failure {
            return Err(error);
        }
        events.flush()?;
        drop(events);
        write_reports(&mut output, &mut run, scenario, &summary)?;
        let names = Names::of(&run, scenario);
        let files = output.names();
        Ok(Written { summary: text::summary(&summary, names), folder: output.publish()?, files })
    };
    Ok(publish().map_err(Unwritten::Output))
}

fn write_reports(
    output: &mut Output,
    run: &mut world::Run,
    scenario: &Scenario,
    summary: &Summary,
) -> io::Result<()> {
    output.write("summary.json", json::summary(summary, Names::of(run, scenario)).as_bytes())?;
    output.write("series.csv", series::csv(run, scenario).as_bytes())?;
    for chart in chart::charts(run, scenario, summary) {
        output.write(&format!("{}.svg", chart.name), chart.svg().as_bytes())?;
        output.write(&format!("{}.png", chart.name), &chart.png())?;
    }
    Ok(())
}
