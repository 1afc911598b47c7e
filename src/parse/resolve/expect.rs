//! `[[expect]]`

use super::compare::{Comparison, Measured, compare};
use super::metrics::{default_stat, scopes, stats, takes};
use super::moment;
use super::names::Names;
use crate::kernel::time::Instant;
use crate::model::id::GroupId;
use crate::parse::file::File;
use crate::parse::file::expect::{Expect as Raw, PartitionKey};
use crate::parse::nearest::did_you_mean;
use crate::parse::problem::Problem;
use crate::parse::shape::{At, Reader};
use crate::parse::source::{Source, Spot};
use crate::scenario::expect::{Expect, Scope, Stat, Window};
use crate::scenario::metric::{Metric, Nature};
use crate::trace::cause;

/// All expectations of a file.
pub(crate) fn resolve(
    file: &File,
    source: &Source,
    end: Instant,
    names: &Names,
    reader: &mut Reader,
) -> Vec<Expect> {
    let events = file.events.as_ref().map_or(0, |events| events.value.items.len());
    let blocks = file.expect.iter().flat_map(|expect| expect.value.iter());
    let one = |raw: &At<Raw>, reader: &mut Reader| {
        let metric = raw.value.metric.as_ref()?;
        let (window, compare) = (
            window(&raw.value, metric, end, reader),
            compare(&comparison(&raw.value), &measured(metric.value), reader),
        );
        let expect = Block { raw: &raw.value, metric: metric.value, at: metric.at, events };
        Some(Expect {
            line: line(raw.at, source),
            metric: metric.value,
            scope: expect.scope(names, reader),
            window: window?,
            compare: compare?,
        })
    };
    reader.within("expect", |reader| blocks.filter_map(|raw| one(raw, reader)).collect())
}

fn line(at: Spot, source: &Source) -> u32 {
    if at.source == 0 { source.line(at.start) as u32 } else { 0 }
}

/// A block whose metric is known.
struct Block<'a> {
    raw: &'a Raw,
    metric: Metric,
    /// Where the metric stands.
    at: Spot,
    /// Blocks of `[[events]]`.
    events: usize,
}

impl Block<'_> {
    fn scope(&self, names: &Names, reader: &mut Reader) -> Scope {
        self.check_keys(names, reader);
        let raw = self.raw;
        let producer = raw.producer.as_ref();
        let consumer = raw.consumer.as_ref();
        let scope = Scope {
            group: self.group(names, reader),
            topic: raw.topic.as_ref().and_then(|topic| names.topic(topic, reader)),
            partition: None,
            consumer: consumer.map(|at| at.value.clone()),
            producer: producer.and_then(|at| names.producer(&at.value, at.at, reader)),
            cause: raw.cause.as_ref().map(|at| cause_named(at, reader)),
            event: raw.event.as_ref().map(|at| self.event(at.at, at.value.0, reader)),
        };
        self.with_partition(scope, names, reader)
    }

    /// Notes scope keys that the metric has no use for, and those that it lacks.
    fn check_keys(&self, names: &Names, reader: &mut Reader) {
        let (raw, scopes) = (self.raw, scopes(self.metric));
        let given = [
            ("group", raw.group.as_ref().map(|at| at.at)),
            ("topic", raw.topic.as_ref().map(|at| at.at)),
            ("partition", raw.partition.as_ref().map(|at| at.at)),
            ("consumer", raw.consumer.as_ref().map(|at| at.at)),
            ("producer", raw.producer.as_ref().map(|at| at.at)),
            ("cause", raw.cause.as_ref().map(|at| at.at)),
            ("event", raw.event.as_ref().map(|at| at.at)),
        ];
        let name = self.metric.name();
        let all = || scopes.required.iter().chain(scopes.optional).copied();
        for (key, at) in given {
            if let Some(at) = at.filter(|_| !all().any(|known| known == key)) {
                let label = format!("it takes `{}`", all().collect::<Vec<_>>().join("`, `"));
                let title = format!("`{name}` has no use for `{key}`");
                reader.push(Problem::error(at, title).label(label));
            }
            let implied = match key {
                "group" => names.only_group().is_some() || raw.consumer.is_some(),
                "topic" => names.only_topic().is_some() || self.names_topic(),
                _ => false,
            };
            if at.is_none() && !implied && scopes.required.contains(&key) {
                let title = format!("`{name}` needs `{key}`");
                reader.push(Problem::error(self.at, title).label("of which one?"));
            }
        }
        if let (Metric::Throughput, Some(_), Some(at)) = (self.metric, given[0].1, given[4].1) {
            let problem = Problem::error(at, "`throughput` is of a group or of a producer");
            reader.push(problem.label("not of both"));
        }
    }

    /// The group: as given, that of the consumer, or the only one.
    fn group(&self, names: &Names, reader: &mut Reader) -> Option<GroupId> {
        let raw = self.raw;
        let given = raw.group.as_ref().and_then(|at| names.group(&at.value, at.at, reader));
        let Some(consumer) = &raw.consumer else {
            let implied = if raw.group.is_none() && raw.producer.is_none() {
                names.only_group()
            } else {
                None
            };
            return given.or(implied);
        };
        let own = names.consumer(&consumer.value);
        if own.is_none() {
            names.report_stranger(&consumer.value, consumer.at, false, reader);
        }
        if given.is_some() && own.is_some() && given != own {
            let title = format!("`{}` is not in that group", consumer.value);
            let problem = Problem::error(consumer.at, title).label("a consumer of another");
            reader.push(problem.also(raw.group.as_ref().map(|group| group.at), "the group"));
        }
        given.or(own)
    }

    /// Whether the partition is given with its topic.
    fn names_topic(&self) -> bool {
        let partition = self.raw.partition.as_ref();
        partition.is_some_and(|at| matches!(at.value, PartitionKey::Label(_)))
    }

    /// A partition is one of a topic: the one that it names, the one given or the only one.
    fn with_partition(&self, mut scope: Scope, names: &Names, reader: &mut Reader) -> Scope {
        let Some(at) = &self.raw.partition else { return scope };
        match &at.value {
            PartitionKey::Label(label) => {
                if let Some((topic, partition)) = names.partition(label, at.at, reader) {
                    if let (Some(given), true) = (&self.raw.topic, scope.topic != Some(topic)) {
                        let problem =
                            Problem::error(at.at, format!("`{label}` is of another topic"));
                        reader.push(problem.also(Some(given.at), "than this one"));
                    }
                    (scope.topic, scope.partition) = (Some(topic), Some(partition));
                }
            }
            PartitionKey::Number(partition) => {
                if self.raw.topic.is_none() {
                    scope.topic = names.only_topic();
                    let optional = !scopes(self.metric).required.contains(&"topic");
                    if scope.topic.is_none() && optional {
                        let problem = Problem::error(at.at, "a partition of which topic?");
                        reader.push(problem.label("`topic` is missing"));
                    }
                }
                if let Some(topic) = scope.topic {
                    names.check_partition(topic, *partition, at.at, reader);
                }
                scope.partition = Some(*partition);
            }
        }
        scope
    }

    /// From 0, where files count from 1.
    fn event(&self, at: Spot, number: u64, reader: &mut Reader) -> usize {
        if number > self.events as u64 {
            let title = format!("there is no event {number}");
            let label = match self.events {
                0 => "this scenario has no [[events]]".to_owned(),
                events => format!("the blocks are counted from 1 to {events}"),
            };
            reader.push(Problem::error(at, title).label(label));
        }
        (number - 1) as usize
    }
}

