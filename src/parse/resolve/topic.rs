//! `[topics.T]`

use super::cluster::unreachable_factor;
use super::each;
use super::moment;
use crate::kernel::time::Instant;
use crate::model::id::BrokerId;
use crate::parse::file::topic::{Replicas, Topic as Raw};
use crate::parse::kafka::broker;
use crate::parse::kafka::catalogue::Family;
use crate::parse::kafka::log;
use crate::parse::kafka::settings::Settings;
use crate::parse::problem::Problem;
use crate::parse::shape::{At, Named, Reader};
use crate::scenario::{Placement, Topic};

/// The topic that exists from the start of every run.
const OFFSETS_TOPIC: &str = "__consumer_offsets";

/// Bytes of a record where nothing is said.
const RECORD_SIZE: u64 = 1_024;

/// The largest record: sizes of Kafka's records are 32-bit.
const LARGEST_RECORD: u64 = i32::MAX as u64;

/// All topics of a file.
pub(crate) fn resolve(
    named: Option<&At<Named<Raw>>>,
    brokers: usize,
    end: Instant,
    broker: &Settings,
    reader: &mut Reader,
) -> Vec<Topic> {
    if let Some(named) = named {
        refuse_names(named, reader);
    }
    each(named, "topics", reader, |name, raw, reader| {
        let node = raw.value.config.as_ref().map(|at| &at.value.0);
        let settings =
            reader.within("config", |reader| Settings::read(Family::Topic, node, reader));
        broker::check_topic(&settings, reader);
        let config = reader.within("config", |reader| log::topic(&settings, broker, reader));
        Topic {
            name: name.to_owned(),
            placement: placement(&raw.value, brokers, broker, reader),
            record_size: record_size(&raw.value, reader),
            backlog: raw.value.backlog.as_ref().map_or(0, |at| at.value.0),
            created_at: raw
                .value
                .created_at
                .as_ref()
                .map_or(Instant::ZERO, |at| moment(at, end, reader)),
            life: 0,
            config,
        }
    })
}

fn refuse_names(named: &At<Named<Raw>>, reader: &mut Reader) {
    if named.value.entries.is_empty() {
        reader.push(Problem::error(named.at, "a scenario needs a topic").label("there is none"));
    }
    for entry in named.value.entries.iter().filter(|entry| entry.name == OFFSETS_TOPIC) {
        let problem = Problem::error(entry.at, format!("`{OFFSETS_TOPIC}` exists already"));
        let help = "its settings are broker settings: offsets.topic.num.partitions and the like";
        reader.push(problem.label("Kafka's own topic").help(help));
    }
}

fn record_size(raw: &Raw, reader: &mut Reader) -> u64 {
    let Some(at) = &raw.record_size else { return RECORD_SIZE };
    if !(1..=LARGEST_RECORD).contains(&at.value.0) {
        let title = format!("a record of {} bytes can't be", at.value.0);
        reader.push(Problem::error(at.at, title).label("expected 1 byte to 2 GiB"));
    }
    at.value.0
}

fn placement(raw: &Raw, brokers: usize, broker: &Settings, reader: &mut Reader) -> Placement {
    if let Some(replicas) = &raw.replicas {
        let replicas = replicas.value.items.iter().flatten();
        return explicit(raw, &replicas.collect::<Vec<_>>(), brokers, reader);
    }
    let default = |name: &str| broker.int(name).and_then(|n| u32::try_from(n).ok()).unwrap_or(1);
    let name = "default.replication.factor";
    let (factor, at) = match &raw.replication_factor {
        Some(at) => (at.value.0 as u32, Some(at.at)),
        None => (default(name), broker.spot(name)),
    };
    if let Some(at) = at.filter(|_| factor as usize > brokers) {
        reader.push(unreachable_factor(at, factor.into(), brokers));
    }
    let partitions = raw.partitions.as_ref().map(|at| at.value.0 as u32);
    Placement::Striped {
        partitions: partitions.unwrap_or_else(|| default("num.partitions")),
        replication_factor: factor,
    }
}

/// Broker ids per partition: known ones, each once, the same number everywhere.
fn explicit(
    raw: &Raw,
    replicas: &[&At<Replicas>],
    brokers: usize,
    reader: &mut Reader,
) -> Placement {
    if let Some(at) = raw.partitions.as_ref().filter(|at| at.value.0 != replicas.len() as u64) {
        let title = format!("`replicas` places {} partitions, not {}", replicas.len(), at.value.0);
        let problem = Problem::error(at.at, title).label("leave it out, or make the two agree");
        reader.push(problem.also(raw.replicas.as_ref().map(|at| at.at), "the placement"));
    }
    let width = replicas.first().map_or(0, |first| first.value.items.len());
    for partition in replicas {
        if partition.value.items.len() != width {
            let title = "Partitions should have the same number of replicas";
            let label = format!("{} here", partition.value.items.len());
            let first = replicas.first().map(|first| first.at);
            let problem = Problem::error(partition.at, title).label(label);
            reader.push(problem.also(first, format!("{width} in the first")));
        }
        for (place, id) in partition.value.iter().enumerate() {
            if id.value.0 > brokers as u64 {
                let problem = Problem::error(id.at, format!("there is no broker {}", id.value.0));
                reader.push(problem.label(format!("the ids are 1 to {brokers}")));
            }
            if partition.value.iter().take(place).any(|before| before.value == id.value) {
                let title = format!("broker {} can't hold a partition twice", id.value.0);
                reader.push(Problem::error(id.at, title).label("the second time"));
            }
        }
    }
    let ids = |partition: &&At<Replicas>| {
        partition.value.iter().map(|id| BrokerId(id.value.0 as u32)).collect()
    };
    Placement::Explicit(replicas.iter().map(ids).collect())
}
