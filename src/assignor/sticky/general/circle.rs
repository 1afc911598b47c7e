//! Passes that lead back to where they began: Kafka's code then goes on for ever.

use super::super::movements::State;
use super::General;

/// Watches the passes of a run, keeping one of them in mind (Brent's algorithm).
#[derive(Default)]
pub(super) struct Circle {
    passes: u64,
    /// Owners, lists without their order, and movements after the pass in mind.
    kept: Option<(Vec<u32>, Vec<Vec<u32>>, State)>,
}

impl Circle {
    /// Notes a pass that moved something; whether all is as it was after an earlier one.
    pub(super) fn closes(&mut self, general: &General) -> bool {
        self.passes += 1;
        let is_known = self.kept.as_ref().is_some_and(|(owners, lists, movements)| {
            *owners == general.owners
                && *lists == sorted(general)
                && *movements == general.movements.state()
        });
        if self.passes.is_power_of_two() {
            let state = general.movements.state();
            self.kept = Some((general.owners.clone(), sorted(general), state));
        }
        is_known
    }
}

fn sorted(general: &General) -> Vec<Vec<u32>> {
    let mut lists = general.lists.clone();
    for list in &mut lists {
        list.sort_unstable();
    }
    lists
}
