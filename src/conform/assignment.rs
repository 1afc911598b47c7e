//! Questions that Kafka's assignors answered, against ours: one JSON object a line.

use super::difference::{Difference, Pairs, Problem};
use crate::assignor::{self, Answer, AssignError, Member, Question, Topic, user_data};
use crate::model::Name;
use crate::model::consumer_protocol::{Base64, Subscription, TopicPartitions};
use serde::Deserialize;
use std::collections::BTreeMap;

/// A list of partitions with its order: a topic may come again.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(transparent)]
pub struct Runs(pub Vec<(Name, Vec<u32>)>);

/// A question to an assignor of the client, and Kafka's answer.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Its name.
    #[serde(default)]
    pub id: String,
    /// The assignor's name.
    pub assignor: String,
    /// What it shows.
    #[serde(default)]
    pub note: String,
    /// What the leader's metadata know.
    topics: Vec<CaseTopic>,
    /// Members in the order of the coordinator's answer.
    members: Vec<CaseMember>,
    /// The latest generation that the leader's assignor has met before.
    #[serde(default = "none")]
    seen: i32,
    /// Who gets what.
    result: Option<BTreeMap<Name, Runs>>,
    /// The class of the exception that Kafka threw instead.
    error: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseTopic {
    name: Name,
    partitions: u32,
    /// Per partition the racks of its replicas; null: a broker without one.
    #[serde(default)]
    racks: Vec<Vec<Option<Name>>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CaseMember {
    id: Name,
    instance: Option<Name>,
    rack: Option<Name>,
    #[serde(default)]
    topics: Vec<Name>,
    #[serde(default)]
    owned: Runs,
    #[serde(rename = "gen", default = "none")]
    generation: i32,
    /// Version of the subscription: it lacks what later ones brought.
    #[serde(default = "newest")]
    version: i16,
    user_data: Option<CaseUserData>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseUserData {
    #[serde(rename = "gen")]
    generation: Option<i32>,
    #[serde(default)]
    owned: Runs,
    /// The bytes themselves.
    hex: Option<String>,
}

const fn none() -> i32 {
    -1
}

const fn newest() -> i16 {
    3
}

/// Whether an assignor is one of the clients'.
pub fn is_for(name: &str) -> bool {
    assignor::by_name(name).is_some()
}

/// Answers one case, a line of a file, and tells how our answer differs from Kafka's.
pub fn replay(line: &str) -> Result<Option<Difference>, Problem> {
    let case: Case = serde_json::from_str(line).map_err(Problem::malformed)?;
    let assignor = assignor::by_name(&case.assignor)
        .ok_or_else(|| Problem::Unsupported(format!("the assignor {}", case.assignor)))?;
    let rejoin = assignor.assign(&case.question()?);
    case.compare(&rejoin)
}

/// A recorded question.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// Its name.
    pub id: String,
    /// Who was asked.
    pub assignor: String,
    /// What was asked.
    pub question: Question,
}

/// The question of a line.
pub fn question(line: &str) -> Result<Recorded, Problem> {
    let case: Case = serde_json::from_str(line).map_err(|e| Problem::Malformed(e.to_string()))?;
    Ok(Recorded { question: case.question()?, id: case.id, assignor: case.assignor })
}

impl Case {
    /// The question as the leader of the group gets it.
    pub fn question(&self) -> Result<Question, Problem> {
        let topic = |topic: &CaseTopic| Topic {
            name: topic.name.clone(),
            partitions: topic.partitions,
            id: None,
            load: Vec::new(),
            racks: topic.racks.iter().map(|of| of.iter().flatten().cloned().collect()).collect(),
        };
        Ok(Question {
            topics: self.topics.iter().map(topic).collect(),
            members: self.members.iter().map(|m| self.member(m)).collect::<Result<_, _>>()?,
            seen: self.seen,
        })
    }

    fn member(&self, member: &CaseMember) -> Result<Member, Problem> {
        let user_data = member.user_data.as_ref().map(|told| self.user_data(told)).transpose()?;
        let subscription = Subscription {
            version: member.version,
            topics: member.topics.clone(),
            user_data: user_data.flatten().map(|b64| Base64 { b64 }),
            owned_partitions: member.owned.topics(),
            generation_id: member.generation,
            rack_id: member.rack.clone(),
        };
        Ok(Member::of(member.id.clone(), member.instance.clone(), &subscription))
    }

    fn user_data(&self, told: &CaseUserData) -> Result<Option<Vec<u8>>, Problem> {
        if let Some(hex) = &told.hex {
            let malformed = || Problem::Malformed(format!("{hex:?} is not hexadecimal"));
            return Ok(Some(super::hash::bytes(hex).ok_or_else(malformed)?));
        }
        let owned = told.owned.topics();
        Ok(match (&*self.assignor, told.generation) {
            ("range" | "roundrobin", _) => None,
            (_, None) => Some(user_data::sticky_without_generation(&owned)),
            ("sticky", Some(generation)) => Some(user_data::sticky(&owned, generation)),
            (_, Some(generation)) => Some(user_data::cooperative_sticky(generation)),
        })
    }

    fn compare(&self, rejoin: &Result<Answer, AssignError>) -> Result<Option<Difference>, Problem> {
        let kafka = match (&self.result, &self.error) {
            (Some(result), None) => Ok(result),
            (None, Some(class)) => Err(&**class),
            _ => return Err(Problem::malformed("expected either a `result` or an `error`")),
        };
        let mut pairs = Pairs::default();
        match (kafka, rejoin) {
            (Ok(kafka), Ok(rejoin)) => compare(kafka, rejoin, &mut pairs),
            (kafka, rejoin) => {
                let kafka = kafka.err().unwrap_or(ASSIGNMENT);
                let rejoin = rejoin
                    .as_ref()
                    .err()
                    .map_or(ASSIGNMENT, |error| error.class().unwrap_or("a failure"));
                pairs.compare("answer", kafka, rejoin);
            }
        }
        Ok(pairs.difference(&self.id, &self.note))
    }
}

/// What is not an exception.
const ASSIGNMENT: &str = "an assignment";

/// Compares lists in the order of our answer, then those of members that we leave out.
fn compare(kafka: &BTreeMap<Name, Runs>, rejoin: &Answer, pairs: &mut Pairs) {
    let mut left: BTreeMap<&Name, &Runs> = kafka.iter().collect();
    for (member, list) in rejoin.iter() {
        let ours: Vec<_> = list.iter().map(|(topic, index)| (topic.clone(), index)).collect();
        match left.remove(member) {
            Some(kafkas) => pairs.lists(member, &kafkas.partitions(), &ours, shown),
            None => pairs.add(member, "no such member", &format!("{} partitions", ours.len())),
        }
    }
    for (member, list) in left {
        pairs.add(member, &format!("{} partitions", list.partitions().len()), "no such member");
    }
}

impl Runs {
    fn topics(&self) -> Vec<TopicPartitions> {
        let run = |(topic, partitions): &(Name, Vec<u32>)| TopicPartitions {
            topic: topic.clone(),
            partitions: partitions.clone(),
        };
        self.0.iter().map(run).collect()
    }

    fn partitions(&self) -> Vec<(Name, u32)> {
        let one = |(topic, partitions): &(Name, Vec<u32>)| {
            let topic = topic.clone();
            partitions.clone().into_iter().map(move |partition| (topic.clone(), partition))
        };
        self.0.iter().flat_map(one).collect()
    }
}

/// A partition as a person reads it.
fn shown((topic, partition): &(Name, u32)) -> String {
    format!("{topic}-{partition}")
}
