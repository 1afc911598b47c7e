//! Kafka's settings that the model reads, typed and in Kafka's units made exact.
//!
//! `Default` of each struct is Kafka 4.3.1's default; a test compares them with Kafka's own list of
//! settings (`src/parse/kafka/configs.jsonl`).

use crate::kernel::time::Span;

/// Settings kept on a group (`[groups.G.group_config]`); `None`: the broker's.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct GroupConfig {
    /// `consumer.session.timeout.ms`
    pub consumer_session_timeout: Option<Span>,
    /// `consumer.heartbeat.interval.ms`
    pub consumer_heartbeat_interval: Option<Span>,
    /// `consumer.assignment.interval.ms`
    pub consumer_assignment_interval: Option<Span>,
}

/// Broker settings (`[cluster.config]`).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BrokerConfig {
    /// `group.initial.rebalance.delay.ms`
    pub group_initial_rebalance_delay: Span,
    /// `group.min.session.timeout.ms`
    pub group_min_session_timeout: Span,
    /// `group.max.session.timeout.ms`
    pub group_max_session_timeout: Span,
    /// `group.max.size`
    pub group_max_size: u32,
    /// `offsets.topic.num.partitions`
    pub offsets_topic_num_partitions: u32,
    /// `offsets.topic.replication.factor`; absent in a scenario: min(3, brokers).
    pub offsets_topic_replication_factor: u32,
    /// `offsets.commit.timeout.ms`
    pub offsets_commit_timeout: Span,
    /// `broker.heartbeat.interval.ms`
    pub broker_heartbeat_interval: Span,
    /// `broker.session.timeout.ms`
    pub broker_session_timeout: Span,
    /// `replica.lag.time.max.ms`
    pub replica_lag_time_max: Span,
    /// `replica.fetch.max.bytes`
    pub replica_fetch_max_bytes: u32,
    /// `replica.fetch.wait.max.ms`
    pub replica_fetch_wait_max: Span,
    /// `replica.selector.class`; `None`: consumers read from leaders.
    pub replica_selector_class: Option<String>,
    /// `min.insync.replicas`
    pub min_insync_replicas: u32,
    /// `unclean.leader.election.enable`
    pub unclean_leader_election_enable: bool,
    /// `auto.leader.rebalance.enable`
    pub auto_leader_rebalance_enable: bool,
    /// `leader.imbalance.check.interval.seconds`
    pub leader_imbalance_check_interval: Span,
    /// `offset.metadata.max.bytes`
    pub offset_metadata_max_bytes: u32,
    /// `num.partitions`
    pub num_partitions: u32,
    /// `default.replication.factor`
    pub default_replication_factor: u32,
    /// `offsets.retention.minutes`
    pub offsets_retention: Span,
    /// `offsets.retention.check.interval.ms`
    pub offsets_retention_check_interval: Span,
    /// `group.consumer.session.timeout.ms`
    pub group_consumer_session_timeout: Span,
    /// `group.consumer.heartbeat.interval.ms`
    pub group_consumer_heartbeat_interval: Span,
    /// `group.consumer.assignment.interval.ms`
    pub group_consumer_assignment_interval: Span,
    /// `group.consumer.max.size`
    pub group_consumer_max_size: u32,
    /// `group.consumer.assignors`, the default first.
    pub group_consumer_assignors: Vec<String>,
    /// `group.consumer.migration.policy`
    pub group_consumer_migration_policy: String,
    /// `log.retention.check.interval.ms`
    pub log_retention_check_interval: Span,
    /// `log.initial.task.delay.ms`
    pub log_initial_task_delay: Span,
}

impl Default for BrokerConfig {
    fn default() -> Self {
        BrokerConfig {
            group_initial_rebalance_delay: Span::from_ms(3_000),
            group_min_session_timeout: Span::from_ms(6_000),
            group_max_session_timeout: Span::from_ms(1_800_000),
            group_max_size: i32::MAX as u32,
            offsets_topic_num_partitions: 50,
            offsets_topic_replication_factor: 3,
            offsets_commit_timeout: Span::from_ms(5_000),
            broker_heartbeat_interval: Span::from_ms(2_000),
            broker_session_timeout: Span::from_ms(9_000),
            replica_lag_time_max: Span::from_ms(30_000),
            replica_fetch_max_bytes: 1_048_576,
            replica_fetch_wait_max: Span::from_ms(500),
            replica_selector_class: None,
            min_insync_replicas: 1,
            unclean_leader_election_enable: false,
            auto_leader_rebalance_enable: true,
            leader_imbalance_check_interval: Span::from_secs(300),
            offset_metadata_max_bytes: 4_096,
            num_partitions: 1,
            default_replication_factor: 1,
            offsets_retention: Span::from_secs(7 * 86_400),
            offsets_retention_check_interval: Span::from_ms(600_000),
            group_consumer_session_timeout: Span::from_ms(45_000),
            group_consumer_heartbeat_interval: Span::from_ms(5_000),
            group_consumer_assignment_interval: Span::from_ms(1_000),
            group_consumer_max_size: i32::MAX as u32,
            group_consumer_assignors: vec!["uniform".to_owned(), "range".to_owned()],
            group_consumer_migration_policy: "bidirectional".to_owned(),
            log_retention_check_interval: Span::from_ms(300_000),
            log_initial_task_delay: Span::from_secs(30),
        }
    }
}

