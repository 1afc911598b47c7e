//! Names that tables give and others use.

use super::events::Timed;
use crate::model::id::{GroupId, ProducerId, TopicId};
use crate::parse::file::File;
use crate::parse::file::event::{Target, To};
use crate::parse::file::group::MAX_CONSUMERS;
use crate::parse::nearest::{did_you_mean, one_of};
use crate::parse::problem::Problem;
use crate::parse::shape::{At, Named, Reader};
use crate::parse::source::Spot;
use crate::scenario::Topic;
use crate::scenario::group::Group;
use std::collections::BTreeMap;

/// What exists, by name.
pub(crate) struct Names {
    topics: Index,
    producers: Index,
    groups: Index,
    /// Partitions of each topic.
    partitions: Vec<usize>,
    /// Partitions of each topic when events have let it grow.
    grown: Vec<usize>,
    /// The rack of each broker.
    racks: Vec<Option<String>>,
    /// Consumers that the file starts, and their groups.
    consumers: BTreeMap<String, (GroupId, Spot)>,
    /// The highest number of a consumer in each group, those that events add included.
    highest: Vec<u64>,
}

/// The names of one table.
struct Index {
    noun: &'static str,
    known: BTreeMap<String, usize>,
    /// Whether all names are known, so that another one is certainly wrong.
    complete: bool,
}

impl Index {
    fn new<T>(noun: &'static str, named: Option<&At<Named<T>>>, needed: bool) -> Index {
        let Some(named) = named else {
            return Index { noun, known: BTreeMap::new(), complete: !needed };
        };
        let entries = &named.value.entries;
        let readable = entries.iter().filter(|entry| entry.value.is_some());
        let known = readable.enumerate().map(|(id, entry)| (entry.name.clone(), id)).collect();
        Index { noun, known, complete: entries.iter().all(|entry| entry.value.is_some()) }
    }

    fn find(&self, name: &str, at: Spot, reader: &mut Reader) -> Option<usize> {
        let found = self.known.get(name).copied();
        if found.is_none() && self.complete {
            let names = || self.known.keys().map(String::as_str);
            let noun = self.noun;
            let help = did_you_mean(name, names()).unwrap_or_else(|| match self.known.len() {
                0 => format!("this scenario has no {noun}s"),
                1 => format!("the only {noun} is {}", one_of(names(), 1)),
                _ => format!("the {noun}s are {}", one_of(names(), 8).replace(" or ", " and ")),
            });
            let title = format!("no {noun} is called `{name}`");
            reader.push(Problem::error(at, title).label(format!("unknown {noun}")).help(help));
        }
        found
    }

    fn only(&self) -> Option<usize> {
        (self.known.len() == 1).then_some(0)
    }
}

impl Names {
    /// Everything but the consumers, which the groups add.
    pub(crate) fn new(file: &File, racks: &[Option<String>], topics: &[Topic]) -> Self {
        let index = Index::new("topic", file.topics.as_ref(), true);
        let grown = |topic: usize| {
            let events = file.events.iter().flat_map(|events| events.value.iter());
            let to = events.filter_map(|raw| match (&raw.value.add_partitions, &raw.value.to) {
                (Some(name), Some(At { value: To::Count(to), .. }))
                    if index.known.get(&name.value) == Some(&topic) =>
                {
                    Some(*to as usize)
                }
                _ => None,
            });
            to.max().unwrap_or(0).max(topics[topic].partitions())
        };
        let partitions: Vec<usize> = topics.iter().map(Topic::partitions).collect();
        let grown = (0..topics.len()).map(grown).collect();
        Names {
            topics: index,
            producers: Index::new("producer", file.producers.as_ref(), false),
            groups: Index::new("group", file.groups.as_ref(), true),
            partitions,
            grown,
            racks: racks.to_vec(),
            consumers: BTreeMap::new(),
            highest: Vec::new(),
        }
    }

    /// The topic of that name.
    pub(crate) fn topic(&self, name: &At<String>, reader: &mut Reader) -> Option<TopicId> {
        self.topics.find(&name.value, name.at, reader).map(TopicId::new)
    }

    /// The topic of that name, without a word if there is none.
    pub(crate) fn known_topic(&self, name: &str) -> Option<TopicId> {
        self.topics.known.get(name).copied().map(TopicId::new)
    }

