//! What an assignment is worth: balance, moves, racks.

use super::{Answer, Question};
use crate::model::Name;
use std::collections::BTreeMap;

/// Partitions and their owners before an assignment.
pub type Held = BTreeMap<(Name, u32), Name>;

/// The figures of an assignment.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Figures {
    /// Members of the group.
    pub members: usize,
    /// Partitions that have an owner; one with two owners, as in a share group, counts twice.
    pub assigned: usize,
    /// Partitions of subscribed topics that nobody owns: a cooperative group hands them over in a
    /// second round.
    pub unassigned: usize,
    /// The fewest partitions that a member has.
    pub least: usize,
    /// The most partitions that a member has.
    pub most: usize,
    /// For each subscribed topic, the difference between its subscribers with the most and with
    /// the fewest of its partitions.
    pub topic_spread: Vec<(Name, usize)>,
    /// Sum of squares of the members' numbers of partitions, for [`Figures::jain`].
    pub squares: u128,
    /// Members that own nothing, in the order of the group.
    pub idle: Vec<Name>,
    /// Partitions that a member of the group held before and another one owns now.
    pub moves: usize,
    /// The fewest moves that sizes as even as possible need.
    pub fewest: Fewest,
    /// Partitions whose owner has a rack in which none of the partition's replicas is; `None`:
    /// no racks to compare.
    pub rack_mismatches: Option<usize>,
}

/// The fewest moves of any assignment as even as possible.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Fewest {
    /// So many, or more.
    pub moves: usize,
    /// Whether so many are enough. Where subscriptions differ, that is not told.
    pub is_enough: bool,
}

impl Figures {
    /// The figures of an answer to this question. `held` is who had what before.
    pub fn of(question: &Question, answer: &Answer, held: &Held) -> Self {
        let sizes: Vec<usize> = answer.iter().map(|(_, list)| list.len()).collect();
        let idle = answer.iter().filter(|(_, list)| list.is_empty());
        let mut figures = Figures {
            members: sizes.len(),
            assigned: sizes.iter().sum(),
            least: sizes.iter().copied().min().unwrap_or(0),
            most: sizes.iter().copied().max().unwrap_or(0),
            squares: sizes.iter().map(|&n| n as u128 * n as u128).sum(),
            idle: idle.map(|(member, _)| member.clone()).collect(),
            rack_mismatches: rack_mismatches(question, answer),
            ..Figures::default()
        };
        let mut owners: BTreeMap<(&str, u32), Vec<&Name>> = BTreeMap::new();
        for (member, list) in answer.iter() {
            for (topic, index) in list.iter() {
                owners.entry((topic, index)).or_default().push(member);
            }
        }
        figures.topic_spread = topic_spread(question, answer);
        for (topic, _) in &figures.topic_spread {
            let partitions = question.topics.iter().find(|t| t.name == *topic);
            let all = 0..partitions.map_or(0, |topic| topic.partitions);
            figures.unassigned += all.filter(|&n| !owners.contains_key(&(&**topic, n))).count();
        }
        let stays = |member: &Name| question.members.iter().any(|m| m.id == *member);
        let moved = |((topic, index), before): &(&(Name, u32), &Name)| {
            let now = owners.get(&(&**topic, *index));
            stays(before) && now.is_some_and(|now| !now.contains(before))
        };
        figures.moves = held.iter().filter(moved).count();
        figures.fewest = fewest(question, held);
        figures
    }

    /// The difference between the members with the most and with the fewest partitions.
    pub fn spread(&self) -> usize {
        self.most - self.least
    }

    /// The largest difference within a topic.
    pub fn worst_topic_spread(&self) -> usize {
        self.topic_spread.iter().map(|(_, spread)| *spread).max().unwrap_or(0)
    }

    /// Jain's index of fairness of the numbers of partitions (Jain, Chiu, Hawe 1984): 1 if all
    /// members have as many, 1/n if one has all. 1 where there is nothing to share.
    pub fn jain(&self) -> f64 {
        if self.squares == 0 {
            return 1.0;
        }
        let sum = self.assigned as f64;
        sum * sum / (self.members as f64 * self.squares as f64)
    }
}

