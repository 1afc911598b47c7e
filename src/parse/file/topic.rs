//! `[topics.T]`

use super::TopicSettings;
use super::cluster::MAX_BROKERS;
use crate::kernel::time::Instant;
use crate::parse::leaf::{Count, Size};
use crate::parse::shape::List;
use crate::parse::spec::Rule;
use crate::parse::table::table;

/// Partitions that a topic may have.
pub(crate) const MAX_PARTITIONS: usize = 1_000_000;

/// Broker ids of one partition.
pub(crate) type Replicas = List<Count<1, { MAX_BROKERS as u64 }>, 1, MAX_BROKERS>;

table! {
    /// A topic.
    Topic, "topic", "[topics.T]", [Rule::AtMostOne(&["replication.factor", "replicas"])];

    /// Number of partitions.
    partitions: Count<1, { MAX_PARTITIONS as u64 }> = "the broker's num.partitions, 1";
    /// Replicas of each partition, placed as Kafka places them.
    replication_factor as "replication.factor": Count<1, { MAX_BROKERS as u64 }>
        = "the broker's default.replication.factor, 1";
    /// Broker ids of each partition, preferred leader first: `[[1, 3], [3, 1]]`.
    replicas: List<Replicas, 1, MAX_PARTITIONS>;
    /// Bytes of one record.
    record_size: Size = "\"1KiB\"";
    /// Records in each partition from its beginning, written at that moment as far as retention asks.
    backlog: Count<0, 1_000_000_000_000_000> = "0";
    /// When the topic is created; an event with `create_topic` says so, too.
    created_at: Instant = "the start of the run";
    /// Topic settings by Kafka's names.
    config: TopicSettings;
}
