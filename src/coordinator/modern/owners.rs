//! Who has a partition, by member epoch (`ConsumerGroup.currentPartitionEpoch`).

use super::partitions::Owned;
use crate::model::uuid::Uuid;
use std::collections::BTreeMap;

/// Nobody has the partition.
pub(in crate::coordinator) const NOBODY: i32 = -1;

/// For each partition the epoch of the member that has it, whether assigned or still to be given
/// up. No two members ever have the same partition.
#[derive(Clone, Debug, Default)]
pub(in crate::coordinator) struct Owners {
    topics: BTreeMap<Uuid, Vec<i32>>,
}

impl Owners {
    /// The epoch of the member that has the partition, or [`NOBODY`].
    pub(in crate::coordinator) fn epoch(&self, topic: Uuid, partition: u32) -> i32 {
        let epochs = self.topics.get(&topic);
        epochs.and_then(|epochs| epochs.get(partition as usize)).copied().unwrap_or(NOBODY)
    }

    /// A member at `epoch` has these.
    pub(in crate::coordinator) fn add(&mut self, owned: &Owned, epoch: i32) {
        for (&topic, partitions) in owned {
            let epochs = self.topics.entry(topic).or_default();
            if let Some((&last, _)) = partitions.last_key_value()
                && epochs.len() <= last as usize
            {
                epochs.resize(last as usize + 1, NOBODY);
            }
            for &partition in partitions.keys() {
                epochs[partition as usize] = epoch;
            }
        }
    }

    /// A member at `epoch` has these no longer.
    pub(in crate::coordinator) fn remove(&mut self, owned: &Owned, epoch: i32) {
        for (topic, partitions) in owned {
            let Some(epochs) = self.topics.get_mut(topic) else { continue };
            for &partition in partitions.keys() {
                if let Some(present) = epochs.get_mut(partition as usize)
                    && *present == epoch
                {
                    *present = NOBODY;
                }
            }
            while epochs.last() == Some(&NOBODY) {
                epochs.pop();
            }
            if epochs.is_empty() {
                self.topics.remove(topic);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{NOBODY, Owners};
    use crate::coordinator::modern::partitions::Owned;
    use crate::model::uuid::Uuid;
    use std::collections::BTreeMap;

    const TOPIC: Uuid = Uuid(7);

    fn owned(partitions: &[u32], epoch: i32) -> Owned {
        let partitions: BTreeMap<u32, i32> = partitions.iter().map(|&p| (p, epoch)).collect();
        Owned::from([(TOPIC, partitions)])
    }

    /// A log of which only a part is compacted may tell of the next owner before it tells that the
    /// last one is gone (`ConsumerGroup.removePartitionEpochs`).
    #[test]
    fn who_goes_takes_nothing_from_who_came_later() {
        let mut owners = Owners::default();
        owners.add(&owned(&[0, 1], 3), 3);
        owners.add(&owned(&[1], 4), 4);
        owners.remove(&owned(&[0, 1], 3), 3);
        assert_eq!([0, 1, 2].map(|partition| owners.epoch(TOPIC, partition)), [NOBODY, 4, NOBODY]);
    }
}
