//! The high watermark goes back only when a log is cut, no group is beyond it, and nobody commits
//! an offset that no consumer could ever have read (kafka-semantics 9.3, 9.4).
//!
//! Told at samples: a log is a function of time, and says nothing by itself.

use crate::model::fact::{Fact, PartitionFact};
use crate::model::id::PartitionId;
use crate::trace::ledger::{Account, Ledger};
use crate::trace::live::Live;

/// High watermarks as they were last seen.
#[derive(Debug)]
pub(super) struct Watermark {
    /// The last ones; 0 again after a log was cut.
    last: Vec<u64>,
    /// The highest ones ever.
    highest: Vec<u64>,
}

impl Watermark {
    pub(super) fn new(partitions: usize) -> Self {
        Watermark { last: vec![0; partitions], highest: vec![0; partitions] }
    }

    pub(super) fn hear(&mut self, fact: &Fact) {
        if let Fact::Partition { partition, what } = fact
            && let PartitionFact::Truncated { high_watermark, .. } = what
        {
            let row = partition.index();
            self.last[row] = 0;
            self.highest[row] = self.highest[row].max(*high_watermark);
        }
    }

    /// Looks at the high watermarks of all partitions, as they are now.
    pub(super) fn check(
        &mut self,
        now: &[u64],
        ledger: &Ledger,
        live: &Live,
    ) -> Result<(), String> {
        for (row, &now) in now.iter().enumerate() {
            let partition = PartitionId::new(row);
            let last = std::mem::replace(&mut self.last[row], now);
            if now < last {
                return Err(format!("that of {partition:?} went from {last} to {now}"));
            }
            let highest = self.highest[row].max(now);
            self.highest[row] = highest;
            for (group, state) in ledger.groups().zip(&live.groups) {
                let reached = ledger.account(group, partition).map_or(0, Account::frontier);
                if reached > now {
                    return Err(format!("{group:?} is at {reached} of {now} in {partition:?}"));
                }
                let committed = state.committed[row].unwrap_or(0);
                if committed > highest {
                    return Err(format!(
                        "{group:?} committed {committed} of {highest} in {partition:?}"
                    ));
                }
            }
        }
        Ok(())
    }
}
