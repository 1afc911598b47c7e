//! Where the replicas of a new topic live (`StripedReplicaPlacer`, kafka-semantics 9.5).
//!
//! Racks are visited in turn, brokers of a rack in turn, both from a random start; so leaders and
//! followers spread over racks and brokers. After as many partitions as there are brokers the
//! orders are shuffled, lest the same assignments repeat.

use crate::kernel::random::Stream;
use crate::model::id::BrokerId;

/// Places replicas, partition after partition.
#[derive(Debug)]
pub struct Placer {
    draws: Stream,
    /// Sorted by rack at first; brokers without a rack come first.
    racks: Vec<Rack>,
    brokers: usize,
    next_rack: usize,
    /// Partitions placed since the last shuffle.
    round: usize,
}

/// The brokers of a rack.
#[derive(Debug)]
struct Rack {
    brokers: Vec<BrokerId>,
    /// Where the present round starts, and how many it has taken.
    start: usize,
    taken: usize,
    round: usize,
}

impl Rack {
    /// The next broker that the present round has not taken.
    fn next(&mut self, round: usize) -> Option<BrokerId> {
        if self.round != round {
            self.round = round;
            self.taken = 0;
            self.start = (self.start + 1) % self.brokers.len();
        }
        if self.taken == self.brokers.len() {
            return None;
        }
        let broker = self.brokers[(self.start + self.taken) % self.brokers.len()];
        self.taken += 1;
        Some(broker)
    }
}

impl Placer {
    /// A placer over these brokers, ids 1 … N in order, each with its rack.
    pub fn new(racks: &[Option<String>], mut draws: Stream) -> Self {
        let mut names: Vec<&Option<String>> = racks.iter().collect();
        names.sort();
        names.dedup();
        let rack = |name: &&Option<String>| {
            let ids = (1..=racks.len()).map(BrokerId::new);
            let brokers: Vec<BrokerId> =
                ids.zip(racks).filter(|(_, rack)| rack == name).map(|(id, _)| id).collect();
            let start = draws.below(brokers.len() as u64) as usize;
            Rack { brokers, start, taken: 0, round: 0 }
        };
        let rows: Vec<Rack> = names.iter().map(rack).collect();
        let next_rack = draws.below(rows.len() as u64) as usize;
        Placer { draws, racks: rows, brokers: racks.len(), next_rack, round: 0 }
    }

    /// The replicas of the next partition, leader first.
    ///
    /// # Panics
    /// If there are fewer brokers than replicas, which the scenario has been checked for.
    pub fn place(&mut self, replication_factor: usize) -> Vec<BrokerId> {
        assert!(replication_factor <= self.brokers, "fewer brokers than replicas");
        if self.round == self.brokers && self.brokers > 1 {
            self.shuffle();
            self.round = 0;
        }
        let start = self.next_rack % self.racks.len();
        let mut replicas = Vec::with_capacity(replication_factor);
        // The rack that gave the leader is passed over once.
        let mut passed = None;
        let racks = self.racks.len();
        for rack in (0..racks).map(|i| (start + i) % racks) {
            if let Some(leader) = self.racks[rack].next(self.round) {
                replicas.push(leader);
                passed = Some(rack);
                break;
            }
        }
        let mut rack = start;
        while replicas.len() < replication_factor {
            if passed == Some(rack) {
                passed = None;
            } else {
                replicas.extend(self.racks[rack].next(self.round));
            }
            rack = (rack + 1) % self.racks.len();
        }
        self.round += 1;
        self.next_rack = start + 1;
        replicas
    }

    fn shuffle(&mut self) {
        shuffle(&mut self.racks, &mut self.draws);
        for rack in &mut self.racks {
            shuffle(&mut rack.brokers, &mut self.draws);
        }
    }
}

/// Fisher and Yates, as `Collections.shuffle` does it.
fn shuffle<T>(items: &mut [T], draws: &mut Stream) {
    for i in (1..items.len()).rev() {
        items.swap(i, draws.below(i as u64 + 1) as usize);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::random::{Purpose, Streams};
    use std::collections::BTreeSet;

    fn placer(racks: &[Option<&str>], seed: u64) -> Placer {
        let racks: Vec<Option<String>> = racks.iter().map(|r| r.map(str::to_owned)).collect();
        Placer::new(&racks, Streams::new(seed).stream("topic/t", Purpose("placement")))
    }

    #[test]
    fn leaders_take_turns() {
        for seed in 0..20 {
            let mut placer = placer(&[None; 3], seed);
            let leaders: BTreeSet<BrokerId> = (0..3).map(|_| placer.place(3)[0]).collect();
            assert_eq!(leaders.len(), 3, "seed {seed}");
        }
    }

    #[test]
    fn replicas_are_distinct_and_spread_over_racks() {
        let racks = [Some("a"), Some("b"), Some("c"), Some("a"), Some("b"), Some("c")];
        for seed in 0..20 {
            let mut placer = placer(&racks, seed);
            for _ in 0..30 {
                let replicas = placer.place(3);
                let racks: BTreeSet<_> = replicas.iter().map(|b| racks[b.index() - 1]).collect();
                assert_eq!(racks.len(), 3, "seed {seed}: {replicas:?}");
            }
        }
    }

    #[test]
    fn uneven_racks_still_give_distinct_replicas() {
        for seed in 0..20 {
            let mut placer = placer(&[Some("a"), Some("a"), Some("a"), Some("b")], seed);
            for _ in 0..12 {
                let replicas: BTreeSet<_> = placer.place(4).into_iter().collect();
                assert_eq!(replicas.len(), 4, "seed {seed}");
            }
        }
    }
}
