//! A coordinator comes and goes: it reads its log, serves, and is unloaded (kafka-semantics 3.15,
//! 4.11, 7.4; `CoordinatorRuntime`).

use super::classic::group::{ClassicGroup, Context};
use super::classic::state::GroupState;
use super::effect::Effect;
use super::serving::Serving;
use super::shard::Shard;
use crate::kernel::time::Instant;
use crate::model::Name;
use crate::model::error::ErrorCode;
use crate::model::fact::RebalanceReason;
use crate::model::message::group::{JoinGroupResponse, SyncGroupResponse};
use crate::model::record::Record;

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

    /// Reads the log, and begins to serve: [`Shard::read`], [`Shard::begin_to_serve`].
    pub fn load(
        &mut self,
        now: Instant,
        records: impl IntoIterator<Item = (u64, Record)>,
        end: u64,
        out: &mut Vec<Effect>,
    ) {
        self.read(now, records, end);
        self.begin_to_serve(now, out);
    }

    /// Applies records that the log held before, each with its place there. `end` is one beyond
    /// the last record of the log, which may have been compacted.
    pub fn read(
        &mut self,
        now: Instant,
        records: impl IntoIterator<Item = (u64, Record)>,
        end: u64,
    ) {
        for (offset, record) in records {
            self.apply(now, offset, record, &mut Vec::new());
        }
        (self.written, self.committed) = (end, end);
        self.offsets.written(end);
        self.offsets.settle(end);
        self.created.clear();
        self.removed.clear();
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
        let old = std::mem::replace(self, Shard::new(self.config.clone()));
        self.serving = Serving::Unloaded;
        self.image = old.image;
        self.group_configs = old.group_configs;
        self.tickets = old.tickets;
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
