//! Single values: durations, rates, sizes, numbers, texts.

use super::document::{Node, Value};
use super::problem::Problem;
use super::quantity::{self, Decimal, Refusal};
use super::shape::{Reader, Shape};
use super::spec::{Kind, Leaf};
use crate::kernel::rate::Rate;
use crate::kernel::time::{Instant, Span};
use serde_json::json;

/// The longest run, and so the longest of everything: 366 days.
pub(crate) const LONGEST: Span = Span::from_secs(366 * 86_400);

/// What a duration looks like, for editors.
pub(crate) const DURATION_PATTERN: &str = r"^\s*[0-9]+(\.[0-9]+)?\s*(us|µs|ms|s|m|h|d)\s*$";

/// What a size in a text looks like, for editors.
pub(crate) const SIZE_PATTERN: &str = r"^\s*[0-9]+(\.[0-9]+)?\s*([kKmMgGtT]?[iI]?[bB])?\s*$";

static DURATION: Leaf = Leaf {
    name: "duration",
    expected: "a duration such as \"250ms\", \"45s\" or \"5m\"",
    schema: || json!({"anyOf": [{"type": "string", "pattern": DURATION_PATTERN}, {"const": 0}]}),
};

static MOMENT: Leaf = Leaf {
    name: "time",
    expected: "a time since the start of the run, such as \"40s\"",
    schema: DURATION.schema,
};

static RATE: Leaf = Leaf {
    name: "rate",
    expected: "a rate such as \"500/s\"",
    schema: || {
        let pattern = r"^\s*[0-9]+(\.[0-9]+)?\s*/\s*[smh]\s*$";
        json!({"anyOf": [{"type": "string", "pattern": pattern}, {"const": 0}]})
    },
};

static SIZE: Leaf = Leaf {
    name: "size",
    expected: "a size such as 1024, \"1KiB\" or \"10MB\"",
    schema: || {
        let text = json!({"type": "string", "pattern": SIZE_PATTERN});
        json!({"anyOf": [{"type": "integer", "minimum": 0}, text]})
    },
};

static NUMBER: Leaf =
    Leaf { name: "number", expected: "a number", schema: || json!({"type": "number"}) };

static AMOUNT: Leaf = Leaf {
    name: "number or duration",
    expected: "a number, or a duration such as \"9.2s\"",
    schema: || {
        let text = json!({"type": "string", "pattern": DURATION_PATTERN});
        json!({"anyOf": [{"type": "number"}, text]})
    },
};

static TEXT: Leaf =
    Leaf { name: "text", expected: "a text in quotes", schema: || json!({"type": "string"}) };

static BOOL: Leaf = Leaf {
    name: "true or false",
    expected: "true or false",
    schema: || json!({"type": "boolean"}),
};

impl Shape for Span {
    const KIND: Kind = Kind::Leaf(&DURATION);

    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        let text = match &node.value {
            Value::Text(text) => text,
            // Nothing is nothing in every unit.
            Value::Integer(0) => return Some(Span::ZERO),
            _ => return time_mismatch(node, &Self::KIND, reader),
        };
        let span = refused(node, text, "duration", quantity::duration(text), reader)?;
        if span > LONGEST {
            let title = format!("{text:?} is too long");
            reader.push(Problem::error(node.at, title).label("the longest run is 366d"));
            return None;
        }
        Some(span)
    }
}

impl Shape for Instant {
    const KIND: Kind = Kind::Leaf(&MOMENT);

    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        match &node.value {
            Value::Text(_) | Value::Integer(0) => {
                Span::read(node, reader).map(|span| Instant::ZERO + span)
            }
            _ => time_mismatch(node, &Self::KIND, reader),
        }
    }
}

fn time_mismatch<T>(node: &Node, kind: &Kind, reader: &mut Reader) -> Option<T> {
    let number = match &node.value {
        Value::Integer(number) if *number > 0 => number.to_string(),
        Value::Float(number) => number.clone(),
        _ => {
            reader.mismatch(node, kind);
            return None;
        }
    };
    let title = format!("{} needs a unit of time", node.found());
    let problem = Problem::error(node.at, title).label(format!("expected {}", kind.expected()));
    reader.push(problem.help(format!("write \"{number}ms\" or \"{number}s\"")));
    None
}

