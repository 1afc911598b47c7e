//! `[groups.G]`

use super::cluster::MAX_BROKERS;
use super::dist::Varying;
use super::strategy::StrategyRef;
use super::{ConsumerSettings, GroupSettings};
use crate::kernel::time::{Instant, Span};
use crate::model::config::{CommitMode, WorkRevoked};
use crate::parse::document::{Node, Value};
use crate::parse::leaf::Count;
use crate::parse::shape::{List, Named, Reader, Shape};
use crate::parse::spec::{Kind, Rule};
use crate::parse::table::{table, words};
use crate::scenario::group::PatternBy;

/// Consumers that a group may have.
pub(crate) const MAX_CONSUMERS: u64 = 100_000;

table! {
    /// A consumer group. Its name is the `group.id`; its consumers are `GROUP-1` … `GROUP-N`.
    ConsumerGroup, "group", "[groups.G]", [
        Rule::ExactlyOne(&["topics", "pattern"]),
        Rule::Needs("pattern_by", &["pattern"]),
    ];

    /// Topics that the members subscribe to.
    topics: List<String, 1, 100_000>;
    /// Or a regular expression: every topic whose whole name matches.
    pattern: String;
    /// Who finds out which topics match.
    pattern_by: PatternBy = "\"clients\"";
    /// How many consumers, or a list that describes them.
    consumers: Consumers = "1";
    /// Processing time of a record.
    process: Varying = "\"0s\"";
    /// Processing time of a record where it differs.
    process_by: ProcessBy;
    /// When the first consumer starts.
    start: Instant = "\"0s\"";
    /// Gap between the starts of consecutive consumers.
    start_every: Span = "\"0s\"";
    /// When the application commits.
    commit: Commit = "\"auto\"";
    /// Time spent in `onPartitionsRevoked`.
    on_revoked: Varying = "\"0s\"";
    /// Time spent in `onPartitionsAssigned`.
    on_assigned: Varying = "\"0s\"";
    /// Time spent in `onPartitionsLost`.
    on_lost: Varying = "\"0s\"";
    /// Argument of `poll`.
    poll_timeout: Span = "\"100ms\"";
    /// Another thread processes the records while the application goes on polling, with all its
    /// partitions paused until that thread is done: `max.poll.interval.ms` is kept, and rebalances are
    /// served. What `onPartitionsRevoked` does about the records that the thread still has of the
    /// partitions. Auto-commit then commits before records are processed; with `sync-record` and the
    /// like, what is done is committed when the present `poll` returns.
    poll_while_processing: WorkRevoked = "the thread that polls processes";
    /// Static membership: the `group.instance.id` of a consumer is its name, unless it has one.
    static_members: bool = "false";
    /// The assignment strategy, where it is to be the only one that all consumers offer; one of your
    /// own may be a program.
    strategy: StrategyRef = "`partition.assignment.strategy`";
    /// Id of the broker that shall lead the group's partition of `__consumer_offsets`.
    coordinator: Count<1, { MAX_BROKERS as u64 }> = "as Kafka places it";
    /// Consumer settings by Kafka's names.
    config: ConsumerSettings;
    /// Settings kept on the group: `consumer.session.timeout.ms` and the like.
    group_config: GroupSettings;

    besides {
        /// A limit that all consumers of the group share.
        "downstream": Kind::Later;
        /// How the group is deployed.
        "deploy": Kind::Later;
        /// What starts and stops consumers by itself.
        "autoscaler": Kind::Later;
    }
}

table! {
    /// One consumer of a group, or `count` of them.
    Consumer, "consumer", "{ name = \"slow\", process = \"40ms\" }", [];

    /// Its name and `client.id`; with `count`, NAME-1, NAME-2 …
    name: String = "GROUP-n, n its place in the group";
    /// How many such consumers.
    count: Count<0, MAX_CONSUMERS> = "1";
    /// Processing time of a record.
    process: Varying = "the group's";
    /// When it starts; the others of `count` follow at the group's `start_every`.
    start: Instant = "the group's `start`, and `start_every` for each consumer before it";
    /// Its rack (`client.rack`).
    rack: String = "none";
    /// Consumer settings that differ from the group's.
    config: ConsumerSettings;
}

