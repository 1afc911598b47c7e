//! Numbers with units, read exactly: no float rounds a setting.

use crate::kernel::rate::Rate;
use crate::kernel::time::Span;

/// Why a text is no such quantity.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Refusal {
    /// A few words for under the text.
    pub(crate) label: String,
    /// What to write instead.
    pub(crate) help: Option<String>,
}

impl Refusal {
    /// For this reason.
    pub(crate) fn new(label: impl Into<String>) -> Self {
        Refusal { label: label.into(), help: None }
    }

    fn help(self, line: impl Into<String>) -> Self {
        Refusal { help: Some(line.into()), ..self }
    }
}

/// A decimal number as it is written: `digits` / 10^`places`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Decimal {
    digits: u128,
    places: u32,
}

impl Decimal {
    /// Reads digits with at most one point between them: `12`, `1.5`.
    pub(crate) fn parse(text: &str) -> Option<Decimal> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(fraction) {
            return None;
        }
        let fraction = fraction.trim_end_matches('0');
        let digits = format!("{whole}{fraction}").parse().ok()?;
        Some(Decimal { digits, places: u32::try_from(fraction.len()).ok()? })
    }

    /// This many times `unit`, if that is a whole number.
    pub(crate) fn times(self, unit: u128) -> Result<u64, Misfit> {
        let scale = 10_u128.checked_pow(self.places).ok_or(Misfit::TooFine)?;
        let product = self.digits.checked_mul(unit).ok_or(Misfit::TooLarge)?;
        if !product.is_multiple_of(scale) {
            return Err(Misfit::TooFine);
        }
        u64::try_from(product / scale).map_err(|_| Misfit::TooLarge)
    }
}

/// Why a decimal is no whole number of some unit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Misfit {
    /// It has a rest.
    TooFine,
    /// It is larger than anything here.
    TooLarge,
}

/// Units of time in microseconds.
const TIME: &[(&str, u128)] = &[
    ("us", 1),
    ("µs", 1),
    ("ms", 1_000),
    ("s", 1_000_000),
    ("m", 60_000_000),
    ("h", 3_600_000_000),
    ("d", 86_400_000_000),
];

/// Other spellings of these units, which are refused with a hint.
const TIME_SPELLINGS: &[(&str, &str)] = &[
    ("sec", "s"),
    ("secs", "s"),
    ("second", "s"),
    ("seconds", "s"),
    ("min", "m"),
    ("mins", "m"),
    ("minute", "m"),
    ("minutes", "m"),
    ("hr", "h"),
    ("hour", "h"),
    ("hours", "h"),
    ("day", "d"),
    ("days", "d"),
    ("millis", "ms"),
    ("msec", "ms"),
    ("usec", "us"),
];

/// `"250ms"`, `"1.5s"`, `"2h"`.
pub(crate) fn duration(text: &str) -> Result<Span, Refusal> {
    let (number, unit) = split(text)?;
    let Some((_, size)) = TIME.iter().find(|(name, _)| *name == unit) else {
        return Err(time_unit(number, unit));
    };
    decimal(number)?.times(*size).map(Span::from_us).map_err(|misfit| match misfit {
        Misfit::TooFine => Refusal::new("the finest time is a microsecond"),
        Misfit::TooLarge => Refusal::new("it is longer than any run"),
    })
}

fn time_unit(number: &str, unit: &str) -> Refusal {
    if unit.is_empty() {
        return Refusal::new("it has no unit")
            .help(format!("write \"{number}ms\", \"{number}s\" or \"{number}m\""));
    }
    if unit.contains(|c: char| c.is_ascii_digit()) {
        return Refusal::new("expected one number and one unit, such as \"90s\"");
    }
    let refusal = Refusal::new("the units are us, ms, s, m, h and d");
    match TIME_SPELLINGS.iter().find(|(spelling, _)| unit.eq_ignore_ascii_case(spelling)) {
        Some((_, unit)) => refusal.help(format!("write \"{number}{unit}\"")),
        None => refusal,
    }
}

/// Rates above this are refused: 10⁹ records a second.
const RATE_LIMIT: Rate = Rate::per_second(1_000_000_000);

/// `"500/s"`, `"1.5/m"`, `"20/h"`.
pub(crate) fn rate(text: &str) -> Result<Rate, Refusal> {
    let Some((number, unit)) = text.split_once('/') else {
        let number = text.trim();
        let refusal = Refusal::new("it has no unit of time");
        return Err(match Decimal::parse(number) {
            Some(_) => refusal.help(format!("write \"{number}/s\"")),
            None => refusal.help("write a rate such as \"500/s\", \"30/m\" or \"2/h\""),
        });
    };
    let size = match unit.trim() {
        "s" => u128::from(Rate::PER_SECOND),
        "m" => u128::from(Rate::PER_SECOND / 60),
        "h" => u128::from(Rate::PER_SECOND / 3_600),
        other => {
            let refusal = Refusal::new("rates are given as /s, /m or /h");
            let short = TIME_SPELLINGS.iter().find(|(spelling, _)| *spelling == other);
            let short = short.filter(|(_, unit)| matches!(*unit, "s" | "m" | "h"));
            return Err(match short {
                Some((_, unit)) => refusal.help(format!("write \"{}/{unit}\"", number.trim())),
                None => refusal,
            });
        }
    };
    if number.trim_start().starts_with('-') {
        return Err(Refusal::new("it is negative"));
    }
    let units = decimal(number.trim())?.times(size).map_err(|misfit| match misfit {
        Misfit::TooFine => Refusal::new("the finest rate is 0.001/h"),
        Misfit::TooLarge => Refusal::new("the limit is 1000000000/s"),
    })?;
    let rate = Rate::from_units(units);
    if rate > RATE_LIMIT { Err(Refusal::new("the limit is 1000000000/s")) } else { Ok(rate) }
}

