//! What the strategies of the literature promise, for groups of all kinds.

use proptest::prelude::*;
use rejoin::assignor::check::check;
use rejoin::assignor::{self, Answer, Load, Member, Question, Topic};
use rejoin::kernel::rate::Rate;
use rejoin::model::Name;
use rejoin::model::consumer_protocol::TopicPartitions;
use std::collections::{BTreeMap, BTreeSet};

const STRATEGIES: [&str; 3] = ["lag-aware", "capacity-aware", "modified-best-fit"];
/// Those that look at what members had.
const STICKY: [&str; 2] = ["capacity-aware", "modified-best-fit"];

type Partition = (Name, u32);

/// A member: what it subscribes to (as bits), what it can do, what it had (partitions by number).
type Described = (u8, Option<u64>, Vec<u32>);

fn rates() -> impl Strategy<Value = u64> {
    prop_oneof![4 => 0..20_u64, 1 => Just(0), 1 => any::<u64>()]
}

/// Topics, each with (lag, rate) of its partitions, and members.
fn question() -> impl Strategy<Value = Question> {
    let topics = prop::collection::vec(prop::collection::vec((rates(), rates()), 0..10), 1..5);
    let had = prop::collection::vec(0..12_u32, 0..6);
    let members = prop::collection::vec((any::<u8>(), prop::option::of(rates()), had), 0..9);
    (topics, members).prop_map(|(topics, members)| build(&topics, &members))
}

/// Small rates, one capacity, everybody subscribes to everything.
fn plain_question() -> impl Strategy<Value = Question> {
    let topics = prop::collection::vec(prop::collection::vec((0..9_u64, 0..9_u64), 0..10), 1..4);
    let had = prop::collection::vec(0..12_u32, 0..6);
    let members = prop::collection::vec(had, 1..9);
    (topics, members, 1..30_u64).prop_map(|(topics, members, capacity)| {
        let member = |had| (u8::MAX, Some(capacity), had);
        build(&topics, &members.into_iter().map(member).collect::<Vec<_>>())
    })
}

fn build(topics: &[Vec<(u64, u64)>], members: &[Described]) -> Question {
    let name = |n: usize| Name::from(format!("topic-{n}"));
    let load = |&(lag, rate): &(u64, u64)| Load { lag, rate: Rate::from_units(rate) };
    let topic = |(n, loads): (usize, &Vec<(u64, u64)>)| Topic {
        name: name(n),
        partitions: loads.len() as u32,
        load: loads.iter().map(load).collect(),
        ..Topic::default()
    };
    let member = |(n, (topics, capacity, had)): (usize, &Described)| Member {
        id: format!("member-{n}").into(),
        topics: (0..8).filter(|bit| topics >> bit & 1 == 1).map(name).collect(),
        owned: vec![TopicPartitions { topic: name(n % 3), partitions: had.clone() }],
        generation: i32::from(n % 2 == 1),
        capacity: capacity.map(Rate::from_units),
        ..Member::default()
    };
    Question {
        topics: topics.iter().enumerate().map(topic).collect(),
        members: members.iter().enumerate().map(member).collect(),
        seen: -1,
    }
}

fn answer(strategy: &str, question: &Question) -> Answer {
    let strategy = assignor::by_name(strategy).expect("a strategy of the literature");
    strategy.assign(question).expect("an assignment")
}

fn owners(answer: &Answer) -> BTreeMap<Partition, Name> {
    let list = |(member, list): (&Name, assignor::List)| {
        let own = |(topic, index): (&Name, u32)| ((topic.clone(), index), member.clone());
        list.iter().map(own).collect::<Vec<_>>()
    };
    answer.iter().flat_map(list).collect()
}

/// What members of an eager group say when they join again.
fn rejoin(question: &mut Question, answer: &Answer, strategy: &str) {
    let strategy = assignor::by_name(strategy).expect("a strategy of the literature");
    for (member, (_, list)) in question.members.iter_mut().zip(answer.iter()) {
        member.owned = Vec::new();
        member.user_data = strategy.user_data(Some((&list.by_topic(), 5)));
    }
}

fn load(question: &Question, (topic, index): &Partition) -> Load {
    let topic = question.topics.iter().find(|of| of.name == *topic).expect("a topic");
    topic.load(*index)
}

/// Sum of rates of each member.
fn carried(question: &Question, answer: &Answer) -> BTreeMap<Name, u128> {
    let mut carried: BTreeMap<Name, u128> =
        question.members.iter().map(|member| (member.id.clone(), 0)).collect();
    for (partition, owner) in owners(answer) {
        let rate = u128::from(load(question, &partition).rate.units());
        *carried.get_mut(&owner).expect("a member") += rate;
    }
    carried
}

