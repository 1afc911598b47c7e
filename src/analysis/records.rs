//! What the ledger says of a part of a run.

use crate::kernel::time::Instant;
use crate::model::fact::Processed;
use crate::model::id::{GroupId, PartitionId};
use crate::trace::cause::Cause;
use crate::trace::ledger::{Account, Cut, Gone, Jump, LogAccount};
use crate::trace::steps::Batch;
use crate::world::Run;

/// What a group processed in a partition.
pub(super) fn batches(run: &Run, group: GroupId, partition: PartitionId) -> &[Batch] {
    let progress = &run.trace.steps.progress[group.index()];
    progress.get(partition.index()).map_or(&[], Vec::as_slice)
}

/// Distinct records done by `at`; with `copies` those count, too, that a producer wrote twice.
pub(super) fn once_by(batches: &[Batch], at: Instant, copies: bool) -> u64 {
    let once = |batch: &Batch| {
        let repeats = repeated_by(batch, at, |_, is_new| !(copies && is_new));
        done_by(&batch.processed, at) - repeats
    };
    batches.iter().map(once).sum()
}

/// Attempts of a batch that were done by `at` and repeat others, if they are `wanted`, given their
/// cause and whether their offsets are new.
pub(super) fn repeated_by(batch: &Batch, at: Instant, wanted: impl Fn(Cause, bool) -> bool) -> u64 {
    let done = batch.processed.from + done_by(&batch.processed, at);
    let ours = batch.repeated.iter().filter(|repeat| wanted(repeat.cause, repeat.is_new));
    ours.map(|repeat| repeat.to.min(done).saturating_sub(repeat.from)).sum()
}

/// Records jumped over in (from, to].
pub(super) fn jumped(
    account: &Account,
    from: Instant,
    to: Instant,
    wanted: impl Fn(Cause) -> bool,
) -> u64 {
    let within = |jump: &&Jump| (jump.at > from || from == Instant::ZERO) && jump.at <= to;
    let jumps = account.jumps.iter().filter(within).filter(|jump| wanted(jump.cause));
    jumps.map(|jump| jump.to - jump.from).sum()
}

/// How far a group had come by `at` in the log as it was then.
pub(super) fn reached_by(
    account: &Account,
    log: &LogAccount,
    batches: &[Batch],
    at: Instant,
) -> u64 {
    let cut_by = |cut: usize| log.cuts[cut].at <= at;
    let gone = account.gone.iter().filter(|gone| cut_by(gone.cut));
    let gone: u64 = gone.map(|Gone { processed, .. }| processed.len()).sum();
    let is_there = |jump: &&Jump| {
        let took = |cut: &Cut| jump.at <= cut.at && cut.at <= at && cut.to <= jump.from;
        jump.at <= at && !(jump.gone && log.cuts.iter().any(took))
    };
    let jumped: u64 = account.jumps.iter().filter(is_there).map(|jump| jump.to - jump.from).sum();
    (once_by(batches, at, true) + jumped).saturating_sub(gone)
}

/// How many records of a batch are done at `at`.
pub(super) fn done_by(batch: &Processed, at: Instant) -> u64 {
    let n = batch.to - batch.from;
    if at >= batch.end {
        return n;
    }
    let (gone, whole) = (at.since(batch.start).as_us(), batch.end.since(batch.start).as_us());
    (u128::from(n) * u128::from(gone) / u128::from(whole.max(1))) as u64
}

/// Acknowledged records that a log lost in (from, to].
pub(super) fn lost(
    log: &LogAccount,
    from: Instant,
    to: Instant,
    wanted: &dyn Fn(Cause) -> bool,
) -> u64 {
    let ours = log.cuts.iter().filter(|cut| from < cut.at && cut.at <= to && wanted(cut.cause));
    ours.map(|cut| cut.lost).sum()
}

/// Records that were written a second time in (from, to].
pub(super) fn written_twice(
    log: &LogAccount,
    from: Instant,
    to: Instant,
    wanted: &dyn Fn(Cause) -> bool,
) -> u64 {
    let within = log.repeats.iter().filter(|repeat| from < repeat.at && repeat.at <= to);
    within.filter(|repeat| wanted(repeat.cause)).map(|repeat| repeat.records).sum()
}