    /// Topic and partition of `orders-3`.
    pub(crate) fn partition(
        &self,
        label: &str,
        at: Spot,
        reader: &mut Reader,
    ) -> Option<(TopicId, u32)> {
        let split = label.rsplit_once('-');
        let number = split.and_then(|(_, number)| number.parse::<u32>().ok());
        let (Some((name, _)), Some(partition)) = (split, number) else {
            let problem = Problem::error(at, format!("`{label}` is not a partition"));
            reader.push(problem.label("expected a topic, a dash and a number: \"orders-3\""));
            return None;
        };
        let Some(topic) = self.known_topic(name) else {
            let problem = Problem::error(at, format!("no topic is called `{name}`"));
            let help = did_you_mean(name, self.topics());
            reader.push(problem.label("unknown topic").help_if(help));
            return None;
        };
        self.check_partition(topic, partition, at, reader);
        Some((topic, partition))
    }

    /// Notes a partition that its topic does not have.
    pub(crate) fn check_partition(
        &self,
        topic: TopicId,
        partition: u32,
        at: Spot,
        reader: &mut Reader,
    ) {
        let count = self.grown[topic.index()];
        if partition as usize >= count {
            let name = self.topics().find(|name| self.known_topic(name) == Some(topic));
            let title = format!("`{}` has no partition {partition}", name.unwrap_or_default());
            let label = format!("its partitions are 0 to {}", count.saturating_sub(1));
            reader.push(Problem::error(at, title).label(label));
        }
    }

    /// The rack of each broker, by id.
    pub(crate) fn racks(&self) -> &[Option<String>] {
        &self.racks
    }

    /// Names of all topics.
    pub(crate) fn topics(&self) -> impl Iterator<Item = &str> {
        self.topics.known.keys().map(String::as_str)
    }

    /// Names of all groups.
    pub(crate) fn groups(&self) -> impl Iterator<Item = &str> {
        self.groups.known.keys().map(String::as_str)
    }

    /// Names of all producers.
    pub(crate) fn producers(&self) -> impl Iterator<Item = &str> {
        self.producers.known.keys().map(String::as_str)
    }

    /// The producer of that name.
    pub(crate) fn producer(&self, name: &str, at: Spot, reader: &mut Reader) -> Option<ProducerId> {
        self.producers.find(name, at, reader).map(ProducerId::new)
    }

    /// The group of that name.
    pub(crate) fn group(&self, name: &str, at: Spot, reader: &mut Reader) -> Option<GroupId> {
        self.groups.find(name, at, reader).map(GroupId::new)
    }

    /// The group, if there is only one.
    pub(crate) fn only_group(&self) -> Option<GroupId> {
        self.groups.only().map(GroupId::new)
    }

    /// The topic, if there is only one.
    pub(crate) fn only_topic(&self) -> Option<TopicId> {
        self.topics.only().map(TopicId::new)
    }

    /// How many partitions a topic has.
    pub(crate) fn partitions(&self, topic: TopicId) -> usize {
        self.partitions.get(topic.index()).copied().unwrap_or(0)
    }

    /// Adds a consumer that the file starts.
    pub(crate) fn add_consumer(
        &mut self,
        name: &str,
        group: GroupId,
        at: Spot,
        reader: &mut Reader,
    ) {
        if self.groups.known.contains_key(name) {
            let title = format!("`{name}` would be a group and a consumer");
            let problem = Problem::error(at, title).label("events could not tell them apart");
            reader.push(problem);
        }
        if let Some((_, before)) = self.consumers.get(name) {
            let title = format!("two consumers would be called `{name}`");
            let problem = Problem::error(at, title).label("names of consumers are unique");
            reader.push(problem.also((*before != at).then_some(*before), "the other is here"));
            return;
        }
        self.consumers.insert(name.to_owned(), (group, at));
    }

