//! Members with different subscriptions: everybody keeps what it owns, each other partition goes to
//! the subscriber with the least, and then partitions move one by one while that improves the
//! balance.

mod balance;
mod circle;
mod doubled;

use super::super::AssignError;
use super::super::frame::{Frame, NONE};
use super::claims::Claims;
use super::lineup::Lineup;
use super::movements::Movements;
use super::rack::Nearness;
use circle::Circle;
use doubled::Walk;

/// An assignment under way.
struct General<'a> {
    frame: &'a Frame<'a>,
    claims: &'a Claims,
    nearness: Option<&'a Nearness>,
    lists: Vec<Vec<u32>>,
    /// Who has each partition.
    owners: Vec<u32>,
    /// Who had each partition in an earlier generation than the latest; [`NONE`]: nobody.
    previous: Vec<u32>,
    lineup: Lineup,
    /// Whether a member takes part in the balancing.
    takes_part: Vec<bool>,
    movements: Movements<'a>,
    /// How many partitions each class could get at most.
    full: Vec<usize>,
    /// How many members subscribe to each topic.
    subscribers: Vec<u32>,
    /// Topics with a subscriber that takes no part.
    is_fixed: Vec<bool>,
    /// A member and a partition that would be better with it.
    remedy: Option<(u32, u32)>,
    /// Kafka's map of lists where a partition has two owners.
    doubled: Option<Walk>,
}

/// Everybody's list, and the order in which Kafka goes through them.
pub(super) fn assign(
    frame: &Frame,
    claims: &Claims,
    nearness: Option<&Nearness>,
) -> Result<(Vec<Vec<u32>>, Vec<u32>), AssignError> {
    let mut lists: Vec<Vec<u32>> = vec![Vec::new(); frame.members()];
    let mut owners = vec![NONE; claims.partitions() as usize];
    let mut must_revoke = false;
    for &member in &frame.order {
        let topics = &frame.class(member).topics;
        let rack = nearness.map_or(NONE, |nearness| nearness.rack(member));
        let mut list = claims.held_by(member);
        for &partition in &list {
            owners[partition as usize] = member;
        }
        let held = list.len();
        list.retain(|&p| {
            let is_far = nearness.is_some_and(|nearness| nearness.is_far(rack, p));
            topics.binary_search(&claims.topic(p)).is_ok() && !is_far
        });
        must_revoke |= list.len() < held;
        lists[member as usize] = list;
    }

    let mut subscribers = vec![0; frame.topics.len()];
    for class in &frame.classes {
        for &topic in &class.topics {
            subscribers[topic as usize] += class.size;
        }
    }
    let mut topics: Vec<u32> = (0..frame.topics.len() as u32).collect();
    topics.sort_by_key(|&topic| subscribers[topic as usize]);
    let (left, is_doubled) = unkept(frame, claims, &lists, &topics);

    let partitions = |topic: &u32| frame.topics[*topic as usize].partitions as usize;
    let full = frame.classes.iter().map(|class| class.topics.iter().map(partitions).sum());
    let mut general = General {
        frame,
        claims,
        nearness: nearness.filter(|nearness| nearness.matters),
        lineup: Lineup::new(frame, nearness, &lists),
        previous: previous(frame, claims),
        takes_part: vec![true; lists.len()],
        movements: Movements::new(frame, claims),
        full: full.collect(),
        is_fixed: vec![false; frame.topics.len()],
        remedy: None,
        doubled: is_doubled.then(|| Walk::new(frame)),
        lists,
        owners,
        subscribers,
    };
    general.balance(left, &topics, must_revoke)?;
    let walk = general.doubled.map_or_else(|| frame.order.clone(), |walk| walk.members());
    Ok((general.lists, walk))
}

