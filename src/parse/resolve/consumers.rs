//! `consumers` of `[groups.G]`: one by one.

use super::cluster::dist;
use super::group::Context;
use super::moment;
use super::names::Names;
use crate::assignor::Strategy;
use crate::kernel::dist::Dist;
use crate::kernel::time::{Instant, Span};
use crate::model::config::{CommitMode, ConsumerConfig};
use crate::model::id::GroupId;
use crate::parse::file::ConsumerSettings;
use crate::parse::file::group::{
    Consumer as RawConsumer, ConsumerGroup as Raw, Consumers, MAX_CONSUMERS,
};
use crate::parse::kafka::assignor;
use crate::parse::kafka::catalogue::Family;
use crate::parse::kafka::consumer::{self, Surroundings};
use crate::parse::kafka::modelled;
use crate::parse::kafka::settings::Settings;
use crate::parse::nearest::did_you_mean;
use crate::parse::problem::Problem;
use crate::parse::shape::{At, Reader, check_name};
use crate::parse::source::Spot;
use crate::scenario::group::{Consumer, ConsumerTemplate};
use std::collections::BTreeMap;

/// The template that events start from, and the consumers that the file starts.
pub(crate) fn resolve(
    (name, id): (&str, GroupId),
    raw: &At<Raw>,
    context: &Context<'_>,
    names: &mut Names,
    reader: &mut Reader,
) -> (ConsumerTemplate, Vec<Consumer>) {
    let settings = read(raw.value.config.as_ref(), reader);
    let group = Members { name, raw: &raw.value, context, settings };
    group.check(&group.settings, reader);
    let template = ConsumerTemplate {
        process: dist(raw.value.process.as_ref(), Dist::ZERO),
        strategies: group.strategies(&group.settings, reader),
        config: group.config(&group.settings),
    };
    let mut made: Vec<Consumer> = Vec::new();
    let mut instances: BTreeMap<String, String> = BTreeMap::new();
    for entry in group.entries(raw.at, reader) {
        let template = group.template(&entry, &template, reader);
        for place in 0..entry.count {
            let consumer = group.consumer(&entry, place, made.len() as u64, &template);
            names.add_consumer(&consumer.name, id, entry.at, reader);
            group.check_instance(&consumer, &mut instances, entry.at, reader);
            made.push(consumer);
        }
    }
    group.check_starts(&made, reader);
    (template, made)
}

fn read(config: Option<&At<ConsumerSettings>>, reader: &mut Reader) -> Settings {
    let node = config.map(|at| &at.value.0);
    reader.within("config", |reader| Settings::read(Family::Consumer, node, reader))
}

/// So many consumers that are described alike.
struct Entry {
    raw: RawConsumer,
    count: u64,
    at: Spot,
}

/// A group, as far as its consumers need to know it.
struct Members<'a> {
    name: &'a str,
    raw: &'a Raw,
    context: &'a Context<'a>,
    settings: Settings,
}