    /// Learns how far events let the groups grow.
    pub(crate) fn learn_growth(
        &mut self,
        groups: &[Group],
        events: &[Timed<'_>],
        reader: &mut Reader,
    ) {
        let started: Vec<u64> = groups.iter().map(|group| group.consumers.len() as u64).collect();
        let mut added = vec![0; groups.len()];
        let mut scaled = vec![0; groups.len()];
        for Timed { raw, at } in events {
            let start = raw.value.start.as_ref().map(|whom| names_of(&whom.value));
            for group in self.known_groups(&start.unwrap_or_default(), groups) {
                added[group] += at.len() as u64;
                if started[group] + added[group] > MAX_CONSUMERS {
                    let title = format!("`{}` would get too many consumers", groups[group].name);
                    let label = format!("the limit is {MAX_CONSUMERS}");
                    reader.push(Problem::error(raw.at, title).label(label));
                }
            }
            let scale = raw.value.scale.as_ref().map(|whom| names_of(&whom.value));
            let Some(To::Count(to)) = raw.value.to.as_ref().map(|at| at.value) else { continue };
            for group in self.known_groups(&scale.unwrap_or_default(), groups) {
                scaled[group] = u64::from(to).max(scaled[group]);
            }
        }
        let highest = |group: usize| (started[group] + added[group]).max(scaled[group]);
        self.highest = (0..groups.len()).map(highest).collect();
        self.refuse_taken_numbers(&started, reader);
    }

    /// Indices of those of the names that are groups which could be read.
    fn known_groups(&self, names: &[&str], groups: &[Group]) -> Vec<usize> {
        let known = names.iter().filter_map(|name| self.groups.known.get(*name).copied());
        known.filter(|group| *group < groups.len()).collect()
    }

    /// Notes consumers whose names are those that events are going to give.
    fn refuse_taken_numbers(&self, started: &[u64], reader: &mut Reader) {
        for (name, (_, at)) in &self.consumers {
            let Some((group, number)) = self.numbered(name) else { continue };
            if number > started[group] && number <= self.highest[group] {
                let title = format!("`{name}` is what an event would call a new consumer");
                reader.push(Problem::error(*at, title).label("give it another name"));
            }
        }
    }

    /// The group and the number of a name like `search-4`.
    fn numbered(&self, name: &str) -> Option<(usize, u64)> {
        let (group, number) = name.rsplit_once('-')?;
        let plain = number.bytes().all(|b| b.is_ascii_digit()) && !number.starts_with('0');
        let group = *self.groups.known.get(group)?;
        let number = number.parse().ok().filter(|_| plain)?;
        (group < self.highest.len()).then_some((group, number))
    }

    /// The group of a consumer that the file starts, or that an event may add.
    pub(crate) fn consumer(&self, name: &str) -> Option<GroupId> {
        if let Some((group, _)) = self.consumers.get(name) {
            return Some(*group);
        }
        let (group, number) = self.numbered(name)?;
        (number <= self.highest[group]).then(|| GroupId::new(group))
    }

    /// The group of that name, without a word if there is none.
    pub(crate) fn known_group(&self, name: &str) -> Option<GroupId> {
        self.groups.known.get(name).copied().map(GroupId::new)
    }

    /// Whether a group is called so.
    pub(crate) fn is_group(&self, name: &str) -> bool {
        self.groups.known.contains_key(name)
    }

    /// Notes that neither a consumer nor, with `groups`, a group is called so.
    pub(crate) fn report_stranger(&self, name: &str, at: Spot, groups: bool, reader: &mut Reader) {
        if !self.groups.complete {
            return;
        }
        let what = if groups { "consumer or group" } else { "consumer" };
        let problem = Problem::error(at, format!("no {what} is called `{name}`"));
        let own = name.rsplit_once('-').and_then(|(group, _)| self.groups.known.get(group));
        let help = if let Some(group) = own {
            self.roll_call(Some(GroupId::new(*group)))
        } else {
            let group_names = self.groups.known.keys().filter(|_| groups);
            let candidates = self.consumers.keys().chain(group_names).map(String::as_str);
            did_you_mean(name, candidates).unwrap_or_else(|| self.roll_call(None))
        };
        reader.push(problem.label(format!("unknown {what}")).help(help));
    }

    /// Which consumers there are, of a group or of all, before events add more.
    fn roll_call(&self, group: Option<GroupId>) -> String {
        let of_group = |(name, (own, _)): (&'_ String, &(GroupId, Spot))| {
            group.is_none_or(|group| group == *own).then(|| name.clone())
        };
        let names: Vec<String> = self.consumers.iter().filter_map(of_group).collect();
        let listed = one_of(names.iter().map(String::as_str), 6).replace(" or ", " and ");
        match names.len() {
            0 => "no consumers are there from the start".to_owned(),
            1 => format!("the only consumer from the start is {listed}"),
            _ => format!("the consumers from the start are {listed}"),
        }
    }
}

/// The names that a target lists.
pub(crate) fn names_of(target: &Target) -> Vec<&str> {
    match target {
        Target::Name(name) => vec![name],
        Target::Names(names) => names.iter().map(|at| at.value.as_str()).collect(),
        Target::Some(_) => Vec::new(),
    }
}
