//! The summary that a person reads in ten seconds.

use super::figures::{count, counted, moment, span};
use super::incidents;
use super::names::Names;
use crate::analysis::incident::Incident;
use crate::analysis::producers::ProducerSummary;
use crate::analysis::recovery::Recovery;
use crate::analysis::summary::{GroupSummary, Idle, Summary, TopicSummary};
use crate::kernel::time::{Instant, Span};
use crate::model::id::{ConsumerId, PartitionId};
use crate::trace::cause::Cause;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt::Write;

/// More names than this in a line are counted instead.
const NAMES: usize = 6;

/// The summary as lines of text.
pub fn summary(summary: &Summary, names: Names<'_>) -> String {
    let mut text = summary.name.clone();
    if !summary.question.is_empty() {
        let _ = write!(text, " · {}", summary.question);
    }
    let (duration, records) = (span(summary.duration), counted(summary.produced, "record"));
    let _ = writeln!(text, "\n{duration} simulated, seed {}, {records} written", summary.seed);
    for topic in &summary.topics {
        write_topic(&mut text, topic, names);
    }
    for producer in summary.producers.iter().filter(|producer| producer.has_trouble()) {
        text.push_str(&producer_line(producer));
    }
    for group in &summary.groups {
        text.push('\n');
        write_group(&mut text, group, names, summary.duration);
    }
    if !summary.recoveries.is_empty() {
        text.push('\n');
    }
    for recovery in &summary.recoveries {
        write_recovery(&mut text, recovery, names);
    }
    text
}

/// `topic orders · 3,000 acknowledged and lost: 3,000 by event 1 (kill_broker): truncation`
fn write_topic(text: &mut String, topic: &TopicSummary, names: Names<'_>) {
    let fates = [("acknowledged and lost", &topic.lost), ("written twice", &topic.written_twice)];
    for (fate, records) in fates.into_iter().filter(|(_, records)| !records.is_empty()) {
        let all = counted(records.values().sum(), "record");
        let _ = writeln!(text, "topic {} · {all} {fate}: {}", topic.name, by_cause(records, names));
    }
}

/// `producer shop · blocked 31 s, 31,000 records not created meanwhile, 1 refused; 400 given up`
fn producer_line(producer: &ProducerSummary) -> String {
    let mut parts = Vec::new();
    if !producer.blocked.is_zero() {
        let (time, kept) = (span(producer.blocked), counted(producer.kept_back, "record"));
        let refused = count(producer.refused);
        parts.push(format!(
            "send() blocked for {time}, {kept} not created meanwhile, {refused} refused"
        ));
    }
    if producer.given_up > 0 {
        parts.push(format!("{} given up", counted(producer.given_up, "record")));
    }
    format!("producer {} · {}\n", producer.name, parts.join("; "))
}

fn write_group(text: &mut String, group: &GroupSummary, names: Names<'_>, duration: Span) {
    let broker = group.coordinator.index();
    let _ = writeln!(
        text,
        "group {} · coordinator broker-{broker}, leader of __consumer_offsets-{}",
        group.name, group.offsets_partition
    );
    let mut line = |label: &str, value: String| {
        let _ = writeln!(text, "  {label:<11}{value}");
    };
    line("members", members(group));
    if !group.owners.is_empty() {
        line("owns", owners(&group.owners, names));
    }
    for idle in group.idle.iter().take(NAMES) {
        line("idle", idle_line(idle, names));
    }
    if let Some(more) = group.idle.len().checked_sub(NAMES).filter(|&more| more > 0) {
        line("idle", format!("and {more} more"));
    }
    let mut stalled = format!("{} without processing, all consumers together", span(group.stalled));
    if !group.unowned.is_zero() {
        let _ = write!(
            stalled,
            "; partitions without an owner {}, one at most {}",
            span(group.unowned),
            span(group.longest_unowned)
        );
    }
    line("rebalances", format!("{}; {stalled}", count(group.rebalances as u64)));
    let (peak, when) = group.peak_lag;
    let lag = format!("peak {} at {}, {}", count(peak), moment(when), count(group.final_lag));
    line("lag", format!("{lag} at the end"));
    let rate = group.processed as f64 / duration.as_secs_f64().max(1e-6);
    line("processed", format!("{} ({rate:.0}/s)", counted(group.processed, "record")));
    for (label, records) in [("duplicates", &group.duplicates), ("skipped", &group.skipped)] {
        if !records.is_empty() {
            line(label, by_cause(records, names));
        }
    }
    line("waiting", counted(group.waiting, "record"));
    for (row, incident) in longest(&group.incidents).into_iter().enumerate() {
        let label = if row == 0 { "stalls" } else { "" };
        line(label, incidents::line(incident, names, Instant::ZERO + duration));
    }
    if let Some(more) = group.incidents.len().checked_sub(NAMES).filter(|&more| more > 0) {
        line("", format!("and {more} shorter"));
    }
    for (consumer, failure) in &group.failures {
        line("failed", format!("{}: {failure}", names.consumer(*consumer)));
    }
}

