//! Questions that the assignors of Kafka 4.3.1's brokers answered, against ours.

mod replay;

use replay::check;

#[test]
fn uniform() {
    check("assignors/uniform/readable.jsonl", 17);
    check("assignors/uniform/cases.jsonl.gz", 1602);
}

#[test]
fn server_range() {
    check("assignors/server-range/readable.jsonl", 12);
    check("assignors/server-range/cases.jsonl.gz", 1602);
}

#[test]
fn simple() {
    check("assignors/simple/readable.jsonl", 12);
    check("assignors/simple/cases.jsonl.gz", 1602);
    check("assignors/simple/given-again.jsonl", 4);
}
