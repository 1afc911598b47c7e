//! `rejoin conform` as a user calls it, and what it needs of memory.

mod command;

use command::{exits, rejoin, stderr, stdout};
use flate2::Compression;
use flate2::write::GzEncoder;
use rejoin::conform::batch::{BATCH_BYTES, BATCH_LINES};
use rejoin::conform::file;
use rejoin::conform::tally::Outcome;
use serde_json::{Value, json};
use std::cell::Cell;
use std::fs;
use std::io::{BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::Output;

fn workplace(test: &str) -> PathBuf {
    command::workplace("conform", test)
}

fn conform(folder: &Path, arguments: &[&str]) -> Output {
    rejoin(folder, &[&["conform"], arguments].concat())
}

/// A file of `tests/vectors`.
fn vectors(file: &str) -> String {
    fs::read_to_string(format!("{}/tests/vectors/{file}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn packed(text: &str) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(text.as_bytes()).unwrap();
    packer.finish().unwrap()
}

const RANGE: &str = "assignors/range/readable.jsonl";
const DIALOGUES: &str = "coordinator/readable-classic.jsonl";

/// A text with one place changed, which must be there.
#[track_caller]
fn changed(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{from} is not there");
    text.replacen(from, to, 1)
}

#[test]
fn equal_answers_are_counted_file_by_file() {
    let folder = workplace("equal");
    fs::create_dir_all(folder.join("all/more")).unwrap();
    fs::write(folder.join("all/more/range.jsonl"), vectors(RANGE)).unwrap();
    fs::write(folder.join("all/hash.jsonl.gz"), packed(&vectors("assignors/hash.jsonl"))).unwrap();
    fs::write(folder.join("all/dialogues.jsonl"), vectors(DIALOGUES)).unwrap();
    fs::write(folder.join("all/README.md"), "of no interest").unwrap();
    let output = conform(&folder, &["all"]);
    exits(&output, 0);
    let text = stdout(&output);
    let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[1], ["all/dialogues.jsonl", "33", "33", "0", "0"], "{text}");
    assert_eq!(rows[2], ["all/hash.jsonl.gz", "464", "464", "0", "0"], "{text}");
    assert_eq!(rows[3], ["all/more/range.jsonl", "19", "19", "0", "0"], "{text}");
    assert!(text.ends_with("516 cases in 3 files: 516 equal, 0 different, 0 not replayed\n"));
    assert_eq!(stderr(&output), "", "no progress where nobody looks");
}

#[test]
fn a_planted_difference_of_an_assignment_is_shown_by_member() {
    let folder = workplace("assignment");
    let text = r#"{"id":"mine","note":"two","assignor":"range","topics":[{"name":"t","partitions":3}],"members":[{"id":"a","topics":["t"]},{"id":"b","topics":["t"]}],"result":{"a":[["t",[0]]],"b":[["t",[1,2]]]}}"#;
    fs::write(folder.join("mine.jsonl"), format!("\n{text}\n")).unwrap();
    let output = conform(&folder, &["mine.jsonl"]);
    exits(&output, 1);
    let expected = "
mine.jsonl:2: mine · two
  --- Kafka
  +++ rejoin
  - a: t-0
  + a: t-0 t-1
  - b: t-1 t-2
  + b: t-2
";
    assert!(stdout(&output).contains(expected), "{}", stdout(&output));
}

#[test]
fn a_planted_difference_of_a_servers_assignment_is_shown() {
    let folder = workplace("server");
    let text = vectors("assignors/server-range/readable.jsonl");
    let lines: Vec<&str> = text.lines().collect();
    let first: Value = serde_json::from_str(lines[0]).unwrap();
    let member = first["changed"][0].as_str().unwrap();
    let text = changed(&text, &format!(r#""changed":["{member}""#), r#""changed":["nobody""#);
    fs::write(folder.join("range.jsonl"), text).unwrap();
    let output = conform(&folder, &["range.jsonl"]);
    exits(&output, 1);
    let text = stdout(&output);
    assert!(text.contains("  - changed: nobody"), "{text}");
    assert!(text.contains(&format!("  + changed: {member}")), "{text}");
}

#[test]
fn a_planted_difference_of_a_dialogue_is_shown_with_request_and_state() {
    let folder = workplace("dialogue");
    let text = changed(&vectors(DIALOGUES), r#""generationId":1"#, r#""generationId":7"#);
    fs::write(folder.join("dialogues.jsonl"), text).unwrap();
    let output = conform(&folder, &["dialogues.jsonl"]);
    exits(&output, 1);
    let text = stdout(&output);
    for part in ["JoinGroup of A", "rejoin then has", "  -                 generation_id: 7,"] {
        assert!(text.contains(part), "{part} is missing in:\n{text}");
    }
    assert!(text.contains("33 cases in 1 file: 32 equal, 1 different"), "{text}");
}

#[test]
fn a_planted_difference_of_a_hash_or_a_walk_is_shown() {
    let folder = workplace("hash");
    let hashes = vectors("assignors/hash.jsonl");
    for kind in ["key", "group", "topic-partition", "uuid", "metadata-hash"] {
        let start = format!(r#"{{"kind":"{kind}""#);
        let line = hashes.lines().rfind(|line| line.starts_with(&start)).unwrap();
        let mut case: Value = serde_json::from_str(line).unwrap();
        let name = if kind == "key" { "murmur2" } else { "hash" };
        match kind {
            "metadata-hash" => case["group"] = "1".into(),
            _ => case[name] = 1.into(),
        }
        fs::write(folder.join("planted.jsonl"), case.to_string()).unwrap();
        let output = conform(&folder, &["planted.jsonl"]);
        exits(&output, 1);
    }
    let walks = vectors("java/walks.jsonl");
    for kind in ["string-order", "uuid-order"] {
        let start = format!(r#"{{"kind":"{kind}""#);
        let line = hashes.lines().find(|line| line.starts_with(&start)).unwrap();
        let mut case: Value = serde_json::from_str(line).unwrap();
        case["sorted"].as_array_mut().unwrap().swap(0, 1);
        fs::write(folder.join("planted.jsonl"), case.to_string()).unwrap();
        exits(&conform(&folder, &["planted.jsonl"]), 1);
    }
    for (text, kind, key) in [
        (&hashes, "uuid-hashset", "order"),
        (&hashes, "hashmap", "order"),
        (&hashes, "hashmap", "copied"),
        (&hashes, "hashmap", "hashset"),
        (&hashes, "hashmap-tree", "order-capacity-64"),
        (&hashes, "timeline", "order"),
        (&walks, "hashmap-walk", "order"),
        (&walks, "timeline-walk", "order"),
    ] {
        let start = format!(r#"{{"kind":"{kind}""#);
        let line = text.lines().find(|line| line.starts_with(&start)).unwrap();
        let mut case: Value = serde_json::from_str(line).unwrap();
        case[key].as_array_mut().unwrap().swap(0, 1);
        fs::write(folder.join("planted.jsonl"), case.to_string()).unwrap();
        let output = conform(&folder, &["planted.jsonl"]);
        exits(&output, 1);
        assert!(stdout(&output).contains("walk"), "{kind}: {}", stdout(&output));
    }
}

#[test]
fn differences_are_limited_and_have_a_form_for_programs() {
    let folder = workplace("many");
    let text = r#"{"assignor":"range","topics":[],"members":[{"id":"a"}],"result":{"b":[]}}"#;
    fs::write(folder.join("many.jsonl"), format!("{text}\n").repeat(2000)).unwrap();
    let output = conform(&folder, &["many.jsonl", "--differences", "2"]);
    exits(&output, 1);
    let shown = stdout(&output);
    assert_eq!(shown.matches("--- Kafka").count(), 2, "{shown}");
    assert!(shown.contains("many.jsonl: 1,998 differences more"), "{shown}");
    let output = conform(&folder, &["many.jsonl", "--json"]);
    exits(&output, 1);
    let json: Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!((&json["cases"], &json["different"]), (&2000.into(), &2000.into()));
    let file = &json["files"][0];
    assert_eq!(file["path"], "many.jsonl");
    assert_eq!(file["differences"].as_array().unwrap().len(), 3);
    assert_eq!(file["differences"][1]["line"], 2);
    let line = serde_json::json!({"of": "kafka", "text": "a: no such member"});
    assert_eq!(file["differences"][0]["lines"][0], line);
}

#[test]
fn known_kinds_that_can_not_be_replayed_are_named() {
    let folder = workplace("not-replayed");
    let queue = r#"{"id":"01","steps":[{"t":0,"n":1,"do":"load"}]}"#;
    fs::write(folder.join("queue.jsonl"), format!("{queue}\n{queue}\n")).unwrap();
    let output = conform(&folder, &["."]);
    // Nothing was checked: that must not look like success.
    exits(&output, 2);
    assert!(stderr(&output).contains("nothing was checked"), "{}", stderr(&output));
    fs::write(folder.join("range.jsonl"), vectors(RANGE)).unwrap();
    let output = conform(&folder, &["."]);
    exits(&output, 0);
    let text = stdout(&output);
    assert!(text.contains("not replayed: 2 dialogues with a share group's queue\n"), "{text}");
    assert!(text.ends_with("21 cases in 2 files: 19 equal, 0 different, 2 not replayed\n"));
}

/// An experiment on a real cluster.
fn live(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/live").join(name);
    fs::read_to_string(path).unwrap()
}

#[test]
fn experiments_on_a_real_cluster_are_replayed() {
    let folder = workplace("live");
    let experiments =
        ["a-first-join-no-delay.json", "e-crash-848.json", "j-add-partitions-848.json"];
    for name in experiments {
        fs::write(folder.join(name), live(name)).unwrap();
    }
    let output = conform(&folder, &[".", "--scenario"]);
    exits(&output, 0);
    let text = stdout(&output);
    assert!(text.contains("3 experiments: 31 of 31 key measures in band"), "{text}");
    let scenario = fs::read_to_string(folder.join("output/e-crash-848.toml")).unwrap();
    assert!(scenario.contains("crash = \"c2\""), "{scenario}");
    // What was measured is not what would be said of another cluster.
    let other = live("e-crash-848.json");
    let other = other
        .replace("\"consumer.session.timeout.ms\": 6000", "\"consumer.session.timeout.ms\": 9000");
    fs::write(folder.join("e-crash-848.json"), other).unwrap();
    let output = conform(&folder, &["e-crash-848.json"]);
    exits(&output, 1);
    assert!(stdout(&output).contains("! after.crash.partition_stall_ms.max"));
}

#[test]
fn whatever_the_player_can_play_becomes_a_scenario() {
    let folder = workplace("live-setups");
    let mut file: Value = serde_json::from_str(&live("e-crash-848.json")).unwrap();
    file["runs"].as_array_mut().unwrap().truncate(1);
    let setup = &mut file["setup"];
    let group = &mut setup["groups"]["g"];
    group["re2"] = "orders.*$RUN".into();
    group["process"] = "1ms".into();
    group["consumer"] = json!({ "c2": { "process": "2ms", "warm": false } });
    setup["producers"]["shop"]["stop"] = "20s".into();
    let more = [
        json!({ "at": "14s", "process": "7.75ms", "consumer": "c1" }),
        json!({ "at": "15s", "describe": "g" }),
        json!({ "at": "16s", "spawn": "c2", "go": true }),
    ];
    setup["events"].as_array_mut().unwrap().extend(more);
    let played = file["runs"][0]["event_times_ms"].as_array_mut().unwrap();
    played.push(json!([14_000.0, "process", "c1"]));
    played.push(json!([16_000.0, "spawn", "c2"]));
    played.push(json!([20_000.0, "stop", "shop"]));
    fs::write(folder.join("all.json"), serde_json::to_string_pretty(&file).unwrap()).unwrap();
    conform(&folder, &["all.json", "--scenario"]);
    let scenario = fs::read_to_string(folder.join("output/e-crash-848.toml")).unwrap();
    for part in [
        "pattern = \"orders.*\"",
        "name = \"c1\", start = \"25.4ms\", process = \"1.25ms\"",
        "name = \"c2\", start = \"689.2ms\", process = \"2.25ms\"",
        "slow = \"c1\"\nfactor = 6.4",
        "at = \"16.189s\"\nstart = \"c2\"",
        "stop = \"20s\"",
    ] {
        assert!(scenario.contains(part), "{part}: {scenario}");
    }
    // What has no place in a scenario is not left out in silence.
    file["setup"]["groups"]["g"]["consumer"]["c2"]["commit"] = "sync".into();
    fs::write(folder.join("all.json"), serde_json::to_string_pretty(&file).unwrap()).unwrap();
    let output = conform(&folder, &["all.json"]);
    assert!(stdout(&output).contains("`commit` of the consumer c2 alone"), "{}", stdout(&output));
}

#[test]
fn a_damaged_experiment_is_named_with_its_line() {
    let folder = workplace("live-damaged");
    let text = live("e-crash-848.json");
    fs::write(folder.join("cut.json"), &text[..text.len() / 2]).unwrap();
    fs::write(folder.join("empty.json"), text.replace("\"setup\": {", "\"setup\": {}, \"x\": {"))
        .unwrap();
    for name in ["cut.json", "empty.json"] {
        let output = conform(&folder, &[name]);
        exits(&output, 2);
        assert!(stderr(&output).contains(&format!("{name}:")), "{}", stderr(&output));
    }
}

#[test]
fn what_can_not_be_read_is_named_with_its_line() {
    let folder = workplace("unreadable");
    let good = vectors(RANGE);
    let lines = good.lines().count();
    let gz = packed(&good);
    let half = good.len() / 2;
    let broken = good[..half].lines().count();
    for (file, bytes, said) in [
        ("empty.jsonl", Vec::new(), "empty.jsonl:1: there is no case".to_owned()),
        ("blank.jsonl", b"\n\n".repeat(5000), "blank.jsonl:1: there is no case".to_owned()),
        ("cut.jsonl", good[..half].into(), format!("cut.jsonl:{broken}: ")),
        ("cut.jsonl.gz", gz[..gz.len() / 2].into(), "the file is cut off".to_owned()),
        ("damaged.jsonl.gz", [&gz[..60], &[0; 60], &gz[120..]].concat(), "gzip".to_owned()),
        ("latin.jsonl", b"\xe9".to_vec(), "latin.jsonl:1: not text in UTF-8".to_owned()),
        (
            "unknown.jsonl",
            format!("{good}{{\"some\":\"thing\"}}\n").into(),
            format!("unknown.jsonl:{}: unknown content: expected a case", lines + 1),
        ),
        ("text.jsonl", b"hello\n".to_vec(), "text.jsonl:1: no JSON object".to_owned()),
        (
            "kind.jsonl",
            br#"{"kind":"hush","steps":[]}"#.to_vec(),
            "kind.jsonl:1: `hush` is no kind of dialogue".to_owned(),
        ),
        (
            "case.jsonl",
            br#"{"assignor":"range","topics":[],"members":[]}"#.to_vec(),
            "case.jsonl:1: expected either a `result` or an `error`".to_owned(),
        ),
        (
            "back.jsonl",
            br#"{"id":"","kind":"classic","clock":1,"steps":[{"t":5},{"t":4}]}"#.to_vec(),
            "back.jsonl:1: the dialogue steps back in time".to_owned(),
        ),
    ] {
        fs::write(folder.join(file), bytes).unwrap();
        let output = conform(&folder, &[file]);
        exits(&output, 2);
        assert!(stderr(&output).contains(&said), "{file}: {}", stderr(&output));
    }
    exits(&conform(&folder, &["nowhere"]), 2);
    exits(&conform(&folder, &[]), 2);
    fs::create_dir(folder.join("folder")).unwrap();
    let output = conform(&folder, &["folder"]);
    exits(&output, 2);
    assert!(stderr(&output).contains("no recorded answers (*.jsonl,"), "{}", stderr(&output));
}

#[test]
fn an_unreadable_file_does_not_hide_the_others() {
    let folder = workplace("beside");
    fs::write(folder.join("a.jsonl"), "{}\n").unwrap();
    fs::write(folder.join("b.jsonl"), vectors(RANGE)).unwrap();
    let output = conform(&folder, &["."]);
    exits(&output, 2);
    assert!(stdout(&output).contains("19 equal, 0 different"), "{}", stdout(&output));
}

#[test]
fn packed_files_may_have_several_members() {
    let folder = workplace("members");
    let one = packed(&vectors(RANGE));
    fs::write(folder.join("two.jsonl.gz"), [one.clone(), one].concat()).unwrap();
    let output = conform(&folder, &["two.jsonl.gz"]);
    exits(&output, 0);
    assert!(stdout(&output).contains("38 cases in 1 file"), "{}", stdout(&output));
}

/// Some lines again and again, made when they are read.
struct Lazy<'a> {
    line: &'a [u8],
    left: u64,
    at: usize,
    made: &'a Cell<u64>,
}

impl Read for Lazy<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        if self.left == 0 {
            return Ok(0);
        }
        let count = into.len().min(self.line.len() - self.at);
        into[..count].copy_from_slice(&self.line[self.at..self.at + count]);
        self.at += count;
        if self.at == self.line.len() {
            (self.at, self.left) = (0, self.left - 1);
        }
        self.made.set(self.made.get() + count as u64);
        Ok(count)
    }
}

/// A hundred times as many lines as a batch holds: never more than a batch is in memory.
#[test]
fn memory_is_that_of_a_batch() {
    for length in [100, 20_000] {
        let line = format!("{}\n", "x".repeat(length - 1));
        let most = BATCH_LINES.min(BATCH_BYTES.div_ceil(length));
        let count = 100 * most as u64;
        let made = Cell::new(0);
        let lazy = Lazy { line: line.as_bytes(), left: count, at: 0, made: &made };
        let mut taken = 0;
        let tally = file::replay(BufReader::new(lazy), 3, |batch| {
            taken += batch.iter().map(|line| line.text.len() as u64).sum::<u64>();
            assert!(batch.len() <= most, "{} lines", batch.len());
            // What was read ahead is no more than the buffers of the reader.
            assert!(made.get() - taken <= 64 * 1024, "{} bytes ahead", made.get() - taken);
            batch.iter().map(|_| Ok(Outcome::Equal)).collect()
        });
        assert_eq!((tally.cases, tally.equal, tally.fault), (count, count, None));
        assert_eq!(taken, count * length as u64);
    }
}
