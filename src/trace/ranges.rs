//! Sets of offsets as ranges.

/// A set of offsets: disjoint ranges [from, to), ascending, none touching the next.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RangeSet {
    ranges: Vec<(u64, u64)>,
}

impl RangeSet {
    /// Adds [from, to) and tells how many of its offsets were there before.
    pub fn insert(&mut self, from: u64, to: u64) -> u64 {
        if from >= to {
            return 0;
        }
        // Nearly always the next records after the last ones.
        if let Some(last) = self.ranges.last_mut()
            && from >= last.1
        {
            if from == last.1 {
                last.1 = to;
            } else {
                self.ranges.push((from, to));
            }
            return 0;
        }
        let first = self.ranges.partition_point(|range| range.1 < from);
        let after = self.ranges.partition_point(|range| range.0 <= to);
        let overlap = |range: &(u64, u64)| range.1.min(to).saturating_sub(range.0.max(from));
        let known = self.ranges[first..after].iter().map(overlap).sum();
        let from = self.ranges.get(first).map_or(from, |range| range.0.min(from));
        let to = self.ranges[..after].last().map_or(to, |range| range.1.max(to));
        self.ranges.splice(first..after, [(from, to)]);
        known
    }

    /// Takes [from, to) out.
    pub fn remove(&mut self, from: u64, to: u64) {
        if from >= to {
            return;
        }
        let first = self.ranges.partition_point(|range| range.1 <= from);
        let after = self.ranges.partition_point(|range| range.0 < to);
        if first >= after {
            return;
        }
        let left = (self.ranges[first].0, from);
        let right = (to, self.ranges[after - 1].1);
        let rest = [left, right].into_iter().filter(|range| range.0 < range.1);
        self.ranges.splice(first..after, rest);
    }

    /// Those of its offsets that lie in [from, to), as ranges.
    pub fn overlap(&self, from: u64, to: u64) -> Vec<(u64, u64)> {
        if self.end() <= from {
            return Vec::new();
        }
        let first = self.ranges.partition_point(|range| range.1 <= from);
        let within = self.ranges[first..].iter().take_while(|range| range.0 < to);
        within.map(|range| (range.0.max(from), range.1.min(to))).collect()
    }

    /// Takes out what lies at `from` and beyond.
    pub fn split_off(&mut self, from: u64) -> RangeSet {
        let ranges = self.overlap(from, u64::MAX);
        self.remove(from, u64::MAX);
        RangeSet { ranges }
    }

    /// How many offsets it holds.
    pub fn len(&self) -> u64 {
        self.ranges.iter().map(|range| range.1 - range.0).sum()
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// One beyond its largest offset.
    pub fn end(&self) -> u64 {
        self.ranges.last().map_or(0, |range| range.1)
    }

    /// Its ranges, ascending.
    pub fn iter(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.ranges.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn behaves_as_a_set_of_numbers(
            steps in prop::collection::vec((any::<bool>(), 0u64..40, 0u64..12), 1..40)
        ) {
            let (mut ranges, mut set) = (RangeSet::default(), BTreeSet::new());
            for (add, from, length) in steps {
                let offsets = from..from + length;
                if add {
                    let known = offsets.clone().filter(|o| set.contains(o)).count() as u64;
                    let overlap = ranges.overlap(from, from + length);
                    prop_assert_eq!(overlap.iter().map(|(a, b)| b - a).sum::<u64>(), known);
                    prop_assert_eq!(ranges.insert(from, from + length), known);
                    set.extend(offsets);
                } else {
                    ranges.remove(from, from + length);
                    set.retain(|o| !offsets.contains(o));
                }
                prop_assert_eq!(ranges.iter().flat_map(|(a, b)| a..b).collect::<BTreeSet<_>>(), set.clone());
                prop_assert!(ranges.ranges.windows(2).all(|pair| pair[0].1 < pair[1].0));
                prop_assert_eq!(ranges.len(), set.len() as u64);
                let (mut below, beyond) = (ranges.clone(), set.range(20..).copied());
                let split = below.split_off(20);
                prop_assert_eq!(split.iter().flat_map(|(a, b)| a..b).collect::<Vec<_>>(), beyond.collect::<Vec<_>>());
                prop_assert_eq!(below.len() + split.len(), ranges.len());
            }
        }
    }
}
