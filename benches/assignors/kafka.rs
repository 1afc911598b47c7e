//! What Kafka's Java takes.

use crate::grid::{Row, rows};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

/// Median milliseconds.
pub(crate) type Figures = BTreeMap<Row, f64>;

#[derive(Deserialize)]
struct Line {
    assignor: String,
    members: usize,
    topics: usize,
    partitions: usize,
    shape: String,
    median_ms: f64,
}

/// Runs a command with arguments, split at spaces, and reads the lines that it prints.
pub(crate) fn measure(command: &str) -> Result<Figures, String> {
    let mut words = command.split_whitespace();
    let program = words.next().ok_or("it is empty")?;
    let mut child = Command::new(program)
        .args(words)
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("{program}: {error}"))?;
    let mut figures = Figures::new();
    for line in child.stdout.take().map(BufReader::new).into_iter().flat_map(BufRead::lines) {
        let line = line.map_err(|error| error.to_string())?;
        eprintln!("{line}");
        let told: Line = serde_json::from_str(&line).map_err(|error| format!("{line}: {error}"))?;
        let is_it = |row: &Row| {
            let size = (row.members, row.topics, row.partitions);
            row.assignor == told.assignor
                && size == (told.members, told.topics, told.partitions)
                && row.shape.to_string() == told.shape
        };
        let row = rows().into_iter().find(is_it);
        figures.insert(row.ok_or_else(|| format!("{line}: not in the grid"))?, told.median_ms);
    }
    let status = child.wait().map_err(|error| error.to_string())?;
    if status.success() { Ok(figures) } else { Err(format!("{program}: {status}")) }
}
