//! Distributions of durations and counts.
//!
//! A draw is computed in floats and rounded once to a whole number, at most `u64::MAX`. A sum of
//! draws can be drawn at a cost that does not grow with their number; it is rounded once, so where
//! single draws are of a few units, their rounding does not add up in it.

mod sum;

use super::deviate::{exponential, gamma, normal};
use super::random::Stream;

/// A distribution over whole numbers: microseconds for durations, units for counts.
#[derive(Clone, PartialEq, Debug)]
pub enum Dist {
    /// Always the same.
    Fixed(u64),
    /// Every whole number of the closed interval is equally likely.
    Uniform(u64, u64),
    /// Exponential with this mean.
    Exponential(u64),
    /// Lognormal with this median and 99th percentile.
    LogNormal {
        /// Half the draws lie below.
        median: u64,
        /// 99 of 100 draws lie below; at least the median.
        p99: u64,
    },
    /// Pareto: never below `min`, tail exponent `shape`.
    Pareto {
        /// The smallest value.
        min: u64,
        /// The tail exponent, above 0; the mean exists above 1.
        shape: f64,
    },
    /// One of these, each equally likely; there is at least one.
    Empirical(Vec<u64>),
}

/// The 99th percentile of the standard normal.
const NORMAL_P99: f64 = 2.326_347_874_040_841;

/// The deviation of the logarithm of a lognormal. A median of 0 leaves nothing to vary.
fn log_deviation(median: u64, p99: u64) -> f64 {
    if median == 0 { 0.0 } else { libm::log(p99 as f64 / median as f64) / NORMAL_P99 }
}

/// To the nearest whole number from 0 to `u64::MAX`.
fn whole(value: f64) -> u64 {
    libm::round(value) as u64
}

impl Dist {
    /// Never anything but zero.
    pub const ZERO: Dist = Dist::Fixed(0);

    /// Whether every draw is zero, so that nothing need be drawn.
    pub fn is_zero(&self) -> bool {
        matches!(self, Dist::Fixed(0))
    }

    /// The mean before rounding; infinite for a Pareto of shape 1 or below.
    pub fn mean(&self) -> f64 {
        match self {
            Dist::Fixed(value) => *value as f64,
            Dist::Uniform(low, high) => f64::midpoint(*low as f64, *high as f64),
            Dist::Exponential(mean) => *mean as f64,
            Dist::LogNormal { median, p99 } => {
                let sigma = log_deviation(*median, *p99);
                *median as f64 * libm::exp(sigma * sigma / 2.0)
            }
            Dist::Pareto { shape, .. } if *shape <= 1.0 => f64::INFINITY,
            Dist::Pareto { min, shape } => *min as f64 * shape / (shape - 1.0),
            Dist::Empirical(values) => {
                values.iter().map(|&value| value as f64).sum::<f64>() / values.len() as f64
            }
        }
    }

    /// One draw.
    pub fn draw(&self, stream: &mut Stream) -> u64 {
        match self {
            Dist::Fixed(value) => *value,
            Dist::Uniform(low, high) => match (high - low).checked_add(1) {
                Some(width) => low + stream.below(width),
                None => stream.next_u64(),
            },
            Dist::Exponential(mean) => whole(*mean as f64 * exponential(stream)),
            Dist::LogNormal { median, p99 } => {
                let sigma = log_deviation(*median, *p99);
                whole(*median as f64 * libm::exp(sigma * normal(stream)))
            }
            Dist::Pareto { min, shape } => {
                whole(*min as f64 * libm::exp(exponential(stream) / shape))
            }
            Dist::Empirical(values) => values[stream.below(values.len() as u64) as usize],
        }
    }

