//! What came of the cases of a file.

use super::difference::Difference;
use serde::Serialize;
use std::collections::BTreeMap;
use std::ops::Add;

/// What came of one case.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// Our answer is Kafka's.
    Equal,
    /// It is not.
    Different(Difference),
    /// This build cannot replay it.
    NotReplayed {
        /// What kind of case it is.
        kind: &'static str,
        /// What is missing.
        why: String,
    },
}

/// Cases of one kind that could not be replayed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct NotReplayed {
    /// How many.
    pub cases: u64,
    /// The line of the first one.
    pub line: u64,
    /// What the first one lacked.
    pub why: String,
}

/// A difference and the line of its case.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Found {
    /// The line, from 1.
    pub line: u64,
    /// What differs.
    #[serde(flatten)]
    pub difference: Difference,
}

/// Why a file could not be read to its end.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Fault {
    /// The line, from 1.
    pub line: u64,
    /// What is wrong with it.
    pub what: String,
}

/// The cases of a file, counted: `cases` = `equal` + `different` + those not replayed.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Tally {
    /// Cases read.
    pub cases: u64,
    /// Cases that we answer as Kafka did.
    pub equal: u64,
    /// Cases that we do not.
    pub different: u64,
    /// Cases that were not replayed, by kind.
    pub not_replayed: BTreeMap<&'static str, NotReplayed>,
    /// The first differences.
    pub differences: Vec<Found>,
    /// Why reading ended early.
    pub fault: Option<Fault>,
}

impl Tally {
    /// Adds what came of a line; differences are kept as long as there are fewer than `keep`.
    pub fn add(&mut self, line: u64, outcome: Outcome, keep: usize) {
        self.cases += 1;
        match outcome {
            Outcome::Equal => self.equal += 1,
            Outcome::Different(difference) => {
                self.different += 1;
                if self.differences.len() < keep {
                    self.differences.push(Found { line, difference });
                }
            }
            Outcome::NotReplayed { kind, why } => {
                let first = NotReplayed { cases: 0, line, why };
                self.not_replayed.entry(kind).or_insert(first).cases += 1;
            }
        }
    }

    /// Cases that were not replayed.
    pub fn skipped(&self) -> u64 {
        self.not_replayed.values().map(|of| of.cases).sum()
    }
}

impl Add<&Tally> for Tally {
    type Output = Tally;

    /// The numbers of both; differences and faults belong to a file.
    fn add(mut self, other: &Tally) -> Tally {
        self.cases += other.cases;
        self.equal += other.equal;
        self.different += other.different;
        for (kind, of) in &other.not_replayed {
            let first = NotReplayed { cases: 0, ..of.clone() };
            self.not_replayed.entry(kind).or_insert(first).cases += of.cases;
        }
        self
    }
}
