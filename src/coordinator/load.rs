//! A coordinator comes and goes: it reads its log, serves, and is unloaded (kafka-semantics 3.15,
//! 4.11, 7.4; `CoordinatorRuntime`).

use super::classic::group::{ClassicGroup, Context};
use super::classic::state::GroupState;
use super::effect::Effect;
use super::group::Group;
use super::serving::Serving;
use super::shard::Shard;
use crate::kernel::time::Instant;
use crate::model::Name;
use crate::model::error::ErrorCode;
use crate::model::fact::RebalanceReason;
use crate::model::message::group::{JoinGroupResponse, SyncGroupResponse};
use crate::model::record::Record;

/// A log whose records contradict one another. Kafka writes one where a broker loses the partition
/// and leads it again within the time that it reads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Unreadable;

impl Shard {
    /// Begins to serve an empty log.
    pub fn start(&mut self, now: Instant) {
        self.schedule_expiry(now);
    }

    /// Whether it serves.
    pub fn serving(&self) -> Serving {
        self.serving
    }

    /// The broker leads the partition now, and begins to read its log; [`Shard::load`] ends that.
    pub fn begin_loading(&mut self) {
        if self.serving == Serving::Unloaded {
            self.serving = Serving::Loading;
        }
    }

    /// Reads the log, and begins to serve: [`Shard::read`], [`Shard::begin_to_serve`]. If it cannot
    /// be read, the coordinator is unloaded, until the broker leads the partition anew.
    pub fn load(
        &mut self,
        now: Instant,
        records: impl IntoIterator<Item = (u64, Record)>,
        end: u64,
        out: &mut Vec<Effect>,
    ) {
        match self.read(now, records, end) {
            Ok(()) => self.begin_to_serve(now, out),
            Err(Unreadable) => self.unload(now, out),
        }
    }

    /// Applies records that the log held before, each with its place there. `end` is one beyond
    /// the last record of the log, which may have been compacted.
    ///
    /// # Errors
    /// A record contradicts what was read before it, which stays read.
    pub fn read(
        &mut self,
        now: Instant,
        records: impl IntoIterator<Item = (u64, Record)>,
        end: u64,
    ) -> Result<(), Unreadable> {
        for (offset, record) in records {
            if self.contradicts(&record) {
                return Err(Unreadable);
            }
            self.apply(now, offset, record, &mut Vec::new());
        }
        (self.written, self.committed) = (end, end);
        self.offsets.written(end);
        self.offsets.settle(end);
        self.created.clear();
        self.removed.clear();
        Ok(())
    }

    /// Whether a record cannot follow those that were read before it
    /// (`GroupMetadataManager.getOrMaybeCreatePersistedConsumerGroup` and its like).
    fn contradicts(&self, record: &Record) -> bool {
        let shares = record.share_group().map(|(id, _)| id);
        let Some(id) = record.consumer_group().or(shares) else { return false };
        match self.groups.get(id) {
            None => false,
            Some(Group::Consumer(group)) => shares.is_some() || group.contradicts(record),
            Some(Group::Share(group)) => shares.is_none() || group.contradicts(record),
            Some(Group::Classic(group)) => shares.is_some() || !group.is_simple(),
        }
    }

    /// The log has been read: sessions of all members begin anew.
    pub fn begin_to_serve(&mut self, now: Instant, out: &mut Vec<Effect>) {
        self.serving = Serving::Active;
        // Regular expressions are matched again: whether topics came meanwhile is not known.
        self.new_topics_version = self.image.version();
        let names: Vec<Name> = self.groups.keys().cloned().collect();
        for name in names {
            self.begin_consumer_sessions(now, &name);
            self.begin_share_sessions(now, &name);
            let max = self.config.group_max_size;
            self.with_group(now, &name, out, |group, cx| {
                for member in group.member_ids() {
                    group.restart_session(&member, cx);
                }
                if group.members.len() > max {
                    // Kafka drops what this would write.
                    let _ = group.prepare_rebalance(RebalanceReason::OverCapacity, cx);
                }
            });
        }
        self.schedule_expiry(now);
    }

    /// The broker no longer leads the partition: whoever waits is told so, and what is known is
    /// forgotten, but for what the broker knows besides the log.
    pub fn unload(&mut self, now: Instant, out: &mut Vec<Effect>) {
        while let Some(operation) = self.deferred.pop_front() {
            self.complete(now, operation, Err(ErrorCode::NotCoordinator), out);
        }
        let names: Vec<Name> = self.groups.keys().cloned().collect();
        for name in names {
            self.with_group(now, &name, out, ClassicGroup::die);
        }
        let tickets = std::mem::take(&mut self.tickets);
        *self = Shard { serving: Serving::Unloaded, tickets, ..self.successor() };
    }

    /// A coordinator of the same partition that has read nothing: it knows what the broker knows
    /// besides the log.
    pub fn successor(&self) -> Self {
        Shard {
            image: self.image.clone(),
            group_configs: self.group_configs.clone(),
            ..Shard::new(self.config.clone())
        }
    }
}

impl ClassicGroup {
    /// The group goes with its coordinator: parked requests hear of it.
    fn die(&mut self, cx: &mut Context) {
        let error_code = ErrorCode::NotCoordinator;
        self.transition(GroupState::Dead, cx.config.clock_ms(cx.now));
        for member in self.member_ids() {
            match self.previous_state() {
                GroupState::Empty | GroupState::Dead => {}
                GroupState::PreparingRebalance => {
                    let member_id = member.clone();
                    let response =
                        JoinGroupResponse { error_code, member_id, ..Default::default() };
                    self.complete_join(&member, response, cx);
                }
                GroupState::CompletingRebalance | GroupState::Stable => {
                    let response = SyncGroupResponse { error_code, ..Default::default() };
                    self.complete_sync(&member, response, cx);
                }
            }
        }
    }
}
