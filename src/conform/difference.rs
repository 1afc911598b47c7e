//! What Kafka answered beside what we answered, and why a case cannot be replayed at all.

use serde::Serialize;
use std::fmt;

/// Where this build and Kafka part, the same for cases of every kind.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Difference {
    /// The case: its name and what it shows.
    pub case: String,
    /// Where in the case: the request, the state of the group. Empty if the case is one question.
    pub at: Vec<String>,
    /// What differs, and what a reader needs around it.
    pub lines: Vec<Line>,
}

/// A line of a difference.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Line {
    /// Whose it is.
    pub of: Side,
    /// What it says.
    pub text: String,
}

/// Whose line it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// Both have it.
    Both,
    /// Kafka alone.
    Kafka,
    /// This build alone.
    Rejoin,
}

impl Side {
    /// How a line of this side begins, as in a diff.
    pub const fn mark(self) -> char {
        match self {
            Side::Both => ' ',
            Side::Kafka => '-',
            Side::Rejoin => '+',
        }
    }
}

/// Why a case cannot be replayed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Problem {
    /// The line is not what it should be.
    Malformed(String),
    /// It asks for something that this build does not do.
    Unsupported(String),
}

impl Problem {
    /// A line that is no case of its kind.
    pub(super) fn malformed(error: impl fmt::Display) -> Self {
        Problem::Malformed(error.to_string())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::Malformed(what) => write!(f, "{what}"),
            Problem::Unsupported(what) => write!(f, "this build does not know {what}"),
        }
    }
}

/// So many pairs of lines of a case are shown.
const SHOWN: usize = 8;

/// The lines of a case, collected pair by pair.
#[derive(Debug, Default)]
pub(super) struct Pairs {
    lines: Vec<Line>,
    different: usize,
}

impl Pairs {
    /// Compares two texts about one thing.
    pub(super) fn compare(&mut self, what: &str, kafka: &str, rejoin: &str) {
        if kafka != rejoin {
            self.add(what, kafka, rejoin);
        }
    }

    /// Compares two lists about one thing; of long ones it shows the part around the first
    /// difference.
    pub(super) fn lists<T: PartialEq>(
        &mut self,
        what: &str,
        kafka: &[T],
        rejoin: &[T],
        text: impl Fn(&T) -> String,
    ) {
        if kafka != rejoin {
            let equal = kafka.iter().zip(rejoin).take_while(|(a, b)| a == b).count();
            self.add(what, &around(kafka, equal, &text), &around(rejoin, equal, &text));
        }
    }

    /// Adds two texts about one thing that differ.
    pub(super) fn add(&mut self, what: &str, kafka: &str, rejoin: &str) {
        self.different += 1;
        if self.different <= SHOWN {
            for (of, told) in [(Side::Kafka, kafka), (Side::Rejoin, rejoin)] {
                self.lines.push(Line { of, text: format!("{what}: {told}") });
            }
        }
    }

    /// The difference of a case with this name and note, if there is one.
    pub(super) fn difference(mut self, id: &str, note: &str) -> Option<Difference> {
        if self.different > SHOWN {
            let text = format!("… and {} more", self.different - SHOWN);
            self.lines.push(Line { of: Side::Both, text });
        }
        let case = named(id, note);
        (self.different > 0).then(|| Difference { case, at: Vec::new(), lines: self.lines })
    }
}

/// A case's name and what it shows, as far as it has them.
pub(super) fn named(id: &str, note: &str) -> String {
    let parts = [id, note].into_iter().filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join(" · ")
}

/// So much of a long list is shown from the place on where it differs.
const AROUND: usize = 12;

/// The part of a list that begins a little before a place.
fn around<T>(list: &[T], place: usize, text: impl Fn(&T) -> String) -> String {
    if list.is_empty() {
        return "nothing".to_owned();
    }
    let start = if list.len() > AROUND { place.saturating_sub(2) } else { 0 };
    let end = list.len().min(start + AROUND);
    let shown = list[start..end].iter().map(text).collect::<Vec<_>>().join(" ");
    let before = if start > 0 { format!("… {start} equal … ") } else { String::new() };
    let after = list.len() - end;
    let after = if after > 0 { format!(" … {after} more") } else { String::new() };
    format!("{before}{shown}{after}")
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.case)?;
        for at in &self.at {
            write!(f, "\n  {at}")?;
        }
        for line in &self.lines {
            write!(f, "\n  {} {}", line.of.mark(), line.text)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lists_show_where_they_part() {
        let kafka: Vec<u32> = (0..100).collect();
        let mut rejoin = kafka.clone();
        rejoin[50] = 7;
        let mut pairs = Pairs::default();
        pairs.lists("a", &kafka, &rejoin, u32::to_string);
        pairs.lists("b", &kafka, &kafka, u32::to_string);
        let difference = pairs.difference("one", "").unwrap();
        let lines: Vec<&str> = difference.lines.iter().map(|line| &*line.text).collect();
        assert_eq!(
            lines,
            [
                "a: … 48 equal … 48 49 50 51 52 53 54 55 56 57 58 59 … 40 more",
                "a: … 48 equal … 48 49 7 51 52 53 54 55 56 57 58 59 … 40 more"
            ]
        );
    }

    #[test]
    fn many_members_are_counted() {
        let mut pairs = Pairs::default();
        for member in 0..20 {
            pairs.compare(&format!("m{member}"), "a", "b");
        }
        let difference = pairs.difference("one", "note").unwrap();
        assert_eq!(difference.lines.len(), 2 * SHOWN + 1);
        assert!(difference.to_string().starts_with("one · note\n  - m0: a\n  + m0: b\n"));
        assert!(difference.to_string().ends_with("… and 12 more"));
    }
}
