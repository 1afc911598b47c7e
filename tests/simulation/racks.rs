//! Consumers with racks (KIP-881).

use crate::{run_with_facts, scenario};
use rejoin::model::fact::{ConsumerFact, Fact};
use std::collections::BTreeMap;

/// Partitions per consumer after the first assignment.
fn assigned(racks: bool) -> BTreeMap<String, Vec<usize>> {
    let rack = |rack: &str| if racks { format!(", rack = \"{rack}\"") } else { String::new() };
    let text = format!(
        r#"
        name = "racks"
        duration = "20s"
        [cluster]
        brokers = 2
        racks = ["a", "b"]
        [topics.orders]
        partitions = 4
        replicas = [[1], [2], [1], [2]]
        [groups.search]
        topics = ["orders"]
        consumers = [{{ name = "near-a"{} }}, {{ name = "near-b"{} }}]
        "#,
        rack("a"),
        rack("b")
    );
    let (_, facts) = run_with_facts(&scenario(&text));
    let mut owned = BTreeMap::new();
    for (_, fact) in &facts.facts {
        if let Fact::Consumer { consumer, what: ConsumerFact::Assigned { partitions, .. } } = fact {
            let mut partitions: Vec<usize> = partitions.iter().map(|p| p.index()).collect();
            partitions.sort_unstable();
            owned.insert(facts.consumers[consumer.index()].name.clone(), partitions);
        }
    }
    owned
}

#[test]
fn range_gives_partitions_to_consumers_in_the_rack_of_a_replica() {
    let owned = assigned(true);
    assert_eq!((&owned["near-a"][..], &owned["near-b"][..]), (&[0, 2][..], &[1, 3][..]));
    let ranges: Vec<Vec<usize>> = assigned(false).into_values().collect();
    assert!(ranges.contains(&vec![0, 1]) && ranges.contains(&vec![2, 3]), "{ranges:?}");
}
