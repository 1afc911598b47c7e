//! `[[events]]`: what happens, and to whom.

use super::brokers;
use super::events::repeats_until;
use super::names::{Names, names_of};
use super::network;
use crate::kernel::factor::Factor;
use crate::kernel::rate::Rate;
use crate::kernel::time::Span;
use crate::model::id::GroupId;
use crate::parse::file::event::{Event as Raw, SomeOf, Target as RawTarget, To};
use crate::parse::leaf::Number;
use crate::parse::problem::Problem;
use crate::parse::shape::{At, Reader};
use crate::parse::source::Spot;
use crate::scenario::event::{Action, BrokerAction, RateChange, Target, Which};

/// The largest factor: a million times as long, or as much.
const LARGEST_FACTOR: Factor = Factor::from_millionths(1_000_000 * Factor::SCALE);

/// What a block does; `None` if it can't be said.
pub(crate) fn action(raw: &Raw, names: &Names, reader: &mut Reader) -> Option<Action> {
    let after = |at: &Option<At<Span>>| at.as_ref().map(|at| at.value);
    if let Some(whom) = &raw.crash {
        takes(raw, "crash", &["restart_after"], reader);
        let target = target(whom, names, reader)?;
        return Some(Action::Crash { target, restart_after: after(&raw.restart_after) });
    }
    if let Some(whom) = &raw.close {
        takes(raw, "close", &["restart_after"], reader);
        let target = target(whom, names, reader)?;
        return Some(Action::Close { target, restart_after: after(&raw.restart_after) });
    }
    if let Some(whom) = &raw.start {
        takes(raw, "start", &[], reader);
        return start(whom, names, reader);
    }
    if let Some(whom) = &raw.restart {
        takes(raw, "restart", &["for"], reader);
        let target = target(whom, names, reader)?;
        return Some(Action::Restart { target, down: after(&raw.span).unwrap_or_default() });
    }
    if let Some(whom) = &raw.pause {
        takes(raw, "pause", &["for"], reader);
        let span = after(&raw.span)?;
        if brokers::are_meant(whom, names) {
            return brokers::action(whom, BrokerAction::Pause { span }, names, reader);
        }
        let target = target(whom, names, reader)?;
        return Some(Action::Pause { target, span });
    }
    if let Some(whom) = &raw.busy {
        takes(raw, "busy", &["for"], reader);
        let target = target(whom, names, reader)?;
        return Some(Action::Busy { target, span: after(&raw.span)? });
    }
    if let Some(whom) = &raw.pause_partitions {
        takes(raw, "pause_partitions", &["for", "topic", "partitions"], reader);
        let (target, which) = (target(whom, names, reader), which(raw, names, reader)?);
        return Some(Action::PausePartitions { target: target?, which, span: after(&raw.span) });
    }
    if let Some(whom) = &raw.slow {
        takes(raw, "slow", &["for", "factor"], reader);
        let target = target(whom, names, reader)?;
        let factor = factor(raw.factor.as_ref()?, reader)?;
        return Some(Action::Slow { target, factor, span: after(&raw.span) });
    }
    if let Some(whom) = &raw.scale {
        takes(raw, "scale", &["to"], reader);
        return scale(whom, raw, names, reader);
    }
    if let Some(topic) = &raw.add_partitions {
        takes(raw, "add_partitions", &["to"], reader);
        return add_partitions(topic, raw, names, reader);
    }
    if let Some(topic) = &raw.create_topic {
        takes(raw, "create_topic", &[], reader);
        return names.topic(topic, reader).map(|topic| Action::CreateTopic { topic });
    }
    if let Some(topic) = &raw.delete_topic {
        takes(raw, "delete_topic", &[], reader);
        return names.topic(topic, reader).map(|topic| Action::DeleteTopic { topic });
    }
    let Some(whom) = &raw.rate else { return of_brokers(raw, names, reader) };
    takes(raw, "rate", &["to", "factor", "for"], reader);
    rate(whom, raw, names, reader)
}

