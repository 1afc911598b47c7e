//! `[cluster]`

use crate::kernel::dist::Dist;
use crate::parse::file::cluster::Cluster as Raw;
use crate::parse::file::dist::Varying;
use crate::parse::file::topic::MAX_PARTITIONS;
use crate::parse::kafka::catalogue::Family;
use crate::parse::kafka::settings::Settings;
use crate::parse::kafka::{broker, modelled};
use crate::parse::problem::Problem;
use crate::parse::shape::{At, Reader};
use crate::parse::source::Spot;
use crate::scenario::Cluster;

/// One-way latency of a message where nothing is said.
const LATENCY: Dist = Dist::Fixed(250);

/// Records that a coordinator reads in a second where nothing is said.
const LOAD_RATE: u64 = 100_000;

/// The cluster, and its settings as written.
pub(crate) fn resolve(raw: Option<&At<Raw>>, reader: &mut Reader) -> (Cluster, Settings) {
    let raw = raw.map(|at| &at.value);
    let brokers = raw.and_then(|raw| raw.brokers.as_ref()).map_or(1, |at| at.value.0 as usize);
    let node = raw.and_then(|raw| raw.config.as_ref()).map(|at| &at.value.0);
    let settings = reader.within("cluster", |reader| {
        reader.within("config", |reader| Settings::read(Family::Broker, node, reader))
    });
    broker::check(&settings, reader);
    let mut config = modelled::broker(&settings);
    config.offsets_topic_replication_factor = offsets_replication(&settings, brokers, reader);
    limit_offsets_partitions(&settings, reader);
    let cluster = Cluster {
        racks: racks(raw, brokers),
        latency: dist(raw.and_then(|raw| raw.latency.as_ref()), LATENCY),
        rack_latency: dist(raw.and_then(|raw| raw.rack_latency.as_ref()), Dist::ZERO),
        service: dist(raw.and_then(|raw| raw.service.as_ref()), Dist::ZERO),
        load_rate: raw.and_then(|raw| raw.load_rate.as_ref()).map_or(LOAD_RATE, |at| at.value.0),
        config,
    };
    (cluster, settings)
}

/// A distribution of the file, or a default.
pub(crate) fn dist(given: Option<&At<Varying>>, default: Dist) -> Dist {
    given.map_or(default, |at| at.value.0.clone())
}

fn racks(raw: Option<&Raw>, brokers: usize) -> Vec<Option<String>> {
    let racks = raw.and_then(|raw| raw.racks.as_ref());
    let racks: Vec<&String> =
        racks.map(|at| at.value.iter().map(|rack| &rack.value).collect()).unwrap_or_default();
    (0..brokers)
        .map(|broker| racks.get(broker % racks.len().max(1)).map(|rack| (*rack).clone()))
        .collect()
}

/// Kafka's default of 3 would keep small clusters from having an offsets topic at all.
fn offsets_replication(settings: &Settings, brokers: usize, reader: &mut Reader) -> u32 {
    let name = "offsets.topic.replication.factor";
    let (Some(at), Some(factor)) = (settings.spot(name), settings.int(name)) else {
        return brokers.min(3) as u32;
    };
    if usize::try_from(factor).is_ok_and(|factor| factor > brokers) {
        reader.push(unreachable_factor(at, factor, brokers));
    }
    factor as u32
}

fn limit_offsets_partitions(settings: &Settings, reader: &mut Reader) {
    for name in ["offsets.topic.num.partitions", "num.partitions"] {
        let (Some(at), Some(partitions)) = (settings.spot(name), settings.int(name)) else {
            continue;
        };
        if usize::try_from(partitions).is_ok_and(|partitions| partitions > MAX_PARTITIONS) {
            let problem = Problem::error(at, format!("{partitions} partitions are too many"));
            reader.push(problem.label(format!("rejoin's limit is {MAX_PARTITIONS}")));
        }
    }
}

/// What Kafka says to more replicas than brokers.
pub(crate) fn unreachable_factor(at: Spot, factor: i64, brokers: usize) -> Problem {
    let title = format!(
        "The target replication factor of {factor} cannot be reached because only {brokers} \
         broker(s) are registered."
    );
    Problem::error(at, title)
        .label(format!("at most {brokers}"))
        .help("set `brokers` of [cluster], or ask for fewer replicas")
}
