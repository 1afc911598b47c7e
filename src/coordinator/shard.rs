//! One partition's coordinator: requests and timers in, replies and records out.
//!
//! An operation first decides, then writes, then answers: its records go to the log, memory
//! follows them, and the reply leaves when they are committed. Replies of later operations that
//! saw uncommitted memory wait too (`CoordinatorRuntime`, kafka-semantics 7.3).

use super::classic::group::{ClassicGroup, Context};
use super::committed::{Ghost, Removed};
use super::config::{CoordinatorConfig, GroupConfig};
use super::consumer::Undo;
use super::consumer::group::ConsumerGroup;
use super::effect::Effect;
use super::group::Group;
use super::image::TopicImage;
use super::offsets::Offsets;
use super::serving::Serving;
use super::share::Before;
use super::tickets::Tickets;
use super::timer::{TimerEvent, TimerName};
use super::write::{FollowUp, OnError, Then, Write};
use crate::kernel::time::Instant;
use crate::kernel::timeline_map::TimelineMap;
use crate::kernel::timers::Timers;
use crate::model::Name;
use crate::model::error::ErrorCode;
use crate::model::record::Record;
use std::collections::{BTreeMap, VecDeque};

/// The coordinator of the groups of one partition of `__consumer_offsets`.
#[derive(Debug, Default)]
pub struct Shard {
    pub(super) config: CoordinatorConfig,
    pub(super) serving: Serving,
    pub(super) groups: TimelineMap<Name, Group>,
    pub(super) offsets: Offsets,
    pub(super) image: TopicImage,
    /// Version of the image in which topics last came into being.
    pub(super) new_topics_version: i64,
    pub(super) group_configs: BTreeMap<Name, GroupConfig>,
    pub(super) timers: Timers<TimerName, TimerEvent>,
    pub(super) tickets: Tickets,
    /// Groups that are not committed yet, with the end of the log when they came into being. If
    /// the log refuses the first batch since then, they have never been.
    pub(super) created: BTreeMap<Name, u64>,
    /// Classic groups that records have removed which are not committed yet.
    pub(super) removed: VecDeque<Removed>,
    /// What records that are not committed yet have replaced in consumer groups, with the end of
    /// their batch.
    pub(super) replaced: VecDeque<(u64, Name, Undo)>,
    /// The same for share groups.
    pub(super) replaced_shares: VecDeque<(u64, Before)>,
    /// The classic group that takes a consumer group's place with the batch on its way, and
    /// whether it rebalances.
    pub(super) becoming: Option<(Box<ClassicGroup>, bool)>,
    /// Empty consumer groups that made room for classic ones without records, until the next batch.
    pub(super) displaced: Vec<ConsumerGroup>,
    /// Members that a refused batch had replaced.
    pub(super) ghosts: Vec<Ghost>,
    /// The operation whose records are on their way into the log.
    pub(super) appending: Option<Deferred>,
    /// Operations that wait for the high watermark to pass their records.
    pub(super) deferred: VecDeque<Deferred>,
    /// Operations whose turn comes when nothing is on its way into the log.
    pub(super) follow_ups: VecDeque<FollowUp>,
    /// One beyond the last record written, and the same for the last committed.
    pub(super) written: u64,
    pub(super) committed: u64,
    pub(super) writes: u64,
}

/// An operation that waits for its records.
#[derive(Debug)]
pub(super) struct Deferred {
    id: u64,
    /// One beyond its last record.
    end: u64,
    write: Write,
    on_error: Option<OnError>,
}

impl Shard {
    /// A coordinator that knows nothing yet.
    pub fn new(config: CoordinatorConfig) -> Self {
        Shard { config, ..Shard::default() }
    }

    /// The classic group of this name.
    pub(super) fn classic_group(&self, id: &Name) -> Option<&ClassicGroup> {
        self.groups.get(id)?.as_classic()
    }

    /// Runs `f` on the classic group `name`, if there is one.
    pub(super) fn with_group<T>(
        &mut self,
        now: Instant,
        name: &Name,
        out: &mut Vec<Effect>,
        f: impl FnOnce(&mut ClassicGroup, &mut Context) -> T,
    ) -> Option<T> {
        let group = self.groups.get_mut(name)?.as_classic_mut()?;
        let (config, timers) = (&self.config, &mut self.timers);
        let mut cx = Context { now, config, timers, tickets: &mut self.tickets, out };
        Some(f(group, &mut cx))
    }

    /// A classic group comes into being.
    pub(super) fn create_group(&mut self, now: Instant, id: &Name) {
        let group = ClassicGroup::new(id.clone(), self.config.clock_ms(now));
        self.groups.put(id.clone(), group.into());
        self.created.insert(id.clone(), self.written);
    }

