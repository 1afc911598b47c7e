//! Which partition each record goes to. When a producer hears that its topic has grown, it deals
//! what it creates from then on among more partitions: keys move.

use super::Setup;
use super::arrivals::Arriving;
use super::keyed::Keyed;
use super::sticky::Sticky;
use crate::kernel::random::{Purpose, Streams};
use crate::kernel::time::Instant;
use crate::model::workload::Partitioner;

/// The stream of the first dealing, and of the first after the topic has grown.
const PURPOSES: [Purpose; 2] = [Purpose("partitioner"), Purpose("partitioner of a grown topic")];

/// Dealings one after the other.
#[derive(Debug)]
pub(super) struct Dealings {
    all: Vec<Dealing>,
}

/// One way of dealing, from a moment on.
#[derive(Debug)]
struct Dealing {
    from: Instant,
    /// How many records of each partition would have been dealt by then: they do not count.
    before: Vec<u64>,
    partitions: u64,
    split: Split,
}

#[derive(Debug)]
enum Split {
    RoundRobin,
    Sticky(Sticky),
    Keyed(Keyed),
}

impl Dealings {
    pub(super) fn new(setup: &Setup, streams: Streams) -> Self {
        let partitions = u64::from(setup.partitions);
        let split = Split::new(setup, streams, PURPOSES[0]);
        Dealings { all: vec![Dealing { from: Instant::ZERO, before: vec![], partitions, split }] }
    }

    /// How many partitions are dealt to at once until a batch is full.
    pub(super) fn filled_at_once(&self) -> u64 {
        match &self.all[0].split {
            Split::Sticky(_) => 1,
            Split::RoundRobin | Split::Keyed(_) => self.all[0].partitions,
        }
    }

    fn last(&self) -> &Dealing {
        self.all.last().expect("there is a first dealing")
    }

    /// From `at` on, or the end of the slot that it lies in, `setup` says among how many partitions
    /// is dealt.
    pub(super) fn change(
        &mut self,
        at: Instant,
        setup: &Setup,
        streams: Streams,
        arriving: &mut Arriving,
    ) {
        let from = self.next_boundary(at);
        let mut split = Split::new(setup, streams, PURPOSES[1]);
        let partitions = u64::from(setup.partitions);
        let total = arriving.count(from);
        let before = (0..setup.partitions)
            .map(|index| split.count(index, from, total, partitions, arriving))
            .collect();
        self.all.push(Dealing { from, before, partitions, split });
    }

    /// When the dealing may change, at or after `at`.
    pub(super) fn next_boundary(&mut self, at: Instant) -> Instant {
        match &mut self.all.last_mut().expect("there is a first dealing").split {
            Split::Keyed(keyed) => keyed.next_boundary(at),
            Split::RoundRobin | Split::Sticky(_) => at,
        }
    }

    /// Records of partition `index` at `at`.
    pub(super) fn count(&mut self, index: u32, at: Instant, arriving: &mut Arriving) -> u64 {
        let mut sum = 0;
        let ends: Vec<Instant> = self.all.iter().skip(1).map(|dealing| dealing.from).collect();
        for (row, dealing) in self.all.iter_mut().enumerate() {
            if row > 0 && at < dealing.from {
                break;
            }
            let until = ends.get(row).map_or(at, |&end| at.min(end));
            sum += dealing.dealt(index, until, arriving);
        }
        sum
    }

    /// When the `nth` record (from 1) of partition `index` comes; `None`: not before `horizon`.
    pub(super) fn nth(
        &mut self,
        index: u32,
        mut nth: u64,
        horizon: Instant,
        arriving: &mut Arriving,
    ) -> Option<Instant> {
        let ends: Vec<Instant> = self.all.iter().skip(1).map(|dealing| dealing.from).collect();
        for (row, dealing) in self.all.iter_mut().enumerate() {
            if let Some(&end) = ends.get(row) {
                let here = dealing.dealt(index, end, arriving);
                if here < nth {
                    nth -= here;
                    continue;
                }
            }
            return dealing.nth(index, nth, horizon, arriving);
        }
        None
    }

