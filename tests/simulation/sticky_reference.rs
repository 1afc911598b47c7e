//! The arithmetic of the sticky partitioner against a small simulation of Kafka's producer, record by
//! record: `RecordAccumulator`, `BuiltInPartitioner` and the passes of `Sender`, with nothing left out that
//! decides where records go. The simulation in turn is held to what Kafka 4.3.1's own accumulator and
//! partitioner did in the same cases (200 seeds).

use rejoin::client::producer::{Producer, Setup, Why};
use rejoin::kernel::random::{Purpose, Stream, Streams};
use rejoin::kernel::rate::Rate;
use rejoin::kernel::time::{Instant, Span};
use rejoin::model::config::ProducerConfig;
use rejoin::model::id::BrokerId;
use rejoin::model::workload::{Arrivals, Partitioner, RateStep};
use std::collections::VecDeque;

const SIZE: u64 = 1_000;
const BATCH_SIZE: u64 = 16_384;
const OVERHEAD: u64 = 61;
const LINGER: u64 = 5_000;
const IN_FLIGHT: usize = 5;
/// A healthy broker answers after so many microseconds.
const TRIP: u64 = 2_000;

/// What is wrong with the first broker, from the beginning of the measured time on.
#[derive(Clone, Copy, Debug)]
enum Trouble {
    None,
    /// Connections to it fail.
    Dead,
    /// It takes what may be in flight, and answers nothing.
    Silent,
    /// It answers after so many microseconds.
    Late(u64),
}

/// Six partitions on three brokers, the first two on the first one.
struct Case {
    rate: u64,
    trouble: Trouble,
    adaptive: bool,
    /// `partitioner.availability.timeout.ms`
    availability: u64,
    seconds: u64,
}

const PARTITIONS: usize = 6;

fn broker(partition: usize) -> usize {
    partition / 2
}

#[derive(Default)]
struct Batch {
    bytes: u64,
    created: u64,
    closed: bool,
}

#[derive(Default)]
struct Node {
    /// When requests in flight are answered.
    in_flight: VecDeque<u64>,
    ready: u64,
    drained: Option<u64>,
}

/// Kafka's producer.
struct Kafka<'a> {
    case: &'a Case,
    draws: Stream,
    /// `None`: no batch of it has ever been made.
    queues: [Option<VecDeque<Batch>>; PARTITIONS],
    nodes: [Node; 3],
    current: usize,
    produced: u64,
    /// Partitions and their weights one upon the other.
    stats: Option<Vec<(usize, u64)>>,
    records: [u64; PARTITIONS],
    runs: u64,
    trouble_from: u64,
}

