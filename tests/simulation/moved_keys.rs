//! Keys whose partition changes when a topic gets more: `murmur2(key) % partitions` is another number
//! (`BuiltInPartitioner.partitionForKey`).

use crate::{run_with_facts, scenario};
use rejoin::kernel::murmur::murmur2;
use rejoin::kernel::time::Instant;
use rejoin::model::fact::{ConsumerFact, Fact};
use rejoin::model::id::PartitionId;

const KEYS: u32 = 300;
const RATE: u64 = 600;

/// The topic grows from two partitions to three at 30 s; its producer knows within a second.
fn text(process: &str) -> String {
    format!(
        "duration = '60s'
        [topics.orders]
        partitions = 2
        [producers.shop]
        topic = 'orders'
        rate = '{RATE}/s'
        partitioner = 'keyed'
        keys = {{ count = {KEYS} }}
        config = {{ metadata.max.age.ms = 1000 }}
        [groups.search]
        topics = ['orders']
        consumers = 3
        process = '{process}'
        [groups.search.config]
        auto.offset.reset = 'earliest'
        metadata.max.age.ms = 1000
        [[events]]
        at = '30s'
        add_partitions = 'orders'
        to = 3
        "
    )
}

/// Of all keys, how many are in each of `after` partitions, and how many of these were elsewhere when there
/// were `before`.
fn keys(before: u32, after: u32) -> Vec<(u32, u32)> {
    let mut counts = vec![(0, 0); after as usize];
    for key in 0..KEYS {
        let hash = murmur2(format!("key-{key}").as_bytes());
        let [old, new] = [before, after].map(|n| (hash & i32::MAX) as u32 % n);
        counts[new as usize].0 += 1;
        counts[new as usize].1 += u32::from(old != new);
    }
    counts
}

#[test]
fn as_many_records_move_as_the_hash_says() {
    let (mut run, _) = run_with_facts(&scenario(&text("0s")));
    let producer = &mut run.logs.producers[0];
    let mut created = |from: u64, to: u64| {
        let mut count = |index, at| producer.count(index, Instant::from_secs(at));
        [0, 1, 2].map(|index| count(index, to) - count(index, from))
    };
    for (from, to, partitions) in [(0, 30, 2), (32, 60, 3)] {
        let all = (to - from) * RATE;
        let seen = created(from, to);
        for (index, (here, _)) in keys(2, partitions).into_iter().enumerate() {
            let expected = all * u64::from(here) / u64::from(KEYS);
            assert!(seen[index].abs_diff(expected) < all / 50, "{seen:?}: {index}, {expected}");
        }
    }
    // All that the new partition gets has moved there, and some has moved between the old ones.
    let [(_, first), (_, second), (third, moved)] = keys(2, 3)[..] else { unreachable!() };
    assert_eq!(third, moved);
    assert!(first > KEYS / 10 && second > KEYS / 10, "{first}, {second}");
}

/// When each record of a partition was processed, by offset.
fn processed(facts: &[(Instant, Fact)], of: PartitionId) -> Vec<(u64, u64, Instant)> {
    let batch = |(_, fact): &(Instant, Fact)| match fact {
        Fact::Consumer { what: ConsumerFact::Processed(batch), .. } if batch.partition == of => {
            Some((batch.from, batch.to, batch.end))
        }
        _ => None,
    };
    facts.iter().filter_map(batch).collect()
}

/// A key's records are in order within each partition, and not across: what came last, to the new
/// partition, is processed while what came first still waits in an old one.
#[test]
fn a_key_that_moved_is_not_in_order_any_more() {
    // 200 a second, of 300 that come to each of the two old partitions until 30 s.
    let (mut run, facts) = run_with_facts(&scenario(&text("5ms")));
    let [old, new] = [0, 2].map(|index| processed(&facts.facts, PartitionId(index)));
    for batches in [&old, &new] {
        assert!(batches.is_sorted_by(|a, b| a.1 <= b.0 && a.2 <= b.2), "in order, each once");
    }
    let before = run.logs.producers[0].count(0, Instant::from_secs(30));
    let first_moved = new.first().expect("the new partition is read").2;
    let behind = old.iter().take_while(|(_, _, end)| *end <= first_moved).last().unwrap().1;
    assert!(behind + 1_000 < before, "{behind} of {before} when {first_moved:?}");
}
