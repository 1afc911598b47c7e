//! No text makes the parser panic, and nothing it says lacks its place.

use crate::{files, source};
use proptest::prelude::*;
use rejoin::parse::{Override, Source, scenario};

/// Pieces that break things in their own ways.
const PIECES: &[&str] = &[
    "",
    "\n",
    "\"",
    "'",
    "[",
    "]",
    "[[",
    "{",
    "}",
    "=",
    ".",
    ",",
    "-",
    "#",
    "\\",
    "\u{0}",
    "é",
    "\u{1F600}",
    "\t",
    "\r\n",
    "0",
    "-1",
    "99999999999999999999",
    "1e999",
    "nan",
    "\"0s\"",
    "\"1us\"",
    "\"366d\"",
    "true",
    "[]",
    "{}",
    "[[]]",
    "{ a = 1 }",
    "1979-05-27",
];

fn texts() -> Vec<String> {
    ["tests/good", "tests/bad"]
        .iter()
        .flat_map(|folder| files(folder))
        .map(|path| source(&path).text().to_owned())
        .collect()
}

/// What happens to a text: a range of it is replaced by a piece, or by a range of another text.
#[derive(Clone, Debug)]
enum Change {
    Piece(usize, usize, usize),
    Lines(usize, usize, usize, usize),
}

fn change() -> impl Strategy<Value = Change> {
    let place = || any::<u16>().prop_map(usize::from);
    prop_oneof![
        (place(), 0..20_usize, 0..PIECES.len())
            .prop_map(|(at, len, piece)| Change::Piece(at, len, piece)),
        (place(), 0..4_usize, place(), 0..6_usize)
            .prop_map(|(at, len, from, count)| { Change::Lines(at, len, from, count) }),
    ]
}

fn apply(text: &mut String, other: &str, change: &Change) {
    match *change {
        Change::Piece(at, len, piece) => {
            let start = text.floor_char_boundary(at % (text.len() + 1));
            let end = text.floor_char_boundary((start + len).min(text.len()));
            text.replace_range(start..end.max(start), PIECES[piece]);
        }
        Change::Lines(at, len, from, count) => {
            let mut lines: Vec<&str> = text.lines().collect();
            let others: Vec<&str> = other.lines().collect();
            let start = at % (lines.len() + 1);
            let end = (start + len).min(lines.len());
            let from = from % (others.len() + 1);
            let new = &others[from..(from + count).min(others.len())];
            lines.splice(start..end, new.iter().copied());
            *text = lines.join("\n");
        }
    }
}

/// Reads a text and renders what is said of it.
fn check(text: &str, overrides: &[Override]) {
    let source = Source::new("mutant.toml", text);
    match scenario(&source, overrides) {
        Ok(parsed) => {
            assert!(!parsed.runs.is_empty());
            assert_eq!(parsed.warnings.messages(false).count(), parsed.warnings.len());
        }
        Err(problems) => {
            assert!(!problems.is_empty());
            for message in problems.messages(false) {
                assert!(message.starts_with("error: "), "{message}");
                assert!(message.contains("--> "), "{message}");
            }
            problems.render(true);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 400,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn changed_files_are_read_or_refused(
        which in any::<prop::sample::Index>(),
        other in any::<prop::sample::Index>(),
        changes in prop::collection::vec(change(), 1..6),
    ) {
        let texts = texts();
        let mut text = texts[which.index(texts.len())].clone();
        for change in &changes {
            apply(&mut text, &texts[other.index(texts.len())], change);
        }
        check(&text, &[]);
    }

    #[test]
    fn any_text_is_refused(text in any::<String>()) {
        check(&text, &[]);
    }

    #[test]
    fn any_override_is_taken_or_refused(
        which in any::<prop::sample::Index>(),
        key in "(seed|groups|events|variants|cluster|topics)(\\.[a-z0-9.]{0,9}){0,4}",
        value in "[ -~]{0,12}",
    ) {
        let texts = texts();
        if let Ok(change) = Override::parse(&format!("{key}={value}")) {
            check(&texts[which.index(texts.len())], &[change]);
        }
    }
}
