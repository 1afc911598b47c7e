//! Members subscribe to different topics (`UniformHeterogeneousAssignmentBuilder`): topic by topic
//! whoever has least gets the next partition, then those who have most give to those who have
//! least until nothing moves any more.

use super::balancer::{Balancer, extremes};
use crate::assignor::server::answer::{Held, Rows};
use crate::assignor::server::group::{Group, Lists};
use crate::assignor::server::rebuild::{Change, Log, Manner, Rebuild, Step};
use crate::assignor::server::{Answer, Question, Thrown};

/// How often all topics are balanced at most.
const ROUNDS: usize = 16;

/// Nobody's number.
const NOBODY: u32 = u32::MAX;

struct Builder<'a> {
    question: &'a Question,
    /// Who subscribes to each topic.
    subscribers: Lists,
    /// How many partitions each member has.
    loads: Vec<u32>,
    /// Who has each partition, topic behind topic.
    owners: Vec<u32>,
    /// Where the owners of each topic begin.
    starts: Vec<usize>,
    log: Log,
    /// Whether targets overlap.
    is_odd: bool,
    /// Partitions of the topic under work by owner, and where those of each member begin and end.
    partitions: Vec<u32>,
    ranges: Vec<(u32, u32)>,
}

pub(super) fn assign(question: &Question) -> Result<Answer, Thrown> {
    let group = Group::of(question);
    let held = Held::of(question)?;
    let members = question.members.len();
    let subscribers = group.subscribers();
    let mut topics: Vec<u32> = (0..question.topics.len() as u32)
        .filter(|&topic| !subscribers.get(topic).is_empty())
        .collect();
    if topics.is_empty() {
        return Ok(Answer::new(held.topics, Rows::empty(members)));
    }
    let mut builder = Builder::new(question, subscribers);
    builder.keep(&group, &held)?;
    builder.sort(&mut topics);
    builder.give_unowned(&topics)?;
    topics.retain(|&topic| builder.subscribers.get(topic).len() >= 2);
    builder.balance(&topics)?;
    Ok(builder.answer(&group, held))
}

impl<'a> Builder<'a> {
    fn new(question: &'a Question, subscribers: Lists) -> Self {
        let members = question.members.len();
        let mut starts = Vec::with_capacity(question.topics.len());
        let mut total = 0;
        for topic in &question.topics {
            starts.push(total);
            total += topic.partitions as usize;
        }
        Builder {
            question,
            subscribers,
            loads: vec![0; members],
            owners: vec![NOBODY; total],
            starts,
            log: Log::default(),
            is_odd: false,
            partitions: Vec::new(),
            ranges: vec![(0, 0); members],
        }
    }

    fn count(&self, topic: u32) -> u32 {
        self.question.topics[topic as usize].partitions
    }

    fn owner(&mut self, topic: u32, partition: u32) -> &mut u32 {
        &mut self.owners[self.starts[topic as usize] + partition as usize]
    }

    /// Partitions of topics that their owners still subscribe to stay.
    fn keep(&mut self, group: &Group, held: &Held) -> Result<(), Thrown> {
        for member in 0..group.members() {
            let subscription = group.subscription(member);
            for run in held.rows.of(member).filter(|run| subscription.contains(run.topic)) {
                self.loads[member] += run.len() as u32;
                let count = self.count(run.topic);
                for &partition in held.rows.partitions(run) {
                    if partition >= count {
                        return Err(Thrown::ArrayIndexOutOfBounds);
                    }
                    let owner = self.owner(run.topic, partition);
                    let before = std::mem::replace(owner, member as u32);
                    self.is_odd |= before != NOBODY;
                }
            }
        }
        Ok(())
    }

    /// First those with most partitions for each subscriber.
    fn sort(&self, topics: &mut [u32]) {
        let subscribers = |topic: u32| self.subscribers.get(topic).len();
        let share = |topic: u32| f64::from(self.count(topic)) / subscribers(topic) as f64;
        let id = |topic: u32| self.question.topics[topic as usize].id;
        topics.sort_by(|&a, &b| {
            let by_share = share(b).total_cmp(&share(a));
            let by_subscribers = || subscribers(a).cmp(&subscribers(b));
            by_share.then_with(by_subscribers).then_with(|| id(a).cmp(&id(b)))
        });
    }

    fn give(&mut self, topic: u32, partition: u32, member: u32) {
        let before = std::mem::replace(self.owner(topic, partition), member);
        if before != NOBODY {
            self.log.add(before, Change { topic, partition, step: Step::Removed });
            self.loads[before as usize] -= 1;
        }
        self.log.add(member, Change { topic, partition, step: Step::Added });
        self.loads[member as usize] += 1;
    }

