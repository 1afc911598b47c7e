//! How topics are kept: their own settings over those of the brokers (`LogConfig`,
//! `KafkaConfig.extractLogConfigMap`).

use super::catalogue::Family;
use super::catalogue::Family::{Broker, Topic};
use super::settings::{Given, Settings};
use super::value::{Checked, Unit, unit};
use crate::kernel::time::Span;
use crate::model::config::TopicConfig;
use crate::parse::problem::Problem;
use crate::parse::shape::Reader;
use crate::parse::source::Spot;

/// Settings of brokers and topics, and what they are for.
pub(super) const SETTINGS: &[(Family, &str, &str)] = &[
    (Broker, "log.cleanup.policy", "`delete`: segments that are too old, or too much, go."),
    (Broker, "log.retention.ms", "How long records are kept, -1: for ever."),
    (Broker, "log.retention.minutes", "How long records are kept, without `log.retention.ms`."),
    (Broker, "log.retention.hours", "How long records are kept, without the other two."),
    (Broker, "log.retention.bytes", "How much of a partition is kept at least, -1: all of it."),
    (Broker, "log.segment.bytes", "How large a segment of a log is: only whole ones are deleted."),
    (Broker, "log.roll.ms", "How long a segment is appended to."),
    (Broker, "log.roll.hours", "How long a segment is appended to, without `log.roll.ms`."),
    (Topic, "cleanup.policy", "The topic's own `log.cleanup.policy`."),
    (Topic, "retention.ms", "How long records are kept, -1: for ever."),
    (Topic, "retention.bytes", "How much of a partition is kept at least, -1: all of it."),
    (Topic, "segment.bytes", "How large a segment of a log is: only whole ones are deleted."),
    (Topic, "segment.ms", "How long a segment is appended to."),
    (Topic, "min.insync.replicas", "The topic's own `min.insync.replicas`."),
    (Topic, "unclean.leader.election.enable", "The topic's own `unclean.leader.election.enable`."),
];

/// Where the age of records and of segments is said, the strongest first.
const RETENTION: [&str; 3] = ["log.retention.ms", "log.retention.minutes", "log.retention.hours"];
const ROLL: [&str; 2] = ["log.roll.ms", "log.roll.hours"];

/// The least value of a setting that says how topics are kept, where Kafka's list does not tell.
pub(super) fn floor(name: &str) -> Option<i64> {
    match name {
        "log.roll.ms" => Some(1),
        "log.retention.bytes" | "retention.bytes" | "retention.ms" => Some(i64::MIN),
        _ => RETENTION.contains(&name).then_some(i64::MIN),
    }
}

/// The first of these that is given, or else the last one, which has a default.
fn strongest<'a>(names: &[&'a str], broker: &Settings) -> &'a str {
    let given = names.iter().find(|name| broker.given(name).is_some());
    given.or(names.last()).copied().unwrap_or_default()
}

/// Notes what a broker refuses of its own log settings.
pub(super) fn check(broker: &Settings, reader: &mut Reader) {
    let name = strongest(&RETENTION, broker);
    if broker.int(name) == Some(0) {
        let title = format!("{name} must be unlimited (-1) or, greater than or equal to 1");
        let at = broker.spot(name).unwrap_or(Spot::TOP);
        reader.push(Problem::error(at, title).label("nothing would be kept"));
    }
    compacts(broker.given("log.cleanup.policy"), reader);
}

/// Notes that nothing is ever compacted here.
fn compacts(policies: Option<&Given>, reader: &mut Reader) {
    let Some(Checked::List(policies)) = policies.map(|given| &given.value) else { return };
    if let Some(compact) = policies.iter().find(|policy| policy.value == "compact") {
        let title = "`compact` is accepted, but rejoin compacts nothing";
        reader.push(Problem::warning(compact.at, title));
    }
}

/// How a topic is kept.
pub(crate) fn topic(topic: &Settings, broker: &Settings, reader: &mut Reader) -> TopicConfig {
    compacts(topic.given("cleanup.policy"), reader);
    let default = TopicConfig::default();
    let int = |own: &str, brokers: &str| match topic.spot(own) {
        Some(_) => topic.int(own),
        None => broker.int(brokers),
    };
    let time = |own: &str, brokers: &[&str]| {
        let brokers = strongest(brokers, broker);
        let unit = if topic.spot(own).is_some() { own } else { brokers };
        span(unit, int(own, brokers)?)
    };
    let (unclean, min_isr) = ("unclean.leader.election.enable", "min.insync.replicas");
    TopicConfig {
        deletes: deletes(topic, broker),
        retention: time("retention.ms", &RETENTION),
        retention_bytes: int("retention.bytes", "log.retention.bytes")
            .and_then(|bytes| u64::try_from(bytes).ok()),
        segment_bytes: int("segment.bytes", "log.segment.bytes")
            .and_then(|bytes| u32::try_from(bytes).ok())
            .unwrap_or(default.segment_bytes),
        segment: time("segment.ms", &ROLL).unwrap_or(default.segment),
        min_insync_replicas: int(min_isr, min_isr)
            .and_then(|replicas| u32::try_from(replicas).ok())
            .unwrap_or(default.min_insync_replicas),
        unclean_leader_election_enable: topic
            .spot(unclean)
            .map_or_else(|| broker.flag(unclean), |_| topic.flag(unclean))
            .unwrap_or_default(),
    }
}

/// A time; `None`: a negative number stands for ever.
fn span(name: &str, value: i64) -> Option<Span> {
    let Some(Unit::Time(unit)) = unit(name) else { return None };
    let us = unit.as_us().saturating_mul(u64::try_from(value).ok()?);
    Some(Span::from_us(us).min(super::modelled::BEYOND))
}

/// Whether old segments are deleted.
fn deletes(topic: &Settings, broker: &Settings) -> bool {
    let given = topic.given("cleanup.policy").or_else(|| broker.given("log.cleanup.policy"));
    match given.map(|given| &given.value) {
        Some(Checked::List(policies)) => policies.iter().any(|policy| policy.value == "delete"),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::super::settings::defaults;
    use super::*;

    #[test]
    fn our_defaults_are_kafkas() {
        let mut reader = Reader::default();
        let kept = topic(&Settings::empty(Topic), &Settings::empty(Broker), &mut reader);
        assert_eq!(kept, TopicConfig::default());
        assert_eq!(topic(&defaults(Topic), &defaults(Broker), &mut reader), kept);
        assert!(reader.into_problems().is_empty());
    }
}
