//! Suites of cases for assignment strategies: `rejoin test`, and baselines.

mod command;

use command::{exits, rejoin, stderr, stdout};
use std::fs;
use std::path::{Path, PathBuf};

const SUITE: &str = r#"
assignors = ["STRATEGY"]

[[cases]]
name = "one joins"
topics.orders.partitions = 12
members = 3
then = ["join m0", "leave m2"]

[[expect]]
figure = "FIGURE"
COMPARISON
"#;

/// A suite with a strategy and an expectation, in a folder of its own.
fn suite(test: &str, strategy: &str, figure: &str, comparison: &str) -> PathBuf {
    let folder = command::workplace("suites", test);
    write(&folder, strategy, figure, comparison);
    folder
}

fn write(folder: &Path, strategy: &str, figure: &str, comparison: &str) {
    let text = SUITE.replace("STRATEGY", strategy).replace("FIGURE", figure);
    fs::write(folder.join("suite.toml"), text.replace("COMPARISON", comparison)).unwrap();
}

#[test]
fn each_kind_of_expectation_holds_and_fails() {
    for (figure, holds, fails) in [
        ("spread", "equals = 0", "equals = 1"),
        ("topic_spread", "at_most = 0", "at_least = 1"),
        ("jain", "at_least = 0.999", "at_most = 0.999"),
        ("idle", "stat = \"max\"\nequals = 0", "stat = \"max\"\nat_least = 1"),
        ("moves", "after = \"join m0\"\nequals = 3", "after = \"join m0\"\nequals = 2"),
        ("moves", "stat = \"sum\"\nequals = 3", "stat = \"sum\"\nbetween = [4, 9]"),
        ("excess_moves", "stat = \"max\"\nat_most = 0", "stat = \"min\"\nat_least = 1"),
        ("unassigned", "after = \"start\"\nequals = 0", "after = \"start\"\nequals = 3"),
        ("rounds", "near = { value = 1, percent = 1 }", "near = { value = 2, percent = 1 }"),
    ] {
        let folder = suite("kinds", "sticky", figure, holds);
        let output = rejoin(&folder, &["test", "suite.toml"]);
        exits(&output, 0);
        assert!(stdout(&output).contains("1 run: 1 passed, 0 failed"), "{}", stdout(&output));
        write(&folder, "sticky", figure, fails);
        let output = rejoin(&folder, &["test", "suite.toml"]);
        exits(&output, 1);
        let line = format!("  FAILED line 10: {figure} of \"one joins\" by sticky");
        assert!(stdout(&output).contains(&line), "{}", stdout(&output));
    }
    let folder = suite("kinds", "sticky", "rack_mismatches", "equals = 0");
    let output = rejoin(&folder, &["test", "suite.toml"]);
    exits(&output, 1);
    assert!(stdout(&output).contains("there are no racks"), "{}", stdout(&output));
}