/// Units of size in bytes.
const BYTES: &[(&str, u128)] = &[
    ("", 1),
    ("b", 1),
    ("kb", 1_000),
    ("mb", 1_000_000),
    ("gb", 1_000_000_000),
    ("tb", 1_000_000_000_000),
    ("kib", 1 << 10),
    ("mib", 1 << 20),
    ("gib", 1 << 30),
    ("tib", 1 << 40),
];

/// `"1KiB"`, `"10MB"`, `"512 B"`.
pub(crate) fn size(text: &str) -> Result<u64, Refusal> {
    let (number, unit) = split(text)?;
    let unit = unit.to_ascii_lowercase();
    let Some((_, size)) = BYTES.iter().find(|(name, _)| *name == unit) else {
        return Err(Refusal::new("the units are B, KB, MB, GB, KiB, MiB and GiB"));
    };
    decimal(number)?.times(*size).map_err(|misfit| match misfit {
        Misfit::TooFine => Refusal::new("it is no whole number of bytes"),
        Misfit::TooLarge => Refusal::new("it is too large"),
    })
}

/// The number and what follows it.
fn split(text: &str) -> Result<(&str, &str), Refusal> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Refusal::new("it is empty"));
    }
    if text.starts_with('-') {
        return Err(Refusal::new("it is negative"));
    }
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    if end == 0 {
        return Err(Refusal::new("expected a number and a unit"));
    }
    Ok((&text[..end], text[end..].trim_start()))
}

fn decimal(number: &str) -> Result<Decimal, Refusal> {
    Decimal::parse(number).ok_or_else(|| Refusal::new(format!("{number:?} is not a number")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_exact() {
        let us = |text: &str| duration(text).unwrap().as_us();
        assert_eq!(us("250us"), 250);
        assert_eq!(us("9.2s"), 9_200_000);
        assert_eq!(us("0.1s"), 100_000);
        assert_eq!(us(" 1.5 m "), 90_000_000);
        assert_eq!(us("2h"), 7_200_000_000);
        assert_eq!(us("1d"), 86_400_000_000);
        assert_eq!(us("1.000000s"), 1_000_000);
    }

    #[test]
    fn what_is_no_duration_says_why() {
        let why = |text: &str| duration(text).unwrap_err();
        assert_eq!(why("45").help.unwrap(), "write \"45ms\", \"45s\" or \"45m\"");
        assert_eq!(why("45 sec").help.unwrap(), "write \"45s\"");
        assert_eq!(why("1m30s").label, "expected one number and one unit, such as \"90s\"");
        assert_eq!(why("0.1us").label, "the finest time is a microsecond");
        assert_eq!(why("-1s").label, "it is negative");
        assert_eq!(why("1.s").label, "\"1.\" is not a number");
        assert_eq!(why("soon").label, "expected a number and a unit");
        assert_eq!(why(&format!("{}d", "9".repeat(36))).label, "it is longer than any run");
        assert_eq!(why(&format!("{}d", "9".repeat(99))).label.len(), 117);
    }

    #[test]
    fn rates_are_exact() {
        assert_eq!(rate("500/s").unwrap(), Rate::per_second(500));
        assert_eq!(rate("30/m").unwrap().units(), Rate::PER_SECOND / 2);
        assert_eq!(rate("0.001 / h").unwrap().units(), 1);
        assert_eq!(rate("0.0001/h").unwrap_err().label, "the finest rate is 0.001/h");
        assert_eq!(rate("500").unwrap_err().help.unwrap(), "write \"500/s\"");
        assert_eq!(rate("5/d").unwrap_err().label, "rates are given as /s, /m or /h");
        assert_eq!(rate("1000000001/s").unwrap_err().label, "the limit is 1000000000/s");
    }

    #[test]
    fn sizes_know_both_thousands() {
        assert_eq!(size("1KiB"), Ok(1_024));
        assert_eq!(size("1 MiB"), Ok(1_048_576));
        assert_eq!(size("10MB"), Ok(10_000_000));
        assert_eq!(size("1.5kb"), Ok(1_500));
        assert_eq!(size("512"), Ok(512));
        assert_eq!(size("1.5B").unwrap_err().label, "it is no whole number of bytes");
        assert_eq!(size("1 K").unwrap_err().label, "the units are B, KB, MB, GB, KiB, MiB and GiB");
    }
}
