//! Stalls: how long nothing was processed.

use super::experiment::Time;
use super::gaps::{longest, median, with_neighbours, with_the_one_before};
use super::measures::{After, Measures, Seen, s};
use crate::model::id::{GroupId, PartitionId};
use serde::Serialize;
use std::collections::BTreeMap;

/// A consumer that was active this long before an event stalls after it (s).
pub(super) const ACTIVE: f64 = 2.0;
/// From so many milliseconds on a partition counts as stalled.
const STALLED_MS: f64 = 500.0;

/// Which stalls belong to the span after an event. Recordings differ in that and don't say it: the
/// player of the experiments has changed its mind.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stalls {
    /// Those that end before the next event.
    Ended,
    /// Those that begin before the next event, however long they last.
    Begun,
}

impl Stalls {
    /// The moments between which a stall of the span may lie.
    pub(super) fn around(self, moments: &[f64], after: &After) -> Vec<f64> {
        match self {
            Stalls::Ended => with_the_one_before(moments, after.from, after.to, Some(ACTIVE)),
            Stalls::Begun => with_neighbours(moments, after.from, after.to, ACTIVE),
        }
    }
}

impl Seen<'_> {
    /// Stalls of a group's partitions after an event, and of all of them together.
    pub(super) fn stalls_after(&self, after: &After, group: GroupId, m: &mut Measures) {
        let pre = format!("after.{}.{}", after.label, self.prefix(group));
        let mut by_partition: BTreeMap<PartitionId, Vec<f64>> = BTreeMap::new();
        let mut all = Vec::new();
        for (consumer, p) in &self.watch.records {
            if self.watch.consumers[consumer.index()].group == group {
                by_partition.entry(p.partition).or_default().push(s(p.end));
                all.push(s(p.end));
            }
        }
        let mut stalls = Vec::new();
        for moments in by_partition.values_mut() {
            moments.sort_by(f64::total_cmp);
            let was_read = moments.iter().any(|&at| after.from - ACTIVE <= at && at < after.from);
            let span = self.stalls.around(moments, after);
            stalls.extend(longest(&span).filter(|_| was_read).map(|gap| gap * 1000.0));
        }
        if let Some(median) = median(&stalls) {
            let most = stalls.iter().copied().fold(0.0, f64::max);
            let least = stalls.iter().copied().fold(f64::INFINITY, f64::min);
            m.insert(format!("{pre}partition_stall_ms.max"), most);
            m.insert(format!("{pre}partition_stall_ms.median"), median);
            m.insert(format!("{pre}partition_stall_ms.min"), least);
            let long = stalls.iter().filter(|&&gap| gap > STALLED_MS).count();
            m.insert(format!("{pre}partitions_stalled_over_500ms"), long as f64);
        }
        all.sort_by(f64::total_cmp);
        let span = with_the_one_before(&all, after.from, after.to, Some(ACTIVE));
        if let Some(gap) = longest(&span) {
            m.insert(format!("{pre}silent_ms"), gap * 1000.0);
        }
    }

    /// Gaps in a part of the run (family m).
    pub(super) fn window(&self, m: &mut Measures) {
        let setup = &self.experiment.setup;
        let Some((from, to)) = &setup.window else { return };
        let (Some(from), Some(to)) = (from.seconds(), to.seconds()) else { return };
        let gap = setup.gap.as_ref().and_then(Time::seconds).unwrap_or(0.3);
        let mut by_partition: BTreeMap<PartitionId, Vec<f64>> = BTreeMap::new();
        let mut all = Vec::new();
        for (_, p) in &self.watch.records {
            let at = s(p.end);
            if from - 1.0 <= at && at <= to {
                by_partition.entry(p.partition).or_default().push(at);
                all.push(at);
            }
        }
        let gaps = |moments: &mut Vec<f64>| -> Vec<f64> {
            moments.sort_by(f64::total_cmp);
            moments.windows(2).map(|pair| pair[1] - pair[0]).collect()
        };
        let long = |gaps: &[f64]| gaps.iter().filter(|&&length| length > gap).sum::<f64>();
        let each: Vec<Vec<f64>> = by_partition.values_mut().map(gaps).collect();
        let unread: f64 = each.iter().map(|gaps| long(gaps)).sum();
        let most = each.iter().flatten().copied().fold(0.0, f64::max);
        m.insert("window.partition_unread_total_ms".to_owned(), unread * 1000.0);
        m.insert("window.group_silent_total_ms".to_owned(), long(&gaps(&mut all)) * 1000.0);
        m.insert("window.max_partition_gap_ms".to_owned(), most * 1000.0);
    }
}
