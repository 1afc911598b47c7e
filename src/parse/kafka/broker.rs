//! What a broker checks of its own settings when it starts.

use super::log;
use super::pairs::{self, Must};
use super::settings::Settings;
use super::value::Checked;
use crate::parse::problem::Problem;
use crate::parse::shape::Reader;
use Must::{AtLeast, AtMost, Less};

/// From `KafkaConfig`, `GroupCoordinatorConfig` and `ShareGroupConfig`.
const PAIRS: &[(&str, Must, &str)] = &[
    ("replica.fetch.wait.max.ms", AtMost, "replica.socket.timeout.ms"),
    ("replica.fetch.wait.max.ms", AtMost, "replica.lag.time.max.ms"),
    ("group.share.max.delivery.count.limit", AtLeast, "group.share.delivery.count.limit"),
    ("group.share.delivery.count.limit", AtLeast, "group.share.min.delivery.count.limit"),
    (
        "group.share.max.partition.max.record.locks",
        AtLeast,
        "group.share.partition.max.record.locks",
    ),
    (
        "group.share.partition.max.record.locks",
        AtLeast,
        "group.share.min.partition.max.record.locks",
    ),
    ("group.share.record.lock.duration.ms", AtLeast, "group.share.min.record.lock.duration.ms"),
    ("group.share.max.record.lock.duration.ms", AtLeast, "group.share.record.lock.duration.ms"),
    ("group.share.max.share.sessions", AtLeast, "group.share.max.size"),
    ("group.streams.num.standby.replicas", AtMost, "group.streams.max.standby.replicas"),
];

/// Notes what a broker would refuse to start with.
pub(crate) fn check(settings: &Settings, reader: &mut Reader) {
    pairs::check(PAIRS, settings, reader);
    for kind in ["consumer", "share", "streams"] {
        for what in ["heartbeat.interval.ms", "session.timeout.ms", "assignment.interval.ms"] {
            let (value, min, max) = (
                format!("group.{kind}.{what}"),
                format!("group.{kind}.min.{what}"),
                format!("group.{kind}.max.{what}"),
            );
            let pairs =
                [(&*max, AtLeast, &*min), (&*value, AtLeast, &*min), (&*value, AtMost, &*max)];
            pairs::check(&pairs, settings, reader);
        }
        let heartbeat = format!("group.{kind}.heartbeat.interval.ms");
        let session = format!("group.{kind}.session.timeout.ms");
        pairs::check(&[(&*heartbeat, Less, &*session)], settings, reader);
    }
    assignors(settings, reader);
    replica_selector(settings, reader);
    log::check(settings, reader);
}

/// The strategies that rejoin's brokers have.
const ASSIGNORS: [&str; 2] = ["uniform", "range"];

/// Classes of one's own can't be loaded into a broker here.
fn assignors(settings: &Settings, reader: &mut Reader) {
    let Some(given) = settings.given("group.consumer.assignors") else { return };
    let Checked::List(items) = &given.value else { return };
    if items.is_empty() {
        let problem = Problem::error(given.at, "a broker without an assignor can't start");
        reader.push(problem.label("expected at least one, such as \"uniform\""));
    }
    for item in items.iter().filter(|item| !ASSIGNORS.contains(&&*item.value)) {
        let problem = Problem::error(item.at, format!("there is no assignor {:?}", item.value));
        let help = "classes of your own can't be loaded; strategies of your own work in groups \
                    under group.protocol = \"classic\"";
        reader.push(problem.label("expected \"uniform\" or \"range\"").help(help));
    }
}

/// The one selector of Kafka's own.
const REPLICA_SELECTOR: &str = "org.apache.kafka.common.replica.RackAwareReplicaSelector";

/// Another class can't be loaded into a broker here.
fn replica_selector(settings: &Settings, reader: &mut Reader) {
    let Some(given) = settings.given("replica.selector.class") else { return };
    let Checked::Text(class) = &given.value else { return };
    if class != REPLICA_SELECTOR {
        let problem = Problem::error(given.at, format!("there is no replica selector {class:?}"));
        let help = "leave it out, and consumers read from leaders";
        let expected = format!("expected {REPLICA_SELECTOR:?}");
        reader.push(problem.label(expected).help(help));
    }
}

/// Notes what a group's own settings and the broker's have to agree in
/// (`GroupConfig.validateValues`).
pub(crate) fn check_group(settings: &Settings, broker: &Settings, reader: &mut Reader) {
    for what in ["heartbeat.interval.ms", "session.timeout.ms", "assignment.interval.ms"] {
        let name = format!("consumer.{what}");
        let (Some(at), Some(value)) = (settings.spot(&name), settings.int(&name)) else { continue };
        for (bound, low) in [("min", true), ("max", false)] {
            let limit_name = format!("group.consumer.{bound}.{what}");
            let Some(limit) = broker.int(&limit_name) else { continue };
            if if low { value < limit } else { value > limit } {
                let must = if low { "greater than or equal to" } else { "less than or equal to" };
                let title = format!("{name} must be {must} {limit_name}");
                let here = (Some(at), &*pairs::shown(&name, value));
                let there = (broker.spot(&limit_name), &*pairs::shown(&limit_name, limit));
                reader.push(pairs::conflict(title, here, there));
            }
        }
    }
    let (heartbeat, session) = ("consumer.heartbeat.interval.ms", "consumer.session.timeout.ms");
    let effective = |name: &str| {
        if let Some(at) = settings.spot(name) {
            return (settings.int(name), Some(at), name.to_owned());
        }
        let name = format!("group.{name}");
        (broker.int(&name), broker.spot(&name), name)
    };
    let ((h, h_at, h_name), (s, s_at, s_name)) = (effective(heartbeat), effective(session));
    let (Some(h), Some(s)) = (h, s) else { return };
    if h >= s && (settings.spot(heartbeat).is_some() || settings.spot(session).is_some()) {
        let title = format!("{session} must be greater than {heartbeat}");
        let here = (s_at, &*pairs::shown(&s_name, s));
        reader.push(pairs::conflict(title, here, (h_at, &pairs::shown(&h_name, h))));
    }
}

/// Notes what Kafka refuses of a topic's settings.
pub(crate) fn check_topic(settings: &Settings, reader: &mut Reader) {
    let (min, max) = ("min.compaction.lag.ms", "max.compaction.lag.ms");
    let (Some(x), Some(y)) = (settings.int(min), settings.int(max)) else { return };
    if x > y {
        let title = format!("conflict topic config setting {min} ({x}) > {max} ({y})");
        let here = (settings.spot(min), &*pairs::shown(min, x));
        reader.push(pairs::conflict(title, here, (settings.spot(max), &pairs::shown(max, y))));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::kafka::catalogue::{Family, find};

    #[test]
    fn pairs_name_settings_that_exist_and_agree_by_default() {
        for (a, _, b) in PAIRS {
            assert!(find(Family::Broker, a).is_some() && find(Family::Broker, b).is_some());
        }
        let mut reader = Reader::default();
        check(&Settings::empty(Family::Broker), &mut reader);
        check_topic(&Settings::empty(Family::Topic), &mut reader);
        assert!(reader.into_problems().is_empty());
    }
}
