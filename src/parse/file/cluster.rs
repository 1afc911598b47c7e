//! `[cluster]`

use super::BrokerSettings;
use super::dist::Varying;
use crate::parse::leaf::Count;
use crate::parse::shape::List;
use crate::parse::table::table;

/// Racks are dealt round, so a list longer than the largest cluster says nothing more.
pub(crate) const MAX_BROKERS: usize = 1_000;

table! {
    /// Brokers and the network between everybody.
    Cluster, "cluster", "[cluster]", [];

    /// Number of brokers: `broker-1` … `broker-N`, with the ids 1 … N.
    brokers: Count<1, { MAX_BROKERS as u64 }> = "1";
    /// Racks, dealt round: the first broker is in the first rack, and so on.
    racks: List<String, 1, MAX_BROKERS> = "no racks";
    /// One-way latency of a message.
    latency: Varying = "\"250us\"";
    /// Added to the latency between different racks.
    rack_latency: Varying = "\"0s\"";
    /// A broker's time to handle a request; `slow_broker` multiplies it.
    service: Varying = "\"0s\"";
    /// Offset records that a coordinator reads in a second when it takes over: 1 to 1,000,000,000.
    load_rate: Count<1, 1_000_000_000> = "100000";
    /// Broker settings by Kafka's names.
    config: BrokerSettings;

}
