//! Questions that the assignors of Kafka 4.3.1's brokers answered, against ours.

use rejoin::conform::server_assignment::replay;
use std::fs;
use std::path::Path;

/// Replays all lines of a file: how many there are, and those that differ.
fn replayed(path: &Path) -> (usize, Vec<String>) {
    let text = fs::read_to_string(path).expect("the file can be read");
    let mut differences = Vec::new();
    for line in text.lines() {
        match replay(line) {
            Ok(None) => {}
            Ok(Some(difference)) => differences.push(difference.to_string()),
            Err(problem) => differences.push(problem.to_string()),
        }
    }
    (text.lines().count(), differences)
}

fn check(assignor: &str, counts: &[(&str, usize)]) {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/assignors").join(assignor);
    for &(file, count) in counts {
        let (lines, differences) = replayed(&folder.join(file));
        let shown = differences.iter().take(3).cloned().collect::<Vec<_>>().join("\n");
        assert!(differences.is_empty(), "{} of {count} differ:\n{shown}", differences.len());
        assert_eq!(lines, count, "{file}");
    }
}

#[test]
fn uniform() {
    check("uniform", &[("readable.jsonl", 17), ("cases.jsonl", 1602)]);
}

#[test]
fn server_range() {
    check("server-range", &[("readable.jsonl", 12), ("cases.jsonl", 1602)]);
}

#[test]
fn simple() {
    check("simple", &[("readable.jsonl", 12), ("cases.jsonl", 1602), ("given-again.jsonl", 4)]);
}
