//! A coordinator with 10,000 members of the consumer protocol (KIP-848) on 100,000 partitions:
//! one joins each 100 ms of simulated time, all send their heartbeats, and every assignment is
//! taken over and acknowledged. No network, no log: what is measured is the coordinator.
//!
//! `cargo bench --bench modern_coordinator`, or with another number of topics behind `--`.

#![allow(clippy::print_stdout)]

use rejoin::assignor::server::Topic;
use rejoin::coordinator::config::CoordinatorConfig;
use rejoin::coordinator::effect::Effect;
use rejoin::coordinator::image::TopicImage;
use rejoin::coordinator::shard::Shard;
use rejoin::kernel::time::{Instant, Span};
use rejoin::model::Name;
use rejoin::model::message::assignment::TopicPartitions;
use rejoin::model::message::consumer_group::{
    ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse, JOIN_EPOCH,
};
use rejoin::model::message::{RequestContext, Response};
use rejoin::model::uuid::Uuid;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::sync::Arc;

const MEMBERS: usize = 10_000;
const PARTITIONS: u32 = 100_000;
const JOIN_EVERY: Span = Span::from_ms(100);
/// From an assignment to the heartbeat that acknowledges it.
const RECONCILE: Span = Span::from_ms(10);
/// The group goes on for so long after the last one has joined.
const REST: Span = Span::from_ms(30_000);

/// Any bits will do as long as they are spread.
fn uuid(number: usize) -> Uuid {
    Uuid((number as u128 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835))
}

/// A client that takes over what it is told at once.
struct Client {
    context: RequestContext,
    id: Name,
    epoch: i32,
    owned: Vec<TopicPartitions>,
    /// Whether it has yet to say that it owns this.
    tells: bool,
}

impl Client {
    fn new(number: usize) -> Self {
        let context = RequestContext {
            api_version: 1,
            client_id: format!("consumer-{number}").into(),
            client_host: "/127.0.0.1".into(),
        };
        let id = uuid(number).to_string().into();
        Client { context, id, epoch: JOIN_EPOCH, owned: Vec::new(), tells: false }
    }

    fn request(&mut self, group: &Name, topics: &[Name]) -> ConsumerGroupHeartbeatRequest {
        let joins = self.epoch == JOIN_EPOCH;
        let tells = std::mem::take(&mut self.tells) || joins;
        ConsumerGroupHeartbeatRequest {
            group_id: group.clone(),
            member_id: self.id.clone(),
            member_epoch: self.epoch,
            rebalance_timeout_ms: if joins { 300_000 } else { -1 },
            subscribed_topic_names: joins.then(|| topics.to_vec()),
            topic_partitions: tells.then(|| self.owned.clone()),
            ..ConsumerGroupHeartbeatRequest::default()
        }
    }

    /// Takes in an answer; when the next heartbeat is due.
    fn receive(&mut self, response: ConsumerGroupHeartbeatResponse) -> Span {
        assert!(response.error_code.is_none(), "{:?}", response.error_code);
        self.epoch = response.member_epoch;
        match response.assignment {
            Some(assignment) => {
                self.owned = assignment.topic_partitions;
                self.tells = true;
                RECONCILE
            }
            None => Span::from_ms(u64::try_from(response.heartbeat_interval_ms).unwrap_or(0)),
        }
    }

    fn partitions(&self) -> usize {
        self.owned.iter().map(|topic| topic.partitions.len()).sum()
    }
}

/// A shard with a log that takes and commits everything at once.
struct Coordinator {
    shard: Shard,
    end: u64,
    records: usize,
}

impl Coordinator {
    /// Does what the coordinator asks for; its answer.
    fn perform(&mut self, now: Instant, out: Vec<Effect>) -> Option<Response> {
        let (mut out, mut answer) = (VecDeque::from(out), None);
        while let Some(effect) = out.pop_front() {
            match effect {
                Effect::Reply { response, .. } => answer = Some(response),
                Effect::Append { records } => {
                    self.records += records.len();
                    self.end += records.len() as u64;
                    let mut more = Vec::new();
                    self.shard.appended(now, Ok(self.end), &mut more);
                    self.shard.committed(now, self.end, &mut more);
                    out.extend(more);
                }
                Effect::Note(_) => {}
            }
        }
        answer
    }

    fn end_timers(&mut self, now: Instant) {
        let mut out = Vec::new();
        while self.shard.on_timer(now, &mut out) {
            let out = std::mem::take(&mut out);
            self.perform(now, out);
        }
    }
}

fn topics(count: u32) -> Vec<Topic> {
    let topic = |number: u32| Topic {
        name: format!("topic{number}").into(),
        id: uuid(MEMBERS + number as usize),
        partitions: PARTITIONS / count,
        racks: Arc::default(),
    };
    (0..count).map(topic).collect()
}

fn run(count: u32) {
    let topics = topics(count);
    let names: Vec<Name> = topics.iter().map(|topic| topic.name.clone()).collect();
    let group: Name = "group".into();
    let mut coordinator =
        Coordinator { shard: Shard::new(CoordinatorConfig::default()), end: 0, records: 0 };
    let mut out = Vec::new();
    coordinator.shard.update_topics(Instant::ZERO, TopicImage::new(1, topics), &mut out);
    coordinator.perform(Instant::ZERO, out);
    let mut clients: Vec<Client> = (0..MEMBERS).map(Client::new).collect();
    let join = |number: usize| (Instant::ZERO + JOIN_EVERY * number as u64, number);
    let mut agenda: BinaryHeap<Reverse<(Instant, usize)>> =
        (0..MEMBERS).map(|number| Reverse(join(number))).collect();
    let end = join(MEMBERS).0 + REST;

    let begin = std::time::Instant::now();
    let mut heartbeats = 0;
    while let Some(Reverse((now, number))) = agenda.pop()
        && now < end
    {
        coordinator.end_timers(now);
        let client = &mut clients[number];
        let request = client.request(&group, &names).into();
        let mut out = Vec::new();
        let mut ids = Uuid::default;
        coordinator.shard.handle(now, 0, &client.context, request, &mut ids, &mut out);
        let answer = coordinator.perform(now, out);
        let Some(Response::ConsumerGroupHeartbeat(answer)) = answer else {
            panic!("no answer to a heartbeat")
        };
        heartbeats += 1;
        agenda.push(Reverse((now + client.receive(*answer), number)));
    }
    let seconds = begin.elapsed().as_secs_f64();
    for client in &clients {
        assert_eq!(client.partitions(), PARTITIONS as usize / MEMBERS, "all have their share");
    }
    let records = coordinator.records;
    println!(
        "{MEMBERS} members, {PARTITIONS} partitions of {count} topics: {seconds:.2} s \
         ({heartbeats} heartbeats, {records} records)"
    );
}

fn main() {
    let counts: Vec<u32> = std::env::args().skip(1).filter_map(|arg| arg.parse().ok()).collect();
    for count in if counts.is_empty() { vec![1, 100] } else { counts } {
        run(count);
    }
    #[cfg(target_os = "linux")]
    if let Ok(status) = std::fs::read_to_string("/proc/self/status")
        && let Some(peak) = status.lines().find(|line| line.starts_with("VmHWM"))
    {
        println!("{peak}");
    }
}
