//! What all strategies of Kafka's clients begin with (`AbstractPartitionAssignor`): members, topics
//! and subscriptions by number, in the orders in which Kafka sees them.

use super::{Answer, Question, Topic, names};
use crate::kernel::java_hash::{JavaKey, string_hash};
use crate::kernel::java_map::{JavaMap, walk_of_puts};
use crate::model::Name;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Stands for nobody and nothing.
pub(super) const NONE: u32 = u32::MAX;

/// A question by numbers: members by their place in it, topics by the rank of their names.
pub(super) struct Frame<'a> {
    pub(super) question: &'a Question,
    /// Members in the order of Kafka's map of subscriptions.
    pub(super) order: Vec<u32>,
    /// Topics that somebody subscribes to and that have partitions, by name.
    pub(super) topics: Vec<&'a Topic>,
    /// The first partition of each topic in the numbering of all partitions by (topic, index).
    pub(super) first: Vec<u32>,
    /// Number of all partitions.
    pub(super) total: u32,
    /// Subscriptions as sets of topics, each once.
    pub(super) classes: Vec<Class>,
    /// The class of each member.
    pub(super) class_of: Vec<u32>,
    hashes: Vec<i32>,
    /// Names of subscribed topics, known or not, as Kafka's set holds them; by order of arrival.
    subscribed: JavaMap<Name, u32>,
    /// The topics for those names; [`NONE`]: not known.
    known: Vec<u32>,
}

/// Members that subscribe to the same topics.
pub(super) struct Class {
    /// Whether they subscribe to nothing at all.
    pub(super) is_empty: bool,
    /// Topics that are known, ascending.
    pub(super) topics: Vec<u32>,
    /// How many members there are.
    pub(super) size: u32,
}

/// Topics with the same subscribers.
pub(super) struct Audience {
    pub(super) classes: Vec<u32>,
    /// Ascending.
    pub(super) topics: Vec<u32>,
}

impl<'a> Frame<'a> {
    pub(super) fn new(question: &'a Question) -> Self {
        let members = &question.members;
        let hashes: Vec<i32> = members.iter().map(|m| string_hash(&m.id)).collect();
        let order = walk_of_puts(&hashes).unwrap_or_else(|| {
            let mut map = JavaMap::new();
            for (member, m) in (0_u32..).zip(members) {
                map.put(m.id.clone(), member);
            }
            map.values().copied().collect()
        });
        let subscriptions = Subscriptions::read(question, &order);
        let Subscriptions { subscribed, class_of, lists } = subscriptions;

        let mut metadata = BTreeMap::new();
        for topic in question.topics.iter().filter(|topic| topic.partitions > 0) {
            if let Some(&arrival) = subscribed.get(&*topic.name) {
                metadata.insert(arrival, topic);
            }
        }
        let (arrivals, found): (Vec<u32>, Vec<&Topic>) = metadata.into_iter().unzip();
        let mut known = vec![NONE; subscribed.len()];
        let mut topics = Vec::with_capacity(found.len());
        let by_name = names::sorted(&found.iter().map(|topic| &*topic.name).collect::<Vec<_>>());
        for (rank, place) in (0..).zip(by_name) {
            known[arrivals[place as usize] as usize] = rank;
            topics.push(found[place as usize]);
        }
        let mut total = 0;
        let count_up = |topic: &&Topic| {
            total += topic.partitions;
            total - topic.partitions
        };
        let first = topics.iter().map(count_up).collect();
        let class = |list: Vec<u32>| {
            let is_empty = list.is_empty();
            let mut topics: Vec<u32> =
                list.iter().map(|&arrival| known[arrival as usize]).collect();
            topics.retain(|&topic| topic != NONE);
            topics.sort_unstable();
            Class { is_empty, topics, size: 0 }
        };
        let mut classes: Vec<Class> = lists.into_iter().map(class).collect();
        for &member in &order {
            classes[class_of[member as usize] as usize].size += 1;
        }
        Frame {
            question,
            order,
            topics,
            first,
            total,
            classes,
            class_of,
            hashes,
            subscribed,
            known,
        }
    }

