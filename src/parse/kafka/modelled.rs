//! The settings that the model reads, and where they go.

use super::catalogue::Family;
use super::log;
use super::settings::Settings;
use super::value::{Checked, Unit, iso_duration, unit};
use crate::kernel::time::Span;
use crate::model::config::{
    Acks, BrokerConfig, ConsumerConfig, GroupConfig, GroupProtocol, ProducerConfig, ResetPolicy,
};

/// Declares the settings of one family: name, field of the typed struct, documentation.
macro_rules! modelled {
    ($table:ident, $fill:ident -> $config:ident {
        $( $key:literal $field:ident $doc:literal; )+
    }) => {
        const $table: &[(&str, &str)] = &[$(($key, $doc)),+];

        /// The settings as the model reads them: what is given over Kafka's defaults.
        pub(crate) fn $fill(settings: &Settings) -> $config {
            let mut config = $config::default();
            $(
                let given = settings.given($key).map(|given| &given.value);
                if let Some(value) = given.and_then(|value| FromSetting::from($key, value)) {
                    config.$field = value;
                }
            )+
            config
        }
    };
}

modelled! { BROKER, broker -> BrokerConfig {
    "group.initial.rebalance.delay.ms" group_initial_rebalance_delay
        "How long the coordinator of a new classic group waits for more members.";
    "group.min.session.timeout.ms" group_min_session_timeout
        "The smallest session.timeout.ms that the broker takes from members of classic groups.";
    "group.max.session.timeout.ms" group_max_session_timeout
        "The largest session.timeout.ms that the broker takes from members of classic groups.";
    "group.max.size" group_max_size "How many members a classic group may have.";
    "offsets.topic.num.partitions" offsets_topic_num_partitions
        "Partitions of `__consumer_offsets`.";
    "offsets.topic.replication.factor" offsets_topic_replication_factor
        "Replicas of each partition of `__consumer_offsets`; if it is not given, 3 or the number \
         of brokers if that is less.";
    "offsets.commit.timeout.ms" offsets_commit_timeout
        "How long a commit waits for its replicas.";
    "broker.heartbeat.interval.ms" broker_heartbeat_interval
        "Time between heartbeats of a broker to the controller.";
    "broker.session.timeout.ms" broker_session_timeout
        "A broker that sends no heartbeat for this long is fenced: its leaders move.";
    "replica.lag.time.max.ms" replica_lag_time_max
        "A follower that has not caught up for this long is not in sync any more.";
    "replica.fetch.max.bytes" replica_fetch_max_bytes
        "So much of a partition a follower that catches up reads in a round trip.";
    "replica.fetch.wait.max.ms" replica_fetch_wait_max
        "How long a leader that has nothing new keeps a follower waiting: so late a follower may \
         hear what its consumers may see.";
    "replica.selector.class" replica_selector_class
        "`org.apache.kafka.common.replica.RackAwareReplicaSelector`: consumers with `rack` read from \
         a replica in theirs (KIP-392); if it is not given, from leaders.";
    "min.insync.replicas" min_insync_replicas
        "So many replicas must be in sync for `acks=all` to be taken, and for anything new to \
         become visible.";
    "unclean.leader.election.enable" unclean_leader_election_enable
        "Whether a replica that is not in sync may lead when nobody else can: records are lost.";
    "auto.leader.rebalance.enable" auto_leader_rebalance_enable
        "Whether preferred leaders are restored.";
    "leader.imbalance.check.interval.seconds" leader_imbalance_check_interval
        "How often preferred leaders are restored.";
    "offset.metadata.max.bytes" offset_metadata_max_bytes
        "How long the text may be that a client stores with an offset.";
    "num.partitions" num_partitions "Partitions of a topic that does not say how many.";
    "default.replication.factor" default_replication_factor
        "Replicas of a topic that does not say how many.";
    "offsets.retention.minutes" offsets_retention
        "How long the offsets of a group without members are kept.";
    "offsets.retention.check.interval.ms" offsets_retention_check_interval
        "How often the coordinator looks for offsets that are too old.";
    "group.consumer.session.timeout.ms" group_consumer_session_timeout
        "A member under KIP-848 that sends no heartbeat for this long is removed.";
    "group.consumer.heartbeat.interval.ms" group_consumer_heartbeat_interval
        "Time between heartbeats under KIP-848: the broker tells its members.";
    "group.consumer.assignment.interval.ms" group_consumer_assignment_interval
        "How long a target assignment stands before the next is computed (KIP-1263).";
    "group.consumer.max.size" group_consumer_max_size
        "How many members a group under KIP-848 may have.";
    "group.consumer.assignors" group_consumer_assignors
        "Strategies of the broker, the default first: `uniform`, `range`.";
    "group.consumer.migration.policy" group_consumer_migration_policy
        "Whether a group with members may change its protocol: `bidirectional`, `upgrade`, \
         `downgrade` or `disabled`.";
    "log.retention.check.interval.ms" log_retention_check_interval
        "How often brokers look for segments to delete.";
    "log.initial.task.delay.ms" log_initial_task_delay
        "How long a broker runs before it looks for the first time.";
} }

