//! Commits: by the client after each interval and before a join, by the application when it says
//! so (kafka-semantics 6.8; `ConsumerCoordinator`).

use super::classic::member::{Generation, MemberState, PrepareCommit};
use super::classic::rebalance::Progress;
use super::classic::search::Search;
use super::consumer::Consumer;
use super::effect::{Effect, Note};
use super::lookup::{PendingKind, Question};
use super::thread::{AfterCommit, SyncCommit, Thread};
use crate::kernel::time::Instant;
use crate::model::config::{CommitMode, ConsumerConfig};
use crate::model::error::ErrorCode;
use crate::model::id::PartitionId;
use crate::model::message::offset::{
    OffsetCommitPartition, OffsetCommitRequest, OffsetCommitTopic,
};

/// Who asked for a commit, and so who hears of its end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum CommitKind {
    /// Auto-commit, its interval over.
    Auto,
    /// Auto-commit before a join, or under KIP-848 before a reconciliation.
    BeforeRebalance,
    /// `commitAsync`.
    Async,
    /// `commitSync`.
    Sync,
}

/// When to commit next, and what.
#[derive(Clone, Debug)]
pub(super) struct Commits {
    /// When auto-commit is due.
    pub next_auto: Instant,
    /// When the application last committed.
    pub last: Instant,
    /// Records processed since.
    pub records: u32,
    /// Where the application got to since, by partition.
    pub processed: Vec<(PartitionId, u64)>,
    /// Commits that wait until it is known who coordinates the group; under the classic protocol until
    /// the question who does has come to its end.
    pub waiting: Vec<(CommitKind, Vec<(PartitionId, u64)>)>,
}

impl Commits {
    pub(super) fn new(now: Instant, settings: &ConsumerConfig) -> Self {
        let next_auto = now + settings.auto_commit_interval;
        Commits { next_auto, last: now, records: 0, processed: Vec::new(), waiting: Vec::new() }
    }

    /// The interval of auto-commit begins anew. The application goes on counting if it kept
    /// something, without what it gave up.
    pub(super) fn rebalanced(
        &mut self,
        now: Instant,
        settings: &ConsumerConfig,
        kept: &[PartitionId],
    ) {
        if kept.is_empty() {
            let waiting = std::mem::take(&mut self.waiting);
            *self = Commits { waiting, ..Commits::new(now, settings) };
        } else {
            self.next_auto = now + settings.auto_commit_interval;
            self.processed.retain(|(partition, _)| kept.contains(partition));
        }
    }
}

impl Consumer {
    /// Commits what was consumed, if auto-commit is on and its interval over.
    pub(super) fn maybe_auto_commit(&mut self, now: Instant, out: &mut Vec<Effect>) {
        let due = self.settings.enable_auto_commit && now >= self.commits.next_auto;
        if due && self.may_auto_commit() {
            self.commits.next_auto = now + self.settings.auto_commit_interval;
            let offsets = self.subscription.all_consumed();
            if let Err(code) = self.commit_async(now, CommitKind::Auto, &offsets, out) {
                self.commit_ended(now, CommitKind::Auto, Err(code), out);
            }
        }
    }

    /// Sends a commit whose answer nobody waits for, or tells at once why not.
    pub(super) fn commit_async(
        &mut self,
        now: Instant,
        kind: CommitKind,
        offsets: &[(PartitionId, u64)],
        out: &mut Vec<Effect>,
    ) -> Result<(), ErrorCode> {
        if offsets.is_empty() {
            if kind == CommitKind::BeforeRebalance {
                self.member.prepare_commit = PrepareCommit::Done(Ok(()));
            }
            return Ok(());
        }
        if self.lookup.coordinator.is_none() {
            if self.modern.is_none() {
                self.lookup.question = match self.lookup.question {
                    Question::InFlight => Question::InFlight,
                    _ => Question::None,
                };
                self.look_up_coordinator(now, out);
            }
            self.commits.waiting.push((kind, offsets.to_vec()));
            return Ok(());
        }
        self.send_commit(now, kind, offsets, out)
    }

    /// Commits leave that waited for the coordinator, all at once, or fail
    /// (`ConsumerCoordinator.commitOffsetsAsync`, `CommitRequestManager`).
    pub(super) fn send_waiting_commits(&mut self, now: Instant, out: &mut Vec<Effect>) {
        for (kind, offsets) in std::mem::take(&mut self.commits.waiting) {
            let sent = match self.lookup.coordinator {
                Some(_) => self.send_commit(now, kind, &offsets, out),
                None => Err(ErrorCode::CoordinatorNotAvailable),
            };
            if let Err(code) = sent {
                self.commit_ended(now, kind, Err(code), out);
            }
        }
    }