/// Who had each partition before the latest generation: the latest of those, and of them the first.
fn previous(frame: &Frame, claims: &Claims) -> Vec<u32> {
    let mut previous = vec![NONE; claims.partitions() as usize];
    let mut generations = vec![0; previous.len()];
    for &member in &frame.order {
        let generation = claims.generations[member as usize].unwrap_or(-1);
        if generation >= claims.latest {
            continue;
        }
        for &partition in claims.of(member) {
            let partition = partition as usize;
            if previous[partition] == NONE || generation > generations[partition] {
                previous[partition] = member;
                generations[partition] = generation;
            }
        }
    }
    previous
}

/// Partitions that nobody has kept, topics in this order; and whether any of them is in a list all
/// the same.
///
/// As with equal subscriptions, Kafka waits for kept partitions that it never meets.
fn unkept(frame: &Frame, claims: &Claims, lists: &[Vec<u32>], topics: &[u32]) -> (Vec<u32>, bool) {
    let mut is_kept = vec![false; claims.partitions() as usize];
    for &partition in lists.iter().flatten() {
        is_kept[partition as usize] = true;
    }
    let stops = |topic: u32, below: bool| {
        (claims.known..claims.partitions()).any(|p| {
            is_kept[p as usize] && claims.topic(p) == topic && (claims.index(p) < 0) == below
        })
    };
    let (mut left, mut is_stuck, mut is_doubled) = (Vec::new(), false, false);
    for &topic in topics {
        let first = frame.first[topic as usize];
        is_stuck |= stops(topic, true);
        for partition in first..first + frame.topics[topic as usize].partitions {
            let is_kept = is_kept[partition as usize];
            if is_stuck || !is_kept {
                left.push(partition);
                is_doubled |= is_kept;
            }
        }
        is_stuck |= stops(topic, false);
    }
    (left, is_doubled)
}

