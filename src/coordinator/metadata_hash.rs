//! Hashes by which a group sees that its topics changed (KIP-1101; Kafka's class `Utils` of the
//! group coordinator). They stand in the records of the group, so they are Kafka's own: XXH3 with
//! 64 bits over numbers with their low byte first and texts in UTF-16.

use crate::assignor::server::Topic;
use crate::kernel::java_hash::string_cmp;
use xxhash_rust::xxh3::xxh3_64;

/// The version of the topic's hash.
const MAGIC: u8 = 0;

/// The hash of a topic: its id, name, partitions and their racks.
pub fn of_topic(topic: &Topic) -> i64 {
    let mut bytes = vec![MAGIC];
    bytes.extend(((topic.id.0 >> 64) as u64).to_le_bytes());
    bytes.extend((topic.id.0 as u64).to_le_bytes());
    text(&topic.name, &mut bytes);
    bytes.extend(topic.partitions.to_le_bytes());
    for partition in 0..topic.partitions {
        bytes.extend(partition.to_le_bytes());
        let mut racks: Vec<&str> =
            topic.racks.get(partition as usize).into_iter().flatten().map(|rack| &**rack).collect();
        racks.sort_by(|a, b| string_cmp(a, b));
        for rack in racks {
            bytes.extend(length(rack));
            text(rack, &mut bytes);
        }
    }
    xxh3_64(&bytes).cast_signed()
}

/// The hash of a group from those of its topics in the order of their names; 0: there are none.
pub fn of_group(topics: impl IntoIterator<Item = i64>) -> i64 {
    let bytes: Vec<u8> = topics.into_iter().flat_map(i64::to_le_bytes).collect();
    if bytes.is_empty() { 0 } else { xxh3_64(&bytes).cast_signed() }
}

/// A text, and how long it is.
fn text(text: &str, bytes: &mut Vec<u8>) {
    bytes.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
    bytes.extend(length(text));
}

fn length(text: &str) -> [u8; 4] {
    (text.encode_utf16().count() as u32).to_le_bytes()
}
