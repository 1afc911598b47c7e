//! docs/scenario.md: the reference of scenario files, made from the same description that files are
//! read with.

use super::file::File;
use super::file::dist::Distribution;
use super::kafka::catalogue::{Family, Setting, find, of};
use super::kafka::modelled;
use super::nearest::one_of;
use super::resolve::metrics::{scopes, stats};
use super::schema::words;
use super::spec::{Kind, Rule, TableSpec, paragraph};
use crate::scenario::event::ACTIONS;
use crate::scenario::metric::{Metric, Nature};
use crate::trace::cause::How;

/// The reference of scenario files, as Markdown.
pub fn reference() -> String {
    let mut text = include_str!("reference/head.md").to_owned();
    let mut tables = Vec::new();
    collect(&Kind::Table(&File::SPEC), &mut tables);
    let (distributions, others): (Vec<_>, Vec<_>) =
        tables.into_iter().partition(|spec| is_distribution(spec));
    for spec in others {
        table(&mut text, spec);
        text.push_str(match spec.noun {
            "consumer" => concat!("\n", include_str!("reference/names.md")),
            "event" => concat!("\n", include_str!("reference/events.md")),
            "expectation" => concat!("\n", include_str!("reference/expect.md")),
            _ => "",
        });
    }
    text.push_str(
        "\n## Distributions\n\nWhere a duration may vary, one of these may stand for it.\n",
    );
    for spec in distributions {
        table(&mut text, spec);
    }
    metrics(&mut text);
    settings(&mut text);
    text
}

fn is_distribution(spec: &TableSpec) -> bool {
    let mut own = Vec::new();
    collect(&Kind::Table(&Distribution::SPEC), &mut own);
    own.iter().any(|known| known.noun == spec.noun)
}

/// All tables below a kind, each once, in the order in which a file would have them.
fn collect(kind: &Kind, tables: &mut Vec<&'static TableSpec>) {
    match kind {
        Kind::Table(spec) if tables.iter().all(|known| known.noun != spec.noun) => {
            tables.push(spec);
            spec.keys.iter().for_each(|key| collect(&key.kind, tables));
        }
        Kind::List { of, .. } | Kind::Named { of, .. } => collect(of, tables),
        Kind::OneOf(kinds) => kinds.iter().for_each(|kind| collect(kind, tables)),
        _ => {}
    }
}

fn table(text: &mut String, spec: &TableSpec) {
    let heading = match spec.noun {
        "scenario" => "## The top of the file".to_owned(),
        _ if spec.heading.starts_with('[') => format!("## `{}`", spec.heading),
        noun => format!("### {}{}", noun[..1].to_uppercase(), &noun[1..]),
    };
    line(text, &format!("\n{heading}\n\n{}", paragraph(spec.doc)));
    if !spec.heading.starts_with('[') && spec.noun != "scenario" {
        line(text, &format!("Written `{}`.", spec.heading));
    }
    line(text, "\n| key | value | default | |\n|---|---|---|---|");
    for key in spec.keys.iter().filter(|key| !matches!(key.kind, Kind::Later)) {
        let required = spec.rules.iter().any(|r| matches!(r, Rule::Required(k) if *k == key.name));
        let default = match key.default {
            Some(default) => shown(default),
            None if required => "**required**".to_owned(),
            None => String::new(),
        };
        let doc = paragraph(key.doc);
        line(text, &format!("| `{}` | {} | {default} | {doc} |", key.name, short(&key.kind)));
    }
    rules(text, spec);
    for key in spec.keys.iter().filter(|key| !words(&key.kind).is_empty()) {
        if matches!(key.kind, Kind::Words(words) if words.len() == Metric::ALL.len()) {
            continue;
        }
        line(text, &format!("\n`{}` is one of\n", key.name));
        for word in words(&key.kind) {
            line(text, &format!("* `\"{}\"`: {}", word.word, word.doc));
        }
    }
    let later: Vec<String> = spec
        .keys
        .iter()
        .filter(|key| matches!(key.kind, Kind::Later))
        .map(|key| format!("`{}`", key.name))
        .collect();
    if !later.is_empty() {
        line(text, &format!("\nNot yet, and so refused: {}.", later.join(", ")));
    }
}

/// What the table must have besides single keys.
fn rules(text: &mut String, spec: &TableSpec) {
    let readable = |names: &[&str]| {
        let names = spec.names().filter(|name| names.contains(name));
        one_of(names, usize::MAX)
    };
    let rules: Vec<String> = spec
        .rules
        .iter()
        .filter_map(|rule| match rule {
            Rule::Required(_) => None,
            Rule::ExactlyOne(names) => Some(format!("Required: one of {}.", readable(names))),
            Rule::AtMostOne(names) => Some(format!("Not both: {}.", readable(names))),
            Rule::Needs(name, others) => Some(format!("`{name}` needs {}.", readable(others))),
        })
        .collect();
    if !rules.is_empty() {
        line(text, &format!("\n{}", rules.join(" ")));
    }
}