    /// The share of all records that go to a partition now.
    pub(super) fn share(&self, index: u32) -> f64 {
        let last = self.last();
        match &last.split {
            _ if u64::from(index) >= last.partitions => 0.0,
            Split::RoundRobin | Split::Sticky(_) => 1.0 / last.partitions as f64,
            Split::Keyed(keyed) => keyed.share(index),
        }
    }

    /// Among how many partitions is dealt now.
    pub(super) fn partitions(&self) -> u64 {
        self.last().partitions
    }
}

impl Dealing {
    fn dealt(&mut self, index: u32, at: Instant, arriving: &mut Arriving) -> u64 {
        if u64::from(index) >= self.partitions {
            return 0;
        }
        let total = arriving.count(at);
        let all = self.split.count(index, at, total, self.partitions, arriving);
        all - self.before.get(index as usize).copied().unwrap_or(0)
    }

    fn nth(
        &mut self,
        index: u32,
        nth: u64,
        horizon: Instant,
        arriving: &mut Arriving,
    ) -> Option<Instant> {
        if u64::from(index) >= self.partitions {
            return None;
        }
        let nth = nth + self.before.get(index as usize).copied().unwrap_or(0);
        match &mut self.split {
            Split::RoundRobin => {
                let record = (nth - 1) * self.partitions + u64::from(index) + 1;
                arriving.nth(record, horizon)
            }
            Split::Sticky(sticky) => {
                let last = arriving.count(horizon);
                let record = sticky.nth(index, nth, last)?;
                arriving.nth(record, horizon)
            }
            Split::Keyed(keyed) => keyed.nth(index, nth, horizon, arriving),
        }
    }
}

impl Split {
    fn new(setup: &Setup, streams: Streams, purpose: Purpose) -> Self {
        let entity = format!("producer/{}/{}", setup.name, setup.index);
        let stream = || streams.stream(&entity, purpose);
        match setup.partitioner {
            Partitioner::RoundRobin => Split::RoundRobin,
            _ if setup.partitions == 1 => Split::RoundRobin,
            Partitioner::Sticky => Split::Sticky(Sticky::new(setup, stream())),
            Partitioner::Keyed { count, skew } => {
                Split::Keyed(Keyed::new(setup, count, skew, stream()))
            }
        }
    }

    fn count(
        &mut self,
        index: u32,
        at: Instant,
        total: u64,
        partitions: u64,
        arriving: &mut Arriving,
    ) -> u64 {
        match self {
            Split::RoundRobin => (total + partitions - 1 - u64::from(index)) / partitions,
            Split::Sticky(sticky) => sticky.count(index, total),
            Split::Keyed(keyed) => keyed.count(index, at, total, arriving),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::producer::tests::setup;
    use crate::client::producer::{Producer, partition_of};

    #[test]
    fn nothing_is_lost_or_dealt_twice_when_a_topic_grows() {
        let keyed = Partitioner::Keyed { count: 50, skew: 0.5 };
        for partitioner in [Partitioner::RoundRobin, Partitioner::Sticky, keyed] {
            let streams = Streams::new(5);
            let small = Setup { partitioner, ..setup(4) };
            let mut producer = Producer::new(&small, streams);
            producer.grow(Instant::from_secs(3), &Setup { partitions: 6, ..small }, streams);
            for at in [1_000, 2_999, 3_000, 3_500, 9_990].map(Instant::from_ms) {
                let counts: Vec<u64> = (0..6).map(|index| producer.count(index, at)).collect();
                let total = producer.total(at);
                let close = counts.iter().sum::<u64>().abs_diff(total) <= 6;
                assert!(close, "{partitioner:?} at {at}: {counts:?} of {total}");
                let none = at <= Instant::from_secs(3) && counts[4..] != [0, 0];
                assert!(!none, "new partitions get nothing before");
                for (index, &count) in (0..).zip(&counts).filter(|(_, count)| **count > 0) {
                    let came = producer.nth(index, count).unwrap();
                    assert!(came <= at, "{partitioner:?}: {count} of {index} at {came}");
                    assert!(producer.count(index, came) >= count);
                }
            }
            assert!(producer.count(4, Instant::from_secs(9)) > 0);
        }
        assert_ne!(partition_of(7, 4), partition_of(7, 6), "keys move");
    }
}
