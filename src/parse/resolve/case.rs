//! A question to assignment strategies.

use super::strategy;
use crate::assignor::churn::Group;
use crate::assignor::{Load, Member, Question, Registry, Strategy, Topic};
use crate::kernel::java_hash::string_cmp;
use crate::model::Name;
use crate::model::consumer_protocol::TopicPartitions;
use crate::parse::change::{change, misfit};
use crate::parse::file::case::{Case as Raw, CaseMember, CaseTopic, Each, Members};
use crate::parse::file::strategy::StrategyRef;
use crate::parse::nearest::did_you_mean;
use crate::parse::problem::Problem;
use crate::parse::shape::{AnyList, At, Named, Reader};
use crate::parse::source::Source;
use crate::scenario::case::{Case, Planned};

/// Who answers where nothing is said.
const DEFAULT: &str = "range";

/// The case that a file, or a part of it, describes.
pub(crate) fn resolve(
    raw: &Raw,
    source: &Source,
    registry: &Registry,
    reader: &mut Reader,
) -> Case {
    let topics = super::each(raw.topics.as_ref(), "topics", reader, topic);
    let members = members(raw, &topics, reader);
    let question = Question { topics, members, ..Question::default() };
    let strategies = strategies(raw.assignors.as_ref(), registry, reader);
    Case {
        name: raw.name.as_ref().map_or_else(|| source.stem().to_owned(), |at| at.value.clone()),
        changes: changes(raw, &question, reader),
        question,
        strategies: strategies.unwrap_or_else(usual),
    }
}

/// The strategies that are named, if any are.
pub(super) fn strategies(
    raw: Option<&At<AnyList<StrategyRef>>>,
    registry: &Registry,
    reader: &mut Reader,
) -> Option<Vec<Strategy>> {
    let list = raw.filter(|list| !list.value.items.is_empty())?;
    Some(list.value.iter().filter_map(|raw| strategy::resolve(raw, registry, reader)).collect())
}

/// Who answers where nobody is named.
pub(super) fn usual() -> Vec<Strategy> {
    Strategy::shipped(DEFAULT).into_iter().collect()
}

fn topic(name: &str, raw: &At<CaseTopic>, reader: &mut Reader) -> Topic {
    let partitions = raw.value.partitions.as_ref().map_or(0, |at| at.value.0 as u32);
    let racks = raw.value.racks.iter().flat_map(|list| list.value.iter());
    let racks: Vec<Vec<Name>> =
        racks.map(|of| of.value.iter().map(|rack| Name::from(&*rack.value)).collect()).collect();
    if let Some(at) = raw.value.racks.as_ref().filter(|_| racks.len() > partitions as usize) {
        let title = format!("racks of {} partitions, where {name} has {partitions}", racks.len());
        reader.push(Problem::error(at.at, title).label("a list for each partition"));
    }
    let lags = each_of(raw.value.lag.as_ref(), partitions, reader, |count| count.0);
    let rates = each_of(raw.value.rate.as_ref(), partitions, reader, |&rate| rate);
    let load = match (lags.is_empty(), rates.is_empty()) {
        (true, true) => Vec::new(),
        _ => (0..partitions as usize)
            .map(|n| Load {
                lag: lags.get(n).copied().unwrap_or_default(),
                rate: rates.get(n).copied().unwrap_or_default(),
            })
            .collect(),
    };
    Topic { name: name.into(), id: None, partitions, racks, load }
}

/// A value for each partition; none if none is given.
fn each_of<T, R: Clone + Default>(
    raw: Option<&At<Each<T>>>,
    partitions: u32,
    reader: &mut Reader,
    value: impl Fn(&T) -> R,
) -> Vec<R> {
    let Some(raw) = raw else { return Vec::new() };
    match &raw.value {
        Each::All(all) => vec![value(all); partitions as usize],
        Each::List(list) => {
            if list.items.len() != partitions as usize {
                let title = format!("{} values for {partitions} partitions", list.items.len());
                let label = "expected one for each partition, or a single one for all";
                reader.push(Problem::error(raw.at, title).label(label));
            }
            let one = |item: &Option<At<T>>| item.as_ref().map(|at| value(&at.value));
            list.items.iter().map(|item| one(item).unwrap_or_default()).collect()
        }
    }
}

