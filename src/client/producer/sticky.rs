//! The built-in sticky partitioner (KIP-794): runs of records into one partition, the next one at
//! random among those that have a leader, less often where batches wait (`queues.rs`).
//!
//! Runs are as long as [`RunLength`] says, longer to a broker that takes no batch before it is full;
//! those of a fast producer are drawn several together. Which partition a run goes to is decided when it begins; what changes at a moment
//! changes the runs that begin after it.

use super::Setup;
use super::arrivals::Arriving;
use super::queues::{Dealt, Neighbours, Queues, Watched};
use super::run_length::{Lengths, RunLength};
use super::runs::Runs;
use crate::kernel::random::Stream;
use crate::kernel::rate::Rate;
use crate::kernel::time::{Instant, Span};
use crate::model::id::BrokerId;

/// 64-bit numbers that are drawn between two changes at most.
const DRAWS_PER_CHANGE: u64 = 1 << 36;

/// Which partition each run of records goes to.
#[derive(Debug)]
pub(super) struct Sticky {
    stream: Stream,
    length: RunLength,
    queues: Queues,
    /// Stretches of runs that are equally long.
    eras: Vec<Era>,
    runs: Runs,
    /// The rate stays as it is until so many records have come.
    steady_until: u64,
    /// How often something has changed that decides where runs go.
    changes: u64,
    horizon: Instant,
}

/// Runs of the same lengths.
#[derive(Debug)]
struct Era {
    /// The first one.
    run: u32,
    /// Records before it.
    record: u64,
    /// Records of each.
    lengths: Lengths,
    /// Partitions that get longer ones, ascending.
    long: Vec<u32>,
    /// By partition: runs and records before it. Empty: none.
    before: Vec<(u32, u64)>,
}

impl Era {
    fn before(&self, index: u32) -> (u32, u64) {
        self.before.get(index as usize).copied().unwrap_or_default()
    }

    /// Records of a run of a partition.
    fn length(&self, index: u32) -> u64 {
        let is_long = self.long.binary_search(&index).is_ok();
        if is_long { self.lengths.held_up } else { self.lengths.usual }
    }

    /// Records before a run of it.
    fn start_of(&self, run: u32, runs: &mut Runs) -> u64 {
        let long = |&index: &u32| runs.before(index, run) as u64 - u64::from(self.before(index).0);
        let long: u64 = self.long.iter().map(long).sum();
        let usual = u64::from(run - self.run) - long;
        self.record + usual * self.lengths.usual + long * self.lengths.held_up
    }

    /// The first run of it that has `total` records or more before it; what follows the run that is drawn
    /// next is the furthest that is known.
    fn begun(&self, total: u64, runs: &mut Runs) -> u32 {
        if self.long.is_empty() {
            return self.run + (total - self.record).div_ceil(self.lengths.usual) as u32;
        }
        let (mut low, mut high) = (self.run, runs.drawn + 1);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.start_of(middle, runs) < total { low = middle + 1 } else { high = middle }
        }
        low
    }

    /// Records of a partition in its first `runs` runs.
    fn records(&self, index: u32, runs: usize) -> u64 {
        let (before, records) = self.before(index);
        records + (runs as u64 - u64::from(before)) * self.length(index)
    }
}

impl Sticky {
    pub(super) fn new(setup: &Setup, stream: Stream) -> Self {
        let length = RunLength::new(&setup.config, setup.record_size, setup.tick);
        let partitions = setup.partitions as usize;
        let lengths = length.at(Rate::default(), Neighbours::default());
        let first = Era { run: 0, record: 0, lengths, long: vec![], before: vec![] };
        Sticky {
            stream,
            length,
            queues: Queues::new(&setup.config, setup.record_size, setup.partitions),
            eras: vec![first],
            runs: Runs::new(partitions),
            steady_until: 0,
            changes: 0,
            horizon: Instant::ZERO + setup.duration,
        }
    }

    fn era(&self) -> &Era {
        self.eras.last().expect("there is a first era")
    }

    /// Records before the next run that is drawn.
    fn next_start(&mut self) -> u64 {
        let drawn = self.runs.drawn;
        let era = self.eras.last().expect("there is a first era");
        era.start_of(drawn, &mut self.runs)
    }

