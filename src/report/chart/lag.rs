//! Lag over time: total and per partition, or how it spreads where partitions are many.

use super::marks::{keys, of_group, seconds, whole};
use super::palette::{DISTINCT, INK, INNER, MEDIAN, OUTER};
use super::sheet::{Key, Panel, Shape, Sheet, Side, Swatch};
use super::tint::Tints;
use crate::analysis::spread::{Spread, spreads, worst};
use crate::model::id::{GroupId, PartitionId};
use crate::report::figures::counted;
use crate::report::names::Names;
use crate::world::Run;

/// Height of all plots together (logical pixels).
const HEIGHT: u32 = 460;
/// The least height of one.
const LEAST: u32 = 130;
/// So many of the partitions that lagged most have a line of their own in a spread.
const WORST: usize = 3;

/// The chart.
pub(super) fn sheet(run: &Run, names: Names<'_>, tints: &Tints<'_>) -> Sheet {
    let groups = run.group_partitions.len() as u32;
    let many = |partitions: &[PartitionId]| partitions.len() > DISTINCT;
    let panels = groups + run.group_partitions.iter().filter(|of| many(of)).count() as u32;
    let height = (HEIGHT / panels.max(1)).max(LEAST);
    let mut sheet = Sheet { title: "Consumer lag".to_owned(), ..Sheet::default() };
    let mut total = false;
    for (index, partitions) in run.group_partitions.iter().enumerate() {
        let group = GroupId::new(index);
        let totals = &run.trace.samples.groups[index].total_lag;
        let name = names.group(group);
        let mut panel = Panel {
            title: format!("{name}: lag (records)"),
            height,
            time: whole(names),
            side: Side::Count(totals.iter().copied().max().unwrap_or(0) as f64),
            marks: of_group(run, names, group),
            shapes: Vec::new(),
        };
        let spread = many(partitions).then(|| spread(run, names, index, partitions, &panel));
        if !many(partitions) {
            panel.shapes.extend(lines(run, tints, group, partitions));
        }
        if partitions.len() != 1 {
            let line = run.trace.samples.times.iter().zip(totals);
            let points = line.map(|(&at, &lag)| (seconds(at), lag as f64)).collect();
            panel.shapes.push(Shape::Line(points, 2, INK));
            total = true;
        }
        sheet.panels.push(panel);
        sheet.panels.extend(spread);
    }
    if run.group_partitions.iter().any(|of| !many(of)) {
        sheet.legend.extend(tints.keys(names, Swatch::Line));
    }
    if run.group_partitions.iter().any(|of| many(of)) {
        sheet.legend.extend([
            Key::area(OUTER, "all partitions"),
            Key::area(INNER, "the middle half"),
            Key::line(MEDIAN, "median partition"),
        ]);
    }
    if total {
        sheet.legend.insert(0, Key::line(INK, "all partitions together"));
    }
    sheet.legend.extend(keys(&sheet.panels));
    sheet
}

/// A line a partition.
fn lines(run: &Run, tints: &Tints<'_>, group: GroupId, partitions: &[PartitionId]) -> Vec<Shape> {
    let line = |&partition: &PartitionId| {
        let points = points(run, group.index(), partition);
        Shape::Line(points, 2, tints.color(group, partition))
    };
    partitions.iter().map(line).collect()
}

fn points(run: &Run, group: usize, partition: PartitionId) -> Vec<(f64, f64)> {
    let samples = &run.trace.samples;
    let rows = samples.times.iter().zip(&samples.groups[group].lag);
    rows.map(|(&at, row)| (seconds(at), row[partition.index()].unwrap_or(0) as f64)).collect()
}

/// The second panel of a group with many partitions.
fn spread(
    run: &Run,
    names: Names<'_>,
    group: usize,
    partitions: &[PartitionId],
    total: &Panel,
) -> Panel {
    let samples = &run.trace.samples;
    let spreads = spreads(&samples.groups[group], partitions);
    let band = |low: fn(&Spread) -> u64, high: fn(&Spread) -> u64| {
        let rows = samples.times.iter().zip(&spreads);
        rows.map(|(&at, spread)| (seconds(at), low(spread) as f64, high(spread) as f64)).collect()
    };
    let median = samples.times.iter().zip(&spreads);
    let median = median.map(|(&at, spread)| (seconds(at), spread.median as f64)).collect();
    let worst = worst(samples, group, partitions, WORST);
    let mut shapes = vec![
        Shape::Band(band(|s| s.min, |s| s.max), OUTER),
        Shape::Band(band(|s| s.lower, |s| s.upper), INNER),
        Shape::Line(median, 2, MEDIAN),
    ];
    let peaks = worst.iter().rev();
    shapes.extend(peaks.map(|peak| Shape::Line(points(run, group, peak.partition), 1, INK)));
    let labels: Vec<String> = worst.iter().map(|peak| names.partition(peak.partition)).collect();
    let mut title = format!(
        "{}: lag of each of {} (records)",
        names.group(GroupId::new(group)),
        counted(partitions.len() as u64, "partition")
    );
    if !labels.is_empty() {
        title = format!("{title}, thin: the worst, {}", labels.join(", "));
    }
    let most = spreads.iter().map(|spread| spread.max).max().unwrap_or(0);
    Panel { title, side: Side::Count(most as f64), shapes, ..total.clone() }
}
