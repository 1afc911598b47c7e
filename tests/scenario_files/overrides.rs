//! `--set KEY=VALUE`: what it changes, and what is said of it.

use crate::{in_tree, source};
use rejoin::kernel::dist::Dist;
use rejoin::kernel::time::Span;
use rejoin::model::id::TopicId;
use rejoin::parse::{Override, Parsed, scenario};
use rejoin::scenario::Scenario;

fn names(scenario: &Scenario, group: usize) -> Vec<&str> {
    scenario.groups[group].consumers.iter().map(|consumer| consumer.name.as_str()).collect()
}

fn with(name: &str, changes: &[&str]) -> Parsed {
    let changes: Vec<Override> =
        changes.iter().map(|text| Override::parse(text).expect("it is KEY=VALUE")).collect();
    let source = source(&in_tree(&format!("tests/good/{name}.toml")));
    scenario(&source, &changes).unwrap_or_else(|problems| panic!("{problems}"))
}

#[test]
fn overrides_change_any_key_of_every_run() {
    let parsed = with(
        "variants",
        &[
            "seed=9",
            "groups.search.config.session.timeout.ms=30s",
            "groups.search.consumers=5",
            "expect.0.equals = 5",
            "variants.more.groups.search.process.exponential=7ms",
        ],
    );
    for run in &parsed.runs {
        assert_eq!(run.scenario.seed, 9);
        assert_eq!(names(&run.scenario, 0).len(), 5, "over the variant's own");
        let config = &run.scenario.groups[0].template.config;
        assert_eq!(config.session_timeout, Span::from_secs(30));
        assert_eq!(config.max_poll_records, 10);
    }
    let more = &parsed.runs[1].scenario;
    assert_eq!(more.groups[0].template.process, Dist::Exponential(7_000));
}

#[test]
fn overrides_reach_lists_inline_tables_and_names_with_dots() {
    let parsed = with(
        "groups",
        &["groups.audit.consumers.1.name=quick", "groups.search.process_by.partition.orders-1=9ms"],
    );
    let scenario = &parsed.runs[0].scenario;
    assert_eq!(names(scenario, 1)[1], "quick");
    assert!(scenario.groups[0].process_by.contains(&(TopicId(0), 1, Dist::Fixed(9_000))));

    let parsed = with(
        "names",
        &[
            "topics.shop.orders.partitions=5",
            "topics.shop.orders.replication.factor=1",
            "groups.team.search.config={ session.timeout.ms = 7000 }",
            "groups.team.search.process_by.partition.shop.orders-4=3ms",
            "name=a name without quotes",
        ],
    );
    let scenario = &parsed.runs[0].scenario;
    assert_eq!(scenario.topics[0].partitions(), 5);
    assert_eq!(scenario.groups[0].template.config.session_timeout, Span::from_secs(7));
    assert_eq!(scenario.groups[0].process_by.len(), 2);
    assert_eq!(scenario.name, "a name without quotes");
}

/// What is said of overrides of a good file.
fn refused(changes: &[&str]) -> String {
    let source = source(&in_tree("tests/good/variants.toml"));
    let mut changes_read = Vec::new();
    for text in changes {
        match Override::parse(text) {
            Ok(change) => changes_read.push(change),
            Err(problems) => return problems.to_string(),
        }
    }
    match scenario(&source, &changes_read) {
        Ok(_) => "nothing".to_owned(),
        Err(problems) => problems.to_string(),
    }
}

#[test]
fn bad_overrides_are_shown_where_they_are_wrong() {
    let shown = |changes: &[&str], lines: &[&str]| assert_eq!(refused(changes), lines.join("\n"));
    shown(
        &["seed"],
        &[
            "error: an override is written KEY=VALUE",
            " --> --set:1:1",
            "  |",
            "1 | seed",
            "  | ^^^^",
            "  |",
            "  = help: for example groups.search.config.session.timeout.ms=10s",
        ],
    );
    shown(
        &["groups.serch.consumers=3"],
        &[
            "error: there is no group `serch` in [groups]",
            " --> --set:1:1",
            "  |",
            "1 | groups.serch.consumers=3",
            "  | ^^^^^^^^^^^^^^^^^^^^^^",
            "  |",
            "  = help: did you mean `search`?",
        ],
    );
    shown(
        &["seed=1", "groups.search.config.session.timeout.ms=5s"],
        &[
            "error: The session timeout is not within the range allowed by the broker (as \
             configured by group.min.session.timeout.ms and group.max.session.timeout.ms).",
            " --> --set:1:41",
            "  |",
            "1 | groups.search.config.session.timeout.ms=5s",
            "  |                                         ^^ session.timeout.ms is 5000",
            "  |",
            "  = help: group.min.session.timeout.ms is 6000 by default",
            "  = help: INVALID_SESSION_TIMEOUT: change the timeout, or the bound in \
             [cluster.config]",
        ],
    );
    for (change, title) in [
        ("sed=1", "there is no key `sed` at the top of the file"),
        ("expect.3.equals=1", "the list has no place `3`"),
        ("seed.x=1", "`seed` is a single value, not a table"),
        ("variants.les.seed=1", "there is no variant `les` in [variants]"),
        ("duration=5", "a whole number needs a unit of time"),
        ("groups.search.config.sesion.timeout.ms=1", "Kafka has no consumer setting"),
        ("groups.search.deploy=1", "not yet: `deploy` comes with a later step"),
        ("groups.search.topics=orders", "a text won't do for `topics`"),
        ("=5", "an override is written KEY=VALUE"),
    ] {
        let said = refused(&[change]);
        assert!(said.starts_with(&format!("error: {title}")), "{change}: {said}");
        assert!(said.contains("--> --set:1:"), "{said}");
    }
}
