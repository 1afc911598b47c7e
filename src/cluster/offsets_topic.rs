//! `__consumer_offsets`: which of its partitions keeps a group (kafka-semantics 7.1).

use crate::kernel::java_hash::string_hash;

/// The name of the topic.
pub const OFFSETS_TOPIC: &str = "__consumer_offsets";

/// The partition that keeps a group's offsets and membership; its leader coordinates the group.
pub fn partition_for(group: &str, partitions: u32) -> u32 {
    // abs(MIN) is 0 in Kafka.
    let hash = string_hash(group).checked_abs().unwrap_or(0);
    hash as u32 % partitions
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_lie_where_kafka_puts_them() {
        let at = ["group-1", "my-group", "orders", "a"].map(|group| partition_for(group, 50));
        assert_eq!(at, [49, 12, 31, 47]);
        // A name whose hash is the smallest number.
        assert_eq!(partition_for("polygenelubricants", 50), 0);
    }
}