/// Topic settings (`[topics.T.config]`); what a topic does not say, its brokers do (`LogConfig`).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TopicConfig {
    /// `cleanup.policy`: whether old segments are deleted.
    pub deletes: bool,
    /// `retention.ms`; `None`: records never become too old.
    pub retention: Option<Span>,
    /// `retention.bytes`, of each partition; `None`: no limit.
    pub retention_bytes: Option<u64>,
    /// `segment.bytes`
    pub segment_bytes: u32,
    /// `segment.ms`
    pub segment: Span,
    /// `min.insync.replicas`
    pub min_insync_replicas: u32,
    /// `unclean.leader.election.enable`
    pub unclean_leader_election_enable: bool,
}

impl Default for TopicConfig {
    fn default() -> Self {
        TopicConfig {
            deletes: true,
            retention: Some(Span::from_secs(7 * 86_400)),
            retention_bytes: None,
            segment_bytes: 1 << 30,
            segment: Span::from_secs(7 * 86_400),
            min_insync_replicas: 1,
            unclean_leader_election_enable: false,
        }
    }
}

/// Producer settings (`[producers.P.config]`).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProducerConfig {
    /// `batch.size`: bytes after which a batch is sent, and the sticky partitioner moves on.
    pub batch_size: u32,
    /// `linger.ms`
    pub linger: Span,
    /// `acks`
    pub acks: Acks,
    /// `retries`
    pub retries: u32,
    /// `enable.idempotence`, as far as the other settings allow it.
    pub enable_idempotence: bool,
    /// `max.in.flight.requests.per.connection`
    pub max_in_flight: u32,
    /// `delivery.timeout.ms`
    pub delivery_timeout: Span,
    /// `request.timeout.ms`
    pub request_timeout: Span,
    /// `retry.backoff.ms`
    pub retry_backoff: Span,
    /// `retry.backoff.max.ms`
    pub retry_backoff_max: Span,
    /// `buffer.memory`: bytes for records that have not been acknowledged.
    pub buffer_memory: u64,
    /// `max.block.ms`: how long `send()` waits for room in the buffer.
    pub max_block: Span,
    /// `metadata.max.age.ms`
    pub metadata_max_age: Span,
    /// `partitioner.adaptive.partitioning.enable`: partitions where batches wait get fewer records.
    pub adaptive_partitioning: bool,
    /// `partitioner.availability.timeout.ms`: partitions of a broker that has taken nothing for so
    /// long get none; zero: they do.
    pub availability_timeout: Span,
}

/// Bytes of a batch without its records (`DefaultRecordBatch.RECORD_BATCH_OVERHEAD`).
const BATCH_OVERHEAD: u64 = 61;

impl ProducerConfig {
    /// Records of this size that fill a batch; a larger one is alone in its own.
    pub fn records_per_batch(&self, record_size: u64) -> u64 {
        let room = u64::from(self.batch_size).saturating_sub(BATCH_OVERHEAD);
        (room / record_size.max(1)).max(1)
    }

    /// Bytes of a batch of so many records of this size.
    pub const fn batch_bytes(records: u64, record_size: u64) -> u64 {
        records.saturating_mul(record_size).saturating_add(BATCH_OVERHEAD)
    }
}

/// `acks`: who has to have a record before its producer is told so.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Acks {
    /// Nobody.
    None,
    /// The leader.
    Leader,
    /// Every replica in sync.
    All,
}

impl Default for ProducerConfig {
    fn default() -> Self {
        ProducerConfig {
            batch_size: 16_384,
            linger: Span::from_ms(5),
            acks: Acks::All,
            retries: i32::MAX as u32,
            enable_idempotence: true,
            max_in_flight: 5,
            delivery_timeout: Span::from_ms(120_000),
            request_timeout: Span::from_ms(30_000),
            retry_backoff: Span::from_ms(100),
            retry_backoff_max: Span::from_ms(1_000),
            buffer_memory: 32 * 1_024 * 1_024,
            max_block: Span::from_ms(60_000),
            metadata_max_age: Span::from_ms(300_000),
            adaptive_partitioning: true,
            availability_timeout: Span::ZERO,
        }
    }
}

