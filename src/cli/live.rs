//! `rejoin conform` of experiments on a real cluster.

use super::exit::Exit;
use super::print;
use crate::conform::live::experiment::Experiment;
use crate::conform::live::replay::{self, Replayed};
use crate::conform::live::{scenario, text};
use rayon::prelude::*;
use std::fs;
use std::path::{Path, PathBuf};

/// An experiment and its file.
pub(super) struct Live {
    path: PathBuf,
    experiment: Experiment,
}

/// Experiments, and the files of other kinds.
pub(super) fn sort_out(files: Vec<PathBuf>) -> Result<(Vec<Live>, Vec<PathBuf>), Exit> {
    let (mut live, mut others, mut wrong) = (Vec::new(), Vec::new(), false);
    for path in files {
        let is_json = path.extension().is_some_and(|ending| ending == "json");
        let text = if is_json { fs::read_to_string(&path).ok() } else { None };
        let Some(text) = text.filter(|text| replay::is_experiment(text)) else {
            others.push(path);
            continue;
        };
        match replay::read(&text) {
            Ok(experiment) => live.push(Live { path, experiment }),
            Err((row, what)) => {
                print::err(&format!("error: {}:{row}: {what}\n", path.display()));
                wrong = true;
            }
        }
    }
    if wrong { Err(Exit::Input) } else { Ok((live, others)) }
}

/// Replays experiments on all cores, and tells what came of them.
pub(super) fn conform(live: &[Live], scenarios: Option<&Path>, json: bool) -> Exit {
    if let Some(folder) = scenarios
        && let Err(exit) = write_scenarios(live, folder)
    {
        return exit;
    }
    let all: Vec<Replayed> = live.par_iter().map(|live| replay::replay(&live.experiment)).collect();
    if json {
        let json = serde_json::to_string_pretty(&all).unwrap_or_default();
        print::out(&format!("{json}\n"));
    } else {
        for replayed in &all {
            print::out(&text::table(replayed));
        }
        print::out(&text::summary(&all));
    }
    let well = |replayed: &Replayed| {
        let holds = replayed.rows.iter().all(|row| row.holds);
        !replayed.compared || replayed.refused.is_none() && holds
    };
    if all.iter().all(well) { Exit::Well } else { Exit::Failed }
}

fn write_scenarios(live: &[Live], folder: &Path) -> Result<(), Exit> {
    for Live { path, experiment } in live {
        let text = scenario::text(experiment, 0).map_err(|unclear| {
            let what = unclear.0;
            print::err(&format!("error: {}: no scenario can be made of {what}\n", path.display()));
            Exit::Input
        })?;
        let to = folder.join(format!("{}.toml", experiment.id));
        let written = fs::create_dir_all(folder).and_then(|()| fs::write(&to, text));
        written.map_err(|error| {
            print::err(&format!("error: can't write {}: {error}\n", to.display()));
            Exit::Input
        })?;
        print::err(&format!("{}\n", to.display()));
    }
    Ok(())
}
