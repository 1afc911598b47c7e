//! What one group did with the records of one partition.

use super::log::LogAccount;
use crate::kernel::time::Instant;
use crate::model::fact::PositionSource;
use crate::model::id::{ConsumerId, PartitionId};
use crate::trace::cause::Cause;
use crate::trace::marks::Marks;
use crate::trace::ranges::RangeSet;
use std::collections::BTreeMap;

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
    /// What the group processed of records that the log has lost since.
    pub gone: Vec<Gone>,
    /// Of the offsets processed, those that repeat others (`LogAccount::copies`).
    pub copies: u64,
    /// What was processed and not committed before its owner left, and why it left.
    pub(super) marks: Marks,
    /// Who thinks that it owns the partition. More than one if somebody has been cut off and does
    /// not know it yet.
    pub(super) readers: Vec<Reader>,
    /// Why the last owner left.
    pub(super) left: Option<Cause>,
    /// Why the committed offset is not known any more.
    pub(super) forgotten: Option<Cause>,
    /// How far anybody has come with what the log has lost, and why it was cut.
    pub(super) cut: Option<(u64, Cause)>,
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
    /// Whether the log has lost them since: their offsets mean other records now.
    pub gone: bool,
}

/// Records [from, to) of a batch that repeat others.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Repetition {
    /// The first offset.
    pub from: u64,
    /// One beyond the last.
    pub to: u64,
    /// Why.
    pub cause: Cause,
    /// Whether it is the first time that these offsets are processed: a producer wrote them twice.
    pub is_new: bool,
}

/// What was processed of records that are not in the log any more.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Gone {
    /// Which cut of the log took them, from 0.
    pub cut: usize,
    /// Their offsets.
    pub processed: RangeSet,
    /// Of these, those that repeat others.
    pub copies: u64,
    marks: Marks,
}

/// A position that a consumer takes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Beginning {
    pub consumer: ConsumerId,
    pub partition: PartitionId,
    pub offset: u64,
    pub source: PositionSource,
}