impl Shape for Rate {
    const KIND: Kind = Kind::Leaf(&RATE);

    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        match &node.value {
            Value::Text(text) => refused(node, text, "rate", quantity::rate(text), reader),
            Value::Integer(0) => Some(Rate::default()),
            Value::Integer(number) if *number > 0 => {
                let problem = Problem::error(node.at, "a rate needs a unit of time")
                    .label(format!("expected {}", RATE.expected))
                    .help(format!("write \"{number}/s\""));
                reader.push(problem);
                None
            }
            _ => {
                reader.mismatch(node, &Self::KIND);
                None
            }
        }
    }
}

/// A number of bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Size(pub(crate) u64);

impl Shape for Size {
    const KIND: Kind = Kind::Leaf(&SIZE);

    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        if let Value::Text(text) = &node.value {
            return refused(node, text, "size", quantity::size(text), reader).map(Size);
        }
        let bytes = match node.value {
            Value::Integer(bytes) => u64::try_from(bytes).ok(),
            _ => None,
        };
        if bytes.is_none() {
            reader.mismatch(node, &Self::KIND);
        }
        bytes.map(Size)
    }
}

/// A whole number from `MIN` to `MAX`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Count<const MIN: u64, const MAX: u64>(pub(crate) u64);

impl<const MIN: u64, const MAX: u64> Shape for Count<MIN, MAX> {
    const KIND: Kind = Kind::Integer { min: MIN, max: MAX };

    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        let number = match &node.value {
            Value::Integer(number) => *number,
            Value::Text(text) if text.parse::<u64>().is_ok() => {
                let title = format!("a text won't do{}", reader.whose());
                let problem = Problem::error(node.at, title).label("expected a whole number");
                reader.push(problem.help(format!("write {text} without quotes")));
                return None;
            }
            _ => {
                reader.mismatch(node, &Self::KIND);
                return None;
            }
        };
        let count = u64::try_from(number).ok().filter(|count| (MIN..=MAX).contains(count));
        if count.is_none() {
            let much = if number < i128::from(MIN) { "small" } else { "large" };
            let title = format!("{number} is too {much}{}", reader.whose());
            let label = format!("expected {}", Self::KIND.expected());
            reader.push(Problem::error(node.at, title).label(label));
        }
        count.map(Count)
    }
}

/// A finite number.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Number {
    /// For what may be a little off.
    pub(crate) value: f64,
    /// For what may not; `None` if it is negative or has an exponent.
    pub(crate) exact: Option<Decimal>,
}

impl Shape for Number {
    const KIND: Kind = Kind::Leaf(&NUMBER);

    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        let text = match &node.value {
            Value::Integer(number) => number.to_string(),
            Value::Float(text) => text.clone(),
            _ => {
                reader.mismatch(node, &Self::KIND);
                return None;
            }
        };
        let value = text.parse().ok().filter(|value: &f64| value.is_finite());
        if value.is_none() {
            let problem = Problem::error(node.at, format!("{text} won't do"));
            reader.push(problem.label("expected a finite number"));
        }
        Some(Number { value: value?, exact: Decimal::parse(&text) })
    }
}

/// A number, or a duration that stands for a number of seconds.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Amount {
    /// A number of whatever the metric counts.
    Number(f64),
    /// A duration.
    Time(Span),
}

impl Shape for Amount {
    const KIND: Kind = Kind::Leaf(&AMOUNT);

    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        match &node.value {
            Value::Text(text) => {
                refused(node, text, "duration", quantity::duration(text), reader).map(Amount::Time)
            }
            Value::Integer(_) | Value::Float(_) => {
                Number::read(node, reader).map(|number| Amount::Number(number.value))
            }
            _ => {
                reader.mismatch(node, &Self::KIND);
                None
            }
        }
    }
}

impl Shape for String {
    const KIND: Kind = Kind::Leaf(&TEXT);

    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        if let Value::Text(text) = &node.value {
            return Some(text.clone());
        }
        reader.mismatch(node, &Self::KIND);
        None
    }
}

impl Shape for bool {
    const KIND: Kind = Kind::Leaf(&BOOL);

    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        if let Value::Bool(value) = node.value {
            return Some(value);
        }
        reader.mismatch(node, &Self::KIND);
        None
    }
}

/// Notes why a text is no such quantity.
fn refused<T>(
    node: &Node,
    text: &str,
    what: &str,
    result: Result<T, Refusal>,
    reader: &mut Reader,
) -> Option<T> {
    result
        .map_err(|refusal| {
            let title = format!("{text:?} is not a {what}");
            reader.push(Problem::error(node.at, title).label(refusal.label).help_if(refusal.help));
        })
        .ok()
}
