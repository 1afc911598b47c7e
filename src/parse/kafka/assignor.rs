//! `partition.assignment.strategy`: which assignors a consumer may offer.

use super::settings::Settings;
use super::value::Checked;
use crate::parse::nearest::did_you_mean;
use crate::parse::problem::Problem;
use crate::parse::shape::{At, Reader, not_yet};

/// Kafka's assignors by name, and their classes in `org.apache.kafka.clients.consumer`.
const ASSIGNORS: &[(&str, &str)] = &[
    ("range", "RangeAssignor"),
    ("roundrobin", "RoundRobinAssignor"),
    ("sticky", "StickyAssignor"),
    ("cooperative-sticky", "CooperativeStickyAssignor"),
];

/// Strategies that clients can follow, beginning to end.
const SIMULATED: [&str; 2] = ["range", "roundrobin"];

const PACKAGE: &str = "org.apache.kafka.clients.consumer.";

/// The assignor's name, given that name or its class.
pub(crate) fn name(text: &str) -> Option<&'static str> {
    let class = text.strip_prefix(PACKAGE).unwrap_or(text);
    ASSIGNORS.iter().find(|(name, known)| *name == text || *known == class).map(|(name, _)| *name)
}

/// Notes what Kafka would refuse, and what can't be simulated yet.
///
/// The coordinator chooses among the strategies that all members offer, each member voting for the
/// first of its own list. While only range and round robin are simulated, range must be the first
/// of a list or nothing but these two stand in it: whatever others list, one of the two is chosen,
/// or nothing.
pub(crate) fn check(settings: &Settings, reader: &mut Reader) {
    let Some(given) = settings.given("partition.assignment.strategy") else { return };
    let Checked::List(items) = &given.value else { return };
    if items.is_empty() {
        let problem = Problem::error(given.at, "a consumer without a strategy can't join a group");
        reader.push(problem.label("expected at least one, such as \"range\""));
    }
    let mut seen: Vec<(&str, &At<String>)> = Vec::new();
    for item in items {
        let Some(name) = name(&item.value) else {
            reader.push(unknown(item));
            continue;
        };
        if let Some((_, before)) = seen.iter().find(|(known, _)| *known == name) {
            let title = format!("The assignor name: '{name}' is used in more than one assignor");
            let problem = Problem::error(item.at, title).label("Kafka refuses it");
            reader.push(problem.also((before.at != item.at).then_some(before.at), "also here"));
        }
        seen.push((name, item));
    }
    let begins_with_range = seen.first().is_some_and(|(name, _)| *name == "range");
    let beyond = seen.iter().find(|(name, _)| !SIMULATED.contains(name));
    if let Some((name, item)) = beyond.filter(|_| !begins_with_range) {
        let what = format!("the strategy `{name}`");
        let help = "\"range\" and \"roundrobin\" are simulated; put \"range\" first, and others may follow it";
        reader.push(not_yet(item.at, &what).help(help));
    }
}

fn unknown(item: &At<String>) -> Problem {
    let text = &item.value;
    let names = ASSIGNORS.iter().map(|(name, _)| *name);
    if text.contains('.') && !text.starts_with(PACKAGE) {
        return not_yet(item.at, "a strategy of your own");
    }
    Problem::error(item.at, format!("Kafka has no assignor {text:?}"))
        .label("expected range, roundrobin, sticky or cooperative-sticky")
        .help_if(did_you_mean(text, names))
}