impl Kafka<'_> {
    fn next_partition(&mut self) {
        self.runs += 1;
        self.produced = 0;
        let stats = self.stats.as_ref();
        self.current = match stats {
            None => self.draws.below(PARTITIONS as u64) as usize,
            Some(table) => {
                let drawn = self.draws.below(table.last().unwrap().1);
                table.iter().find(|&&(_, upto)| upto > drawn).unwrap().0
            }
        };
    }

    fn all_full(&self) -> bool {
        let queue = self.queues[self.current].as_ref();
        let last = queue.and_then(|queue| queue.back());
        last.is_none_or(|batch| batch.closed || batch.bytes >= BATCH_SIZE)
    }

    fn append(&mut self, now: u64) {
        loop {
            if self.all_full() && self.produced >= BATCH_SIZE {
                self.next_partition();
                continue;
            }
            let queue = self.queues[self.current].get_or_insert_default();
            let mut is_new = false;
            match queue.back_mut() {
                Some(last) if !last.closed && last.bytes + SIZE <= BATCH_SIZE => last.bytes += SIZE,
                last => {
                    if let Some(last) = last {
                        last.closed = true;
                        if self.produced >= BATCH_SIZE {
                            continue;
                        }
                    }
                    queue.push_back(Batch { bytes: OVERHEAD + SIZE, created: now, closed: false });
                    self.produced += OVERHEAD;
                    is_new = true;
                }
            }
            self.records[self.current] += 1;
            self.produced += SIZE;
            if self.produced >= BATCH_SIZE && self.all_full() || self.produced >= 2 * BATCH_SIZE {
                self.next_partition();
            }
            if is_new || self.all_full() {
                self.send(now);
            }
            return;
        }
    }

    fn trouble(&self, node: usize, now: u64) -> Trouble {
        let strikes = node == 0 && now >= self.trouble_from;
        if strikes { self.case.trouble } else { Trouble::None }
    }

    /// Passes of the sender, until nobody is ready who can be sent to. When it has to look again.
    fn send(&mut self, now: u64) -> u64 {
        for node in &mut self.nodes {
            while node.in_flight.front().is_some_and(|&at| at <= now) {
                node.in_flight.pop_front();
            }
        }
        loop {
            let (ready, next) = self.ready(now);
            let mut drained = false;
            for node in ready {
                let trouble = self.trouble(node, now);
                let state = &mut self.nodes[node];
                state.ready = now;
                let open = state.in_flight.len() < IN_FLIGHT && !matches!(trouble, Trouble::Dead);
                if !open {
                    state.drained.get_or_insert(now);
                    continue;
                }
                state.drained = Some(now);
                let answered = match trouble {
                    Trouble::Late(trip) => now + trip,
                    Trouble::Silent => u64::MAX,
                    _ => now + TRIP,
                };
                state.in_flight.push_back(answered);
                for index in (0..PARTITIONS).filter(|&index| broker(index) == node) {
                    self.queues[index].as_mut().and_then(VecDeque::pop_front);
                }
                drained = true;
            }
            if !drained {
                let answers = self.nodes.iter().filter_map(|node| node.in_flight.front().copied());
                return answers.min().unwrap_or(u64::MAX).min(next);
            }
        }
    }

    /// Brokers that somebody has something for, and when a linger ends. Weighs queues.
    fn ready(&mut self, now: u64) -> (Vec<usize>, u64) {
        let counts = self.case.adaptive && self.queues.iter().all(Option::is_some);
        let (mut sizes, mut ids, mut length) = ([0; PARTITIONS], [0; PARTITIONS], 0);
        let (mut ready, mut next) = (Vec::new(), u64::MAX);
        for (index, queue) in self.queues.iter().enumerate() {
            let Some(queue) = queue else { continue };
            ids[length] = index;
            length += 1;
            let Some(first) = queue.front() else { continue };
            sizes[length - 1] = queue.len() as u64;
            let node = &self.nodes[broker(index)];
            let (limit, drained) = (self.case.availability, node.drained.unwrap_or(node.ready));
            if limit > 0 && node.ready - drained > limit * 1_000 {
                length -= 1;
            }
            let is_full = queue.len() > 1 || first.closed || first.bytes >= BATCH_SIZE;
            if is_full || now >= first.created + LINGER {
                if !ready.contains(&broker(index)) {
                    ready.push(broker(index));
                }
            } else {
                next = next.min(first.created + LINGER);
            }
        }
        let longest = sizes[..length].iter().copied().max();
        let alike = sizes[..length].iter().all(|&size| Some(size) == longest);
        self.stats =
            longest.filter(|_| counts && !(alike && length == PARTITIONS)).map(|longest| {
                let mut upto = 0;
                let weigh = |(&id, &size)| {
                    upto += longest + 1 - size;
                    (id, upto)
                };
                ids[..length].iter().zip(&sizes[..length]).map(weigh).collect()
            });
        (ready, next)
    }
}

/// Records for each partition in the measured time, and how many make a run.
fn kafka(case: &Case, seed: u64) -> ([u64; PARTITIONS], f64) {
    let mut kafka = Kafka {
        case,
        draws: Streams::new(seed).stream("reference", Purpose("partitioner")),
        queues: Default::default(),
        nodes: Default::default(),
        current: 0,
        produced: 0,
        stats: None,
        records: [0; PARTITIONS],
        runs: 0,
        trouble_from: WARM * 1_000_000,
    };
    kafka.next_partition();
    let mut wakes = u64::MAX;
    let mut before = None;
    let total = case.rate * (WARM + case.seconds);
    for record in 1..=total {
        let now = record * 1_000_000 / case.rate;
        while wakes <= now {
            let at = wakes;
            wakes = kafka.send(at).max(at + 1);
        }
        if now > kafka.trouble_from && before.is_none() {
            before = Some((kafka.records, kafka.runs));
        }
        kafka.append(now);
        wakes = kafka.send(now).max(now + 1);
    }
    let (records, runs) = before.unwrap();
    let mut measured = kafka.records;
    for (after, before) in measured.iter_mut().zip(records) {
        *after -= before;
    }
    (measured, measured.iter().sum::<u64>() as f64 / (kafka.runs - runs) as f64)
}

/// Time before the trouble: every partition gets a batch.
const WARM: u64 = 5;

/// The same by arithmetic.
fn arithmetic(case: &Case, seed: u64) -> [u64; PARTITIONS] {
    let config = ProducerConfig {
        adaptive_partitioning: case.adaptive,
        availability_timeout: Span::from_ms(case.availability),
        ..ProducerConfig::default()
    };
    let rate = Rate::per_second(case.rate);
    let setup = Setup {
        name: "reference".to_owned(),
        profile: vec![RateStep { at: Instant::ZERO, rate, ramp: Span::ZERO }],
        arrivals: Arrivals::Constant,
        partitioner: Partitioner::Sticky,
        start: Instant::ZERO,
        stop: Instant::NEVER,
        tick: Span::ZERO,
        index: 0,
        count: 1,
        config,
        record_size: SIZE,
        partitions: PARTITIONS as u32,
        duration: Span::from_secs(WARM + case.seconds),
    };
    let mut producer = Producer::new(&setup, Streams::new(seed));
    let way = Span::from_us(TRIP / 2);
    let leader = |index: u32| BrokerId(broker(index as usize) as u32 + 1);
    for index in 0..PARTITIONS as u32 {
        producer.flow(index, Instant::ZERO, (way, None), leader(index));
    }
    let (from, to) = (Instant::from_secs(WARM), Instant::from_secs(WARM + case.seconds));
    for index in [0, 1] {
        let why = match case.trouble {
            Trouble::None => continue,
            Trouble::Late(trip) => {
                let trip = Span::from_us(trip);
                producer.flow(
                    index,
                    from,
                    (Span::from_us(trip.as_us() / 2), Some(trip)),
                    leader(index),
                );
                continue;
            }
            Trouble::Dead => Why::Refused,
            Trouble::Silent => Why::Silent(BrokerId(1)),
        };
        producer.hold(index, from, why, Some(BrokerId(1)), from);
    }
    [0, 1, 2, 3, 4, 5].map(|index| producer.count(index, to) - producer.count(index, from))
}

