//! What kind of case a line is, and its replay.

use super::assignment::Recorded;
use super::difference::{Difference, Line, Problem, Side};
use super::tally::Outcome;
use super::{assignment, dialogue, hash, server_assignment};
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::panic::{self, AssertUnwindSafe};

/// Kinds of recorded answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A question to an assignor of Kafka's clients.
    Assignment,
    /// A question to an assignor of Kafka's brokers.
    ServerAssignment,
    /// A hash, or the order in which a collection of Java's is walked.
    Hash(hash::Kind),
    /// A dialogue with the group coordinator.
    Dialogue(dialogue::Kind),
    /// A dialogue with the queue of a share group.
    ShareQueue,
    /// A measured run of a real cluster.
    Experiment,
    /// The description of a setting, which answers no question.
    Setting,
}

/// The keys that tell a line's kind.
#[derive(Deserialize)]
struct Head {
    kind: Option<String>,
    assignor: Option<String>,
    clock: Option<IgnoredAny>,
    steps: Option<IgnoredAny>,
    setup: Option<IgnoredAny>,
    question: Option<IgnoredAny>,
    r#type: Option<IgnoredAny>,
}

/// What a line may be, for who wrote another one.
const EXPECTED: &str = "expected a case with `assignor`, a hash or a walk by its `kind`, a dialogue \
with `steps`, or a measured run with `setup`";

/// Clients and tools whose settings Kafka describes.
const SETTINGS: [&str; 5] = ["consumer", "producer", "broker", "topic", "group"];

impl Kind {
    /// Tells the kind of a line by its keys.
    pub fn of(line: &str) -> Result<Kind, Problem> {
        if !line.trim_start().starts_with('{') {
            return Err(Problem::Malformed(format!("no JSON object: {EXPECTED}")));
        }
        let head: Head = serde_json::from_str(line).map_err(Problem::malformed)?;
        if let Some(name) = head.assignor {
            return match name {
                // Brokers' assignors first: a client's question can be put to them, too.
                name if server_assignment::is_for(&name) => Ok(Kind::ServerAssignment),
                name if assignment::is_for(&name) => Ok(Kind::Assignment),
                name => Err(Problem::Malformed(format!("Kafka has no assignor `{name}`"))),
            };
        }
        match (head.steps, head.kind, head.clock) {
            (Some(_), None, None) => return Ok(Kind::ShareQueue),
            (Some(_), kind, _) => {
                let name = kind.unwrap_or_default();
                let unknown = || format!("`{name}` is no kind of dialogue with a coordinator");
                return dialogue::Kind::by_name(&name)
                    .map(Kind::Dialogue)
                    .ok_or_else(|| Problem::Malformed(unknown()));
            }
            (None, Some(kind), _) => {
                if head.r#type.is_some() && SETTINGS.contains(&&*kind) {
                    return Ok(Kind::Setting);
                }
                if let Some(kind) = hash::Kind::by_name(&kind) {
                    return Ok(Kind::Hash(kind));
                }
                return Err(Problem::Malformed(format!("unknown kind `{kind}`: {EXPECTED}")));
            }
            (None, None, _) => {}
        }
        if head.setup.is_some() && head.question.is_some() {
            return Ok(Kind::Experiment);
        }
        Err(Problem::Malformed(format!("unknown content: {EXPECTED}")))
    }

    /// Its name in the plural.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Assignment => "questions to clients' assignors",
            Kind::ServerAssignment => "questions to brokers' assignors",
            Kind::Hash(_) => "hashes and walks",
            Kind::Dialogue(kind) => kind.plural(),
            Kind::ShareQueue => "dialogues with a share group's queue",
            Kind::Experiment => "measured runs of real clusters",
            Kind::Setting => "descriptions of settings",
        }
    }
}

/// The question of a recorded case to an assignor.
pub fn question(line: &str) -> Result<Recorded, Problem> {
    match Kind::of(line)? {
        Kind::Assignment => assignment::question(line),
        Kind::ServerAssignment => server_assignment::question(line),
        kind => Err(Problem::Malformed(format!(
            "expected a question to an assignor, not one of the {}",
            kind.name()
        ))),
    }
}

/// Replays a case.
pub fn replay(line: &str) -> Result<Outcome, Problem> {
    let kind = Kind::of(line)?;
    // A panic is as wrong an answer as any; the other cases go on.
    let replayed = panic::catch_unwind(AssertUnwindSafe(|| replay_as(kind, line)));
    match replayed.unwrap_or_else(|_| Ok(Some(panicked(line)))) {
        Ok(None) => Ok(Outcome::Equal),
        Ok(Some(difference)) => Ok(Outcome::Different(difference)),
        Err(Problem::Unsupported(why)) => Ok(Outcome::NotReplayed { kind: kind.name(), why }),
        Err(malformed) => Err(malformed),
    }
}

fn replay_as(kind: Kind, line: &str) -> Result<Option<Difference>, Problem> {
    match kind {
        Kind::Assignment => assignment::replay(line),
        Kind::ServerAssignment => server_assignment::replay(line),
        Kind::Hash(kind) => hash::replay(kind, line),
        Kind::Dialogue(_) => dialogue::replay(line),
        Kind::ShareQueue | Kind::Experiment | Kind::Setting => {
            Err(Problem::Unsupported(kind.name().to_owned()))
        }
    }
}

fn panicked(line: &str) -> Difference {
    #[derive(Deserialize)]
    struct Name {
        #[serde(default)]
        id: String,
    }
    let text = |of, text: &str| Line { of, text: text.to_owned() };
    Difference {
        case: serde_json::from_str(line).map(|name: Name| name.id).unwrap_or_default(),
        at: Vec::new(),
        lines: vec![text(Side::Kafka, "an answer"), text(Side::Rejoin, "panicked; see above")],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_show_in_the_keys() {
        for (line, kind) in [
            (r#"{"assignor":"sticky"}"#, Kind::Assignment),
            (r#"{"assignor":"server-range"}"#, Kind::ServerAssignment),
            (r#"{"kind":"timeline"}"#, Kind::Hash(hash::Kind::Timeline)),
            (r#"{"kind":"share","clock":1,"steps":[]}"#, Kind::Dialogue(dialogue::Kind::Share)),
            (r#"{"id":"1","steps":[]}"#, Kind::ShareQueue),
            (r#"{"id":"a","question":"?","setup":{}}"#, Kind::Experiment),
            (r#"{"kind":"group","group":"a"}"#, Kind::Hash(hash::Kind::Group)),
            (r#"{"kind":"group","name":"a.ms","type":"int"}"#, Kind::Setting),
        ] {
            assert_eq!(Kind::of(line), Ok(kind), "{line}");
        }
        for (line, said) in [
            ("[]", "no JSON object"),
            ("{}", "unknown content"),
            (r#"{"assignor":"stickyy"}"#, "no assignor `stickyy`"),
            (r#"{"kind":"hush"}"#, "unknown kind `hush`"),
            (r#"{"kind":"hush","steps":[]}"#, "`hush` is no kind of dialogue"),
            (r#"{"kind":"key""#, "EOF while parsing"),
        ] {
            let Err(Problem::Malformed(what)) = Kind::of(line) else { panic!("{line}") };
            assert!(what.contains(said), "{what}");
        }
    }
}
