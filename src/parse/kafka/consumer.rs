//! What a consumer checks of its own settings when it is constructed, and the broker when it joins.

use super::modelled;
use super::pairs::{conflict, shown};
use super::settings::Settings;
use crate::model::config::CommitMode;
use crate::parse::nearest::one_of;
use crate::parse::problem::Problem;
use crate::parse::shape::{At, Reader, check_name};
use crate::parse::source::Spot;

/// Settings that `group.protocol = "classic"` refuses.
const NOT_CLASSIC: &[&str] =
    &["group.remote.assignor", "share.acknowledgement.mode", "share.acquire.mode"];

/// Settings that `group.protocol = "consumer"` refuses.
const NOT_CONSUMER: &[&str] = &[
    "partition.assignment.strategy",
    "heartbeat.interval.ms",
    "session.timeout.ms",
    "share.acknowledgement.mode",
    "share.acquire.mode",
];

/// What the settings of a consumer have to agree with.
pub(crate) struct Surroundings<'a> {
    /// Name of its group.
    pub(crate) group: &'a str,
    /// The `commit` key of the group, if it is given.
    pub(crate) commit: Option<&'a At<CommitMode>>,
    /// Where the group's `strategy` is given.
    pub(crate) strategy: Option<Spot>,
    /// Settings of the brokers.
    pub(crate) broker: &'a Settings,
}

/// What a consumer takes from its group's settings: if it chooses a protocol for itself, not what only
/// the others' protocol knows.
pub(crate) fn inherited(group: &Settings, own: &Settings) -> Settings {
    let refused = match own.text("group.protocol") {
        Some(protocol) if protocol.eq_ignore_ascii_case("consumer") => NOT_CONSUMER,
        Some(_) => NOT_CLASSIC,
        None => &[],
    };
    group.without(refused)
}

/// Notes what `KafkaConsumer` or the coordinator would refuse.
pub(crate) fn check(settings: &Settings, around: &Surroundings<'_>, reader: &mut Reader) {
    let consumer_protocol = settings
        .text("group.protocol")
        .is_some_and(|protocol| protocol.eq_ignore_ascii_case("consumer"));
    protocol(settings, consumer_protocol, reader);
    if consumer_protocol {
        own_strategy(settings, around.strategy, reader);
        remote_assignor(settings, around.broker, reader);
    } else {
        heartbeat(settings, reader);
        session_timeout(settings, around.broker, reader);
    }
    group_id(settings, around.group, reader);
    instance_id(settings, reader);
    auto_commit(settings, around, reader);
    backoff(settings, reader);
}

fn protocol(settings: &Settings, consumer_protocol: bool, reader: &mut Reader) {
    let (refused, name) =
        if consumer_protocol { (NOT_CONSUMER, "CONSUMER") } else { (NOT_CLASSIC, "CLASSIC") };
    let protocol = settings.spot("group.protocol");
    for key in refused {
        let Some(at) = settings.spot(key) else { continue };
        let title = format!("{key} cannot be set when group.protocol={name}");
        let problem = Problem::error(at, title).label("Kafka's consumer refuses it");
        reader.push(problem.also(protocol, "the protocol is chosen here"));
    }
}

/// Under KIP-848 the broker assigns: the consumer has no strategy.
fn own_strategy(settings: &Settings, strategy: Option<Spot>, reader: &mut Reader) {
    let Some(at) = strategy else { return };
    let title = "under group.protocol = \"consumer\" the broker assigns, not the consumer";
    let problem = Problem::error(at, title).label("a strategy of consumers has no place here");
    let problem = problem.also(settings.spot("group.protocol"), "the protocol is chosen here");
    reader.push(
        problem.help("group.remote.assignor = \"uniform\" or \"range\" chooses the broker's"),
    );
}

/// The broker refuses a strategy that it does not have (`UNSUPPORTED_ASSIGNOR`).
fn remote_assignor(settings: &Settings, broker: &Settings, reader: &mut Reader) {
    let (Some(at), Some(name)) =
        (settings.spot("group.remote.assignor"), settings.text("group.remote.assignor"))
    else {
        return;
    };
    let known = modelled::broker(broker).group_consumer_assignors;
    if known.iter().any(|assignor| assignor == name) {
        return;
    }
    let problem = Problem::error(at, format!("the broker has no assignor {name:?}"))
        .label(format!("expected {}", one_of(known.iter().map(String::as_str), usize::MAX)));
    let problem =
        problem.also(broker.spot("group.consumer.assignors"), "the broker's are listed here");
    reader.push(problem.help("UNSUPPORTED_ASSIGNOR: the consumer's poll would throw"));
}

