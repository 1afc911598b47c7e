//! Tables of text that fit a terminal: a column of labels, and columns whose cells are wrapped.

use std::fmt::Write;

/// The width that every terminal has.
const WIDTH: usize = 80;
/// Longer labels are cut.
const LONGEST_LABEL: usize = 26;
/// Columns narrower than this go into a table of their own.
const NARROWEST: usize = 18;
const GAP: &str = "  ";

/// A table: heads of the columns, and rows of a label and a cell for each column.
#[derive(Clone, Debug, Default)]
pub(super) struct Columns {
    pub(super) heads: Vec<String>,
    pub(super) rows: Vec<(String, Vec<String>)>,
}

impl Columns {
    /// Adds a row.
    pub(super) fn row(&mut self, label: impl Into<String>, cells: Vec<String>) {
        self.rows.push((label.into(), cells));
    }

    /// Adds an empty line.
    pub(super) fn gap(&mut self) {
        self.row("", Vec::new());
    }

    /// The table, or several below each other if the columns don't fit beside each other.
    pub(super) fn text(&self) -> String {
        let labels = self.rows.iter().map(|(label, _)| label.chars().count());
        let label = labels.max().unwrap_or(0).clamp(6, LONGEST_LABEL);
        let room = WIDTH - label - GAP.len();
        let fitting = ((room + GAP.len()) / (NARROWEST + GAP.len())).max(1);
        let tables = self.heads.len().div_ceil(fitting).max(1);
        let beside = self.heads.len().div_ceil(tables).max(1);
        let mut text = String::new();
        for (number, from) in (0..self.heads.len().max(1)).step_by(beside).enumerate() {
            if number > 0 {
                text.push('\n');
            }
            let to = (from + beside).min(self.heads.len());
            let width = (room + GAP.len()) / (to - from).max(1) - GAP.len();
            write_row(&mut text, "", &self.heads[from..to], label, width);
            for (name, cells) in &self.rows {
                let cells = cells.get(from..to.min(cells.len())).unwrap_or_default();
                write_row(&mut text, name, cells, label, width);
            }
        }
        text
    }
}

fn write_row(text: &mut String, label: &str, cells: &[String], room: usize, width: usize) {
    let wrapped: Vec<Vec<String>> = cells.iter().map(|cell| wrap(cell, width)).collect();
    let lines = wrapped.iter().map(Vec::len).max().unwrap_or(0).max(1);
    for number in 0..lines {
        let label = if number == 0 { cut(label, room) } else { String::new() };
        let mut line = format!("{label:<room$}");
        for cell in &wrapped {
            let part = cell.get(number).map_or("", String::as_str);
            let _ = write!(line, "{GAP}{part:<width$}");
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
}

fn cut(label: &str, room: usize) -> String {
    if label.chars().count() <= room {
        return label.to_owned();
    }
    let mut cut: String = label.chars().take(room - 1).collect();
    cut.push('…');
    cut
}

/// Breaks a text at spaces; a word that is too long is broken where the line ends.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        let mut word: Vec<char> = word.chars().collect();
        let used = line.chars().count();
        if used > 0 && used + 1 + word.len() > width {
            lines.push(std::mem::take(&mut line));
        }
        while word.len() > width {
            lines.push(word.drain(..width).collect());
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.extend(word);
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_fit_eighty_columns() {
        let cell = "orders 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20".to_owned();
        for count in 1..9 {
            let heads = (0..count).map(|n| format!("strategy-{n}")).collect();
            let mut table = Columns { heads, ..Columns::default() };
            table.row("a-member-with-a-name-that-does-not-end-soon", vec![cell.clone(); count]);
            table.gap();
            table.row("b", vec!["x".repeat(100); count]);
            let text = table.text();
            assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
            assert_eq!(text.matches("strategy-").count(), count);
            assert_eq!(text.matches("orders").count(), count);
        }
    }

    #[test]
    fn cells_are_wrapped() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrap("", 3), [""]);
    }
}
