//! `rejoin conform PATH…`

use super::exit::Exit;
use super::find::{self, Wanted};
use super::live;
use super::print;
use super::progress::Progress;
use crate::conform::batch::Line;
use crate::conform::file::{self, Outcomes};
use crate::conform::tally::{Fault, Tally};
use crate::conform::{case, text};
use clap::Args;
use rayon::prelude::*;
use serde::Serialize;
use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// Files with recorded answers, one a line, plain or packed (.gz), or folders with such files
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,
    /// So many differences are shown for each file
    #[arg(long, value_name = "N", default_value_t = 3)]
    differences: usize,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Write the scenario that is made of each live experiment, in its first run, to DIR/ID.toml
    #[arg(
        long,
        value_name = "DIR",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "output"
    )]
    scenario: Option<PathBuf>,
}

const WANTED: Wanted =
    Wanted { what: "recorded answers", endings: &[".jsonl", ".json", ".jsonl.gz", ".json.gz"] };

pub(super) fn conform(arguments: &Arguments) -> Exit {
    let files = match find::find(&arguments.paths, &WANTED) {
        Ok(files) => files,
        Err(exit) => return exit,
    };
    let (live, files) = match live::sort_out(files) {
        Ok(sorted) => sorted,
        Err(exit) => return exit,
    };
    if !live.is_empty() {
        let exit = live::conform(&live, arguments.scenario.as_deref(), arguments.json);
        if files.is_empty() || exit == Exit::Input {
            return exit;
        }
        let others = answers(&files, arguments);
        return if others == Exit::Well { exit } else { others };
    }
    answers(&files, arguments)
}

/// Replays files with one recorded answer a line.
fn answers(files: &[PathBuf], arguments: &Arguments) -> Exit {
    let names: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
    let table = text::Table::of(&names, print::colored_out());
    let mut told: Vec<Told> = Vec::new();
    if !arguments.json {
        print::out(&table.head());
    }
    for (file, name) in files.iter().zip(&names) {
        let tally = replay(file, arguments.differences);
        if !arguments.json {
            print::out(&table.row(name, &tally));
        }
        told.push(Told { path: name, tally });
    }
    let sum = told.iter().fold(Tally::default(), |sum, file| sum + &file.tally);
    if arguments.json {
        let all =
            All { files: &told, cases: sum.cases, equal: sum.equal, different: sum.different };
        // Plain data with text keys always has a JSON form.
        let json = serde_json::to_string_pretty(&all).unwrap_or_default();
        print::out(&format!("{json}\n"));
    } else {
        for Told { path, tally } in &told {
            print::out(&text::differences(path, tally, print::colored_out()));
        }
        print::out(&text::end(told.len(), &sum));
    }
    let mut exit = if sum.different > 0 { Exit::Failed } else { Exit::Well };
    for Told { path, tally } in &told {
        if let Some(Fault { line, what }) = &tally.fault {
            print::err(&format!("error: {path}:{line}: {what}\n"));
            exit = Exit::Input;
        }
    }
    if exit == Exit::Well && sum.equal == 0 {
        print::err("error: nothing of this could be replayed, so nothing was checked\n");
        exit = Exit::Input;
    }
    exit
}

/// What `--json` prints.
#[derive(Serialize)]
struct All<'a> {
    files: &'a [Told<'a>],
    cases: u64,
    equal: u64,
    different: u64,
}

/// A file and what came of it.
#[derive(Serialize)]
struct Told<'a> {
    path: &'a str,
    #[serde(flatten)]
    tally: Tally,
}

/// Replays a file on all cores.
fn replay(path: &Path, keep: usize) -> Tally {
    let opened = File::open(path).and_then(|file| Ok((file.metadata()?.len(), file)));
    let (length, file) = match opened {
        Ok(opened) => opened,
        Err(error) => {
            let what = format!("can't read it: {error}");
            return Tally { fault: Some(Fault { line: 1, what }), ..Tally::default() };
        }
    };
    let read = Cell::new(0);
    let mut progress = Progress::new(&path.display().to_string(), length);
    let reader = BufReader::new(Metered { file, read: &read });
    let tally = file::replay(reader, keep, |batch: &[Line]| -> Outcomes {
        progress.show(read.get());
        batch.par_iter().map(|line| case::replay(&line.text)).collect()
    });
    progress.end();
    tally
}

/// Counts the bytes that were read of a file.
struct Metered<'a> {
    file: File,
    read: &'a Cell<u64>,
}

impl Read for Metered<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(into)?;
        self.read.set(self.read.get() + count as u64);
        Ok(count)
    }
}
