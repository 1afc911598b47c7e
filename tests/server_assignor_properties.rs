//! What the broker's strategies promise, on random groups that live through changes.

use proptest::prelude::*;
use rejoin::assignor::server::target::{Known, Request, compute};
use rejoin::assignor::server::{SubscriptionType, Target, Topic, by_name};
use rejoin::model::Name;
use rejoin::model::uuid::Uuid;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A member's subscription: a bit for each topic.
type Subscription = u8;

/// A group, and its members after a change.
#[derive(Clone, Debug)]
struct Group {
    topics: Vec<Topic>,
    before: Vec<(u8, Subscription)>,
    after: Vec<(u8, Subscription)>,
    grown: u32,
}

fn members(same: bool) -> impl Strategy<Value = Vec<(u8, Subscription)>> {
    let any = prop::collection::btree_map(0..40_u8, any::<Subscription>(), 1..12);
    (any, 1..=u8::MAX).prop_map(move |(members, one)| {
        let subscription = |own| if same { one } else { own };
        members.into_iter().map(|(id, own)| (id, subscription(own))).collect()
    })
}

fn group(same: bool) -> impl Strategy<Value = Group> {
    let topic = (prop_oneof![0..40_u128, any::<u128>()], 0..14_u32);
    let topics = prop::collection::btree_map(topic.clone().prop_map(|t| t.0), topic.1, 1..8);
    let topics = topics.prop_map(|topics| {
        let topic = |(number, (id, partitions)): (usize, (u128, u32))| Topic {
            name: format!("t{number}").into(),
            id: Uuid(id),
            partitions,
            racks: Arc::default(),
        };
        topics.into_iter().enumerate().map(topic).collect()
    });
    (topics, members(same), members(same), 0..4_u32)
        .prop_map(|(topics, before, after, grown)| Group { topics, before, after, grown })
}

fn request(topics: &[Topic], members: &[(u8, Subscription)], targets: &Targets) -> Request {
    let known = |&(id, subscription): &(u8, Subscription)| {
        let id: Name = format!("m{id}").into();
        let chosen = (0..).zip(topics).filter(|(bit, _)| subscription >> bit & 1 == 1);
        Known {
            target: targets.get(&id).cloned().map(Arc::new),
            id,
            instance: None,
            rack: None,
            topics: chosen.map(|(_, topic)| topic.name.clone()).collect(),
        }
    };
    let members: Vec<Known> = members.iter().map(known).collect();
    let subscription = SubscriptionType::of(members.iter().map(|member| &member.topics));
    Request { topics: topics.to_vec(), members, subscription, ..Request::default() }
}

type Targets = BTreeMap<Name, Target>;

/// The targets of a group's members once the records are written.
fn settled(request: &Request, assignor: &str) -> Targets {
    let written = compute(request, by_name(assignor).unwrap()).unwrap();
    let old =
        request.members.iter().filter_map(|m| Some((m.id.clone(), m.target.as_deref()?.clone())));
    let mut targets: Targets = old.collect();
    targets.extend(written.changed);
    targets
}

/// Computes the target of the first members and then that of the others.
fn history(group: &Group, assignor: &str) -> [(Request, Targets); 2] {
    let first = request(&group.topics, &group.before, &Targets::new());
    let targets = settled(&first, assignor);
    let mut topics = group.topics.clone();
    topics[0].partitions += group.grown;
    let second = request(&topics, &group.after, &targets);
    let last = settled(&second, assignor);
    [(first, targets), (second, last)]
}

