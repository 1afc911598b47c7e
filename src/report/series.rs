//! `series.csv`: one row a sample, one column a value.

use crate::scenario::Scenario;
use crate::world::Run;
use std::fmt::Write;

/// The table as CSV. Names cannot hold commas or quotes, so nothing needs quoting.
pub fn csv(run: &Run, scenario: &Scenario) -> String {
    let samples = &run.trace.samples;
    let mut csv = String::from("time_s");
    for (group, partitions) in scenario.groups.iter().zip(&run.group_partitions) {
        let name = &group.name;
        let _ = write!(csv, ",{name}.lag");
        for &partition in partitions {
            let _ = write!(csv, ",{name}.lag.{}", run.topics.label(partition));
        }
        for value in [
            "members",
            "active_consumers",
            "idle_consumers",
            "rebalancing_consumers",
            "processed",
            "duplicates",
            "throughput",
        ] {
            let _ = write!(csv, ",{name}.{value}");
        }
    }
    csv.push('\n');
    for (row, at) in samples.times.iter().enumerate() {
        let _ = write!(csv, "{}", at.as_us() as f64 / 1e6);
        for (group, partitions) in samples.groups.iter().zip(&run.group_partitions) {
            let _ = write!(csv, ",{}", group.total_lag[row]);
            for partition in partitions {
                let _ = write!(csv, ",{}", group.lag[row][partition.index()].unwrap_or(0));
            }
            let done = |row: usize| group.processed[row] + group.duplicates[row];
            let throughput = row.checked_sub(1).map_or(0.0, |before| {
                let seconds = at.since(samples.times[before]).as_secs_f64();
                (done(row) - done(before)) as f64 / seconds
            });
            let _ = write!(
                csv,
                ",{},{},{},{},{},{},{throughput:.1}",
                group.members[row],
                group.active[row],
                group.idle[row],
                group.rebalancing[row],
                group.processed[row],
                group.duplicates[row],
            );
        }
        csv.push('\n');
    }
    csv
}