    fn draw(&mut self, arriving: &mut Arriving) {
        let start = self.next_start();
        if start >= self.steady_until {
            self.measure(start, arriving);
        }
        let next = if self.queues.is_calm() || self.runs.all_had_one.is_none() {
            self.queues.any(&mut self.stream)
        } else {
            self.choose(start, arriving)
        };
        self.runs.push(next);
    }

    /// Runs from `start` on are as long as the rate there makes them.
    fn measure(&mut self, start: u64, arriving: &mut Arriving) {
        let Some(at) = arriving.nth(start + 1, self.horizon) else {
            self.steady_until = u64::MAX;
            return;
        };
        let rate = arriving.rate(at);
        let long = self.queues.held_up(rate);
        let lengths = self.length.at(rate, self.queues.neighbours(&long));
        self.steady_until = match arriving.steady_until(at) {
            Instant::NEVER => u64::MAX,
            until => arriving.count(until.min(self.horizon)),
        };
        if lengths != self.era().lengths || long != self.era().long {
            let of = |index: usize| self.runs.of[index].len();
            let last = self.era();
            let before = |index: usize| (of(index) as u32, last.records(index as u32, of(index)));
            let before = (0..self.runs.of.len()).map(before).collect();
            let run = self.runs.drawn;
            if last.run == run {
                self.eras.pop();
            }
            self.eras.push(Era { run, record: start, lengths, long, before });
        }
    }

    /// The partition of a run that begins after `start` records, by the queues of that moment.
    fn choose(&mut self, start: u64, arriving: &mut Arriving) -> u32 {
        let Some(at) = arriving.nth(start + 1, self.horizon) else {
            return self.queues.any(&mut self.stream);
        };
        let mut dealt = DealtSoFar { at, eras: &self.eras, runs: &mut self.runs, arriving };
        self.queues.choose(at, &mut dealt, &mut self.stream)
    }

    /// Records in partition `index` of the first `total`.
    pub(super) fn count(&mut self, index: u32, total: u64, arriving: &mut Arriving) -> u64 {
        while self.next_start() <= total {
            self.draw(arriving);
        }
        count(&self.eras, &mut self.runs, index, total)
    }

    /// Which record of the producer (from 1) is the `nth` of partition `index`; `None`: none of
    /// the first `last`.
    pub(super) fn nth(
        &mut self,
        index: u32,
        nth: u64,
        last: u64,
        arriving: &mut Arriving,
    ) -> Option<u64> {
        let runs = |sticky: &Self| sticky.runs.of[index as usize].len();
        while self.era().records(index, runs(self)) < nth {
            if self.next_start() > last {
                return None;
            }
            self.draw(arriving);
        }
        let next = self.eras.partition_point(|era| era.before(index).1 < nth);
        let era = &self.eras[next - 1];
        let (runs, records) = era.before(index);
        let length = era.length(index);
        let (run, place) = ((nth - 1 - records) / length, (nth - 1 - records) % length);
        let run = self.runs.of[index as usize][(u64::from(runs) + run) as usize];
        Some(era.start_of(run, &mut self.runs) + place + 1)
    }

    /// What is said of queues or leaders after so many records holds for runs that begin later. Others
    /// are drawn by then and stay.
    fn change(&mut self, total: u64, arriving: &mut Arriving) {
        while self.next_start() < total {
            self.draw(arriving);
        }
        while self.eras.len() > 1 && self.era().record >= total {
            let run = self.era().run;
            self.runs.truncate(run.min(self.runs.drawn));
            self.eras.pop();
        }
        let era = self.eras.last().expect("there is a first era");
        let begun = era.begun(total.max(era.record), &mut self.runs);
        self.runs.truncate(begun);
        self.steady_until = 0;
        self.queues.forget();
        self.changes += 1;
        self.stream.set_position(self.changes * DRAWS_PER_CHANGE);
    }

    /// From `at` on the rate is another one.
    pub(super) fn change_rate(&mut self, at: Instant, arriving: &mut Arriving) {
        let total = arriving.count(at);
        self.change(total, arriving);
    }

