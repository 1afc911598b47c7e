//! Random brokers, topics and producers.

use super::dice::Dice;
use std::fmt::Write;

/// The racks there may be.
const RACKS: [&str; 3] = ["a", "b", "c"];

/// The part of a scenario that groups and events refer to.
#[derive(Debug)]
pub(super) struct Cluster {
    pub brokers: u64,
    pub racks: Vec<&'static str>,
    pub topics: Vec<Topic>,
    pub producers: Vec<String>,
    pub text: String,
}

/// A topic.
#[derive(Debug)]
pub(super) struct Topic {
    pub name: String,
    pub partitions: u64,
    /// Whether it is there from the beginning.
    pub early: bool,
}

impl Cluster {
    pub(super) fn draw(dice: &mut Dice, seconds: u64) -> Self {
        let brokers = dice.between(1, 5);
        let racks = match dice.between(0, 2) {
            0 => Vec::new(),
            n => RACKS[..RACKS.len().min(brokers as usize)]
                .iter()
                .copied()
                .take(n as usize + 1)
                .collect(),
        };
        let mut cluster = Cluster {
            brokers,
            racks,
            topics: Vec::new(),
            producers: Vec::new(),
            text: String::new(),
        };
        cluster.draw_brokers(dice);
        for number in 1..=dice.between(1, 2) {
            cluster.draw_topic(dice, number, seconds);
        }
        for number in 1..=dice.between(1, 3) {
            cluster.draw_producer(dice, number, seconds);
        }
        cluster
    }

    fn add(&mut self, key: &str, value: impl std::fmt::Display) {
        let _ = writeln!(self.text, "{key} = {value}");
    }

    fn draw_brokers(&mut self, dice: &mut Dice) {
        self.text += "\n[cluster]\n";
        self.add("brokers", self.brokers);
        if !self.racks.is_empty() {
            self.add("racks", format!("{:?}", self.racks));
        }
        let latency = dice.distribution(4);
        self.add("latency", latency);
        if dice.one_in(3) {
            let far = dice.distribution(5);
            self.add("rack_latency", far);
        }
        if dice.one_in(3) {
            let service = dice.distribution(3);
            self.add("service", service);
        }
        if dice.one_in(3) {
            let rate = dice.pick(&[50, 1_000, 100_000]);
            self.add("load_rate", rate);
        }
        self.text += "\n[cluster.config]\n";
        let factor = dice.between(1, self.brokers.min(3));
        self.add("offsets.topic.replication.factor", factor);
        if !self.racks.is_empty() && dice.one_in(2) {
            let selector = "org.apache.kafka.common.replica.RackAwareReplicaSelector";
            self.add("replica.selector.class", format!("{selector:?}"));
        }
        let min_isr = dice.between(1, 3.min(self.brokers));
        self.add("min.insync.replicas", min_isr);
        self.add("unclean.leader.election.enable", dice.one_in(3));
        self.add("offsets.topic.num.partitions", dice.pick(&[1, 5, 50]));
        self.add("group.initial.rebalance.delay.ms", dice.pick(&[0, 500, 3_000]));
        self.add("group.min.session.timeout.ms", 1_000);
        let heartbeat = dice.between(200, 2_000);
        self.add("broker.heartbeat.interval.ms", heartbeat);
        let session = dice.between(2 * heartbeat, 5 * heartbeat);
        self.add("broker.session.timeout.ms", session);
        if dice.one_in(2) {
            let seconds = dice.between(3, 20);
            self.add("leader.imbalance.check.interval.seconds", seconds);
        }
        if dice.one_in(2) {
            let (first, then) = (dice.between(0, 20_000), dice.between(100, 10_000));
            self.add("log.initial.task.delay.ms", first);
            self.add("log.retention.check.interval.ms", then);
        }
        self.add("group.consumer.min.session.timeout.ms", 1_000);
        self.add("group.consumer.min.heartbeat.interval.ms", 100);
        let heartbeat = dice.between(200, 2_000);
        self.add("group.consumer.heartbeat.interval.ms", heartbeat);
        let session = dice.between(3 * heartbeat, 6 * heartbeat);
        self.add("group.consumer.session.timeout.ms", session.max(1_000));
        let interval = dice.pick(&[0, 100, 1_000]);
        self.add("group.consumer.assignment.interval.ms", interval);
    }

