//! Hashes of keys, groups and partitions, and where they lead.

use crate::client::producer::partition_of;
use crate::cluster::offsets_topic::partition_for;
use crate::conform::difference::{Pairs, Problem};
use crate::kernel::java_hash::{JavaKey, combine, string_hash};
use crate::kernel::murmur::murmur2;
use crate::model::uuid::Uuid;
use serde::Deserialize;
use std::collections::BTreeMap;

/// The partition for each number of partitions.
type Partitions = BTreeMap<u32, u32>;

/// A record's key (hexadecimal), its murmur2 and its partitions (`BuiltInPartitioner`).
#[derive(Deserialize)]
pub(super) struct Key {
    #[serde(rename = "key")]
    hex: String,
    murmur2: i32,
    partition: Partitions,
}

/// A group's id, its hash and its partitions of the offsets topic
/// (`GroupCoordinatorService.partitionFor`).
#[derive(Deserialize)]
pub(super) struct Group {
    #[serde(rename = "group")]
    id: String,
    hash: i32,
    partition: Partitions,
}

/// A partition by its topic's name.
#[derive(Deserialize)]
pub(super) struct TopicPartition {
    topic: String,
    index: i32,
    hash: i32,
}

/// A topic id: its halves (hexadecimal), its hash, and that of its partition 3 (`TopicIdPartition`).
#[derive(Deserialize)]
pub(super) struct TopicId {
    uuid: Uuid,
    msb: String,
    lsb: String,
    hash: i32,
    #[serde(rename = "topic-id-partition-3")]
    partition_3: i32,
}

pub(super) fn key(case: &Key, pairs: &mut Pairs) -> Result<String, Problem> {
    let malformed = || Problem::Malformed(format!("{:?} is not hexadecimal", case.hex));
    let hash = murmur2(&bytes(&case.hex).ok_or_else(malformed)?);
    number(pairs, "murmur2", case.murmur2, hash);
    partitions(pairs, &case.partition, |count| partition_of(hash, count))?;
    Ok(format!("key {}", case.hex))
}

pub(super) fn group(case: &Group, pairs: &mut Pairs) -> Result<String, Problem> {
    number(pairs, "hash", case.hash, string_hash(&case.id));
    partitions(pairs, &case.partition, |count| partition_for(&case.id, count))?;
    Ok(format!("group {}", case.id))
}

pub(super) fn topic_partition(case: &TopicPartition, pairs: &mut Pairs) -> String {
    let hash = combine(combine(1, case.index), string_hash(&case.topic));
    number(pairs, "hash", case.hash, hash);
    format!("{}-{}", case.topic, case.index)
}

pub(super) fn uuid(case: &TopicId, pairs: &mut Pairs) -> Result<String, Problem> {
    let half = |text: &String| u64::from_str_radix(text, 16).map_err(Problem::malformed);
    let (high, low) = (half(&case.msb)?, half(&case.lsb)?);
    let told = Uuid(u128::from(high) << 64 | u128::from(low));
    pairs.compare("128 bits", &told.to_string(), &case.uuid.to_string());
    let hash = case.uuid.java_hash();
    number(pairs, "hash", case.hash, hash);
    number(pairs, "hash of partition 3", case.partition_3, combine(hash, 3));
    Ok(format!("uuid {}", case.uuid))
}

fn number(pairs: &mut Pairs, what: &str, kafka: i32, rejoin: i32) {
    pairs.compare(what, &kafka.to_string(), &rejoin.to_string());
}

fn partitions(
    pairs: &mut Pairs,
    kafka: &Partitions,
    ours: impl Fn(u32) -> u32,
) -> Result<(), Problem> {
    for (&count, &partition) in kafka {
        if count == 0 {
            return Err(Problem::malformed("a partition of none"));
        }
        let what = format!("partition of {count}");
        pairs.compare(&what, &partition.to_string(), &ours(count).to_string());
    }
    Ok(())
}

/// The bytes that hexadecimal digits stand for.
pub(in crate::conform) fn bytes(hex: &str) -> Option<Vec<u8>> {
    let byte = |at: usize| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok();
    (0..hex.len()).step_by(2).map(byte).collect()
}