/// A consumer that reads the partition.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Reader {
    pub consumer: ConsumerId,
    /// Since when it has owned the partition.
    pub since: Instant,
    /// What it has processed since it last took a position: [from, to).
    pub from: u64,
    pub to: u64,
    /// Why it is no member any more.
    pub cut_off: Option<Cause>,
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

    /// Distinct records processed: what a producer wrote twice counts once.
    pub fn distinct(&self) -> u64 {
        let gone = self.gone.iter().map(|gone| gone.processed.len() - gone.copies);
        self.processed.len() - self.copies + gone.sum::<u64>()
    }

    /// Attempts beyond the first.
    pub fn repeated(&self) -> u64 {
        self.duplicates.values().sum()
    }

    /// What lies between the frontier and `to` is jumped over.
    pub(super) fn skip(&mut self, at: Instant, to: u64, cause: Cause) {
        let from = self.frontier();
        if from < to {
            self.skipped.insert(from, to);
            self.jumps.push(Jump { at, from, to, cause, gone: false });
        }
    }

    /// A straggler may still process what others have skipped, or what a log has deleted.
    fn unskip(&mut self, from: u64, to: u64) {
        if self.skipped.end() <= from {
            return;
        }
        self.skipped.remove(from, to);
        let touched =
            self.jumps.extract_if(.., |jump| !jump.gone && jump.from < to && from < jump.to);
        let rest = |jump: Jump| {
            let before = Jump { to: jump.to.min(from), ..jump };
            let after = Jump { from: jump.from.max(to), ..jump };
            [before, after].into_iter().filter(|rest| rest.from < rest.to)
        };
        let rest: Vec<Jump> = touched.flat_map(rest).collect();
        self.jumps.extend(rest);
    }

    pub(super) fn reader(&mut self, consumer: ConsumerId) -> Option<&mut Reader> {
        self.readers.iter_mut().find(|reader| reader.consumer == consumer)
    }

    /// A consumer owns the partition from now on, if it did not before.
    pub(super) fn enter(&mut self, since: Instant, consumer: ConsumerId) -> &mut Reader {
        let known = self.readers.iter().position(|reader| reader.consumer == consumer);
        let row = known.unwrap_or_else(|| {
            self.readers.push(Reader { consumer, since, from: 0, to: 0, cut_off: None });
            self.readers.len() - 1
        });
        &mut self.readers[row]
    }

    /// A consumer has committed an offset: what lies before it will not be repeated, but for what it has
    /// not processed yet, if it commits so early.
    pub(super) fn clear_marks(&mut self, consumer: ConsumerId, offset: u64, early: bool) {
        let done = self.reader(consumer).map_or(0, |reader| reader.to);
        self.marks.clear(0, if early { done.min(offset) } else { offset });
    }

    /// Whether a consumer got what it has processed when it owned the partition before, and lost it since.
    pub(super) fn is_late(&self, consumer: ConsumerId, returned: Instant) -> bool {
        let mut readers = self.readers.iter();
        !readers.any(|reader| reader.consumer == consumer && reader.since <= returned)
    }

    /// A consumer does not own the partition any more. What it has not committed will be repeated.
    pub(super) fn leave(&mut self, consumer: ConsumerId, committed: u64, cause: Cause) {
        let reader = self.readers.extract_if(.., |reader| reader.consumer == consumer).next();
        let Some(reader) = reader else { return };
        let cause = reader.cut_off.unwrap_or(cause);
        self.marks.set(reader.from.max(committed), reader.to, cause);
        self.left = Some(cause);
    }

    /// A consumer is no member any more, whether it knows it or not.
    pub(super) fn cut_off(&mut self, consumer: ConsumerId, committed: u64, cause: Cause) {
        let Some(reader) = self.reader(consumer) else { return };
        reader.cut_off = Some(cause);
        let Reader { from, to, .. } = *reader;
        self.marks.set(from.max(committed), to, cause);
        self.left = Some(cause);
    }

    /// Records [from, to) that are in the log now are processed, perhaps late: which of them repeat
    /// others. An error tells what nobody can explain.
    pub(super) fn process(
        &mut self,
        (consumer, late): (ConsumerId, bool),
        (from, to): (u64, u64),
        log: &LogAccount,
        repeated: &mut Vec<Repetition>,
    ) -> Result<(), String> {
        let again = self.processed.overlap(from, to);
        let mut explained = Ok(());
        for &(from, to) in &again {
            explained = explained.and(self.explain(consumer, (from, to), late, repeated));
        }
        self.copies += new_copies(log, &again, (from, to), repeated);
        self.processed.insert(from, to);
        self.unskip(from, to);
        let left = self.left;
        match self.reader(consumer).filter(|_| !late) {
            Some(reader) => {
                reader.to = reader.to.max(to);
                if let Some(cause) = reader.cut_off {
                    self.marks.set(from, to, cause);
                }
            }
            None => {
                if let Some(cause) = left {
                    self.marks.set(from, to, cause);
                }
            }
        }
        explained
    }

    /// Records [from, to) are processed that the cut in row `cut` has taken from the log.
    pub(super) fn process_gone(
        &mut self,
        consumer: ConsumerId,
        cut: usize,
        (from, to): (u64, u64),
        repeated: &mut Vec<Repetition>,
    ) -> Result<(), String> {
        // Who had them in hand reads on behind them, if the log has grown beyond by then.
        if let Some((reached, _)) = &mut self.cut {
            *reached = to.max(*reached);
        }
        let row = self.gone_row(cut);
        let again = self.gone[row].processed.overlap(from, to);
        self.gone[row].processed.insert(from, to);
        let marks = std::mem::take(&mut self.gone[row].marks);
        let kept = std::mem::replace(&mut self.marks, marks);
        let mut explained = Ok(());
        for &(from, to) in &again {
            explained = explained.and(self.explain(consumer, (from, to), true, repeated));
        }
        self.gone[row].marks = std::mem::replace(&mut self.marks, kept);
        explained
    }

    fn gone_row(&mut self, cut: usize) -> usize {
        self.gone.iter().position(|gone| gone.cut == cut).unwrap_or_else(|| {
            let (processed, marks) = (RangeSet::default(), Marks::default());
            self.gone.push(Gone { cut, processed, copies: 0, marks });
            self.gone.len() - 1
        })
    }

    /// Why records [from, to) are processed again by this consumer.
    fn explain(
        &mut self,
        consumer: ConsumerId,
        (from, to): (u64, u64),
        left_behind: bool,
        repeated: &mut Vec<Repetition>,
    ) -> Result<(), String> {
        let cut_off = |reader: &Reader| reader.cut_off;
        let own = self.readers.iter().filter(|reader| reader.consumer == consumer);
        let others = self.readers.iter().filter(|reader| reader.consumer != consumer);
        let straggler = own.chain(others).find_map(cut_off);
        // What was in hand when the log was cut has been read by several if one was about to leave; and
        // so has what another thread finishes after its partition was given up.
        let straggler = straggler.or(if left_behind { self.left } else { None });
        for (from, to, mark) in self.marks.pieces(from, to) {
            let cause = mark.or(straggler).ok_or_else(|| {
                format!("offsets {from} to {to} are processed again, and nothing explains why")
            })?;
            *self.duplicates.entry(cause).or_default() += to - from;
            repeated.push(Repetition { from, to, cause, is_new: false });
        }
        Ok(())
    }

    /// The log's records at `to` and beyond are gone, and their offsets free.
    pub(super) fn cut(&mut self, row: usize, to: u64, reached: u64, copies: u64, cause: Cause) {
        let reached = reached.max(self.frontier());
        let known = self.cut.map_or(0, |(before, _)| before);
        self.cut = Some((reached.max(known), cause));
        let marks = self.marks.split_off(to);
        let processed = self.processed.split_off(to);
        if !processed.is_empty() {
            let gone = self.gone_row(row);
            self.copies -= copies;
            self.gone[gone] = Gone { cut: row, processed, copies, marks };
        }
        self.skipped.split_off(to);
        let cut = self.jumps.extract_if(.., |jump| !jump.gone && jump.to > to);
        let parts = |jump: Jump| {
            let kept = Jump { to: jump.to.min(to), ..jump };
            let gone = Jump { from: jump.from.max(to), gone: true, ..jump };
            [kept, gone].into_iter().filter(|part| part.from < part.to)
        };
        let parts: Vec<Jump> = cut.flat_map(parts).collect();
        self.jumps.extend(parts);
        for reader in &mut self.readers {
            reader.to = reader.to.min(to);
            reader.from = reader.from.min(to);
        }
    }
}

/// Of the records [from, to), those that repeat others and have not been processed `again`.
fn new_copies(
    log: &LogAccount,
    again: &[(u64, u64)],
    (from, to): (u64, u64),
    repeated: &mut Vec<Repetition>,
) -> u64 {
    let mut new = 0;
    for (from, to, cause) in log.copies(from, to) {
        let mut rest = RangeSet::default();
        rest.insert(from, to);
        for &(from, to) in again {
            rest.remove(from, to);
        }
        new += rest.len();
        repeated.extend(rest.iter().map(|(from, to)| Repetition { from, to, cause, is_new: true }));
    }
    new
}
