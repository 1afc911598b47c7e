//! A bar for long runs, on a terminal only.

use crate::kernel::time::{Instant, Span};
use indicatif::{ProgressBar, ProgressStyle};
use std::time;

/// Shorter runs show none.
const PATIENCE: time::Duration = time::Duration::from_millis(700);

/// How far a run is.
#[derive(Debug)]
pub(super) struct Progress {
    name: String,
    duration: Span,
    began: time::Instant,
    bar: Option<ProgressBar>,
}

impl Progress {
    /// Nothing is shown yet.
    pub(super) fn new(name: &str, duration: Span) -> Self {
        Progress { name: name.to_owned(), duration, began: time::Instant::now(), bar: None }
    }

    /// The run is at `at`.
    pub(super) fn show(&mut self, at: Instant) {
        if self.bar.is_none() && self.began.elapsed() > PATIENCE {
            // It draws on a terminal only, on standard error.
            let bar = ProgressBar::new(self.duration.as_us());
            let style = "{prefix} [{wide_bar}] {percent}% {eta} left";
            if let Ok(style) = ProgressStyle::with_template(style) {
                bar.set_style(style);
            }
            bar.set_prefix(self.name.clone());
            self.bar = Some(bar);
        }
        if let Some(bar) = &self.bar {
            bar.set_position(at.as_us());
        }
    }

    /// The run is over.
    pub(super) fn end(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }
}