/// What a block does to brokers.
fn of_brokers(raw: &Raw, names: &Names, reader: &mut Reader) -> Option<Action> {
    let restart_after = raw.restart_after.as_ref().map(|at| at.value);
    if let Some(whom) = &raw.cut {
        takes(raw, "cut", &["for", "between"], reader);
        let wire = network::wire("cut", whom, raw, names, reader)?;
        return Some(Action::Cut { wire, span: raw.span.as_ref().map(|at| at.value) });
    }
    if let Some(whom) = &raw.delay {
        takes(raw, "delay", &["for", "between", "value"], reader);
        let wire = network::wire("delay", whom, raw, names, reader);
        let by = raw.value.as_ref()?.value.0.clone();
        return Some(Action::Delay { wire: wire?, by, span: raw.span.as_ref().map(|at| at.value) });
    }
    if let Some(whom) = &raw.kill_broker {
        takes(raw, "kill_broker", &["restart_after"], reader);
        return brokers::action(whom, BrokerAction::Kill { restart_after }, names, reader);
    }
    if let Some(whom) = &raw.stop_broker {
        takes(raw, "stop_broker", &["restart_after"], reader);
        return brokers::action(whom, BrokerAction::Stop { restart_after }, names, reader);
    }
    if let Some(whom) = &raw.start_broker {
        takes(raw, "start_broker", &[], reader);
        return brokers::action(whom, BrokerAction::Start, names, reader);
    }
    if let Some(whom) = &raw.slow_broker {
        takes(raw, "slow_broker", &["for", "factor"], reader);
        let slow = |factor| BrokerAction::Slow { factor, span: raw.span.as_ref().map(|s| s.value) };
        let what = raw.factor.as_ref().and_then(|at| factor(at, reader)).map(slow);
        return what.and_then(|what| brokers::action(whom, what, names, reader));
    }
    let rack = raw.kill_rack.as_ref()?;
    takes(raw, "kill_rack", &["restart_after"], reader);
    brokers::rack(rack, BrokerAction::Kill { restart_after }, names, reader)
}

/// Notes keys that the action has no use for.
fn takes(raw: &Raw, action: &str, allowed: &[&str], reader: &mut Reader) {
    let to = raw.to.as_ref().map(|at| at.at);
    // The end of a repetition is no matter of the action.
    let is_end = raw.every.is_some() && repeats_until(raw).is_some();
    let given = [
        ("for", raw.span.as_ref().map(|at| at.at)),
        ("restart_after", raw.restart_after.as_ref().map(|at| at.at)),
        ("factor", raw.factor.as_ref().map(|at| at.at)),
        ("to", to.filter(|_| !is_end)),
        ("between", raw.between.as_ref().map(|at| at.at)),
        ("value", raw.value.as_ref().map(|at| at.at)),
        ("topic", raw.topic.as_ref().map(|at| at.at)),
        ("partitions", raw.partitions.as_ref().map(|at| at.at)),
    ];
    for (key, at) in given {
        let Some(at) = at.filter(|_| !allowed.contains(&key)) else { continue };
        let problem = Problem::error(at, format!("`{action}` has no use for `{key}`"));
        let problem = problem.label(match allowed {
            [] => "it takes no more keys".to_owned(),
            _ => format!("it takes `{}`", allowed.join("`, `")),
        });
        let lone_end = key == "to" && raw.every.is_none();
        let help = "as the end of a repetition, `to` needs `every`".to_owned();
        reader.push(problem.help_if(lone_end.then_some(help)));
    }
}

/// The group of those whom a block names first.
pub(super) fn group_of(whom: &RawTarget, names: &Names) -> Option<GroupId> {
    let name = match whom {
        RawTarget::Name(name) => name,
        RawTarget::Names(list) => &list.iter().next()?.value,
        RawTarget::Some(some) => &some.group.as_ref()?.value,
    };
    names.known_group(name).or_else(|| names.consumer(name))
}

/// Which partitions a block means.
fn which(raw: &Raw, names: &Names, reader: &mut Reader) -> Option<Which> {
    let Some(name) = &raw.topic else { return Some(Which::All) };
    let topic = names.topic(name, reader)?;
    let Some(listed) = &raw.partitions else { return Some(Which::OfTopic(topic)) };
    let mut numbers = Vec::new();
    for listed in listed.value.iter() {
        let number = listed.value.0 as u32;
        names.check_partition(topic, number, listed.at, reader);
        if numbers.contains(&number) {
            let title = format!("partition {number} is listed twice; once is enough");
            reader.push(Problem::warning(listed.at, title));
        } else {
            numbers.push(number);
        }
    }
    Some(Which::Some(topic, numbers))
}

fn start(whom: &At<RawTarget>, names: &Names, reader: &mut Reader) -> Option<Action> {
    if let RawTarget::Name(name) = &whom.value
        && names.is_group(name)
    {
        let group = names.group(name, whom.at, reader)?;
        return Some(Action::StartNext { group });
    }
    target(whom, names, reader).map(|target| Action::StartConsumer { target })
}

fn scale(whom: &At<RawTarget>, raw: &Raw, names: &Names, reader: &mut Reader) -> Option<Action> {
    let to = raw.to.as_ref()?;
    let groups: Vec<GroupId> = listed(whom, "group", reader)?
        .into_iter()
        .filter_map(|(name, at)| names.group(name, at, reader))
        .collect();
    let To::Count(to) = to.value else {
        let problem = Problem::error(to.at, "`scale` needs a number of consumers");
        reader.push(problem.label("such as to = 5"));
        return None;
    };
    Some(Action::Scale { groups, to })
}

fn add_partitions(
    topic: &At<String>,
    raw: &Raw,
    names: &Names,
    reader: &mut Reader,
) -> Option<Action> {
    let (to, topic) = (raw.to.as_ref()?, names.topic(topic, reader)?);
    let To::Count(count) = to.value else {
        let problem = Problem::error(to.at, "`add_partitions` needs a number of partitions");
        reader.push(problem.label("such as to = 12"));
        return None;
    };
    let now = names.partitions(topic);
    if count as usize <= now {
        let title = format!("the topic has {now} partitions: a topic only grows");
        reader.push(Problem::error(to.at, title).label("say how many it has then, all told"));
        return None;
    }
    Some(Action::AddPartitions { topic, to: count })
}