    /// Ends an operation: appends its records, or answers.
    pub(super) fn finish(
        &mut self,
        now: Instant,
        outcome: Result<Write, ErrorCode>,
        on_error: Option<OnError>,
        out: &mut Vec<Effect>,
    ) {
        let write = match outcome {
            // Also a request that is only parked waits for what was written before it.
            Ok(write)
                if write.is_nothing() && (on_error.is_none() || self.committed == self.written) =>
            {
                return;
            }
            Ok(write) => write,
            Err(code) => return self.tickets.refuse(on_error, code, out),
        };
        self.writes += 1;
        let mut operation = Deferred { id: self.writes, end: self.written, write, on_error };
        if operation.write.records.is_empty() {
            if self.committed < self.written {
                self.defer(now, operation);
            } else {
                self.complete(now, operation, Ok(()), out);
                self.follow_up(now, out);
            }
            return;
        }
        let records: Vec<Record> = operation.write.records.iter().map(Record::written).collect();
        if !operation.write.apply {
            operation.write.records.clear();
        }
        operation.end += records.len() as u64;
        self.appending = Some(operation);
        out.push(Effect::Append { records });
    }

    fn defer(&mut self, now: Instant, operation: Deferred) {
        let name = TimerName::Write(operation.id);
        self.timers.schedule(&name, now + self.config.write_timeout, TimerEvent::ExpireWrite);
        self.deferred.push_back(operation);
    }

    /// The log took the batch of the last [`Effect::Append`], and ends here now, or refused it.
    ///
    /// A coordinator that expected another end is out of step with the log: it is unloaded, and
    /// [`Serving::Loading`] from then on (`CoordinatorContext.flushCurrentBatch`).
    pub fn appended(
        &mut self,
        now: Instant,
        result: Result<u64, ErrorCode>,
        out: &mut Vec<Effect>,
    ) {
        let mut operation = self.appending.take().expect("a batch was on its way");
        let becoming = self.becoming.take();
        match result {
            Ok(end) if end != operation.end => {
                self.deferred.push_back(operation);
                self.unload(now, out);
                return self.begin_loading();
            }
            Ok(_) => {
                self.drop_ghosts(&operation.write.records);
                let first = std::mem::replace(&mut self.written, operation.end);
                let mut replaced = Vec::new();
                let befores = self.share_groups_before(&operation.write.records).into_iter();
                self.replaced_shares.extend(befores.map(|before| (operation.end, before)));
                for (offset, record) in (first..).zip(std::mem::take(&mut operation.write.records))
                {
                    self.apply(now, offset, record, &mut replaced);
                }
                self.offsets.written(self.written);
                for group in std::mem::take(&mut self.displaced) {
                    replaced.push((group.id.clone(), Undo::Removed(Box::new(group))));
                }
                let replaced = replaced.into_iter();
                self.replaced.extend(replaced.map(|(group, undo)| (operation.end, group, undo)));
                if let Some((group, rebalance)) = becoming {
                    let id = group.id.clone();
                    self.groups.put(id.clone(), Group::Classic(group));
                    self.with_group(now, &id, out, |group, cx| group.take_place(rebalance, cx));
                }
                self.defer(now, operation);
            }
            Err(code) => {
                if let Some((mut group, rebalance)) = becoming {
                    // The group goes back to what it was, but the timers stay.
                    let (config, timers) = (&self.config, &mut self.timers);
                    let (tickets, out) = (&mut self.tickets, &mut Vec::new());
                    let mut cx = Context { now, config, timers, tickets, out };
                    group.take_place(rebalance, &mut cx);
                }
                self.offsets.apply_in_vain(self.written, &operation.write.records);
                self.apply_in_vain(now, std::mem::take(&mut operation.write.records));
                let written = self.written;
                for (group, _) in self.created.extract_if(.., |_, at| *at == written) {
                    self.groups.remove(&group);
                }
                for group in std::mem::take(&mut self.displaced) {
                    self.groups.put(group.id.clone(), group.into());
                }
                self.complete(now, operation, Err(code), out);
            }
        }
        self.follow_up(now, out);
    }

    /// The high watermark reached `end`, one beyond the last record that is committed.
    pub fn committed(&mut self, now: Instant, end: u64, out: &mut Vec<Effect>) {
        if self.serving != Serving::Active {
            return;
        }
        self.committed = self.committed.max(end);
        self.offsets.settle(self.committed);
        self.created.retain(|_, at| *at >= self.committed);
        while self.removed.pop_front_if(|removed| removed.end <= self.committed).is_some() {}
        self.ghosts.retain(|ghost| ghost.written >= self.committed);
        while self.replaced.pop_front_if(|(end, _, _)| *end <= self.committed).is_some() {}
        while self.replaced_shares.pop_front_if(|(end, _)| *end <= self.committed).is_some() {}
        while self.deferred.front().is_some_and(|operation| operation.end <= self.committed) {
            let operation = self.deferred.pop_front().expect("just seen");
            self.timers.cancel(&TimerName::Write(operation.id));
            self.complete(now, operation, Ok(()), out);
        }
        self.follow_up(now, out);
    }

