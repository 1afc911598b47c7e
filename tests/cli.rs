//! The command as a user calls it: files, exit codes, what is printed where.

mod command;

use command::{exits, rejoin, stderr, stdout};
use std::fs;
use std::path::{Path, PathBuf};

fn workplace(test: &str) -> PathBuf {
    command::workplace("cli", test)
}

/// All files below a folder, hidden ones too.
fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path.strip_prefix(folder).unwrap().display().to_string());
            }
        }
    }
    found.sort();
    found
}

const SMALL: &str = r#"
name = "a small one"
duration = "20s"

[topics.orders]
partitions = 2

[producers.shop]
topic = "orders"
rate = "50/s"

[groups.search]
topics = ["orders"]
consumers = 3

[[events]]
at = "10s"
crash = "search-1"

[[expect]]
metric = "members"
group = "search"
at = "8s"
equals = 3
"#;

#[test]
fn run_prints_a_summary_and_writes_the_folder() {
    let folder = workplace("run");
    fs::write(folder.join("small.toml"), SMALL).unwrap();
    let output = rejoin(&folder, &["run", "small.toml"]);
    exits(&output, 0);
    let text = stdout(&output);
    for part in ["a small one", "group search", "coordinator broker-1", "__consumer_offsets-"] {
        assert!(text.contains(part), "{part} is missing in:\n{text}");
    }
    assert_eq!(stderr(&output), "", "no progress where nobody looks");
    let written = files(&folder.join("output"));
    for file in ["events.jsonl", "series.csv", "summary.json", "lag.svg", "lag.png"] {
        let file = format!("a-small-one/{file}");
        assert!(written.contains(&file), "{file} is missing in {written:?}");
    }
    let summary = fs::read_to_string(folder.join("output/a-small-one/summary.json")).unwrap();
    let summary: serde_json::Value = serde_json::from_str(&summary).unwrap();
    assert_eq!(summary["groups"][0]["partitions"], 2);
    for line in fs::read_to_string(folder.join("output/a-small-one/events.jsonl")).unwrap().lines()
    {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(line["name"].is_string() && line["timestamp"].is_number());
    }
}

#[test]
fn two_runs_write_the_same_bytes() {
    let folder = workplace("same-bytes");
    fs::write(folder.join("small.toml"), SMALL).unwrap();
    exits(&rejoin(&folder, &["run", "small.toml", "--output", "first"]), 0);
    exits(&rejoin(&folder, &["run", "small.toml", "--output", "second"]), 0);
    let names = files(&folder.join("first"));
    assert!(names.len() >= 9, "{names:?}");
    assert_eq!(names, files(&folder.join("second")));
    for name in names {
        let read = |root: &str| fs::read(folder.join(root).join(&name)).unwrap();
        assert!(read("first") == read("second"), "{name} differs");
    }
}

#[test]
fn a_bad_file_runs_nothing_and_leaves_what_was_there() {
    let folder = workplace("bad-file");
    fs::write(folder.join("good.toml"), SMALL).unwrap();
    fs::write(folder.join("bad.toml"), SMALL.replace("partitions", "partitons")).unwrap();
    fs::create_dir_all(folder.join("output/a-small-one")).unwrap();
    fs::write(folder.join("output/a-small-one/summary.json"), "of yesterday").unwrap();
    let output = rejoin(&folder, &["run", "good.toml", "bad.toml"]);
    exits(&output, 2);
    assert!(stderr(&output).contains("bad.toml:6:1"), "{}", stderr(&output));
    assert_eq!(stdout(&output), "");
    assert_eq!(files(&folder.join("output")), ["a-small-one/summary.json"]);
}

#[test]
fn files_that_can_not_be_read_are_named() {
    let folder = workplace("unreadable");
    fs::write(folder.join("latin.toml"), b"name = \"caf\xe9\"").unwrap();
    let output = rejoin(&folder, &["run", "latin.toml", "missing.toml"]);
    exits(&output, 2);
    let text = stderr(&output);
    assert!(text.contains("latin.toml is not text in UTF-8"), "{text}");
    assert!(text.contains("can't read missing.toml"), "{text}");
    let output = rejoin(&folder, &["test", "nowhere"]);
    exits(&output, 2);
    assert!(stderr(&output).contains("can't read nowhere"));
    fs::create_dir(folder.join("empty")).unwrap();
    let output = rejoin(&folder, &["test", "empty"]);
    exits(&output, 2);
    assert!(stderr(&output).contains("no scenario file"));
}

