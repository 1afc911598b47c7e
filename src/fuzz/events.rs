//! Random events.

use super::cluster::{Cluster, Topic};
use super::dice::Dice;
use super::groups::Group;
use std::fmt::Write;

/// What may happen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Crash,
    Close,
    Start,
    Restart,
    Pause,
    Busy,
    Slow,
    Scale,
    Rate,
    KillBroker,
    StopBroker,
    StartBroker,
    PauseBroker,
    SlowBroker,
    KillRack,
    AddPartitions,
    Cut,
    Delay,
}

const ALL: [Kind; 18] = [
    Kind::Crash,
    Kind::Close,
    Kind::Start,
    Kind::Restart,
    Kind::Pause,
    Kind::Busy,
    Kind::Slow,
    Kind::Scale,
    Kind::Rate,
    Kind::KillBroker,
    Kind::StopBroker,
    Kind::StartBroker,
    Kind::PauseBroker,
    Kind::SlowBroker,
    Kind::KillRack,
    Kind::AddPartitions,
    Kind::Cut,
    Kind::Delay,
];

/// The events of a scenario.
pub(super) fn draw(dice: &mut Dice, cluster: &Cluster, groups: &[Group], seconds: u64) -> String {
    let mut kinds: Vec<Kind> = ALL.into_iter().filter(|_| dice.one_in(2)).collect();
    kinds.retain(|kind| *kind != Kind::KillRack || !cluster.racks.is_empty());
    let mut text = String::new();
    if kinds.is_empty() {
        return lives(dice, cluster, seconds);
    }
    for _ in 0..dice.between(1, 12) {
        let kind = dice.pick(&kinds);
        let at = dice.between(0, seconds * 1_000);
        let what = action(dice, cluster, groups, kind);
        let _ = write!(text, "\n[[events]]\nat = \"{at}ms\"\n{what}");
    }
    text + &lives(dice, cluster, seconds)
}

/// A topic may be deleted, and come again, perhaps more than once.
fn lives(dice: &mut Dice, cluster: &Cluster, seconds: u64) -> String {
    let mut text = String::new();
    let early: Vec<&Topic> = cluster.topics.iter().filter(|topic| topic.early).collect();
    if !dice.one_in(4) {
        return text;
    }
    let name = &dice.pick(&early).name;
    let mut at = 0;
    for what in ["delete_topic", "create_topic", "delete_topic", "create_topic"] {
        at += if dice.one_in(3) { dice.between(1, 300) } else { dice.between(1, seconds * 500) };
        if at > seconds * 1_000 || dice.one_in(5) {
            break;
        }
        let _ = write!(text, "\n[[events]]\nat = \"{at}ms\"\n{what} = {name:?}\n");
    }
    text
}

/// What happens, and to whom.
fn action(dice: &mut Dice, cluster: &Cluster, groups: &[Group], kind: Kind) -> String {
    let again = if dice.one_in(4) {
        String::new()
    } else {
        format!("restart_after = {}\n", dice.ms(0, 15_000))
    };
    let span = if dice.one_in(3) { dice.ms(1, 500) } else { dice.ms(1, 20_000) };
    let factor = dice.pick(&["0.1", "3", "20"]);
    let whom = consumers(dice, groups);
    let group = &groups[dice.between(1, groups.len() as u64) as usize - 1];
    let broker = format!("\"broker-{}\"", dice.between(1, cluster.brokers));
    let producers: Vec<&str> = cluster.producers.iter().map(String::as_str).collect();
    match kind {
        Kind::Crash => format!("crash = {whom}\n{again}"),
        Kind::Close => format!("close = {whom}\n{again}"),
        Kind::Start if dice.one_in(2) => format!("start = \"{}\"\n", group.name),
        Kind::Start => format!("start = {}\n", consumer(dice, group)),
        Kind::Restart => format!("restart = {whom}\nfor = {span}\n"),
        Kind::Pause => format!("pause = {whom}\nfor = {span}\n"),
        Kind::Busy => format!("busy = {whom}\nfor = {span}\n"),
        Kind::Slow => format!("slow = {whom}\nfactor = {factor}\nfor = {span}\n"),
        Kind::Scale => format!("scale = \"{}\"\nto = {}\n", group.name, dice.between(0, 6)),
        Kind::Rate => {
            format!("rate = \"{}\"\nfactor = {factor}\nfor = {span}\n", dice.pick(&producers))
        }
        Kind::KillBroker => format!("kill_broker = {broker}\n{again}"),
        Kind::StopBroker => format!("stop_broker = {broker}\n{again}"),
        Kind::StartBroker => format!("start_broker = {broker}\n"),
        Kind::PauseBroker => format!("pause = {broker}\nfor = {span}\n"),
        Kind::SlowBroker => format!("slow_broker = {broker}\nfactor = {factor}\nfor = {span}\n"),
        Kind::KillRack => format!("kill_rack = {:?}\n{again}", dice.pick(&cluster.racks)),
        Kind::AddPartitions => {
            let early: Vec<&Topic> = cluster.topics.iter().filter(|topic| topic.early).collect();
            let topic = dice.pick(&early);
            let to = topic.partitions + dice.between(1, 3);
            format!("add_partitions = {:?}\nto = {to}\n", topic.name)
        }
        Kind::Cut => format!("cut = {}\nfor = {span}\n", ends(dice, cluster, groups)),
        Kind::Delay => {
            let by = dice.distribution(800);
            format!("delay = {}\nvalue = {by}\nfor = {span}\n", ends(dice, cluster, groups))
        }
    }
}

/// Whose network, and perhaps from whom.
fn ends(dice: &mut Dice, cluster: &Cluster, groups: &[Group]) -> String {
    let (one, other) = (end(dice, cluster, groups), end(dice, cluster, groups));
    if one == other || dice.one_in(3) { one } else { format!("{one}\nbetween = [{other}]") }
}

fn end(dice: &mut Dice, cluster: &Cluster, groups: &[Group]) -> String {
    let group = &groups[dice.between(1, groups.len() as u64) as usize - 1];
    let producers: Vec<&str> = cluster.producers.iter().map(String::as_str).collect();
    match dice.between(0, 7) {
        0 => format!("\"{}\"", group.name),
        1 => consumer(dice, group),
        2 => "\"controller\"".to_owned(),
        3 => format!("{:?}", dice.pick(&producers)),
        4 if !cluster.racks.is_empty() => format!("{:?}", dice.pick(&cluster.racks)),
        _ => format!("\"broker-{}\"", dice.between(1, cluster.brokers)),
    }
}

fn consumer(dice: &mut Dice, group: &Group) -> String {
    format!("\"{}-{}\"", group.name, dice.between(1, group.consumers))
}

/// A consumer, two of them, a group, or some of it.
fn consumers(dice: &mut Dice, groups: &[Group]) -> String {
    let group = &groups[dice.between(1, groups.len() as u64) as usize - 1];
    match dice.between(0, 6) {
        0 => format!("\"{}\"", group.name),
        1 => format!("{{ group = \"{}\", share = 0.5 }}", group.name),
        2 => format!("{{ group = \"{}\", random = {} }}", group.name, dice.between(1, 3)),
        3 if group.consumers > 1 => format!("[\"{0}-1\", \"{0}-2\"]", group.name),
        _ => consumer(dice, group),
    }
}
