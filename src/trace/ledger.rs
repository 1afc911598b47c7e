//! Every record accounted for: processed once, processed again and why, skipped and why, waiting.
//!
//! Per group and partition, offsets up to a frontier are processed or skipped, everything beyond
//! it waits. An owner that begins below the frontier repeats what was not committed, and one that
//! begins beyond it skips records; both need a cause. After a log was cut its offsets mean other
//! records: a record is its offset and the epoch of the leader that it was read from.

mod account;
mod habits;
mod log;

pub use account::{Account, Gone, Jump, Repetition};
pub use log::{Cut, LogAccount, Repeat};

use super::blame::Blames;
use super::cause::{Cause, How};
use super::live::{Live, held};
use crate::kernel::time::Instant;
use crate::model::fact::{ConsumerFact, Fact, GroupFact, PartitionFact, PositionSource, Processed};
use crate::model::id::{ConsumerId, GroupId, PartitionId};
use crate::scenario::Scenario;
use account::Beginning;
use habits::Habits;

/// The accounts of all groups, and of all logs.
#[derive(Debug)]
pub struct Ledger {
    accounts: Vec<Vec<Option<Box<Account>>>>,
    logs: Vec<LogAccount>,
    /// By group.
    habits: Vec<Habits>,
    blames: Blames,
    /// Distinct records and repetitions by group.
    totals: Vec<(u64, u64)>,
}

impl Ledger {
    pub(super) fn new(scenario: &Scenario, partitions: usize) -> Self {
        let groups = &scenario.groups;
        Ledger {
            accounts: vec![vec![None; partitions]; groups.len()],
            logs: vec![LogAccount::default(); partitions],
            habits: groups.iter().map(Habits::of).collect(),
            blames: Blames::new(scenario),
            totals: vec![(0, 0); groups.len()],
        }
    }

    pub(super) fn add_consumer(&mut self) {
        self.blames.add_consumer();
    }

    /// The account of a partition; `None`: the group never came near it.
    pub fn account(&self, group: GroupId, partition: PartitionId) -> Option<&Account> {
        self.accounts[group.index()][partition.index()].as_deref()
    }

    /// All accounts of a group.
    pub fn accounts(&self, group: GroupId) -> impl Iterator<Item = (PartitionId, &Account)> {
        let rows = self.accounts[group.index()].iter().enumerate();
        rows.filter_map(|(index, account)| Some((PartitionId::new(index), account.as_deref()?)))
    }

    /// All groups.
    pub fn groups(&self) -> impl Iterator<Item = GroupId> + use<> {
        (0..self.accounts.len()).map(GroupId::new)
    }

    /// What became of the records of a partition's log.
    pub fn log(&self, partition: PartitionId) -> &LogAccount {
        &self.logs[partition.index()]
    }

    /// Distinct records that a group has processed, and attempts beyond the first.
    pub fn totals(&self, group: GroupId) -> (u64, u64) {
        self.totals[group.index()]
    }

    fn account_mut(&mut self, group: GroupId, partition: PartitionId) -> &mut Account {
        self.accounts[group.index()][partition.index()].get_or_insert_default()
    }

    /// Takes a fact in: which of the records that it processed repeat others. An error tells what
    /// nobody can account for.
    pub(super) fn record(
        &mut self,
        at: Instant,
        group: GroupId,
        fact: &Fact,
        live: &Live,
    ) -> Result<Vec<Repetition>, String> {
        self.blames.record(at, group, fact, live);
        match fact {
            Fact::Consumer { consumer, what } => {
                return self.consumer(at, group, *consumer, what, live);
            }
            Fact::Group { what, .. } => self.group(at, group, what, live),
            Fact::Partition { partition, what } => self.partition(at, *partition, what, live),
            Fact::Struck { .. } | Fact::Broker { .. } | Fact::Producer { .. } => {}
        }
        Ok(Vec::new())
    }

