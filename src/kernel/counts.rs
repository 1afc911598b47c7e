//! How often something happens: Poisson and binomial counts, at a cost that does not grow with
//! them.
//!
//! Small means are inverted by a walk along the probabilities from 0. Larger ones use the
//! transformed rejection of W. Hörmann ("The transformed rejection method for generating Poisson
//! random variables", 1993: PTRS; "The generation of binomial random variates", 1993: BTRS): about
//! 1.2 tries of two uniforms. Both are exact but for the rounding of floats. The logarithms of
//! probabilities are those of C. Loader ("Fast and accurate computation of binomial probabilities",
//! 2000), which keep their digits at any mean: the usual differences of log-gammas lose theirs from
//! 10^12 on.

use super::deviate::open_unit;
use super::random::Stream;
use std::f64::consts::TAU;

/// From this mean on rejection is used; both papers prove their bounds from 10 on.
const REJECTION_FROM: f64 = 10.0;

/// How many events happen where `mean` are expected, each on its own.
///
/// # Panics
/// If `mean` is negative or not finite.
pub fn poisson(mean: f64, stream: &mut Stream) -> u64 {
    assert!(mean >= 0.0 && mean.is_finite(), "no Poisson count has mean {mean}");
    if mean < REJECTION_FROM {
        return walk(libm::exp(-mean), stream, |k| mean / k, u64::MAX);
    }
    let b = 0.931 + 2.53 * libm::sqrt(mean);
    let hat = Hat {
        a: -0.059 + 0.024_83 * b,
        b,
        center: mean + 0.43,
        scale: 1.1239 + 1.1328 / (b - 3.4),
        squeeze: 0.9277 - 3.6224 / (b - 2.0),
    };
    reject(&hat, f64::INFINITY, stream, |k| log_poisson(k, mean))
}

/// How many of `n` trials succeed, each with probability `p`. Counts beyond 2^53 keep 53 bits.
///
/// # Panics
/// If `p` is not between 0 and 1.
pub fn binomial(n: u64, p: f64, stream: &mut Stream) -> u64 {
    assert!((0.0..=1.0).contains(&p), "{p} is no probability");
    if p > 0.5 {
        return n - binomial(n, 1.0 - p, stream);
    }
    let (trials, q) = (n as f64, 1.0 - p);
    let mean = trials * p;
    if mean < REJECTION_FROM {
        let odds = p / q;
        return walk(
            libm::exp(trials * libm::log1p(-p)),
            stream,
            |k| (trials - k + 1.0) / k * odds,
            n,
        );
    }
    let deviation = libm::sqrt(mean * q);
    let b = 1.15 + 2.53 * deviation;
    let hat = Hat {
        a: -0.0873 + 0.0248 * b + 0.01 * p,
        b,
        center: mean + 0.5,
        scale: (2.83 + 5.1 / b) * deviation,
        squeeze: 0.92 - 4.2 / b,
    };
    // BTRS measures probabilities by that of the likeliest count.
    let mode = log_binomial(libm::floor((trials + 1.0) * p), trials, p);
    reject(&hat, trials, stream, |k| log_binomial(k, trials, p) - mode).min(n)
}

/// Inversion: the first count whose cumulated probability exceeds a uniform number. `ratio(k)` is
/// the probability of `k` over that of `k - 1`.
fn walk(zero: f64, stream: &mut Stream, ratio: impl Fn(f64) -> f64, most: u64) -> u64 {
    let mut left = open_unit(stream);
    let (mut count, mut probability) = (0, zero);
    // The probabilities, rounded, may sum up to a little less than the uniform number.
    while left > probability && count < most && probability > 0.0 {
        left -= probability;
        count += 1;
        probability *= ratio(count as f64);
    }
    count
}

/// Hörmann's table-mountain hat around a distribution of counts.
struct Hat {
    a: f64,
    b: f64,
    center: f64,
    scale: f64,
    /// Accepted at once below this.
    squeeze: f64,
}

