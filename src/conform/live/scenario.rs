//! From the setup of an experiment to a scenario, as a person would write it.
//!
//! One set of constants for all experiments: docs/calibration.md says where each comes from.

use super::experiment::{Event, Experiment, Group, PlayedRun, Time, Topic, word};
use crate::kernel::time::Span;
use serde_json::{Map, Value};
use std::fmt::Write;

/// One way of a message on loopback, with the time that both sides need for it: half of what a
/// Heartbeat takes there and back in a warm JVM.
const LATENCY: &str = "{ lognormal = { median = \"500us\", p99 = \"10ms\" } }";
/// By how much a sleep ends late (s).
const OVERSLEPT: f64 = 250e-6;
/// From the command to start until a consumer does anything that Kafka sees (s). In a JVM that others had
/// warmed up it joined after 20 ms (median of 100 consumers), of which rejoin's own are 3.
const STARTING: f64 = 0.017;
/// The same in a JVM of its own: 192 ms (median of the 12 consumers that were killed or stopped later).
const STARTING_ALONE: f64 = 0.189;
/// Seeds of runs. A file does not say when brokers sent their heartbeats, nor when the controller
/// looked: with these a broker that dies at 16 s is fenced after 8.7 s, and the ten kills on
/// the cluster took 8.8 s on average.
const SEEDS: [u64; 3] = [8, 50, 54];
/// How long runs went on after the producers had stopped, where nothing is said (s).
const DRAIN: f64 = 2.0;
/// How long consumers had to close (s).
const CLOSING: f64 = 6.0;
/// Events from here on are shifted from run to run, where nothing is said (s).
const SHIFTED_FROM: f64 = 5.0;
/// What a record costs an application that is to sleep later only: no time at all cannot grow (s).
const NEXT_TO_NOTHING: f64 = 1e-6;

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
        let stop = when(played, "stop", name, 0).unwrap_or(stop);
        let _ = writeln!(
            toml,
            "stop = \"{}\"\nconfig = {{ \"linger.ms\" = 0, \"metadata.max.age.ms\" = 100 }}",
            time(stop)
        );
    }
    for (name, group) in &setup.groups {
        write_group(&mut toml, experiment, name, group, played)?;
    }
    let mut seen: Vec<(String, String)> = Vec::new();
    for event in &setup.events {
        let Some((action, target)) = event.action() else {
            return Err(Unclear(format!("an event that does nothing known: {:?}", event.rest)));
        };
        let before = seen.iter().filter(|(a, t)| a == action && *t == target).count();
        seen.push((action.to_owned(), target.clone()));
        let at = when(played, action, &target, before);
        write_event(&mut toml, experiment, event, action, &target, at)?;
    }
    let names = setup.groups.values().flat_map(|group| &group.consumers);
    let names = names.filter(|name| !starts(experiment, played, name).is_empty());
    let names: Vec<&String> = names.collect();
    for name in &names {
        for again in starts(experiment, played, name).iter().skip(1) {
            let _ = writeln!(toml, "\n[[events]]\nat = \"{}\"", time(*again));
            let _ = writeln!(toml, "start = {}", quoted(name));
        }
    }
    // At the end everybody is closed, after the records at hand.
    let names: Vec<String> = names.into_iter().map(|name| quoted(name)).collect();
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
    let jitter = experiment.setup.jitter.as_ref().and_then(Time::seconds);
    if jitter.unwrap_or(0.0) == 0.0 {
        return 0.0;
    }
    let from = experiment.setup.jitter_from.as_ref().and_then(Time::seconds);
    let planned = |event: &Event| {
        let at = event.at.seconds().filter(|&at| at >= from.unwrap_or(SHIFTED_FROM))?;
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

/// When a consumer's process began to work (s): it was told to go, or it was spawned to go at once.
fn starts(experiment: &Experiment, run: &PlayedRun, consumer: &str) -> Vec<f64> {
    let mut starts = Vec::new();
    let (mut started, mut spawned) = (0, 0);
    for event in &experiment.setup.events {
        let Some((action, target)) = event.action() else { continue };
        let nth = match action {
            "start" if target == consumer => &mut started,
            "spawn" if target == consumer => &mut spawned,
            _ => continue,
        };
        let at = when(run, action, consumer, *nth);
        *nth += 1;
        if action == "start" || event.rest.get("go") == Some(&Value::Bool(true)) {
            starts.extend(at.map(|at| at + starting(experiment, consumer)));
        }
    }
    starts
}

/// How long a consumer's process takes before it does anything that Kafka sees (s).
pub(super) fn starting(experiment: &Experiment, consumer: &str) -> f64 {
    let struck = |event: &Event| matches!(event.action(), Some(("crash" | "pause" | "spawn", target)) if target == consumer);
    let alone = experiment.setup.processes || experiment.setup.events.iter().any(struck);
    if alone { STARTING_ALONE } else { STARTING }
}

/// How long a record takes an application that is to sleep so long for each (s).
fn takes(sleep: f64) -> f64 {
    if sleep > 0.0 { sleep + OVERSLEPT } else { 0.0 }
}

/// The sleep for each record of a consumer (s); `None`: it never sleeps.
fn sleep(experiment: &Experiment, group: &Group, consumer: &str) -> Result<Option<f64>, Unclear> {
    let own = group.consumer.get(consumer).and_then(|own| own.process.as_ref());
    let changes = |event: &Event| event.action() == Some(("process", consumer.to_owned()));
    match own.or(group.process.as_ref()) {
        Some(process) => Ok(Some(takes(seconds(process, "process")?))),
        None => Ok(experiment.setup.events.iter().any(changes).then_some(NEXT_TO_NOTHING)),
    }
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
    experiment: &Experiment,
    name: &str,
    group: &Group,
    run: &PlayedRun,
) -> Result<(), Unclear> {
    let _ = writeln!(toml, "\n[groups.{name}]");
    if let Some(pattern) = group.pattern.as_ref().or(group.re2.as_ref()) {
        let _ = writeln!(toml, "pattern = {}", quoted(&pattern.replace("$RUN", "")));
        if group.pattern.is_none() {
            let _ = writeln!(toml, "pattern_by = \"brokers\"");
        }
    } else {
        let all = experiment.setup.topics.keys().collect();
        let topics: Vec<&String> =
            if group.topics.is_empty() { all } else { group.topics.iter().collect() };
        let topics: Vec<String> = topics.into_iter().map(|topic| quoted(topic)).collect();
        let _ = writeln!(toml, "topics = [{}]", topics.join(", "));
    }
    let _ = writeln!(toml, "consumers = [");
    for consumer in &group.consumers {
        let starts = starts(experiment, run, consumer);
        let Some(&start) = starts.first() else { continue };
        let mut own = String::new();
        if let Some(spent) = sleep(experiment, group, consumer)? {
            let _ = write!(own, ", process = \"{}\"", time(spent));
        }
        if let Some(with) = group.consumer.get(consumer) {
            if let Some(key) = with.rest.keys().next() {
                return Err(Unclear(format!("`{key}` of the consumer {consumer} alone")));
            }
            if !with.config.is_empty() {
                let pairs: Vec<String> = with.config.iter().map(pair).collect();
                let _ = write!(own, ", config = {{ {} }}", pairs.join(", "));
            }
        }
        let _ = writeln!(
            toml,
            "    {{ name = {}, start = \"{}\"{own} }},",
            quoted(consumer),
            time(start)
        );
    }
    let _ = writeln!(toml, "]");
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
    experiment: &Experiment,
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
        // Starts stand with the consumers, producers have their own times, topics too; who only
        // looks changes nothing.
        "start" | "spawn" | "produce" | "stop" | "create_topic" | "describe" => return Ok(()),
        "close" | "crash" => format!("{action} = {}\n", quoted(target)),
        "pause" | "busy" => format!("{action} = {}\n{}", quoted(target), lasting()?),
        "rate" => {
            let to = event.rest.get("rate").map(word).unwrap_or_default();
            format!("rate = {}\nto = {}\n", quoted(target), quoted(&to))
        }
        "process" => {
            let group = experiment.setup.groups.values();
            let group = group.into_iter().find(|group| group.consumers.iter().any(|c| c == target));
            let before = group.map(|group| sleep(experiment, group, target)).transpose()?.flatten();
            let (Some(before), Some(to)) = (before, event.time("process")) else {
                return Err(Unclear(format!("the event process {target}")));
            };
            let factor = takes(to).max(NEXT_TO_NOTHING) / before.max(NEXT_TO_NOTHING);
            format!("slow = {}\nfactor = {factor:.6}\n", quoted(target))
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
    Span::from_us((seconds * 1e6).round().max(0.0) as u64).to_string()
}

fn seconds(time: &super::experiment::Time, what: &str) -> Result<f64, Unclear> {
    time.seconds().ok_or_else(|| Unclear(format!("`{what}`, which is no duration")))
}
