//! Ranges of offsets, each with a cause.

use super::cause::Cause;

/// Disjoint ranges [from, to), ascending, each with its cause.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Marks(Vec<(u64, u64, Cause)>);

impl Marks {
    /// From now on [from, to) has this cause, whatever it had before.
    pub(super) fn set(&mut self, from: u64, to: u64, cause: Cause) {
        if from >= to {
            return;
        }
        self.clear(from, to);
        let at = self.0.partition_point(|range| range.0 < from);
        self.0.insert(at, (from, to, cause));
    }

    /// [from, to) has no cause any more.
    pub(super) fn clear(&mut self, from: u64, to: u64) {
        if from >= to || self.0.last().is_none_or(|last| last.1 <= from) {
            return;
        }
        let first = self.0.partition_point(|range| range.1 <= from);
        let after = self.0.partition_point(|range| range.0 < to);
        if first >= after {
            return;
        }
        let (begins, _, before) = self.0[first];
        let (_, ends, behind) = self.0[after - 1];
        let rest = [(begins, from, before), (to, ends, behind)];
        self.0.splice(first..after, rest.into_iter().filter(|range| range.0 < range.1));
    }

    /// [from, to) in pieces, each with its cause or without one.
    pub(super) fn pieces(&self, from: u64, to: u64) -> Vec<(u64, u64, Option<Cause>)> {
        let mut pieces = Vec::new();
        let mut at = from;
        let first = self.0.partition_point(|range| range.1 <= from);
        for &(begins, ends, cause) in self.0[first..].iter().take_while(|range| range.0 < to) {
            if at < begins {
                pieces.push((at, begins, None));
            }
            pieces.push((at.max(begins), ends.min(to), Some(cause)));
            at = ends.min(to);
        }
        if at < to {
            pieces.push((at, to, None));
        }
        pieces
    }

    /// Takes out what lies at `from` and beyond.
    pub(super) fn split_off(&mut self, from: u64) -> Marks {
        let beyond = self.pieces(from, u64::MAX);
        self.clear(from, u64::MAX);
        let marked =
            |(begins, ends, cause): (u64, u64, Option<Cause>)| Some((begins, ends, cause?));
        Marks(beyond.into_iter().filter_map(marked).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::super::cause::How;
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn behave_as_a_map_of_numbers(
            steps in prop::collection::vec((0usize..6, 0u64..40, 0u64..12), 1..40)
        ) {
            let (mut marks, mut map) = (Marks::default(), BTreeMap::new());
            for (event, from, length) in steps {
                let to = from + length;
                if event == 5 {
                    marks.clear(from, to);
                    map.retain(|offset, _| !(from..to).contains(offset));
                } else {
                    let cause = Cause { event: Some(event), how: How::Crash };
                    marks.set(from, to, cause);
                    map.extend((from..to).map(|offset| (offset, cause)));
                }
                let pieces = marks.pieces(3, 50);
                prop_assert_eq!(pieces.first().map(|piece| piece.0), Some(3));
                prop_assert!(pieces.windows(2).all(|pair| pair[0].1 == pair[1].0));
                for (begins, ends, cause) in pieces {
                    for offset in begins..ends {
                        prop_assert_eq!(map.get(&offset).copied(), cause);
                    }
                }
            }
            let beyond = marks.clone().split_off(20);
            let expected = marks.pieces(20, 60).into_iter().filter(|piece| piece.2.is_some());
            prop_assert_eq!(beyond.0, expected.map(|(a, b, c)| (a, b, c.unwrap())).collect::<Vec<_>>());
        }
    }
}
