//! What TOML itself has against a text, in words that help.

use super::document::{Node, Value};
use super::problem::Problem;
use super::source::{Source, Spot};

/// The syntax errors of a file.
pub(crate) struct Syntax {
    pub(crate) problems: Vec<Problem>,
    /// Whether the tree is right all the same, so that the rest of the file can be judged.
    pub(crate) recovered: bool,
}

/// Explains the errors of the TOML reader: one a line, for one mistake often causes several.
pub(crate) fn explain(
    source: &Source,
    document: &Node,
    mut errors: Vec<toml::de::Error>,
) -> Syntax {
    errors.sort_by_key(|error| error.span().map_or(0, |span| span.start));
    let unclosed = unclosed(source, document, &errors);
    let mut syntax = Syntax { problems: Vec::new(), recovered: true };
    let mut last_line = 0;
    for error in &errors {
        let span = error.span().unwrap_or(0..0);
        let inside = |spot: &Spot| (spot.start..=spot.end).contains(&span.start);
        let (problem, mild) = match unclosed.iter().find(|spot| inside(spot)) {
            Some(spot) => (left_open(source, *spot), false),
            None => explain_one(source, error.message(), span.start, span.end),
        };
        syntax.recovered &= mild;
        let line = source.line(problem.at.start);
        if line != last_line || syntax.problems.is_empty() {
            syntax.problems.push(problem);
        }
        last_line = line;
    }
    syntax
}

fn explain_one(source: &Source, message: &str, start: usize, end: usize) -> (Problem, bool) {
    let at = Spot { source: 0, start, end };
    let text = at.text(std::slice::from_ref(source)).to_owned();
    if message.starts_with("string values must be quoted") {
        if text.is_empty() {
            let problem = Problem::error(at, "a value is missing");
            return (problem.label("expected a value after `=`"), false);
        }
        let problem = Problem::error(at, "a text needs quotes").label("not a TOML value");
        return (problem.help(format!("write \"{}\"", text.trim_end())), true);
    }
    if message.starts_with("duplicate key") {
        let problem =
            Problem::error(at, format!("`{text}` is given twice")).label("the second time");
        // `log.dir = …` after `log.dir.failure.timeout.ms = …`
        let begins_another = source.text().contains(&format!("{text}."));
        return (problem.help(if begins_another { quote(source, at) } else { TWICE.into() }), true);
    }
    if message.starts_with("cannot extend value") {
        let problem = Problem::error(at, format!("`{text}` has a value already"))
            .label("so it can't be the beginning of a longer key");
        return (problem.help(quote(source, at)), true);
    }
    for (begins, title, label) in PLAIN {
        if message.starts_with(begins) {
            return (Problem::error(at, *title).label(*label), false);
        }
    }
    let message = message.strip_suffix(", expected nothing").unwrap_or(message);
    (Problem::error(at, format!("this is not TOML: {message}")), false)
}

const TWICE: &str = "TOML takes each key and each [table] once: merge the two";

/// Messages that can be said more plainly.
const PLAIN: &[(&str, &str, &str)] = &[
    ("invalid basic string", "this text is never closed", "expected a quote"),
    ("unclosed table", "this heading is never closed", "expected a `]`"),
    ("unclosed array table", "this heading is never closed", "expected `]]`"),
    ("key with no value", "a key needs a value", "expected `=` and a value"),
];

/// What to do where one key is the beginning of another; `at` is the last part of the shorter.
fn quote(source: &Source, at: Spot) -> String {
    let before = source.text().get(..at.start).unwrap_or_default();
    let is_key = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let start = before.trim_end_matches(is_key).len();
    let key = source.text().get(start..at.end).unwrap_or_default();
    format!(
        "TOML can't hold a key beside a longer one that begins so: quote this one, \"{key}\" = …"
    )
}

/// The outermost lists and inline tables that nobody closed; all errors inside come from that.
fn unclosed(source: &Source, document: &Node, errors: &[toml::de::Error]) -> Vec<Spot> {
    let is_open = |error: &toml::de::Error| {
        let message = error.message();
        message.starts_with("unclosed array,") || message.starts_with("unclosed inline table")
    };
    let ends: Vec<usize> = errors
        .iter()
        .filter(|error| is_open(error))
        .filter_map(|e| Some(e.span()?.start))
        .collect();
    let mut spots = Vec::new();
    if !ends.is_empty() {
        collect_open(source, document, &ends, &mut spots);
    }
    spots
}

fn collect_open(source: &Source, node: &Node, ends: &[usize], spots: &mut Vec<Spot>) {
    let bracket = source.text().get(node.at.start..).and_then(|rest| rest.chars().next());
    let header = source.text().get(node.at.start..node.at.end).is_some_and(|t| t.ends_with(']'));
    let opens = matches!(bracket, Some('[' | '{')) && !header;
    if opens && ends.contains(&node.at.end) {
        spots.push(node.at);
        return;
    }
    match &node.value {
        Value::Table(entries) => {
            for entry in entries {
                collect_open(source, &entry.node, ends, spots);
            }
        }
        Value::List(items) => {
            for item in items {
                collect_open(source, item, ends, spots);
            }
        }
        _ => {}
    }
}

fn left_open(source: &Source, spot: Spot) -> Problem {
    let bracket = source.text().get(spot.start..=spot.start).unwrap_or("[");
    let closing = if bracket == "{" { "}" } else { "]" };
    let at = Spot { end: spot.start + bracket.len(), ..spot };
    Problem::error(at, format!("this `{bracket}` is never closed"))
        .label(format!("expected a `{closing}` after the last value"))
}