fn members(raw: &Raw, topics: &[Topic], reader: &mut Reader) -> Vec<Member> {
    let all = || {
        let mut all: Vec<Name> = topics.iter().map(|topic| topic.name.clone()).collect();
        all.sort_by(|a, b| string_cmp(a, b));
        all
    };
    match raw.members.as_ref().map(|at| &at.value) {
        None => Vec::new(),
        Some(Members::Number(count)) => {
            let member =
                |n| Member { id: format!("m{n}").into(), topics: all(), ..Member::default() };
            (1..=*count).map(member).collect()
        }
        Some(Members::Named(named)) => named_members(named, topics, &all(), reader),
    }
}

fn named_members(
    named: &Named<CaseMember>,
    topics: &[Topic],
    all: &[Name],
    reader: &mut Reader,
) -> Vec<Member> {
    let mut members: Vec<Member> = Vec::new();
    let mut owners = std::collections::BTreeMap::new();
    for entry in &named.entries {
        let Some(raw) = &entry.value else { continue };
        let raw = &raw.value;
        let mut of_member = all.to_vec();
        if let Some(list) = &raw.topics {
            of_member = Vec::new();
            for name in list.value.iter() {
                if is_topic(&name.value, name, topics, reader) {
                    of_member.push(name.value.as_str().into());
                }
            }
            of_member.sort_by(|a: &Name, b| string_cmp(a, b));
            of_member.dedup();
        }
        let mut owned: Vec<TopicPartitions> = Vec::new();
        for of in raw.owned.iter().flat_map(|named| &named.value.entries) {
            let at = At { value: (), at: of.at };
            let known = is_topic(&of.name, &at, topics, reader);
            let partitions = of.value.iter().flat_map(|list| list.value.iter());
            let count = topics.iter().find(|t| *t.name == *of.name).map_or(0, |t| t.partitions);
            let mut indexes = Vec::new();
            for partition in partitions.filter(|_| known) {
                let index = partition.value.0 as u32;
                if index >= count {
                    let title = format!("{}-{index} does not exist", of.name);
                    let label = format!("{} has partitions 0 to {}", of.name, i64::from(count) - 1);
                    reader.push(Problem::error(partition.at, title).label(label));
                } else if let Some(other) = owners.insert((&of.name, index), partition.at) {
                    let title = format!("{}-{index} is owned twice", of.name);
                    let problem = Problem::error(partition.at, title).label("only one can own it");
                    reader.push(problem.also(Some(other), "also here"));
                } else {
                    indexes.push(index);
                }
            }
            owned.push(TopicPartitions { topic: of.name.as_str().into(), partitions: indexes });
        }
        owned.retain(|of| !of.partitions.is_empty());
        owned.sort_by(|a, b| string_cmp(&a.topic, &b.topic));
        let generation = raw.generation.as_ref().map(|at| at.value.0 as i32);
        let unsaid = if owned.is_empty() { -1 } else { 1 };
        members.push(Member {
            id: entry.name.as_str().into(),
            instance: raw.instance.as_ref().map(|at| at.value.as_str().into()),
            rack: raw.rack.as_ref().map(|at| at.value.as_str().into()),
            topics: of_member,
            owned,
            generation: generation.unwrap_or(unsaid),
            user_data: None,
            capacity: raw.capacity.as_ref().map(|at| at.value),
        });
    }
    members
}

fn is_topic<T>(name: &str, at: &At<T>, topics: &[Topic], reader: &mut Reader) -> bool {
    let known = topics.iter().any(|topic| &*topic.name == name);
    if !known {
        let names = topics.iter().map(|topic| &*topic.name);
        let problem = Problem::error(at.at, format!("there is no topic {name:?}"));
        reader.push(problem.label("not a topic of this case").help_if(did_you_mean(name, names)));
    }
    known
}

/// Changes that fit the group, one after another.
fn changes(raw: &Raw, question: &Question, reader: &mut Reader) -> Vec<Planned> {
    let Some(strategy) = Strategy::shipped(DEFAULT) else { return Vec::new() };
    let mut group = Group::new(strategy, question.clone());
    let mut planned = Vec::new();
    for text in raw.then.iter().flat_map(|list| list.value.iter()) {
        let fits = change(&text.value).and_then(|change| {
            group.change(&change).map_err(|what| misfit(&what))?;
            Ok(Planned { text: text.value.trim().to_owned(), change })
        });
        match fits {
            Ok(change) => planned.push(change),
            Err(label) => {
                let title = format!("{:?} can't happen", text.value);
                reader.push(Problem::error(text.at, title).label(label));
            }
        }
    }
    planned
}