    /// From `at` on it chooses among these partitions.
    pub(super) fn choose_among(
        &mut self,
        at: Instant,
        available: &[u32],
        is_led: bool,
        arriving: &mut Arriving,
    ) {
        let total = arriving.count(at);
        self.change(total, arriving);
        self.queues.choose_among(available, is_led);
    }

    /// From `at` on the records of a partition wait, or wait no more.
    pub(super) fn watch(
        &mut self,
        at: Instant,
        index: u32,
        watched: Option<Watched>,
        arriving: &mut Arriving,
    ) {
        if self.queues.watched(index) != watched {
            let total = arriving.count(at);
            self.change(total, arriving);
            self.queues.watch(index, watched);
        }
    }

    /// From `at` on this broker takes the records of a partition.
    pub(super) fn led_by(
        &mut self,
        at: Instant,
        index: u32,
        leader: BrokerId,
        arriving: &mut Arriving,
    ) {
        if self.queues.led_by(index, leader) {
            let total = arriving.count(at);
            self.change(total, arriving);
        }
    }

    /// Why the records of a partition wait, as it knows.
    pub(super) fn watched(&self, index: u32) -> Option<Watched> {
        self.queues.watched(index)
    }

    /// The share of all records that a partition gets in the long run, if all brokers are equally fast.
    pub(super) fn share(&self, index: u32) -> f64 {
        self.queues.share(index)
    }
}

/// Records in partition `index` of the first `total`, all of which are drawn.
fn count(eras: &[Era], runs: &mut Runs, index: u32, total: u64) -> u64 {
    let last = &eras[eras.len() - 1];
    let era = if last.record <= total {
        last
    } else {
        &eras[eras.partition_point(|era| era.record <= total) - 1]
    };
    // The run that the next record belongs to.
    let open = era.begun(total + 1, runs) - 1;
    let whole = runs.before(index, open);
    let is_open = runs.of[index as usize].get(whole) == Some(&open);
    era.records(index, whole) + if is_open { total - era.start_of(open, runs) } else { 0 }
}

/// Records of partitions when a run begins.
struct DealtSoFar<'a> {
    at: Instant,
    eras: &'a [Era],
    runs: &'a mut Runs,
    arriving: &'a mut Arriving,
}

