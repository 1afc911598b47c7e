//! What a broker checks of its own settings when it starts.

use super::pairs::{self, Must};
use super::settings::Settings;
use crate::parse::problem::Problem;
use crate::parse::shape::Reader;
use crate::parse::source::Spot;
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
    for name in ["log.retention.ms", "log.retention.minutes", "log.retention.hours"] {
        if settings.given(name).is_some() && settings.int(name) == Some(0) {
            let title = format!("{name} must be unlimited (-1) or, greater than or equal to 1");
            let at = settings.spot(name).unwrap_or(Spot::TOP);
            reader.push(Problem::error(at, title).label("nothing would be kept"));
        }
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
