//! `[groups.G]`

use super::cluster::dist;
use super::consumers;
use super::names::Names;
use crate::assignor::Registry;
use crate::kernel::dist::Dist;
use crate::kernel::time::{Instant, Span};
use crate::model::config::{CommitMode, GroupConfig, GroupProtocol};
use crate::model::id::{BrokerId, GroupId, TopicId};
use crate::parse::file::group::ConsumerGroup as Raw;
use crate::parse::kafka::broker::check_group;
use crate::parse::kafka::catalogue::Family;
use crate::parse::kafka::modelled;
use crate::parse::kafka::settings::Settings;
use crate::parse::problem::Problem;
use crate::parse::shape::{At, Reader};
use crate::scenario::Cluster;
use crate::scenario::group::{Group, PatternBy, Subscription};
use regex_lite::Regex;

/// What all groups have around them.
pub(crate) struct Context<'a> {
    pub(crate) end: Instant,
    pub(crate) cluster: &'a Cluster,
    /// Settings of the brokers, as written.
    pub(crate) broker: &'a Settings,
    /// Assignment strategies by name.
    pub(crate) registry: &'a Registry,
}

/// Time between polls that find nothing, where nothing is said.
const POLL_TIMEOUT: Span = Span::from_ms(100);

/// One group of a file, the one with this id.
pub(crate) fn resolve(
    (name, id): (&str, GroupId),
    raw: &At<Raw>,
    context: &Context<'_>,
    names: &mut Names,
    reader: &mut Reader,
) -> Group {
    let subscription = subscription(&raw.value, names, reader);
    let (template, consumers) = consumers::resolve((name, id), raw, context, names, reader);
    let raw = &raw.value;
    let classic = std::iter::once(&template)
        .chain(consumers.iter().map(|consumer| &consumer.template))
        .any(|template| template.config.group_protocol == GroupProtocol::Classic);
    check_pattern_by(raw, classic, reader);
    Group {
        name: name.to_owned(),
        process_by: process_by(raw, &subscription, names, reader),
        subscription,
        consumers,
        template,
        commit: raw.commit.as_ref().map_or(CommitMode::Auto, |at| at.value.0),
        on_revoked: dist(raw.on_revoked.as_ref(), Dist::ZERO),
        on_assigned: dist(raw.on_assigned.as_ref(), Dist::ZERO),
        on_lost: dist(raw.on_lost.as_ref(), Dist::ZERO),
        poll_timeout: poll_timeout(raw, reader),
        poll_while_processing: raw.poll_while_processing.as_ref().map(|at| at.value),
        static_members: raw.static_members.as_ref().is_some_and(|at| at.value),
        config: config(raw, context.broker, reader),
        coordinator: coordinator(raw, context.cluster.racks.len(), reader),
    }
}

fn subscription(raw: &Raw, names: &Names, reader: &mut Reader) -> Subscription {
    if let Some(pattern) = &raw.pattern {
        check_pattern(pattern, names, reader);
        let pattern = pattern.value.clone();
        return match &raw.pattern_by {
            Some(At { value: PatternBy::Brokers, .. }) => Subscription::BrokerPattern(pattern),
            _ => Subscription::Pattern(pattern),
        };
    }
    let mut topics: Vec<TopicId> = Vec::new();
    for name in raw.topics.iter().flat_map(|topics| topics.value.iter()) {
        let Some(topic) = names.topic(name, reader) else { continue };
        if topics.contains(&topic) {
            let title = format!("`{}` is listed twice; once is enough", name.value);
            reader.push(Problem::warning(name.at, title));
        } else {
            topics.push(topic);
        }
    }
    Subscription::Topics(topics)
}

/// Only consumers under KIP-848 leave a pattern to the brokers.
fn check_pattern_by(raw: &Raw, classic: bool, reader: &mut Reader) {
    if let Some(by) = raw.pattern_by.as_ref().filter(|by| by.value == PatternBy::Brokers && classic)
    {
        let title = "brokers resolve patterns only for members under the new protocol";
        let help =
            "set `group.protocol = \"consumer\"` in the group's config, for all its consumers";
        reader.push(Problem::error(by.at, title).help(help));
    }
}

/// Kafka's consumer matches whole names.
fn check_pattern(pattern: &At<String>, names: &Names, reader: &mut Reader) {
    let whole = format!("^(?:{})$", pattern.value);
    // The expression by itself first: `a)(b` must not become legal inside the parentheses.
    let regex = Regex::new(&pattern.value).and_then(|_| Regex::new(&whole));
    if let Err(error) = &regex {
        let problem = Problem::error(pattern.at, "this is not a regular expression");
        let help = "look-around and back-references of Java's expressions are not supported";
        reader.push(problem.label(error.to_string()).help(help));
    }
    if regex.is_ok_and(|regex| !names.topics().any(|topic| regex.is_match(topic))) {
        let title = "this pattern matches no topic of the scenario: a topic's whole name has to \
                     match";
        reader.push(Problem::warning(pattern.at, title));
    }
}

fn process_by(
    raw: &Raw,
    subscription: &Subscription,
    names: &Names,
    reader: &mut Reader,
) -> Vec<(TopicId, u32, Dist)> {
    let by = raw.process_by.as_ref().and_then(|by| by.value.partition.as_ref());
    let entries = by.map(|by| by.value.entries.as_slice()).unwrap_or_default();
    let mut times = Vec::new();
    for entry in entries {
        let Some((topic, partition)) = names.partition(&entry.name, entry.at, reader) else {
            continue;
        };
        if matches!(subscription, Subscription::Topics(topics) if !topics.contains(&topic)) {
            let title = format!("the group does not read `{}`", entry.name);
            reader.push(Problem::error(entry.at, title).label("not one of its topics"));
        }
        if let Some(time) = &entry.value {
            times.push((topic, partition, time.value.0.clone()));
        }
    }
    times
}

fn config(raw: &Raw, broker: &Settings, reader: &mut Reader) -> GroupConfig {
    let node = raw.group_config.as_ref().map(|at| &at.value.0);
    let settings =
        reader.within("group_config", |reader| Settings::read(Family::Group, node, reader));
    check_group(&settings, broker, reader);
    modelled::group(&settings)
}

fn poll_timeout(raw: &Raw, reader: &mut Reader) -> Span {
    let Some(at) = &raw.poll_timeout else { return POLL_TIMEOUT };
    if at.value.is_zero() {
        let problem = Problem::error(at.at, "a loop of poll(0) would stop the simulated time");
        reader.push(problem.label("expected more than 0s"));
    }
    at.value
}

fn coordinator(raw: &Raw, brokers: usize, reader: &mut Reader) -> Option<BrokerId> {
    let at = raw.coordinator.as_ref()?;
    if at.value.0 > brokers as u64 {
        let problem = Problem::error(at.at, format!("there is no broker {}", at.value.0));
        reader.push(problem.label(format!("the ids are 1 to {brokers}")));
    }
    Some(BrokerId(at.value.0 as u32))
}
