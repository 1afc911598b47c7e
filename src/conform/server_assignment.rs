//! Questions to the broker's assignors with Kafka's answers, one a line: the same type of
//! subscription, the same records in the same order, partition for partition, or the same
//! exception.

use super::assignment::Recorded;
use super::difference::{Difference, Pairs, Problem};
use crate::assignor;
use crate::assignor::server::target::{self, Known, Request, Update};
use crate::assignor::server::{
    self, Partitions, ServerAssignor, SubscriptionType, Target, Thrown, Topic,
};
use crate::model::Name;
use crate::model::consumer_protocol::TopicPartitions;
use crate::model::uuid::Uuid;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
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
    /// What it shows.
    #[serde(default)]
    pub note: String,
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
    let case: Case = serde_json::from_str(line).map_err(Problem::malformed)?;
    let assignor = assignor(&case.assignor)
        .ok_or_else(|| Problem::Unsupported(format!("the assignor {}", case.assignor)))?;
    let kafka = case.kafka()?;
    let request = case.request()?;
    let rejoin = case.given(&request, target::compute(&request, assignor));
    Ok(diff(&kafka, &rejoin).difference(&case.id, &case.note))
}

/// The question of a line, put as to a client's strategy: the group as it is once its changes are in.
pub fn question(line: &str) -> Result<Recorded, Problem> {
    let case: Case = serde_json::from_str(line).map_err(Problem::malformed)?;
    if case.assignable.is_some() {
        let what =
            format!("a question with `assignable` partitions ({}) outside of conform", case.id);
        return Err(Problem::Unsupported(what));
    }
    let members = case.members.iter().enumerate().filter(|(row, member)| {
        let again = |later: &CaseMember| later.new && later.id == member.id;
        !member.removed && !case.members[row + 1..].iter().any(again)
    });
    let question = assignor::Question {
        topics: case.topics.iter().filter(|topic| !topic.deleted).map(CaseTopic::asked).collect(),
        members: members.map(|(_, member)| member.asked()).collect(),
        seen: -1,
    };
    Ok(Recorded { question, id: case.id, assignor: case.assignor })
}

impl CaseTopic {
    fn racks(&self) -> Vec<Vec<Name>> {
        self.racks.iter().map(|racks| racks.iter().flatten().cloned().collect()).collect()
    }

    fn asked(&self) -> assignor::Topic {
        assignor::Topic {
            name: self.name.clone(),
            partitions: self.partitions,
            id: Some(self.id),
            load: Vec::new(),
            racks: self.racks(),
        }
    }
}

impl CaseMember {
    fn asked(&self) -> assignor::Member {
        let run = |(topic, partitions): &(Name, Vec<u32>)| TopicPartitions {
            topic: topic.clone(),
            partitions: partitions.clone(),
        };
        assignor::Member {
            id: self.id.clone(),
            instance: self.instance.clone(),
            rack: self.rack.clone(),
            topics: self.topics.to_vec(),
            owned: self.target.iter().flatten().map(run).collect(),
            generation: -1,
            user_data: None,
            capacity: None,
        }
    }
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
            target: member
                .target
                .as_ref()
                .map(|runs| self.target(runs).map(Arc::new))
                .transpose()?,
        })
    }

    /// The question as the builder gets it.
    pub fn request(&self) -> Result<Request, Problem> {
        let topic = |topic: &CaseTopic| Topic {
            name: topic.name.clone(),
            id: topic.id,
            partitions: topic.partitions,
            racks: topic.racks().into(),
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
            _ => {
                let expected = "expected `result` and `changed`, or an `error`";
                return Err(Problem::malformed(expected));
            }
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
fn diff(kafka: &Given, rejoin: &Given) -> Pairs {
    let mut pairs = Pairs::default();
    pairs.compare("type", &kafka.r#type, &rejoin.r#type);
    match (&kafka.outcome, &rejoin.outcome) {
        (Ok(kafka), Ok(rejoin)) => {
            pairs.lists("changed", &kafka.changed, &rejoin.changed, ToString::to_string);
            let members: BTreeSet<&Name> =
                kafka.result.keys().chain(rejoin.result.keys()).collect();
            for member in members {
                match (kafka.result.get(member), rejoin.result.get(member)) {
                    (Some(kafka), Some(rejoin)) => {
                        pairs.lists(member, &flat(kafka), &flat(rejoin), Clone::clone);
                        // A topic has one entry in a record.
                        let topics = [kafka, rejoin].map(|runs| runs.len().to_string());
                        pairs.compare(&format!("{member}, topics"), &topics[0], &topics[1]);
                    }
                    (Some(_), None) => pairs.add(member, "a target", "no such member"),
                    (None, _) => pairs.add(member, "no such member", "a target"),
                }
            }
        }
        (kafka, rejoin) => {
            let class = |outcome: &Result<Records, String>| match outcome {
                Ok(_) => "an assignment".to_owned(),
                Err(class) => class.clone(),
            };
            pairs.compare("answer", &class(kafka), &class(rejoin));
        }
    }
    pairs
}

/// Partitions as a person reads them: one by one, with the topics that are there without any.
fn flat(runs: &Runs) -> Vec<String> {
    let flat = runs.iter().flat_map(|(topic, partitions)| {
        let none = partitions.is_empty().then(|| format!("{topic}[]"));
        none.into_iter()
            .chain(partitions.iter().map(move |partition| format!("{topic}-{partition}")))
    });
    flat.collect()
}
