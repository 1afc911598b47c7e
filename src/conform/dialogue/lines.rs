//! Two structures, laid out line by line, as a small diff.

use crate::conform::difference::{Line, Side};
use std::fmt::Debug;

/// So many equal lines are shown around what differs.
const CONTEXT: usize = 2;
/// So many lines are shown at most.
const SHOWN: usize = 60;
/// Beyond so many pairs of lines the longest common sequence costs too much.
const PAIRS: usize = 4_000_000;

/// The lines that tell two structures apart, with some equal ones around them.
pub(super) fn diff<T: Debug>(kafka: Option<&T>, rejoin: Option<&T>) -> Vec<Line> {
    let (kafka, rejoin) = (laid_out(kafka), laid_out(rejoin));
    let (kafka, rejoin): (Vec<&str>, Vec<&str>) =
        (kafka.lines().collect(), rejoin.lines().collect());
    shown(&edits(&kafka, &rejoin))
}

fn laid_out<T: Debug>(what: Option<&T>) -> String {
    what.map_or_else(|| "nothing more".to_owned(), |what| format!("{what:#?}"))
}

/// All lines of both, each once.
fn edits<'a>(kafka: &[&'a str], rejoin: &[&'a str]) -> Vec<(Side, &'a str)> {
    let before = kafka.iter().zip(rejoin).take_while(|(a, b)| a == b).count();
    let (kafka_rest, rejoin_rest) = (&kafka[before..], &rejoin[before..]);
    let ends = kafka_rest.iter().rev().zip(rejoin_rest.iter().rev());
    let after = ends.take_while(|(a, b)| a == b).count();
    let a = &kafka_rest[..kafka_rest.len() - after];
    let b = &rejoin_rest[..rejoin_rest.len() - after];
    let both = |line: &&'a str| (Side::Both, *line);
    let mut edits: Vec<_> = kafka[..before].iter().map(both).collect();
    edits.extend(middle(a, b));
    edits.extend(kafka_rest[a.len()..].iter().map(both));
    edits
}

/// The lines of two texts along their longest common sequence.
fn middle<'a>(a: &[&'a str], b: &[&'a str]) -> Vec<(Side, &'a str)> {
    let width = b.len() + 1;
    // longest[i * width + j]: the longest common sequence of a from i on and b from j on.
    let mut longest =
        vec![0_u32; if a.len() * b.len() <= PAIRS { (a.len() + 1) * width } else { 0 }];
    if !longest.is_empty() {
        for i in (0..a.len()).rev() {
            for j in (0..b.len()).rev() {
                longest[i * width + j] = if a[i] == b[j] {
                    longest[(i + 1) * width + j + 1] + 1
                } else {
                    longest[(i + 1) * width + j].max(longest[i * width + j + 1])
                };
            }
        }
    }
    let at = |i: usize, j: usize| longest.get(i * width + j).copied().unwrap_or(0);
    let (mut i, mut j, mut edits) = (0, 0, Vec::new());
    while i < a.len() || j < b.len() {
        if i < a.len() && j < b.len() && a[i] == b[j] {
            edits.push((Side::Both, a[i]));
            (i, j) = (i + 1, j + 1);
        } else if i < a.len() && (j == b.len() || at(i + 1, j) >= at(i, j + 1)) {
            edits.push((Side::Kafka, a[i]));
            i += 1;
        } else {
            edits.push((Side::Rejoin, b[j]));
            j += 1;
        }
    }
    edits
}

/// What differs, with its surroundings.
fn shown(edits: &[(Side, &str)]) -> Vec<Line> {
    let differs: Vec<usize> =
        (0..edits.len()).filter(|&place| edits[place].0 != Side::Both).collect();
    let mut lines = Vec::new();
    let mut next = 0;
    for place in differs {
        let from = place.saturating_sub(CONTEXT).max(next);
        let to = (place + CONTEXT + 1).min(edits.len());
        if from > next {
            lines.push(Line { of: Side::Both, text: "…".to_owned() });
        }
        for &(of, text) in edits.get(from..to).unwrap_or_default() {
            lines.push(Line { of, text: text.to_owned() });
        }
        next = next.max(to);
        if lines.len() > SHOWN {
            lines.truncate(SHOWN);
            lines.push(Line { of: Side::Both, text: "… and more".to_owned() });
            break;
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(kafka: &[u32], rejoin: &[u32]) -> Vec<String> {
        let lines = diff(Some(&kafka), Some(&rejoin));
        lines.iter().map(|line| format!("{}{}", line.of.mark(), line.text.trim())).collect()
    }

    #[test]
    fn only_what_differs_and_its_surroundings() {
        let kafka: Vec<u32> = (0..20).collect();
        let mut rejoin = kafka.clone();
        rejoin[9] = 99;
        assert_eq!(told(&kafka, &rejoin), [" …", " 7,", " 8,", "-9,", "+99,", " 10,", " 11,"]);
        rejoin.remove(3);
        rejoin[8] = 9;
        assert_eq!(told(&kafka, &rejoin), [" …", " 1,", " 2,", "-3,", " 4,", " 5,"]);
    }

    #[test]
    fn one_side_may_have_nothing() {
        let lines = diff(Some(&1), None);
        let texts: Vec<_> = lines.iter().map(|line| (line.of, &*line.text)).collect();
        assert_eq!(texts, [(Side::Kafka, "1"), (Side::Rejoin, "nothing more")]);
    }

    #[test]
    fn much_is_cut() {
        let (kafka, rejoin): (Vec<u32>, Vec<u32>) = ((0..300).collect(), (500..800).collect());
        assert_eq!(told(&kafka, &rejoin).len(), SHOWN + 1);
    }
}