/// Who has each partition. Fails if one who does not subscribe has it, or if it does not exist.
fn owners(request: &Request, targets: &Targets) -> BTreeMap<(Uuid, u32), Vec<Name>> {
    let mut owners = BTreeMap::new();
    for topic in &request.topics {
        let is_subscribed = request.members.iter().any(|m| m.topics.contains(&topic.name));
        let partitions = 0..if is_subscribed { topic.partitions } else { 0 };
        owners.extend(partitions.map(|partition| ((topic.id, partition), Vec::new())));
    }
    for member in &request.members {
        for entry in &targets[&member.id] {
            let topic = request.topics.iter().find(|topic| topic.id == entry.topic).unwrap();
            let is_subscribed = member.topics.contains(&topic.name);
            assert!(is_subscribed || entry.partitions.is_empty(), "{} {}", member.id, topic.name);
            for &partition in &entry.partitions {
                owners.get_mut(&(topic.id, partition)).unwrap().push(member.id.clone());
            }
        }
    }
    owners
}

fn size(target: &Target) -> usize {
    target.iter().map(|entry| entry.partitions.len()).sum()
}

/// How far the members' numbers are apart.
fn spread(sizes: impl IntoIterator<Item = usize>) -> usize {
    let sizes: BTreeSet<usize> = sizes.into_iter().collect();
    sizes.last().unwrap_or(&0) - sizes.first().unwrap_or(&0)
}

fn sizes<'a>(request: &'a Request, targets: &'a Targets) -> impl Iterator<Item = usize> + 'a {
    request.members.iter().map(|member| size(&targets[&member.id]))
}

fn check_one_owner_each(request: &Request, targets: &Targets) {
    for (partition, owners) in owners(request, targets) {
        assert_eq!(owners.len(), 1, "{partition:?} {owners:?}");
    }
}

fn check_stable(request: &Request, targets: &Targets, assignor: &str) {
    let mut again = request.clone();
    for member in &mut again.members {
        member.target = targets.get(&member.id).cloned().map(Arc::new);
    }
    let written = compute(&again, by_name(assignor).unwrap()).unwrap();
    assert_eq!(written.changed, []);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn uniform_balances_equal_subscriptions_and_then_rests(group in group(true)) {
        for (request, targets) in history(&group, "uniform") {
            check_one_owner_each(&request, &targets);
            prop_assert!(spread(sizes(&request, &targets)) <= 1);
            check_stable(&request, &targets, "uniform");
        }
    }

    #[test]
    fn uniform_gives_all_partitions_of_unequal_subscriptions(group in group(false)) {
        for (request, targets) in history(&group, "uniform") {
            check_one_owner_each(&request, &targets);
        }
    }

    #[test]
    fn range_gives_every_subscriber_its_part_of_a_topic(group in group(false)) {
        for (request, targets) in history(&group, "range") {
            check_one_owner_each(&request, &targets);
            check_stable(&request, &targets, "range");
            for topic in &request.topics {
                let parts = request.members.iter().filter(|m| m.topics.contains(&topic.name));
                let part = |member: &Known| {
                    let entry = targets[&member.id].iter().find(|entry| entry.topic == topic.id);
                    entry.map_or(0, |entry| entry.partitions.len())
                };
                prop_assert!(spread(parts.map(part)) <= 1);
            }
        }
    }

    #[test]
    fn simple_serves_every_partition_of_a_new_group(
        group in prop_oneof![group(true), group(false)],
    ) {
        let [(request, targets), (later, after)] = history(&group, "simple");
        let sharers = owners(&request, &targets);
        prop_assert!(sharers.values().all(|members| !members.is_empty()));
        let total: usize = sharers.values().map(Vec::len).sum();
        prop_assert_eq!(total, sizes(&request, &targets).sum::<usize>());
        if request.subscription == SubscriptionType::Homogeneous {
            let most = request.members.len().div_ceil(sharers.len().max(1));
            prop_assert!(sharers.values().all(|members| members.len() <= most));
            prop_assert!(spread(sizes(&request, &targets)) <= 1);
        }
        let at_most_once = |members: &Vec<Name>| {
            members.iter().collect::<BTreeSet<_>>().len() == members.len()
        };
        // Otherwise topics that nobody subscribes to any more stay in the targets.
        if later.subscription == SubscriptionType::Homogeneous {
            prop_assert!(owners(&later, &after).values().all(at_most_once));
        }
    }
}
