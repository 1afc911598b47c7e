//! Strategies that are not Kafka's: published ones that look at what partitions carry and at what
//! members can do.
//!
//! All of them number members by their ids and partitions by (topic, index) ([`group`]), decide by
//! whole numbers, and break ties by these numbers. Those that move little begin with what members
//! had, and leave everything in place unless they find something better.

mod best_fit;
mod capacity_aware;
#[cfg(test)]
mod example;
mod finish;
mod group;
mod lag_aware;
mod lines;

pub(super) use best_fit::ModifiedBestFit;
pub(super) use capacity_aware::CapacityAware;
pub(super) use lag_aware::LagAware;

use group::Owners;

/// Goes from one assignment to the next while that makes it better; so whoever asks again with
/// what comes out of this gets the same.
fn improve<M: Ord>(
    mut owners: Owners,
    measure: impl Fn(&Owners) -> M,
    next: impl Fn(&Owners) -> Owners,
) -> Owners {
    let mut measured = measure(&owners);
    loop {
        let other = next(&owners);
        let other_measured = measure(&other);
        if other_measured >= measured {
            return owners;
        }
        (owners, measured) = (other, other_measured);
    }
}
