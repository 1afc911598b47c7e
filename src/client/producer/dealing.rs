//! Which partition each record goes to. When a producer hears that its topic has grown, it deals
//! what it creates from then on among more partitions: keys move. Records without keys go to
//! partitions that have a leader, as far as the producer knows.

use super::Setup;
use super::arrivals::Arriving;
use super::keyed::Keyed;
use super::queues::{Reason, Watched};
use super::round_robin::RoundRobin;
use super::sticky::Sticky;
use crate::kernel::random::{Purpose, Streams};
use crate::kernel::time::Instant;
use crate::model::id::BrokerId;
use crate::model::workload::Partitioner;
use std::collections::BTreeMap;

/// The stream of the first dealing, and of the first after the topic has grown.
const PURPOSES: [Purpose; 2] = [Purpose("partitioner"), Purpose("partitioner of a grown topic")];

/// Dealings one after the other.
#[derive(Debug)]
pub(super) struct Dealings {
    all: Vec<Dealing>,
    /// Partitions of which the producer knows that nobody leads them, ascending.
    leaderless: Vec<u32>,
    /// Who takes the records of each partition, or did last.
    leaders: BTreeMap<u32, BrokerId>,
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
    RoundRobin(RoundRobin),
    Sticky(Box<Sticky>),
    Keyed(Box<Keyed>),
}

impl Dealings {
    pub(super) fn new(setup: &Setup, streams: Streams) -> Self {
        let partitions = u64::from(setup.partitions);
        let split = Split::new(setup, streams, PURPOSES[0]);
        let first = Dealing { from: Instant::ZERO, before: vec![], partitions, split };
        Dealings { all: vec![first], leaderless: vec![], leaders: BTreeMap::new() }
    }

    /// How many partitions are dealt to at once until a batch is full.
    pub(super) fn filled_at_once(&self) -> u64 {
        match &self.all[0].split {
            Split::Sticky(_) => 1,
            Split::RoundRobin(_) | Split::Keyed(_) => self.all[0].partitions,
        }
    }

    fn last(&self) -> &Dealing {
        self.all.last().expect("there is a first dealing")
    }

    fn last_mut(&mut self) -> &mut Dealing {
        self.all.last_mut().expect("there is a first dealing")
    }

    /// From `at` on, or the end of the slot that it lies in, `setup` says among how many partitions
    /// is dealt.
    pub(super) fn grow(
        &mut self,
        at: Instant,
        setup: &Setup,
        streams: Streams,
        arriving: &mut Arriving,
    ) {
        let from = self.next_boundary(at);
        let waiting: Vec<(u32, Reason, u64)> = (0..self.last().partitions as u32)
            .filter_map(|index| {
                let watched = self.watched(index)?;
                let dealt = self.last_mut().split.count(index, from, arriving);
                Some((index, watched.reason, dealt.saturating_sub(watched.left)))
            })
            .collect();
        let mut split = Split::new(setup, streams, PURPOSES[1]);
        let partitions = u64::from(setup.partitions);
        let before =
            (0..setup.partitions).map(|index| split.count(index, from, arriving)).collect();
        self.all.push(Dealing { from, before, partitions, split });
        self.choose_among_led(from, arriving);
        for (index, leader) in self.leaders.clone() {
            self.tell_leader(from, index, leader, arriving);
        }
        for (index, reason, records) in waiting {
            self.watch(from, index, Some((reason, records)), arriving);
        }
    }

    /// When the dealing may change, at or after `at`.
    fn next_boundary(&mut self, at: Instant) -> Instant {
        match &mut self.last_mut().split {
            Split::Keyed(keyed) => keyed.next_boundary(at),
            Split::RoundRobin(_) | Split::Sticky(_) => at,
        }
    }

    /// The rate changes at `at`, or at the moment that comes back.
    pub(super) fn change_rate(&mut self, at: Instant, arriving: &mut Arriving) -> Instant {
        if let Split::Sticky(sticky) = &mut self.last_mut().split {
            sticky.change_rate(at, arriving);
        }
        self.next_boundary(at)
    }

    /// Whether the producer knows a leader of a partition.
    pub(super) fn knows_leader(&self, index: u32) -> bool {
        self.leaderless.binary_search(&index).is_err()
    }

