//! A partition has one leader in an epoch, and epochs only grow
//! (`ReplicationControlManager`, `PartitionRegistration.leaderEpoch`).

use crate::model::fact::{Fact, PartitionFact};

/// The last epoch of each partition.
#[derive(Debug)]
pub(super) struct Leaders(Vec<i32>);

impl Leaders {
    pub(super) fn new(partitions: usize) -> Self {
        Leaders(vec![0; partitions])
    }

    pub(super) fn check(&mut self, fact: &Fact) -> Result<(), String> {
        let Fact::Partition { partition, what: PartitionFact::Leader { leader, epoch } } = fact
        else {
            return Ok(());
        };
        let last = std::mem::replace(&mut self.0[partition.index()], *epoch);
        if *epoch > last {
            return Ok(());
        }
        let who = leader.map_or("nobody".to_owned(), |broker| format!("broker-{}", broker.0));
        Err(format!("{who} leads {partition:?} in epoch {epoch} after {last}"))
    }
}
