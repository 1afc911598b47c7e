//! When a group looks again at the topics that it subscribes to (`DeadlineAndEpoch`).

/// Kafka's interval (ms): in effect only changes of the metadata count.
const INTERVAL_MS: i64 = i32::MAX as i64;

/// The next time at which a group looks at its topics whatever happens. Memory only.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(in crate::coordinator) struct Refresh {
    deadline_ms: i64,
    /// The epoch for which the topics were looked at. If the group is at an earlier one, the
    /// record of that epoch got lost.
    epoch: i32,
}

impl Refresh {
    /// The topics have just been looked at.
    pub(in crate::coordinator) const fn after(now_ms: i64, epoch: i32) -> Self {
        Refresh { deadline_ms: now_ms + INTERVAL_MS, epoch }
    }

    /// Whether a group at `epoch` should look at its topics.
    pub(in crate::coordinator) const fn is_due(self, now_ms: i64, epoch: i32) -> bool {
        now_ms >= self.deadline_ms || epoch < self.epoch
    }
}