modelled! { GROUP, group -> GroupConfig {
    "consumer.session.timeout.ms" consumer_session_timeout
        "The group's own `group.consumer.session.timeout.ms`.";
    "consumer.heartbeat.interval.ms" consumer_heartbeat_interval
        "The group's own `group.consumer.heartbeat.interval.ms`.";
    "consumer.assignment.interval.ms" consumer_assignment_interval
        "The group's own `group.consumer.assignment.interval.ms`.";
} }

modelled! { PRODUCER, producer -> ProducerConfig {
    "batch.size" batch_size
        "Bytes after which a batch is sent, and the sticky partitioner moves on.";
    "linger.ms" linger "How long records wait for others to fill their batch.";
    "acks" acks
        "Who has to have a record before its producer is told so: `all` replicas in sync, the \
         leader (`1`) or nobody (`0`).";
    "retries" retries "How often a batch is sent again.";
    "enable.idempotence" enable_idempotence
        "Whether a batch that is sent again is written only once.";
    "max.in.flight.requests.per.connection" max_in_flight
        "Requests that go out to a broker before the first of them is answered.";
    "delivery.timeout.ms" delivery_timeout
        "A record that could not be delivered for this long is given up.";
    "request.timeout.ms" request_timeout
        "A request without an answer for this long is sent again, on another connection.";
    "buffer.memory" buffer_memory
        "Bytes for records that wait; when they are taken, `send()` blocks the application.";
    "max.block.ms" max_block
        "How long `send()` waits for room in the buffer before it refuses its record.";
    "retry.backoff.ms" retry_backoff "Wait before the first retry of a request.";
    "retry.backoff.max.ms" retry_backoff_max "The longest wait between retries.";
    "metadata.max.age.ms" metadata_max_age
        "How old what a client knows of topics and leaders may become before it asks again.";
    "partitioner.adaptive.partitioning.enable" adaptive_partitioning
        "Whether a sticky producer sends less to partitions where its batches wait.";
    "partitioner.availability.timeout.ms" availability_timeout
        "A sticky producer sends nothing to a broker that has taken nothing for so long; 0: it does.";
} }

