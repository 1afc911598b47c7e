//! Questions to the broker's assignors with Kafka's answers, one a line: the same type of
//! subscription, the same records in the same order, partition for partition, or the same
//! exception.

use crate::assignor::server::target::{self, Known, Request, Update};
use crate::assignor::server::{
    self, Partitions, ServerAssignor, SubscriptionType, Target, Thrown, Topic,
};
use crate::model::Name;
use crate::model::uuid::Uuid;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::sync::Arc;

/// Partitions by topic as a case writes them: `[["t1",[0,2]]]`.
type Runs = Vec<(Name, Vec<u32>)>;

/// A question, and what Kafka answered.
#[derive(Clone, Debug, Deserialize)]
pub struct Case {
    /// Its name.
    #[serde(default)]
    pub id: String,
    /// `uniform`, `server-range` or `simple`.
    pub assignor: String,
    topics: Vec<CaseTopic>,
    members: Vec<CaseMember>,
    assignable: Option<Runs>,
    r#type: Option<String>,
    result: Option<BTreeMap<Name, Runs>>,
    changed: Option<Vec<Name>>,
    error: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
struct CaseTopic {
    name: Name,
    id: Uuid,
    partitions: u32,
    #[serde(default)]
    racks: Vec<Vec<Option<Name>>>,
    #[serde(default)]
    deleted: bool,
}

#[derive(Clone, Debug, Deserialize)]
struct CaseMember {
    id: Name,
    instance: Option<Name>,
    rack: Option<Name>,
    #[serde(default)]
    topics: Arc<[Name]>,
    target: Option<Runs>,
    #[serde(default)]
    removed: bool,
    #[serde(default)]
    new: bool,
}

/// What was answered: the type of the subscription, and records or an exception.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Given {
    r#type: String,
    outcome: Result<Records, String>,
}

/// The members whose record is written, in order, and the targets of all members after it.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Records {
    changed: Vec<Name>,
    result: BTreeMap<Name, Runs>,
}

/// Where this build and Kafka part.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Difference {
    /// The case.
    pub case: String,
    /// What differs, line by line.
    pub lines: Vec<String>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.case)?;
        self.lines.iter().try_for_each(|line| write!(f, "\n  {line}"))
    }
}

/// Why a case cannot be replayed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Problem {
    /// The line is not what it should be.
    Malformed(String),
    /// It asks for a strategy that this build does not have.
    Unsupported(String),
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::Malformed(what) => write!(f, "malformed case: {what}"),
            Problem::Unsupported(name) => write!(f, "no server assignor `{name}`"),
        }
    }
}

/// The strategy of a case by its name there.
fn assignor(name: &str) -> Option<&'static dyn ServerAssignor> {
    match name {
        "server-range" => server::by_name("range"),
        "uniform" | "simple" => server::by_name(name),
        _ => None,
    }
}

/// Whether a case of this assignor is one for the broker's strategies.
pub fn is_for(name: &str) -> bool {
    assignor(name).is_some()
}

/// Replays one case, a line of a file; how the answers differ, if they do.
pub fn replay(line: &str) -> Result<Option<Difference>, Problem> {
    let case: Case = serde_json::from_str(line).map_err(|e| Problem::Malformed(e.to_string()))?;
    let Some(assignor) = assignor(&case.assignor) else {
        return Err(Problem::Unsupported(case.assignor));
    };
    let kafka = case.kafka()?;
    let request = case.request()?;
    let rejoin = case.given(&request, target::compute(&request, assignor));
    Ok((kafka != rejoin).then(|| Difference { case: case.id, lines: diff(&kafka, &rejoin) }))
}

impl Case {
    fn topic_id(&self, name: &Name) -> Result<Uuid, Problem> {
        let topic = self.topics.iter().find(|topic| topic.name == *name);
        let unknown = || Problem::Malformed(format!("`{name}` is not among the topics"));
        topic.map(|topic| topic.id).ok_or_else(unknown)
    }

    fn topic_name(&self, id: Uuid) -> Name {
        let topic = self.topics.iter().find(|topic| topic.id == id);
        topic.map_or_else(|| id.to_string().into(), |topic| topic.name.clone())
    }

    fn target(&self, runs: &Runs) -> Result<Target, Problem> {
        let partitions = |(name, partitions): &(Name, Vec<u32>)| {
            let topic = self.topic_id(name)?;
            Ok(Partitions { topic, partitions: partitions.clone() })
        };
        runs.iter().map(partitions).collect()
    }

