//! Continuous deviates: the floats that distributions are made of.
//!
//! All functions are `libm`'s, which compute the same bits on every machine; the standard library's
//! need not. A deviate becomes a whole number before anything else sees it.

use super::random::Stream;
use std::f64::consts::TAU;

/// Strictly between 0 and 1, in steps of 2^-52.
pub(super) fn open_unit(stream: &mut Stream) -> f64 {
    const STEP: f64 = 1.0 / (1_u64 << 52) as f64;
    ((stream.next_u64() >> 12) as f64 + 0.5) * STEP
}

/// Exponential with mean 1, by inversion; at most 36.7.
pub(super) fn exponential(stream: &mut Stream) -> f64 {
    -libm::log(open_unit(stream))
}

/// Standard normal (Box and Muller, 1958). Always takes two numbers of the stream.
pub(super) fn normal(stream: &mut Stream) -> f64 {
    let radius = libm::sqrt(2.0 * exponential(stream));
    radius * libm::cos(TAU * open_unit(stream))
}

/// Standard normal on the condition that it lies above `from`, which is not negative (Robert, 1995:
/// rejection from an exponential; takes 1.3 tries at 0, fewer further out).
pub(super) fn normal_above(from: f64, stream: &mut Stream) -> f64 {
    let rate = f64::midpoint(from, libm::sqrt(from * from + 4.0));
    loop {
        let deviate = from + exponential(stream) / rate;
        let off = deviate - rate;
        if exponential(stream) >= off * off / 2.0 {
            return deviate;
        }
    }
}

/// Gamma with this shape, at least 1, and scale 1 (Marsaglia and Tsang, 2000).
pub(super) fn gamma(shape: f64, stream: &mut Stream) -> f64 {
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / libm::sqrt(9.0 * d);
    loop {
        let x = normal(stream);
        let root = 1.0 + c * x;
        if root <= 0.0 {
            continue;
        }
        let v = root * root * root;
        if -exponential(stream) < x * x / 2.0 + d * (1.0 - v + libm::log(v)) {
            return d * v;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::random::{Purpose, Streams};

    /// Mean and variance of 100,000 draws.
    fn moments(mut draw: impl FnMut(&mut Stream) -> f64) -> (f64, f64) {
        let mut stream = Streams::new(11).stream("deviate", Purpose("moments"));
        let n = 100_000.0;
        let (sum, squares) = (0..100_000).fold((0.0, 0.0), |(sum, squares), _| {
            let x = draw(&mut stream);
            (sum + x, squares + x * x)
        });
        (sum / n, squares / n - sum * sum / n / n)
    }

    fn check(draw: impl FnMut(&mut Stream) -> f64, mean: f64, variance: f64) {
        let (m, v) = moments(draw);
        let error = 4.0 * libm::sqrt(variance / 1e5);
        assert!((m - mean).abs() < error, "mean {m}, not {mean}");
        assert!((v / variance - 1.0).abs() < 0.05, "variance {v}, not {variance}");
    }

    #[test]
    fn moments_are_right() {
        check(open_unit, 0.5, 1.0 / 12.0);
        check(exponential, 1.0, 1.0);
        check(normal, 0.0, 1.0);
        for shape in [1.0, 2.0, 10.0, 1e6, 1e12] {
            check(|stream| gamma(shape, stream), shape, shape);
        }
    }

    #[test]
    fn normal_tails_are_those_of_the_normal() {
        for from in [0.0, 0.5, 1.0, 3.0, 8.0] {
            // Density over upper tail, which is the mean of the tail.
            let density = libm::exp(-from * from / 2.0) / libm::sqrt(TAU);
            let mean = density / (libm::erfc(from / libm::sqrt(2.0)) / 2.0);
            let variance = 1.0 + from * mean - mean * mean;
            check(|stream| normal_above(from, stream), mean, variance);
        }
    }
}
