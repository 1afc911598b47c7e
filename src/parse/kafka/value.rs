//! A setting's value, read as Kafka reads it: text stands for every type.

use super::catalogue::{Setting, Type};
use crate::kernel::time::Span;
use crate::parse::document::{Node, Value};
use crate::parse::quantity::{self, Decimal, Refusal};
use crate::parse::shape::At;

/// A value of the type that its setting has.
#[derive(Clone, Debug)]
pub(crate) enum Checked {
    Bool(bool),
    Int(i64),
    Double(f64),
    Text(String),
    List(Vec<At<String>>),
}

impl PartialEq for Checked {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Checked::Bool(a), Checked::Bool(b)) => a == b,
            (Checked::Int(a), Checked::Int(b)) => a == b,
            (Checked::Double(a), Checked::Double(b)) => a.total_cmp(b).is_eq(),
            (Checked::Text(a), Checked::Text(b)) => a == b,
            (Checked::List(a), Checked::List(b)) => {
                a.iter().map(|item| &item.value).eq(b.iter().map(|item| &item.value))
            }
            _ => false,
        }
    }
}

/// The unit that a setting's number counts, as its name tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Unit {
    /// So much time.
    Time(Span),
    /// Bytes.
    Bytes,
}

/// Sizes whose names don't end in `.bytes`.
const SIZES: &[&str] = &[
    "batch.size",
    "buffer.memory",
    "max.request.size",
    "log.cleaner.dedupe.buffer.size",
    "log.cleaner.io.buffer.size",
    "offsets.load.buffer.size",
];

/// The unit of a setting, if its name tells one.
pub(crate) fn unit(name: &str) -> Option<Unit> {
    if SIZES.contains(&name) {
        return Some(Unit::Bytes);
    }
    Some(match name.rsplit('.').next()? {
        "ms" | "millis" => Unit::Time(Span::from_ms(1)),
        "seconds" | "secs" => Unit::Time(Span::from_secs(1)),
        "minutes" => Unit::Time(Span::from_secs(60)),
        "hours" => Unit::Time(Span::from_secs(3_600)),
        "bytes" => Unit::Bytes,
        _ => return None,
    })
}

/// Reads a value, or says what Kafka would say.
pub(crate) fn read(setting: &Setting, node: &Node) -> Result<Checked, Refusal> {
    match setting.kind {
        Type::Boolean => boolean(node),
        Type::Short | Type::Int | Type::Long => integer(setting, node),
        Type::Double => double(node),
        Type::String | Type::Class | Type::Password => {
            scalar(node).map(Checked::Text).ok_or_else(|| {
                Refusal::new(format!("Expected value to be a string, but it was {}", node.found()))
            })
        }
        Type::List => list(node),
    }
}

fn boolean(node: &Node) -> Result<Checked, Refusal> {
    let value = match &node.value {
        Value::Bool(value) => Some(*value),
        Value::Text(text) if text.trim().eq_ignore_ascii_case("true") => Some(true),
        Value::Text(text) if text.trim().eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    };
    let refusal = || Refusal::new("Expected value to be either true or false");
    value.map(Checked::Bool).ok_or_else(refusal)
}

fn integer(setting: &Setting, node: &Node) -> Result<Checked, Refusal> {
    let (min, max) = setting.kind.bounds();
    let number = match &node.value {
        Value::Integer(number) => Some(*number),
        Value::Text(text) => match text.trim().parse() {
            Ok(number) => Some(number),
            Err(_) => match unit(&setting.name) {
                Some(unit) => Some(quantity(text, unit)?.into()),
                None => None,
            },
        },
        _ => None,
    };
    let in_bounds = |n: &i64| (min..=max).contains(n);
    let number = number.map(|number| i64::try_from(number).ok().filter(in_bounds));
    match number {
        Some(Some(number)) => Ok(Checked::Int(number)),
        Some(None) => Err(Refusal::new(format!("it must lie between {min} and {max}"))),
        None => {
            let kind = setting.kind.name().to_uppercase();
            Err(Refusal::new(format!("Not a number of type {kind}")))
        }
    }
}

/// A duration or size where Kafka has a plain number.
fn quantity(text: &str, unit: Unit) -> Result<u64, Refusal> {
    match unit {
        Unit::Bytes => quantity::size(text),
        Unit::Time(unit) => {
            let span = quantity::duration(text)?;
            if span.as_us().is_multiple_of(unit.as_us()) {
                return Ok(span.as_us() / unit.as_us());
            }
            Err(Refusal::new(format!("Kafka counts this setting in steps of {unit}")))
        }
    }
}

fn double(node: &Node) -> Result<Checked, Refusal> {
    let number = scalar(node).and_then(|text| text.parse().ok());
    let number = number.filter(|number: &f64| number.is_finite());
    number.map(Checked::Double).ok_or_else(|| Refusal::new("Not a number of type DOUBLE"))
}