fn cause_named(at: &At<String>, reader: &mut Reader) -> String {
    if !cause::names().any(|name| name == at.value) {
        let title = format!("{:?} is not a cause", at.value);
        let problem = Problem::error(at.at, title).label("unknown cause");
        let near = did_you_mean(&at.value, cause::names());
        let all = || format!("the causes are {}", cause::names().collect::<Vec<_>>().join(", "));
        reader.push(problem.help(near.unwrap_or_else(all)));
    }
    at.value.clone()
}

fn window(raw: &Raw, metric: &At<Metric>, end: Instant, reader: &mut Reader) -> Option<Window> {
    let nature = metric.value.about().nature;
    let name = metric.value.name();
    if let Some(at) = &raw.at {
        let now = moment(at, end, reader);
        if matches!(nature, Nature::Phase | Nature::Rate | Nature::Samples) {
            let problem = Problem::error(at.at, format!("`{name}` has no value at a moment"));
            reader.push(problem.label(match nature {
                Nature::Phase => "it is about the whole run",
                _ => "give a window: `from` and `to`",
            }));
        }
        return Some(Window::At(now));
    }
    for at in [&raw.from, &raw.to].into_iter().flatten() {
        moment(at, end, reader);
        if nature == Nature::Phase {
            let problem = Problem::error(at.at, format!("`{name}` takes no window"));
            reader.push(problem.label("it is about the whole run, or about one `event`"));
        }
    }
    let from = raw.from.as_ref().map_or(Instant::ZERO, |at| at.value);
    let to = raw.to.as_ref().map_or(end, |at| at.value);
    if let Some(at) = raw.to.as_ref().or(raw.from.as_ref()).filter(|_| from >= to) {
        let problem = Problem::error(at.at, "this window is empty");
        reader.push(problem.label(format!("it would go from {from} to {to}")));
    }
    let stat = stat(raw, metric, reader)?;
    Some(Window::Over { from, to, stat })
}

fn stat(raw: &Raw, metric: &At<Metric>, reader: &mut Reader) -> Option<Stat> {
    let (name, words) = (metric.value.name(), stats(metric.value));
    if let Some(stat) = &raw.stat {
        if !takes(metric.value, stat.value) {
            let problem = Problem::error(stat.at, format!("`{name}` has no such statistic"));
            reader.push(problem.label(format!("it takes {words}")));
        }
        return Some(stat.value);
    }
    let stat = default_stat(metric.value.about().nature);
    if stat.is_none() {
        let problem = Problem::error(metric.at, format!("`{name}` needs `stat`"));
        reader.push(problem.label(format!("it takes {words}")));
    }
    stat
}

fn comparison(raw: &Raw) -> Comparison<'_> {
    Comparison {
        equals: raw.equals.as_ref(),
        at_least: raw.at_least.as_ref(),
        at_most: raw.at_most.as_ref(),
        between: raw.between.as_ref(),
        near: raw.near.as_ref(),
    }
}

fn measured(metric: Metric) -> Measured {
    let about = metric.about();
    Measured { name: about.name, unit: about.unit, is_seconds: metric.is_seconds() }
}
