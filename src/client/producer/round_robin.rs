//! `RoundRobinPartitioner`: each record to the next one of the partitions that have a leader, by a
//! count that goes on whoever leads; without any, among all (kafka-semantics 8.1).

/// Which partition each record goes to, from turn to turn.
#[derive(Debug)]
pub(super) struct RoundRobin {
    turns: Vec<Turn>,
}

/// From one record on it goes around these partitions.
#[derive(Debug)]
struct Turn {
    /// Records of the producer before it.
    first: u64,
    /// Those of each partition.
    before: Vec<u64>,
    /// The partitions, ascending.
    among: Vec<u32>,
}

impl Turn {
    /// The place of a partition.
    fn place(&self, index: u32) -> Option<u64> {
        self.among.binary_search(&index).ok().map(|place| place as u64)
    }

    /// How many of the first `total` records have a number that falls on a place.
    fn on(&self, place: u64, total: u64) -> u64 {
        let partitions = self.among.len() as u64;
        (total + partitions - 1 - place) / partitions
    }

    /// Records of a partition among the first `total`, which do not end before it begins.
    fn count(&self, index: u32, total: u64) -> u64 {
        let here =
            self.place(index).map_or(0, |place| self.on(place, total) - self.on(place, self.first));
        self.before[index as usize] + here
    }
}

impl RoundRobin {
    pub(super) fn new(partitions: u32) -> Self {
        let before = vec![0; partitions as usize];
        RoundRobin { turns: vec![Turn { first: 0, before, among: (0..partitions).collect() }] }
    }

    /// After the first `total` records it goes around these partitions.
    pub(super) fn go_around(&mut self, total: u64, among: &[u32]) {
        let last = self.last();
        if last.among == among {
            return;
        }
        let before = (0..last.before.len() as u32).map(|index| last.count(index, total)).collect();
        if last.first == total {
            self.turns.pop();
        }
        self.turns.push(Turn { first: total, before, among: among.to_vec() });
    }

    fn last(&self) -> &Turn {
        self.turns.last().expect("there is a first turn")
    }

    /// The share of all records that a partition gets now.
    pub(super) fn share(&self, index: u32) -> f64 {
        let last = self.last();
        last.place(index).map_or(0.0, |_| 1.0 / last.among.len() as f64)
    }

    /// Records in partition `index` of the first `total`.
    pub(super) fn count(&self, index: u32, total: u64) -> u64 {
        let last = self.last();
        if last.first <= total {
            return last.count(index, total);
        }
        let next = self.turns.partition_point(|turn| turn.first <= total);
        self.turns[next - 1].count(index, total)
    }

    /// Which record of the producer (from 1) is the `nth` of partition `index`; `None`: nobody has
    /// that turn any more.
    pub(super) fn nth(&self, index: u32, nth: u64) -> Option<u64> {
        let next = self.turns.partition_point(|turn| turn.before[index as usize] < nth);
        let turn = &self.turns[next - 1];
        let place = turn.place(index)?;
        let round = turn.on(place, turn.first) + nth - turn.before[index as usize] - 1;
        Some(round * turn.among.len() as u64 + place + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_around_those_that_have_a_leader_with_one_count() {
        let mut dealt = RoundRobin::new(4);
        dealt.go_around(6, &[0, 2, 3]);
        dealt.go_around(11, &[2]);
        dealt.go_around(13, &[0, 1, 2, 3]);
        // The count modulo the number of those that have a leader names one of them.
        let among: [&[u64]; 4] = [&[0, 1, 2, 3], &[0, 2, 3], &[2], &[0, 1, 2, 3]];
        let turn = |number: u64| among[[6, 11, 13].iter().filter(|&&end| end <= number).count()];
        let goes_to = |number: u64| turn(number)[(number % turn(number).len() as u64) as usize];
        for index in 0..4u32 {
            let mut records = 0;
            for number in 0..40 {
                assert_eq!(dealt.count(index, number), records, "{index} of {number}");
                if goes_to(number) == u64::from(index) {
                    records += 1;
                    assert_eq!(dealt.nth(index, records), Some(number + 1), "{index}");
                }
            }
        }
    }

    #[test]
    fn who_has_no_leader_gets_nothing() {
        let mut dealt = RoundRobin::new(2);
        dealt.go_around(0, &[1]);
        assert_eq!((dealt.count(0, 1_000), dealt.count(1, 1_000)), (0, 1_000));
        assert_eq!((dealt.nth(0, 1), dealt.nth(1, 7)), (None, Some(7)));
        assert_eq!((dealt.share(0), dealt.share(1)), (0.0, 1.0));
    }
}
