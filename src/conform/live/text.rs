//! Experiments as tables for people.

use super::compare::{Band, Kind, Row, long_errors, median_error};
use super::replay::Replayed;
use super::stalls::Stalls;
use std::fmt::Write;

/// A table of what an experiment measured, what this build says, and the error.
pub fn table(replayed: &Replayed) -> String {
    let mut text = String::new();
    let mut notes = String::from(if replayed.noisy { " (noisy)" } else { "" });
    if !replayed.compared {
        notes.push_str(" (not compared: it measures the JVM)");
    }
    if let Some(why) = &replayed.refused {
        let _ = writeln!(text, "\n{}{notes}\n  cannot be replayed: {why}", replayed.id);
        return text;
    }
    if replayed.stalls == Stalls::Begun {
        notes.push_str(" (a stall counts after the event that it begins after)");
    }
    let well = replayed.rows.iter().filter(|row| row.holds).count();
    let _ = writeln!(text, "\n{}{notes}: {well} of {} in band", replayed.id, replayed.rows.len());
    let head = format!("{:<48} {:>20} {:>20} {:>6}", "", "measured", "predicted", "error");
    let _ = writeln!(text, "  {}", head.trim_end());
    for row in &replayed.rows {
        let mark = if row.holds { ' ' } else { '!' };
        let measured = band(row, Some(row.measured));
        let (predicted, error) = (band(row, row.predicted), error(row));
        let _ = writeln!(text, "{mark} {:<48} {measured:>20} {predicted:>20} {error:>6}", row.name);
    }
    text
}

/// Median, and the band if there is one.
fn band(row: &Row, band: Option<Band>) -> String {
    let Some(Band { median, min, max }) = band else { return "—".to_owned() };
    let number = |value: f64| match Kind::of(&row.name) {
        Kind::Rate => format!("{value:.1}"),
        _ if value.fract() == 0.0 || value.abs() >= 100.0 => format!("{value:.0}"),
        _ => format!("{value:.1}"),
    };
    if max - min <= 0.0 {
        return number(median);
    }
    format!("{} [{}, {}]", number(median), number(min), number(max))
}

fn error(row: &Row) -> String {
    row.error.map_or_else(String::new, |error| format!("{:.0}%", error * 100.0))
}

/// What came of all of them.
pub fn summary(all: &[Replayed]) -> String {
    let all: Vec<&Replayed> = all.iter().filter(|replayed| replayed.compared).collect();
    let rows = || all.iter().flat_map(|replayed| &replayed.rows);
    let well = rows().filter(|row| row.holds).count();
    let quiet: Vec<f64> = (all.iter().filter(|replayed| !replayed.noisy))
        .flat_map(|replayed| long_errors(&replayed.rows))
        .collect();
    let mut text =
        format!("\n{} experiments: {well} of {} key measures in band", all.len(), rows().count());
    if let Some(median) = median_error(&quiet) {
        let _ = write!(
            text,
            "; median error {:.1}% over {} intervals of a second or more",
            median * 100.0,
            quiet.len()
        );
    }
    let refused = all.iter().filter(|replayed| replayed.refused.is_some()).count();
    if refused > 0 {
        let _ = write!(text, "; {refused} could not be replayed");
    }
    text.push('\n');
    text
}
