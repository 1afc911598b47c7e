//! Random groups.

use super::cluster::Cluster;
use super::dice::Dice;
use std::fmt::{Display, Write};

/// A group, for events to strike.
#[derive(Debug)]
pub(super) struct Group {
    pub name: String,
    pub consumers: u64,
    /// Topics that it reads.
    pub topics: Vec<String>,
    pub text: String,
}

/// All groups of a scenario.
pub(super) fn draw(dice: &mut Dice, cluster: &Cluster) -> Vec<Group> {
    (1..=dice.between(1, 2)).map(|number| Group::draw(dice, cluster, number)).collect()
}

impl Group {
    fn draw(dice: &mut Dice, cluster: &Cluster, number: u64) -> Self {
        let consumers = dice.between(1, 5);
        let (name, topics) = (format!("g{number}"), Vec::new());
        let mut group = Group { name, consumers, topics, text: String::new() };
        let _ = writeln!(group.text, "\n[groups.{}]", group.name);
        group.subscribe(dice, cluster);
        group.describe_consumers(dice, cluster);
        group.describe_application(dice, cluster);
        let modern = dice.one_in(3);
        let _ = writeln!(group.text, "\n[groups.{}.config]", group.name);
        group.configure(dice, modern);
        group
    }

    /// Another thread may process the records.
    pub(super) fn hand_over(&mut self, dice: &mut Dice) {
        if dice.one_in(4) {
            let heading = format!("[groups.{}]\n", self.name);
            let when_revoked = dice.pick(&["wait", "drop"]);
            let key = format!("{heading}poll_while_processing = {when_revoked:?}\n");
            self.text = self.text.replacen(&heading, &key, 1);
        }
    }

    fn add(&mut self, key: &str, value: impl Display) {
        let _ = writeln!(self.text, "{key} = {value}");
    }

    fn subscribe(&mut self, dice: &mut Dice, cluster: &Cluster) {
        let all: Vec<&str> = cluster.topics.iter().map(|topic| topic.name.as_str()).collect();
        let owned = |topics: &[&str]| topics.iter().map(|&topic| topic.to_owned()).collect();
        if dice.one_in(4) {
            self.topics = owned(&all);
            return self.add("pattern", "\"t.*\"");
        }
        let some = if dice.one_in(2) { vec![dice.pick(&all)] } else { all };
        self.topics = owned(&some);
        self.add("topics", format!("{some:?}"));
    }

    fn describe_consumers(&mut self, dice: &mut Dice, cluster: &Cluster) {
        if cluster.racks.is_empty() || dice.one_in(2) {
            self.add("consumers", self.consumers);
        } else {
            let one = |_| format!("{{ rack = {:?} }}", dice.pick(&cluster.racks));
            let all: Vec<String> = (0..self.consumers).map(one).collect();
            self.add("consumers", format!("[{}]", all.join(", ")));
        }
        if dice.one_in(2) {
            let gap = dice.ms(0, 2_000);
            self.add("start_every", gap);
        }
        self.add("static_members", dice.one_in(4));
    }

    fn describe_application(&mut self, dice: &mut Dice, cluster: &Cluster) {
        let process = dice.distribution(20);
        self.add("process", process);
        let commit = match dice.between(0, 8) {
            0 => "\"sync-batch\"".to_owned(),
            1 => "\"async-batch\"".to_owned(),
            2 => "\"sync-record\"".to_owned(),
            3 => "\"before-batch\"".to_owned(),
            4 => "\"on-revoke\"".to_owned(),
            5 => "\"none\"".to_owned(),
            6 => format!("{{ records = {} }}", dice.between(1, 300)),
            7 => format!("{{ every = {} }}", dice.ms(100, 4_000)),
            _ => "\"auto\"".to_owned(),
        };
        self.add("commit", commit);
        for callback in ["on_revoked", "on_assigned", "on_lost"] {
            if dice.one_in(4) {
                let time = dice.distribution(2_000);
                self.add(callback, time);
            }
        }
        if dice.one_in(3) {
            let timeout = dice.ms(1, 1_500);
            self.add("poll_timeout", timeout);
        }
        if dice.one_in(4) {
            let broker = dice.between(1, cluster.brokers);
            self.add("coordinator", broker);
        }
    }

    fn configure(&mut self, dice: &mut Dice, modern: bool) {
        if modern {
            self.add("group.protocol", "\"consumer\"");
            self.add("group.remote.assignor", dice.pick(&["\"uniform\"", "\"range\""]));
        } else {
            let strategies = [
                "[\"range\"]",
                "[\"roundrobin\"]",
                "[\"sticky\"]",
                "[\"cooperative-sticky\"]",
                "[\"cooperative-sticky\"]",
            ];
            self.add("partition.assignment.strategy", dice.pick(&strategies));
            let session = dice.between(1_500, 10_000);
            self.add("session.timeout.ms", session);
            self.add("heartbeat.interval.ms", session / dice.between(3, 6));
        }
        let interval = dice.between(2_000, 20_000);
        self.add("max.poll.interval.ms", interval);
        self.add("max.poll.records", dice.pick(&[1, 20, 500]));
        let interval = dice.pick(&[200, 1_000, 5_000]);
        self.add("auto.commit.interval.ms", interval);
        let resets =
            ["\"earliest\"", "\"earliest\"", "\"latest\"", "\"none\"", "\"by_duration:PT5S\""];
        self.add("auto.offset.reset", dice.pick(&resets));
        if dice.one_in(3) {
            self.add("fetch.min.bytes", dice.pick(&[1, 5_000, 100_000]));
            let wait = dice.between(0, 1_500);
            self.add("fetch.max.wait.ms", wait);
        }
        if dice.one_in(3) {
            self.add("fetch.max.bytes", dice.pick(&[500, 50_000]));
            self.add("max.partition.fetch.bytes", dice.pick(&[500, 20_000]));
        }
        if dice.one_in(2) {
            let request = dice.between(2_000, 6_000);
            self.add("request.timeout.ms", request);
            let api = request + dice.between(0, 6_000);
            self.add("default.api.timeout.ms", api);
        }
        if dice.one_in(3) {
            let age = dice.pick(&[500, 3_000]);
            self.add("metadata.max.age.ms", age);
        }
    }
}