    fn send_commit(
        &mut self,
        now: Instant,
        kind: CommitKind,
        offsets: &[(PartitionId, u64)],
        out: &mut Vec<Effect>,
    ) -> Result<(), ErrorCode> {
        let generation = self.committer()?;
        let mut topics: Vec<OffsetCommitTopic> = Vec::new();
        for &(partition, offset) in offsets {
            let (name, partition_index) = self.metadata.name(partition);
            let committed_offset = i64::try_from(offset).expect("offsets are below 2^63");
            let commit = OffsetCommitPartition {
                partition_index,
                committed_offset,
                committed_leader_epoch: self.epoch_of_commit(partition),
                ..Default::default()
            };
            match topics.iter_mut().find(|topic| topic.name == *name) {
                Some(topic) => topic.partitions.push(commit),
                None => topics.push(OffsetCommitTopic {
                    name: name.clone(),
                    topic_id: self.metadata.topic_id(partition),
                    partitions: vec![commit],
                }),
            }
        }
        let request = OffsetCommitRequest {
            group_id: self.group.clone(),
            generation_id_or_member_epoch: generation.id,
            member_id: generation.member_id.clone(),
            group_instance_id: self.instance(),
            topics,
            ..OffsetCommitRequest::default()
        };
        self.send_to_coordinator(now, PendingKind::Commit(kind, generation), request, out);
        Ok(())
    }

    /// Who commits. A classic member commits only in the middle of a generation; under KIP-848 the
    /// coordinator decides.
    fn committer(&self) -> Result<Generation, ErrorCode> {
        if let Some(m) = &self.modern {
            let id = if m.epoch > 0 { m.epoch } else { -1 };
            return Ok(Generation { id, member_id: m.id.clone(), protocol: None });
        }
        self.member.generation_if_stable().cloned().ok_or_else(|| {
            if self.member.rebalance_in_progress() {
                ErrorCode::RebalanceInProgress
            } else {
                ErrorCode::UnknownMemberId
            }
        })
    }

    /// The leader's epoch that goes with a commit: what the client commits by itself, or without
    /// being told offsets, has the epoch of the records; offsets that the application counts itself
    /// have none.
    fn epoch_of_commit(&self, partition: PartitionId) -> i32 {
        match self.application.commit {
            CommitMode::SyncRecord | CommitMode::Records(_) => -1,
            _ => self.subscription.get(partition).map_or(-1, |owned| owned.read_epoch),
        }
    }

    /// A commit is answered.
    pub(super) fn on_commit(
        &mut self,
        now: Instant,
        kind: CommitKind,
        sent: &Generation,
        code: ErrorCode,
        out: &mut Vec<Effect>,
    ) {
        let result = match code {
            ErrorCode::None => Ok(()),
            ErrorCode::CoordinatorNotAvailable
            | ErrorCode::NotCoordinator
            | ErrorCode::RequestTimedOut => {
                self.mark_coordinator_unknown(now, out);
                Err(code)
            }
            // Under KIP-848 only heartbeats tell a member what became of it.
            code if self.modern.is_some() => Err(code),
            ErrorCode::RebalanceInProgress => {
                self.member.rejoin_needed = true;
                Err(code)
            }
            ErrorCode::UnknownMemberId | ErrorCode::IllegalGeneration => {
                let rejoining = self.member.generation != *sent
                    && self.member.state == MemberState::PreparingRebalance;
                if rejoining {
                    Err(ErrorCode::RebalanceInProgress)
                } else {
                    self.lose_membership(code == ErrorCode::IllegalGeneration);
                    Err(code)
                }
            }
            // Another process has the instance id: the next poll throws, unless `commitSync` does now.
            ErrorCode::FencedInstanceId => {
                let rejoining = self.member.state == MemberState::PreparingRebalance;
                if self.member.generation == *sent {
                    if kind != CommitKind::Sync {
                        self.heartbeat.failure = Some(code);
                    }
                    Err(code)
                } else {
                    Err(if rejoining { ErrorCode::RebalanceInProgress } else { code })
                }
            }
            other => Err(other),
        };
        self.commit_ended(now, kind, result, out);
    }

    fn commit_ended(
        &mut self,
        now: Instant,
        kind: CommitKind,
        result: Result<(), ErrorCode>,
        out: &mut Vec<Effect>,
    ) {
        out.push(Effect::Note(match result {
            Ok(()) => Note::Committed,
            Err(code) => Note::CommitFailed(code),
        }));
        match kind {
            CommitKind::BeforeRebalance if self.modern.is_some() => {
                self.committed_before_reconciling(now, result);
            }
            CommitKind::BeforeRebalance => self.member.prepare_commit = PrepareCommit::Done(result),
            CommitKind::Auto => {
                // Under KIP-848 only commits that are tried again at once count as retriable, and none is.
                if self.modern.is_none() && result.is_err_and(is_retriable) {
                    self.commits.next_auto = now + self.settings.retry_backoff;
                }
            }
            CommitKind::Async => {}
            CommitKind::Sync => self.sync_commit_answered(now, result, out),
        }
    }

    /// `commitSync`: the application waits until it is over.
    pub(super) fn commit_sync(
        &mut self,
        now: Instant,
        offsets: Vec<(PartitionId, u64)>,
        then: AfterCommit,
        out: &mut Vec<Effect>,
    ) {
        let deadline = match then {
            AfterCommit::Close | AfterCommit::Sent => self.close_deadline,
            _ => now + self.settings.default_api_timeout,
        };
        let (in_flight, searches, retry_at, attempts) = (false, false, now, 0);
        let commit =
            SyncCommit { offsets, in_flight, searches, retry_at, attempts, deadline, then };
        self.attempt_sync_commit(now, commit, out);
    }

