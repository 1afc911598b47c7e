//! The integral of a rate, in whole numbers: how many records a rate owes at a moment.

use crate::kernel::factor::Factor;
use crate::kernel::rate::Rate;
use crate::kernel::time::{Instant, Span, first_moment};
use crate::model::workload::RateStep;

/// Twice the units of rate × µs in one record: doubled, so that the area of a ramp is whole.
const PER_RECORD: u128 = 2 * Rate::PER_EVENT;

/// Records over time: the area under a rate that is constant or moves linearly, piece by piece.
#[derive(Clone, Debug)]
pub struct Curve {
    profile: Vec<RateStep>,
    share: u64,
    start: Instant,
    pieces: Vec<Piece>,
}

/// A new rate.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Change {
    /// This rate.
    To(Rate),
    /// The profile's rate times this.
    Times(Factor),
    /// The profile's rate.
    Profile,
}

/// From `from` on the rate moves from `before` to `after` within `ramp` and stays there.
#[derive(Clone, Copy, Debug)]
struct Piece {
    from: Instant,
    /// Doubled area up to `from`.
    area: u128,
    before: u64,
    after: u64,
    ramp: u64,
}

impl Piece {
    /// Doubled area up to `at`, not before `from`.
    fn area(&self, at: Instant) -> u128 {
        let x = at.since(self.from).as_us();
        let (before, after) = (u128::from(self.before), u128::from(self.after));
        let (wide, ramp) = (u128::from(x), u128::from(self.ramp));
        if x >= self.ramp {
            return self.area + (before + after) * ramp + 2 * after * (wide - ramp);
        }
        let bend = wide * wide * before.abs_diff(after) / ramp;
        let straight = self.area + 2 * before * wide;
        if after >= before { straight + bend } else { straight - bend }
    }

    fn rate(&self, at: Instant) -> u64 {
        let x = at.since(self.from).as_us();
        if x >= self.ramp {
            return self.after;
        }
        let moved = u128::from(self.before.abs_diff(self.after)) * u128::from(x);
        let moved = (moved / u128::from(self.ramp)) as u64;
        if self.after >= self.before { self.before + moved } else { self.before - moved }
    }
}

impl Curve {
    /// The curve of the `index`th of `count` producers that share a profile. Their records
    /// interleave: together they are as even as one producer at the whole rate.
    pub fn new(profile: &[RateStep], start: Instant, index: u32, count: u32) -> Self {
        let share = u64::from(count);
        let first = Piece {
            from: start,
            area: PER_RECORD * u128::from(count - 1 - index) / u128::from(count),
            before: 0,
            after: 0,
            ramp: 0,
        };
        let mut curve = Curve { profile: profile.to_vec(), share, start, pieces: vec![first] };
        curve.append_profile(start, Factor::ONE);
        curve
    }

    /// Follows the profile from `from` on.
    fn append_profile(&mut self, from: Instant, factor: Factor) {
        let scale = |rate: Rate| factor.times(rate.units()) / self.share;
        let mut pieces: Vec<Piece> = Vec::new();
        let mut before = 0;
        for step in &self.profile {
            let after = scale(step.rate);
            pieces.push(Piece {
                from: step.at,
                area: 0,
                before: if step.ramp.is_zero() { after } else { before },
                after,
                ramp: step.ramp.as_us(),
            });
            before = after;
        }
        // A step cuts the ramp of the one before it short.
        for next in 1..pieces.len() {
            let (at, ramp) = (pieces[next].from, pieces[next].ramp);
            if ramp > 0 {
                pieces[next].before = pieces[next - 1].rate(at);
            }
        }
        let current = pieces.iter().rposition(|piece| piece.from <= from);
        for piece in pieces.into_iter().skip(current.unwrap_or(0)) {
            let mut piece = piece;
            if piece.from < from {
                let gone = from.since(piece.from).as_us();
                piece.before = piece.rate(from);
                piece.ramp = piece.ramp.saturating_sub(gone);
                piece.from = from;
            }
            self.push(piece);
        }
    }

    fn push(&mut self, mut piece: Piece) {
        piece.area = self.area(piece.from);
        if self.pieces.last().is_some_and(|last| last.from == piece.from) {
            self.pieces.pop();
        }
        self.pieces.push(piece);
    }

    fn area(&self, at: Instant) -> u128 {
        let next = self.pieces.partition_point(|piece| piece.from <= at);
        match next.checked_sub(1) {
            Some(current) => self.pieces[current].area(at),
            None => self.pieces[0].area,
        }
    }

    /// The rate at `at`.
    pub fn rate(&self, at: Instant) -> Rate {
        let next = self.pieces.partition_point(|piece| piece.from <= at);
        let current = next.checked_sub(1).map(|current| self.pieces[current].rate(at));
        Rate::from_units(current.unwrap_or(0))
    }

    /// The highest rate from `at` on.
    pub fn fastest(&self, at: Instant) -> Rate {
        let next = self.pieces.partition_point(|piece| piece.from <= at);
        let from = &self.pieces[next.saturating_sub(1)..];
        let units = from.iter().map(|piece| piece.before.max(piece.after)).max();
        Rate::from_units(units.unwrap_or(0))
    }

    /// Until when the rate stays what it is at `at`; `at` itself while it moves.
    pub fn steady_until(&self, at: Instant) -> Instant {
        let next = self.pieces.partition_point(|piece| piece.from <= at);
        let current = next.checked_sub(1).map(|current| &self.pieces[current]);
        if current.is_some_and(|piece| at.since(piece.from).as_us() < piece.ramp) {
            return at;
        }
        self.pieces.get(next).map_or(Instant::NEVER, |piece| piece.from)
    }