    /// How many members there are.
    pub(super) fn members(&self) -> usize {
        self.question.members.len()
    }

    pub(super) fn class(&self, member: u32) -> &Class {
        &self.classes[self.class_of[member as usize] as usize]
    }

    /// The topic of this name.
    pub(super) fn topic(&self, name: &str) -> Option<u32> {
        let &arrival = self.subscribed.get(name)?;
        Some(self.known[arrival as usize]).filter(|&topic| topic != NONE)
    }

    /// Members in the order of a new map that takes them in this order: almost always the same one.
    pub(super) fn order_again(&self) -> Vec<u32> {
        let hashes: Vec<i32> = self.order.iter().map(|&m| self.hashes[m as usize]).collect();
        if let Some(order) = walk_of_puts(&hashes) {
            return order.into_iter().map(|place| self.order[place as usize]).collect();
        }
        self.map_of_members().values().copied().collect()
    }

    /// A new map that has taken the members in their order.
    pub(super) fn map_of_members(&self) -> JavaMap<Name, u32> {
        let mut map = JavaMap::new();
        for &member in &self.order {
            map.put(self.id(member).clone(), member);
        }
        map
    }

    pub(super) fn id(&self, member: u32) -> &'a Name {
        &self.question.members[member as usize].id
    }

    /// Topics in the order of Kafka's map of them, which takes them from a set.
    pub(super) fn topics_as_mapped(&self) -> Vec<u32> {
        let topics: Vec<u32> = self
            .subscribed
            .values()
            .map(|&arrival| self.known[arrival as usize])
            .filter(|&topic| topic != NONE)
            .collect();
        let name = |topic: u32| &self.topics[topic as usize].name;
        let hashes: Vec<i32> = topics.iter().map(|&topic| name(topic).java_hash()).collect();
        if let Some(order) = walk_of_puts(&hashes) {
            return order.into_iter().map(|place| topics[place as usize]).collect();
        }
        let mut map = JavaMap::new();
        for topic in topics {
            map.put(name(topic).clone(), topic);
        }
        map.values().copied().collect()
    }

    /// Members as range and round robin line them up: static ones by instance id, then dynamic ones
    /// by member id (`MemberInfo`).
    pub(super) fn line_up(&self) -> Vec<u32> {
        let member = |m: u32| &self.question.members[m as usize];
        let (fixed, dynamic): (Vec<u32>, Vec<u32>) =
            self.order.iter().partition(|&&m| member(m).instance.is_some());
        let instance = |&m: &u32| member(m).instance.as_deref().unwrap_or_default();
        let fixed_names: Vec<&str> = fixed.iter().map(instance).collect();
        let dynamic_names: Vec<&str> = dynamic.iter().map(|&m| &*member(m).id).collect();
        let fixed = names::sorted(&fixed_names).into_iter().map(|place| fixed[place as usize]);
        let dynamic = names::sorted(&dynamic_names).into_iter().map(|p| dynamic[p as usize]);
        fixed.chain(dynamic).collect()
    }

    /// Topics by who subscribes to them.
    pub(super) fn audiences(&self) -> Vec<Audience> {
        let mut classes_of = vec![Vec::new(); self.topics.len()];
        for (number, class) in (0_u32..).zip(&self.classes) {
            for &topic in &class.topics {
                classes_of[topic as usize].push(number);
            }
        }
        let mut audiences: BTreeMap<Vec<u32>, Vec<u32>> = BTreeMap::new();
        for (topic, classes) in (0..).zip(classes_of) {
            audiences.entry(classes).or_default().push(topic);
        }
        audiences.into_iter().map(|(classes, topics)| Audience { classes, topics }).collect()
    }

    /// For each audience the places of its members in a line of all.
    pub(super) fn places(&self, audiences: &[Audience], line: &[u32]) -> Vec<Vec<u32>> {
        let mut of_class = vec![Vec::new(); self.classes.len()];
        for (number, audience) in audiences.iter().enumerate() {
            for &class in &audience.classes {
                of_class[class as usize].push(number);
            }
        }
        let mut places = vec![Vec::new(); audiences.len()];
        for (place, &member) in (0..).zip(line) {
            for &audience in &of_class[self.class_of[member as usize] as usize] {
                places[audience].push(place);
            }
        }
        places
    }

    fn member_names(&self) -> Vec<Name> {
        self.question.members.iter().map(|m| m.id.clone()).collect()
    }

    fn topic_names(&self) -> Vec<Name> {
        self.topics.iter().map(|topic| topic.name.clone()).collect()
    }

    /// The answer that gives each member these partitions, (topic, index).
    pub(super) fn answer<L: IntoIterator<Item = (u32, u32)>>(
        &self,
        lists: impl IntoIterator<Item = L>,
    ) -> Answer {
        let mut answer = Answer::new(self.topic_names());
        for (member, list) in self.question.members.iter().zip(lists) {
            answer.push(member.id.clone(), list);
        }
        answer
    }

    /// The answer that gives partitions one by one, to a member what `partition` tells.
    pub(super) fn answer_one_by_one<P: Copy>(
        &self,
        given: &[(u32, P)],
        partition: impl Fn(P) -> (u32, u32),
    ) -> Answer {
        let one = |p: P| [partition(p)];
        Answer::of_pieces(self.member_names(), self.topic_names(), given, |_| 1, one)
    }

    /// The answer that gives these runs to members, each member's in the order in which they come.
    pub(super) fn answer_of_runs(&self, runs: &[(u32, Run)]) -> Answer {
        let count = |run: Run| (run.to - run.from) as usize;
        let spread = |run: Run| (run.from..run.to).map(move |index| (run.topic, index));
        Answer::of_pieces(self.member_names(), self.topic_names(), runs, count, spread)
    }
}

