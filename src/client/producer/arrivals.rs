//! When a producer's records come: evenly, or as a Poisson process on a grid of slots.

use super::Setup;
use super::curve::{Change, Curve};
use crate::kernel::counts::poisson;
use crate::kernel::random::Stream;
use crate::kernel::rate::Rate;
use crate::kernel::time::{Instant, Span, first_moment};
use crate::model::workload::Arrivals;

/// Random arrivals are drawn for slots of this length: their number exactly, their places inside
/// the slot by a fixed rule.
const SLOT: Span = Span::from_ms(20);
/// Slots of a run at most: longer runs have longer slots.
const MAX_SLOTS: u64 = 4_000_000;
/// 64-bit numbers that a slot may draw.
const DRAWS_PER_SLOT: u64 = 1 << 12;

/// Records over time.
#[derive(Debug)]
pub struct Arriving {
    curve: Curve,
    stop: Instant,
    start: Instant,
    tick: Span,
    random: Option<Slots>,
}

/// A Poisson process, slot by slot.
#[derive(Debug)]
struct Slots {
    stream: Stream,
    length: Span,
    /// Records up to the end of each slot drawn so far, and the place of the first one in it.
    drawn: Vec<(u64, u32)>,
}

impl Arriving {
    pub(super) fn new(curve: Curve, setup: &Setup, stream: Stream) -> Self {
        let length = SLOT.as_us().max(setup.duration.as_us() / MAX_SLOTS);
        let slots = Slots { stream, length: Span::from_us(length), drawn: Vec::new() };
        Arriving {
            curve,
            stop: setup.stop,
            start: setup.start,
            tick: setup.tick,
            random: (setup.arrivals == Arrivals::Poisson).then_some(slots),
        }
    }

    /// What a producer with a tick has sent at `at` is what it owed at its last tick.
    fn sent_until(&self, at: Instant) -> Instant {
        let at = at.min(self.stop);
        match self.tick.as_us() {
            0 => at,
            tick => self.start + Span::from_us(at.since(self.start).as_us() / tick * tick),
        }
    }

    /// The rate at `at`.
    pub(super) fn rate(&self, at: Instant) -> Rate {
        if at < self.stop { self.curve.rate(at) } else { Rate::default() }
    }

    /// The highest rate from `at` on.
    pub(super) fn fastest(&self, at: Instant) -> Rate {
        self.curve.fastest(at)
    }

    /// Until when the rate stays what it is at `at`.
    pub(super) fn steady_until(&self, at: Instant) -> Instant {
        self.curve.steady_until(at)
    }

    /// Records at `at`.
    pub fn count(&mut self, at: Instant) -> u64 {
        let at = self.sent_until(at);
        match &mut self.random {
            None => self.curve.count(at),
            Some(slots) => slots.count(at, &self.curve),
        }
    }

    /// When the `nth` record comes, if not after `horizon`.
    pub fn nth(&mut self, nth: u64, horizon: Instant) -> Option<Instant> {
        let last = horizon.min(self.stop);
        let at = match &mut self.random {
            None => self.curve.nth(nth, last),
            Some(slots) => slots.nth(nth, last, &self.curve),
        }?;
        let sent = match self.tick.as_us() {
            0 => at,
            tick => self.start + Span::from_us(at.since(self.start).as_us().div_ceil(tick) * tick),
        };
        (sent <= last).then_some(sent)
    }

    /// Changes the rate from `at` on; of a Poisson process from the next slot on.
    pub(super) fn change_rate(&mut self, at: Instant, change: Change) {
        let at = match &mut self.random {
            None => at,
            Some(slots) => slots.next_boundary(at),
        };
        self.curve.change(at, change);
    }
}

impl Slots {
    fn boundary(&self, slot: usize) -> Instant {
        Instant::ZERO + self.length * slot as u64
    }

    /// The end of the slot that holds `at`; what was drawn beyond it is forgotten.
    fn next_boundary(&mut self, at: Instant) -> Instant {
        let boundary = at.round_up(self.length);
        self.drawn.truncate((boundary.as_us() / self.length.as_us()) as usize);
        boundary
    }

    fn draw(&mut self, curve: &Curve) {
        let slot = self.drawn.len();
        let mean = curve.mean_between(self.boundary(slot), self.boundary(slot + 1));
        let before = self.drawn.last().map_or(0, |&(total, _)| total);
        if mean <= 0.0 {
            return self.drawn.push((before, 0));
        }
        self.stream.set_position(slot as u64 * DRAWS_PER_SLOT);
        let n = poisson(mean, &mut self.stream);
        let place = self.stream.next_u64() as u32;
        self.drawn.push((before + n, place));
    }

    /// The place of the `k`th of `n` records in a slot (k from 0): evenly, the first anywhere in
    /// the first nth of the slot. A single record is anywhere in it, as in a Poisson process.
    fn place(&self, slot: usize, k: u64, n: u64, first: u32) -> Instant {
        let wide = (u128::from(k) << 32) + u128::from(first);
        let us = wide * u128::from(self.length.as_us()) / (u128::from(n) << 32);
        self.boundary(slot) + Span::from_us(us as u64)
    }

    fn count(&mut self, at: Instant, curve: &Curve) -> u64 {
        let slot = (at.as_us() / self.length.as_us()) as usize;
        while self.drawn.len() <= slot {
            self.draw(curve);
        }
        let before = if slot == 0 { 0 } else { self.drawn[slot - 1].0 };
        let (total, place) = self.drawn[slot];
        let n = total - before;
        let came = |k: u64| self.place(slot, k, n, place) <= at;
        // Records are placed in order: count those that have come by bisection.
        let (mut low, mut high) = (0, n);
        while low < high {
            let middle = low + (high - low) / 2;
            if came(middle) { low = middle + 1 } else { high = middle }
        }
        before + low
    }

    fn nth(&mut self, nth: u64, last: Instant, curve: &Curve) -> Option<Instant> {
        while self.drawn.last().is_none_or(|&(total, _)| total < nth) {
            if self.boundary(self.drawn.len()) > last {
                return None;
            }
            self.draw(curve);
        }
        let slot = self.drawn.partition_point(|&(total, _)| total < nth);
        let before = if slot == 0 { 0 } else { self.drawn[slot - 1].0 };
        let (total, place) = self.drawn[slot];
        Some(self.place(slot, nth - 1 - before, total - before, place))
    }
}

/// The first moment in (from, to] at which a producer has sent `nth` records.
pub(super) fn first_count(
    arriving: &mut Arriving,
    nth: u64,
    from: Instant,
    to: Instant,
) -> Instant {
    first_moment(from, to, |at| arriving.count(at) >= nth)
}
