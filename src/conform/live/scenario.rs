//! From the setup of an experiment to a scenario, as a person would write it.
//!
//! One set of constants for all experiments: docs/calibration.md says where each comes from.

use super::experiment::{Event, Experiment, Group, PlayedRun, Topic, word};
use serde_json::{Map, Value};
use std::fmt::Write;

/// One way of a message on loopback, with the time that both sides need for it: half of what a
/// Heartbeat takes there and back in a warm JVM.
const LATENCY: &str = "{ lognormal = { median = \"500us\", p99 = \"10ms\" } }";
/// By how much a sleep ends late (s).
const OVERSLEPT: f64 = 250e-6;
/// Seeds of runs. A file does not say when brokers sent their heartbeats, nor when the controller
/// looked: with these a broker that dies at 16 s is fenced after 8.7 s, and the ten kills on
/// the cluster took 8.8 s on average.
const SEEDS: [u64; 3] = [8, 50, 54];
/// How long runs went on after the producers had stopped, where nothing is said (s).
const DRAIN: f64 = 2.0;
/// How long consumers had to close (s).
const CLOSING: f64 = 6.0;
/// Events from here on are shifted from run to run (s).
const SHIFTED_FROM: f64 = 5.0;

/// What a file lacks to be made a scenario of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unclear(pub String);

/// The scenario of a run, as text.
///
/// # Errors
/// The setup asks for something that has no place in a scenario.
pub fn text(experiment: &Experiment, run: usize) -> Result<String, Unclear> {
    let setup = &experiment.setup;
    let played = &experiment.runs[run];
    let stop = stop(experiment, played)?;
    let end = end(experiment, run)?;
    let mut toml = String::new();
    let _ = writeln!(toml, "name = {}", quoted(&experiment.id));
    let _ = writeln!(toml, "question = {}", quoted(&experiment.question));
    let _ = writeln!(toml, "seed = {}", SEEDS[run % SEEDS.len()]);
    let _ = writeln!(toml, "duration = \"{}\"\n", time(end + CLOSING));
    let _ = writeln!(toml, "[cluster]\nbrokers = {}", setup.cluster.brokers);
    let _ = writeln!(toml, "latency = {LATENCY}\n\n[cluster.config]");
    settings(&mut toml, &setup.cluster.config);
    for (name, topic) in &setup.topics {
        write_topic(&mut toml, experiment, name, topic, played)?;
    }
    let all = setup.producers.iter().chain(&setup.manual_producers);
    for (name, producer) in all {
        let Some(start) = when(played, "produce", name, 0) else { continue };
        let _ = writeln!(toml, "\n[producers.{name}]\ntopic = {}", quoted(&producer.topic));
        let _ = writeln!(toml, "rate = {}\npartitioner = \"round-robin\"", quoted(&producer.rate));
        let tick = match &producer.tick {
            Some(tick) => seconds(tick, "tick")?,
            None => 0.02,
        };
        let _ = writeln!(toml, "tick = \"{}\"\nstart = \"{}\"", time(tick), time(start));
        let _ = writeln!(
            toml,
            "stop = \"{}\"\nconfig = {{ \"linger.ms\" = 0, \"metadata.max.age.ms\" = 100 }}",
            time(stop)
        );
    }
    for (name, group) in &setup.groups {
        write_group(&mut toml, name, group, played)?;
    }
    let mut seen: Vec<(String, String)> = Vec::new();
    for event in &setup.events {
        let Some((action, target)) = event.action() else {
            return Err(Unclear(format!("an event that does nothing known: {:?}", event.rest)));
        };
        let before = seen.iter().filter(|(a, t)| a == action && *t == target).count();
        seen.push((action.to_owned(), target.clone()));
        let at = when(played, action, &target, before);
        write_event(&mut toml, event, action, &target, at)?;
    }
    // At the end everybody is closed, after the records at hand.
    let names =
        setup.groups.values().flat_map(|group| &group.consumers).filter(|name| {
            ["start", "spawn"].iter().any(|what| when(played, what, name, 0).is_some())
        });
    let names: Vec<String> = names.map(|name| quoted(name)).collect();
    let _ = writeln!(toml, "\n[[events]]\nat = \"{}\"", time(end));
    let _ = writeln!(toml, "close = [{}]", names.join(", "));
    Ok(toml)
}

