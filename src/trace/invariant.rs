//! What must hold in every run, one file each. A breach ends the run: it is a bug of ours.

mod durability;
mod fencing;
mod generations;
mod handover;
mod leaders;
mod single_owner;
mod watermark;

use super::ConsumerInfo;
use super::ledger::Ledger;
use super::live::Live;
use crate::kernel::time::Instant;
use crate::model::fact::Fact;
use generations::Generations;
use leaders::Leaders;
use single_owner::SingleOwner;
use std::fmt;
use watermark::Watermark;

/// A broken invariant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Violation {
    /// Which one.
    pub invariant: &'static str,
    /// When.
    pub at: Instant,
    /// What happened.
    pub detail: String,
}

impl Violation {
    pub(crate) fn accounting(at: Instant, detail: String) -> Self {
        Violation { invariant: "every record is accounted for", at, detail }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at {}: broken invariant \"{}\": {}", self.at, self.invariant, self.detail)
    }
}

/// All invariants that look at facts one by one. The last one, that every record is accounted for,
/// is the [ledger](super::ledger)'s.
#[derive(Debug)]
pub(super) struct Invariants {
    single_owner: SingleOwner,
    generations: Generations,
    leaders: Leaders,
    watermark: Watermark,
}

impl Invariants {
    pub(super) fn new(groups: usize, partitions: usize) -> Self {
        Invariants {
            single_owner: SingleOwner::new(groups),
            generations: Generations::new(groups),
            leaders: Leaders::new(partitions),
            watermark: Watermark::new(partitions),
        }
    }

    pub(super) fn check(
        &mut self,
        at: Instant,
        fact: &Fact,
        consumers: &[ConsumerInfo],
        live: &Live,
    ) -> Result<(), Violation> {
        let violated = |invariant| move |detail| Violation { invariant, at, detail };
        self.single_owner
            .check(fact, consumers, live)
            .map_err(violated("one owner per partition and generation"))?;
        handover::check(fact, consumers, live)
            .map_err(violated("no member is given what another one owns"))?;
        self.generations.check(fact, consumers, live).map_err(violated("generations only grow"))?;
        self.leaders.check(fact).map_err(violated("one leader per partition and epoch"))?;
        self.watermark.hear(fact);
        durability::check(fact).map_err(violated("what is replicated is not lost"))
    }

    /// Looks at the high watermarks of all partitions.
    pub(super) fn check_ends(
        &mut self,
        at: Instant,
        ends: &[u64],
        ledger: &Ledger,
        live: &Live,
    ) -> Result<(), Violation> {
        let invariant = "nobody reads beyond the high watermark";
        let checked = self.watermark.check(ends, ledger, live);
        checked.map_err(|detail| Violation { invariant, at, detail })
    }
}

/// Looks at a commit of offsets that a coordinator takes.
pub(super) fn check_commit(
    at: Instant,
    commit: &Fact,
    consumers: &[ConsumerInfo],
    live: &Live,
) -> Result<(), Violation> {
    let invariant = "no commit is accepted from a fenced member";
    fencing::check(commit, consumers, live).map_err(|detail| Violation { invariant, at, detail })
}
