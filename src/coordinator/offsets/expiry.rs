//! Offsets that nobody has needed for long go, and with the last of them an empty group
//! (kafka-semantics 7.5; `GroupCoordinatorShard.cleanupGroupMetadata`).

use super::store::{Key, Stored, tombstone_of};
use crate::coordinator::classic::group::ClassicGroup;
use crate::coordinator::classic::state::GroupState;
use crate::coordinator::effect::Effect;
use crate::coordinator::group::Group;
use crate::coordinator::shard::Shard;
use crate::coordinator::timer::{TimerEvent, TimerName};
use crate::coordinator::write::{Then, Write};
use crate::kernel::time::Instant;
use crate::kernel::timeline_table::LATEST;
use crate::model::Name;
use crate::model::record::Record;

/// From when on the retention of an offset counts.
#[derive(Clone, Copy)]
enum Since {
    /// From its commit.
    Commit,
    /// From this moment (ms of the coordinator's clock).
    Moment(i64),
}

impl Shard {
    /// The next search for expired offsets is due after `offsets.retention.check.interval.ms`.
    pub(in crate::coordinator) fn schedule_expiry(&mut self, now: Instant) {
        let at = now + self.config.offsets_retention_check_interval;
        self.timers.schedule(&TimerName::Expiry, at, TimerEvent::ExpireOffsets);
    }

    /// Takes expired offsets away, and groups that have nothing else.
    pub(in crate::coordinator) fn expire_offsets(&mut self, now: Instant, out: &mut Vec<Effect>) {
        let mut records = Vec::new();
        for (id, group) in self.groups.iter() {
            let tombstones = match group {
                // Share groups keep no offsets here.
                Group::Share(_) => continue,
                Group::Classic(group) if group.state() == GroupState::Empty => {
                    Some(vec![group.tombstone()])
                }
                Group::Classic(_) => None,
                Group::Consumer(group) => group.tombstones(),
            };
            if self.expire_offsets_of(now, id, group, &mut records) {
                records.extend(tombstones.into_iter().flatten());
            }
        }
        self.schedule_expiry(now);
        let then = Then::Timer(TimerName::Expiry, TimerEvent::ExpireOffsets);
        let write = Write { records, apply: true, then, ..Write::default() };
        self.finish(now, Ok(write), None, out);
    }

    /// Adds tombstones for the expired offsets of a group; whether it keeps none, also not of
    /// transactions.
    fn expire_offsets_of(
        &self,
        now: Instant,
        id: &Name,
        group: &Group,
        records: &mut Vec<Record>,
    ) -> bool {
        let stored = &self.offsets.stored;
        let Some(topics) = stored.descend(self.offsets.committed(), &[id.into()], LATEST) else {
            return !self.offsets.has_open(id);
        };
        let since = match group {
            Group::Classic(group) => retention_of(group),
            Group::Consumer(_) | Group::Share(_) => Some(Since::Commit),
        };
        let Some(since) = since else { return false };
        let clock = self.config.clock_ms(now);
        let mut none_left = true;
        for (topic, partitions) in stored.children(topics, LATEST) {
            let Key::Name(topic) = topic else { continue };
            if group.is_subscribed_to(topic) {
                none_left = false;
                continue;
            }
            for (partition, offset) in stored.leaves(partitions, LATEST) {
                let Key::Number(partition) = partition else { continue };
                let Ok(partition) = u32::try_from(*partition) else { continue };
                let expired = is_expired(offset, since, clock, self.config.offsets_retention_ms);
                if expired && !self.offsets.is_open(id, topic, partition) {
                    records.push(tombstone_of(id, topic, partition));
                } else {
                    none_left = false;
                }
            }
        }
        none_left && !self.offsets.has_open(id)
    }
}

/// From when on the retention of a group's offsets counts; `None`: they do not expire now.
fn retention_of(group: &ClassicGroup) -> Option<Since> {
    match group.state() {
        _ if group.protocol_type.is_none() => Some(Since::Commit),
        GroupState::Empty => Some(group.state_timestamp_ms.map_or(Since::Commit, Since::Moment)),
        GroupState::Stable
            if group.uses_consumer_protocol() && group.subscribed_topics.is_some() =>
        {
            Some(Since::Commit)
        }
        _ => None,
    }
}

fn is_expired(offset: &Stored, since: Since, clock_ms: i64, retention_ms: i64) -> bool {
    let value = &offset.value;
    match (value.expire_timestamp, since) {
        (-1, Since::Commit) => clock_ms - value.commit_timestamp >= retention_ms,
        (-1, Since::Moment(since)) => clock_ms - since >= retention_ms,
        (at, _) => clock_ms >= at,
    }
}