    /// The sum of `n` draws, at most `u64::MAX`, at a cost that does not grow with `n`.
    ///
    /// | variant | how | error |
    /// |---|---|---|
    /// | `Fixed` | `n` times the value | none |
    /// | `Exponential` | gamma of shape `n` | none |
    /// | `Empirical` | how often each value comes: multinomial, as a chain of binomials | none |
    /// | `Uniform` | normal of the same mean, variance and kurtosis | below 0.002 |
    /// | `LogNormal`, `Pareto` | the largest singly, the rest as one deviate | below 0.001 |
    ///
    /// The last three are drawn one by one up to 16 draws. Beyond, the eight or so largest of a
    /// `LogNormal` or `Pareto` still are, and the others are one deviate of their mean, variance and
    /// skewness.
    ///
    /// The error is the largest difference between the distribution function of such a sum and that
    /// of the sum of single draws (Kolmogorov's distance). How it was measured stands with the code.
    /// The cost of `Empirical` grows with the length of the list.
    pub fn draw_sum(&self, n: u64, stream: &mut Stream) -> u64 {
        let drawn_singly = match self {
            Dist::Exponential(_) => 1,
            _ => sum::DRAWN_SINGLY,
        };
        match self {
            Dist::Fixed(value) => value.saturating_mul(n),
            Dist::Empirical(values) => sum::empirical(values, n, stream),
            _ if n <= drawn_singly => {
                (0..n).fold(0, |sum: u64, _| sum.saturating_add(self.draw(stream)))
            }
            Dist::Exponential(mean) => whole(*mean as f64 * gamma(n as f64, stream)),
            Dist::Uniform(low, high) => sum::uniform(*low, *high, n, stream),
            Dist::LogNormal { median, p99 } => {
                sum::log_normal(*median as f64, log_deviation(*median, *p99), n, stream)
            }
            Dist::Pareto { min, shape } => sum::pareto(*min as f64, *shape, n, stream),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::random::{Purpose, Streams};

    fn stream(label: &str) -> Stream {
        Streams::new(3).stream(label, Purpose("dist"))
    }

    fn all() -> [Dist; 8] {
        [
            Dist::Fixed(700),
            Dist::Uniform(1_000, 5_000),
            Dist::Exponential(2_500),
            Dist::LogNormal { median: 2_000, p99: 8_000 },
            Dist::LogNormal { median: 1_000_000, p99: 1_001_000 },
            Dist::Pareto { min: 1_000, shape: 6.0 },
            Dist::Pareto { min: 1_000_000, shape: 400.0 },
            Dist::Empirical(vec![5, 10, 10, 90_000]),
        ]
    }

    /// Variance by its formula.
    fn variance(dist: &Dist) -> f64 {
        let mean = dist.mean();
        match dist {
            Dist::Fixed(_) => 0.0,
            Dist::Uniform(low, high) => {
                let width = (high - low + 1) as f64;
                (width * width - 1.0) / 12.0
            }
            Dist::Exponential(_) => mean * mean,
            Dist::LogNormal { median, p99 } => {
                let sigma = log_deviation(*median, *p99);
                mean * mean * libm::expm1(sigma * sigma)
            }
            Dist::Pareto { shape, .. } => mean * mean / (shape * (shape - 2.0)),
            Dist::Empirical(values) => {
                let squares = values.iter().map(|&value| (value as f64 - mean).powi(2));
                squares.sum::<f64>() / values.len() as f64
            }
        }
    }

    /// Compares mean and variance of `count` draws with what they should be. A mean may be off by
    /// four of its deviations, a variance by 8 %, which is three of its deviations for the Pareto.
    fn check_moments(
        name: &str,
        draw: impl FnMut() -> u64,
        count: usize,
        mean: f64,
        variance: f64,
    ) {
        let n = count as f64;
        let draws: Vec<f64> = std::iter::repeat_with(draw).take(count).map(|x| x as f64).collect();
        let m = draws.iter().sum::<f64>() / n;
        let v = draws.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n;
        // Rounding adds 1/12 at most.
        let error = 4.0 * libm::sqrt(variance / n) + 0.1;
        assert!((m - mean).abs() < error, "{name}: mean {m}, not {mean}");
        assert!(
            (v - variance).abs() < 0.08 * variance + 0.1,
            "{name}: variance {v}, not {variance}"
        );
    }

    #[test]
    fn draws_have_the_right_moments() {
        for dist in all() {
            let name = format!("{dist:?}");
            let mut stream = stream(&name);
            let draw = || dist.draw(&mut stream);
            check_moments(&name, draw, 100_000, dist.mean(), variance(&dist));
        }
    }

    #[test]
    fn sums_have_the_right_moments() {
        for dist in all() {
            for n in [1, 2, 10, 16, 17, 1_000, 1_000_000] {
                let name = format!("{n} x {dist:?}");
                let mut stream = stream(&name);
                let draw = || dist.draw_sum(n, &mut stream);
                let (mean, variance) = (n as f64 * dist.mean(), n as f64 * variance(&dist));
                check_moments(&name, draw, 30_000, mean, variance);
            }
        }
    }

    /// The value that a share of 100,000 draws does not exceed.
    fn quantile(dist: &Dist, share: f64) -> f64 {
        let mut stream = stream("quantile");
        let mut draws: Vec<u64> = (0..100_000).map(|_| dist.draw(&mut stream)).collect();
        draws.sort_unstable();
        draws[(share * 1e5) as usize] as f64
    }

    #[test]
    fn quantiles_are_those_asked_for() {
        let close = |value: f64, wanted: f64| {
            assert!((value / wanted - 1.0).abs() < 0.04, "{value}, not {wanted}");
        };
        let latency = Dist::LogNormal { median: 4_000, p99: 50_000 };
        close(quantile(&latency, 0.5), 4_000.0);
        close(quantile(&latency, 0.99), 50_000.0);
        for shape in [0.8, 1.5, 4.0] {
            let pareto = Dist::Pareto { min: 10_000, shape };
            assert!(quantile(&pareto, 0.0) >= 10_000.0);
            for share in [0.1, 0.5, 0.9] {
                close(quantile(&pareto, share), 10_000.0 * libm::pow(1.0 - share, -1.0 / shape));
            }
        }
    }

    /// Kolmogorov's distance between sums at once and sums of single draws.
    fn distance(dist: &Dist, n: u64, samples: usize) -> f64 {
        let (mut one, mut other) = (stream("at once"), stream("singly"));
        let sorted = |mut sums: Vec<u64>| {
            sums.sort_unstable();
            sums
        };
        let singly = || (0..n).fold(0_u64, |sum, _| sum.saturating_add(dist.draw(&mut other)));
        let singly = sorted(std::iter::repeat_with(singly).take(samples).collect());
        let at_once = sorted((0..samples).map(|_| dist.draw_sum(n, &mut one)).collect());
        let (mut below, mut off) = ((0, 0), 0);
        while below.0 < samples && below.1 < samples {
            let value = singly[below.0].min(at_once[below.1]);
            below.0 += singly[below.0..].iter().take_while(|&&sum| sum == value).count();
            below.1 += at_once[below.1..].iter().take_while(|&&sum| sum == value).count();
            off = off.max(below.0.abs_diff(below.1));
        }
        off as f64 / samples as f64
    }

    #[test]
    fn sums_at_once_are_distributed_as_sums_of_draws() {
        let heavy = [
            Dist::Uniform(0, 1),
            Dist::LogNormal { median: 10_000, p99: 10_000_000 },
            Dist::Pareto { min: 1_000, shape: 0.4 },
            Dist::Pareto { min: 1_000, shape: 1.0 },
            Dist::Pareto { min: 1_000, shape: 2.0 },
            Dist::Pareto { min: 1_000, shape: 3.0 },
        ];
        for dist in all().iter().chain(&heavy) {
            for n in [1, 2, 17, 60] {
                let samples = 10_000;
                // One comparison in a thousand would come out further apart if the two were alike.
                let bound = 1.95 * libm::sqrt(2.0 / samples as f64);
                let distance = distance(dist, n, samples);
                assert!(distance < bound, "{distance} at {n} x {dist:?}");
            }
        }
    }

    #[test]
    fn extremes_stay_whole_numbers() {
        let mut stream = stream("extremes");
        let heaviest = Dist::Pareto { min: 1, shape: 0.001 };
        assert_eq!(heaviest.draw_sum(1_000_000, &mut stream), u64::MAX);
        assert_eq!(Dist::Fixed(u64::MAX).draw_sum(2, &mut stream), u64::MAX);
        let widest = Dist::LogNormal { median: 1, p99: u64::MAX };
        assert!(widest.draw_sum(u64::MAX, &mut stream) > 0);
        assert_eq!(Dist::LogNormal { median: 0, p99: 9 }.draw(&mut stream), 0);
        assert_eq!(Dist::LogNormal { median: 7, p99: 7 }.draw_sum(1_000, &mut stream), 7_000);
        let narrow = Dist::LogNormal { median: 1_000_000_000_000, p99: 1_000_000_000_001 };
        let sum = narrow.draw_sum(1_000, &mut stream);
        assert!(sum.abs_diff(1_000_000_000_000_000) < 200, "{sum}");
        for dist in all() {
            assert_eq!(dist.draw_sum(0, &mut stream), 0, "{dist:?}");
        }
        let any = Dist::Uniform(0, u64::MAX);
        assert_ne!(any.draw(&mut stream), any.draw(&mut stream));
        assert!(Dist::Pareto { min: 5, shape: 1.0 }.mean().is_infinite());
    }

    #[test]
    fn draws_are_pinned() {
        let mut stream = stream("pinned");
        let draws = all().map(|dist| dist.draw(&mut stream));
        assert_eq!(draws, [700, 3_159, 3_210, 1_375, 1_000_114, 1_060, 1_000_102, 10]);
        let sums = all().map(|dist| dist.draw_sum(500, &mut stream));
        let wanted = [
            350_000,
            1_478_913,
            1_308_655,
            1_222_088,
            500_008_107,
            603_461,
            501_259_652,
            11_973_050,
        ];
        assert_eq!(sums, wanted);
    }
}
