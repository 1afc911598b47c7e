//! Dialogues that Kafka 4.3.1's own group coordinator answered, against ours.

mod replay;

fn check(file: &str, count: u64) {
    replay::check(&format!("coordinator/{file}"), count);
}

#[test]
fn readable_classic_dialogues() {
    check("readable-classic.jsonl", 33);
}

#[test]
fn random_classic_dialogues() {
    check("random-classic.jsonl.gz", 40);
    check("random-more-classic.jsonl.gz", 260);
}

#[test]
fn readable_consumer_dialogues() {
    check("readable-consumer.jsonl", 37);
}

#[test]
fn random_consumer_dialogues() {
    check("random-consumer.jsonl.gz", 40);
    check("random-more-consumer.jsonl.gz", 260);
}

#[test]
fn readable_mixed_dialogues() {
    check("readable-mixed.jsonl", 19);
}

#[test]
fn random_mixed_dialogues() {
    check("random-mixed.jsonl.gz", 40);
    check("random-more-mixed.jsonl.gz", 260);
}

#[test]
fn readable_share_dialogues() {
    check("readable-share.jsonl", 10);
}

#[test]
fn random_share_dialogues() {
    check("random-share.jsonl.gz", 40);
    check("random-more-share.jsonl.gz", 260);
}

/// Found by asking Kafka about thousands more: a refused batch leaves it as it was how the
/// subscriptions relate.
#[test]
fn consumer_dialogues_that_once_differed() {
    check("found-consumer.jsonl.gz", 2);
}

/// Found by asking Kafka about thousands more: what members of an upgraded group are to own stands
/// in the order of a Java map, and where two topics share a bucket, the next assignment tells.
#[test]
fn mixed_dialogues_that_once_differed() {
    check("found-mixed.jsonl.gz", 2);
}

/// Found by asking Kafka about thousands more: of two topics that had one name, a snapshot shows the
/// one whose id comes later in a Java map.
#[test]
fn share_dialogues_that_once_differed() {
    check("found-share.jsonl.gz", 1);
}

/// Found by asking Kafka about thousands more: deletions take two operations, and what only asks
/// sees committed groups.
#[test]
fn classic_dialogues_that_once_differed() {
    check("found-classic.jsonl", 2);
}

#[test]
fn readable_static_dialogues() {
    check("readable-static.jsonl", 15);
}

#[test]
fn random_static_dialogues() {
    check("random-static.jsonl.gz", 40);
    check("random-more-static.jsonl.gz", 260);
}

/// Found by asking Kafka about thousands more: the join timer of a group whose creation was lost
/// ends in its successor.
#[test]
fn static_dialogues_that_once_differed() {
    check("found-static.jsonl", 2);
}

#[test]
fn readable_offset_dialogues() {
    check("readable-offsets.jsonl", 18);
}

#[test]
fn random_offset_dialogues() {
    check("random-offsets.jsonl.gz", 40);
}

/// Found by asking Kafka about thousands more: what only asks sees what is committed, also a group
/// that is gone; a transaction's offset may be out of date; a refused batch is taken back.
#[test]
fn offset_dialogues_that_once_differed() {
    check("found-offsets.jsonl.gz", 5);
}

#[test]
fn readable_failover_dialogues() {
    check("readable-failover.jsonl", 13);
}

#[test]
fn random_failover_dialogues() {
    check("random-failover.jsonl.gz", 40);
}

/// Found by asking Kafka about thousands more: also a parked request waits for what was written
/// before it, and fails with that. Readings of the log may overlap, and what is written meanwhile
/// can make the log unreadable.
#[test]
fn failover_dialogues_that_once_differed() {
    check("found-failover.jsonl.gz", 4);
}

/// Written by hand, each for a fault of ours that could be planted without another dialogue
/// showing it. One showed a fault that nobody had planted: a set-up that got lost.
#[test]
fn share_dialogues_that_show_planted_faults() {
    check("planted-share.jsonl", 3);
}

#[test]
fn mixed_dialogues_that_show_planted_faults() {
    check("planted-mixed.jsonl", 5);
}

#[test]
fn offset_dialogues_that_show_planted_faults() {
    check("planted-offsets.jsonl", 3);
}

#[test]
fn failover_dialogues_that_show_planted_faults() {
    check("planted-failover.jsonl", 6);
}