modelled! { CONSUMER, consumer -> ConsumerConfig {
    "group.protocol" group_protocol
        "`classic`, or `consumer`: the broker computes the assignment (KIP-848).";
    "group.remote.assignor" group_remote_assignor
        "The broker's strategy under `group.protocol = \"consumer\"`: `uniform` or `range`.";
    "session.timeout.ms" session_timeout
        "A member that sends no heartbeat for this long is removed from the group.";
    "heartbeat.interval.ms" heartbeat_interval "Time between heartbeats.";
    "max.poll.interval.ms" max_poll_interval
        "A consumer that does not poll for this long leaves the group by itself; also how long a \
         rebalance waits for it.";
    "max.poll.records" max_poll_records "Records that one poll returns at most.";
    "enable.auto.commit" enable_auto_commit
        "Whether the client commits by itself; must agree with `commit`.";
    "auto.commit.interval.ms" auto_commit_interval "Time between commits of the client.";
    "auto.offset.reset" auto_offset_reset
        "Where to read when the group has no committed offset.";
    "fetch.min.bytes" fetch_min_bytes "A fetch waits until so much data is there.";
    "fetch.max.wait.ms" fetch_max_wait "A fetch waits no longer than this.";
    "fetch.max.bytes" fetch_max_bytes "What one fetch returns at most.";
    "max.partition.fetch.bytes" max_partition_fetch_bytes
        "What one fetch returns of a partition at most.";
    "retry.backoff.ms" retry_backoff "Wait before the first retry of a request.";
    "retry.backoff.max.ms" retry_backoff_max "The longest wait between retries.";
    "socket.connection.setup.timeout.ms" socket_connection_setup_timeout
        "How long a client waits for a connection that does not open; doubled each time.";
    "socket.connection.setup.timeout.max.ms" socket_connection_setup_timeout_max
        "The longest wait for a connection that does not open.";
    "reconnect.backoff.ms" reconnect_backoff
        "Wait before a connection that was closed is opened again.";
    "reconnect.backoff.max.ms" reconnect_backoff_max "The longest wait between connections.";
    "metadata.max.age.ms" metadata_max_age
        "How old what a client knows of topics and leaders may become before it asks again.";
    "request.timeout.ms" request_timeout "How long a client waits for an answer.";
    "default.api.timeout.ms" default_api_timeout
        "How long a blocking call such as `commitSync` may take.";
    "client.rack" client_rack "Rack of the consumer.";
    "group.instance.id" group_instance_id
        "Makes the consumer a static member under this id: it is awaited for a session when it \
         stops, and whoever comes with the id takes its place. See `static_members` of the group.";
} }

/// Settings that are read in other ways or only checked: no struct holds them.
const CHECKED: &[(Family, &str, &str)] = &[
    (
        Family::Consumer,
        "partition.assignment.strategy",
        "Strategies that the consumer offers, the preferred first: by name (`range`) or by class.",
    ),
    (Family::Consumer, "group.id", "The name of the group's table; needs not be given."),
    (Family::Consumer, "share.acknowledgement.mode", "Only for share consumers."),
    (Family::Consumer, "share.acquire.mode", "Only for share consumers."),
];

/// What to write instead of a setting that has no place in a simulation.
const INSTEAD: &[(Family, &str, &str)] = &[
    (Family::Producer, "partitioner.class", ": use `partitioner` of the producer"),
    (Family::Consumer, "client.id", ": a consumer's name is its client.id"),
    (Family::Broker, "broker.rack", ": use `racks` of the cluster"),
    (Family::Broker, "node.id", ": brokers have the ids 1, 2, …"),
    (Family::Broker, "broker.id", ": brokers have the ids 1, 2, …"),
];

/// The names and documentation of what is modelled.
pub(crate) fn settings(family: Family) -> impl Iterator<Item = (&'static str, &'static str)> {
    let table = match family {
        Family::Broker => BROKER,
        Family::Producer => PRODUCER,
        Family::Consumer => CONSUMER,
        Family::Group => GROUP,
        Family::Topic => &[],
    };
    let checked = CHECKED.iter().chain(log::SETTINGS).filter(move |(of, ..)| *of == family);
    table.iter().copied().chain(checked.map(|(_, name, doc)| (*name, *doc)))
}

/// The documentation of a setting that is modelled.
pub(crate) fn doc(family: Family, name: &str) -> Option<&'static str> {
    settings(family).find(|(known, _)| *known == name).map(|(_, doc)| doc)
}

/// The least value that makes sense for a modelled setting; `None` if it isn't modelled.
pub(crate) fn floor(family: Family, name: &str) -> Option<i64> {
    doc(family, name)?;
    let one = ["heartbeat.interval.ms", "session.timeout.ms", "default.replication.factor"];
    Some(log::floor(name).unwrap_or(i64::from(one.contains(&name))))
}

/// What to write instead of a setting that isn't modelled, or nothing.
pub(crate) fn instead(family: Family, name: &str) -> &'static str {
    let found = INSTEAD.iter().find(|(of, known, _)| *of == family && *known == name);
    found.map_or("", |(.., hint)| hint)
}

