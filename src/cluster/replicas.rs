//! Who of a partition's replicas has which part of the leader's log (kafka-semantics 9.3).
//!
//! A replica that follows is one message behind its leader. One that has lost its leader, or that
//! is lost itself, stays where it was; so what a replica holds is told by a moment: everything
//! that the leader had appended by then.

use crate::kernel::time::{Instant, Span};
use crate::model::id::BrokerId;
use std::collections::BTreeMap;

/// The replicas of a partition other than its leader.
#[derive(Clone, Debug, Default)]
pub struct Followers {
    /// Who does not follow, with what it holds.
    stuck: BTreeMap<BrokerId, Instant>,
}

impl Followers {
    /// Whether a replica follows its leader.
    pub fn follows(&self, replica: BrokerId) -> bool {
        !self.stuck.contains_key(&replica)
    }

    /// A replica stops following: it holds what was appended before a message's way ago.
    pub fn stop(&mut self, replica: BrokerId, now: Instant, one_way: Span) {
        let holds = Instant::from_us(now.as_us().saturating_sub(one_way.as_us()));
        self.stuck.entry(replica).or_insert(holds);
    }

    /// A replica has caught up, and follows again.
    pub fn resume(&mut self, replica: BrokerId) {
        self.stuck.remove(&replica);
    }

    /// Up to when a replica holds what its leader has appended.
    pub fn holds(&self, replica: BrokerId, now: Instant, one_way: Span) -> Instant {
        let following = Instant::from_us(now.as_us().saturating_sub(one_way.as_us()));
        self.stuck.get(&replica).copied().unwrap_or(following)
    }

    /// Another replica leads, which held the log up to a moment: nobody holds more.
    pub fn lead(&mut self, leader: BrokerId, holds: Instant) {
        self.stuck.remove(&leader);
        for stuck in self.stuck.values_mut() {
            *stuck = (*stuck).min(holds);
        }
    }
}
