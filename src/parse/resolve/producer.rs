//! `[producers.P]`

use super::moment;
use super::names::Names;
use crate::kernel::rate::Rate;
use crate::kernel::time::{Instant, Span};
use crate::model::id::TopicId;
use crate::model::workload::{Arrivals, Partitioner, RateStep};
use crate::parse::file::producer::{Keys, PartitionerWord, Producer as Raw};
use crate::parse::kafka::catalogue::Family;
use crate::parse::kafka::settings::Settings;
use crate::parse::kafka::{modelled, producer};
use crate::parse::problem::Problem;
use crate::parse::shape::{At, Reader};
use crate::scenario::workload::Producer;

/// The largest Zipf exponent: beyond it one key has everything.
const LARGEST_SKEW: f64 = 100.0;

/// One producer of a file.
pub(crate) fn resolve(
    name: &str,
    raw: &At<Raw>,
    end: Instant,
    names: &Names,
    reader: &mut Reader,
) -> Producer {
    let raw = &raw.value;
    let node = raw.config.as_ref().map(|at| &at.value.0);
    let settings = reader.within("config", |reader| Settings::read(Family::Producer, node, reader));
    let mut config = modelled::producer(&settings);
    config.enable_idempotence = producer::check(&settings, reader);
    let start = raw.start.as_ref().map_or(Instant::ZERO, |at| moment(at, end, reader));
    let stop = raw.stop.as_ref().map_or(Instant::NEVER, |at| moment(at, end, reader));
    if let Some(at) = raw.stop.as_ref().filter(|at| at.value <= start) {
        let problem = Problem::error(at.at, "this producer stops before it starts");
        reader.push(problem.label(format!("it starts at {start}")));
    }
    let topic = raw.topic.as_ref().and_then(|topic| names.topic(topic, reader));
    Producer {
        name: name.to_owned(),
        topic: topic.unwrap_or(TopicId(0)),
        profile: profile(raw, start, end, reader),
        arrivals: raw.arrivals.as_ref().map_or(Arrivals::Constant, |at| at.value),
        partitioner: partitioner(raw, reader),
        start,
        stop,
        count: raw.count.as_ref().map_or(1, |at| at.value.0 as u32),
        tick: raw.tick.as_ref().map_or(Span::ZERO, |at| at.value),
        config,
    }
}

/// The rate over time; before the first step of a profile nothing is sent.
fn profile(raw: &Raw, start: Instant, end: Instant, reader: &mut Reader) -> Vec<RateStep> {
    let Some(steps) = &raw.profile else {
        let rate = raw.rate.as_ref().map(|at| at.value).unwrap_or_default();
        return vec![RateStep { at: start, rate, ramp: Span::ZERO }];
    };
    let mut profile = Vec::new();
    let mut last: Option<&At<Instant>> = None;
    for step in steps.value.iter().map(|at| &at.value) {
        let (Some(at), Some(rate)) = (&step.at, &step.rate) else { continue };
        moment(at, end, reader);
        if let Some(before) = last.filter(|before| at.value <= before.value) {
            let problem = Problem::error(at.at, "the times of a profile increase");
            let label = format!("not after {}", before.value);
            reader.push(problem.label(label).also(Some(before.at), "the step before"));
        }
        last = Some(at);
        let ramp = step.ramp.as_ref().map_or(Span::ZERO, |at| at.value);
        profile.push(RateStep { at: at.value, rate: rate.value, ramp });
    }
    if profile.first().is_some_and(|first| first.at > start) {
        let silence = RateStep { at: start, rate: Rate::default(), ramp: Span::ZERO };
        profile.insert(0, silence);
    }
    profile
}

fn partitioner(raw: &Raw, reader: &mut Reader) -> Partitioner {
    let word = raw.partitioner.as_ref().map_or(PartitionerWord::Sticky, |at| at.value);
    let keyed = word == PartitionerWord::Keyed;
    match (&raw.keys, &raw.partitioner) {
        (Some(keys), _) if !keyed => {
            let problem = Problem::error(keys.at, "only the keyed partitioner has `keys`");
            let problem = problem.label("no use for these");
            reader.push(problem.help("set partitioner = \"keyed\", or leave the keys out"));
        }
        (None, Some(at)) if keyed => {
            let problem = Problem::error(at.at, "the keyed partitioner needs `keys`");
            reader.push(problem.label("such as keys = { count = 1000, skew = 1.0 }"));
        }
        _ => {}
    }
    match word {
        PartitionerWord::Sticky => Partitioner::Sticky,
        PartitionerWord::RoundRobin => Partitioner::RoundRobin,
        PartitionerWord::Keyed => keyed_by(raw.keys.as_ref().map(|at| &at.value), reader),
    }
}

fn keyed_by(keys: Option<&Keys>, reader: &mut Reader) -> Partitioner {
    let count = keys.and_then(|keys| keys.count.as_ref()).map_or(1, |at| at.value.0 as u32);
    let skew = keys.and_then(|keys| keys.skew.as_ref());
    if let Some(at) = skew.filter(|at| !(0.0..=LARGEST_SKEW).contains(&at.value.value)) {
        let problem = Problem::error(at.at, "this skew won't do");
        reader.push(problem.label(format!("expected 0 (all keys alike) to {LARGEST_SKEW}")));
    }
    Partitioner::Keyed { count, skew: skew.map_or(0.0, |at| at.value.value) }
}
