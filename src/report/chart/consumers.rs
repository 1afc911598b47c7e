//! Consumers over time: how many are active, rebalancing, idle or waiting.

use super::marks::{keys, of_group, seconds, whole};
use super::palette::{ACTIVE, BETWEEN, Color, IDLE, INK, WAITING};
use super::sheet::{Extent, Key, Panel, Shape, Sheet, Side};
use crate::analysis::activity::{Headcount, activities};
use crate::analysis::measure::end_of;
use crate::model::id::GroupId;
use crate::report::names::Names;
use crate::world::Run;

/// Height of all plots together (logical pixels).
const HEIGHT: u32 = 420;
/// The least height of one.
const LEAST: u32 = 110;

/// Colour, meaning and height.
type Layer = (Color, &'static str, fn(&Headcount) -> u32);

/// From the bottom up.
const LAYERS: [Layer; 4] = [
    (ACTIVE, "active: owns partitions", |count| count.active),
    (BETWEEN, "rebalancing: between two assignments", |count| count.rebalancing),
    (IDLE, "idle: a member that owns nothing", |count| count.idle),
    (WAITING, "waiting to join or for its first assignment", |count| count.waiting),
];

/// The chart.
pub(super) fn sheet(run: &Run, names: Names<'_>) -> Sheet {
    let groups = names.scenario.groups.len() as u32;
    let height = (HEIGHT / groups.max(1)).max(LEAST);
    let panels: Vec<Panel> =
        (0..groups as usize).map(|g| panel(run, names, GroupId::new(g), height)).collect();
    let mut legend: Vec<Key> =
        LAYERS.into_iter().map(|(color, text, _)| Key::area(color, text)).collect();
    legend.push(Key::line(INK, "members as the coordinator counts them"));
    legend.extend(keys(&panels));
    Sheet { title: "Consumers".to_owned(), legend, panels, ..Sheet::default() }
}

fn panel(run: &Run, names: Names<'_>, group: GroupId, height: u32) -> Panel {
    let counts = activities(&run.trace, group, end_of(names.scenario)).headcounts;
    let most = counts.iter().map(|count| count.running().max(count.members)).max().unwrap_or(0);
    let mut shapes = Vec::new();
    let mut members = Vec::new();
    let (_, end) = whole(names);
    for (index, count) in counts.iter().enumerate() {
        let next = counts.get(index + 1).map_or(end, |next| seconds(next.at));
        let (from, to) = (seconds(count.at), next);
        let mut low = 0.0;
        for (color, _, height) in LAYERS {
            let high = low + f64::from(height(count));
            if high > low {
                shapes.push(Shape::Bar(Extent { from, to, low, high }, color));
            }
            low = high;
        }
        members.extend([from, to].map(|at| (at, f64::from(count.members))));
    }
    shapes.push(Shape::Line(members, 2, INK));
    Panel {
        title: format!("{}: consumers", names.group(group)),
        height,
        time: whole(names),
        side: Side::Count(f64::from(most)),
        marks: of_group(run, names, group),
        shapes,
    }
}