    fn give_unowned(&mut self, topics: &[u32]) -> Result<(), Thrown> {
        let mut balancer = Balancer::default();
        for &topic in topics {
            let mut has_begun = false;
            for partition in 0..self.count(topic) {
                if *self.owner(topic, partition) != NOBODY {
                    continue;
                }
                if !has_begun {
                    balancer.begin(self.subscribers.get(topic), &self.loads);
                    has_begun = true;
                }
                let member = balancer.next_least(&self.loads)?;
                self.give(topic, partition, member);
            }
        }
        Ok(())
    }

    /// Balances topic after topic, until the last one that moved something comes round again.
    fn balance(&mut self, topics: &[u32]) -> Result<(), Thrown> {
        let mut balancer = Balancer::default();
        let mut last_moved = None;
        for _ in 0..ROUNDS {
            for &topic in topics {
                if last_moved == Some(topic) {
                    return Ok(());
                }
                let moved = self.balance_topic(topic, &mut balancer)?;
                if moved || last_moved.is_none() {
                    last_moved = Some(topic);
                }
            }
        }
        Ok(())
    }

    /// Moves partitions of a topic among its subscribers: whether any moved.
    fn balance_topic(&mut self, topic: u32, balancer: &mut Balancer) -> Result<bool, Thrown> {
        let subscribers = self.subscribers.get(topic);
        let (least, most) = extremes(subscribers, &self.loads);
        if most - least <= 1 {
            return Ok(false);
        }
        balancer.begin(subscribers, &self.loads);
        self.sort_by_owner(topic);
        let mut moved = false;
        while !balancer.is_balanced() {
            // The last partition of whoever has most, if that is one of this topic.
            let giver = loop {
                let Some(member) = balancer.next_most(&self.loads) else { return Ok(moved) };
                let (start, end) = &mut self.ranges[member as usize];
                if start < end {
                    *end -= 1;
                    break *end;
                }
                balancer.exclude_most();
            };
            let partition = self.partitions[giver as usize];
            let member = balancer.next_least(&self.loads)?;
            if balancer.is_balanced() {
                break;
            }
            self.give(topic, partition, member);
            moved = true;
        }
        Ok(moved)
    }

    /// Lists the topic's partitions by owner, and for each subscriber where its own stand.
    fn sort_by_owner(&mut self, topic: u32) {
        for &member in self.subscribers.get(topic) {
            self.ranges[member as usize] = (0, 0);
        }
        let start = self.starts[topic as usize];
        let owners = &self.owners[start..start + self.count(topic) as usize];
        for &owner in owners {
            self.ranges[owner as usize].1 += 1;
        }
        let mut total = 0;
        for &member in self.subscribers.get(topic) {
            let (start, end) = &mut self.ranges[member as usize];
            let count = *end;
            (*start, *end) = (total, total);
            total += count;
        }
        self.partitions.clear();
        self.partitions.resize(owners.len(), 0);
        for (partition, &owner) in (0..).zip(owners) {
            let (_, end) = &mut self.ranges[owner as usize];
            self.partitions[*end as usize] = partition;
            *end += 1;
        }
    }

    fn answer(self, group: &Group, held: Held) -> Answer {
        let members = self.loads.len();
        let each = |topic: u32| match self.subscribers.get(topic).len() as u32 {
            0 => 0,
            subscribers => self.count(topic).div_ceil(subscribers),
        };
        let capacity = |topic| ((each(topic) as f32 / 0.75) + 1.0) as usize;
        let manner = Manner {
            empty_topics_go: true,
            capacities: (0..self.starts.len() as u32).map(capacity).collect(),
            is_odd: self.is_odd,
        };
        let most = self.question.topics.iter().map(|topic| topic.partitions).max().unwrap_or(0);
        let mut rebuild = Rebuild::new(&held, most, manner);
        let mut rows = Rows::with_capacity(members, self.owners.len());
        let places = self.log.by_member(members);
        let mut changes: Vec<Change> = Vec::new();
        for member in 0..members {
            let subscription = group.subscription(member);
            let keeps = |topic| subscription.contains(topic);
            changes.clear();
            changes.extend(places.get(member as u32).iter().map(|&place| self.log.get(place)));
            if changes.is_empty() && held.rows.of(member).all(|run| keeps(run.topic)) {
                rows.copy(&held.rows, member);
            } else {
                rebuild.row(member, keeps, &changes, &mut rows);
            }
        }
        drop(rebuild);
        Answer::new(held.topics, rows)
    }
}