/// The longest incidents, in order of their beginning.
fn longest(incidents: &[Incident]) -> Vec<&Incident> {
    let mut longest: Vec<&Incident> = incidents.iter().collect();
    longest.sort_by_key(|incident| Reverse(incident.to.since(incident.from)));
    longest.truncate(NAMES);
    longest.sort_by_key(|incident| (incident.from, incident.to));
    longest
}

fn members(group: &GroupSummary) -> String {
    let members = counted(group.members as u64, "member");
    let partitions = counted(group.partitions as u64, "partition");
    format!("{members} of generation {} on {partitions} at the end", group.generation)
}

/// `search-1 orders-0 · search-2 orders-1 · search-3 nothing`, or how many own how many.
fn owners(owners: &[(ConsumerId, Vec<PartitionId>)], names: Names<'_>) -> String {
    let owned = owners.iter().map(|(_, owned)| owned.len());
    if owners.len() <= NAMES && owned.clone().max().unwrap_or(0) <= NAMES {
        let one = |(consumer, owned): &(ConsumerId, Vec<PartitionId>)| {
            let labels: Vec<String> = owned.iter().map(|&p| names.partition(p)).collect();
            let owned = if labels.is_empty() { "nothing".to_owned() } else { labels.join(" ") };
            format!("{} {owned}", names.consumer(*consumer))
        };
        return owners.iter().map(one).collect::<Vec<_>>().join(" · ");
    }
    let (least, most) = (owned.clone().min().unwrap_or(0), owned.max().unwrap_or(0));
    if least == most {
        format!("{} each", counted(most as u64, "partition"))
    } else {
        format!("{least} to {} each", counted(most as u64, "partition"))
    }
}

fn idle_line(idle: &Idle, names: Names<'_>) -> String {
    let name = names.consumer(idle.consumer);
    let (since, time) = (moment(idle.since), span(idle.time));
    if idle.at_end {
        format!("{name} for {time}, first at {since}, still at the end")
    } else {
        format!("{name} for {time}, first at {since}")
    }
}

/// `400 by event 1 (crash), 30 by event 2 (pause): session_timeout, 12 by rebalance`
fn by_cause(records: &BTreeMap<Cause, u64>, names: Names<'_>) -> String {
    let part = |(cause, n): (&Cause, &u64)| {
        let (name, how, n) = (names.cause(*cause), cause.how.name(), count(*n));
        match cause.event {
            Some(event) if name == how => format!("{n} by event {} ({name})", event + 1),
            Some(event) => format!("{n} by event {} ({name}): {how}", event + 1),
            None => format!("{n} by {how}"),
        }
    };
    records.iter().map(part).collect::<Vec<_>>().join(", ")
}

/// `event 1 · crash search-1 at 40s: detected after 44.2s, …`
fn write_recovery(text: &mut String, recovery: &Recovery, names: Names<'_>) {
    let event = names.scenario.events[recovery.event].action.describe(names.scenario);
    let mut phases = Vec::new();
    if let Some(detection) = recovery.detection() {
        phases.push(format!("removed after {}", span(detection)));
    }
    let partitions = counted(recovery.partitions.len() as u64, "partition");
    match recovery.rebalance() {
        Some(rebalance) => {
            phases.push(format!("{partitions} owned again {} later", span(rebalance)));
        }
        None => phases.push(format!("{partitions} without an owner to the end")),
    }
    match (recovery.catch_up(), recovery.reassigned) {
        (Some(catch_up), _) => phases.push(format!("caught up {} later", span(catch_up))),
        (None, Some(_)) => phases.push("never caught up".to_owned()),
        (None, None) => {}
    }
    let (number, at) = (recovery.event + 1, moment(recovery.at));
    let group = names.group(recovery.group);
    let _ = writeln!(text, "event {number} · {event} at {at} · group {group}");
    let _ = writeln!(text, "  {:<11}{}", "recovery", phases.join(", "));
}