#[test]
fn what_gets_worse_than_the_baseline_fails() {
    let folder = suite("baseline", "sticky", "spread", "at_most = 1");
    exits(&rejoin(&folder, &["test", ".", "--write-baseline", "base.jsonl"]), 0);
    let base = fs::read_to_string(folder.join("base.jsonl")).unwrap();
    assert_eq!(base.lines().count(), 3, "a line for each step: {base}");
    let again = rejoin(&folder, &["test", ".", "--baseline", "base.jsonl"]);
    exits(&again, 0);
    assert!(stdout(&again).ends_with("1 passed, 0 failed, 0 worse than the baseline\n"));

    // Once the join took one move less, and the leave two more.
    let mut lines: Vec<String> = base.lines().map(str::to_owned).collect();
    lines[1] = lines[1].replace(r#""moves":3.0"#, r#""moves":2.0"#);
    lines[2] = lines[2].replace(r#""moves":0.0"#, r#""moves":2.0"#);
    fs::write(folder.join("base.jsonl"), lines.join("\n")).unwrap();
    let worse = rejoin(&folder, &["test", ".", "--baseline", "base.jsonl", "--tolerance", "49%"]);
    exits(&worse, 1);
    let text = stdout(&worse);
    assert!(text.contains("sticky after join m0: moves is 3 partitions, was 2 partitions: 50.0% worse, 49% allowed"), "{text}");
    assert!(text.contains("  better  "), "{text}");
    assert!(text.ends_with("1 passed, 0 failed, 1 worse than the baseline\n"), "{text}");
    let within = ["test", ".", "--baseline", "base.jsonl", "--tolerance", "50%"];
    exits(&rejoin(&folder, &within), 0);
}

#[test]
fn steps_that_come_or_go_are_told() {
    let folder = suite("come-and-go", "sticky", "spread", "at_most = 1");
    exits(&rejoin(&folder, &["test", ".", "--write-baseline", "base.jsonl"]), 0);
    write(&folder, "uniform", "spread", "at_most = 1");
    let output = rejoin(&folder, &["test", ".", "--baseline", "base.jsonl"]);
    exits(&output, 0);
    let text = stdout(&output);
    assert_eq!(text.matches("  new     ").count(), 3, "{text}");
    assert_eq!(text.matches("  gone    ").count(), 3, "{text}");
}

#[test]
fn nothing_is_written_when_the_input_is_wrong() {
    let folder = suite("wrong", "sticky", "spraed", "at_most = 1");
    let output = rejoin(&folder, &["test", ".", "--write-baseline", "base.jsonl"]);
    exits(&output, 2);
    assert!(stderr(&output).contains("--> ./suite.toml:11:10"), "{}", stderr(&output));
    assert!(!folder.join("base.jsonl").exists());

    write(&folder, "sticky", "spread", "at_most = 1");
    for (arguments, said) in [
        (&["--baseline", "no-such-file"][..], "can't read no-such-file"),
        (&["--baseline", "suite.toml"], "suite.toml:2: no line of a baseline"),
        (&["--baseline", "suite.toml", "--tolerance", "much"], "expected percent"),
        (&["--tolerance", "5%"], "--baseline"),
        (&["--write-baseline", "no/such/folder"], "can't write no/such/folder"),
    ] {
        let output = rejoin(&folder, &[&["test", "suite.toml"], arguments].concat());
        exits(&output, 2);
        assert!(stderr(&output).contains(said), "{}", stderr(&output));
    }
}

#[test]
fn a_program_of_ones_own_is_held_to_a_suite() {
    let folder = command::workplace("suites", "program");
    let program = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/my_assignor.py");
    let mine = format!(r#"{{ command = ["python3", "{program}"] }}"#);
    let text = SUITE.replace("\"STRATEGY\"", &mine).replace("FIGURE", "spread");
    fs::write(folder.join("suite.toml"), text.replace("COMPARISON", "at_most = 1")).unwrap();
    exits(&rejoin(&folder, &["test", "suite.toml"]), 0);

    let text = SUITE.replace("\"STRATEGY\"", r#"{ command = ["false"] }"#);
    let text = text.replace("FIGURE", "spread").replace("COMPARISON", "at_most = 1");
    fs::write(folder.join("suite.toml"), text).unwrap();
    let output = rejoin(&folder, &["test", "suite.toml", "--write-baseline", "base.jsonl"]);
    exits(&output, 2);
    assert!(
        stderr(&output).contains("error: suite.toml: the strategy `false`"),
        "{}",
        stderr(&output)
    );
    assert!(!folder.join("base.jsonl").exists());
}

#[test]
fn a_suite_is_no_scenario() {
    let folder = suite("run", "sticky", "spread", "at_most = 1");
    let output = rejoin(&folder, &["run", "suite.toml"]);
    exits(&output, 2);
    assert!(stderr(&output).contains("use rejoin test suite.toml"), "{}", stderr(&output));
}

#[test]
fn shipped_suites_hold() {
    let output = rejoin(Path::new(env!("CARGO_MANIFEST_DIR")), &["test", "scenarios/assignors"]);
    exits(&output, 0);
    assert!(stdout(&output).contains("8 runs: "), "{}", stdout(&output));
}
