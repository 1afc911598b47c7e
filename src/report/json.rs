//! `summary.json`.

use super::incidents;
use super::names::Names;
use crate::analysis::producers::ProducerSummary;
use crate::analysis::recovery::Recovery;
use crate::analysis::summary::{GroupSummary, Idle, Summary, TopicSummary};
use crate::kernel::time::{Instant, Span};
use crate::model::id::{ConsumerId, PartitionId};
use crate::trace::cause::Cause;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

#[derive(Serialize)]
struct Document<'a> {
    name: &'a str,
    question: &'a str,
    seed: u64,
    duration_s: f64,
    agenda_events: u64,
    digest: String,
    produced: u64,
    topics: Vec<Topic<'a>>,
    producers: Vec<Producer<'a>>,
    groups: Vec<Group<'a>>,
    recoveries: Vec<Recovered<'a>>,
}

#[derive(Serialize)]
struct Topic<'a> {
    name: &'a str,
    produced: u64,
    lost: u64,
    lost_causes: Vec<Counted<'a>>,
    written_twice: u64,
    written_twice_causes: Vec<Counted<'a>>,
}

/// Records that have one cause.
#[derive(Serialize)]
struct Counted<'a> {
    how: &'a str,
    event: Option<usize>,
    action: Option<&'a str>,
    records: u64,
}

#[derive(Serialize)]
struct Producer<'a> {
    name: &'a str,
    created: u64,
    given_up: u64,
    blocked_time_s: f64,
    kept_back: u64,
    refused: u64,
}

#[derive(Serialize)]
struct Group<'a> {
    name: &'a str,
    offsets_partition: u32,
    coordinator: usize,
    partitions: usize,
    members: usize,
    generation: i32,
    rebalances: usize,
    stalled_time_s: f64,
    unowned_time_s: f64,
    longest_unowned_time_s: f64,
    owners: BTreeMap<&'a str, Vec<String>>,
    idle: Vec<IdleConsumer<'a>>,
    peak_lag: u64,
    peak_lag_at_s: f64,
    final_lag: u64,
    processed: u64,
    duplicates: u64,
    duplicates_by_cause: BTreeMap<String, u64>,
    duplicate_causes: Vec<Counted<'a>>,
    skipped: u64,
    skipped_by_cause: BTreeMap<String, u64>,
    skipped_causes: Vec<Counted<'a>>,
    waiting: u64,
    failed: BTreeMap<&'a str, String>,
    incidents: Vec<Value>,
}

#[derive(Serialize)]
struct IdleConsumer<'a> {
    consumer: &'a str,
    since_s: f64,
    time_s: f64,
    at_end: bool,
}

#[derive(Serialize)]
struct Recovered<'a> {
    event: usize,
    action: String,
    at_s: f64,
    group: &'a str,
    consumers: Vec<&'a str>,
    partitions: Vec<String>,
    detection_time_s: Option<f64>,
    rebalance_time_s: Option<f64>,
    catch_up_time_s: Option<f64>,
}

/// The summary as a JSON document.
pub fn summary(summary: &Summary, names: Names<'_>) -> String {
    let document = Document {
        name: &summary.name,
        question: &summary.question,
        seed: summary.seed,
        duration_s: summary.duration.as_secs_f64(),
        agenda_events: summary.events,
        digest: format!("{:016x}", summary.digest),
        produced: summary.produced,
        topics: summary.topics.iter().map(|topic| Topic::of(topic, names)).collect(),
        producers: summary.producers.iter().map(Producer::of).collect(),
        groups: summary.groups.iter().map(|group| Group::of(group, names)).collect(),
        recoveries: summary.recoveries.iter().map(|r| Recovered::of(r, names)).collect(),
    };
    let mut text = serde_json::to_string_pretty(&document).expect("numbers and texts");
    text.push('\n');
    text
}

fn seconds(at: Instant) -> f64 {
    at.since(Instant::ZERO).as_secs_f64()
}

fn labels(partitions: &[PartitionId], names: Names<'_>) -> Vec<String> {
    partitions.iter().map(|&partition| names.partition(partition)).collect()
}