/// Properties files have only text, so `acks = 1` is meant as `"1"`.
fn scalar(node: &Node) -> Option<String> {
    match &node.value {
        Value::Text(text) => Some(text.trim().to_owned()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Float(text) => Some(text.clone()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Datetime | Value::List(_) | Value::Table(_) => None,
    }
}

fn list(node: &Node) -> Result<Checked, Refusal> {
    let error = || Refusal::new("Expected a comma separated list.");
    let items = match &node.value {
        Value::Text(text) if text.trim().is_empty() => Vec::new(),
        Value::Text(text) => {
            let item = |item: &str| At { value: item.trim().to_owned(), at: node.at };
            text.split(',').map(item).collect()
        }
        Value::List(items) => items
            .iter()
            .map(|item| scalar(item).map(|value| At { value, at: item.at }))
            .collect::<Option<_>>()
            .ok_or_else(error)?,
        _ => return Err(error()),
    };
    Ok(Checked::List(items))
}

/// An ISO 8601 duration as `java.time.Duration` reads it, without signs: `P2DT3H4M5.5S`.
pub(crate) fn iso_duration(text: &str) -> Option<Span> {
    let text = text.to_ascii_uppercase();
    let (days, time) = match text.strip_prefix('P')?.split_once('T') {
        Some((days, time)) if !time.is_empty() => (days, time),
        Some(_) => return None,
        None => (text.strip_prefix('P')?, ""),
    };
    if days.is_empty() && time.is_empty() {
        return None;
    }
    let mut total: u64 = 0;
    let mut rest = days;
    let parts = [('D', 86_400_000_000), ('H', 3_600_000_000), ('M', 60_000_000), ('S', 1_000_000)];
    for (letter, us) in parts {
        if letter == 'H' {
            if !rest.is_empty() {
                return None;
            }
            rest = time;
        }
        if let Some((number, after)) = rest.split_once(letter) {
            if letter != 'S' && number.contains('.') {
                return None;
            }
            total = total.checked_add(Decimal::parse(number)?.times(us).ok()?)?;
            rest = after;
        }
    }
    rest.is_empty().then_some(Span::from_us(total))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::kafka::catalogue::{Family, find};

    fn checked(name: &str, toml: &str) -> Result<Checked, Refusal> {
        read(find(Family::Broker, name).unwrap(), &Node::value(0, 0, toml).unwrap())
    }

    #[test]
    fn text_stands_for_every_type() {
        assert_eq!(checked("group.max.size", "\" 10 \""), Ok(Checked::Int(10)));
        assert_eq!(checked("auto.create.topics.enable", "\"TRUE\""), Ok(Checked::Bool(true)));
        assert_eq!(checked("log.cleaner.min.cleanable.ratio", "\"0.5\""), Ok(Checked::Double(0.5)));
        assert_eq!(checked("broker.rack", "7"), Ok(Checked::Text("7".into())));
    }

    #[test]
    fn times_and_sizes_may_have_units() {
        assert_eq!(checked("group.max.session.timeout.ms", "\"10s\""), Ok(Checked::Int(10_000)));
        assert_eq!(checked("offsets.retention.minutes", "\"7d\""), Ok(Checked::Int(10_080)));
        assert_eq!(checked("fetch.max.bytes", "\"1MiB\""), Ok(Checked::Int(1_048_576)));
        let refusal = checked("group.max.session.timeout.ms", "\"1500us\"").unwrap_err().label;
        assert_eq!(refusal, "Kafka counts this setting in steps of 1ms");
    }

    #[test]
    fn wrong_types_are_refused_in_kafkas_words() {
        let refusal = |name, toml| checked(name, toml).unwrap_err().label;
        assert_eq!(refusal("group.max.size", "1.5"), "Not a number of type INT");
        assert_eq!(refusal("group.max.size", "true"), "Not a number of type INT");
        assert_eq!(
            refusal("group.max.size", "3000000000"),
            "it must lie between -2147483648 and 2147483647"
        );
        assert_eq!(
            refusal("auto.create.topics.enable", "1"),
            "Expected value to be either true or false"
        );
    }

    #[test]
    fn lists_may_be_comma_separated() {
        let Ok(Checked::List(items)) = checked("log.cleanup.policy", "\"compact , delete\"") else {
            panic!("a list");
        };
        assert_eq!(
            items.iter().map(|i| i.value.as_str()).collect::<Vec<_>>(),
            ["compact", "delete"]
        );
    }

    #[test]
    fn iso_durations_are_read_as_java_does() {
        let us = |text: &str| iso_duration(text).map(Span::as_us);
        assert_eq!(us("P1D"), Some(86_400_000_000));
        assert_eq!(us("pt1h2m3.5s"), Some(3_723_500_000));
        assert_eq!(us("P2DT4H"), Some(187_200_000_000));
        for wrong in ["", "P", "PT", "1d", "P1H", "PT1D", "PT1.5H", "P-1D", "PT1S1M", "PTS"] {
            assert_eq!(us(wrong), None, "{wrong}");
        }
    }
}
