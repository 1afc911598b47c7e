//! What assignors promise, for groups of all kinds.

use proptest::prelude::*;
use rejoin::assignor::{self, Answer, Member, Question, Topic, user_data};
use rejoin::model::Name;
use std::collections::BTreeMap;

/// A group: topics with their partitions, members with what they subscribe to (as bits) and racks.
#[derive(Clone, Debug)]
struct Group {
    partitions: Vec<u32>,
    members: Vec<(u8, u8)>,
    racks: u8,
}

fn group(alike: bool) -> impl Strategy<Value = Group> {
    let partitions = prop::collection::vec(0..12_u32, 1..6);
    let members = prop::collection::vec((1..=u8::MAX, any::<u8>()), 1..12);
    (partitions, members, 0..4_u8).prop_map(move |(partitions, mut members, racks)| {
        let first = members[0].0;
        for (topics, _) in &mut members {
            if alike {
                *topics = first;
            }
        }
        Group { partitions, members, racks }
    })
}

impl Group {
    fn topic(n: usize) -> Name {
        format!("topic-{n}").into()
    }

    fn rack(&self, n: usize) -> Vec<Name> {
        if self.racks == 0 { vec![] } else { vec![format!("r{}", n % self.racks as usize).into()] }
    }

    fn question(&self) -> Question {
        let topic = |(n, &partitions): (usize, &u32)| Topic {
            name: Self::topic(n),
            partitions,
            racks: (0..partitions as usize).map(|p| self.rack(n + p)).collect(),
            ..Topic::default()
        };
        let member = |(n, &(topics, rack)): (usize, &(u8, u8))| Member {
            id: format!("member-{n}").into(),
            rack: self.rack(rack as usize).pop(),
            topics: (0..8).filter(|bit| topics >> bit & 1 == 1).map(Self::topic).collect(),
            ..Member::default()
        };
        Question {
            topics: self.partitions.iter().enumerate().map(topic).collect(),
            members: self.members.iter().enumerate().map(member).collect(),
            seen: -1,
        }
    }
}

fn answer(assignor: &str, question: &Question) -> Answer {
    let assignor = assignor::by_name(assignor).expect("a name of Kafka's");
    assignor.assign(question).expect("an assignment")
}

/// The members' next subscriptions: they own what they got.
fn rejoin(question: &mut Question, answer: &Answer, generation: i32, assignor: &str) {
    for (member, (_, list)) in question.members.iter_mut().zip(answer.iter()) {
        let owned = list.by_topic();
        member.generation = generation;
        if assignor == "sticky" {
            member.user_data = Some(user_data::sticky(&owned, generation));
        } else {
            member.owned = owned;
        }
    }
}

fn owners(answer: &Answer) -> BTreeMap<(Name, u32), Vec<Name>> {
    let mut owners: BTreeMap<_, Vec<Name>> = BTreeMap::new();
    for (member, list) in answer.iter() {
        for (topic, index) in list.iter() {
            owners.entry((topic.clone(), index)).or_default().push(member.clone());
        }
    }
    owners
}

fn spread(sizes: impl Iterator<Item = usize>) -> usize {
    let sizes: Vec<usize> = sizes.collect();
    sizes.iter().max().unwrap_or(&0) - sizes.iter().min().unwrap_or(&0)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn every_subscribed_partition_has_one_owner_that_subscribes(group in group(false)) {
        let question = group.question();
        for assignor in assignor::ALL.into_iter().filter(|a| !a.is_shared()) {
            let answer = answer(assignor.name(), &question);
            let owners = owners(&answer);
            let wanted = |topic: &Topic| question.members.iter().any(|m| m.topics.contains(&topic.name));
            let wanted = question.topics.iter().filter(|topic| wanted(topic));
            prop_assert_eq!(owners.len(), wanted.map(|topic| topic.partitions as usize).sum::<usize>());
            for ((topic, partition), members) in owners {
                prop_assert_eq!(members.len(), 1, "{} {}-{}", assignor.name(), topic, partition);
                let member = question.members.iter().find(|m| m.id == members[0]).expect("a member");
                prop_assert!(member.topics.contains(&topic), "{} {}-{}", assignor.name(), topic, partition);
            }
            let ids: Vec<&Name> = answer.iter().map(|(id, _)| id).collect();
            prop_assert_eq!(ids, question.members.iter().map(|m| &m.id).collect::<Vec<_>>());
        }
    }

    #[test]
    fn equal_subscriptions_make_equal_shares(group in group(true)) {
        let question = group.question();
        for assignor in ["roundrobin", "sticky", "cooperative-sticky", "uniform"] {
            let answer = answer(assignor, &question);
            prop_assert!(spread(answer.iter().map(|(_, list)| list.len())) <= 1, "{}", assignor);
        }
        for range in ["range", "server-range"] {
            let answer = answer(range, &question);
            for topic in &question.topics {
                let of_topic =
                    |list: assignor::List| list.iter().filter(|p| *p.0 == topic.name).count();
                prop_assert!(spread(answer.iter().map(|(_, list)| of_topic(list))) <= 1);
            }
        }
    }

    /// Racks aside, which may call for a move once more.
    #[test]
    fn sticky_members_keep_what_they_have_while_nothing_changes(group in group(false)) {
        let mut question = Group { racks: 0, ..group }.question();
        for assignor in ["sticky", "cooperative-sticky"] {
            let first = answer(assignor, &question);
            rejoin(&mut question, &first, 1, assignor);
            prop_assert_eq!(owners(&answer(assignor, &question)), owners(&first), "{}", assignor);
        }
    }

    /// A cooperative group gives nothing to one member that another still has, and needs two
    /// rounds after a member has left or come, if all subscribe to the same topics.
    #[test]
    fn cooperative_members_hand_over_in_two_rounds(group in group(true), leaves: bool) {
        let group = Group { racks: 0, ..group };
        let mut question = group.question();
        let newcomer = question.members.pop().expect("at least one");
        if question.members.is_empty() {
            return Ok(());
        }
        let before = answer("cooperative-sticky", &question);
        rejoin(&mut question, &before, 1, "cooperative-sticky");
        if leaves {
            question.members.remove(0);
            if question.members.is_empty() {
                return Ok(());
            }
        } else {
            question.members.push(newcomer);
        }
        let owned: BTreeMap<_, _> = owners(&before);
        let first = answer("cooperative-sticky", &question);
        for (partition, members) in owners(&first) {
            prop_assert_eq!(members.len(), 1);
            let owner = owned.get(&partition).map(|owners| &owners[0]);
            let stays = owner.is_some_and(|owner| question.members.iter().any(|m| m.id == *owner));
            prop_assert!(!stays || owner == Some(&members[0]), "{partition:?} was given too early");
        }
        rejoin(&mut question, &first, 2, "cooperative-sticky");
        let second = answer("cooperative-sticky", &question);
        prop_assert_eq!(owners(&second).len(), owned.len());
        prop_assert!(spread(second.iter().map(|(_, list)| list.len())) <= 1);
        rejoin(&mut question, &second, 3, "cooperative-sticky");
        prop_assert_eq!(owners(&answer("cooperative-sticky", &question)), owners(&second));
    }
}
