//! Reading from followers (KIP-392): what a follower shows, and whom a leader recommends
//! (`ReplicaManager.findPreferredReadReplica`, `RackAwareReplicaSelector`).
//!
//! A follower has a record one message after its append. How far consumers may read it hears with
//! an answer to its own fetch, and a leader answers when it has appended something for it or when
//! the follower has waited for `replica.fetch.wait.max.ms`: a high watermark that moves answers
//! nobody (`DelayedFetch`). One thread fetches everything that a broker follows of another, so a
//! record of any of these partitions brings the news.

use super::fetch::Logs;
use crate::kernel::time::{Instant, Span, first_moment};
use crate::model::id::{BrokerId, PartitionId};
use crate::model::message::fetch::FetchPartition;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// A follower as its readers and its leader see it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Follower {
    /// Who.
    pub broker: BrokerId,
    /// One way from its leader.
    pub one_way: Span,
    /// There and back.
    pub round_trip: Span,
    /// If it does not follow: it holds what its leader had appended by then.
    pub holds: Option<Instant>,
}

impl Follower {
    /// What it has at `at` had been appended by then.
    fn has_what_was_there(&self, at: Instant) -> Instant {
        self.behind_by(self.one_way, at)
    }

    /// What its leader knows it to have had been appended by then.
    fn is_known_to_have(&self, at: Instant) -> Instant {
        self.behind_by(self.round_trip, at)
    }

    fn behind_by(&self, span: Span, at: Instant) -> Instant {
        let following = Instant::from_us(at.as_us().saturating_sub(span.as_us()));
        self.holds.map_or(following, |holds| holds.min(following))
    }
}

/// Who may be read besides leaders; nobody unless `replica.selector.class` says so.
#[derive(Debug, Default)]
pub struct Followed {
    /// `replica.fetch.wait.max.ms`
    pub wait: Span,
    /// By partition: its leader and its followers.
    of: BTreeMap<PartitionId, (BrokerId, Vec<Follower>)>,
    /// By leader and follower: what is fetched together.
    together: BTreeMap<(BrokerId, BrokerId), Vec<PartitionId>>,
}

impl Followed {
    /// From now on these follow the leader of a partition.
    pub fn follow(&mut self, partition: PartitionId, leader: BrokerId, followers: Vec<Follower>) {
        if let Some((before, gone)) = self.of.remove(&partition) {
            for follower in gone {
                let together = self.together.entry((before, follower.broker)).or_default();
                together.retain(|&other| other != partition);
            }
        }
        for follower in &followers {
            self.together.entry((leader, follower.broker)).or_default().push(partition);
        }
        self.of.insert(partition, (leader, followers));
    }

    fn follower(&self, partition: PartitionId, broker: BrokerId) -> Option<(BrokerId, Follower)> {
        let (leader, followers) = self.of.get(&partition)?;
        let follower = followers.iter().find(|follower| follower.broker == broker)?;
        Some((*leader, *follower))
    }
}

impl Logs {
    /// Whether a broker is read as a follower of a partition.
    pub(super) fn follows(&self, partition: PartitionId, broker: BrokerId) -> bool {
        self.followed.follower(partition, broker).is_some()
    }

    /// One beyond the last offset that a consumer may read of a partition at `broker`.
    pub(super) fn shown_end(
        &mut self,
        partition: PartitionId,
        broker: BrokerId,
        at: Instant,
    ) -> u64 {
        let seen = match self.followed.follower(partition, broker) {
            Some((leader, follower)) => self.heard(leader, follower, at),
            None => at,
        };
        self.partitions[partition.index()].visible_end(seen, &mut self.producers)
    }

    /// When a fetch has something to read of a partition at `broker`, looking from `from` on to
    /// `horizon`; `None`: not within.
    pub(super) fn shown_from(
        &mut self,
        fetch: &FetchPartition,
        broker: BrokerId,
        from: Instant,
        horizon: Instant,
    ) -> Option<Instant> {
        if !self.follows(fetch.partition, broker) {
            let log = &self.partitions[fetch.partition.index()];
            return log.visible_from(fetch.from, from, horizon, &mut self.producers);
        }
        let mut shown = |at| self.shown_end(fetch.partition, broker, at) > fetch.from;
        if shown(from) {
            return Some(from);
        }
        shown(horizon).then(|| first_moment(from, horizon, shown))
    }

    /// One beyond the last offset that `broker` has of a partition.
    pub(super) fn held_end(
        &mut self,
        partition: PartitionId,
        broker: BrokerId,
        at: Instant,
    ) -> u64 {
        let follower = self.followed.follower(partition, broker);
        let then = follower.map_or(at, |(_, follower)| follower.has_what_was_there(at));
        self.partitions[partition.index()].end(then, &mut self.producers)
    }

    /// When the last answer left the leader that a follower has at `at`.
    fn heard(&mut self, leader: BrokerId, follower: Follower, at: Instant) -> Instant {
        let latest = follower.has_what_was_there(at);
        let waited = Instant::from_us(latest.as_us().saturating_sub(self.followed.wait.as_us()));
        let together = self.followed.together.get(&(leader, follower.broker));
        let together = together.map_or(&[][..], Vec::as_slice);
        let (logs, producers) = (&self.partitions, &mut self.producers);
        let mut appended = |at: Instant| -> u64 {
            together.iter().map(|partition| logs[partition.index()].end(at, producers)).sum()
        };
        let all = appended(latest);
        if appended(waited) == all {
            return waited;
        }
        first_moment(waited, latest, |at| appended(at) == all)
    }

    /// The replica that a leader recommends among those that are in sync and in the client's rack:
    /// the one that has most.
    pub fn nearest(
        &mut self,
        fetch: &FetchPartition,
        leader: BrokerId,
        at: Instant,
        is_near: impl Fn(BrokerId) -> bool,
    ) -> Option<BrokerId> {
        let (leads, followers) = self.followed.of.get(&fetch.partition)?;
        let log = &self.partitions[fetch.partition.index()];
        if *leads != leader || !log.refusal(leader, fetch.leader_epoch, at).is_none() {
            return None;
        }
        let producers = &mut self.producers;
        let near = followers.iter().filter(|follower| is_near(follower.broker));
        let known = near.map(|follower| {
            let end = log.end(follower.is_known_to_have(at), producers);
            (end, Reverse(follower.holds.is_some()), follower.broker)
        });
        let can = known.filter(|&(end, ..)| (log.start()..=end).contains(&fetch.from));
        can.max().map(|(_, _, broker)| broker)
    }
}
