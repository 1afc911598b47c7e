//! Hashes and orders that a JVM and Kafka's own classes answered, against ours.

mod keys;
mod lists;
mod maps;
mod metadata;

pub(super) use keys::bytes;

use super::difference::{Difference, Pairs, Problem};
use serde::de::DeserializeOwned;

/// What a case asks, as its key `kind` says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// murmur2 of a record's key and the partitions that it chooses.
    Key,
    /// The hash of a group's id and the partition of the offsets topic.
    Group,
    /// The hash of a `TopicPartition`.
    TopicPartition,
    /// The hash of a topic id and of a `TopicIdPartition`.
    Uuid,
    /// The order of strings.
    StringOrder,
    /// The order of UUIDs.
    UuidOrder,
    /// The walk of a `HashSet` of UUIDs.
    UuidHashSet,
    /// The walk of a `HashMap` and of its copies.
    HashMap,
    /// The walk of a `HashMap` after any operations.
    HashMapWalk,
    /// The walk of a `HashMap` whose keys collide.
    HashMapTree,
    /// The walk of a `TimelineHashMap`.
    Timeline,
    /// The hash of the metadata that a group subscribes to.
    MetadataHash,
}

impl Kind {
    /// The kind of this name.
    pub fn by_name(name: &str) -> Option<Kind> {
        Some(match name {
            "key" => Kind::Key,
            "group" => Kind::Group,
            "topic-partition" => Kind::TopicPartition,
            "uuid" => Kind::Uuid,
            "string-order" => Kind::StringOrder,
            "uuid-order" => Kind::UuidOrder,
            "uuid-hashset" => Kind::UuidHashSet,
            "hashmap" => Kind::HashMap,
            "hashmap-walk" => Kind::HashMapWalk,
            "hashmap-tree" => Kind::HashMapTree,
            "timeline" | "timeline-walk" => Kind::Timeline,
            "metadata-hash" => Kind::MetadataHash,
            _ => return None,
        })
    }
}

/// Asks one question, a line of a file, again; how the answers differ, if they do.
pub fn replay(kind: Kind, line: &str) -> Result<Option<Difference>, Problem> {
    let mut pairs = Pairs::default();
    let name = match kind {
        Kind::Key => keys::key(&read(line)?, &mut pairs)?,
        Kind::Group => keys::group(&read(line)?, &mut pairs)?,
        Kind::TopicPartition => keys::topic_partition(&read(line)?, &mut pairs),
        Kind::Uuid => keys::uuid(&read(line)?, &mut pairs)?,
        Kind::StringOrder => lists::strings(&read(line)?, &mut pairs),
        Kind::UuidOrder => lists::uuids(&read(line)?, &mut pairs),
        Kind::UuidHashSet => lists::uuid_set(&read(line)?, &mut pairs),
        Kind::HashMap | Kind::HashMapWalk => maps::hash_map(&read(line)?, &mut pairs)?,
        Kind::HashMapTree => maps::colliding(&read(line)?, &mut pairs),
        Kind::Timeline => maps::timeline(&read(line)?, &mut pairs)?,
        Kind::MetadataHash => metadata::group(&read(line)?, &mut pairs),
    };
    Ok(pairs.difference(&name, ""))
}

fn read<T: DeserializeOwned>(line: &str) -> Result<T, Problem> {
    serde_json::from_str(line).map_err(Problem::malformed)
}
