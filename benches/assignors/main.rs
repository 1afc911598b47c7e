//! Milliseconds per assignment of all seven strategies on the grid of Kafka's own benchmarks, and
//! beside them, if asked, what Kafka's Java takes on the same machine in the same run: from a
//! question in plain data with string ids to the answer.
//!
//! `cargo bench --bench assignors` times rejoin alone; `-- sticky uniform` these two. `-- --kafka
//! "COMMAND ARGUMENTS"` runs that command to its end first, and its lines stand in the table: one
//! JSON object each with `assignor`, `members`, `topics`, `partitions`, `shape` and `median_ms`.
//!
//! docs/benchmarks.md has the figures.

#![allow(clippy::print_stdout, clippy::print_stderr)]

mod client;
mod grid;
mod kafka;
mod server;

use grid::Row;
use std::collections::BTreeMap;
use std::hint::black_box;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// How long a row is warmed up, and how long it is then timed.
const WARM_UP: Duration = Duration::from_millis(100);
const TIMED: Duration = Duration::from_millis(300);
/// Runs at least, and at most.
const RUNS: (usize, usize) = (5, 2000);

/// The median of the runs that fit into a moment. That an answer is freed is not timed: Java's
/// collector works elsewhere too.
pub(crate) fn median<A>(run: impl Fn() -> A) -> Duration {
    let start = Instant::now();
    while start.elapsed() < WARM_UP {
        black_box(run());
    }
    let mut times = Vec::new();
    let start = Instant::now();
    while times.len() < RUNS.0 || start.elapsed() < TIMED && times.len() < RUNS.1 {
        let begin = Instant::now();
        let answer = black_box(run());
        times.push(begin.elapsed());
        drop(answer);
    }
    times.sort_unstable();
    times[times.len() / 2]
}

fn rejoin_ms(row: &Row) -> f64 {
    let time =
        if grid::SERVER.contains(&&*row.assignor) { server::time(row) } else { client::time(row) };
    time.as_secs_f64() * 1e3
}

/// How many times faster than Kafka's Java a strategy has to be.
fn target(assignor: &str) -> f64 {
    if matches!(assignor, "uniform" | "simple") { 3.0 } else { 10.0 }
}

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let (mut wanted, mut kafka) = (Vec::new(), kafka::Figures::new());
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--bench" => {} // Cargo says so.
            "--kafka" => match kafka::measure(&args.next().unwrap_or_default()) {
                Ok(figures) => kafka = figures,
                Err(problem) => {
                    eprintln!("--kafka: {problem}");
                    return ExitCode::FAILURE;
                }
            },
            _ => wanted.push(arg),
        }
    }
    let is_wanted = |row: &Row| wanted.is_empty() || wanted.contains(&row.assignor);
    println!(
        "| assignor | members | topics | partitions | shape | Kafka ms | rejoin ms | Kafka / rejoin |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    let mut compared: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for row in grid::rows().into_iter().filter(is_wanted) {
        let rejoin = rejoin_ms(&row);
        let Some(kafka) = kafka.get(&row) else {
            println!("{row} | | {rejoin:.4} | |");
            continue;
        };
        let ratio = kafka / rejoin;
        println!("{row} | {kafka:.3} | {rejoin:.4} | {ratio:.1} |");
        let (rows, short) = compared.entry(row.assignor.clone()).or_default();
        *rows += 1;
        *short += usize::from(ratio < target(&row.assignor));
    }
    for (assignor, (rows, short)) in compared {
        let target = target(&assignor);
        println!("{assignor}: {short} of {rows} rows below {target} times");
    }
    ExitCode::SUCCESS
}