    /// A `commitSync` waits for who coordinates the group, for its answer, or for another attempt.
    pub(super) fn go_on_committing(
        &mut self,
        now: Instant,
        commit: SyncCommit,
        out: &mut Vec<Effect>,
    ) {
        if now >= commit.deadline {
            self.give_up_sync_commit(now, commit.then, out);
        } else if !self.is_committing_sync() && (commit.in_flight || now >= commit.retry_at) {
            self.attempt_sync_commit(now, commit, out);
        }
    }

    /// Sends a `commitSync` once the coordinator is known.
    pub(super) fn attempt_sync_commit(
        &mut self,
        now: Instant,
        mut commit: SyncCommit,
        out: &mut Vec<Effect>,
    ) {
        let searches =
            matches!(commit.then, AfterCommit::Sent) && self.lookup.coordinator.is_none();
        if commit.offsets.is_empty() && !searches {
            return self.after_sync_commit(now, commit.then, Ok(()), out);
        }
        if now >= commit.deadline {
            return self.give_up_sync_commit(now, commit.then, out);
        }
        (commit.in_flight, commit.retry_at) = (true, Instant::NEVER);
        if self.lookup.coordinator.is_none() {
            if self.modern.is_none() {
                if !commit.searches {
                    self.begin_search();
                }
                commit.searches = true;
                (commit.in_flight, commit.retry_at) = match self.search_coordinator(now, out) {
                    Search::WaitUntil(at) => (true, at),
                    Search::Pause(span) => (false, now + span),
                };
            }
            self.thread = Thread::Committing(commit);
            return;
        }
        commit.searches = false;
        match self.send_commit(now, CommitKind::Sync, &commit.offsets, out) {
            Ok(()) => self.thread = Thread::Committing(commit),
            Err(code) => {
                out.push(Effect::Note(Note::CommitFailed(code)));
                self.after_sync_commit(now, commit.then, Err(code), out);
            }
        }
    }

    /// `commitSync` has waited as long as it may (`TimeoutException`). If the answer comes later,
    /// nobody waits for it.
    fn give_up_sync_commit(&mut self, now: Instant, then: AfterCommit, out: &mut Vec<Effect>) {
        for pending in &mut self.pending {
            pending.await_no_more();
        }
        let late = ErrorCode::RequestTimedOut;
        if !matches!(then, AfterCommit::Sent) {
            out.push(Effect::Note(Note::CommitFailed(late)));
        }
        self.after_sync_commit(now, then, Err(late), out);
    }

    fn sync_commit_answered(
        &mut self,
        now: Instant,
        result: Result<(), ErrorCode>,
        out: &mut Vec<Effect>,
    ) {
        let Thread::Committing(commit) = &mut self.thread else { return };
        let mut commit = commit.clone();
        match result {
            Err(code) if is_retriable(code) && now < commit.deadline => {
                let backoff = self.backoff(commit.attempts);
                commit.in_flight = false;
                commit.attempts += 1;
                commit.retry_at = now + backoff;
                self.thread = Thread::Committing(commit);
            }
            result => self.after_sync_commit(now, commit.then, result, out),
        }
    }

    /// The application goes on after a `commitSync`. What it throws is logged, no more.
    pub(super) fn after_sync_commit(
        &mut self,
        now: Instant,
        then: AfterCommit,
        result: Result<(), ErrorCode>,
        out: &mut Vec<Effect>,
    ) {
        self.commits.last = now;
        match then {
            AfterCommit::Continue(rest) if rest.is_empty() => self.call_poll(now),
            AfterCommit::Continue(rest) => self.begin_work(now, rest),
            AfterCommit::Process(parts) if result.is_ok() => self.begin_work(now, parts),
            // What could not be committed beforehand is not processed, and read again after a pause:
            // in the midst of a rebalance the next attempt fails at once, too.
            AfterCommit::Process(parts) => {
                self.busy += self.settings.retry_backoff;
                for part in parts {
                    self.subscription.seek(part.partition, part.from);
                }
                self.poll_again(now);
            }
            AfterCommit::Leaving(leaving) => {
                if self.run_revocation(now, leaving, out) != Progress::Interrupted {
                    self.poll_again(now);
                }
            }
            AfterCommit::Event(event) => {
                if self.spend_time_on(now, event, out) != Progress::Interrupted {
                    self.resume_pass_after_commit(now, out);
                }
            }
            AfterCommit::Close => self.send_last_commits(now, out),
            AfterCommit::Sent => self.close_callbacks(now, out),
            AfterCommit::CloseRevoke => self.run_closing_callback(now, false, out),
        }
    }
}

/// Whether what failed so is tried again: a commit, or the search for a coordinator
/// (`RetriableException`).
pub(super) fn is_retriable(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::CoordinatorNotAvailable
            | ErrorCode::NotCoordinator
            | ErrorCode::CoordinatorLoadInProgress
            | ErrorCode::RequestTimedOut
            | ErrorCode::UnknownTopicOrPartition
    )
}