fn by_cause(records: &BTreeMap<Cause, u64>, names: Names<'_>) -> BTreeMap<String, u64> {
    let mut by_name = BTreeMap::new();
    for (cause, count) in records {
        *by_name.entry(names.cause(*cause).to_owned()).or_default() += count;
    }
    by_name
}

fn causes<'a>(records: &BTreeMap<Cause, u64>, names: Names<'a>) -> Vec<Counted<'a>> {
    let one = |(cause, &records): (&Cause, &u64)| Counted {
        how: cause.how.name(),
        event: cause.event.map(|event| event + 1),
        action: cause.event.map(|event| names.scenario.events[event].action.name()),
        records,
    };
    records.iter().map(one).collect()
}

impl<'a> Topic<'a> {
    fn of(topic: &'a TopicSummary, names: Names<'a>) -> Self {
        Topic {
            name: &topic.name,
            produced: topic.produced,
            lost: topic.lost.values().sum(),
            lost_causes: causes(&topic.lost, names),
            written_twice: topic.written_twice.values().sum(),
            written_twice_causes: causes(&topic.written_twice, names),
        }
    }
}

impl<'a> Producer<'a> {
    fn of(producer: &'a ProducerSummary) -> Self {
        Producer {
            name: &producer.name,
            created: producer.created,
            given_up: producer.given_up,
            blocked_time_s: producer.blocked.as_secs_f64(),
            kept_back: producer.kept_back,
            refused: producer.refused,
        }
    }
}

impl<'a> Group<'a> {
    fn of(group: &'a GroupSummary, names: Names<'a>) -> Self {
        let owner = |(consumer, owned): &(ConsumerId, Vec<PartitionId>)| {
            (names.consumer(*consumer), labels(owned, names))
        };
        Group {
            name: &group.name,
            offsets_partition: group.offsets_partition,
            coordinator: group.coordinator.index(),
            partitions: group.partitions,
            members: group.members,
            generation: group.generation,
            rebalances: group.rebalances,
            stalled_time_s: group.stalled.as_secs_f64(),
            unowned_time_s: group.unowned.as_secs_f64(),
            longest_unowned_time_s: group.longest_unowned.as_secs_f64(),
            owners: group.owners.iter().map(owner).collect(),
            idle: group.idle.iter().map(|idle| IdleConsumer::of(idle, names)).collect(),
            peak_lag: group.peak_lag.0,
            peak_lag_at_s: seconds(group.peak_lag.1),
            final_lag: group.final_lag,
            processed: group.processed,
            duplicates: group.duplicates.values().sum(),
            duplicates_by_cause: by_cause(&group.duplicates, names),
            duplicate_causes: causes(&group.duplicates, names),
            skipped: group.skipped.values().sum(),
            skipped_by_cause: by_cause(&group.skipped, names),
            skipped_causes: causes(&group.skipped, names),
            waiting: group.waiting,
            failed: (group.failures.iter())
                .map(|(consumer, failure)| (names.consumer(*consumer), failure.to_string()))
                .collect(),
            incidents: group.incidents.iter().map(|i| incidents::json(i, names)).collect(),
        }
    }
}

impl<'a> IdleConsumer<'a> {
    fn of(idle: &Idle, names: Names<'a>) -> Self {
        IdleConsumer {
            consumer: names.consumer(idle.consumer),
            since_s: seconds(idle.since),
            time_s: idle.time.as_secs_f64(),
            at_end: idle.at_end,
        }
    }
}

impl<'a> Recovered<'a> {
    fn of(recovery: &Recovery, names: Names<'a>) -> Self {
        let seconds_of = |span: Option<Span>| span.map(Span::as_secs_f64);
        Recovered {
            event: recovery.event + 1,
            action: names.scenario.events[recovery.event].action.describe(names.scenario),
            at_s: seconds(recovery.at),
            group: names.group(recovery.group),
            consumers: recovery.consumers.iter().map(|&id| names.consumer(id)).collect(),
            partitions: labels(&recovery.partitions, names),
            detection_time_s: seconds_of(recovery.detection()),
            rebalance_time_s: seconds_of(recovery.rebalance()),
            catch_up_time_s: seconds_of(recovery.catch_up()),
        }
    }
}
