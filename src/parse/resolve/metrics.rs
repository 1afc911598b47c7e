//! Which scope and which statistic each metric takes.

use crate::scenario::expect::Stat;
use crate::scenario::metric::{Metric, Nature};

/// The scope keys of a metric.
pub(crate) struct Scopes {
    /// Those that it must have.
    pub(crate) required: &'static [&'static str],
    /// Those that it may have besides.
    pub(crate) optional: &'static [&'static str],
}

/// The scope that a metric takes.
pub(crate) fn scopes(metric: Metric) -> Scopes {
    let (required, optional): (&[_], &[_]) = match metric {
        Metric::Lag
        | Metric::PositionLag
        | Metric::UnownedTime
        | Metric::Processed
        | Metric::Waiting => (&["group"], &["topic", "partition"]),
        Metric::LogEndOffset => (&["topic", "partition"], &["group"]),
        Metric::CommittedOffset | Metric::Position => (&["group", "topic", "partition"], &[]),
        Metric::Members
        | Metric::IdleConsumers
        | Metric::RebalancingConsumers
        | Metric::Generation
        | Metric::Rebalances
        | Metric::Latency => (&["group"], &[]),
        Metric::OwnedPartitions => (&["consumer"], &["group"]),
        Metric::StalledTime => (&["group"], &["consumer"]),
        Metric::DetectionTime | Metric::RebalanceTime | Metric::CatchUpTime => {
            (&[], &["event", "group"])
        }
        Metric::Duplicates | Metric::Skipped => (&["group"], &["topic", "partition", "cause"]),
        Metric::Lost | Metric::WrittenTwice => (&["topic"], &["partition", "cause"]),
        Metric::Throughput => (&[], &["group", "producer"]),
        Metric::Undelivered | Metric::BlockedTime => (&["producer"], &[]),
    };
    Scopes { required, optional }
}

/// The statistic of a window where none is given; `None` where one must be.
pub(crate) fn default_stat(nature: Nature) -> Option<Stat> {
    match nature {
        Nature::Gauge => Some(Stat::Last),
        Nature::Count | Nature::Time => Some(Stat::Sum),
        Nature::Phase => Some(Stat::Max),
        Nature::Rate => Some(Stat::Mean),
        Nature::Samples => None,
    }
}

/// The statistics that a metric takes, in words.
pub(crate) fn stats(metric: Metric) -> &'static str {
    match metric.about().nature {
        Nature::Gauge => "last, max, min, mean or a percentile",
        Nature::Time if metric == Metric::UnownedTime => "sum or max",
        Nature::Count | Nature::Time => "sum",
        Nature::Phase => "max",
        Nature::Rate => "mean",
        Nature::Samples => "max, min, mean or a percentile",
    }
}

/// Whether a metric takes this statistic.
pub(crate) fn takes(metric: Metric, stat: Stat) -> bool {
    let gauge = matches!(stat, Stat::Max | Stat::Min | Stat::Mean | Stat::Percentile(_));
    match metric.about().nature {
        Nature::Gauge => gauge || stat == Stat::Last,
        Nature::Count => stat == Stat::Sum,
        Nature::Time => stat == Stat::Sum || (metric == Metric::UnownedTime && stat == Stat::Max),
        Nature::Phase => stat == Stat::Max,
        Nature::Rate => stat == Stat::Mean,
        Nature::Samples => gauge,
    }
}