    fn draw_topic(&mut self, dice: &mut Dice, number: u64, seconds: u64) {
        let (name, partitions) = (format!("t{number}"), dice.between(1, 6));
        let _ = writeln!(self.text, "\n[topics.{name}]");
        self.add("partitions", partitions);
        let factor = dice.between(1, self.brokers.min(3));
        self.add("\"replication.factor\"", factor);
        let size = dice.pick(&["100", "\"1KiB\"", "\"20KiB\""]);
        self.add("record_size", size);
        if dice.one_in(3) {
            let backlog = dice.between(1, 3_000);
            self.add("backlog", backlog);
        }
        let early = number == 1 || !dice.one_in(3);
        if !early {
            let at = dice.ms(1, seconds * 700);
            self.add("created_at", at);
        }
        if dice.one_in(2) {
            self.draw_retention(dice, &name);
        }
        self.topics.push(Topic { name, partitions, early });
    }

    /// Keeps little, so that consumers come too late.
    fn draw_retention(&mut self, dice: &mut Dice, topic: &str) {
        let _ = writeln!(self.text, "\n[topics.{topic}.config]");
        if !dice.one_in(3) {
            let age = dice.between(500, 10_000);
            self.add("retention.ms", age);
        }
        if dice.one_in(2) {
            let size = dice.pick(&["\"100KiB\"", "\"1MiB\"", "\"20MiB\""]);
            self.add("retention.bytes", size);
        }
        let (size, age) = (dice.pick(&["\"1MiB\"", "\"5MiB\""]), dice.between(500, 20_000));
        self.add("segment.bytes", size);
        self.add("segment.ms", age);
        self.add("min.insync.replicas", dice.pick(&[1, 2]));
        self.add("unclean.leader.election.enable", dice.one_in(2));
    }

    fn draw_producer(&mut self, dice: &mut Dice, number: u64, seconds: u64) {
        let (name, topic) = (format!("p{number}"), dice.between(1, self.topics.len() as u64));
        let _ = writeln!(self.text, "\n[producers.{name}]");
        self.add("topic", format!("\"t{topic}\""));
        if dice.one_in(3) {
            let (first, then) = (dice.between(0, 500), dice.between(0, 2_000));
            let (at, ramp) = (dice.ms(1, seconds * 800), dice.ms(0, 5_000));
            self.add(
                "profile",
                format!(
                    "[{{ at = \"0s\", rate = \"{first}/s\" }}, \
                     {{ at = {at}, rate = \"{then}/s\", ramp = {ramp} }}]"
                ),
            );
        } else {
            let rate = dice.pick(&[3, 50, 400, 2_000]);
            self.add("rate", format!("\"{rate}/s\""));
        }
        self.add("arrivals", dice.pick(&["\"constant\"", "\"poisson\""]));
        match dice.between(0, 2) {
            0 => self.add("partitioner", "\"round-robin\""),
            1 => {
                self.add("partitioner", "\"keyed\"");
                let keys = dice.between(1, 200);
                self.add("keys", format!("{{ count = {keys}, skew = {} }}", dice.pick(&[0, 1])));
            }
            _ => {}
        }
        if dice.one_in(4) {
            self.add("count", dice.pick(&[2, 3]));
        }
        if dice.one_in(5) {
            let tick = dice.ms(1, 1_000);
            self.add("tick", tick);
        }
        if dice.one_in(4) {
            let stop = dice.ms(5_000, seconds * 1_000);
            self.add("stop", stop);
        }
        let _ = writeln!(self.text, "\n[producers.{name}.config]");
        let acks = dice.pick(&["\"all\"", "\"all\"", "1", "0"]);
        self.add("acks", acks);
        let idempotent = acks == "\"all\"" && !dice.one_in(3);
        self.add("enable.idempotence", idempotent);
        if !idempotent && dice.one_in(3) {
            self.add("retries", dice.pick(&[0, 3]));
        }
        let linger = dice.pick(&[0, 5, 100]);
        self.add("linger.ms", linger);
        self.add("batch.size", dice.pick(&[1_000, 16_384, 200_000]));
        if dice.one_in(2) {
            let request = dice.between(500, 5_000);
            self.add("request.timeout.ms", request);
            let delivery = request + linger + dice.between(0, 10_000);
            self.add("delivery.timeout.ms", delivery);
        }
        if dice.one_in(3) {
            self.add("metadata.max.age.ms", dice.pick(&[1_000, 5_000]));
        }
        self.producers.push(name);
    }
}
