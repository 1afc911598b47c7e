//! Events that strike brokers: `broker-1` … `broker-N`, or all of a rack.

use super::names::{Names, names_of};
use super::target::listed;
use crate::model::id::BrokerId;
use crate::parse::file::event::Target as Raw;
use crate::parse::nearest::{did_you_mean, one_of};
use crate::parse::problem::Problem;
use crate::parse::shape::{At, Reader};
use crate::parse::source::Spot;
use crate::scenario::event::{Action, BrokerAction};

/// The number of a broker's name.
pub(super) fn number(name: &str) -> Option<usize> {
    name.strip_prefix("broker-")?.parse().ok()
}

/// Whether an event that may strike consumers or brokers means brokers.
pub(super) fn are_meant(whom: &At<Raw>, names: &Names) -> bool {
    let listed = names_of(&whom.value);
    let broker = |name: &&str| {
        number(name).is_some() && !names.is_group(name) && names.consumer(name).is_none()
    };
    !listed.is_empty() && listed.iter().all(broker)
}

/// What happens to these brokers.
pub(super) fn action(
    whom: &At<Raw>,
    what: BrokerAction,
    names: &Names,
    reader: &mut Reader,
) -> Option<Action> {
    let listed = listed(whom, "broker", reader)?;
    let brokers = listed.into_iter().filter_map(|(name, at)| broker(name, at, names, reader));
    Some(Action::Brokers { brokers: brokers.collect(), rack: None, what })
}

pub(super) fn broker(name: &str, at: Spot, names: &Names, reader: &mut Reader) -> Option<BrokerId> {
    let count = names.racks().len();
    match number(name) {
        Some(number) if (1..=count).contains(&number) => Some(BrokerId::new(number)),
        _ => {
            let known: Vec<String> = (1..=count).map(|id| format!("broker-{id}")).collect();
            let known = || known.iter().map(String::as_str);
            let help = did_you_mean(name, known()).unwrap_or_else(|| match count {
                1 => "the only broker is `broker-1`".to_owned(),
                _ => format!("the brokers are `broker-1` to `broker-{count}`"),
            });
            let problem = Problem::error(at, format!("no broker is called `{name}`"));
            reader.push(problem.label("unknown broker").help(help));
            None
        }
    }
}

/// What happens to all brokers of a rack.
pub(super) fn rack(
    rack: &At<String>,
    what: BrokerAction,
    names: &Names,
    reader: &mut Reader,
) -> Option<Action> {
    let ids = (1..).zip(names.racks());
    let ours = ids.filter(|(_, of)| of.as_ref() == Some(&rack.value));
    let brokers: Vec<BrokerId> = ours.map(|(id, _)| BrokerId(id)).collect();
    if brokers.is_empty() {
        let mut known: Vec<&str> = names.racks().iter().flatten().map(String::as_str).collect();
        known.sort_unstable();
        known.dedup();
        let help =
            did_you_mean(&rack.value, known.iter().copied()).unwrap_or_else(|| match known.len() {
                0 => "brokers have racks if `racks` of [cluster] names them".to_owned(),
                _ => format!("the racks are {}", one_of(known.iter().copied(), 8)),
            });
        let problem = Problem::error(rack.at, format!("no broker is in rack `{}`", rack.value));
        reader.push(problem.label("unknown rack").help(help));
        return None;
    }
    Some(Action::Brokers { brokers, rack: Some(rack.value.clone()), what })
}
