//! Replays files of `tests/vectors` as `rejoin conform` does.

use rejoin::conform::file::{in_turn, replay};
use rejoin::conform::tally::Tally;
use std::fs::File;
use std::io::BufReader;

/// What comes of all cases of a file below `tests/vectors`, plain or packed.
pub(crate) fn tally(file: &str) -> Tally {
    let path = format!("{}/tests/vectors/{file}", env!("CARGO_MANIFEST_DIR"));
    let reader = File::open(path).expect("the vectors are part of the repository");
    replay(BufReader::new(reader), 3, in_turn)
}

/// All `count` cases of a file are replayed, and answered as Kafka did.
#[track_caller]
pub(crate) fn check(file: &str, count: u64) {
    let tally = tally(file);
    assert_eq!(tally.fault, None, "{file}");
    let shown: Vec<_> = tally.differences.iter().map(|of| of.difference.to_string()).collect();
    assert_eq!(tally.different, 0, "{file}: of {count} differ:\n{}", shown.join("\n"));
    assert_eq!((tally.cases, tally.equal), (count, count), "{file}: {:?}", tally.not_replayed);
}