    fn group(&mut self, at: Instant, group: GroupId, what: &GroupFact, live: &Live) {
        match what {
            GroupFact::Generation { generation, .. } => self.go_on(at, group, *generation, live),
            GroupFact::Member { consumer, member, partitions, revoking, .. } => {
                let modern = live.groups[group.index()].modern.as_ref();
                let before = modern.and_then(|modern| modern.members.get(member));
                let taking = live.consumers[consumer.index()].takes_over();
                let held = held(partitions, revoking);
                let cause = self.blames.revoked(group, *consumer, live);
                for partition in before.into_iter().flat_map(|m| m.disclaimed(&held, taking)) {
                    self.cut_off_from(group, *consumer, partition, cause, live);
                }
            }
            GroupFact::MemberRemoved { consumer, .. } => self.cut_off(group, *consumer, live),
            GroupFact::Loaded { .. } => {
                for consumer in live.groups[group.index()].members.values() {
                    self.cut_off(group, *consumer, live);
                }
            }
            GroupFact::OffsetsFound { offsets } => {
                let cause = self.blames.failover(group);
                for &(partition, offset) in offsets {
                    self.forget(group, partition, offset, cause, live);
                }
            }
            GroupFact::OffsetsDeleted { partitions } => {
                let cause = Cause::of(How::OffsetsExpired);
                for &partition in partitions {
                    self.forget(group, partition, None, cause, live);
                }
            }
            _ => {}
        }
    }

    /// A coordinator does not know how far a group had committed, but only that it was at `offset`.
    fn forget(
        &mut self,
        group: GroupId,
        partition: PartitionId,
        offset: Option<u64>,
        cause: Cause,
        live: &Live,
    ) {
        let known = live.committed(group, partition);
        let account = self.account_mut(group, partition);
        account.marks.set(offset.unwrap_or(0), known, cause);
        account.forgotten = Some(cause).filter(|_| offset.is_none());
    }

    /// If a consumer has been cut off, what it owns by its own lights is not safe.
    fn cut_off(&mut self, group: GroupId, consumer: ConsumerId, live: &Live) {
        let Some(cause) = self.blames.cut_off_by(consumer) else { return };
        for &partition in &live.consumers[consumer.index()].owned {
            self.cut_off_from(group, consumer, partition, cause, live);
        }
    }

    fn cut_off_from(
        &mut self,
        group: GroupId,
        consumer: ConsumerId,
        partition: PartitionId,
        cause: Cause,
        live: &Live,
    ) {
        let committed = live.committed(group, partition);
        self.account_mut(group, partition).cut_off(consumer, committed, cause);
    }

    /// A group goes on without the static members that have not joined in time. They stay members,
    /// and what they own may be given to others.
    fn go_on(&mut self, at: Instant, group: GroupId, generation: i32, live: &Live) {
        for &consumer in live.groups[group.index()].members.values() {
            if !live.consumers[consumer.index()].is_absent_in(generation) {
                continue;
            }
            let cause = self.blames.absent(at, group, consumer);
            for &partition in &live.consumers[consumer.index()].owned {
                self.cut_off_from(group, consumer, partition, cause, live);
            }
        }
    }

    fn partition(
        &mut self,
        at: Instant,
        partition: PartitionId,
        what: &PartitionFact,
        live: &Live,
    ) {
        let row = partition.index();
        match *what {
            PartitionFact::Created => {
                self.logs[row].born = self.blames.behind_change_of_topic(at);
            }
            PartitionFact::StartMoved { to } => {
                self.delete(at, partition, to, Cause::of(How::Retention));
            }
            PartitionFact::Deleted { end } => {
                let event = self.blames.behind_change_of_topic(at);
                self.delete(at, partition, end, Cause { event, how: How::TopicDeleted });
            }
            PartitionFact::Repeated { from, to } => {
                let event = self.blames.behind_retry(at);
                let cause = Cause { event, how: How::ProducerRetry };
                self.logs[row].repeat(at, from, to, cause);
            }
            PartitionFact::Truncated { to, acknowledged, unclean, epoch, old_leader, .. } => {
                let cause = self.blames.cut(old_leader, unclean);
                let copies: Vec<_> = self.logs[row].copies(to, u64::MAX).collect();
                let cut = self.logs[row].cuts.len();
                for (group, accounts) in self.accounts.iter_mut().enumerate() {
                    let reached = live.groups[group].committed[row];
                    let reached = reached.max(live.groups[group].position[row]).unwrap_or(0);
                    if let Some(account) = accounts[row].as_deref_mut() {
                        let pieces = copies.iter().flat_map(|&(from, to, _)| {
                            account.processed.overlap(from, to).into_iter()
                        });
                        let copies = pieces.map(|(from, to)| to - from).sum();
                        account.cut(cut, to, reached, copies, cause);
                    }
                }
                self.logs[row].cut(Cut { at, epoch, to, lost: acknowledged, cause });
            }
            PartitionFact::Leader { .. }
            | PartitionFact::InSync(_)
            | PartitionFact::StandsStill(_)
            | PartitionFact::Flows
            | PartitionFact::Undelivered { .. } => {}
        }
    }

