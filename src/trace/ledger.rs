//! Every record accounted for: processed once, processed again and why, skipped and why, waiting.
//!
//! Per group and partition, offsets up to a frontier are processed or skipped, everything beyond
//! it waits. An owner that begins below the frontier repeats what its predecessor did not commit,
//! and one that begins beyond it skips records; both need a cause.

use super::live::Live;
use super::ranges::RangeSet;
use crate::kernel::time::{Instant, Span};
use crate::model::config::CommitMode;
use crate::model::fact::{ConsumerFact, Fact, GroupFact, PartitionFact, PositionSource, Processed};
use crate::model::id::{ConsumerId, GroupId, PartitionId};
use crate::scenario::Scenario;
use std::collections::BTreeMap;

/// Why records were processed again, or never.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Cause {
    /// This `[[events]]` block, from 0.
    Event(usize),
    /// The application did not poll in time.
    PollTimeout,
    /// The coordinator had given the member up.
    SessionExpired,
    /// A rebalance took the partition away before a commit.
    Rebalance,
    /// `auto.offset.reset`.
    Reset,
    /// The log deleted them before anybody had read them.
    Retention,
    /// The application commits before it processes.
    CommitBeforeProcessing,
}

impl Cause {
    /// Its name in reports and expectations, where no event stands for it.
    pub const fn name(self) -> &'static str {
        match self {
            Cause::Event(_) => "event",
            Cause::PollTimeout => "poll_timeout",
            Cause::SessionExpired => "session_timeout",
            Cause::Rebalance => "rebalance",
            Cause::Reset => "reset",
            Cause::Retention => "retention",
            Cause::CommitBeforeProcessing => "commit",
        }
    }
}

/// The account of one partition in one group.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Account {
    /// Offsets processed at least once.
    pub processed: RangeSet,
    /// Offsets jumped over.
    pub skipped: RangeSet,
    /// Attempts beyond the first, by cause.
    pub duplicates: BTreeMap<Cause, u64>,
    /// When an owner jumped over which records, and why.
    pub jumps: Vec<Jump>,
    /// Why what is repeated now is repeated.
    cause: Option<Cause>,
}

impl Account {
    /// One beyond the last offset that is processed or skipped.
    pub fn frontier(&self) -> u64 {
        self.processed.end().max(self.skipped.end())
    }

    /// What is wrong with the account when `produced` records lie in the partition.
    pub fn imbalance(&self, produced: u64) -> Option<String> {
        let (once, skipped) = (self.processed.len(), self.skipped.len());
        let waiting = produced.saturating_sub(self.frontier());
        (once + skipped + waiting != produced).then(|| {
            format!(
                "{produced} produced, but {once} processed once, {skipped} skipped and {waiting} \
                 waiting"
            )
        })
    }

    /// What lies between the frontier and `to` is jumped over.
    fn skip(&mut self, at: Instant, to: u64, cause: Cause) {
        let from = self.frontier();
        if from < to {
            self.skipped.insert(from, to);
            self.jumps.push(Jump { at, from, to, cause });
        }
    }

    /// A straggler may still process what others have skipped, or what a log has deleted.
    fn unskip(&mut self, from: u64, to: u64) {
        if self.skipped.end() <= from {
            return;
        }
        self.skipped.remove(from, to);
        let touched = self.jumps.extract_if(.., |jump| jump.from < to && from < jump.to);
        let rest = |jump: Jump| {
            let before = Jump { to: jump.to.min(from), ..jump };
            let after = Jump { from: jump.from.max(to), ..jump };
            [before, after].into_iter().filter(|rest| rest.from < rest.to)
        };
        let rest: Vec<Jump> = touched.flat_map(rest).collect();
        self.jumps.extend(rest);
    }

    /// Attempts beyond the first.
    pub fn repeated(&self) -> u64 {
        self.duplicates.values().sum()
    }
}

