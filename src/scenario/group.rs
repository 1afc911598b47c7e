//! Consumer groups: who reads what, how fast, and how it commits.

use crate::assignor::Strategy;
use crate::kernel::dist::Dist;
use crate::kernel::time::{Instant, Span};
use crate::model::config::{CommitMode, ConsumerConfig, GroupConfig, WorkRevoked};
use crate::model::id::{BrokerId, TopicId};

/// A consumer group.
#[derive(Clone, PartialEq, Debug)]
pub struct Group {
    /// `group.id`
    pub name: String,
    /// What its members subscribe to.
    pub subscription: Subscription,
    /// Members that the scenario starts by itself, in the order of their numbers.
    pub consumers: Vec<Consumer>,
    /// What an event's `start = "GROUP"` adds: the next number, this template, started at the event.
    pub template: ConsumerTemplate,
    /// Processing time per record of single partitions, by topic and partition.
    pub process_by: Vec<(TopicId, u32, Dist)>,
    /// When the application commits.
    pub commit: CommitMode,
    /// Time spent in `onPartitionsRevoked`.
    pub on_revoked: Dist,
    /// Time spent in `onPartitionsAssigned`.
    pub on_assigned: Dist,
    /// Time spent in `onPartitionsLost`.
    pub on_lost: Dist,
    /// Argument of `poll`.
    pub poll_timeout: Span,
    /// Whether another thread processes records while the application goes on polling, and what it
    /// does about them in `onPartitionsRevoked`.
    pub poll_while_processing: Option<WorkRevoked>,
    /// Whether a consumer without `group.instance.id` takes its name for one.
    pub static_members: bool,
    /// Settings kept on the group.
    pub config: GroupConfig,
    /// Broker that shall lead the group's partition of `__consumer_offsets`.
    pub coordinator: Option<BrokerId>,
}

/// What the members of a group subscribe to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Subscription {
    /// These topics.
    Topics(Vec<TopicId>),
    /// Every topic whose whole name matches this regular expression, as clients find out (`Pattern`).
    Pattern(String),
    /// The same, as brokers find out (`SubscriptionPattern`; KIP-848).
    BrokerPattern(String),
}

/// Who finds out which topics a pattern means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PatternBy {
    /// Each client, from its metadata.
    Clients,
    /// The group's coordinator.
    Brokers,
}

/// One consumer process.
#[derive(Clone, PartialEq, Debug)]
pub struct Consumer {
    /// Its name and `client.id`: the group's name, a dash and a number, or a name of its own.
    pub name: String,
    /// When its process starts.
    pub start: Instant,
    /// How it behaves.
    pub template: ConsumerTemplate,
}

/// How a consumer behaves, apart from its name and its start.
#[derive(Clone, PartialEq, Debug)]
pub struct ConsumerTemplate {
    /// Processing time per record.
    pub process: Dist,
    /// Assignment strategies that it offers, the preferred first
    /// (`partition.assignment.strategy`).
    pub strategies: Vec<Strategy>,
    /// Consumer settings.
    pub config: ConsumerConfig,
}