/// Transformed rejection: draws from the hat until a count of 0 to `most` is accepted.
fn reject(hat: &Hat, most: f64, stream: &mut Stream, log_probability: impl Fn(f64) -> f64) -> u64 {
    loop {
        let u = open_unit(stream) - 0.5;
        let v = open_unit(stream);
        let edge = 0.5 - u.abs();
        let k = libm::floor((2.0 * hat.a / edge + hat.b) * u + hat.center);
        if edge >= 0.07 && v <= hat.squeeze {
            return k as u64;
        }
        if k < 0.0 || k > most || (edge < 0.013 && v > edge) {
            continue;
        }
        let height = libm::log(v * hat.scale / (hat.a / (edge * edge) + hat.b));
        if height <= log_probability(k) {
            return k as u64;
        }
    }
}

/// Logarithm of the probability of `k` where `mean` are expected.
fn log_poisson(k: f64, mean: f64) -> f64 {
    if k < 1.0 {
        return -mean;
    }
    -deviance(k, mean) - libm::log(TAU * k) / 2.0 - stirling_error(k)
}

/// Logarithm of the probability that `k` of `n` trials succeed.
fn log_binomial(k: f64, n: f64, p: f64) -> f64 {
    let rest = n - k;
    if k < 1.0 {
        return n * libm::log1p(-p);
    }
    if rest < 1.0 {
        return n * libm::log(p);
    }
    stirling_error(n)
        - stirling_error(k)
        - stirling_error(rest)
        - deviance(k, n * p)
        - deviance(rest, n * (1.0 - p))
        + libm::log(n / (TAU * k * rest)) / 2.0
}

/// `k ln(k / mean) + mean - k`, without loss of digits where `k` is near `mean`.
fn deviance(k: f64, mean: f64) -> f64 {
    let off = (k - mean) / mean;
    mean * ((1.0 + off) * libm::log1p(off) - off)
}