impl Members<'_> {
    fn entries(&self, group: Spot, reader: &mut Reader) -> Vec<Entry> {
        let alike = |count, at| vec![Entry { raw: RawConsumer::default(), count, at }];
        let Some(consumers) = &self.raw.consumers else { return alike(1, group) };
        let Consumers::List(list) = &consumers.value else {
            let Consumers::Number(count) = consumers.value else { return Vec::new() };
            return alike(count, consumers.at);
        };
        let entry = |entry: &At<RawConsumer>| Entry {
            raw: entry.value.clone(),
            count: entry.value.count.as_ref().map_or(1, |at| at.value.0),
            at: entry.value.name.as_ref().map_or(entry.at, |name| name.at),
        };
        let entries: Vec<Entry> = list.iter().map(entry).collect();
        let total: u64 = entries.iter().map(|entry| entry.count).sum();
        if total > MAX_CONSUMERS {
            let problem = Problem::error(consumers.at, format!("{total} consumers are too many"));
            reader.push(problem.label(format!("the limit is {MAX_CONSUMERS} in a group")));
            return Vec::new();
        }
        entries
    }

    /// Notes what Kafka would refuse of a consumer with these settings.
    fn check(&self, settings: &Settings, reader: &mut Reader) {
        let commit = self.raw.commit.as_ref().map(|at| At { value: at.value.0, at: at.at });
        let broker = self.context.broker;
        let strategy = self.raw.strategy.as_ref().map(|at| at.at);
        let around = Surroundings { group: self.name, commit: commit.as_ref(), strategy, broker };
        consumer::check(settings, &around, reader);
    }

    /// The strategies of a consumer with these settings, or the group's `strategy`.
    fn strategies(&self, settings: &Settings, reader: &mut Reader) -> Vec<Strategy> {
        let registry = self.context.registry;
        match &self.raw.strategy {
            Some(strategy) => assignor::only(strategy, settings, registry, reader),
            None => assignor::offered(settings, registry, reader),
        }
    }

    /// `commit` decides about auto-commit; settings that contradict it have been noted.
    fn config(&self, settings: &Settings) -> ConsumerConfig {
        let commit = self.raw.commit.as_ref().map_or(CommitMode::Auto, |at| at.value.0);
        let enable_auto_commit = commit == CommitMode::Auto;
        ConsumerConfig { enable_auto_commit, ..modelled::consumer(settings) }
    }

    /// The group's template with what an entry says over it.
    fn template(
        &self,
        entry: &Entry,
        group: &ConsumerTemplate,
        reader: &mut Reader,
    ) -> ConsumerTemplate {
        let raw = &entry.raw;
        let mut template = group.clone();
        if let Some(process) = &raw.process {
            template.process = process.value.0.clone();
        }
        if let Some(config) = &raw.config {
            let own = read(Some(config), reader);
            let settings = consumer::inherited(&self.settings, &own).over(&own);
            self.check(&settings, reader);
            template.strategies = self.strategies(&settings, reader);
            template.config = self.config(&settings);
        }
        if let Some(rack) = &raw.rack {
            self.check_rack(rack, raw, reader);
            template.config.client_rack.clone_from(&rack.value);
        }
        if let Some(start) = &raw.start {
            moment(start, self.context.end, reader);
        }
        if let Some(name) = &raw.name {
            check_name(&name.value, name.at, reader);
        }
        template
    }

    fn check_rack(&self, rack: &At<String>, raw: &RawConsumer, reader: &mut Reader) {
        let config = raw.config.as_ref().and_then(|at| at.value.0.get("client.rack"));
        if let Some(other) = config {
            let problem = Problem::error(rack.at, "the rack is given twice").label("here");
            reader.push(problem.also(Some(other.at), "and here"));
        }
        let racks = || self.context.cluster.racks.iter().flatten().map(String::as_str);
        if !racks().any(|known| known == rack.value) {
            let near = did_you_mean(&rack.value, racks());
            let near = near.map(|near| format!("; {near}")).unwrap_or_default();
            let title = format!("no broker is in the rack `{}`{near}", rack.value);
            reader.push(Problem::warning(rack.at, title));
        }
    }

    /// The consumer at a place of its entry, with so many of the group before it.
    fn consumer(
        &self,
        entry: &Entry,
        place: u64,
        before: u64,
        template: &ConsumerTemplate,
    ) -> Consumer {
        let name = match &entry.raw.name {
            None => format!("{}-{}", self.name, before + 1),
            Some(name) if entry.raw.count.is_some() => format!("{}-{}", name.value, place + 1),
            Some(name) => name.value.clone(),
        };
        let every = self.raw.start_every.as_ref().map_or(Span::ZERO, |at| at.value);
        let start = match &entry.raw.start {
            Some(start) => start.value + every * place,
            None => self.start() + every * before,
        };
        Consumer { name, start, template: template.clone() }
    }

    fn start(&self) -> Instant {
        self.raw.start.as_ref().map_or(Instant::ZERO, |at| at.value)
    }

    /// Notes an instance id that Kafka would refuse, or that another consumer of the group has.
    fn check_instance(
        &self,
        consumer: &Consumer,
        taken: &mut BTreeMap<String, String>,
        at: Spot,
        reader: &mut Reader,
    ) {
        let given = consumer.template.config.group_instance_id.as_ref();
        let by_name = self.raw.static_members.as_ref().filter(|wanted| wanted.value);
        if let (None, Some(wanted)) = (given, by_name) {
            check_name(&consumer.name, wanted.at, reader);
        }
        let Some(id) = given.or(by_name.map(|_| &consumer.name)) else { return };
        if let Some(other) = taken.insert(id.clone(), consumer.name.clone()) {
            let title = format!(
                "`{other}` and `{}` have the same group.instance.id `{id}`: the one that joins \
                 last fences the other",
                consumer.name
            );
            reader.push(Problem::warning(at, title));
        }
    }

    /// Notes a group that would go on starting after the end of the run.
    fn check_starts(&self, made: &[Consumer], reader: &mut Reader) {
        let end = self.context.end;
        let start = self.raw.start.as_ref().map(|start| moment(start, end, reader));
        if start.is_some_and(|start| start > end) {
            return;
        }
        let Some(every) = &self.raw.start_every else { return };
        if let Some(late) = made.iter().find(|consumer| consumer.start > end) {
            let title =
                format!("`{}` would start at {}, after the end of the run", late.name, late.start);
            reader.push(Problem::error(every.at, title).label(format!("the run lasts {end}")));
        }
    }
}
