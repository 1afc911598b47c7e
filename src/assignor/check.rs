//! Whether an answer is an assignment: Kafka's strategies need no such check, one's own do.

use super::{Answer, Question};
use crate::model::Name;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// What is wrong with an answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Flaw {
    /// It names a member that the group does not have.
    UnknownMember(Name),
    /// It names a member twice.
    MemberTwice(Name),
    /// It names a partition that does not exist.
    UnknownPartition {
        /// Who is to get it.
        member: Name,
        /// The partition's topic.
        topic: Name,
        /// The partition's number in it.
        index: u32,
    },
    /// A member gets a partition of a topic to which it does not subscribe.
    NotSubscribed {
        /// The member.
        member: Name,
        /// The topic.
        topic: Name,
    },
    /// A partition has two owners.
    Twice {
        /// The partition's topic.
        topic: Name,
        /// The partition's number in it.
        index: u32,
        /// Its owners; may be one and the same.
        owners: [Name; 2],
    },
    /// A partition of a subscribed topic has no owner.
    Missing {
        /// The partition's topic.
        topic: Name,
        /// The partition's number in it.
        index: u32,
    },
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Flaw::UnknownMember(member) => write!(f, "unknown member {member:?}"),
            Flaw::MemberTwice(member) => write!(f, "the member {member:?} comes twice"),
            Flaw::UnknownPartition { member, topic, index } => {
                write!(f, "{member:?} gets {topic}-{index}, which does not exist")
            }
            Flaw::NotSubscribed { member, topic } => {
                write!(f, "{member:?} gets a partition of {topic}, to which it does not subscribe")
            }
            Flaw::Twice { topic, index, owners: [a, b] } if a == b => {
                write!(f, "{topic}-{index} is assigned twice to {a:?}")
            }
            Flaw::Twice { topic, index, owners: [a, b] } => {
                write!(f, "{topic}-{index} is assigned twice: to {a:?} and to {b:?}")
            }
            Flaw::Missing { topic, index } => {
                write!(f, "{topic}-{index} is missing: nobody gets it")
            }
        }
    }
}

/// The first flaw of an answer: every partition of a subscribed topic has one owner, who
/// subscribes to it.
pub fn check(question: &Question, answer: &Answer) -> Result<(), Flaw> {
    let members: BTreeMap<&str, &super::Member> =
        question.members.iter().map(|member| (&*member.id, member)).collect();
    let topics: BTreeMap<&str, &super::Topic> =
        question.topics.iter().map(|topic| (&*topic.name, topic)).collect();
    let mut owners: BTreeMap<(&str, u32), &Name> = BTreeMap::new();
    let mut met: BTreeSet<&str> = BTreeSet::new();
    for (id, list) in answer.iter() {
        let Some(member) = members.get(&**id) else { return Err(Flaw::UnknownMember(id.clone())) };
        if !met.insert(id) {
            return Err(Flaw::MemberTwice(id.clone()));
        }
        for (topic, index) in list.iter() {
            if topics.get(&**topic).is_none_or(|known| index >= known.partitions) {
                let (member, topic) = (id.clone(), topic.clone());
                return Err(Flaw::UnknownPartition { member, topic, index });
            }
            if !member.topics.contains(topic) {
                return Err(Flaw::NotSubscribed { member: id.clone(), topic: topic.clone() });
            }
            if let Some(other) = owners.insert((topic, index), id) {
                let owners = [other.clone(), id.clone()];
                return Err(Flaw::Twice { topic: topic.clone(), index, owners });
            }
        }
    }
    let mut subscribed: Vec<&Name> = question.members.iter().flat_map(|m| &m.topics).collect();
    subscribed.sort_unstable();
    subscribed.dedup();
    for topic in &question.topics {
        if subscribed.binary_search(&&topic.name).is_err() {
            continue;
        }
        for index in 0..topic.partitions {
            if !owners.contains_key(&(&*topic.name, index)) {
                return Err(Flaw::Missing { topic: topic.name.clone(), index });
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::{Member, Topic};
    use super::*;

    fn flaw(given: &[(&str, &[(u32, u32)])]) -> Option<String> {
        let topic = |name: &str| Topic { name: name.into(), partitions: 2, ..Topic::default() };
        let member = |id: &str, topic: &str| Member {
            id: id.into(),
            topics: vec![topic.into()],
            ..Member::default()
        };
        let question = Question {
            topics: vec![topic("a"), topic("b"), topic("unread")],
            members: vec![member("m1", "a"), member("m2", "b"), member("m3", "a")],
            ..Question::default()
        };
        let mut answer = Answer::new(vec!["a".into(), "b".into()]);
        for (member, partitions) in given {
            answer.push((*member).into(), partitions.iter().copied());
        }
        check(&question, &answer).err().map(|flaw| flaw.to_string())
    }

    #[test]
    fn an_assignment_has_one_owner_for_each_partition() {
        assert_eq!(flaw(&[("m1", &[(0, 0), (0, 1)]), ("m2", &[(1, 1), (1, 0)])]), None);
    }

    #[test]
    fn flaws_are_told() {
        let m2: (&str, &[_]) = ("m2", &[(1, 0), (1, 1)]);
        for (given, expected) in [
            ([m2, ("m1", &[(0, 0), (0, 0)])], "a-0 is assigned twice to \"m1\""),
            ([m2, ("m1", &[(0, 1)])], "a-0 is missing: nobody gets it"),
            ([m2, ("m9", &[])], "unknown member \"m9\""),
            ([m2, m2], "the member \"m2\" comes twice"),
            ([m2, ("m1", &[(0, 2)])], "\"m1\" gets a-2, which does not exist"),
            (
                [m2, ("m1", &[(1, 0)])],
                "\"m1\" gets a partition of b, to which it does not subscribe",
            ),
        ] {
            assert_eq!(flaw(&given).as_deref(), Some(expected));
        }
        let twice = flaw(&[m2, ("m1", &[(0, 0), (0, 1)]), ("m3", &[(0, 1)])]);
        assert_eq!(twice.as_deref(), Some("a-1 is assigned twice: to \"m1\" and to \"m3\""));
    }
}