    /// A log begins at `to` now: nobody will read what lies before, unless it is on its way already.
    fn delete(&mut self, at: Instant, partition: PartitionId, to: u64, cause: Cause) {
        self.logs[partition.index()].start = to;
        let accounts = self.accounts.iter_mut();
        for account in accounts.filter_map(|rows| rows[partition.index()].as_deref_mut()) {
            account.skip(at, to, cause);
        }
    }

    fn consumer(
        &mut self,
        at: Instant,
        group: GroupId,
        consumer: ConsumerId,
        what: &ConsumerFact,
        live: &Live,
    ) -> Result<Vec<Repetition>, String> {
        let owned = &live.consumers[consumer.index()].owned;
        match what {
            ConsumerFact::PollTimeout => self.cut_off(group, consumer, live),
            ConsumerFact::Crashed => {
                let cause = self.blames.ended(consumer, How::Crash);
                self.leave(group, consumer, owned, cause, live);
            }
            ConsumerFact::Closed => {
                let cause = self.blames.ended(consumer, How::Close);
                self.leave(group, consumer, owned, cause, live);
            }
            ConsumerFact::Lost(partitions) => {
                let cause = self.blames.lost(group, consumer, live);
                self.leave(group, consumer, partitions, cause, live);
            }
            ConsumerFact::Revoked(partitions) => {
                let cause = self.blames.revoked(group, consumer, live);
                self.leave(group, consumer, partitions, cause, live);
            }
            ConsumerFact::Assigned { partitions, .. } => {
                let cause = self.blames.revoked(group, consumer, live);
                let dropped = |partition: &&PartitionId| !partitions.contains(partition);
                let dropped: Vec<PartitionId> = owned.iter().filter(dropped).copied().collect();
                self.leave(group, consumer, &dropped, cause, live);
                let late = !live.consumers[consumer.index()].member;
                let late = self.blames.cut_off_by(consumer).filter(|_| late);
                for &partition in partitions {
                    self.account_mut(group, partition).enter(at, consumer);
                    let twice = live.groups[group.index()].given_twice.contains(&partition);
                    let twice = twice.then_some(Cause { how: How::GivenTwice, ..cause });
                    if let Some(cause) = late.or(twice) {
                        self.cut_off_from(group, consumer, partition, cause, live);
                    }
                }
            }
            ConsumerFact::Positioned { partition, offset, source } => {
                let (partition, offset, source) = (*partition, *offset, *source);
                self.begin(at, group, &Beginning { consumer, partition, offset, source }, live)?;
            }
            ConsumerFact::Committed { offsets, .. } => {
                let late = self.blames.late_commit(consumer);
                let habits = self.habits[group.index()];
                let early = habits.commits_before || habits.hands_over;
                for &(partition, offset) in offsets {
                    let reads = live.groups[group.index()].owner[partition.index()];
                    let known = live.committed(group, partition);
                    let account = self.account_mut(group, partition);
                    account.clear_marks(consumer, offset, early);
                    account.forgotten = None;
                    if reads != Some(consumer) {
                        account.marks.set(offset, known, late);
                    }
                }
            }
            ConsumerFact::Processed(processed) => {
                return self.process(at, group, consumer, processed);
            }
            _ => {}
        }
        Ok(Vec::new())
    }

    /// An owner loses these: what it has not committed will be repeated.
    fn leave(
        &mut self,
        group: GroupId,
        consumer: ConsumerId,
        partitions: &[PartitionId],
        cause: Cause,
        live: &Live,
    ) {
        for &partition in partitions {
            let committed = live.committed(group, partition);
            self.account_mut(group, partition).leave(consumer, committed, cause);
        }
    }

