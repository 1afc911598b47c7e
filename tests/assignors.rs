//! Assignors of Kafka 4.3.1's clients: their own answers, against ours.

mod replay;

use replay::check;

#[test]
fn range() {
    check("assignors/range/readable.jsonl", 19);
    check("assignors/range/cases.jsonl.gz", 1602);
}

#[test]
fn round_robin() {
    check("assignors/roundrobin/readable.jsonl", 11);
    check("assignors/roundrobin/cases.jsonl.gz", 1602);
}

#[test]
fn sticky() {
    check("assignors/sticky/readable.jsonl", 20);
    check("assignors/sticky/cases.jsonl.gz", 1602);
}

/// Found by asking Kafka about a hundred thousand more: thirteen topics in one user data, and a member
/// that claims a contested partition twice.
#[test]
fn sticky_cases_that_once_differed() {
    check("assignors/sticky/found.jsonl", 2);
}

#[test]
fn cooperative_sticky() {
    check("assignors/cooperative-sticky/readable.jsonl", 15);
    check("assignors/cooperative-sticky/cases.jsonl.gz", 1602);
}
