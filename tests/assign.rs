//! `rejoin assign`, and programs as strategies.

mod command;

use command::{exits, stderr, stdout};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

fn rejoin(arguments: &[&str]) -> Output {
    command::rejoin(Path::new(env!("CARGO_MANIFEST_DIR")), arguments)
}

/// A file of this test's own.
fn file(name: &str, text: &str) -> PathBuf {
    let path = command::workplace("assign", name).join(name);
    fs::write(&path, text).expect("a file");
    path
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

const EXAMPLE: &str = "examples/case.toml";

#[test]
fn the_example_is_a_table_of_eighty_columns() {
    let output = rejoin(&["assign", EXAMPLE]);
    exits(&output, 0);
    let table = stdout(&output);
    assert!(table.lines().all(|line| line.chars().count() <= 80), "{table}");
    assert!(
        table.contains("a third member joins · 10 partitions of 2 topics, 3 members"),
        "{table}"
    );
    assert!(table.contains("4: orders 0-2 ·"), "{table}");
    assert!(table.contains("moves"), "{table}");
}

#[test]
fn changes_are_played_one_after_another() {
    let arguments = [
        "assign",
        EXAMPLE,
        "--assignor",
        "cooperative-sticky",
        "--then",
        "join m4",
        "--then",
        "leave m1",
        "--json",
    ];
    let output = rejoin(&arguments);
    let json: serde_json::Value = serde_json::from_str(&stdout(&output)).expect("JSON");
    let steps = json["assignors"][0]["steps"].as_array().expect("steps");
    let figure = |step: usize, name: &str| steps[step]["figures"][name].as_u64();
    assert_eq!(steps.len(), 3);
    assert_eq!(steps[1]["change"], "join m4");
    assert_eq!(steps[1]["rounds"], 2, "what moves is given up first");
    assert_eq!(figure(1, "moves"), figure(1, "fewest_moves"));
    assert_eq!((figure(2, "moves"), figure(2, "members")), (Some(0), Some(3)));
}

#[test]
fn a_scenario_is_asked_as_it_is_at_a_moment() {
    let scenario = "scenarios/lessons/three-consumers.toml";
    let at_start = stdout(&rejoin(&["assign", scenario]));
    assert!(at_start.contains("search-3") && at_start.contains("idle"), "{at_start}");
    let arguments = ["assign", scenario, "--at", "30s", "--assignor", "sticky,range", "--json"];
    let json: serde_json::Value = serde_json::from_str(&stdout(&rejoin(&arguments))).expect("JSON");
    let figures = &json["assignors"][0]["steps"][0]["figures"];
    assert_eq!((&figures["members"], &figures["moves"]), (&3.into(), &0.into()), "{json}");
}

#[test]
fn recorded_cases_are_answered() {
    for assignor in ["range", "uniform", "server-range", "simple"] {
        let recorded = format!("tests/vectors/assignors/{assignor}/readable.jsonl");
        let output = rejoin(&["assign", &recorded, "--json"]);
        exits(&output, 0);
        let cases = fs::read_to_string(recorded).expect("the vectors");
        let asked = cases.lines().filter(|case| !case.contains(r#""assignable""#)).count();
        assert_eq!(stdout(&output).lines().count(), asked);
        // What only `conform` can put to the strategy is named, not dropped silently.
        let left_out = stderr(&output).lines().filter(|line| line.ends_with("left out")).count();
        assert_eq!(left_out, cases.lines().count() - asked, "{}", stderr(&output));
    }
}

/// Kafka 4.3.1 moves two topics' partitions to and fro for ever on this one.
#[test]
fn a_question_on_which_kafka_hangs_is_answered_so() {
    let output = rejoin(&["assign", "tests/endless/sticky.json"]);
    exits(&output, 0);
    let said = stdout(&output).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("Kafka's own code never ends here"), "{said}");
}

#[test]
fn what_can_not_be_asked_is_refused() {
    let bad = file("bad.toml", "[topics.t]\npartitons = 2\n[members.m]\ntopics = [\"u\"]\n");
    for (arguments, expected) in [
        (&["assign", text(&bad)][..], "did you mean `partitions`?"),
        (&["assign", "no-such-file.toml"], "can't read no-such-file.toml"),
        (&["assign", EXAMPLE, "--assignor", "stiky"], "there is no assignment strategy \"stiky\""),
        (&["assign", EXAMPLE, "--then", "leave m9"], "nobody called \"m9\""),
        (&["assign", EXAMPLE, "--then", "explode"], "expected \"leave m2\""),
        (&["assign", EXAMPLE, "--at", "3s"], "--at is for scenarios"),
    ] {
        let output = rejoin(arguments);
        exits(&output, 2);
        assert!(stderr(&output).contains(expected), "{arguments:?}: {}", stderr(&output));
        assert_eq!(stdout(&output), "", "{arguments:?}");
    }
}

#[test]
fn the_shipped_program_balances_and_keeps() {
    let output =
        rejoin(&["assign", EXAMPLE, "--command", "python3 examples/my_assignor.py", "--json"]);
    exits(&output, 0);
    let json: serde_json::Value = serde_json::from_str(&stdout(&output)).expect("JSON");
    let figures = &json["assignors"][0]["steps"][0]["figures"];
    assert_eq!((&figures["most"], &figures["least"]), (&4.into(), &2.into()));
    assert_eq!(figures["unassigned"], 0);
}

/// A program that prints this for every question, and may do something first.
fn program(name: &str, first: &str, answer: &str) -> String {
    let text = format!(
        "import sys, time\nfor line in sys.stdin:\n    {first}\n    print({answer:?}, flush=True)\n"
    );
    let path = file(&format!("{name}.py"), &text);
    self::text(&path).to_owned()
}

/// Each way in which a program may misbehave: the first line, what it prints, what is said of it.
const MISBEHAVIOUR: [(&str, &str, &str, &str); 8] = [
    (
        "twice",
        "pass",
        r#"{"result":{"g-1":[["t",[0,1]]],"g-2":[["t",[1]]]}}"#,
        "t-1 is assigned twice",
    ),
    ("missing", "pass", r#"{"result":{"g-1":[["t",[0]]]}}"#, "t-1 is missing: nobody gets it"),
    ("stranger", "pass", r#"{"result":{"g-9":[["t",[0,1]]]}}"#, "unknown member \"g-9\""),
    ("no-json", "pass", "range would do", "this is not JSON"),
    ("no-answer", "pass", "[1]", "this is no answer"),
    ("exit", "sys.exit(3)", "", "it ended without an answer (exit status: 3)"),
    ("slow", "time.sleep(600)", "", "it did not answer within 400ms"),
    ("complains", "pass", r#"{"error":"too many members"}"#, "it says: too many members"),
];

#[test]
fn a_program_that_misbehaves_ends_a_run_without_output() {
    for (name, first, answer, expected) in MISBEHAVIOUR {
        let program = program(name, first, answer);
        // Only who never answers is not waited for: a busy machine is slow to start the others.
        let timeout = if name == "slow" { "400ms" } else { "60s" };
        let scenario = format!(
            "duration = \"20s\"\n[topics.t]\npartitions = 2\n[groups.g]\ntopics = [\"t\"]\n\
             consumers = 2\nstrategy = {{ command = [\"python3\", {program:?}], timeout = {timeout:?} }}\n"
        );
        // Members of a group have ids with a random part: answers name the consumers of a case.
        let case = format!(
            "assignors = [{{ command = [\"python3\", {program:?}], timeout = {timeout:?} }}]\n\
             [topics.t]\npartitions = 2\n[members.g-1]\n[members.g-2]\n"
        );
        let case = file(&format!("{name}.toml"), &case);
        let output = rejoin(&["assign", text(&case)]);
        exits(&output, 2);
        let said = stderr(&output);
        assert!(said.contains(expected) && said.contains(&program), "{name}: {said}");
        assert_eq!(stdout(&output), "", "{name}");

        let scenario = file(&format!("{name}-run.toml"), &scenario);
        let folder = scenario.with_extension("out");
        let output = rejoin(&["run", text(&scenario), "--output", text(&folder)]);
        exits(&output, 2);
        assert!(stderr(&output).contains(&program), "{name}: {}", stderr(&output));
        let left = fs::read_dir(&folder).map_or(0, Iterator::count);
        assert_eq!(left, 0, "{name} left files behind");
    }
}

#[test]
fn a_program_that_is_not_there_is_named() {
    let output = rejoin(&["assign", EXAMPLE, "--command", "no-such-program-anywhere"]);
    exits(&output, 2);
    let said = stderr(&output);
    assert!(said.contains("`no-such-program-anywhere`: it can't be started"), "{said}");
}
