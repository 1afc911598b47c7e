//! From what is written to what is run: defaults filled in, names looked up, everything that has to
//! agree compared.
//!
//! Every function goes on after a problem with some stand-in, so that all problems of a file come
//! out at once; a scenario with problems is thrown away.

mod brokers;
pub(crate) mod case;
mod cluster;
mod compare;
mod consumers;
mod events;
mod expect;
mod group;
mod lives;
pub(crate) mod metrics;
mod names;
mod network;
mod producer;
mod strategy;
pub(crate) mod suite;
mod target;
mod topic;

use super::file::File;
use super::leaf::LONGEST;
use super::problem::Problem;
use super::shape::{At, Named, Reader};
use super::source::Source;
use crate::assignor::Registry;
use crate::kernel::time::{Instant, Span};
use crate::model::id::GroupId;
use crate::scenario::Scenario;
use crate::scenario::group::Group;
use crate::scenario::workload::Producer;
use names::Names;

/// Makes the run that a file describes; `source` is the file itself.
pub(crate) fn scenario(
    file: &File,
    source: &Source,
    registry: &Registry,
    reader: &mut Reader,
) -> Scenario {
    let end = Instant::ZERO + duration(file, reader);
    let (cluster, broker) = cluster::resolve(file.cluster.as_ref(), reader);
    let brokers = cluster.racks.len();
    let mut topics = topic::resolve(file.topics.as_ref(), brokers, end, &broker, reader);
    let mut names = Names::new(file, &cluster.racks, &topics);
    let producers = producers(file, end, &names, reader);
    let context = group::Context { end, cluster: &cluster, broker: &broker, registry };
    let groups = groups(file, &context, &mut names, reader);
    let timed = events::times(file, end, reader);
    names.learn_growth(&groups, &timed, reader);
    let events = events::resolve(&timed, &names, reader);
    events::refuse_unread_topics(&timed, &names, &groups, reader);
    events::warn_of_idle_factors(&timed, &cluster, reader);
    lives::resolve(&timed, &names, &mut topics, reader);
    let expects = expect::resolve(file, source, end, &names, reader);
    Scenario {
        name: name(file, source, reader),
        question: file.question.as_ref().map(|at| at.value.clone()).unwrap_or_default(),
        seed: file.seed.as_ref().map_or(0, |at| at.value.0),
        duration: end.since(Instant::ZERO),
        resolution: file.resolution.as_ref().map_or(Span::ZERO, |at| at.value.0),
        cluster,
        topics,
        producers,
        groups,
        events,
        expects,
    }
}

/// The length of the run; the longest there is while it isn't known, so that nothing is late.
fn duration(file: &File, reader: &mut Reader) -> Span {
    let Some(at) = &file.duration else { return LONGEST };
    if at.value.is_zero() {
        reader.push(Problem::error(at.at, "a run takes time").label("expected more than 0s"));
        return LONGEST;
    }
    at.value
}

/// What the run is called.
fn name(file: &File, source: &Source, reader: &mut Reader) -> String {
    let Some(at) = &file.name else { return source.stem().to_owned() };
    let name = at.value.trim();
    let label = if name.is_empty() || matches!(name, "." | "..") {
        "it names the output folder"
    } else if name.chars().any(|c| matches!(c, '/' | '\\') || c.is_control()) {
        "it names the output folder: no slashes, no control characters"
    } else if name.len() > 200 {
        "it names the output folder: at most 200 bytes"
    } else {
        return name.to_owned();
    };
    reader.push(Problem::error(at.at, "this can't be a scenario's name").label(label));
    name.to_owned()
}

fn producers(file: &File, end: Instant, names: &Names, reader: &mut Reader) -> Vec<Producer> {
    each(file.producers.as_ref(), "producers", reader, |name, raw, reader| {
        producer::resolve(name, raw, end, names, reader)
    })
}

fn groups(
    file: &File,
    context: &group::Context<'_>,
    names: &mut Names,
    reader: &mut Reader,
) -> Vec<Group> {
    if let Some(named) = file.groups.as_ref().filter(|named| named.value.entries.is_empty()) {
        reader.push(Problem::error(named.at, "a scenario needs a group").label("there is none"));
    }
    let mut id = 0;
    each(file.groups.as_ref(), "groups", reader, |name, raw, reader| {
        let group = group::resolve((name, GroupId::new(id)), raw, context, names, reader);
        id += 1;
        group
    })
}

/// Resolves every entry of a table of names, inside its own table for messages.
fn each<T, R>(
    named: Option<&At<Named<T>>>,
    table: &str,
    reader: &mut Reader,
    mut resolve: impl FnMut(&str, &At<T>, &mut Reader) -> R,
) -> Vec<R> {
    let entries = named.map(|named| named.value.entries.as_slice()).unwrap_or_default();
    reader.within(table, |reader| {
        entries
            .iter()
            .filter_map(|entry| {
                let raw = entry.value.as_ref()?;
                Some(reader.within(&entry.name, |reader| resolve(&entry.name, raw, reader)))
            })
            .collect()
    })
}

/// A moment of the file, if it isn't after the end of the run.
fn moment(at: &At<Instant>, end: Instant, reader: &mut Reader) -> Instant {
    if at.value > end {
        let title = format!("{} is after the end of the run", at.value);
        reader.push(Problem::error(at.at, title).label(format!("the run lasts {end}")));
    }
    at.value
}