/// `ln k!` less Stirling's formula `(k + 1/2) ln k - k + ln(2 pi) / 2`, for `k` from 1.
fn stirling_error(k: f64) -> f64 {
    if k < 16.0 {
        return libm::lgamma(k + 1.0) - ((k + 0.5) * libm::log(k) - k + libm::log(TAU) / 2.0);
    }
    // The series' next term is below 3e-12 here.
    let square = k * k;
    (1.0 / 12.0 - (1.0 / 360.0 - 1.0 / (1260.0 * square)) / square) / k
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::random::{Purpose, Streams};

    const DRAWS: u32 = 200_000;

    fn stream() -> Stream {
        Streams::new(5).stream("counts", Purpose("test"))
    }

    /// Pearson's chi-squared against the probabilities from their definition, with all counts that
    /// are expected fewer than ten times in one class; it may lie five deviations above its mean.
    fn check_fit(mut draw: impl FnMut(&mut Stream) -> u64, log_probability: impl Fn(f64) -> f64) {
        let mut stream = stream();
        let mut seen = vec![0_u32; 2_000];
        for _ in 0..DRAWS {
            seen[draw(&mut stream) as usize] += 1;
        }
        let (mut squares, mut classes) = (0.0, 0.0);
        let mut rare = (0.0, 0.0);
        for (count, &seen) in seen.iter().enumerate() {
            let seen = f64::from(seen);
            let expected = f64::from(DRAWS) * libm::exp(log_probability(count as f64));
            if expected < 10.0 {
                rare = (rare.0 + seen, rare.1 + expected);
                continue;
            }
            squares += (seen - expected) * (seen - expected) / expected;
            classes += 1.0;
        }
        squares += (rare.0 - rare.1) * (rare.0 - rare.1) / rare.1.max(1.0);
        assert!(squares < classes + 5.0 * libm::sqrt(2.0 * classes), "{squares} in {classes}");
    }

    fn log_factorial(k: f64) -> f64 {
        libm::lgamma(k + 1.0)
    }

    fn log_poisson_by_definition(k: f64, mean: f64) -> f64 {
        k * libm::log(mean) - mean - log_factorial(k)
    }

    fn log_binomial_by_definition(k: f64, n: f64, p: f64) -> f64 {
        if k > n {
            return f64::NEG_INFINITY;
        }
        let choices = log_factorial(n) - log_factorial(k) - log_factorial(n - k);
        choices + k * libm::log(p) + (n - k) * libm::log1p(-p)
    }

    #[test]
    fn probabilities_follow_the_definitions() {
        let check = |a: f64, b: f64| assert!((a - b).abs() < 1e-9, "{a} {b}");
        for mean in [10.0, 15.5, 300.0] {
            for k in [0.0, 1.0, 2.0, 9.0, 15.0, 16.0, 17.0, 40.0, 310.0] {
                check(log_poisson(k, mean), log_poisson_by_definition(k, mean));
            }
        }
        for (n, p) in [(40.0, 0.3), (20.0, 0.5), (5_000.0, 0.01)] {
            for k in [0.0, 1.0, 5.0, 12.0, 16.0, 19.0, 20.0] {
                check(log_binomial(k, n, p), log_binomial_by_definition(k, n, p));
            }
        }
    }

    #[test]
    fn poisson_counts_fit() {
        for mean in [0.02, 1.0, 9.99, 10.0, 11.5, 40.0, 1_000.0] {
            check_fit(|stream| poisson(mean, stream), |k| log_poisson_by_definition(k, mean));
        }
    }

    #[test]
    fn binomial_counts_fit() {
        for (n, p) in
            [(1, 0.5), (6, 0.01), (20, 0.5), (40, 0.3), (40, 0.7), (1_500, 0.006), (1_999, 0.9)]
        {
            check_fit(
                |stream| binomial(n, p, stream),
                |k| log_binomial_by_definition(k, n as f64, p),
            );
        }
    }

    /// Mean, variance and skewness of standardized draws.
    fn standardized(
        mut draw: impl FnMut(&mut Stream) -> u64,
        mean: f64,
        variance: f64,
    ) -> [f64; 3] {
        let mut stream = stream();
        let mut sums = [0.0; 3];
        for _ in 0..DRAWS {
            let z = (draw(&mut stream) as f64 - mean) / libm::sqrt(variance);
            sums = [sums[0] + z, sums[1] + z * z, sums[2] + z * z * z];
        }
        sums.map(|sum| sum / f64::from(DRAWS))
    }

    #[test]
    fn large_counts_keep_their_moments() {
        let check = |[first, second, third]: [f64; 3], skewness: f64| {
            assert!(first.abs() < 0.01, "mean off by {first} deviations");
            assert!((second - 1.0).abs() < 0.015, "variance {second}");
            assert!((third - skewness).abs() < 0.04, "skewness {third}, not {skewness}");
        };
        for mean in [1e4, 1e9, 1e15] {
            let moments = standardized(|stream| poisson(mean, stream), mean, mean);
            check(moments, 1.0 / libm::sqrt(mean));
        }
        for (n, p) in [(1_000_000, 0.01), (1_u64 << 50, 0.5), (1 << 52, 1e-12), (u64::MAX, 1e-3)] {
            let (mean, q) = (n as f64 * p, 1.0 - p);
            let moments = standardized(|stream| binomial(n, p, stream), mean, mean * q);
            check(moments, (q - p) / libm::sqrt(mean * q));
        }
    }

    #[test]
    fn certain_counts_are_certain() {
        let mut stream = stream();
        assert_eq!(poisson(0.0, &mut stream), 0);
        assert_eq!(binomial(0, 0.3, &mut stream), 0);
        assert_eq!(binomial(700, 0.0, &mut stream), 0);
        assert_eq!(binomial(700, 1.0, &mut stream), 700);
        assert!((0..1_000).all(|_| binomial(1, 0.5, &mut stream) <= 1));
    }

    #[test]
    fn counts_are_pinned() {
        let mut stream = stream();
        let poissons = [0.5, 8.0, 30.0, 1e4, 1e12].map(|mean| poisson(mean, &mut stream));
        assert_eq!(poissons, [1, 9, 35, 9_991, 1_000_001_724_637]);
        let binomials = [(9, 0.5), (500, 0.01), (500, 0.2), (1 << 40, 0.75)]
            .map(|(n, p)| binomial(n, p, &mut stream));
        assert_eq!(binomials, [5, 7, 88, 824_633_858_399]);
    }
}
