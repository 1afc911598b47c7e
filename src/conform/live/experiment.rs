//! The file of an experiment.

use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// An experiment on a real cluster.
#[derive(Clone, PartialEq, Debug, Deserialize)]
pub struct Experiment {
    /// Its name; the letter before the first dash is its family.
    pub id: String,
    /// Whether the machine was disturbed: differences of some 200 ms say nothing then.
    pub noisy: bool,
    /// What it was made for.
    pub question: String,
    /// What was done.
    pub setup: Setup,
    /// Regular expressions: which of the measured names matter.
    pub key: Vec<String>,
    /// What was measured over all runs, by name.
    pub summary: BTreeMap<String, Summary>,
    /// Its runs.
    pub runs: Vec<PlayedRun>,
}

/// A measured value over all runs.
#[derive(Clone, Copy, PartialEq, Debug, Deserialize)]
pub struct Summary {
    /// The middle one.
    pub median: f64,
    /// The least.
    pub min: f64,
    /// The largest.
    pub max: f64,
    /// In how many runs there was one.
    pub n: usize,
}

/// A run.
#[derive(Clone, PartialEq, Debug, Deserialize)]
pub struct PlayedRun {
    /// When events took place: ms since the beginning, what, whom.
    pub event_times_ms: Vec<(f64, String, Value)>,
}

/// What was done.
#[derive(Clone, PartialEq, Debug, Deserialize)]
pub struct Setup {
    /// Brokers.
    pub cluster: Cluster,
    /// Topics by name.
    pub topics: BTreeMap<String, Topic>,
    /// Producers by name.
    #[serde(default)]
    pub producers: BTreeMap<String, Producer>,
    /// Producers that an event starts.
    #[serde(default)]
    pub manual_producers: BTreeMap<String, Producer>,
    /// Groups by name.
    pub groups: BTreeMap<String, Group>,
    /// What happened, and when it was to happen.
    pub events: Vec<Event>,
    /// Whether each consumer had a process of its own; otherwise only those have that were killed or
    /// stopped.
    #[serde(default)]
    pub processes: bool,
    /// How long the run was.
    pub duration: Time,
    /// How far runs are shifted against each other.
    #[serde(default)]
    pub jitter: Option<Time>,
    /// Which events are shifted: those from here on; absent: from 5 s on.
    #[serde(default)]
    pub jitter_from: Option<Time>,
    /// How long it went on after the producers had stopped.
    #[serde(default)]
    pub drain: Option<Time>,
    /// After which labels something was measured; absent: after all.
    #[serde(default)]
    pub measure: Option<Vec<String>>,
    /// A span of time of which gaps are summed up, from and to.
    #[serde(default)]
    pub window: Option<(Time, Time)>,
    /// How long a gap must be to count there.
    #[serde(default)]
    pub gap: Option<Time>,
    /// Groups whose lag was sampled.
    #[serde(default)]
    pub sample: Vec<Sample>,
    /// Records that were there before.
    #[serde(default)]
    pub backlog: Vec<Backlog>,
}

/// A duration: `"1500ms"`, or a number of seconds.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(untagged)]
pub enum Time {
    /// As a person writes it.
    Text(String),
    /// Seconds.
    Seconds(f64),
}

impl Time {
    /// In seconds; `None`: it is none.
    pub fn seconds(&self) -> Option<f64> {
        let text = match self {
            Time::Seconds(seconds) => return Some(*seconds),
            Time::Text(text) => text,
        };
        let digits = text.find(|c: char| c.is_ascii_alphabetic())?;
        let number: f64 = text[..digits].parse().ok()?;
        let unit = match &text[digits..] {
            "us" => 1e-6,
            "ms" => 1e-3,
            "s" => 1.0,
            "m" => 60.0,
            _ => return None,
        };
        Some(number * unit)
    }
}

/// Brokers.
#[derive(Clone, PartialEq, Debug, Deserialize)]
pub struct Cluster {
    /// How many.
    pub brokers: u32,
    /// What differs from the default settings.
    #[serde(default)]
    pub config: Map<String, Value>,
}