/// Consumer settings (`[groups.G.config]`, or a consumer's own `config`).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConsumerConfig {
    /// `group.protocol`
    pub group_protocol: GroupProtocol,
    /// `group.remote.assignor`; absent: the group's other members or the broker decide.
    pub group_remote_assignor: Option<String>,
    /// `session.timeout.ms`
    pub session_timeout: Span,
    /// `heartbeat.interval.ms`
    pub heartbeat_interval: Span,
    /// `max.poll.interval.ms`
    pub max_poll_interval: Span,
    /// `max.poll.records`
    pub max_poll_records: u32,
    /// `enable.auto.commit`
    pub enable_auto_commit: bool,
    /// `auto.commit.interval.ms`
    pub auto_commit_interval: Span,
    /// `auto.offset.reset`
    pub auto_offset_reset: ResetPolicy,
    /// `fetch.min.bytes`
    pub fetch_min_bytes: u32,
    /// `fetch.max.wait.ms`
    pub fetch_max_wait: Span,
    /// `fetch.max.bytes`
    pub fetch_max_bytes: u32,
    /// `max.partition.fetch.bytes`
    pub max_partition_fetch_bytes: u32,
    /// `retry.backoff.ms`
    pub retry_backoff: Span,
    /// `retry.backoff.max.ms`
    pub retry_backoff_max: Span,
    /// `socket.connection.setup.timeout.ms`
    pub socket_connection_setup_timeout: Span,
    /// `socket.connection.setup.timeout.max.ms`
    pub socket_connection_setup_timeout_max: Span,
    /// `reconnect.backoff.ms`
    pub reconnect_backoff: Span,
    /// `reconnect.backoff.max.ms`
    pub reconnect_backoff_max: Span,
    /// `request.timeout.ms`
    pub request_timeout: Span,
    /// `metadata.max.age.ms`
    pub metadata_max_age: Span,
    /// `default.api.timeout.ms`
    pub default_api_timeout: Span,
    /// `client.rack`, empty: none.
    pub client_rack: String,
    /// `group.instance.id`; absent: a dynamic member.
    pub group_instance_id: Option<String>,
}

impl Default for ConsumerConfig {
    fn default() -> Self {
        ConsumerConfig {
            group_protocol: GroupProtocol::Classic,
            group_remote_assignor: None,
            session_timeout: Span::from_ms(45_000),
            heartbeat_interval: Span::from_ms(3_000),
            max_poll_interval: Span::from_ms(300_000),
            max_poll_records: 500,
            enable_auto_commit: true,
            auto_commit_interval: Span::from_ms(5_000),
            auto_offset_reset: ResetPolicy::Latest,
            fetch_min_bytes: 1,
            fetch_max_wait: Span::from_ms(500),
            fetch_max_bytes: 52_428_800,
            max_partition_fetch_bytes: 1_048_576,
            retry_backoff: Span::from_ms(100),
            retry_backoff_max: Span::from_ms(1_000),
            socket_connection_setup_timeout: Span::from_ms(10_000),
            socket_connection_setup_timeout_max: Span::from_ms(30_000),
            reconnect_backoff: Span::from_ms(50),
            reconnect_backoff_max: Span::from_ms(1_000),
            request_timeout: Span::from_ms(30_000),
            metadata_max_age: Span::from_ms(300_000),
            default_api_timeout: Span::from_ms(60_000),
            client_rack: String::new(),
            group_instance_id: None,
        }
    }
}

/// `group.protocol`: how a consumer is a member of its group.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum GroupProtocol {
    /// `JoinGroup`, `SyncGroup`: a member computes the assignment.
    Classic,
    /// `ConsumerGroupHeartbeat`: the broker computes it (KIP-848).
    Consumer,
}

/// `auto.offset.reset`: where to read when the group has no committed offset.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ResetPolicy {
    /// From the log start.
    Earliest,
    /// From the visible end of the log.
    Latest,
    /// Not at all: the consumer fails (`NoOffsetForPartitionException`).
    None,
    /// From the first record not older than this (KIP-1106).
    ByDuration(Span),
}

/// What an application does in `onPartitionsRevoked` about records that another thread processes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WorkRevoked {
    /// It waits for the record in hand, and commits what is done if it commits by itself. The rest is
    /// dropped.
    Wait,
    /// It goes on at once. The rest is dropped, the record in hand finished.
    Drop,
}

/// When the application commits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CommitMode {
    /// `enable.auto.commit`: the client, at the first poll after each interval and before a rebalance.
    Auto,
    /// `commitSync()` after each non-empty batch.
    SyncBatch,
    /// `commitAsync()` after each non-empty batch.
    AsyncBatch,
    /// `commitSync()` after each record.
    SyncRecord,
    /// `commitSync()` of a batch before it is processed (at most once).
    BeforeBatch,
    /// `commitSync()` in `onPartitionsRevoked` only.
    OnRevoke,
    /// Never.
    None,
    /// `commitSync()` after every so many records.
    Records(u32),
    /// `commitSync()` after the first batch that ends at least this long after the last commit.
    Every(Span),
}
