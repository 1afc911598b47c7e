//! How long records took from production to the end of their processing.

use super::gauge::weighted_percentile;
use crate::cluster::fetch::Logs;
use crate::kernel::time::Instant;
use crate::model::fact::Processed;
use crate::model::id::GroupId;
use crate::scenario::expect::Stat;
use crate::world::Run;

/// Of a batch so many records are looked at, at most, each for as many.
const PIECES: u64 = 16;

/// Latency (s) of the records whose processing ended in (from, to]. `None`: there were none.
pub fn latency(
    run: &mut Run,
    group: GroupId,
    from: Instant,
    to: Instant,
    stat: Stat,
) -> Option<f64> {
    let progress = std::mem::take(&mut run.trace.steps.progress[group.index()]);
    let mut weighted = Vec::new();
    for batch in progress.iter().flatten().map(|batch| batch.processed) {
        if from < batch.end && batch.start <= to {
            let pieces = pieces(&mut run.logs, &batch).filter(|&(at, ..)| from < at && at <= to);
            weighted.extend(pieces.map(|(_, latency, weight)| (latency, weight)));
        }
    }
    run.trace.steps.progress[group.index()] = progress;
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

/// Some records of a batch: when each was done, how long that took (s), for how many it stands.
fn pieces(logs: &mut Logs, batch: &Processed) -> impl Iterator<Item = (Instant, f64, f64)> {
    let n = batch.to - batch.from;
    let pieces = n.min(PIECES);
    let spent = batch.end.since(batch.start).as_us();
    let (partition, from, start) = (batch.partition.index(), batch.from, batch.start.as_us());
    (0..pieces).map(move |piece| {
        // The first and the last record are among them.
        let record = piece * (n - 1) / (pieces - 1).max(1);
        let done = Instant::from_us(start + spent * (record + 1) / n);
        let log = &logs.partitions[partition];
        let produced = log.visible_from(from + record, Instant::ZERO, done, &mut logs.producers);
        let took = done.since(produced.unwrap_or(done)).as_secs_f64();
        (done, took, n as f64 / pieces as f64)
    })
}
