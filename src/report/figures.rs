//! Numbers as people read them.

use crate::kernel::time::{Instant, Span};

/// A count with commas between thousands: `59,300,123`.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number of things with its noun: `1 rebalance`, `2,000 records`.
pub fn counted(n: u64, noun: &str) -> String {
    let plural = if n == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", count(n))
}

/// A length of time to three digits or to the second: `41.3s`, `950ms`, `5m 12s`, `1h 3m`.
pub fn span(span: Span) -> String {
    let us = span.as_us();
    let s = us / 1_000_000;
    match us {
        0 => "0s".to_owned(),
        1..1_000 => format!("{us}us"),
        1_000..1_000_000 => three_digits(us as f64 / 1e3, "ms"),
        1_000_000..100_000_000 => three_digits(us as f64 / 1e6, "s"),
        100_000_000..3_600_000_000 => two_units(s / 60, "m", s % 60, "s"),
        3_600_000_000..86_400_000_000 => two_units(s / 3_600, "h", s % 3_600 / 60, "m"),
        _ => two_units(s / 86_400, "d", s % 86_400 / 3_600, "h"),
    }
}

/// A moment, as the time since the start of the run.
pub fn moment(at: Instant) -> String {
    span(at.since(Instant::ZERO))
}

fn three_digits(value: f64, unit: &str) -> String {
    let decimals = if value < 10.0 { 2 } else { 1 };
    let text = format!("{value:.decimals$}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    format!("{text}{unit}")
}

fn two_units(large: u64, large_unit: &str, small: u64, small_unit: &str) -> String {
    if small == 0 {
        format!("{large}{large_unit}")
    } else {
        format!("{large}{large_unit} {small}{small_unit}")
    }
}

/// A measured number with its unit, to at most six decimals.
pub fn value(value: f64, unit: &str) -> String {
    let whole = (0.0..9e15).contains(&value) && (value - libm::trunc(value)).abs() < 1e-9;
    let text = if whole {
        count(value as u64)
    } else {
        let text = format!("{value:.6}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    match unit {
        "seconds" => format!("{text}s"),
        "" | "offset" | "generation" => text,
        unit => format!("{text} {unit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_have_commas() {
        assert_eq!([0, 999, 1_000, 59_300_123].map(count), ["0", "999", "1,000", "59,300,123"]);
        assert_eq!([counted(1, "record"), counted(2_000, "record")], ["1 record", "2,000 records"]);
    }

    #[test]
    fn spans_are_as_exact_as_a_person_wants() {
        let spans = [0, 250, 1_500, 950_000, 6_005_250, 45_271_000, 312_400_000, 3_780_000_000];
        let texts = spans.map(|us| span(Span::from_us(us)));
        assert_eq!(texts, ["0s", "250us", "1.5ms", "950ms", "6.01s", "45.3s", "5m 12s", "1h 3m"]);
    }

    #[test]
    fn values_carry_their_units() {
        assert_eq!(value(2.0, "records"), "2 records");
        assert_eq!(value(44.123_456_7, "seconds"), "44.123457s");
        assert_eq!(value(0.5, "consumers"), "0.5 consumers");
        assert_eq!(value(7.0, "generation"), "7");
    }
}
