//! Assignors of Kafka 4.3.1's clients: their own answers, against ours.

use rejoin::conform::assignment::replay;
use std::fs;

fn check(assignor: &str, file: &str, count: usize) {
    let folder = format!("{}/tests/vectors/assignors", env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(format!("{folder}/{assignor}/{file}.jsonl"));
    let text = text.expect("the vectors are part of the repository");
    let mut differences = Vec::new();
    for line in text.lines() {
        match replay(line) {
            Ok(None) => {}
            Ok(Some(difference)) => differences.push(difference.to_string()),
            Err(problem) => differences.push(format!("{problem:?}")),
        }
    }
    let shown = differences.iter().take(3).cloned().collect::<Vec<_>>().join("\n");
    assert!(differences.is_empty(), "{} of {count} differ:\n{shown}", differences.len());
    assert_eq!(text.lines().count(), count);
}

#[test]
fn range() {
    check("range", "readable", 19);
    check("range", "cases", 1602);
}

#[test]
fn round_robin() {
    check("roundrobin", "readable", 11);
    check("roundrobin", "cases", 1602);
}

#[test]
fn sticky() {
    check("sticky", "readable", 20);
    check("sticky", "cases", 1602);
}

#[test]
fn cooperative_sticky() {
    check("cooperative-sticky", "readable", 15);
    check("cooperative-sticky", "cases", 1602);
}
