//! `rejoin fuzz`

use super::exit::Exit;
use super::print;
use super::progress::Progress;
use crate::fuzz::{self, Outcome};
use clap::Args;
use rayon::prelude::*;
use std::any::Any;
use std::fs;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};

/// So many scenarios are run side by side before the next ones are looked at.
const BATCH: u64 = 256;

#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// How many scenarios
    #[arg(long, value_name = "N", default_value_t = 300)]
    runs: u64,
    /// The first one's seed; the others' follow
    #[arg(long, value_name = "SEED", default_value_t = 0)]
    seed: u64,
    /// Write each scenario that breaks something to this folder, instead of printing it
    #[arg(long, value_name = "FOLDER")]
    keep: Option<PathBuf>,
}

pub(super) fn fuzz(arguments: &Arguments) -> Exit {
    let end = arguments.seed.saturating_add(arguments.runs).min(1 << 63);
    let mut progress = Progress::new("fuzz", arguments.runs);
    let (mut digest, mut events, mut broken) = (0u64, 0, 0u64);
    let mut from = arguments.seed;
    while from < end {
        let to = end.min(from.saturating_add(BATCH));
        let outcomes: Vec<Outcome> = (from..to).into_par_iter().map(check).collect();
        for (seed, outcome) in (from..to).zip(outcomes) {
            match outcome {
                Outcome::Held { digest: one, events: took } => {
                    digest = digest.rotate_left(1) ^ one;
                    events += took;
                }
                Outcome::Broke(what) | Outcome::Refused(what) => {
                    broken += 1;
                    if let Err(exit) = tell(seed, &what, arguments.keep.as_deref()) {
                        return exit;
                    }
                }
            }
        }
        from = to;
        progress.show(from - arguments.seed);
    }
    progress.end();
    let runs = end.saturating_sub(arguments.seed);
    print::out(&format!(
        "{runs} runs of {events} events, digest {digest:016x}: {broken} broke something\n"
    ));
    if broken > 0 { Exit::Broken } else { Exit::Well }
}

/// Runs the scenario of a seed. A panic is a bug of ours, too.
fn check(seed: u64) -> Outcome {
    let outcome = panic::catch_unwind(AssertUnwindSafe(|| fuzz::check(seed)));
    outcome.unwrap_or_else(|panic| Outcome::Broke(format!("rejoin panicked: {}", said(&*panic))))
}

fn said(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("")
}

/// Tells of a seed that broke something, with the line that repeats it and the scenario.
fn tell(seed: u64, what: &str, keep: Option<&Path>) -> Result<(), Exit> {
    let text = fuzz::scenario(seed);
    print::out(&format!("seed {seed}: {what}\n"));
    print::out(&format!("  repeat it with: rejoin fuzz --runs 1 --seed {seed}\n"));
    let Some(folder) = keep else {
        print::out(&format!("{text}\n"));
        return Ok(());
    };
    let path = folder.join(format!("fuzz-{seed}.toml"));
    fs::create_dir_all(folder).and_then(|()| fs::write(&path, text)).map_err(|error| {
        print::err(&format!("error: can't write {}: {error}\n", path.display()));
        Exit::Input
    })?;
    print::out(&format!("  or with: rejoin run '{}'\n", path.display()));
    Ok(())
}
