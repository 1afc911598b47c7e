//! What the coordinator reads of the broker's settings.

use crate::kernel::time::{Instant, Span};

/// Settings of a group coordinator (`GroupCoordinatorConfig`), and its clock.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CoordinatorConfig {
    /// `group.initial.rebalance.delay.ms`
    pub initial_rebalance_delay: Span,
    /// How long a new member may wait in its first join; Kafka fixes it at five minutes.
    pub new_member_join_timeout: Span,
    /// `group.min.session.timeout.ms`
    pub min_session_timeout_ms: i32,
    /// `group.max.session.timeout.ms`
    pub max_session_timeout_ms: i32,
    /// `group.max.size`
    pub group_max_size: usize,
    /// `offsets.commit.timeout.ms`: a write that is not committed by then has failed.
    pub write_timeout: Span,
    /// `offset.metadata.max.bytes`
    pub offset_metadata_max_bytes: usize,
    /// What the coordinator's clock shows at the start of the run (ms); stamps records.
    pub epoch_ms: i64,
}

impl CoordinatorConfig {
    /// What the coordinator's clock shows at `now` (ms).
    pub fn clock_ms(&self, now: Instant) -> i64 {
        self.epoch_ms + now.as_ms().cast_signed()
    }
}

impl Default for CoordinatorConfig {
    fn default() -> Self {
        CoordinatorConfig {
            initial_rebalance_delay: Span::from_ms(3_000),
            new_member_join_timeout: Span::from_ms(300_000),
            min_session_timeout_ms: 6_000,
            max_session_timeout_ms: 1_800_000,
            group_max_size: i32::MAX as usize,
            write_timeout: Span::from_ms(5_000),
            offset_metadata_max_bytes: 4_096,
            epoch_ms: 0,
        }
    }
}
