//! Pairs of settings that have to agree.

use super::settings::Settings;
use crate::parse::problem::Problem;
use crate::parse::shape::Reader;
use crate::parse::source::Spot;

/// How the first of a pair must compare with the second.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Must {
    AtLeast,
    AtMost,
    Less,
}

impl Must {
    fn holds(self, a: i64, b: i64) -> bool {
        match self {
            Must::AtLeast => a >= b,
            Must::AtMost => a <= b,
            Must::Less => a < b,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Must::AtLeast => "greater than or equal to",
            Must::AtMost => "less than or equal to",
            Must::Less => "less than",
        }
    }
}

/// Notes each pair that does not agree, in Kafka's words.
pub(crate) fn check(pairs: &[(&str, Must, &str)], settings: &Settings, reader: &mut Reader) {
    for (a, must, b) in pairs {
        let (Some(x), Some(y)) = (settings.int(a), settings.int(b)) else { continue };
        if must.holds(x, y) {
            continue;
        }
        let title = format!("{a} must be {} {b}", must.words());
        let (here, other) = (settings.spot(a), settings.spot(b));
        reader.push(conflict(title, (here, &shown(a, x)), (other, &shown(b, y))));
    }
}

/// A setting's value for a label.
pub(crate) fn shown(name: &str, value: i64) -> String {
    format!("{name} is {value}")
}

/// A conflict of two settings, shown where they are given; one of them may be a default.
pub(crate) fn conflict(
    title: String,
    (here, label): (Option<Spot>, &str),
    (other, other_label): (Option<Spot>, &str),
) -> Problem {
    match (here, other) {
        (Some(here), None) => {
            Problem::error(here, title).label(label).help(format!("{other_label} by default"))
        }
        (None, Some(other)) => {
            Problem::error(other, title).label(other_label).help(format!("{label} by default"))
        }
        (here, other) => {
            Problem::error(here.unwrap_or(Spot::TOP), title).label(label).also(other, other_label)
        }
    }
}