#[test]
fn equal_names_in_one_call_are_refused() {
    let folder = workplace("equal-names");
    fs::write(folder.join("one.toml"), SMALL).unwrap();
    fs::write(folder.join("two.toml"), SMALL.replace("a small one", "a-small one")).unwrap();
    let output = rejoin(&folder, &["run", "one.toml", "two.toml"]);
    exits(&output, 2);
    assert!(stderr(&output).contains("`a-small-one`"), "{}", stderr(&output));
    assert!(!folder.join("output").exists());
    exits(&rejoin(&folder, &["test", "one.toml", "two.toml"]), 0);
}

#[test]
fn test_prints_failing_values_and_exits_with_1() {
    let folder = workplace("test");
    fs::create_dir(folder.join("more")).unwrap();
    fs::write(folder.join("good.toml"), SMALL).unwrap();
    fs::write(folder.join("more/bad.toml"), SMALL.replace("equals = 3", "equals = 4")).unwrap();
    exits(&rejoin(&folder, &["test", "good.toml"]), 0);
    let output = rejoin(&folder, &["test", "."]);
    exits(&output, 1);
    let text = stdout(&output);
    let failed: Vec<&str> = text.lines().filter(|line| line.contains("FAILED")).collect();
    assert_eq!(failed.len(), 1, "{text}");
    assert!(failed[0].contains("members of search at 8s is 3 consumers"), "{text}");
    assert!(failed[0].contains("expected exactly 4 consumers"), "{text}");
    assert!(text.ends_with("2 runs: 1 passed, 1 failed\n"), "{text}");
    assert!(!folder.join("output").exists(), "a test writes nothing");
}

#[test]
fn variants_run_beside_the_file_they_vary() {
    let folder = workplace("variants");
    let text = format!("{SMALL}\n[variants.two.groups.search]\nconsumers = 2\n");
    fs::write(folder.join("small.toml"), text).unwrap();
    let output = rejoin(&folder, &["test", "small.toml"]);
    exits(&output, 1);
    assert!(stdout(&output).contains("members of search at 8s is 2 consumers"));
    exits(&rejoin(&folder, &["run", "small.toml"]), 0);
    assert!(folder.join("output/a-small-one/summary.json").exists());
    assert!(folder.join("output/a-small-one.two/summary.json").exists());
}

#[test]
fn set_overrides_a_key_with_the_same_checks() {
    let folder = workplace("set");
    fs::write(folder.join("small.toml"), SMALL).unwrap();
    let output = rejoin(&folder, &["test", "small.toml", "--set", "groups.search.consumers=4"]);
    exits(&output, 1);
    assert!(stdout(&output).contains("is 4 consumers"), "{}", stdout(&output));
    let wrong = "groups.search.config.session.timeout.ms=10min";
    let output = rejoin(&folder, &["run", "small.toml", "--set", wrong]);
    exits(&output, 2);
    assert!(stderr(&output).contains("10min"), "{}", stderr(&output));
    assert!(!folder.join("output").exists());
}

#[test]
fn a_run_replaces_its_files_and_leaves_others_alone() {
    let folder = workplace("again");
    fs::write(folder.join("small.toml"), SMALL).unwrap();
    fs::create_dir_all(folder.join("output/a-small-one")).unwrap();
    fs::write(folder.join("output/a-small-one/notes.txt"), "mine").unwrap();
    fs::write(folder.join("output/a-small-one/summary.json"), "of an earlier run").unwrap();
    exits(&rejoin(&folder, &["run", "small.toml"]), 0);
    let written = files(&folder.join("output"));
    assert!(written.contains(&"a-small-one/notes.txt".to_owned()), "{written:?}");
    let hidden = |file: &String| file.contains("/.") || file.starts_with('.');
    assert!(!written.iter().any(hidden), "{written:?}");
    let summary = fs::read_to_string(folder.join("output/a-small-one/summary.json")).unwrap();
    assert!(summary.contains("a small one"), "{summary}");
}

#[test]
fn the_output_folder_must_be_one() {
    let folder = workplace("no-folder");
    fs::write(folder.join("small.toml"), SMALL).unwrap();
    fs::write(folder.join("output"), "a file").unwrap();
    let output = rejoin(&folder, &["run", "small.toml"]);
    exits(&output, 2);
    assert!(stderr(&output).contains("can't write below output"), "{}", stderr(&output));
}

#[test]
fn schema_prints_json() {
    let output = rejoin(&workplace("schema"), &["schema"]);
    exits(&output, 0);
    let schema: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert!(schema["properties"]["topics"].is_object());
}

#[test]
fn wrong_arguments_exit_with_2() {
    let folder = workplace("arguments");
    exits(&rejoin(&folder, &["run"]), 2);
    exits(&rejoin(&folder, &["fly"]), 2);
    exits(&rejoin(&folder, &["--help"]), 0);
}
