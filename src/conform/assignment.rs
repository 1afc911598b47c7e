//! Questions that Kafka's assignors answered, against ours: one JSON object a line.

use super::dialogue::Problem;
use crate::assignor::{self, Answer, AssignError, Member, Question, Topic, user_data};
use crate::model::Name;
use crate::model::consumer_protocol::{Base64, Subscription, TopicPartitions};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;

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

/// Where this build and Kafka part.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Difference {
    /// The case.
    pub case: String,
    /// What Kafka answered: lists that differ, or an exception.
    pub kafka: String,
    /// What we answered.
    pub rejoin: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.case)?;
        writeln!(f, "  Kafka:  {}", self.kafka)?;
        write!(f, "  rejoin: {}", self.rejoin)
    }
}

/// Answers one case, a line of a file, and tells how our answer differs from Kafka's.
pub fn replay(line: &str) -> Result<Option<Difference>, Problem> {
    let malformed = |e: serde_json::Error| Problem::Malformed(e.to_string());
    let case: Case = serde_json::from_str(line).map_err(malformed)?;
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
            let byte = |at: usize| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok();
            let bytes: Option<_> = (0..hex.len()).step_by(2).map(byte).collect();
            let malformed = || Problem::Malformed(format!("{hex:?} is not hexadecimal"));
            return Ok(Some(bytes.ok_or_else(malformed)?));
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
        let difference = |kafka: String, rejoin: String| Difference {
            case: format!("{} {}", self.id, self.note).trim_end().to_owned(),
            kafka,
            rejoin,
        };
        let answer = match (rejoin, &self.error) {
            (Err(error), Some(class)) if error.class() == Some(class) => return Ok(None),
            (Ok(answer), None) => answer,
            (Err(error), _) => {
                let kafka = self.error.clone().unwrap_or_else(|| "an assignment".to_owned());
                return Ok(Some(difference(kafka, error.to_string())));
            }
            (Ok(_), Some(class)) => {
                return Ok(Some(difference(class.clone(), "an assignment".to_owned())));
            }
        };
        let Some(result) = &self.result else {
            return Err(Problem::Malformed("neither a result nor an error".to_owned()));
        };
        let (mut kafkas, mut ours) = (Vec::new(), Vec::new());
        for (member, list) in answer.iter() {
            let list: Vec<_> = list.iter().map(|(topic, index)| (topic.clone(), index)).collect();
            let kafka = result.get(member).map(Runs::partitions);
            if kafka.as_ref() != Some(&list) {
                let shown = kafka.map_or_else(|| "nobody".to_owned(), |list| shown(&list));
                kafkas.push(format!("{member}: {shown}"));
                ours.push(format!("{member}: {}", self::shown(&list)));
            }
        }
        if kafkas.is_empty() && answer.len() == result.len() {
            return Ok(None);
        }
        Ok(Some(difference(kafkas.join(" | "), ours.join(" | "))))
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

/// A list as a person reads it.
fn shown(list: &[(Name, u32)]) -> String {
    let partitions = list.iter().map(|(topic, partition)| format!("{topic}-{partition}"));
    partitions.collect::<Vec<_>>().join(" ")
}