    fn known(&self, member: &CaseMember) -> Result<Known, Problem> {
        Ok(Known {
            id: member.id.clone(),
            instance: member.instance.clone(),
            rack: member.rack.clone(),
            topics: member.topics.clone(),
            target: member.target.as_ref().map(|runs| self.target(runs)).transpose()?,
        })
    }

    /// The question as the builder gets it.
    pub fn request(&self) -> Result<Request, Problem> {
        let racks = |racks: &Vec<Option<Name>>| racks.iter().flatten().cloned().collect();
        let topic = |topic: &CaseTopic| Topic {
            name: topic.name.clone(),
            id: topic.id,
            partitions: topic.partitions,
            racks: topic.racks.iter().map(racks).collect(),
        };
        let mut updates = Vec::new();
        let mut members = Vec::new();
        for member in &self.members {
            let known = self.known(member)?;
            if member.new {
                updates.push(Update::Put(known));
            } else {
                members.push(known);
            }
        }
        let removed = self.members.iter().filter(|member| member.removed);
        updates.extend(removed.map(|member| Update::Remove(member.id.clone())));
        let stays = |member: &&CaseMember| !member.removed;
        let subscriptions = self.members.iter().filter(stays).map(|member| &member.topics);
        Ok(Request {
            topics: self.topics.iter().filter(|topic| !topic.deleted).map(topic).collect(),
            members,
            updates,
            subscription: SubscriptionType::of(subscriptions),
            assignable: self.assignable.as_ref().map(|runs| self.target(runs)).transpose()?,
        })
    }

    /// Kafka's answer.
    fn kafka(&self) -> Result<Given, Problem> {
        let outcome = match (&self.error, &self.result, &self.changed) {
            (Some(class), ..) => Err(class.clone()),
            (None, Some(result), Some(changed)) => {
                Ok(Records { result: result.clone(), changed: changed.clone() })
            }
            _ => return Err(Problem::Malformed("there is neither an answer nor an error".into())),
        };
        Ok(Given { r#type: self.r#type.clone().unwrap_or_default(), outcome })
    }

    /// Our answer in the same form.
    fn given(&self, request: &Request, outcome: Result<target::Written, Thrown>) -> Given {
        let runs = |target: Target| -> Runs {
            target.into_iter().map(|run| (self.topic_name(run.topic), run.partitions)).collect()
        };
        let outcome = outcome.map(|written| {
            let stays = self.members.iter().filter(|member| !member.removed);
            let mut result: BTreeMap<Name, Runs> = stays
                .map(|member| (member.id.clone(), member.target.clone().unwrap_or_default()))
                .collect();
            let changed = written.changed.iter().map(|(id, _)| id.clone()).collect();
            result.extend(written.changed.into_iter().map(|(id, target)| (id, runs(target))));
            Records { changed, result }
        });
        Given {
            r#type: request.subscription.to_string(),
            outcome: outcome.map_err(|thrown| thrown.class().to_owned()),
        }
    }
}

/// What differs, for a person.
fn diff(kafka: &Given, rejoin: &Given) -> Vec<String> {
    let mut lines = Vec::new();
    let mut compare = |what: &str, kafka: &str, rejoin: &str| {
        if kafka != rejoin {
            lines.push(format!("{what}: Kafka {kafka}, rejoin {rejoin}"));
        }
    };
    compare("type", &kafka.r#type, &rejoin.r#type);
    match (&kafka.outcome, &rejoin.outcome) {
        (Ok(kafka), Ok(rejoin)) => {
            compare("changed", &kafka.changed.join(" "), &rejoin.changed.join(" "));
            for (id, runs) in &kafka.result {
                let ours = rejoin.result.get(id).map_or_else(|| "nothing".to_owned(), shown);
                compare(id, &shown(runs), &ours);
            }
        }
        (kafka, rejoin) => {
            let class = |outcome: &Result<Records, String>| match outcome {
                Ok(_) => "an assignment".to_owned(),
                Err(class) => class.clone(),
            };
            compare("outcome", &class(kafka), &class(rejoin));
        }
    }
    lines
}

fn shown(runs: &Runs) -> String {
    let mut text = String::new();
    for (topic, partitions) in runs {
        // Writing to a string cannot fail.
        let _ = write!(text, " {topic}{partitions:?}");
    }
    if text.is_empty() { "nothing".to_owned() } else { text.trim_start().to_owned() }
}