/// Records [from, to) that an owner jumped over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Jump {
    /// When.
    pub at: Instant,
    /// The first offset.
    pub from: u64,
    /// One beyond the last.
    pub to: u64,
    /// Why.
    pub cause: Cause,
}

/// Records of a batch that had been processed before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Repetition {
    /// How many.
    pub records: u64,
    /// Why.
    pub cause: Cause,
}

/// What strikes a consumer, and until when it explains what happens to it.
#[derive(Clone, Copy, Debug)]
struct Blame {
    event: usize,
    until: Instant,
}

/// The accounts of all groups.
#[derive(Debug)]
pub struct Ledger {
    accounts: Vec<Vec<Option<Box<Account>>>>,
    /// By group: whether it may commit what it has not processed.
    commits_before: Vec<bool>,
    /// By group: how long an event explains what follows.
    memory: Vec<Span>,
    /// By partition: what its log has deleted.
    starts: Vec<u64>,
    blames: Vec<Option<Blame>>,
    poll_timeout: Vec<bool>,
    /// By group: the last event that struck one of its members.
    group_blames: Vec<Option<Blame>>,
    /// Distinct records and repetitions by group.
    totals: Vec<(u64, u64)>,
}

impl Ledger {
    pub(super) fn new(scenario: &Scenario, partitions: usize) -> Self {
        let groups = &scenario.groups;
        let memory = |group: &crate::scenario::group::Group| {
            let config = &group.template.config;
            config.max_poll_interval.saturating_add(config.session_timeout)
        };
        Ledger {
            accounts: vec![vec![None; partitions]; groups.len()],
            commits_before: groups.iter().map(|g| g.commit == CommitMode::BeforeBatch).collect(),
            memory: groups.iter().map(memory).collect(),
            starts: vec![0; partitions],
            blames: Vec::new(),
            poll_timeout: Vec::new(),
            group_blames: vec![None; groups.len()],
            totals: vec![(0, 0); groups.len()],
        }
    }