/// Longer than any run, and safe to add to any moment of one; Kafka's longs go far beyond.
pub(super) const BEYOND: Span = Span::from_secs(100 * 366 * 86_400);

/// Types that fields of the typed structs have.
trait FromSetting: Sized {
    /// The value, if it is of the right type; the checks before have seen to that.
    fn from(name: &str, value: &Checked) -> Option<Self>;
}

impl FromSetting for Span {
    fn from(name: &str, value: &Checked) -> Option<Self> {
        match (unit(name)?, value) {
            (Unit::Time(unit), Checked::Int(n)) => {
                let us = unit.as_us().saturating_mul(u64::try_from(*n).ok()?);
                Some(Span::from_us(us).min(BEYOND))
            }
            _ => None,
        }
    }
}

impl FromSetting for u32 {
    fn from(_: &str, value: &Checked) -> Option<Self> {
        match value {
            Checked::Int(number) => u32::try_from(*number).ok(),
            _ => None,
        }
    }
}

impl FromSetting for u64 {
    fn from(_: &str, value: &Checked) -> Option<Self> {
        match value {
            Checked::Int(number) => u64::try_from(*number).ok(),
            _ => None,
        }
    }
}

impl FromSetting for bool {
    fn from(_: &str, value: &Checked) -> Option<Self> {
        match value {
            Checked::Bool(value) => Some(*value),
            _ => None,
        }
    }
}

impl FromSetting for Acks {
    fn from(_: &str, value: &Checked) -> Option<Self> {
        match value {
            Checked::Text(text) => match text.as_str() {
                "0" => Some(Acks::None),
                "1" => Some(Acks::Leader),
                _ => Some(Acks::All),
            },
            _ => None,
        }
    }
}

impl FromSetting for String {
    fn from(_: &str, value: &Checked) -> Option<Self> {
        match value {
            Checked::Text(text) => Some(text.clone()),
            _ => None,
        }
    }
}

impl FromSetting for Option<String> {
    fn from(name: &str, value: &Checked) -> Option<Self> {
        <String as FromSetting>::from(name, value).map(Some)
    }
}

impl FromSetting for Option<Span> {
    fn from(name: &str, value: &Checked) -> Option<Self> {
        <Span as FromSetting>::from(name, value).map(Some)
    }
}

impl FromSetting for Vec<String> {
    fn from(_: &str, value: &Checked) -> Option<Self> {
        let Checked::List(items) = value else { return None };
        Some(items.iter().map(|item| item.value.clone()).collect())
    }
}

impl FromSetting for GroupProtocol {
    fn from(_: &str, value: &Checked) -> Option<Self> {
        let Checked::Text(text) = value else { return None };
        let consumer = text.eq_ignore_ascii_case("consumer");
        Some(if consumer { GroupProtocol::Consumer } else { GroupProtocol::Classic })
    }
}

impl FromSetting for ResetPolicy {
    fn from(_: &str, value: &Checked) -> Option<Self> {
        let Checked::Text(text) = value else { return None };
        match text.as_str() {
            "earliest" => Some(ResetPolicy::Earliest),
            "latest" => Some(ResetPolicy::Latest),
            "none" => Some(ResetPolicy::None),
            other => {
                let span = iso_duration(other.strip_prefix("by_duration:")?)?;
                Some(ResetPolicy::ByDuration(span.min(BEYOND)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::catalogue::find;
    use super::super::settings::defaults;
    use super::*;

    #[test]
    fn our_defaults_are_kafkas() {
        assert_eq!(broker(&defaults(Family::Broker)), BrokerConfig::default());
        assert_eq!(producer(&defaults(Family::Producer)), ProducerConfig::default());
        assert_eq!(consumer(&defaults(Family::Consumer)), ConsumerConfig::default());
    }

    #[test]
    fn every_modelled_setting_is_kafkas() {
        for family in Family::ALL {
            for (name, _) in settings(family) {
                assert!(find(family, name).is_some(), "{family} {name}");
            }
        }
        for (family, name, _) in INSTEAD {
            assert!(find(*family, name).is_some() && doc(*family, name).is_none(), "{name}");
        }
    }
}
