//! Who of a partition's replicas has which part of the leader's log (kafka-semantics 9.3).
//!
//! A replica that follows is one message behind its leader. One that has lost its leader, or that
//! is lost itself, stays where it was; so what a replica holds is told by a moment: everything
//! that the leader had appended by then.

use crate::kernel::time::{Instant, Span};
use crate::model::id::BrokerId;
use std::collections::BTreeMap;

/// The replicas of a partition other than its leader.
#[derive(Clone, Debug)]
pub struct Followers {
    /// Who does not follow.
    stuck: BTreeMap<BrokerId, Stuck>,
    /// When somebody may have caught up.
    pub returns_at: Instant,
    /// When the leader looks whether somebody has been behind for too long.
    pub shrinks_at: Instant,
}

/// A replica that does not follow.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stuck {
    /// It holds what the leader had appended by then.
    pub holds: Instant,
    /// When its leader saw it caught up last.
    pub since: Instant,
    /// When it will have caught up, if it is about to.
    pub follows_at: Option<Instant>,
}

impl Default for Followers {
    fn default() -> Self {
        Followers { stuck: BTreeMap::new(), returns_at: Instant::NEVER, shrinks_at: Instant::NEVER }
    }
}

impl Followers {
    /// Whether a replica follows its leader.
    pub fn follows(&self, replica: BrokerId) -> bool {
        !self.stuck.contains_key(&replica)
    }

    /// A replica that does not.
    pub fn stuck(&self, replica: BrokerId) -> Option<Stuck> {
        self.stuck.get(&replica).copied()
    }

    /// A replica stops following: it holds what was appended before a message's way ago.
    pub fn stop(&mut self, replica: BrokerId, now: Instant, one_way: Span) {
        let holds = Instant::from_us(now.as_us().saturating_sub(one_way.as_us()));
        let stuck = Stuck { holds, since: now, follows_at: None };
        self.stuck.entry(replica).or_insert(stuck).follows_at = None;
    }

    /// A replica reaches its leader again, and will have caught up then.
    pub fn catch_up(&mut self, replica: BrokerId, at: Instant) {
        if let Some(stuck) = self.stuck.get_mut(&replica) {
            stuck.follows_at.get_or_insert(at);
        }
    }

    /// A replica has caught up, and follows again.
    pub fn resume(&mut self, replica: BrokerId) {
        self.stuck.remove(&replica);
    }

    /// Up to when a replica holds what its leader has appended.
    pub fn holds(&self, replica: BrokerId, now: Instant, one_way: Span) -> Instant {
        let following = Instant::from_us(now.as_us().saturating_sub(one_way.as_us()));
        self.stuck.get(&replica).map_or(following, |stuck| stuck.holds)
    }

    /// Up to when those who do not follow hold what the leader has appended.
    pub fn held(&self) -> impl Iterator<Item = Instant> + Clone {
        self.stuck.values().map(|stuck| stuck.holds)
    }

    /// Another replica leads, which held the log up to a moment: nobody holds more. It takes
    /// everybody for caught up at first (`Partition.makeLeader`).
    pub fn lead(&mut self, leader: BrokerId, holds: Instant, now: Instant) {
        self.stuck.remove(&leader);
        for stuck in self.stuck.values_mut() {
            (stuck.holds, stuck.since) = (stuck.holds.min(holds), now);
        }
    }
}
