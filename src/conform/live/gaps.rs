//! Gaps between moments.

/// The longest time between two moments that follow each other.
pub(super) fn longest(moments: &[f64]) -> Option<f64> {
    moments.windows(2).map(|pair| pair[1] - pair[0]).max_by(f64::total_cmp)
}

/// The moments from `from` on and before `to`, with the last one before them; `reach`: if it lies no
/// further back than that.
pub(super) fn with_the_one_before(
    moments: &[f64],
    from: f64,
    to: f64,
    reach: Option<f64>,
) -> Vec<f64> {
    let least = reach.map_or(f64::NEG_INFINITY, |reach| from - reach);
    let before = moments.iter().rev().find(|&&at| at < from).filter(|&&at| at >= least);
    let within = moments.iter().filter(|&&at| from <= at && at < to);
    before.into_iter().chain(within).copied().collect()
}

/// The same, and the first one from `to` on.
pub(super) fn with_neighbours(moments: &[f64], from: f64, to: f64, reach: f64) -> Vec<f64> {
    let mut around = with_the_one_before(moments, from, to, Some(reach));
    around.extend(moments.iter().find(|&&at| at >= to));
    around
}

/// The middle one of these; of an even number, the mean of the two in the middle.
pub(super) fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let half = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        n if n % 2 == 1 => Some(sorted[half]),
        _ => Some(f64::midpoint(sorted[half - 1], sorted[half])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_begin_with_the_moment_before() {
        let moments = [1.0, 2.0, 5.0, 6.0, 9.0];
        assert_eq!(with_the_one_before(&moments, 4.0, 9.0, None), [2.0, 5.0, 6.0]);
        assert_eq!(with_the_one_before(&moments, 4.0, 9.0, Some(1.5)), [5.0, 6.0]);
        assert_eq!(with_neighbours(&moments, 1.5, 5.5, 1.0), [1.0, 2.0, 5.0, 6.0]);
        assert_eq!(with_neighbours(&moments, 6.5, 7.0, 1.0), [6.0, 9.0]);
        assert_eq!(with_neighbours(&moments, 8.0, 9.5, 1.0), [9.0]);
        assert_eq!(longest(&[2.0, 5.0, 6.0]), Some(3.0));
        assert_eq!(longest(&[2.0]), None);
        assert_eq!(median(&[4.0, 1.0, 3.0, 2.0]), Some(2.5));
    }
}