fn heartbeat(settings: &Settings, reader: &mut Reader) {
    let (heartbeat, session) = ("heartbeat.interval.ms", "session.timeout.ms");
    let (Some(x), Some(y)) = (settings.int(heartbeat), settings.int(session)) else { return };
    if x >= y {
        let title = "Heartbeat must be set lower than the session timeout".to_owned();
        let here = (settings.spot(heartbeat), &*shown(heartbeat, x));
        let there = (settings.spot(session), &*shown(session, y));
        reader.push(conflict(title, here, there).help("usually a third of it or less"));
    }
}

fn session_timeout(settings: &Settings, broker: &Settings, reader: &mut Reader) {
    let (low, high) = ("group.min.session.timeout.ms", "group.max.session.timeout.ms");
    let Some(timeout) = settings.int("session.timeout.ms") else { return };
    let (Some(min), Some(max)) = (broker.int(low), broker.int(high)) else { return };
    if (min..=max).contains(&timeout) {
        return;
    }
    let title = "The session timeout is not within the range allowed by the broker (as configured \
                 by group.min.session.timeout.ms and group.max.session.timeout.ms)."
        .to_owned();
    let (bound, value) = if timeout < min { (low, min) } else { (high, max) };
    let here = (settings.spot("session.timeout.ms"), &*shown("session.timeout.ms", timeout));
    let help = "INVALID_SESSION_TIMEOUT: change the timeout, or the bound in [cluster.config]";
    reader.push(conflict(title, here, (broker.spot(bound), &shown(bound, value))).help(help));
}

/// The name of the table is the group's id.
fn group_id(settings: &Settings, group: &str, reader: &mut Reader) {
    let id = settings.text("group.id");
    if let (Some(at), Some(id)) = (settings.spot("group.id"), id.filter(|id| *id != group)) {
        let title = format!("group.id {id:?} is not the name of the group `{group}`");
        let problem = Problem::error(at, title).label("the table's name is the group.id");
        reader.push(problem.help("leave it out, or rename the table"));
    }
}

/// Kafka takes for an instance id what it takes for a topic's name.
fn instance_id(settings: &Settings, reader: &mut Reader) {
    let key = "group.instance.id";
    if let (Some(at), Some(id)) = (settings.spot(key), settings.text(key)) {
        check_name(id, at, reader);
    }
}

fn auto_commit(settings: &Settings, around: &Surroundings<'_>, reader: &mut Reader) {
    let Some(at) = settings.spot("enable.auto.commit") else { return };
    let enabled = settings.flag("enable.auto.commit") == Some(true);
    let problem = match around.commit {
        None if enabled => return,
        None => Problem::error(at, "without auto-commit, say when the application commits")
            .label("`commit` is \"auto\" by default")
            .help("set `commit` of the group, for example commit = \"sync-batch\" or \"none\""),
        Some(commit) if (commit.value == CommitMode::Auto) == enabled => return,
        Some(commit) => Problem::error(at, "enable.auto.commit and `commit` contradict each other")
            .label(format!("auto-commit is {}", if enabled { "on" } else { "off" }))
            .also(Some(commit.at), "the application commits so")
            .help("leave enable.auto.commit out: `commit` sets it"),
    };
    reader.push(problem);
}

/// Kafka only warns of this one.
fn backoff(settings: &Settings, reader: &mut Reader) {
    let (first, longest) = ("retry.backoff.ms", "retry.backoff.max.ms");
    let (Some(x), Some(y)) = (settings.int(first), settings.int(longest)) else { return };
    if x > y {
        let at = settings.spot(first).or(settings.spot(longest)).unwrap_or(Spot::TOP);
        let title = format!(
            "Configuration '{first}' with value '{x}' is greater than configuration '{longest}' \
             with value '{y}'. A static backoff with value '{y}' will be applied."
        );
        reader.push(Problem::warning(at, title));
    }
}