/// Partitions of one topic that a member gets.
#[derive(Clone, Copy)]
pub(super) struct Run {
    pub(super) topic: u32,
    pub(super) from: u32,
    pub(super) to: u32,
}

/// Subscriptions with topics numbered by order of arrival.
struct Subscriptions {
    subscribed: JavaMap<Name, u32>,
    class_of: Vec<u32>,
    /// The topics of each class, ascending.
    lists: Vec<Vec<u32>>,
}

impl Subscriptions {
    fn read(question: &Question, order: &[u32]) -> Self {
        let mut read = Subscriptions {
            subscribed: JavaMap::new(),
            class_of: vec![0; question.members.len()],
            lists: Vec::new(),
        };
        let mut known: BTreeMap<Vec<u32>, u32> = BTreeMap::new();
        // The last member that began with a topic often has the same list: told by the first topic,
        // and NONE without.
        let mut alike: BTreeMap<u32, u32> = BTreeMap::new();
        for &member in order {
            let topics = &question.members[member as usize].topics;
            let begins = topics.first().map_or(NONE, |topic| read.number(topic));
            if let Some(&other) = alike.get(&begins)
                && same_names(topics, &question.members[other as usize].topics)
            {
                read.class_of[member as usize] = read.class_of[other as usize];
                continue;
            }
            alike.insert(begins, member);
            let mut list: Vec<u32> = topics.iter().map(|topic| read.number(topic)).collect();
            list.sort_unstable();
            list.dedup();
            read.class_of[member as usize] = *known.entry(list).or_insert_with_key(|list| {
                read.lists.push(list.clone());
                read.lists.len() as u32 - 1
            });
        }
        read
    }

    fn number(&mut self, topic: &Name) -> u32 {
        if let Some(&number) = self.subscribed.get(&**topic) {
            return number;
        }
        let number = self.subscribed.len() as u32;
        self.subscribed.put(topic.clone(), number);
        number
    }
}

/// Whether two lists hold the same names; lists of a run share them.
fn same_names(a: &[Name], b: &[Name]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| Arc::ptr_eq(a, b) || a == b)
}
