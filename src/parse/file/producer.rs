//! `[producers.P]`

use super::ProducerSettings;
use crate::kernel::rate::Rate;
use crate::kernel::time::{Instant, Span};
use crate::model::workload::Arrivals;
use crate::parse::leaf::{Count, Number};
use crate::parse::shape::List;
use crate::parse::spec::Rule;
use crate::parse::table::{table, words};

table! {
    /// A producer, or `count` identical ones that share the rate.
    Producer, "producer", "[producers.P]",
    [Rule::Required("topic"), Rule::ExactlyOne(&["rate", "profile"])];

    /// The topic that it writes to.
    topic: String;
    /// Records a second.
    rate: Rate;
    /// A rate that changes, in steps or along ramps. Times increase.
    profile: List<Step, 1, 100_000>;
    /// How records follow each other.
    arrivals: Arrivals = "\"constant\"";
    /// Which partition a record goes to.
    partitioner: PartitionerWord = "\"sticky\"";
    /// The keys of the `keyed` partitioner.
    keys: Keys;
    /// When it begins. The first record of a constant rate comes one gap later.
    start: Instant = "\"0s\"";
    /// When it ends.
    stop: Instant = "the end of the run";
    /// Identical producers that share the rate.
    count: Count<1, 100_000> = "1";
    /// Sends what the rate owes once in this time.
    tick: Span = "as records come";
    /// Producer settings by Kafka's names.
    config: ProducerSettings;
}

table! {
    /// A step of a producer's profile: from `at` on the rate moves to `rate` within `ramp`.
    Step, "step", "{ at = \"0s\", rate = \"100/s\", ramp = \"20s\" }",
    [Rule::Required("at"), Rule::Required("rate")];

    /// When the change begins.
    at: Instant;
    /// The rate afterwards.
    rate: Rate;
    /// How long the change takes.
    ramp: Span = "\"0s\"";
}

table! {
    /// Keys of records; key `k` is the text `key-k`, partitioned by murmur2 as Kafka does.
    Keys, "keys", "{ count = 1000, skew = 1.0 }", [Rule::Required("count")];

    /// Number of different keys.
    count: Count<1, 1_000_000_000>;
    /// Zipf exponent of their popularity: 0, all alike; 1, the classic long tail.
    skew: Number = "0";
}

words! {
    Arrivals {
        "constant" = Arrivals::Constant, "Evenly.";
        "poisson" = Arrivals::Poisson, "At random, as many independent sources would.";
    }
}

/// The partitioner without its keys.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum PartitionerWord {
    Sticky,
    RoundRobin,
    Keyed,
}

words! {
    PartitionerWord {
        "sticky" = PartitionerWord::Sticky,
            "Kafka's default without keys: one partition until a batch is full.";
        "round-robin" = PartitionerWord::RoundRobin, "Each partition in turn.";
        "keyed" = PartitionerWord::Keyed, "By the hash of the record's key.";
    }
}
