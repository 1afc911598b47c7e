//! Figures of suites as they were once: `--baseline`, `--write-baseline`.

use super::exit::Exit;
use super::print;
use crate::report::figures;
use crate::report::suite::{Entry, Key};
use crate::scenario::suite::Figure;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::str::FromStr;

/// How much worse a figure may be: a part of what it was.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Tolerance(f64);

impl FromStr for Tolerance {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = text.trim().strip_suffix('%').unwrap_or(text.trim());
        let percent = number.trim().parse().ok().filter(|p: &f64| p.is_finite() && *p >= 0.0);
        percent.map(|p| Tolerance(p / 100.0)).ok_or_else(|| "expected percent, such as 5%".into())
    }
}

/// Rounding is no difference.
const EXACT: f64 = 1e-9;

/// What each step's figures were.
pub(super) type Baseline = BTreeMap<Key, BTreeMap<String, f64>>;

/// Reads a baseline; what is wrong with it is told.
pub(super) fn read(path: &Path) -> Result<Baseline, Exit> {
    let wrong = |what: String| {
        print::err(&format!("error: {what}\n"));
        Exit::Input
    };
    let name = path.display();
    let text = fs::read_to_string(path).map_err(|error| {
        wrong(format!("can't read {name}: {error}; --write-baseline {name} makes it"))
    })?;
    let mut baseline = Baseline::new();
    for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
        let entry: Entry = serde_json::from_str(line)
            .map_err(|error| wrong(format!("{name}:{number}: no line of a baseline: {error}")))?;
        baseline.insert(entry.of, entry.figures);
    }
    Ok(baseline)
}

/// Writes a baseline, whole or not at all.
pub(super) fn write(path: &Path, entries: &[Entry]) -> Result<(), Exit> {
    let mut lines: Vec<&Entry> = entries.iter().collect();
    lines.sort_by(|a, b| a.of.cmp(&b.of));
    let mut text = String::new();
    for line in lines {
        // Plain data with text keys always has a JSON form.
        let _ = writeln!(text, "{}", serde_json::to_string(line).unwrap_or_default());
    }
    let mut partial = path.as_os_str().to_owned();
    partial.push(format!(".{}", std::process::id()));
    let written = fs::write(&partial, text).and_then(|()| fs::rename(&partial, path));
    written.map_err(|error| {
        let _ = fs::remove_file(&partial);
        print::err(&format!("error: can't write {}: {error}\n", path.display()));
        Exit::Input
    })
}

/// What differs from a baseline.
#[derive(Debug, Default)]
pub(super) struct Compared {
    /// Lines for people.
    pub(super) text: String,
    /// Figures that are worse.
    pub(super) worse: usize,
}

/// Compares the figures of suites with what they were.
pub(super) fn compare(baseline: &Baseline, now: &[Entry], tolerance: Tolerance) -> Compared {
    let mut told = Compared::default();
    for entry in now {
        let Some(before) = baseline.get(&entry.of) else {
            let _ = writeln!(told.text, "  new     {}: not in the baseline", named(&entry.of));
            continue;
        };
        for figure in Figure::ALL {
            let (was, is) = (before.get(figure.name()), entry.figures.get(figure.name()));
            told.figure(&entry.of, figure, was.copied(), is.copied(), tolerance);
        }
    }
    // Of suites that were not run there is nothing to say.
    let is_run = |key: &&Key| now.iter().any(|entry| entry.of.suite == key.suite);
    for key in baseline.keys().filter(is_run) {
        if !now.iter().any(|entry| entry.of == *key) {
            let _ = writeln!(told.text, "  gone    {}: only in the baseline", named(key));
        }
    }
    told
}

impl Compared {
    fn figure(
        &mut self,
        of: &Key,
        figure: Figure,
        was: Option<f64>,
        is: Option<f64>,
        tolerance: Tolerance,
    ) {
        let unit = figure.unit();
        let what = format!("{}: {}", named(of), figure.name());
        let (was, is) = match (was, is) {
            (None, None) => return,
            (None, Some(_)) => {
                let _ = writeln!(self.text, "  better  {what} can be measured now");
                return;
            }
            (Some(_), None) => {
                self.worse += 1;
                let _ = writeln!(self.text, "  WORSE   {what} can't be measured any more");
                return;
            }
            (Some(was), Some(is)) => (was, is),
        };
        if (is - was).abs() <= EXACT {
            return;
        }
        let is_worse = (is > was) != figure.more_is_better();
        let values = format!("{}, was {}", figures::value(is, unit), figures::value(was, unit));
        if !is_worse {
            let _ = writeln!(self.text, "  better  {what} is {values}");
        } else if (is - was).abs() > was.abs() * tolerance.0 + EXACT {
            self.worse += 1;
            let by = if was.abs() > EXACT {
                format!("{:.1}%", (is - was).abs() / was.abs() * 100.0)
            } else {
                format!("from {} on", figures::value(was, unit))
            };
            let allowed = figures::value(tolerance.0 * 100.0, "");
            let _ =
                writeln!(self.text, "  WORSE   {what} is {values}: {by} worse, {allowed}% allowed");
        }
    }
}

fn named(of: &Key) -> String {
    let Key { suite, case, assignor, after, .. } = of;
    format!("{suite} · {case} · {assignor} after {after}")
}
