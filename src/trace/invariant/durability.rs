//! As long as leaders come from the in-sync replicas, no log loses what was below its high
//! watermark, nor what had been acknowledged with `acks=all`: all of the in-sync replicas had it
//! (KIP-101, `Partition.maybeIncrementLeaderHW`). Fewer than `min.insync.replicas` of them are no
//! reason: with less nothing is acknowledged, and with one its own log is the only one.

use crate::model::fact::{Fact, PartitionFact};

pub(super) fn check(fact: &Fact) -> Result<(), String> {
    let Fact::Partition { partition, what } = fact else { return Ok(()) };
    let PartitionFact::Truncated { to, high_watermark, replicated, unclean, .. } = *what else {
        return Ok(());
    };
    if unclean {
        return Ok(());
    }
    if to < high_watermark {
        return Err(format!(
            "{partition:?} was cut at {to}, below its high watermark {high_watermark}"
        ));
    }
    if replicated > 0 {
        return Err(format!(
            "{partition:?} lost {replicated} records that were acknowledged with acks=all"
        ));
    }
    Ok(())
}