impl Dealt for DealtSoFar<'_> {
    fn now(&mut self, index: u32) -> u64 {
        let era = &self.eras[self.eras.len() - 1];
        era.records(index, self.runs.of[index as usize].len())
    }

    fn ago(&mut self, index: u32, span: Span) -> u64 {
        let then = Instant::from_us(self.at.as_us().saturating_sub(span.as_us()));
        let total = self.arriving.count(then);
        count(self.eras, self.runs, index, total)
    }

    fn run(&mut self, index: u32, nth: usize) -> Option<(Instant, u64)> {
        let run = *self.runs.of[index as usize].get(nth)?;
        let era = &self.eras[self.eras.partition_point(|era| era.run <= run) - 1];
        let at = self.arriving.nth(era.start_of(run, self.runs) + 1, Instant::NEVER)?;
        Some((at, era.length(index)))
    }

    fn begun_by(&mut self, index: u32, at: Instant) -> (usize, u64) {
        let total = self.arriving.count(at);
        let era = &self.eras[self.eras.partition_point(|era| era.record <= total) - 1];
        let begun = era.begun(total, self.runs);
        let runs = self.runs.before(index, begun);
        (runs, era.records(index, runs))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::producer::curve::Curve;
    use crate::client::producer::queues::Reason;
    use crate::client::producer::tests::setup;
    use crate::kernel::random::{Purpose, Streams};
    use crate::model::config::ProducerConfig;
    use crate::model::workload::RateStep;

    fn stream(name: &str) -> Stream {
        Streams::new(4).stream(name, Purpose("test"))
    }

    /// A producer that becomes faster, in steps and slowly, and its records.
    fn growing() -> (Sticky, Arriving) {
        let step = |at, rate, ramp| RateStep {
            at: Instant::from_secs(at),
            rate: Rate::per_second(rate),
            ramp: Span::from_secs(ramp),
        };
        let profile = vec![step(0, 200, 0), step(2, 2_000, 0), step(4, 9_000, 2)];
        let config = ProducerConfig::default();
        let setup = Setup { profile, config, ..setup(3) };
        let curve = Curve::new(&setup.profile, setup.start, 0, 1);
        let arriving = Arriving::new(curve, &setup, stream("arrivals"));
        (Sticky::new(&setup, stream("shop")), arriving)
    }

    #[test]
    fn who_looks_where_changes_nothing() {
        let ((mut sticky, mut arriving), (mut other, _)) = (growing(), growing());
        for total in (0..20_000).step_by(37) {
            // Far back, far ahead, and close by.
            for total in [total / 7, 20_000 - total, total] {
                for index in 0..3 {
                    let counted = sticky.count(index, total, &mut arriving);
                    assert_eq!(counted, walk(&mut other, index, total, &mut arriving));
                }
            }
        }
        let lengths: Vec<u64> = sticky.eras.iter().map(|era| era.lengths.usual).collect();
        assert_eq!(lengths, [16, 20, 22, 24, 26, 28, 30, 32]);
    }

    /// The same by walking through all runs.
    fn walk(sticky: &mut Sticky, index: u32, total: u64, arriving: &mut Arriving) -> u64 {
        while sticky.next_start() <= total {
            sticky.draw(arriving);
        }
        let (mut sum, mut start) = (0, 0);
        for run in 0..sticky.runs.drawn {
            let era = sticky.eras.iter().rfind(|era| era.run <= run).unwrap();
            let of = (0..3).find(|&of| sticky.runs.of[of as usize].contains(&run));
            let length = era.length(of.unwrap());
            if of == Some(index) {
                sum += total.saturating_sub(start).min(length);
            }
            start += length;
        }
        sum
    }

    #[test]
    fn nth_is_where_count_gets_there() {
        let (mut sticky, mut arriving) = growing();
        sticky.choose_among(Instant::from_secs(3), &[0, 2], true, &mut arriving);
        for nth in (1..4_000).step_by(61) {
            let record = sticky.nth(2, nth, 20_000, &mut arriving).unwrap();
            assert_eq!(sticky.count(2, record, &mut arriving), nth);
            assert_eq!(sticky.count(2, record - 1, &mut arriving), nth - 1);
        }
    }

    #[test]
    fn a_change_leaves_what_has_begun_whoever_has_looked_ahead() {
        let ((mut ahead, mut arriving), (mut lazy, _)) = (growing(), growing());
        let at = Instant::from_ms(4_500);
        let total = arriving.count(at);
        let counts = |sticky: &mut Sticky, arriving: &mut Arriving, total| {
            [0, 1, 2].map(|index| sticky.count(index, total, arriving))
        };
        let before = counts(&mut ahead, &mut arriving, total);
        counts(&mut ahead, &mut arriving, 30_000);
        for sticky in [&mut ahead, &mut lazy] {
            sticky.choose_among(at, &[1, 2], true, &mut arriving);
        }
        assert_eq!(counts(&mut ahead, &mut arriving, total), before);
        for total in (0..30_000).step_by(501) {
            let seen = counts(&mut ahead, &mut arriving, total);
            assert_eq!(seen, counts(&mut lazy, &mut arriving, total), "{total}");
            assert_eq!(seen.iter().sum::<u64>(), total);
        }
        // It gets the rest of a run, and nothing more.
        assert!(ahead.count(0, 30_000, &mut arriving) <= before[0] + 32);
    }

    #[test]
    fn a_queue_that_grows_gets_less_and_less() {
        let (mut sticky, mut arriving) = growing();
        let at = Instant::from_secs(6);
        let total = arriving.count(at);
        let left = sticky.count(1, total, &mut arriving);
        let patience = Span::from_secs(120);
        let reason = Reason::Waits { since: at, patience, is_away: true, silent: None };
        let watched = Watched { reason, at, left };
        sticky.watch(at, 1, Some(watched), &mut arriving);
        let mut got = |total: u64| sticky.count(1, total, &mut arriving) - left;
        let (first, second) = (got(total + 16_000), got(total + 32_000));
        // Queues of others are empty: with q batches it weighs 1 against twice q + 1, and a run of 32
        // records makes two more of them. So q² + 3q is twice the number of runs: q is 30 after 500.
        assert!((380..580).contains(&first), "{first}");
        assert!(second - first < first, "{first}, then {second}");
    }
}