    /// An owner begins to read.
    fn begin(
        &mut self,
        at: Instant,
        group: GroupId,
        Beginning { consumer, partition, offset, source }: &Beginning,
        live: &Live,
    ) -> Result<(), String> {
        let (commits_before, offset) = (self.habits[group.index()].commits_before, *offset);
        let LogAccount { start, born, .. } = self.logs[partition.index()];
        let committed = live.committed(group, *partition);
        let account = self.account_mut(group, *partition);
        // What the reader has done so far is not committed, and not behind its position any more.
        let reader = account.enter(at, *consumer);
        (reader.from, reader.to) = (offset, offset);
        // What was deleted before the group came near it.
        account.skip(at, start.min(offset), Cause::of(How::Retention));
        let frontier = account.frontier();
        let cut = account.cut.map(|(_, cause)| cause);
        if offset < frontier {
            let back = match source {
                PositionSource::Truncated => cut,
                PositionSource::OutOfRange => cut.or(Some(Cause::of(How::Reset))),
                PositionSource::Reset if committed > 0 => Some(Cause::of(How::Reset)),
                PositionSource::Committed | PositionSource::Reset => None,
            };
            if let Some(cause) = back {
                account.marks.set(offset, frontier, cause);
            }
            return Ok(());
        }
        if offset == frontier {
            return Ok(());
        }
        let left = account.left.and_then(|cause| cause.event);
        let cause = match source {
            PositionSource::Reset => {
                let reset = Cause { event: born.or(left), how: How::Reset };
                account.forgotten.unwrap_or(reset)
            }
            // Whoever fell behind what the log keeps, or read what was cut off.
            PositionSource::OutOfRange => {
                let beyond = account.cut.is_some_and(|(reached, _)| frontier < reached);
                cut.filter(|_| beyond).unwrap_or(Cause::of(How::Reset))
            }
            PositionSource::Truncated => cut.unwrap_or(Cause::of(How::Truncation)),
            PositionSource::Committed if account.cut.is_some_and(|(to, _)| offset <= to) => {
                // It lies in a part of the log that is gone. If it is read from there, see then.
                return Ok(());
            }
            PositionSource::Committed if commits_before => {
                Cause { event: left, how: How::CommitBeforeProcessing }
            }
            PositionSource::Committed => {
                return Err(format!(
                    "partition {partition:?}: offset {offset} is committed, but only {frontier} \
                     are processed or skipped"
                ));
            }
        };
        account.skip(at, offset, cause);
        Ok(())
    }

    fn process(
        &mut self,
        at: Instant,
        group: GroupId,
        consumer: ConsumerId,
        p: &Processed,
    ) -> Result<Vec<Repetition>, String> {
        let (row, mut to) = (p.partition.index(), p.to);
        let hands_over = self.habits[group.index()].hands_over;
        let account = self.accounts[group.index()][row].get_or_insert_default();
        let log = &self.logs[row];
        let (mut repeated, mut explained) = (Vec::new(), Ok(()));
        // What was read before the log was cut is not what lies there now.
        for (index, cut) in log.cuts.iter().enumerate() {
            if p.epoch < cut.epoch && cut.to < to {
                let from = cut.to.max(p.from);
                let gone = account.process_gone(consumer, index, (from, to), &mut repeated);
                explained = explained.and(gone);
                to = from;
            }
        }
        if p.from < to {
            let frontier = account.frontier();
            if p.from > frontier {
                match account.cut {
                    Some((reached, cause)) if p.from <= reached => {
                        account.skip(at, p.from, cause);
                    }
                    _ => {
                        return Err(format!(
                            "partition {:?}: offset {} is processed, but only {frontier} before it \
                             are accounted for",
                            p.partition, p.from
                        ));
                    }
                }
            }
            let late = hands_over && account.is_late(consumer, p.returned);
            let now = account.process((consumer, late), (p.from, to), log, &mut repeated);
            explained = explained.and(now);
        }
        explained.map_err(|detail| format!("partition {:?}: {detail}", p.partition))?;
        repeated.sort_by_key(|repetition| repetition.from);
        for repetition in repeated.iter().filter(|repetition| repetition.is_new) {
            let records = repetition.to - repetition.from;
            *account.duplicates.entry(repetition.cause).or_default() += records;
        }
        let again: u64 = repeated.iter().map(|repetition| repetition.to - repetition.from).sum();
        let totals = &mut self.totals[group.index()];
        totals.0 += p.to - p.from - again;
        totals.1 += again;
        Ok(repeated)
    }
}