table! {
    /// Processing times of single partitions.
    ProcessBy, "process_by", "{ partition = { \"orders-3\" = \"40ms\" } }", [];

    /// By topic and partition: `"orders-3" = "40ms"`.
    partition: Named<Varying>;
}

/// How many consumers, or which.
#[derive(Clone, Debug)]
pub(crate) enum Consumers {
    Number(u64),
    List(List<Consumer, 0, { MAX_CONSUMERS as usize }>),
}

impl Shape for Consumers {
    const KIND: Kind = Kind::OneOf(&[
        Count::<0, MAX_CONSUMERS>::KIND,
        List::<Consumer, 0, { MAX_CONSUMERS as usize }>::KIND,
    ]);

    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        match node.value {
            Value::Integer(_) => {
                Count::<0, MAX_CONSUMERS>::read(node, reader).map(|n| Consumers::Number(n.0))
            }
            Value::List(_) => List::read(node, reader).map(Consumers::List),
            _ => {
                reader.mismatch(node, &Self::KIND);
                None
            }
        }
    }
}

words! {
    PatternBy {
        "clients" = PatternBy::Clients,
            "Each client, when its metadata are renewed (`subscribe(Pattern)`).";
        "brokers" = PatternBy::Brokers,
            "The coordinator (`subscribe(SubscriptionPattern)`), with `group.protocol = \"consumer\"`.";
    }
}

words! {
    WorkRevoked {
        "wait" = WorkRevoked::Wait,
            "It waits for the record in hand, then commits what is done where `commit` says that the \
             application commits (not `before-batch`). `close()` waits for the whole batch.";
        "drop" = WorkRevoked::Drop,
            "It does not wait: the record in hand is finished, but not committed. Nor does `close()`.";
    }
}

words! {
    CommitMode {
        "auto" = CommitMode::Auto,
            "`enable.auto.commit`: the client, at the first poll after each interval and before a \
             rebalance.";
        "sync-batch" = CommitMode::SyncBatch, "`commitSync()` after each non-empty batch.";
        "async-batch" = CommitMode::AsyncBatch, "`commitAsync()` after each non-empty batch.";
        "sync-record" = CommitMode::SyncRecord, "`commitSync()` after each record.";
        "before-batch" = CommitMode::BeforeBatch,
            "`commitSync()` of a batch before it is processed: at most once.";
        "on-revoke" = CommitMode::OnRevoke, "`commitSync()` in `onPartitionsRevoked` only.";
        "none" = CommitMode::None, "Never.";
    }
}

table! {
    /// Commits that are neither per batch nor per record.
    CommitAfter, "commit", "{ records = 100 } or { every = \"1s\" }",
    [Rule::ExactlyOne(&["records", "every"])];

    /// `commitSync()` after every so many records.
    records: Count<1, 1_000_000_000>;
    /// `commitSync()` after the first batch that ends at least this long after the last commit.
    every: Span;
}

/// When the application commits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Commit(pub(crate) CommitMode);

impl Shape for Commit {
    const KIND: Kind = Kind::OneOf(&[CommitMode::KIND, Kind::Table(&CommitAfter::SPEC)]);

    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        let mode = match node.value {
            Value::Table(_) => {
                let after = CommitAfter::read(node, reader)?;
                let records = after.records.map(|n| CommitMode::Records(n.value.0 as u32));
                records.or(after.every.map(|span| CommitMode::Every(span.value)))
            }
            Value::Text(_) => CommitMode::read(node, reader),
            _ => {
                reader.mismatch(node, &Self::KIND);
                None
            }
        };
        mode.map(Commit)
    }
}