    /// Records owed at `at`.
    pub fn count(&self, at: Instant) -> u64 {
        (self.area(at) / PER_RECORD) as u64
    }

    /// Records owed between two moments, with their fraction.
    pub fn mean_between(&self, from: Instant, to: Instant) -> f64 {
        (self.area(to) - self.area(from)) as f64 / PER_RECORD as f64
    }

    /// The first moment at which `nth` records are owed; `None`: not before `horizon`.
    pub fn nth(&self, nth: u64, horizon: Instant) -> Option<Instant> {
        let wanted = u128::from(nth) * PER_RECORD;
        let next = self.pieces.partition_point(|piece| piece.area < wanted);
        let piece = &self.pieces[next.checked_sub(1)?];
        let ramp_end = piece.from + Span::from_us(piece.ramp);
        let flat = piece.area(ramp_end);
        let at = if wanted > flat {
            let rate = 2 * u128::from(piece.after);
            if rate == 0 {
                return None;
            }
            let us = (wanted - flat).div_ceil(rate);
            ramp_end.saturating_add(Span::from_us(u64::try_from(us).unwrap_or(u64::MAX)))
        } else {
            first_moment(piece.from, ramp_end, |at| piece.area(at) >= wanted)
        };
        (at <= horizon).then_some(at)
    }

    /// Changes the rate from `at` on.
    pub fn change(&mut self, at: Instant, change: Change) {
        let at = at.max(self.start);
        let cut = self.pieces.partition_point(|piece| piece.from <= at);
        self.pieces.truncate(cut.max(1));
        match change {
            Change::To(rate) => {
                let rate = rate.units() / self.share;
                self.push(Piece { from: at, area: 0, before: rate, after: rate, ramp: 0 });
            }
            Change::Times(factor) => self.append_profile(at, factor),
            Change::Profile => self.append_profile(at, Factor::ONE),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FOREVER: Instant = Instant::from_secs(1_000_000);

    fn step(at: u64, rate: u64, ramp: u64) -> RateStep {
        RateStep {
            at: Instant::from_secs(at),
            rate: Rate::per_second(rate),
            ramp: Span::from_secs(ramp),
        }
    }

    #[test]
    fn the_first_record_comes_one_gap_after_the_start() {
        let curve = Curve::new(&[step(0, 200, 0)], Instant::from_secs(1), 0, 1);
        assert_eq!(curve.nth(1, FOREVER), Some(Instant::from_us(1_005_000)));
        assert_eq!(curve.count(Instant::from_us(1_004_999)), 0);
        assert_eq!(curve.count(Instant::from_us(1_005_000)), 1);
    }

    #[test]
    fn shared_rates_interleave() {
        let shares: Vec<Curve> =
            (0..3).map(|i| Curve::new(&[step(0, 300, 0)], Instant::ZERO, i, 3)).collect();
        let whole = Curve::new(&[step(0, 300, 0)], Instant::ZERO, 0, 1);
        for us in (0..100_000).step_by(777) {
            let at = Instant::from_us(us);
            assert_eq!(shares.iter().map(|c| c.count(at)).sum::<u64>(), whole.count(at), "{at}");
        }
    }

    #[test]
    fn a_ramp_adds_its_triangle() {
        let curve = Curve::new(&[step(0, 100, 0), step(60, 900, 20)], Instant::ZERO, 0, 1);
        assert_eq!(curve.count(Instant::from_secs(60)), 6_000);
        assert_eq!(curve.count(Instant::from_secs(80)), 6_000 + 10_000);
        assert_eq!(curve.count(Instant::from_secs(81)), 16_900);
    }

    #[test]
    fn a_rate_is_steady_but_for_ramps() {
        let curve = Curve::new(&[step(0, 100, 0), step(60, 900, 20)], Instant::ZERO, 0, 1);
        let until = |at| curve.steady_until(Instant::from_secs(at));
        assert_eq!([until(0), until(59)], [Instant::from_secs(60); 2]);
        assert_eq!([until(60), until(79)], [60, 79].map(Instant::from_secs));
        assert_eq!(until(80), Instant::NEVER);
    }

    #[test]
    fn nth_is_where_count_gets_there() {
        let profile = [step(0, 100, 5), step(20, 3, 4), step(40, 0, 0), step(50, 7_000, 0)];
        let mut curve = Curve::new(&profile, Instant::from_secs(2), 0, 1);
        curve.change(Instant::from_secs(30), Change::Times(Factor::from_millionths(2_500_000)));
        for nth in [1, 2, 3, 100, 1_499, 1_500, 1_531, 1_560, 1_700, 90_000] {
            let at = curve.nth(nth, FOREVER).unwrap();
            let before = Instant::from_us(at.as_us() - 1);
            assert!(curve.count(at) >= nth && curve.count(before) < nth, "{nth} at {at}");
        }
    }

    #[test]
    fn a_change_keeps_what_is_owed() {
        let mut curve = Curve::new(&[step(0, 10, 0)], Instant::ZERO, 0, 1);
        curve.change(Instant::from_us(1_250_000), Change::To(Rate::per_second(1_000)));
        curve.change(Instant::from_us(2_250_000), Change::Profile);
        assert_eq!(curve.count(Instant::from_us(1_250_000)), 12);
        assert_eq!(curve.count(Instant::from_us(2_250_000)), 1_012);
        assert_eq!(curve.count(Instant::from_us(3_250_000)), 1_022);
    }
}