fn topic_spread(question: &Question, answer: &Answer) -> Vec<(Name, usize)> {
    let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for (member, list) in answer.iter() {
        for (topic, _) in list.iter() {
            *counts.entry((topic, member)).or_default() += 1;
        }
    }
    let mut subscribers: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for member in &question.members {
        for topic in &member.topics {
            subscribers.entry(topic).or_default().push(&member.id);
        }
    }
    let mut spreads = Vec::new();
    for topic in &question.topics {
        let Some(subscribers) = subscribers.get(&*topic.name) else { continue };
        let of = |member: &&str| counts.get(&(&*topic.name, *member)).copied().unwrap_or(0);
        let least = subscribers.iter().map(of).min().unwrap_or(0);
        let most = subscribers.iter().map(of).max().unwrap_or(0);
        spreads.push((topic.name.clone(), most - least));
    }
    spreads
}

fn rack_mismatches(question: &Question, answer: &Answer) -> Option<usize> {
    let racks: BTreeMap<&str, &Name> =
        question.members.iter().filter_map(|m| Some((&*m.id, m.rack.as_ref()?))).collect();
    let topics: BTreeMap<&str, &super::Topic> =
        question.topics.iter().map(|topic| (&*topic.name, topic)).collect();
    let mut mismatches = None;
    for (member, list) in answer.iter() {
        let Some(rack) = racks.get(&**member) else { continue };
        for (topic, index) in list.iter() {
            let replicas = topics.get(&**topic).and_then(|topic| topic.racks.get(index as usize));
            let Some(replicas) = replicas.filter(|replicas| !replicas.is_empty()) else { continue };
            *mismatches.get_or_insert(0) += usize::from(!replicas.contains(rack));
        }
    }
    mismatches
}