/// Shares of the first broker's partitions, of the third and of the others, over many seeds.
fn shares(mut counts: impl FnMut(u64) -> [u64; PARTITIONS]) -> [f64; 3] {
    let mut sums = [0.0; 3];
    for seed in 0..SEEDS {
        let counts = counts(seed);
        let all = counts.iter().sum::<u64>() as f64;
        let groups = [&counts[..2], &counts[2..3], &counts[3..]];
        for (sum, group) in sums.iter_mut().zip(groups) {
            *sum += group.iter().sum::<u64>() as f64 / all / SEEDS as f64;
        }
    }
    sums
}

const SEEDS: u64 = 20;

/// Whether our shares agree with the simulation's, and those with Kafka's own: within this part of the
/// smaller one, or a thousandth of all.
#[track_caller]
fn agree(case: &Case, tolerance: f64, own: [f64; 3]) {
    let reference = shares(|seed| kafka(case, seed).0);
    close(case, "Kafka's", own, reference, tolerance);
    close(case, "ours", reference, shares(|seed| arithmetic(case, seed)), tolerance);
}

#[track_caller]
fn close(case: &Case, whose: &str, expected: [f64; 3], seen: [f64; 3], tolerance: f64) {
    for (expected, seen) in expected.into_iter().zip(seen) {
        let off = (expected - seen).abs();
        assert!(
            off <= (tolerance * expected.min(seen)).max(0.001),
            "{whose}: {expected} and {seen}: {:?}",
            case.trouble
        );
    }
}

fn case(rate: u64, trouble: Trouble, seconds: u64) -> Case {
    Case { rate, trouble, adaptive: true, availability: 0, seconds }
}

#[test]
fn brokers_that_are_equally_fast_get_the_same() {
    agree(&case(3_000, Trouble::None, 20), 0.03, [0.3333, 0.1667, 0.5]);
}

#[test]
fn a_dead_broker_gets_what_its_queues_leave_it() {
    agree(&case(3_000, Trouble::Dead, 8), 0.04, [0.0450, 0.2400, 0.7150]);
    agree(&case(10_000, Trouble::Dead, 10), 0.04, [0.0234, 0.2439, 0.7327]);
}

#[test]
fn a_silent_broker_too() {
    agree(&case(5_000, Trouble::Silent, 20), 0.04, [0.0248, 0.2432, 0.7320]);
}

#[test]
fn a_broker_that_is_unavailable_hands_its_queue_to_the_next() {
    let case = Case { availability: 1_000, ..case(3_000, Trouble::Dead, 20) };
    agree(&case, 0.08, [0.0058, 0.0378, 0.9564]);
}

#[test]
fn a_late_broker_gets_what_it_can_take() {
    agree(&case(3_000, Trouble::Late(500_000), 20), 0.04, [0.1094, 0.2229, 0.6677]);
    agree(&case(10_000, Trouble::Late(1_000_000), 10), 0.04, [0.0307, 0.2423, 0.7270]);
    agree(&case(10_000, Trouble::Late(100_000), 10), 0.04, [0.1575, 0.2107, 0.6318]);
}

/// Its batches stay open until they are full, and so runs to it are longer than others.
#[test]
fn without_weights_a_late_broker_gets_a_little_more() {
    let case = Case { adaptive: false, ..case(3_000, Trouble::Late(500_000), 30) };
    agree(&case, 0.03, [0.3478, 0.1630, 0.4892]);
}

/// What `client/producer/run_length.rs` says of these rates, as are Kafka's own. A fast producer that turns
/// to another partition of the same broker sends its first record along with the full batch: some runs are
/// shorter.
#[test]
fn runs_are_as_long_as_kafkas() {
    let runs = [(10, 16.0, 0.01), (300, 16.0, 0.01), (1_000, 20.0, 0.01), (2_000, 20.0, 0.01)];
    for (rate, ours, tolerance) in
        runs.into_iter().chain([(3_000, 30.0, 0.01), (10_000, 29.5, 0.02)])
    {
        let case = case(rate, Trouble::None, 10 + 2_000 / rate);
        let theirs = kafka(&case, 1).1;
        assert!((theirs / ours - 1.0).abs() < tolerance, "{rate}/s: {theirs}");
    }
}
