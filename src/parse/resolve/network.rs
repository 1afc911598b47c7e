//! Events that strike the network: who is on which side.

use super::brokers;
use super::names::{Names, names_of};
use super::target::some_of;
use crate::parse::file::event::{Event as Raw, Network, Target as RawTarget};
use crate::parse::nearest::{did_you_mean, one_of};
use crate::parse::problem::Problem;
use crate::parse::quantity;
use crate::parse::shape::{At, Reader};
use crate::parse::source::Spot;
use crate::scenario::event::Target;
use crate::scenario::network::{Place, Wire};
use std::collections::BTreeSet;

/// What people call the network where `between` says whose.
const NETWORK: &str = "network";

/// Between whom the network is struck.
pub(super) fn wire(
    action: &str,
    whom: &At<Network>,
    raw: &Raw,
    names: &Names,
    reader: &mut Reader,
) -> Option<Wire> {
    let sides = raw.between.as_ref().map(|between| &between.value.0);
    let own = own_names(whom, sides.is_some());
    let Some(sides) = sides else {
        if matches!(whom.value, Network::Between) {
            let problem = Problem::error(whom.at, format!("`{action}` needs to know whose"));
            let way_out = format!("write {action} = \"broker-1\", or say `between` whom");
            reader.push(problem.label("whose network?").help(way_out));
            return None;
        }
        return Some(Wire { one: own_side(whom, &own, names, reader)?, other: None });
    };
    let whole =
        |side: &[At<String>]| side.iter().all(|at| own.iter().any(|(name, _)| **name == at.value));
    let is_some = matches!(&whom.value, Network::Whose(RawTarget::Some(_)));
    // `between` names both ends: the action itself says nothing more.
    if !is_some && (own.is_empty() || sides.iter().all(|side| whole(side))) {
        let [one, other] = &sides[..] else {
            let at = raw.between.as_ref().map_or(whom.at, |between| between.at);
            let problem = Problem::error(at, "`between` needs two here");
            reader.push(problem.label(format!(
                "such as between = [\"broker-1\", \"broker-2\"]; `{action}` names nobody else"
            )));
            return None;
        };
        let sides = (places(&spots(one), names, reader), places(&spots(other), names, reader));
        return checked(whom.at, sides.0?, sides.1?, reader);
    }
    let one = own_side(whom, &own, names, reader);
    let rest: Vec<(&str, Spot)> = sides.iter().flat_map(|side| spots(side)).collect();
    let ours = |name: &str| own.iter().any(|(known, _)| *known == name);
    let rest: Vec<(&str, Spot)> = rest.into_iter().filter(|(name, _)| !ours(name)).collect();
    let other = places(&rest, names, reader);
    checked(whom.at, one?, other?, reader)
}

/// The names that the action itself gives.
fn own_names(whom: &At<Network>, between: bool) -> Vec<(&str, Spot)> {
    match &whom.value {
        Network::Between => Vec::new(),
        Network::Whose(RawTarget::Name(name)) if between && name == NETWORK => Vec::new(),
        Network::Whose(RawTarget::Name(name)) => vec![(name.as_str(), whom.at)],
        Network::Whose(RawTarget::Names(list)) => {
            list.iter().map(|at| (at.value.as_str(), at.at)).collect()
        }
        Network::Whose(target) => {
            names_of(target).into_iter().map(|name| (name, whom.at)).collect()
        }
    }
}

fn spots(side: &[At<String>]) -> Vec<(&str, Spot)> {
    side.iter().map(|at| (at.value.as_str(), at.at)).collect()
}

/// The side that the action itself names.
fn own_side(
    whom: &At<Network>,
    own: &[(&str, Spot)],
    names: &Names,
    reader: &mut Reader,
) -> Option<Vec<Place>> {
    match &whom.value {
        Network::Whose(RawTarget::Some(some)) => {
            some_of(some, names, reader).map(|some| vec![Place::Consumers(some)])
        }
        _ => places(own, names, reader),
    }
}

fn places(own: &[(&str, Spot)], names: &Names, reader: &mut Reader) -> Option<Vec<Place>> {
    let all: Vec<Option<Place>> =
        own.iter().map(|&(name, at)| place(name, at, names, reader)).collect();
    all.into_iter().collect()
}

/// Whoever is called so: a group, a consumer, a broker, the controller, a rack or a producer.
fn place(name: &str, at: Spot, names: &Names, reader: &mut Reader) -> Option<Place> {
    if names.is_group(name) {
        return names.group(name, at, reader).map(|group| Place::Consumers(Target::Group(group)));
    }
    if names.consumer(name).is_some() {
        return Some(Place::Consumers(Target::Consumers(vec![name.to_owned()])));
    }
    if brokers::number(name).is_some() {
        return brokers::broker(name, at, names, reader).map(Place::Broker);
    }
    if name == "controller" {
        return Some(Place::Controller);
    }
    if names.racks().iter().flatten().any(|rack| rack == name) {
        return Some(Place::Rack(name.to_owned()));
    }
    if names.producers().any(|known| known == name) {
        return names.producer(name, at, reader).map(Place::Producer);
    }
    let brokers: Vec<String> = (1..=names.racks().len()).map(|id| format!("broker-{id}")).collect();
    let racks: BTreeSet<&String> = names.racks().iter().flatten().collect();
    let known: Vec<&str> = (brokers.iter().chain(racks).map(String::as_str))
        .chain(names.groups())
        .chain(names.producers())
        .chain(["controller"])
        .collect();
    let help = match quantity::duration(name) {
        Ok(_) => format!("say whose network it is, and how much as value = \"{name}\""),
        Err(_) => did_you_mean(name, known.iter().copied())
            .unwrap_or_else(|| format!("such as {}", one_of(known.iter().copied(), 6))),
    };
    let title = format!("nobody in the network is called `{name}`");
    reader.push(Problem::error(at, title).label("no broker, consumer, group or rack").help(help));
    None
}

/// Nobody is on both sides.
fn checked(at: Spot, one: Vec<Place>, other: Vec<Place>, reader: &mut Reader) -> Option<Wire> {
    if one.iter().any(|place| other.contains(place)) || other.is_empty() {
        let problem = Problem::error(at, "this is on both sides of the network");
        reader.push(problem.label("`between` names nobody else"));
        return None;
    }
    Some(Wire { one, other: Some(other) })
}