fn line(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

/// A default: a value in code, words as they are.
fn shown(default: &str) -> String {
    let value = default.starts_with('"') || default.parse::<f64>().is_ok();
    if value { format!("`{default}`") } else { default.to_owned() }
}

/// What may stand as a value, in a word or two.
fn short(kind: &Kind) -> String {
    match kind {
        Kind::Leaf(leaf) => leaf.name.to_owned(),
        Kind::Integer { min, max } if *max > 1_000_000_000_000 => {
            format!("whole number from {min}")
        }
        Kind::Integer { min, max } => format!("{min} to {max}"),
        Kind::Words(_) => "word".to_owned(),
        Kind::List { of, min: 2, max: 2 } => format!("two of {}", short(of)),
        Kind::List { of: Kind::Table(spec), .. } if spec.heading.starts_with('[') => {
            format!("`{}`", spec.heading)
        }
        Kind::List { of, .. } => format!("list of {}", short(of)),
        Kind::Table(spec) if spec.heading.starts_with('[') => format!("`{}`", spec.heading),
        Kind::Table(spec) if is_distribution(spec) && spec.noun == "distribution" => {
            "distribution".to_owned()
        }
        Kind::Table(spec) | Kind::Named { of: Kind::Table(spec), .. } => {
            format!("`{}`", spec.heading)
        }
        Kind::Named { of, .. } => format!("names with {}", short(of)),
        Kind::Settings(family) => format!("{family} settings"),
        Kind::OneOf([.., Kind::Table(spec)]) if spec.noun == "some" => "whom".to_owned(),
        Kind::OneOf(kinds) => kinds.iter().map(short).collect::<Vec<_>>().join(", or "),
        Kind::Variants => "`[variants.NAME]`".to_owned(),
        Kind::Later => "nothing yet".to_owned(),
    }
}

fn metrics(text: &mut String) {
    line(text, "\n## Metrics\n");
    line(text, "| metric | unit | of | statistics | |\n|---|---|---|---|---|");
    for metric in Metric::ALL {
        let about = metric.about();
        let scopes = scopes(*metric);
        let required = scopes.required.iter().map(|key| format!("`{key}`"));
        let optional = scopes.optional.iter().map(|key| format!("[`{key}`]"));
        let scope = required.chain(optional).collect::<Vec<_>>().join(" ");
        line(
            text,
            &format!(
                "| `{}` | {} | {scope} | {} | {} |",
                about.name,
                about.unit,
                stats(*metric),
                about.meaning
            ),
        );
    }
    let natures = [
        (
            Nature::Phase,
            "take neither a time nor a window: they are about one event or the largest",
        ),
        (Nature::Rate, "takes a window, and no `at`; of a group or of a producer"),
        (Nature::Samples, "takes a window, and no `at`; its `stat` must be given"),
    ];
    text.push('\n');
    for (nature, what) in natures {
        let names: Vec<String> = Metric::ALL
            .iter()
            .filter(|metric| metric.about().nature == nature)
            .map(|metric| format!("`{}`", metric.name()))
            .collect();
        line(text, &format!("* {} {what}.", names.join(", ")));
    }
    causes(text);
}

fn causes(text: &mut String) {
    let actions: Vec<String> = ACTIONS.iter().map(|action| format!("`{action}`")).collect();
    line(
        text,
        &format!(
            "\n`cause` counts only the records that this event of the scenario is behind: {}; or \
             only those that came about in this way, whatever is behind it:\n",
            actions.join(", ")
        ),
    );
    line(text, "| cause | how records come to be processed again, skipped or lost |\n|---|---|");
    for how in How::ALL {
        line(text, &format!("| `{}` | {} |", how.name(), how.meaning()));
    }
}

fn settings(text: &mut String) {
    line(text, "\n## Settings of Kafka that are modelled");

    for family in [Family::Broker, Family::Topic, Family::Producer, Family::Consumer, Family::Group]
    {
        let rows: Vec<_> = modelled::settings(family).collect();
        let others = of(family).len() - rows.len();
        line(text, &format!("\n### `{}`\n", family.table()));
        let other = if rows.is_empty() { "" } else { "other " };
        if !rows.is_empty() {
            line(text, "| setting | type, default, limits | |\n|---|---|---|");
        }
        for (name, doc) in &rows {
            let about = find(family, name).map(Setting::describe).unwrap_or_default();
            line(text, &format!("| `{name}` | {about} | {doc} |"));
        }
        if !rows.is_empty() {
            text.push('\n');
        }
        let rest = "settings are checked as Kafka checks them, and accepted with a warning.";
        line(text, &format!("Kafka's {others} {other}{family} {rest}"));
    }
}
