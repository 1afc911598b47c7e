//! Samples at even times, and the last reckoning.

use super::{Event, SAMPLE, World};
use crate::kernel::time::Span;
use crate::model::id::{ConsumerId, GroupId};
use crate::trace::invariant::Violation;

/// Samples of a run: enough for a chart, whatever its length.
const SAMPLES: u64 = 1_200;

/// The time between two samples: a round one, at least 100 ms.
pub(super) fn sample_step(duration: Span) -> Span {
    const ROUND: [u64; 9] = [1, 2, 5, 10, 20, 50, 100, 200, 500];
    let wanted = duration.as_us().div_ceil(SAMPLES);
    let mut unit = 100_000;
    loop {
        if let Some(step) = ROUND.iter().map(|round| round * unit).find(|&step| step >= wanted) {
            return Span::from_us(step);
        }
        unit *= 1_000;
    }
}

impl World<'_> {
    pub(super) fn sample(&mut self) {
        let now = self.now;
        let logs = &mut self.logs;
        let ends: Vec<u64> =
            logs.partitions.iter().map(|log| log.visible_end(now, &mut logs.producers)).collect();
        if let Err(violation) = self.trace.look(now, &ends) {
            self.violation.get_or_insert(violation);
        }
        for index in 0..self.group_partitions.len() {
            self.sample_group(GroupId::new(index), &ends);
        }
        self.trace.samples.times.push(now);
        self.trace.samples.log_end.push(ends);
        let next = now + self.trace.samples.step;
        if now < self.end {
            self.agenda.push(next.min(self.end), SAMPLE, Event::Sample);
        }
    }

    fn sample_group(&mut self, group: GroupId, ends: &[u64]) {
        let live = &self.trace.live;
        let state = &live.groups[group.index()];
        let mut lag = vec![None; ends.len()];
        let mut total = 0;
        for partition in &self.group_partitions[group.index()] {
            let row = partition.index();
            let start = self.logs.partitions[row].start();
            let reached = state.committed[row].or(state.position[row]).unwrap_or(start);
            let gone = self.logs.partitions[row].is_deleted(self.now);
            let behind = if gone { 0 } else { ends[row].saturating_sub(reached) };
            lag[row] = Some(behind);
            total += behind;
        }
        let (mut active, mut idle, mut rebalancing) = (0, 0, 0);
        let ours = self.slots.iter().enumerate().filter(|(_, slot)| slot.group == group);
        for (row, _) in ours {
            let consumer = &live.consumers[row];
            active += u32::from(!consumer.owned.is_empty());
            rebalancing += u32::from(consumer.running && consumer.is_rebalancing());
            idle += u32::from(live.is_idle(group, ConsumerId::new(row)));
        }
        let (processed, duplicates) = self.trace.ledger.totals(group);
        let members = state.members.len() as u32;
        let samples = &mut self.trace.samples.groups[group.index()];
        samples.lag.push(lag);
        samples.total_lag.push(total);
        samples.members.push(members);
        samples.active.push(active);
        samples.idle.push(idle);
        samples.rebalancing.push(rebalancing);
        samples.processed.push(processed);
        samples.duplicates.push(duplicates);
    }

    /// At the end of the run: produced = once + skipped + waiting, in every partition of every
    /// group.
    pub(super) fn check_accounts(&mut self) -> Option<Violation> {
        let end = self.end;
        let logs = &mut self.logs;
        for (index, partitions) in self.group_partitions.iter().enumerate() {
            for &partition in partitions {
                let log = &logs.partitions[partition.index()];
                let produced = log.visible_end(end, &mut logs.producers);
                let account = self.trace.ledger.account(GroupId::new(index), partition);
                if let Some(detail) = account.and_then(|account| account.imbalance(produced)) {
                    let detail = format!("{}: {detail}", self.topics.label(partition));
                    return Some(Violation::accounting(end, detail));
                }
            }
        }
        None
    }
}