/// Members keep the more the better the largest holdings are matched with the largest of the
/// even sizes. That can be done where everybody may own everything.
fn fewest(question: &Question, held: &Held) -> Fewest {
    let topic = |name: &str| question.topics.iter().find(|topic| &*topic.name == name);
    let may_keep = |((name, index), owner): &(&(Name, u32), &Name)| {
        let exists = topic(name).is_some_and(|topic| *index < topic.partitions);
        let owner = question.members.iter().find(|member| member.id == **owner);
        exists && owner.is_some_and(|owner| owner.topics.contains(name))
    };
    let stays = |owner: &&Name| question.members.iter().any(|member| member.id == **owner);
    let mut holdings: BTreeMap<&Name, usize> =
        question.members.iter().map(|member| (&member.id, 0)).collect();
    for (_, owner) in held.iter().filter(may_keep) {
        *holdings.entry(owner).or_default() += 1;
    }
    let subscribed = |name: &Name| question.members.iter().any(|m| m.topics.contains(name));
    let exists = |(name, index): &&(Name, u32)| {
        topic(name).is_some_and(|topic| *index < topic.partitions) && subscribed(name)
    };
    let in_play = held.iter().filter(|(key, _)| exists(key));
    let of_members = in_play.filter(|(_, owner)| stays(owner)).count();
    let total: usize = question
        .topics
        .iter()
        .filter(|topic| subscribed(&topic.name))
        .map(|topic| topic.partitions as usize)
        .sum();
    let count = question.members.len();
    if count == 0 {
        return Fewest { moves: 0, is_enough: true };
    }
    let mut sorted: Vec<usize> = holdings.into_values().collect();
    sorted.sort_unstable_by(|a, b| b.cmp(a));
    let size = |place: usize| total / count + usize::from(place < total % count);
    let kept: usize = sorted.iter().enumerate().map(|(n, &holding)| holding.min(size(n))).sum();
    let first = question.members.first().map(|member| &member.topics);
    let alike = question.members.iter().all(|member| Some(&member.topics) == first);
    if alike {
        Fewest { moves: of_members - kept, is_enough: true }
    } else {
        // Even sizes may be out of reach; what nobody may keep has to move in any case.
        let keepable: usize = sorted.iter().sum();
        Fewest { moves: of_members - keepable, is_enough: false }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Member, Topic};
    use super::*;

    fn question(members: &[(&str, &[&str], Option<&str>)], topics: &[(&str, u32)]) -> Question {
        let rack = |n: u32| vec![["a", "b"][n as usize % 2].into()];
        let topic = |&(name, partitions): &(&str, u32)| Topic {
            name: name.into(),
            partitions,
            racks: (0..partitions).map(rack).collect(),
            ..Topic::default()
        };
        let member = |&(id, topics, rack): &(&str, &[&str], Option<&str>)| Member {
            id: id.into(),
            topics: topics.iter().map(|&name| name.into()).collect(),
            rack: rack.map(Into::into),
            ..Member::default()
        };
        Question {
            topics: topics.iter().map(topic).collect(),
            members: members.iter().map(member).collect(),
            ..Question::default()
        }
    }

    fn answer(given: &[(&str, &[(u32, u32)])]) -> Answer {
        let mut answer = Answer::new(vec!["t".into(), "u".into()]);
        for (member, partitions) in given {
            answer.push((*member).into(), partitions.iter().copied());
        }
        answer
    }

    fn held(given: &[(&str, &str, u32)]) -> Held {
        let one = |&(member, topic, n): &(&str, &str, u32)| ((topic.into(), n), member.into());
        given.iter().map(one).collect()
    }

    #[test]
    fn balance_is_counted_in_all_and_by_topic() {
        let both: &[&str] = &["t", "u"];
        let question = question(
            &[("m1", both, None), ("m2", both, None), ("m3", both, None)],
            &[("t", 3), ("u", 2)],
        );
        let answer = answer(&[("m1", &[(0, 0), (0, 1), (0, 2), (1, 0)]), ("m2", &[]), ("m3", &[])]);
        let figures = Figures::of(&question, &answer, &Held::new());
        assert_eq!((figures.most, figures.least, figures.spread()), (4, 0, 4));
        assert_eq!(figures.topic_spread, [("t".into(), 3), ("u".into(), 1)]);
        assert_eq!(figures.idle, ["m2".into(), "m3".into()]);
        assert_eq!((figures.assigned, figures.unassigned), (4, 1));
        assert!((figures.jain() - 1.0 / 3.0).abs() < 1e-12);
        assert_eq!(figures.rack_mismatches, None);
    }

    #[test]
    fn moves_are_compared_with_the_fewest() {
        let t: &[&str] = &["t"];
        let question = question(&[("m1", t, None), ("m2", t, None), ("m3", t, None)], &[("t", 6)]);
        let before = held(&[
            ("m1", "t", 0),
            ("m1", "t", 1),
            ("m1", "t", 2),
            ("m2", "t", 3),
            ("m2", "t", 4),
            ("gone", "t", 5),
        ]);
        let answer = answer(&[
            ("m1", &[(0, 0), (0, 1)]),
            ("m2", &[(0, 2), (0, 5)]),
            ("m3", &[(0, 3), (0, 4)]),
        ]);
        let figures = Figures::of(&question, &answer, &before);
        assert_eq!(figures.moves, 3, "0, 1 stay; 5 had no owner left");
        assert_eq!(figures.fewest, Fewest { moves: 1, is_enough: true });
    }

    #[test]
    fn owners_in_another_rack_are_counted() {
        let t: &[&str] = &["t"];
        let question = question(&[("m1", t, Some("a")), ("m2", t, None)], &[("t", 3)]);
        let answer = answer(&[("m1", &[(0, 0), (0, 1)]), ("m2", &[(0, 2)])]);
        assert_eq!(Figures::of(&question, &answer, &Held::new()).rack_mismatches, Some(1));
    }
}