/// LPT on uniform processors by the book: (work, speed) of whoever is done last.
fn lpt(question: &Question) -> Option<(u128, u128)> {
    let mut members: Vec<(&Member, u128)> = question.members.iter().map(|m| (m, 0)).collect();
    members.sort_by_key(|(member, _)| &member.id);
    let speed = |member: &Member| u128::from(member.capacity.map_or(0, Rate::units));
    let rates = |topic: &Topic| {
        let rate = |p| (u128::from(topic.load(p).rate.units()), topic.name.clone());
        (0..topic.partitions).map(rate).collect::<Vec<_>>()
    };
    let mut partitions: Vec<(u128, Name)> = question.topics.iter().flat_map(rates).collect();
    partitions.sort_by_key(|partition| std::cmp::Reverse(partition.0));
    for (rate, topic) in partitions {
        let readers = members.iter_mut().filter(|(member, _)| member.topics.contains(&topic));
        let first = readers.reduce(|a, b| {
            if (b.1 + rate) * speed(a.0) < (a.1 + rate) * speed(b.0) { b } else { a }
        });
        if let Some((_, work)) = first {
            *work += rate;
        }
    }
    let done = members.iter().map(|&(member, work)| (work, speed(member)));
    done.reduce(|a, b| if b.0 * a.1 > a.0 * b.1 { b } else { a })
}

#[test]
fn the_docs_tell_of_every_strategy() {
    let docs = include_str!("../docs/assignors.md");
    for strategy in assignor::ALL {
        let title = format!("\n### {}\n", strategy.name());
        assert!(docs.contains(&title), "docs/assignors.md has no section {:?}", strategy.name());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn every_subscribed_partition_has_one_owner_that_subscribes(question in question()) {
        for strategy in STRATEGIES {
            prop_assert_eq!(check(&question, &answer(strategy, &question)), Ok(()), "{}", strategy);
        }
    }

    #[test]
    fn the_order_of_members_and_topics_does_not_matter(question in question()) {
        let mut turned = question.clone();
        turned.members.reverse();
        turned.topics.reverse();
        for strategy in STRATEGIES {
            let (one, other) = (answer(strategy, &question), answer(strategy, &turned));
            prop_assert_eq!(owners(&one), owners(&other), "{}", strategy);
        }
    }

    /// An R-score of zero, and the same for whoever has too much.
    #[test]
    fn nothing_moves_while_nothing_changes(mut question in question()) {
        for strategy in STICKY {
            let first = answer(strategy, &question);
            rejoin(&mut question, &first, strategy);
            prop_assert_eq!(owners(&answer(strategy, &question)), owners(&first), "{}", strategy);
        }
    }

    #[test]
    fn lag_aware_keeps_counts_within_one_and_lags_within_the_largest(question in question()) {
        let owners = owners(&answer("lag-aware", &question));
        for topic in &question.topics {
            let readers = question.members.iter().filter(|m| m.topics.contains(&topic.name));
            let mut have: BTreeMap<&Name, (u32, u128)> = readers.map(|m| (&m.id, (0, 0))).collect();
            for (partition, owner) in owners.iter().filter(|((of, _), _)| *of == topic.name) {
                let (count, lag) = have.get_mut(owner).expect("a reader");
                *count += 1;
                *lag += u128::from(topic.load(partition.1).lag);
            }
            let spread = |of: fn(&(u32, u128)) -> u128| {
                let max = have.values().map(of).max().unwrap_or(0);
                max - have.values().map(of).min().unwrap_or(0)
            };
            let largest = topic.load.iter().map(|load| load.lag).max().unwrap_or(0);
            prop_assert!(spread(|have| have.0.into()) <= 1);
            prop_assert!(spread(|have| have.1) <= u128::from(largest));
        }
    }

    /// Whatever members had.
    #[test]
    fn capacity_aware_is_never_done_later_than_lpt(
        mut question in question(),
        speeds in prop::collection::vec(1..50_u64, 9),
    ) {
        for (member, speed) in question.members.iter_mut().zip(speeds) {
            member.capacity = Some(Rate::from_units(speed));
        }
        for load in question.topics.iter_mut().flat_map(|topic| &mut topic.load) {
            load.rate = Rate::from_units(load.rate.units() % 1_000);
        }
        let Some((work, speed)) = lpt(&question) else { return Ok(()) };
        let carried = carried(&question, &answer("capacity-aware", &question));
        for member in &question.members {
            let own_speed = u128::from(member.capacity.map_or(0, Rate::units));
            prop_assert!(carried[&member.id] * speed <= work * own_speed);
        }
    }

    /// As for any-fit packing: two members in use never fit into one.
    #[test]
    fn best_fit_uses_few_members(question in plain_question()) {
        let answer = answer("modified-best-fit", &question);
        let total: u128 = carried(&question, &answer).values().sum();
        if total == 0 {
            return Ok(());
        }
        let capacity = u128::from(question.members[0].capacity.map_or(0, Rate::units));
        let used: BTreeSet<Name> = owners(&answer).into_values().collect();
        prop_assert!(used.len() == 1 || used.len() as u128 * capacity < 2 * total);
        let largest = question.topics.iter().flat_map(|t| &t.load).map(|l| l.rate.units()).max();
        let all_fit = u128::from(largest.unwrap_or(0)) <= capacity;
        if all_fit && 2 * total <= question.members.len() as u128 * capacity {
            prop_assert!(carried(&question, &answer).values().all(|&work| work <= capacity));
        }
    }
}
