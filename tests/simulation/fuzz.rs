//! Random scenarios with all kinds of faults: nothing breaks, and a seed is the same run wherever
//! and beside whatever it runs.

use rayon::prelude::*;
use rejoin::fuzz::{self, Outcome};

/// More are run by `rejoin fuzz`.
const SEEDS: u64 = 120;
const AGAIN: u64 = 12;

#[test]
fn random_scenarios_break_nothing_and_threads_change_nothing() {
    let side_by_side: Vec<Outcome> = (0..SEEDS).into_par_iter().map(fuzz::check).collect();
    for (seed, outcome) in (0u64..).zip(&side_by_side) {
        let held = matches!(outcome, Outcome::Held { .. });
        assert!(held, "rejoin fuzz --runs 1 --seed {seed}: {outcome:?}");
        if seed < AGAIN {
            assert_eq!(fuzz::check(seed), *outcome, "seed {seed} alone");
        }
    }
}