impl General<'_> {
    /// Assigns what is left, then moves what is better elsewhere.
    fn balance(
        &mut self,
        mut left: Vec<u32>,
        topics: &[u32],
        must_revoke: bool,
    ) -> Result<(), AssignError> {
        let is_new = self.lists.iter().all(Vec::is_empty);
        let mut rest = left.clone();
        if let Some(nearness) = self.nearness {
            rest.retain(|&partition| {
                let near =
                    self.lineup.first_near(self.claims.topic(partition), partition, nearness);
                near.inspect(|&member| self.give(partition, member)).is_none()
            });
        }
        for partition in rest {
            if let Some(member) = self.lineup.first(self.claims.topic(partition)) {
                self.give(partition, member);
            }
        }

        let is_movable = |topic: u32| self.subscribers[topic as usize] >= 2;
        left.retain(|&partition| is_movable(self.claims.topic(partition)));
        let all: Vec<u32> = topics
            .iter()
            .filter(|&&topic| is_movable(topic))
            .flat_map(|&topic| {
                let first = self.frame.first[topic as usize];
                first..first + self.frame.topics[topic as usize].partitions
            })
            .collect();
        self.send_away();

        let before = (!is_new).then(|| (self.score(), self.lists.clone()));
        if let Some(walk) = &mut self.doubled {
            walk.remember();
        }
        if !must_revoke {
            self.reassign(&left)?;
        }
        let has_moved = self.reassign(&all)?;
        if let Some((score, lists)) = before
            && has_moved
            && self.score() >= score
        {
            self.lists = lists;
            if let Some(walk) = &mut self.doubled {
                walk.restore();
            }
        }
        if let Some(walk) = &mut self.doubled {
            walk.take_back();
        }
        Ok(())
    }

    /// Gives a partition that is left.
    fn give(&mut self, partition: u32, member: u32) {
        let list = &mut self.lists[member as usize];
        list.push(partition);
        let size = list.len();
        self.lineup.resize(member, size - 1, size);
        self.owners[partition as usize] = member;
    }

    /// Takes those out of the line that have all they can get and nothing that another could have.
    fn send_away(&mut self) {
        let mut away = Vec::new();
        for &member in &self.frame.order {
            let list = &self.lists[member as usize];
            let class = self.frame.class_of[member as usize] as usize;
            let is_movable = |&p: &u32| self.subscribers[self.claims.topic(p) as usize] >= 2;
            if list.len() >= self.full[class] && !list.iter().any(is_movable) {
                self.lineup.remove(member, list.len());
                self.takes_part[member as usize] = false;
                for &topic in &self.frame.classes[class].topics {
                    self.is_fixed[topic as usize] = true;
                }
                away.push(member);
            }
        }
        if let Some(walk) = &mut self.doubled {
            walk.send_away(self.frame, &away);
        }
    }

    /// How many partitions a member has; Kafka throws for those that take no part.
    fn size(&self, member: u32) -> Result<usize, AssignError> {
        let takes_part = self.takes_part.get(member as usize).copied().unwrap_or(false);
        if takes_part {
            Ok(self.lists[member as usize].len())
        } else {
            Err(AssignError::NullPointer)
        }
    }

    /// Moves these partitions while that helps; whether any has moved.
    fn reassign(&mut self, partitions: &[u32]) -> Result<bool, AssignError> {
        let mut has_moved = false;
        let mut circle = Circle::default();
        loop {
            let mut moves = false;
            for &partition in partitions {
                if self.is_balanced()? {
                    break;
                }
                moves |= self.improve(partition)?;
            }
            if !moves {
                return Ok(has_moved);
            }
            has_moved = true;
            if circle.closes(self) {
                return Err(AssignError::Endless);
            }
        }
    }

    /// Moves a partition if its owner has two more than its previous owner, or than another
    /// subscriber. Whether it has moved, or another one of its topic in its place.
    fn improve(&mut self, partition: u32) -> Result<bool, AssignError> {
        let owner = self.owners[partition as usize];
        let size = self.size(owner)?;
        let previous = self.previous[partition as usize];
        if previous != NONE && size > self.size(previous)? + 1 {
            self.move_to(partition, previous)?;
            return Ok(true);
        }
        let topic = self.claims.topic(partition);
        if self.is_fixed[topic as usize] && !self.has_smaller(partition, owner, size)? {
            return Ok(false);
        }
        // Who is smaller decides whether it moves; it moves to the first in line, near or not.
        let first = self.lineup.first(topic).ok_or(AssignError::NullPointer)?;
        let moves = size > self.lists[first as usize].len() + 1;
        if moves {
            self.move_to(partition, first)?;
        }
        Ok(moves)
    }

    /// Whether a subscriber has two less, looked for as Kafka does: some take no part, and Kafka
    /// throws when it meets one of them first.
    fn has_smaller(&self, partition: u32, owner: u32, size: usize) -> Result<bool, AssignError> {
        let topic = self.claims.topic(partition);
        let is_subscriber = |&m: &u32| self.frame.class(m).topics.binary_search(&topic).is_ok();
        let subscribers = self.frame.order.iter().copied().filter(is_subscriber);
        if let Some(nearness) = self.nearness {
            let is_near = |m: &u32| {
                nearness.rack(*m) != NONE && !nearness.is_far(nearness.rack(*m), partition)
            };
            if is_near(&owner) {
                for other in subscribers.clone().filter(is_near) {
                    if size > self.size(other)? + 1 {
                        return Ok(true);
                    }
                }
            }
        }
        for other in subscribers {
            if size > self.size(other)? + 1 {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Moves a partition, or one of its topic that has moved the other way before.
    fn move_to(&mut self, partition: u32, to: u32) -> Result<(), AssignError> {
        let partition = self.movements.instead_of(partition, self.owners[partition as usize], to);
        let from = self.owners[partition as usize];
        let size = self.size(from)?;
        self.movements.note(partition, from, to);
        let list = &mut self.lists[from as usize];
        if let Some(place) = list.iter().position(|&p| p == partition) {
            list.remove(place);
        }
        self.lineup.resize(from, size, self.lists[from as usize].len());
        let list = &mut self.lists[to as usize];
        list.push(partition);
        self.lineup.resize(to, list.len() - 1, list.len());
        self.owners[partition as usize] = to;
        Ok(())
    }
}