    /// Runs operations that waited, after everything that waited for the same records.
    pub(super) fn follow_up(&mut self, now: Instant, out: &mut Vec<Effect>) {
        while self.appending.is_none() {
            let Some(next) = self.follow_ups.pop_front() else { return };
            match next {
                FollowUp::Delete(deletion) => self.delete_now(now, deletion, out),
                FollowUp::ForgetTopics(deleted) => {
                    let records = self.forget_topics(&deleted);
                    let write = Write { records, apply: true, ..Write::default() };
                    self.finish(now, Ok(write), None, out);
                }
                FollowUp::Initialized { group, partitions } => {
                    self.partitions_initialized(now, &group, partitions, out);
                }
                FollowUp::InitializedInVain { group, partitions } => {
                    self.partitions_initialized_in_vain(now, &group, &partitions, out);
                }
            }
        }
    }

    pub(super) fn complete(
        &mut self,
        now: Instant,
        operation: Deferred,
        written: Result<(), ErrorCode>,
        out: &mut Vec<Effect>,
    ) {
        match operation.write.then {
            Then::Nothing => {}
            Then::Timer(name, event) => {
                if written.is_err() {
                    self.retry(now, &name, event);
                }
            }
            Then::Assign { group, generation, assignment } => {
                self.with_group(now, &group, out, |group, cx| {
                    group.finish_assignment(generation, assignment, written, cx);
                });
            }
            Then::Timers { group, timers } => {
                if written.is_ok() {
                    self.set_timers(now, &group, timers);
                }
            }
            Then::Initialize { group, partitions } => {
                if written.is_ok() {
                    self.follow_ups.push_back(FollowUp::Initialized { group, partitions });
                }
            }
            Then::Initialized { group, partitions } => {
                if written.is_err() {
                    let next = FollowUp::InitializedInVain { group, partitions };
                    self.follow_ups.push_back(next);
                }
            }
            Then::Delete(deletion) => {
                if written.is_ok() {
                    self.follow_ups.push_back(FollowUp::Delete(deletion));
                }
            }
            Then::ReplaceStatic(replacement) => {
                let group = replacement.group.clone();
                self.with_group(now, &group, out, |group, cx| {
                    group.finish_replacement(*replacement, written, cx);
                });
            }
        }
        match written {
            Err(code) => self.tickets.refuse(operation.on_error, code, out),
            Ok(()) => {
                if let Some((ticket, response)) = operation.write.reply {
                    self.tickets.answer(ticket, response, out);
                }
            }
        }
    }

    pub(super) fn expire_write(&mut self, now: Instant, id: u64, out: &mut Vec<Effect>) {
        let Some(at) = self.deferred.iter().position(|operation| operation.id == id) else {
            return;
        };
        let operation = self.deferred.remove(at).expect("just found");
        self.complete(now, operation, Err(ErrorCode::RequestTimedOut), out);
        self.follow_up(now, out);
    }

    /// Changes memory as a record says: the only way in which durable state changes.
    /// `offset` is the record's place in the log; `replaced` gets what it replaced in a consumer
    /// group.
    pub(super) fn apply(
        &mut self,
        now: Instant,
        offset: u64,
        record: Record,
        replaced: &mut Vec<(Name, Undo)>,
    ) {
        match record {
            Record::GroupMetadata { key, value: Some(value) } => {
                let group = ClassicGroup::from_record(key.group.clone(), value);
                self.groups.put(key.group, group.into());
            }
            Record::GroupMetadata { key, value: None } => {
                let created = self.created.remove(&key.group);
                if let Some(Group::Classic(group)) = self.groups.remove(&key.group) {
                    self.removed.push_back(Removed { end: self.written, created, group });
                }
            }
            Record::OffsetCommit { .. } | Record::EndTransaction { .. } => {
                // Who commits without membership has a group all the same.
                if let Record::OffsetCommit { key, value: Some(_), .. } = &record
                    && !self.groups.contains_key(&key.group)
                {
                    self.create_group(now, &key.group);
                }
                self.offsets.apply(offset, &record);
            }
            record if record.share_group().is_some() => {
                self.apply_share(record, self.config.clock_ms(now));
            }
            record => self.apply_consumer(record, replaced),
        }
    }
}
