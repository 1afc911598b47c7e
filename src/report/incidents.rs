//! Where a group's stalls came from, as lines of text and in `summary.json`.

use super::figures::{count, counted, moment, span};
use super::names::Names;
use crate::analysis::incident::{Incident, Loss, Trouble};
use crate::kernel::time::Instant;
use crate::model::fact::Standstill;
use crate::model::id::PartitionId;
use serde_json::{Value, json};

/// More partitions than this in a line are counted instead.
const NAMES: usize = 4;

/// `16s to 25.1s (9.1s) · nothing new in orders-0: broker-2 is silent · event 1 (kill_broker)`
pub(super) fn line(incident: &Incident, names: Names<'_>, end: Instant) -> String {
    let (from, time) = (moment(incident.from), span(incident.to.since(incident.from)));
    let to = if incident.to == end { "the end".to_owned() } else { moment(incident.to) };
    let what = what(&incident.what, names);
    let origin = incident.origin.map_or_else(String::new, |event| {
        format!(" · event {} ({})", event + 1, names.scenario.events[event].action.name())
    });
    format!("{from} to {to} ({time}) · {what}{origin}")
}

fn what(trouble: &Trouble, names: Names<'_>) -> String {
    match trouble {
        Trouble::Unreadable { partitions, why } => {
            format!("nothing new in {}: {}", listed(partitions, names), still(*why))
        }
        Trouble::Uncommitted(why) => {
            format!("no commit takes effect: in __consumer_offsets {}", still(*why))
        }
        Trouble::Uncoordinated { before, now } => match now {
            None => format!("no coordinator after broker-{}", before.0),
            Some(now) => format!(
                "no coordinator after broker-{}; then broker-{} read {} in {}",
                before.0,
                now.broker.0,
                counted(now.records, "record"),
                span(now.loading)
            ),
        },
        Trouble::Unowned { partitions, loss } => {
            format!("{} without an owner: {}", listed(partitions, names), lost(*loss, names))
        }
        Trouble::Paused { partitions, owner } => {
            format!("{} paused by {}", listed(partitions, names), names.consumer(*owner))
        }
    }
}

fn still(why: Standstill) -> String {
    match why {
        Standstill::NoLeader => "nobody leads".to_owned(),
        Standstill::LeaderSilent(broker) => format!("broker-{} leads, and is silent", broker.0),
        Standstill::TooFewInSync => "too few replicas are in sync".to_owned(),
        Standstill::WaitsFor(broker) => format!("broker-{} is silent, and in sync", broker.0),
    }
}

fn lost(loss: Loss, names: Names<'_>) -> String {
    match loss {
        Loss::Crashed(consumer) => format!("{} died", names.consumer(consumer)),
        Loss::Closed(consumer) => format!("{} closed", names.consumer(consumer)),
        Loss::Lost(consumer) => format!("{} was out of the group", names.consumer(consumer)),
        Loss::Revoked { reason, held_up_by } => {
            let why = reason.map_or_else(String::new, |reason| {
                format!(" ({})", reason.name().replace('_', " "))
            });
            let waited = held_up_by.map_or_else(String::new, |consumer| {
                format!(" waited for {}", names.consumer(consumer))
            });
            format!("a rebalance{why}{waited}")
        }
    }
}

fn listed(partitions: &[PartitionId], names: Names<'_>) -> String {
    if partitions.len() > NAMES {
        return format!("{} partitions", count(partitions.len() as u64));
    }
    partitions.iter().map(|&id| names.partition(id)).collect::<Vec<_>>().join(", ")
}

/// An incident in `summary.json`.
pub(super) fn json(incident: &Incident, names: Names<'_>) -> Value {
    let at = |at: Instant| at.since(Instant::ZERO).as_secs_f64();
    let labels = |ids: &[PartitionId]| -> Vec<String> {
        ids.iter().map(|&id| names.partition(id)).collect()
    };
    let mut fields = json!({
        "from_s": at(incident.from),
        "to_s": at(incident.to),
        "event": incident.origin.map(|event| event + 1),
        "why": what(&incident.what, names),
    });
    let (kind, more) = match &incident.what {
        Trouble::Unreadable { partitions, why } => {
            ("unreadable", json!({ "partitions": labels(partitions), "reason": why.name() }))
        }
        Trouble::Uncommitted(why) => ("uncommitted", json!({ "reason": why.name() })),
        Trouble::Uncoordinated { before, now } => {
            ("uncoordinated", json!({ "before": before.0, "now": now.map(|now| now.broker.0) }))
        }
        Trouble::Unowned { partitions, .. } => {
            ("unowned", json!({ "partitions": labels(partitions) }))
        }
        Trouble::Paused { partitions, owner } => (
            "paused",
            json!({ "partitions": labels(partitions), "consumer": names.consumer(*owner) }),
        ),
    };
    fields["kind"] = json!(kind);
    for (key, value) in more.as_object().into_iter().flatten() {
        fields[key] = value.clone();
    }
    fields
}
