//! What became of a group after each fault: detection, rebalance, catch-up.

use super::marks::{keys, of_group, seconds, whole};
use super::palette::{CATCH_UP, Color, DETECTION, INK, MUTED, REASSIGNMENT, text_on};
use super::sheet::{Extent, Key, Panel, Shape, Sheet, Side};
use crate::analysis::measure::end_of;
use crate::analysis::recovery::{Recovery, lag_during};
use crate::analysis::summary::Summary;
use crate::kernel::time::{Instant, Span};
use crate::report::figures::{count, moment, span};
use crate::report::names::Names;
use crate::scenario::Scenario;
use crate::world::Run;

/// Height of all plots together (logical pixels).
const HEIGHT: u32 = 420;
/// The least height of one.
const LEAST: u32 = 150;
/// So many recoveries are drawn, the longest.
const SHOWN: usize = 6;
/// Points of a line of lag.
const POINTS: u64 = 800;
/// Part of the plot's height that the phases take.
const PHASES: f64 = 0.16;

/// The chart.
pub(super) fn sheet(run: &mut Run, scenario: &Scenario, summary: &Summary) -> Sheet {
    let mut longest: Vec<&Recovery> = summary.recoveries.iter().collect();
    longest.sort_by_key(|recovery| std::cmp::Reverse(length(recovery, scenario)));
    let hidden = longest.len().saturating_sub(SHOWN);
    longest.truncate(SHOWN);
    longest.sort_by_key(|recovery| (recovery.at, recovery.group));
    let height = (HEIGHT / longest.len().max(1) as u32).max(LEAST);
    let mut panels: Vec<Panel> =
        longest.iter().map(|recovery| panel(run, scenario, recovery, height)).collect();
    let mut legend = vec![
        Key::area(DETECTION, "detection: until the coordinator removed the member"),
        Key::area(REASSIGNMENT, "rebalance: until its partitions had new owners"),
        Key::area(CATCH_UP, "catch-up: until their lag was as before"),
        Key::line(INK, "lag of the partitions that it owned"),
    ];
    let mut note = String::new();
    if panels.is_empty() {
        legend.clear();
        panels.push(nothing(run, scenario));
    } else if hidden > 0 {
        note = format!("The {SHOWN} longest; {} more are in summary.json.", count(hidden as u64));
    }
    legend.extend(keys(&panels));
    Sheet { title: "Recovery".to_owned(), legend, panels, note, ..Sheet::default() }
}

fn length(recovery: &Recovery, scenario: &Scenario) -> Span {
    recovery.caught_up.unwrap_or(end_of(scenario)).since(recovery.at)
}

/// A run that had nothing to recover from.
fn nothing(run: &Run, scenario: &Scenario) -> Panel {
    let names = Names::of(run, scenario);
    let time = whole(names);
    let text = "No event of the scenario took a partition from a consumer.";
    let everywhere = Extent { from: time.0, to: time.1, low: 0.0, high: 1.0 };
    Panel {
        title: "nothing to recover from".to_owned(),
        height: 40,
        time,
        side: Side::Lanes(vec![String::new()]),
        marks: super::sheet::Marks::default(),
        shapes: vec![Shape::Label(everywhere, text.to_owned(), MUTED)],
    }
}

fn panel(run: &mut Run, scenario: &Scenario, recovery: &Recovery, height: u32) -> Panel {
    let end = end_of(scenario);
    let over = recovery.caught_up.unwrap_or(end);
    let around = Span::from_us((over.since(recovery.at).as_us() / 8).max(100_000));
    let from = Instant::from_us(recovery.at.as_us().saturating_sub(around.as_us()));
    let to = (over + around).min(end);
    let lag = lag_during(run, recovery, from, to);
    let step = to.since(from).as_us() / POINTS;
    let moments = (0..=POINTS).map(|n| Instant::from_us(from.as_us() + n * step));
    let points: Vec<(f64, f64)> = moments.map(|at| (seconds(at), lag.at(at))).collect();
    let most = points.iter().map(|&(_, lag)| lag).fold(1.0, f64::max);
    // The phases lie above the line.
    let top = most * (1.0 + PHASES);
    let mut shapes = Vec::new();
    for Phase { color, start, over } in phases(recovery) {
        let until = over.unwrap_or(end);
        let (from, to) = (seconds(start), seconds(until));
        let phase = Extent { from, to, low: most * (1.0 + PHASES * 0.2), high: top };
        shapes.push(Shape::Bar(phase, color));
        let length = span(until.since(start));
        let text = if over.is_some() { length } else { format!("more than {length}") };
        shapes.push(Shape::Label(phase, text, text_on(color)));
    }
    shapes.push(Shape::Line(points, 2, INK));
    let names = Names::of(run, scenario);
    let time = (seconds(from), seconds(to));
    Panel {
        title: title(recovery, names),
        height,
        time,
        side: Side::Count(top),
        marks: of_group(run, names, recovery.group).within(time),
        shapes,
    }
}

/// A phase of a recovery.
struct Phase {
    color: Color,
    start: Instant,
    /// Its end, if it came before that of the run.
    over: Option<Instant>,
}

/// The phases that began and took some time.
fn phases(recovery: &Recovery) -> Vec<Phase> {
    let steps = [
        (DETECTION, Some(recovery.at), recovery.detected),
        (REASSIGNMENT, recovery.detected, recovery.reassigned),
        (CATCH_UP, recovery.reassigned, recovery.caught_up),
    ];
    let begun = steps.into_iter().filter_map(|(color, start, over)| {
        let start = start?;
        over.is_none_or(|over| start < over).then_some(Phase { color, start, over })
    });
    begun.collect()
}

/// `search, event 1 at 60s (crash search-2): detection 44.2s, rebalance 2.1s, catch-up 800ms`
fn title(recovery: &Recovery, names: Names<'_>) -> String {
    let action = &names.scenario.events[recovery.event].action;
    let phase = |name: &str, time: Option<Span>| match time {
        Some(time) => format!("{name} {}", span(time)),
        None => format!("{name} not until the end"),
    };
    let mut phases = vec![phase("detection", recovery.detection())];
    if recovery.detected.is_some() {
        phases.push(phase("rebalance", recovery.rebalance()));
    }
    if recovery.reassigned.is_some() {
        phases.push(phase("catch-up", recovery.catch_up()));
    }
    format!(
        "{}, {} at {}: {}; lag (records)",
        names.group(recovery.group),
        action.describe(names.scenario),
        moment(recovery.at),
        phases.join(", ")
    )
}