/// A topic.
#[derive(Clone, PartialEq, Debug, Deserialize)]
pub struct Topic {
    /// How many partitions.
    pub partitions: u32,
    /// Replicas of each; absent: 1.
    #[serde(rename = "replication.factor", default)]
    pub replication_factor: Option<u32>,
    /// Who has each partition: `0:1,3;1:3,1`.
    #[serde(default)]
    pub replicas: Option<String>,
    /// Whether an event creates it.
    #[serde(default)]
    pub late: bool,
}

/// A producer: record n goes to partition n modulo their number.
#[derive(Clone, PartialEq, Debug, Deserialize)]
pub struct Producer {
    /// Where it writes.
    pub topic: String,
    /// `"80/s"`
    pub rate: String,
    /// It sends what it owes once in this time.
    #[serde(default)]
    pub tick: Option<Time>,
}

/// A group.
#[derive(Clone, PartialEq, Debug, Deserialize)]
pub struct Group {
    /// What it subscribes to; absent: all topics.
    #[serde(default)]
    pub topics: Vec<String>,
    /// Or by this `Pattern`; `$RUN` stands for what made names of a run unique.
    #[serde(default)]
    pub pattern: Option<String>,
    /// Or by this `SubscriptionPattern`.
    #[serde(default)]
    pub re2: Option<String>,
    /// Names of its consumers.
    pub consumers: Vec<String>,
    /// Sleep per record.
    #[serde(default)]
    pub process: Option<Time>,
    /// `auto`, `sync` after each batch or `record` after each record.
    #[serde(default)]
    pub commit: Option<String>,
    /// Argument of `poll`.
    #[serde(default)]
    pub poll_timeout: Option<Time>,
    /// Which broker coordinates it.
    #[serde(default)]
    pub coordinator: Option<u32>,
    /// Settings of its consumers.
    #[serde(default)]
    pub config: Map<String, Value>,
    /// Settings kept on the group.
    #[serde(default)]
    pub group_config: Option<Map<String, Value>>,
    /// What single consumers have besides.
    #[serde(default)]
    pub consumer: BTreeMap<String, Own>,
}

/// What a consumer has for itself.
#[derive(Clone, PartialEq, Debug, Default, Deserialize)]
pub struct Own {
    /// Settings.
    #[serde(default)]
    pub config: Map<String, Value>,
    /// Sleep per record.
    #[serde(default)]
    pub process: Option<Time>,
    /// Whether its classes were loaded before; either way rejoin's clients are warm.
    #[serde(default)]
    pub warm: Option<bool>,
    /// What else.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// An event: one action, whom it struck, and what it needs besides.
#[derive(Clone, PartialEq, Debug, Deserialize)]
pub struct Event {
    /// When it was to happen.
    pub at: Time,
    /// What measurements after it are called; absent: action and target.
    #[serde(default)]
    pub label: Option<String>,
    /// The action and the rest.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

impl Event {
    /// What happened, and to whom.
    pub fn action(&self) -> Option<(&str, String)> {
        const ACTIONS: &[&str] = &[
            "start",
            "close",
            "crash",
            "pause",
            "busy",
            "spawn",
            "rate",
            "process",
            "add_partitions",
            "create_topic",
            "kill_broker",
            "start_broker",
            "produce",
            "stop",
            "describe",
        ];
        let (action, target) =
            ACTIONS.iter().find_map(|action| Some((*action, self.rest.get(*action)?)))?;
        let target = match action {
            "rate" => self.rest.get("producer")?,
            "process" => self.rest.get("consumer")?,
            _ => target,
        };
        Some((action, word(target)))
    }

    /// A duration that the action has.
    pub fn time(&self, key: &str) -> Option<f64> {
        match self.rest.get(key)? {
            Value::String(text) => Time::Text(text.clone()).seconds(),
            other => other.as_f64(),
        }
    }
}

/// A name or a number as a word.
pub(super) fn word(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A group whose lag was looked at regularly.
#[derive(Clone, PartialEq, Debug, Deserialize)]
pub struct Sample {
    /// The group.
    pub group: String,
    /// How often.
    pub every: Time,
    /// Spans of time in which rates are measured.
    #[serde(default)]
    pub slopes: Vec<(Time, Time)>,
    /// From which lag on it counts as drained.
    #[serde(default)]
    pub drained_at: Option<u64>,
}

/// Records that were there before.
#[derive(Clone, PartialEq, Debug, Deserialize)]
pub struct Backlog {
    /// In which topic.
    pub topic: String,
    /// How many, all told.
    pub records: u64,
}