/// When the producers stopped.
fn stop(experiment: &Experiment, run: &PlayedRun) -> Result<f64, Unclear> {
    Ok(seconds(&experiment.setup.duration, "duration")? + shift(experiment, run))
}

/// When a run was over (s), but for the closing of consumers.
///
/// # Errors
/// The setup does not say.
pub(super) fn end(experiment: &Experiment, run: usize) -> Result<f64, Unclear> {
    let drain = match &experiment.setup.drain {
        Some(drain) => seconds(drain, "drain")?,
        None => DRAIN,
    };
    Ok(stop(experiment, &experiment.runs[run])? + drain)
}

/// How far a run is shifted against the plan.
fn shift(experiment: &Experiment, run: &PlayedRun) -> f64 {
    let jitter = experiment.setup.jitter.as_ref().and_then(super::experiment::Time::seconds);
    if jitter.unwrap_or(0.0) == 0.0 {
        return 0.0;
    }
    let planned = |event: &Event| {
        let at = event.at.seconds().filter(|&at| at >= SHIFTED_FROM)?;
        let (action, target) = event.action()?;
        Some(when(run, action, &target, 0)? - at)
    };
    experiment.setup.events.iter().find_map(planned).unwrap_or(0.0).max(0.0)
}

/// When something took place (s), for the nth time.
pub(super) fn when(run: &PlayedRun, action: &str, target: &str, nth: usize) -> Option<f64> {
    let times = run.event_times_ms.iter();
    let mut hits = times.filter(|(_, what, whom)| what == action && word(whom) == target);
    hits.nth(nth).map(|(at, ..)| (at / 1000.0).max(0.0))
}

fn write_topic(
    toml: &mut String,
    experiment: &Experiment,
    name: &str,
    topic: &Topic,
    run: &PlayedRun,
) -> Result<(), Unclear> {
    let _ = writeln!(toml, "\n[topics.{name}]");
    match &topic.replicas {
        None => {
            let factor = topic.replication_factor.unwrap_or(1);
            let _ = writeln!(toml, "partitions = {}", topic.partitions);
            let _ = writeln!(toml, "replication.factor = {factor}");
        }
        Some(replicas) => {
            let of = |part: &str| Some(format!("[{}]", part.split_once(':')?.1.replace(',', ", ")));
            let lists: Option<Vec<String>> = replicas.split(';').map(of).collect();
            let lists = lists.ok_or_else(|| Unclear(format!("replicas {replicas:?}")))?;
            let _ = writeln!(toml, "replicas = [{}]", lists.join(", "));
        }
    }
    let _ = writeln!(toml, "record_size = \"80B\"");
    let backlogs = experiment.setup.backlog.iter().filter(|backlog| backlog.topic == name);
    let backlog: u64 = backlogs.map(|backlog| backlog.records).sum();
    if backlog > 0 {
        let _ = writeln!(toml, "backlog = {}", backlog / u64::from(topic.partitions.max(1)));
    }
    if topic.late
        && let Some(at) = when(run, "create_topic", name, 0)
    {
        let _ = writeln!(toml, "created_at = \"{}\"", time(at));
    }
    Ok(())
}

