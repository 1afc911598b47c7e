//! What the coordinator reads of the broker's settings.

use crate::kernel::time::{Instant, Span};
use crate::model::Name;

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
    /// `offsets.retention.minutes`, in milliseconds.
    pub offsets_retention_ms: i64,
    /// `offsets.retention.check.interval.ms`
    pub offsets_retention_check_interval: Span,
    /// `group.consumer.session.timeout.ms` and its like; a group may have its own.
    pub consumer: GroupSettings,
    /// `group.consumer.max.size`
    pub consumer_group_max_size: usize,
    /// `group.consumer.migration.policy`
    pub migration_policy: MigrationPolicy,
    /// `group.consumer.assignors`; the first is the default.
    pub consumer_assignors: Vec<Name>,
    /// `group.consumer.regex.refresh.interval.ms`
    pub consumer_regex_refresh_interval_ms: i64,
    /// `group.share.session.timeout.ms` and its like; a group may have its own.
    pub share: GroupSettings,
    /// `group.share.max.size`
    pub share_group_max_size: usize,
    /// `group.share.initialize.retry.interval.ms`
    pub share_initialize_retry_interval_ms: i64,
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
            offsets_retention_ms: 10_080 * 60_000,
            offsets_retention_check_interval: Span::from_ms(600_000),
            consumer: GroupSettings::default(),
            consumer_group_max_size: i32::MAX as usize,
            migration_policy: MigrationPolicy::Bidirectional,
            consumer_assignors: vec!["uniform".into(), "range".into()],
            consumer_regex_refresh_interval_ms: 600_000,
            share: GroupSettings::default(),
            share_group_max_size: 200,
            share_initialize_retry_interval_ms: 30_000,
            epoch_ms: 0,
        }
    }
}

/// Which groups may change their protocol while they have members
/// (`ConsumerGroupMigrationPolicy`).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum MigrationPolicy {
    /// Classic groups to consumer groups, and back.
    #[default]
    Bidirectional,
    /// Classic groups to consumer groups.
    Upgrade,
    /// Consumer groups to classic groups.
    Downgrade,
    /// None.
    Disabled,
}

impl MigrationPolicy {
    /// The policy of this name.
    pub fn by_name(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "bidirectional" => Self::Bidirectional,
            "upgrade" => Self::Upgrade,
            "downgrade" => Self::Downgrade,
            "disabled" => Self::Disabled,
            _ => return None,
        })
    }

    pub(super) const fn allows_upgrade(self) -> bool {
        matches!(self, Self::Bidirectional | Self::Upgrade)
    }

    pub(super) const fn allows_downgrade(self) -> bool {
        matches!(self, Self::Bidirectional | Self::Downgrade)
    }
}

/// Settings of consumer and share groups that a group may have for itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct GroupSettings {
    /// Without a heartbeat for this long (ms) a member is gone.
    pub session_timeout_ms: i32,
    /// How often members send heartbeats (ms).
    pub heartbeat_interval_ms: i32,
    /// How long a target stands before another is computed (ms).
    pub assignment_interval_ms: i32,
}

impl Default for GroupSettings {
    fn default() -> Self {
        GroupSettings {
            session_timeout_ms: 45_000,
            heartbeat_interval_ms: 5_000,
            assignment_interval_ms: 1_000,
        }
    }
}

/// Settings kept on a group (`GroupConfig`); `None`: the broker's.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct GroupConfig {
    /// `consumer.session.timeout.ms`
    pub consumer_session_timeout_ms: Option<i32>,
    /// `consumer.heartbeat.interval.ms`
    pub consumer_heartbeat_interval_ms: Option<i32>,
    /// `consumer.assignment.interval.ms`
    pub consumer_assignment_interval_ms: Option<i32>,
    /// `share.session.timeout.ms`
    pub share_session_timeout_ms: Option<i32>,
    /// `share.heartbeat.interval.ms`
    pub share_heartbeat_interval_ms: Option<i32>,
    /// `share.assignment.interval.ms`
    pub share_assignment_interval_ms: Option<i32>,
}

impl GroupConfig {
    /// The settings of a consumer group.
    pub(super) fn consumer(&self, config: &CoordinatorConfig) -> GroupSettings {
        let broker = config.consumer;
        let or = |own: Option<i32>, broker| own.unwrap_or(broker);
        GroupSettings {
            session_timeout_ms: or(self.consumer_session_timeout_ms, broker.session_timeout_ms),
            heartbeat_interval_ms: or(
                self.consumer_heartbeat_interval_ms,
                broker.heartbeat_interval_ms,
            ),
            assignment_interval_ms: or(
                self.consumer_assignment_interval_ms,
                broker.assignment_interval_ms,
            ),
        }
    }

    /// The settings of a share group.
    pub(super) fn share(&self, config: &CoordinatorConfig) -> GroupSettings {
        let broker = config.share;
        let or = |own: Option<i32>, broker| own.unwrap_or(broker);
        GroupSettings {
            session_timeout_ms: or(self.share_session_timeout_ms, broker.session_timeout_ms),
            heartbeat_interval_ms: or(
                self.share_heartbeat_interval_ms,
                broker.heartbeat_interval_ms,
            ),
            assignment_interval_ms: or(
                self.share_assignment_interval_ms,
                broker.assignment_interval_ms,
            ),
        }
    }
}
