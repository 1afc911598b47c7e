//! `partition.assignment.strategy`, and `strategy` of a group: which strategies consumers offer.

use super::settings::Settings;
use super::value::Checked;
use crate::assignor::{Command, Registry, Strategy};
use crate::kernel::time::Span;
use crate::parse::file::strategy::{Program, StrategyRef};
use crate::parse::nearest::{did_you_mean, one_of};
use crate::parse::problem::Problem;
use crate::parse::shape::{At, Reader};
use crate::parse::source::Spot;

const SETTING: &str = "partition.assignment.strategy";

/// What a consumer offers where nothing is said, as Kafka's does.
const DEFAULT: [&str; 2] = ["range", "cooperative-sticky"];

/// Kafka's assignors by name, and their classes in `org.apache.kafka.clients.consumer`.
const CLASSES: [(&str, &str); 4] = [
    ("range", "RangeAssignor"),
    ("roundrobin", "RoundRobinAssignor"),
    ("sticky", "StickyAssignor"),
    ("cooperative-sticky", "CooperativeStickyAssignor"),
];

const PACKAGE: &str = "org.apache.kafka.clients.consumer.";

/// The strategies of Kafka's brokers: our names, and what Kafka calls them there.
const OF_BROKERS: [(&str, &str); 3] =
    [("uniform", "uniform"), ("server-range", "range"), ("simple", "simple")];

/// How long a program may think about a question, where nothing is said.
const LIMIT: Span = Span::from_secs(5);

/// What a consumer with these settings offers, the preferred first. Notes what Kafka would refuse
/// and what does not exist.
pub(crate) fn offered(
    settings: &Settings,
    registry: &Registry,
    reader: &mut Reader,
) -> Vec<Strategy> {
    let Some(given) = settings.given(SETTING) else {
        return DEFAULT.iter().filter_map(|name| Strategy::shipped(name)).collect();
    };
    let Checked::List(items) = &given.value else { return Vec::new() };
    if items.is_empty() {
        let problem = Problem::error(given.at, "a consumer without a strategy can't join a group");
        reader.push(problem.label("expected at least one, such as \"range\""));
    }
    let mut offered: Vec<Strategy> = Vec::new();
    let mut spots: Vec<Spot> = Vec::new();
    for item in items {
        let Some(strategy) = find(item, registry, reader) else { continue };
        if let Some(before) = offered.iter().position(|known| *known == strategy) {
            let name = strategy.name();
            let title = format!("The assignor name: '{name}' is used in more than one assignor");
            let problem = Problem::error(item.at, title).label("Kafka refuses it");
            let before = spots[before];
            reader.push(problem.also((before != item.at).then_some(before), "also here"));
        }
        offered.push(strategy);
        spots.push(item.at);
    }
    offered
}

/// What the consumers of a group offer whose `strategy` is given.
pub(crate) fn only(
    raw: &At<StrategyRef>,
    settings: &Settings,
    registry: &Registry,
    reader: &mut Reader,
) -> Vec<Strategy> {
    if let Some(at) = settings.spot(SETTING) {
        let title = format!("`strategy` and {SETTING} exclude each other");
        let problem = Problem::error(at, title).label("give only one");
        reader.push(problem.also(Some(raw.at), "the group's strategy is here"));
    }
    let strategy = match &raw.value {
        StrategyRef::Named(name) => find(&At { value: name.clone(), at: raw.at }, registry, reader),
        StrategyRef::Program(program) => self::program(program, raw.at, registry, reader),
    };
    strategy.into_iter().collect()
}

/// The strategy of this name, or of this class of Kafka's, if a consumer may offer it.
fn find(item: &At<String>, registry: &Registry, reader: &mut Reader) -> Option<Strategy> {
    let text = item.value.as_str();
    let class = text.strip_prefix(PACKAGE).unwrap_or(text);
    let name = CLASSES.iter().find(|(_, known)| *known == class).map_or(text, |(name, _)| *name);
    if let Some((_, broker)) = OF_BROKERS.iter().find(|(known, _)| *known == name) {
        reader.push(of_brokers(item, broker));
        return None;
    }
    let Some(strategy) = registry.get(name) else {
        reader.push(unknown(item, registry));
        return None;
    };
    if strategy.assignor().is_shared() {
        let title = format!("the strategy `{name}` gives a partition to several consumers");
        reader.push(Problem::error(item.at, title).label("a consumer group can't have that"));
        return None;
    }
    Some(strategy)
}

fn of_brokers(item: &At<String>, name: &str) -> Problem {
    let title = format!("`{}` is a strategy of Kafka's brokers, not of its consumers", item.value);
    let problem = Problem::error(item.at, title);
    if name == "simple" {
        return problem
            .label("it assigns in share groups (KIP-932)")
            .help("this version can't simulate them");
    }
    problem
        .label(format!("it belongs in group.remote.assignor = \"{name}\" (KIP-848)"))
        .help("that needs group.protocol = \"consumer\"")
}

fn unknown(item: &At<String>, registry: &Registry) -> Problem {
    let text = &item.value;
    let names = || registry.names().filter(|name| OF_BROKERS.iter().all(|(of, _)| of != name));
    let problem = Problem::error(item.at, format!("there is no assignment strategy {text:?}"))
        .label(format!("expected {}", one_of(names(), usize::MAX)))
        .help_if(did_you_mean(text, names()));
    if text.contains('.') {
        return problem.help(
            "classes of your own can't be loaded: write the strategy as a program, \
             strategy = { command = [...] } of the group",
        );
    }
    problem
}

/// The strategy that a program is.
pub(crate) fn program(
    program: &Program,
    at: Spot,
    registry: &Registry,
    reader: &mut Reader,
) -> Option<Strategy> {
    let command = program.command.as_ref()?;
    let words: Vec<String> = command.value.iter().map(|word| word.value.clone()).collect();
    if words.first().is_none_or(String::is_empty) {
        let problem = Problem::error(command.at, "the program has no name");
        reader.push(problem.label("expected a program and its arguments"));
        return None;
    }
    let limit = program.timeout.as_ref().map_or(LIMIT, |at| at.value);
    if let Some(at) = program.timeout.as_ref().filter(|at| at.value.is_zero()) {
        let problem = Problem::error(at.at, "no program answers in no time");
        reader.push(problem.label("expected more than 0s"));
    }
    let strategy = registry.command(Command { words, limit });
    if strategy.is_none() {
        let problem = Problem::error(at, "no program may be started here");
        reader.push(
            problem
                .label("this strategy is one")
                .help("whoever reads the scenario has to allow it (`Registry::allow_commands`)"),
        );
    }
    strategy
}