fn rate(whom: &At<RawTarget>, raw: &Raw, names: &Names, reader: &mut Reader) -> Option<Action> {
    let producers = listed(whom, "producer", reader)?
        .into_iter()
        .filter_map(|(name, at)| names.producer(name, at, reader))
        .collect();
    let change = match (&raw.factor, &raw.to) {
        (Some(times), None) => RateChange::Times(factor(times, reader)?),
        (Some(times), Some(to)) => {
            if !matches!(to.value, To::Time(_)) {
                let problem = Problem::error(to.at, "`to` and `factor` exclude each other");
                reader.push(problem.label("give only one").also(Some(times.at), "the other"));
                return None;
            }
            RateChange::Times(factor(times, reader)?)
        }
        (None, Some(At { value: To::Rate(rate), .. })) => RateChange::To(*rate),
        (None, Some(At { value: To::Count(0), .. })) => RateChange::To(Rate::default()),
        (None, Some(to)) => {
            let problem = Problem::error(to.at, "`rate` needs a rate");
            reader.push(problem.label("such as to = \"500/s\""));
            return None;
        }
        (None, None) => return None,
    };
    Some(Action::SetRate { producers, change, span: raw.span.as_ref().map(|at| at.value) })
}

/// Names of producers or of groups: no other target will do.
pub(super) fn listed<'a>(
    whom: &'a At<RawTarget>,
    noun: &str,
    reader: &mut Reader,
) -> Option<Vec<(&'a str, Spot)>> {
    match &whom.value {
        RawTarget::Name(name) => Some(vec![(name.as_str(), whom.at)]),
        RawTarget::Names(names) => {
            Some(names.iter().map(|at| (at.value.as_str(), at.at)).collect())
        }
        RawTarget::Some(_) => {
            let problem = Problem::error(whom.at, format!("this strikes whole {noun}s"));
            reader.push(problem.label(format!("expected the name of a {noun}, or a list")));
            None
        }
    }
}

/// Whom an action strikes, where that is consumers.
pub(super) fn target(whom: &At<RawTarget>, names: &Names, reader: &mut Reader) -> Option<Target> {
    match &whom.value {
        RawTarget::Name(name) if names.is_group(name) => {
            names.group(name, whom.at, reader).map(Target::Group)
        }
        RawTarget::Name(name) => {
            if names.consumer(name).is_none() {
                names.report_stranger(name, whom.at, true, reader);
            }
            Some(Target::Consumers(vec![name.clone()]))
        }
        RawTarget::Names(list) => {
            for at in list.iter() {
                if names.is_group(&at.value) {
                    let title = format!("`{}` is a group, not a consumer", at.value);
                    let problem = Problem::error(at.at, title).label("a list names consumers");
                    reader
                        .push(problem.help(format!("write \"{}\" alone for all of it", at.value)));
                } else if names.consumer(&at.value).is_none() {
                    names.report_stranger(&at.value, at.at, false, reader);
                }
            }
            let listed = names_of(&whom.value).into_iter().map(str::to_owned).collect();
            Some(Target::Consumers(listed))
        }
        RawTarget::Some(some) => some_of(some, names, reader),
    }
}

pub(super) fn some_of(some: &SomeOf, names: &Names, reader: &mut Reader) -> Option<Target> {
    let group = some.group.as_ref()?;
    let group = names.group(&group.value, group.at, reader)?;
    if let Some(count) = &some.random {
        return Some(Target::Random { group, count: count.value.0 as u32 });
    }
    let at = some.share.as_ref()?;
    let share = exact(at, reader)?;
    if share == Factor::from_millionths(0) || share > Factor::ONE {
        let problem = Problem::error(at.at, "a share is above 0 and at most 1");
        reader.push(problem.label("0.25 is a quarter of the group"));
        return None;
    }
    Some(Target::Share { group, share })
}

fn factor(at: &At<Number>, reader: &mut Reader) -> Option<Factor> {
    let factor = exact(at, reader)?;
    if factor > LARGEST_FACTOR {
        let problem = Problem::error(at.at, "this factor is too large");
        reader.push(problem.label(format!("the limit is {LARGEST_FACTOR}")));
        return None;
    }
    Some(factor)
}

/// A number without sign and exponent, to the millionth.
fn exact(at: &At<Number>, reader: &mut Reader) -> Option<Factor> {
    let millionths = at.value.exact.and_then(|number| number.times(Factor::SCALE.into()).ok());
    if millionths.is_none() {
        let problem = Problem::error(at.at, "this number won't do");
        reader.push(problem.label("expected a plain decimal such as 2.5, at most six places"));
    }
    millionths.map(Factor::from_millionths)
}
