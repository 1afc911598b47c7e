//! Tallies for people: a table of files, diffs, a last word.

use super::difference::Side;
use super::tally::Tally;
use crate::report::figures::{count, counted};
use std::fmt::Write as _;

const RED: &str = "\x1b[31m";
const GREEN: &str = "\x1b[32m";
const BOLD: &str = "\x1b[1m";

/// A text in a colour, if colours are shown.
fn tinted(text: &str, tint: &str, colored: bool) -> String {
    if colored { format!("{tint}{text}\x1b[0m") } else { text.to_owned() }
}

/// A table with a row for each file, printed row by row.
#[derive(Debug)]
pub struct Table {
    width: usize,
    colored: bool,
}

impl Table {
    /// A table for these files.
    pub fn of(names: &[String], colored: bool) -> Self {
        let widths = names.iter().map(|name| name.chars().count());
        Table { width: widths.chain([4]).max().unwrap_or(4), colored }
    }

    /// Its first line.
    pub fn head(&self) -> String {
        self.line("file", ["cases", "equal", "different", "not replayed"].map(str::to_owned), None)
    }

    /// The line of a file.
    pub fn row(&self, name: &str, tally: &Tally) -> String {
        let numbers = [tally.cases, tally.equal, tally.different, tally.skipped()].map(count);
        let tint = if tally.different > 0 { RED } else { GREEN };
        let broken = if tally.fault.is_some() { "  (not read to its end)" } else { "" };
        let line = self.line(name, numbers, self.colored.then_some(tint));
        format!("{}{broken}\n", line.trim_end())
    }

    fn line(&self, name: &str, columns: [String; 4], tint: Option<&str>) -> String {
        let [cases, equal, different, skipped] = columns;
        let width = self.width;
        let different = format!("{different:>10}");
        let different = tint.map_or(different.clone(), |tint| tinted(&different, tint, true));
        format!("{name:width$} {cases:>9} {equal:>9} {different} {skipped:>13}\n")
    }
}

/// The differences of a file that were kept; nothing if there are none.
pub fn differences(name: &str, tally: &Tally, colored: bool) -> String {
    let mut text = String::new();
    for found in &tally.differences {
        let difference = &found.difference;
        let head = format!("{name}:{}: {}", found.line, difference.case);
        // Writing to a string cannot fail.
        let _ = writeln!(text, "\n{}", tinted(head.trim_end_matches([' ', ':']), BOLD, colored));
        let kafka = tinted("--- Kafka", RED, colored);
        let rejoin = tinted("+++ rejoin", GREEN, colored);
        for at in &difference.at {
            let _ = writeln!(text, "  {at}");
        }
        let _ = writeln!(text, "  {kafka}\n  {rejoin}");
        for line in &difference.lines {
            let shown = format!("{} {}", line.of.mark(), line.text);
            let shown = match line.of {
                Side::Both => shown,
                Side::Kafka => tinted(&shown, RED, colored),
                Side::Rejoin => tinted(&shown, GREEN, colored),
            };
            let _ = writeln!(text, "  {shown}");
        }
    }
    let left = tally.different - tally.differences.len() as u64;
    if left > 0 {
        let _ = writeln!(text, "\n{name}: {} more (--differences N)", counted(left, "difference"));
    }
    text
}

/// What was not replayed, and the sum of all files.
pub fn end(files: usize, sum: &Tally) -> String {
    let mut text = "\n".to_owned();
    for (kind, of) in &sum.not_replayed {
        let because = if of.why == *kind { String::new() } else { format!(", first {}", of.why) };
        let _ = writeln!(text, "not replayed: {} {kind}{because}", count(of.cases));
    }
    let (cases, files) = (counted(sum.cases, "case"), counted(files as u64, "file"));
    let (equal, different) = (count(sum.equal), count(sum.different));
    let skipped = count(sum.skipped());
    let _ = writeln!(
        text,
        "{cases} in {files}: {equal} equal, {different} different, {skipped} not replayed"
    );
    text
}
