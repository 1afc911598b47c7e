//! The one vocabulary for expectations, series, charts and reports.

/// A metric by its name in the vocabulary.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Metric {
    /// `lag`
    Lag,
    /// `position_lag`
    PositionLag,
    /// `log_end_offset`
    LogEndOffset,
    /// `committed_offset`
    CommittedOffset,
    /// `position`
    Position,
    /// `members`
    Members,
    /// `idle_consumers`
    IdleConsumers,
    /// `rebalancing_consumers`
    RebalancingConsumers,
    /// `owned_partitions`
    OwnedPartitions,
    /// `generation`
    Generation,
    /// `rebalances`
    Rebalances,
    /// `stalled_time`
    StalledTime,
    /// `unowned_time`
    UnownedTime,
    /// `detection_time`
    DetectionTime,
    /// `rebalance_time`
    RebalanceTime,
    /// `catch_up_time`
    CatchUpTime,
    /// `processed`
    Processed,
    /// `duplicates`
    Duplicates,
    /// `skipped`
    Skipped,
    /// `waiting`
    Waiting,
    /// `throughput`
    Throughput,
    /// `latency`
    Latency,
    /// `lost`
    Lost,
    /// `written_twice`
    WrittenTwice,
    /// `undelivered`
    Undelivered,
    /// `blocked_time`
    BlockedTime,
}

/// What kind of number a metric is, which decides how a window of it becomes one value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Nature {
    /// A level that holds until it changes: lag, members, offsets.
    Gauge,
    /// How often something happened in the window.
    Count,
    /// How much time of the window was spent so.
    Time,
    /// The length of one phase after a fault.
    Phase,
    /// Records a second over the window.
    Rate,
    /// One sample a record: quantiles.
    Samples,
}

/// What is to be known of a metric.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct About {
    /// Which one.
    pub metric: Metric,
    /// Its name in files.
    pub name: &'static str,
    /// What its numbers count.
    pub unit: &'static str,
    /// What kind of number it is.
    pub nature: Nature,
    /// What it says.
    pub meaning: &'static str,
}

macro_rules! vocabulary {
    ($($metric:ident $name:literal $unit:literal $nature:ident $meaning:literal;)+) => {
        impl Metric {
            /// Every metric, in the order of the documentation.
            pub const ALL: &'static [Metric] = &[$(Metric::$metric),+];

            /// Its name, unit, nature and meaning.
            pub const fn about(self) -> About {
                match self {$(
                    Metric::$metric => About {
                        metric: self,
                        name: $name,
                        unit: $unit,
                        nature: Nature::$nature,
                        meaning: $meaning,
                    },
                )+}
            }
        }
    };
}

vocabulary! {
    Lag "lag" "records" Gauge
        "Log end offset that consumers may see − committed offset; before the first commit − the \
         owner's position, without an owner − the log start.";
    PositionLag "position_lag" "records" Gauge
        "Log end − position of the owner, or committed offset where nobody owns the partition.";
    LogEndOffset "log_end_offset" "offset" Gauge
        "The end of the log that consumers may see.";
    CommittedOffset "committed_offset" "offset" Gauge
        "The offset that the group committed last.";
    Position "position" "offset" Gauge
        "Where the owner reads next.";
    Members "members" "consumers" Gauge
        "Members as the coordinator counts them: a crashed one until it is removed.";
    IdleConsumers "idle_consumers" "consumers" Gauge
        "Running members that own nothing while the group is stable.";
    RebalancingConsumers "rebalancing_consumers" "consumers" Gauge
        "Members between revocation and assignment.";
    OwnedPartitions "owned_partitions" "partitions" Gauge
        "Partitions that the consumer owns.";
    Generation "generation" "generation" Gauge
        "Generation of the group, or group epoch.";
    Rebalances "rebalances" "rebalances" Count
        "Completed rebalances: new generations, the first and the one that empties the group \
         included.";
    StalledTime "stalled_time" "seconds" Time
        "Time in which live consumers may not process because of a rebalance.";
    UnownedTime "unowned_time" "seconds" Time
        "Time in which no live member owns a partition.";
    DetectionTime "detection_time" "seconds" Phase
        "From the fault until the coordinator removes the member.";
    RebalanceTime "rebalance_time" "seconds" Phase
        "From the removal until the new owner is assigned.";
    CatchUpTime "catch_up_time" "seconds" Phase
        "From the new assignment until lag is back to its level before the fault.";
    Processed "processed" "records" Count
        "Distinct records, counted when their processing ends.";
    Duplicates "duplicates" "records" Count
        "Attempts beyond the first, and records that a producer had written twice.";
    Skipped "skipped" "records" Count
        "Records jumped over, those before a reset position included.";
    Waiting "waiting" "records" Gauge
        "Records not yet read.";
    Throughput "throughput" "records/s" Rate
        "Records a second.";
    Latency "latency" "seconds" Samples
        "From produced to processed.";
    Lost "lost" "records" Count
        "Records that had been acknowledged to their producers and that the log of a new leader \
         lacks.";
    WrittenTwice "written_twice" "records" Count
        "Records that producers without idempotence wrote a second time because no answer came.";
    Undelivered "undelivered" "records" Count
        "Records that the producer gave up, that a full buffer refused, or that were lost on the \
         way with `acks=0`.";
    BlockedTime "blocked_time" "seconds" Time
        "Time in which the producer's application stood in `send()` because the buffer was full.";
}

impl Metric {
    /// Its name in files.
    pub const fn name(self) -> &'static str {
        self.about().name
    }

    /// The metric of that name.
    pub fn named(name: &str) -> Option<Metric> {
        Metric::ALL.iter().copied().find(|metric| metric.name() == name)
    }

    /// Whether its numbers are seconds, so that a duration may stand for them.
    pub fn is_seconds(self) -> bool {
        self.about().unit == "seconds"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_is_found_by_its_name() {
        for metric in Metric::ALL {
            assert_eq!(Metric::named(metric.name()), Some(*metric));
        }
        assert_eq!(Metric::named("lags"), None);
    }
}
