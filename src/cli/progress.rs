//! A bar for what takes long, on a terminal only.

use indicatif::{ProgressBar, ProgressStyle};
use std::time;

/// What takes less shows none.
const PATIENCE: time::Duration = time::Duration::from_millis(700);

/// How far something is, in any unit.
#[derive(Debug)]
pub(super) struct Progress {
    name: String,
    length: u64,
    began: time::Instant,
    bar: Option<ProgressBar>,
}

impl Progress {
    /// Nothing is shown yet.
    pub(super) fn new(name: &str, length: u64) -> Self {
        Progress { name: name.to_owned(), length, began: time::Instant::now(), bar: None }
    }

    /// It has come to `at`.
    pub(super) fn show(&mut self, at: u64) {
        if self.bar.is_none() && self.began.elapsed() > PATIENCE {
            // It draws on a terminal only, on standard error.
            let bar = ProgressBar::new(self.length);
            let style = "{prefix} [{wide_bar}] {percent}% {eta} left";
            if let Ok(style) = ProgressStyle::with_template(style) {
                bar.set_style(style);
            }
            bar.set_prefix(self.name.clone());
            self.bar = Some(bar);
        }
        if let Some(bar) = &self.bar {
            bar.set_position(at);
        }
    }

    /// It is over.
    pub(super) fn end(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }
}
