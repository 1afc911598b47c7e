//! `[[events]]`: when.

use super::moment;
use super::names::Names;
use super::target;
use crate::kernel::time::{Instant, Span};
use crate::parse::file::File;
use crate::parse::file::event::{Event as Raw, To};
use crate::parse::problem::Problem;
use crate::parse::shape::{At, Reader};
use crate::scenario::Cluster;
use crate::scenario::event::Event;
use crate::scenario::group::{Group, Subscription};

/// How often a block may repeat.
const MAX_REPEATS: u64 = 1_000_000;

/// A block and the moments at which it happens.
pub(crate) struct Timed<'a> {
    pub(crate) raw: &'a At<Raw>,
    pub(crate) at: Vec<Instant>,
}

/// The moments of all blocks.
pub(crate) fn times<'a>(file: &'a File, end: Instant, reader: &mut Reader) -> Vec<Timed<'a>> {
    let blocks = file.events.iter().flat_map(|events| events.value.iter());
    reader.within("events", |reader| {
        blocks.map(|raw| Timed { raw, at: moments(raw, end, reader) }).collect()
    })
}

/// All blocks, in the order of the file.
pub(crate) fn resolve(timed: &[Timed<'_>], names: &Names, reader: &mut Reader) -> Vec<Event> {
    let one = |timed: &Timed<'_>, reader: &mut Reader| {
        let action = target::action(&timed.raw.value, names, reader)?;
        Some(Event { at: timed.at.clone(), action })
    };
    reader.within("events", |reader| timed.iter().filter_map(|timed| one(timed, reader)).collect())
}

/// A broker that takes no time for a request is not slower with any factor.
pub(crate) fn warn_of_idle_factors(timed: &[Timed<'_>], cluster: &Cluster, reader: &mut Reader) {
    if !cluster.service.is_zero() {
        return;
    }
    for slow in timed.iter().filter_map(|timed| timed.raw.value.slow_broker.as_ref()) {
        let title = "this makes no difference: brokers take no time for a request, and any \
                     multiple of that is none; set `service` in [cluster]";
        reader.push(Problem::warning(slow.at, title));
    }
}

/// Who does not read a topic has no partitions of it to pause.
pub(crate) fn refuse_unread_topics(
    timed: &[Timed<'_>],
    names: &Names,
    groups: &[Group],
    reader: &mut Reader,
) {
    for event in timed.iter().map(|timed| &timed.raw.value) {
        let (Some(whom), Some(topic)) = (&event.pause_partitions, &event.topic) else { continue };
        let (Some(group), Some(id)) =
            (target::group_of(&whom.value, names), names.known_topic(&topic.value))
        else {
            continue;
        };
        let Some(group) = groups.get(group.index()) else { continue };
        if matches!(&group.subscription, Subscription::Topics(topics) if !topics.contains(&id)) {
            let title = format!("`{}` does not read `{}`", group.name, topic.value);
            reader.push(Problem::error(topic.at, title).label("not one of its topics"));
        }
    }
}

fn moments(raw: &At<Raw>, end: Instant, reader: &mut Reader) -> Vec<Instant> {
    let event = &raw.value;
    let Some(every) = &event.every else {
        return event.at.iter().map(|at| moment(at, end, reader)).collect();
    };
    let from = event.from.as_ref();
    let first = from.map_or(Instant::ZERO + every.value, |at| moment(at, end, reader));
    let last = repeats_until(event).map_or(end, |at| moment(&at, end, reader));
    if every.value.is_zero() {
        reader.push(Problem::error(every.at, "`every` needs a time").label("above 0s"));
        return Vec::new();
    }
    if first > last {
        let title = format!("this never happens: it would begin at {first} and end at {last}");
        let at = from.map_or(every.at, |from| from.at);
        reader.push(Problem::error(at, title).label("after the last time"));
        return Vec::new();
    }
    let repeats = last.since(first).as_us() / every.value.as_us();
    if repeats >= MAX_REPEATS {
        let title = format!("this would happen {} times", repeats + 1);
        let problem = Problem::error(every.at, title);
        reader.push(problem.label(format!("the limit is {MAX_REPEATS}")));
        return Vec::new();
    }
    (0..=repeats).map(|n| first + Span::from_us(every.value.as_us() * n)).collect()
}

/// The last time of a repeated block; with `scale`, and with `rate` unless a factor is given, `to`
/// says something else.
pub(crate) fn repeats_until(event: &Raw) -> Option<At<Instant>> {
    let to = event.to.as_ref()?;
    let counts = event.scale.is_some() || event.add_partitions.is_some();
    if counts || (event.rate.is_some() && event.factor.is_none()) {
        return None;
    }
    match to.value {
        To::Time(time) => Some(At { value: time, at: to.at }),
        To::Count(_) | To::Rate(_) => None,
    }
}