fn write_group(
    toml: &mut String,
    name: &str,
    group: &Group,
    run: &PlayedRun,
) -> Result<(), Unclear> {
    let _ = writeln!(toml, "\n[groups.{name}]");
    if let Some(pattern) = &group.pattern {
        let _ = writeln!(toml, "pattern = {}", quoted(&pattern.replace("$RUN", "")));
    } else {
        let topics: Vec<String> = group.topics.iter().map(|topic| quoted(topic)).collect();
        let _ = writeln!(toml, "topics = [{}]", topics.join(", "));
    }
    let _ = writeln!(toml, "consumers = [");
    for consumer in &group.consumers {
        let starts = ["start", "spawn"].iter().find_map(|what| when(run, what, consumer, 0));
        let Some(start) = starts else { continue };
        let mut own = String::new();
        if let Some(with) = group.consumer.get(consumer).filter(|own| !own.config.is_empty()) {
            let pairs: Vec<String> = with.config.iter().map(pair).collect();
            own = format!(", config = {{ {} }}", pairs.join(", "));
        }
        let _ = writeln!(
            toml,
            "    {{ name = {}, start = \"{}\"{own} }},",
            quoted(consumer),
            time(start)
        );
    }
    let _ = writeln!(toml, "]");
    if let Some(process) = &group.process {
        let spent = seconds(process, "process")? + OVERSLEPT;
        let _ = writeln!(toml, "process = \"{}us\"", (spent * 1e6).round());
    }
    let commit = match group.commit.as_deref() {
        None | Some("auto") => None,
        Some("sync") => Some("sync-batch"),
        Some("record") => Some("sync-record"),
        Some(other) => return Err(Unclear(format!("commit {other:?}"))),
    };
    if let Some(commit) = commit {
        let _ = writeln!(toml, "commit = \"{commit}\"");
    }
    if let Some(timeout) = &group.poll_timeout {
        let _ = writeln!(toml, "poll_timeout = \"{}\"", time(seconds(timeout, "poll_timeout")?));
    }
    if let Some(coordinator) = group.coordinator {
        let _ = writeln!(toml, "coordinator = {coordinator}");
    }
    let _ = writeln!(toml, "\n[groups.{name}.config]");
    settings(toml, &group.config);
    if let Some(config) = group.group_config.as_ref().filter(|config| !config.is_empty()) {
        let _ = writeln!(toml, "\n[groups.{name}.group_config]");
        settings(toml, config);
    }
    Ok(())
}

fn write_event(
    toml: &mut String,
    event: &Event,
    action: &str,
    target: &str,
    at: Option<f64>,
) -> Result<(), Unclear> {
    let at = at.or_else(|| event.at.seconds());
    let at = time(at.ok_or_else(|| Unclear(format!("the time of {action} {target}")))?);
    let lasting = || {
        let span = event.time("for").ok_or_else(|| Unclear(format!("how long {action} lasts")));
        span.map(|span| format!("for = \"{}\"\n", time(span)))
    };
    let rest = match action {
        // Starts stand with the consumers, producers have their own times, topics too.
        "start" | "spawn" | "produce" | "stop" | "create_topic" => return Ok(()),
        "close" | "crash" => format!("{action} = {}\n", quoted(target)),
        "pause" | "busy" => format!("{action} = {}\n{}", quoted(target), lasting()?),
        "rate" => {
            let to = event.rest.get("rate").map(word).unwrap_or_default();
            format!("rate = {}\nto = {}\n", quoted(target), quoted(&to))
        }
        "add_partitions" => {
            let to = event.rest.get("to").and_then(Value::as_u64).unwrap_or_default();
            format!("add_partitions = {}\nto = {to}\n", quoted(target))
        }
        "kill_broker" | "start_broker" => format!("{action} = \"broker-{target}\"\n"),
        other => return Err(Unclear(format!("the event {other}"))),
    };
    let _ = write!(toml, "\n[[events]]\nat = \"{at}\"\n{rest}");
    Ok(())
}

fn settings(toml: &mut String, config: &Map<String, Value>) {
    for entry in config {
        let _ = writeln!(toml, "{}", pair(entry));
    }
}

fn pair((key, value): (&String, &Value)) -> String {
    format!("{} = {}", quoted(key), value_of(value))
}

fn value_of(value: &Value) -> String {
    match value {
        Value::String(text) => match text.parse::<i64>() {
            Ok(number) => number.to_string(),
            Err(_) if text == "true" || text == "false" => text.clone(),
            Err(_) => quoted(text),
        },
        Value::Array(list) => {
            let items: Vec<String> = list.iter().map(value_of).collect();
            format!("[{}]", items.join(", "))
        }
        other => other.to_string(),
    }
}

/// A text of TOML; names and questions hold no control characters.
fn quoted(text: &str) -> String {
    Value::String(text.to_owned()).to_string()
}

fn time(seconds: f64) -> String {
    format!("{}us", (seconds * 1e6).round().max(0.0))
}

fn seconds(time: &super::experiment::Time, what: &str) -> Result<f64, Unclear> {
    time.seconds().ok_or_else(|| Unclear(format!("`{what}`, which is no duration")))
}