    /// The producer hears at `at` that a partition has a leader, or none.
    pub(super) fn hear(&mut self, at: Instant, index: u32, leads: bool, arriving: &mut Arriving) {
        match (self.leaderless.binary_search(&index), leads) {
            (Ok(place), true) => _ = self.leaderless.remove(place),
            (Err(place), false) => self.leaderless.insert(place, index),
            _ => return,
        }
        self.choose_among_led(at, arriving);
    }

    fn choose_among_led(&mut self, at: Instant, arriving: &mut Arriving) {
        let all = 0..self.last().partitions as u32;
        let mut available: Vec<u32> =
            all.clone().filter(|&index| self.knows_leader(index)).collect();
        let is_led = !available.is_empty();
        if !is_led {
            available = all.collect();
        }
        match &mut self.last_mut().split {
            Split::RoundRobin(round_robin) => round_robin.go_around(arriving.count(at), &available),
            Split::Sticky(sticky) => sticky.choose_among(at, &available, is_led, arriving),
            // A key has its partition, whoever leads it.
            Split::Keyed(_) => {}
        }
    }

    fn watched(&self, index: u32) -> Option<Watched> {
        match &self.last().split {
            Split::Sticky(sticky) => sticky.watched(index),
            Split::RoundRobin(_) | Split::Keyed(_) => None,
        }
    }

    /// From `at` on so many records of a partition queue, and those that follow; `None`: they leave at
    /// once.
    pub(super) fn watch(
        &mut self,
        at: Instant,
        index: u32,
        queued: Option<(Reason, u64)>,
        arriving: &mut Arriving,
    ) {
        let dealing = self.last_mut();
        if u64::from(index) >= dealing.partitions {
            return;
        }
        let Split::Sticky(sticky) = &mut dealing.split else { return };
        let watched = queued.map(|(reason, records)| {
            let total = arriving.count(at);
            let left = sticky.count(index, total, arriving).saturating_sub(records);
            Watched { reason, at, left }
        });
        sticky.watch(at, index, watched, arriving);
    }

    /// From `at` on this broker takes the records of a partition. Whether that is news.
    pub(super) fn led_by(
        &mut self,
        at: Instant,
        index: u32,
        leader: BrokerId,
        arriving: &mut Arriving,
    ) -> bool {
        let is_news = self.leaders.insert(index, leader) != Some(leader);
        self.tell_leader(at, index, leader, arriving);
        is_news
    }

    fn tell_leader(&mut self, at: Instant, index: u32, leader: BrokerId, arriving: &mut Arriving) {
        let dealing = self.last_mut();
        if u64::from(index) < dealing.partitions
            && let Split::Sticky(sticky) = &mut dealing.split
        {
            sticky.led_by(at, index, leader, arriving);
        }
    }

    /// Records of partition `index` at `at`.
    pub(super) fn count(&mut self, index: u32, at: Instant, arriving: &mut Arriving) -> u64 {
        if let [only] = &mut self.all[..] {
            return only.dealt(index, at, arriving);
        }
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
            Split::RoundRobin(round_robin) => round_robin.share(index),
            Split::Sticky(sticky) => sticky.share(index),
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
        let all = self.split.count(index, at, arriving);
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
            Split::RoundRobin(round_robin) => {
                let record = round_robin.nth(index, nth)?;
                arriving.nth(record, horizon)
            }
            Split::Sticky(sticky) => {
                let last = arriving.count(horizon);
                let record = sticky.nth(index, nth, last, arriving)?;
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
            Partitioner::RoundRobin => Split::RoundRobin(RoundRobin::new(setup.partitions)),
            _ if setup.partitions == 1 => Split::RoundRobin(RoundRobin::new(1)),
            Partitioner::Sticky => Split::Sticky(Box::new(Sticky::new(setup, stream()))),
            Partitioner::Keyed { count, skew } => {
                Split::Keyed(Box::new(Keyed::new(setup, count, skew, stream())))
            }
        }
    }

    /// Records of partition `index` at `at`, if it had dealt from the beginning.
    fn count(&mut self, index: u32, at: Instant, arriving: &mut Arriving) -> u64 {
        let total = arriving.count(at);
        match self {
            Split::RoundRobin(round_robin) => round_robin.count(index, total),
            Split::Sticky(sticky) => sticky.count(index, total, arriving),
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
