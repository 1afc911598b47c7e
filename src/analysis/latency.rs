//! How long records took from production to the end of their processing.

use super::gauge::weighted_percentile;
use crate::kernel::time::Instant;
use crate::model::fact::Processed;
use crate::model::id::GroupId;
use crate::scenario::expect::Stat;
use crate::world::Run;

/// A batch is cut into so many pieces at most, each with the latency of its middle.
const PIECES: u64 = 16;

/// Latency (s) of the records whose processing ended in (from, to]. `None`: there were none.
pub fn latency(
    run: &mut Run,
    group: GroupId,
    from: Instant,
    to: Instant,
    stat: Stat,
) -> Option<f64> {
    let batches = std::mem::take(&mut run.trace.steps.batches[group.index()]);
    let mut weighted = Vec::new();
    for batch in batches.iter().filter(|batch| from < batch.end && batch.end <= to) {
        pieces(run, batch, &mut weighted);
    }
    run.trace.steps.batches[group.index()] = batches;
    if weighted.is_empty() {
        return None;
    }
    let total: f64 = weighted.iter().map(|(_, weight)| weight).sum();
    let values = weighted.iter().map(|&(value, _)| value);
    match stat {
        Stat::Max => values.max_by(f64::total_cmp),
        Stat::Min => values.min_by(f64::total_cmp),
        Stat::Percentile(percent) => weighted_percentile(&mut weighted, percent),
        Stat::Mean | Stat::Sum | Stat::Last => {
            Some(weighted.iter().map(|(value, weight)| value * weight).sum::<f64>() / total)
        }
    }
}

fn pieces(run: &mut Run, batch: &Processed, weighted: &mut Vec<(f64, f64)>) {
    let n = batch.to - batch.from;
    let pieces = n.min(PIECES);
    let spent = batch.end.since(batch.start).as_us();
    for piece in 0..pieces {
        let record = n * (2 * piece + 1) / (2 * pieces);
        let done = batch.start.as_us() + spent * (record + 1) / n;
        let log = &run.logs.partitions[batch.partition.index()];
        let end = Instant::from_us(done);
        let produced =
            log.visible_from(batch.from + record, Instant::ZERO, end, &mut run.logs.producers);
        let took = end.since(produced.unwrap_or(end)).as_secs_f64();
        weighted.push((took, n as f64 / pieces as f64));
    }
}
