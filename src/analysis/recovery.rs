//! Recovery after a fault: detection, rebalance, catch-up.

use super::gauge::Gauge;
use super::history::{Against, History, lag, lag_at};
use super::ownership::tenures;
use crate::kernel::time::{Instant, Span};
use crate::model::fact::{Fact, GroupFact};
use crate::model::id::{ConsumerId, GroupId, PartitionId};
use crate::world::Run;

/// What became of a group after an event had struck one or more of its members.
#[derive(Clone, PartialEq, Debug)]
pub struct Recovery {
    /// Which `[[events]]` block, from 0.
    pub event: usize,
    /// When it struck.
    pub at: Instant,
    /// The group.
    pub group: GroupId,
    /// Whom it struck.
    pub consumers: Vec<ConsumerId>,
    /// What they owned.
    pub partitions: Vec<PartitionId>,
    /// When the coordinator had removed the last of them.
    pub detected: Option<Instant>,
    /// When the last of their partitions had a new owner.
    pub reassigned: Option<Instant>,
    /// When the lag of those partitions was back at its level before.
    pub caught_up: Option<Instant>,
}

impl Recovery {
    /// Fault → the coordinator removed the member.
    pub fn detection(&self) -> Option<Span> {
        self.detected.map(|at| at.since(self.at))
    }

    /// Removal → new owner assigned.
    pub fn rebalance(&self) -> Option<Span> {
        Some(self.reassigned?.since(self.detected?))
    }

    /// New owner assigned → lag back to its level before.
    pub fn catch_up(&self) -> Option<Span> {
        Some(self.caught_up?.since(self.reassigned?))
    }
}

/// Recoveries of all events that struck consumers who owned something, in order.
pub fn recoveries(run: &mut Run, end: Instant) -> Vec<Recovery> {
    let mut all = Vec::new();
    let struck: Vec<(Instant, usize, Vec<ConsumerId>)> = run
        .trace
        .facts
        .iter()
        .filter_map(|(at, fact)| match fact {
            Fact::Struck { event, consumers } => Some((*at, *event, consumers.clone())),
            _ => None,
        })
        .collect();
    for (at, event, consumers) in struck {
        let mut groups: Vec<GroupId> =
            consumers.iter().map(|c| run.trace.consumers[c.index()].group).collect();
        groups.sort_unstable();
        groups.dedup();
        for group in groups {
            let ours = |c: &&ConsumerId| run.trace.consumers[c.index()].group == group;
            let consumers: Vec<ConsumerId> = consumers.iter().filter(ours).copied().collect();
            all.extend(recovery(run, event, at, group, consumers, end));
        }
    }
    all
}

fn recovery(
    run: &mut Run,
    event: usize,
    at: Instant,
    group: GroupId,
    consumers: Vec<ConsumerId>,
    end: Instant,
) -> Option<Recovery> {
    let tenures = tenures(&run.trace, group, end);
    let held = tenures.iter().filter(|t| consumers.contains(&t.owner) && t.from < at && at <= t.to);
    let partitions: Vec<PartitionId> = held.map(|tenure| tenure.partition).collect();
    let removed = |consumer: &ConsumerId| {
        run.trace.facts.iter().find_map(|(when, fact)| match fact {
            Fact::Group { what: GroupFact::MemberRemoved { consumer: c, .. }, .. }
                if c == consumer && *when >= at =>
            {
                Some(*when)
            }
            _ => None,
        })
    };
    let detected: Option<Instant> =
        consumers.iter().map(removed).collect::<Option<Vec<_>>>()?.into_iter().max();
    let since = detected?;
    let next_owner = |&partition: &PartitionId| {
        let next = tenures.iter().filter(|t| t.partition == partition && t.from >= since);
        next.map(|tenure| tenure.from).min()
    };
    let reassigned: Option<Vec<Instant>> = partitions.iter().map(next_owner).collect();
    let reassigned = reassigned.and_then(|moments| moments.into_iter().max());
    let caught_up = reassigned.and_then(|from| caught_up(run, group, &partitions, at, from, end));
    Some(Recovery { event, at, group, consumers, partitions, detected, reassigned, caught_up })
}

/// The first moment from `from` on at which these partitions lag no more than just before `at`.
fn caught_up(
    run: &mut Run,
    group: GroupId,
    partitions: &[PartitionId],
    at: Instant,
    from: Instant,
    end: Instant,
) -> Option<Instant> {
    let histories = History::of(run, group, partitions, end);
    let just_before = Instant::from_us(at.as_us().saturating_sub(1));
    let level = lag_at(run, &histories, Against::Committed, just_before);
    lag(run, &histories, Against::Committed, from, end).first_at_most(level as f64, from)
}

/// Lag of the partitions that an event left without their owner, over (from, to].
pub fn lag_during(run: &mut Run, recovery: &Recovery, from: Instant, to: Instant) -> Gauge {
    let end = run.trace.samples.times.last().map_or(to, |&end| end.max(to));
    let histories = History::of(run, recovery.group, &recovery.partitions, end);
    lag(run, &histories, Against::Committed, from, to)
}
