//! A file of recorded answers, replayed with memory for one batch of lines.

use super::batch::{Batches, Line};
use super::case;
use super::difference::Problem;
use super::tally::{Fault, Outcome, Tally};
use std::io::{self, BufRead};

/// What came of each line of a batch, in the batch's order.
pub type Outcomes = Vec<Result<Outcome, Problem>>;

/// Replays the lines of a batch one after the other.
pub fn in_turn(batch: &[Line]) -> Outcomes {
    batch.iter().map(|line| case::replay(&line.text)).collect()
}

/// Replays all cases of a file and keeps the first `keep` differences. `replay` does the work of
/// [`in_turn`], which a caller may spread over threads. The first line that is not what it should be ends
/// the file.
pub fn replay(
    reader: impl BufRead,
    keep: usize,
    mut replay: impl FnMut(&[Line]) -> Outcomes,
) -> Tally {
    let mut tally = Tally::default();
    let mut batches = match Batches::new(reader) {
        Ok(batches) => batches,
        Err(error) => {
            tally.fault = Some(Fault { line: 1, what: unreadable(&error) });
            return tally;
        }
    };
    let mut batch = Vec::new();
    loop {
        batch.clear();
        let read = batches.next(&mut batch);
        for (line, outcome) in batch.iter().zip(replay(&batch)) {
            match outcome {
                Ok(outcome) => tally.add(line.number, outcome, keep),
                Err(problem) => {
                    tally.fault = Some(Fault { line: line.number, what: problem.to_string() });
                    return tally;
                }
            }
        }
        match read {
            Ok(true) => continue,
            Ok(false) if tally.cases == 0 => {
                tally.fault = Some(Fault { line: 1, what: "there is no case in it".to_owned() });
            }
            Ok(false) => {}
            Err(error) => {
                tally.fault = Some(Fault { line: batches.number(), what: unreadable(&error) });
            }
        }
        return tally;
    }
}

fn unreadable(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => "the file is cut off: gzip data end too early".to_owned(),
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
            format!("damaged gzip data: {error}")
        }
        _ => error.to_string(),
    }
}