    pub(super) fn add_consumer(&mut self) {
        self.blames.push(None);
        self.poll_timeout.push(false);
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

    /// Distinct records that a group has processed, and attempts beyond the first.
    pub fn totals(&self, group: GroupId) -> (u64, u64) {
        self.totals[group.index()]
    }

    fn account_mut(&mut self, group: GroupId, partition: PartitionId) -> &mut Account {
        self.accounts[group.index()][partition.index()].get_or_insert_default()
    }

    /// Takes a fact in: which of the records that it processed were repeated. An error tells which
    /// record is unaccounted for.
    pub(super) fn record(
        &mut self,
        at: Instant,
        group: GroupId,
        fact: &Fact,
        live: &Live,
    ) -> Result<Option<Repetition>, String> {
        match fact {
            Fact::Struck { event, consumers } => self.strike(at, *event, consumers),
            Fact::Consumer { consumer, what } => {
                return self.consumer(at, group, *consumer, what, live);
            }
            Fact::Group { what: GroupFact::Stable { .. }, .. } => {
                self.group_blames[group.index()] = None;
            }
            Fact::Partition { partition, what: PartitionFact::StartMoved { to } } => {
                self.delete(at, *partition, *to);
            }
            Fact::Group { .. }
            | Fact::Broker { .. }
            | Fact::Partition { .. }
            | Fact::Producer { .. } => {}
        }
        Ok(None)
    }

    /// A log begins at `to` now: nobody will read what lies before, unless it is on its way already.
    fn delete(&mut self, at: Instant, partition: PartitionId, to: u64) {
        self.starts[partition.index()] = to;
        let accounts = self.accounts.iter_mut();
        for account in accounts.filter_map(|rows| rows[partition.index()].as_deref_mut()) {
            account.skip(at, to, Cause::Retention);
        }
    }

    fn strike(&mut self, at: Instant, event: usize, consumers: &[ConsumerId]) {
        for consumer in consumers {
            let longest = self.memory.iter().max().copied().unwrap_or(Span::ZERO);
            let blame = Blame { event, until: at.saturating_add(longest) };
            self.blames[consumer.index()] = Some(blame);
        }
    }

    fn consumer(
        &mut self,
        at: Instant,
        group: GroupId,
        consumer: ConsumerId,
        what: &ConsumerFact,
        live: &Live,
    ) -> Result<Option<Repetition>, String> {
        let blame = self.blames[consumer.index()].filter(|blame| at <= blame.until);
        match what {
            ConsumerFact::PollTimeout => self.poll_timeout[consumer.index()] = true,
            ConsumerFact::Crashed | ConsumerFact::Closed => {
                self.group_blames[group.index()] = blame;
                let cause = blame.map_or(Cause::Rebalance, |blame| Cause::Event(blame.event));
                self.leave(group, &live.consumers[consumer.index()].owned, cause);
            }
            ConsumerFact::Lost(partitions) => {
                let cause = match blame {
                    Some(blame) => Cause::Event(blame.event),
                    None if self.poll_timeout[consumer.index()] => Cause::PollTimeout,
                    None => Cause::SessionExpired,
                };
                self.leave(group, partitions, cause);
                self.poll_timeout[consumer.index()] = false;
            }
            ConsumerFact::Revoked(partitions) => {
                let blame = self.group_blames[group.index()].or(blame);
                let cause = blame.map_or(Cause::Rebalance, |blame| Cause::Event(blame.event));
                self.leave(group, partitions, cause);
            }
            ConsumerFact::Positioned { partition, offset, source } => {
                self.begin(at, group, *partition, *offset, *source)?;
            }
            ConsumerFact::Processed(processed) => return self.process(group, processed),
            _ => {}
        }
        Ok(None)
    }

    /// An owner loses these: what it has not committed will be repeated.
    fn leave(&mut self, group: GroupId, partitions: &[PartitionId], cause: Cause) {
        for &partition in partitions {
            self.account_mut(group, partition).cause = Some(cause);
        }
    }

    /// An owner begins to read at `offset`.
    fn begin(
        &mut self,
        at: Instant,
        group: GroupId,
        partition: PartitionId,
        offset: u64,
        source: PositionSource,
    ) -> Result<(), String> {
        let commits_before = self.commits_before[group.index()];
        let start = self.starts[partition.index()];
        let account = self.account_mut(group, partition);
        // What was deleted before the group came near it.
        account.skip(at, start.min(offset), Cause::Retention);
        let frontier = account.frontier();
        if offset > frontier {
            let cause = match (source, account.cause) {
                (PositionSource::Reset | PositionSource::OutOfRange, _) => Cause::Reset,
                (PositionSource::Committed, cause) if commits_before => {
                    cause.unwrap_or(Cause::CommitBeforeProcessing)
                }
                (PositionSource::Committed | PositionSource::Truncated, _) => {
                    return Err(format!(
                        "partition {partition:?}: offset {offset} is committed, but only {frontier} \
                         are processed or skipped"
                    ));
                }
            };
            account.skip(at, offset, cause);
        }
        Ok(())
    }

    fn process(&mut self, group: GroupId, p: &Processed) -> Result<Option<Repetition>, String> {
        let account = self.account_mut(group, p.partition);
        let frontier = account.frontier();
        if p.from > frontier {
            let partition = p.partition;
            return Err(format!(
                "partition {partition:?}: offset {} is processed, but only {frontier} before it are \
                 accounted for",
                p.from
            ));
        }
        let records = account.processed.insert(p.from, p.to);
        account.unskip(p.from, p.to);
        let cause = account.cause.unwrap_or(Cause::Rebalance);
        if records > 0 {
            *account.duplicates.entry(cause).or_default() += records;
        }
        let totals = &mut self.totals[group.index()];
        totals.0 += p.to - p.from - records;
        totals.1 += records;
        Ok((records > 0).then_some(Repetition { records, cause }))
    }
}
