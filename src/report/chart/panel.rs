//! Paints one panel: axes, marks and shapes.

use super::axis::Axis;
use super::letters::Letters;
use super::palette::{EVENT, GRID, INK, MUTED, REBALANCE};
use super::plane::Plane;
use super::render::{Area, MARGIN, Painted, SCALE, px, write};
use super::sheet::{Extent, Panel, Side};
use plotters::chart::{ChartBuilder, LabelAreaPosition};
use plotters::style::Color as _;
use plotters_backend::DrawingBackend;

/// Height of a panel's title (logical pixels, as all that follows).
const HEADING: f64 = 34.0;
/// Height of a row of event labels.
const ROW: f64 = 20.0;
/// At most so many rows of event labels; events that find no room keep their lines.
const ROWS: usize = 4;
/// Height below the plot: tick labels and the axis' title.
const FOOT: f64 = 62.0;
/// Widest lane name that is written whole.
const NAME: f64 = 190.0;

const HEAD: Letters = Letters::new(17.0, INK).bold();
const TICK: Letters = Letters::new(15.0, MUTED);
const EVENT_TEXT: Letters = Letters::new(14.0, EVENT);

/// Left and right edge of a plot.
type Edges = (f64, f64);

/// Height of a panel with all that belongs to it.
pub(super) fn height(panel: &Panel, edges: Edges) -> f64 {
    HEADING + labels_height(&event_labels(panel, edges)) + f64::from(panel.height) + FOOT
}

/// Width of what stands left of the plot.
pub(super) fn left(panel: &Panel) -> f64 {
    let axis = Axis::side(&panel.side, panel.height);
    axis.labels().map(|label| TICK.width(label)).fold(0.0, f64::max).min(NAME) + 14.0
}

/// Where the name of an event stands.
struct EventLabel<'a> {
    row: usize,
    x: f64,
    text: &'a str,
}

/// Finds room for the names of events, each beside its line.
fn event_labels(panel: &Panel, (left, right): Edges) -> Vec<EventLabel<'_>> {
    let (from, to) = panel.time;
    let mut ends = [f64::MIN; ROWS];
    let mut labels = Vec::new();
    for (at, text) in &panel.marks.events {
        let line = left + (right - left) * (at - from) / (to - from);
        let width = EVENT_TEXT.width(text);
        let x = (line - 3.0).min(right - width);
        if let Some(row) = ends.iter().position(|&end| end < x) {
            ends[row] = x + width + 10.0;
            labels.push(EventLabel { row, x, text });
        }
    }
    labels
}

fn labels_height(labels: &[EventLabel<'_>]) -> f64 {
    labels.iter().map(|label| label.row + 1).max().unwrap_or(0) as f64 * ROW
}

/// Paints a panel from `top` downwards.
pub(super) fn paint<B: DrawingBackend>(
    panel: &Panel,
    page: &Area<B>,
    (left, right): Edges,
    top: f64,
) -> Painted<B> {
    let title = HEAD.fit(&panel.title, right - MARGIN);
    write(page, &title, (MARGIN, top + 12.0), HEAD)?;
    let events = event_labels(panel, (left, right));
    let names = top + HEADING;
    let top = names + labels_height(&events);
    let bottom = top + f64::from(panel.height);
    let time = Axis::time(panel.time);
    let side = Axis::side(&panel.side, panel.height).shorten(|name| TICK.fit(name, NAME));
    let (low, high) = side.ends();
    let place = page.clone().shrink((0, px(top)), (px(right), px(bottom - top + FOOT)));
    let mut chart = ChartBuilder::on(&place)
        .set_label_area_size(LabelAreaPosition::Left, px(left))
        .set_label_area_size(LabelAreaPosition::Bottom, px(FOOT))
        .build_cartesian_2d(time.clone(), side)?;
    let plot = chart.plotting_area().clone();
    let canvas = Plane { page, at: |time, value| plot.map_coordinate(&(time, value)) };
    for &(from, to) in &panel.marks.rebalances {
        canvas.moment(Extent { from, to, low, high }, REBALANCE)?;
    }
    let mut mesh = chart.configure_mesh();
    mesh.bold_line_style(GRID.stroke_width(SCALE))
        .light_line_style(plotters::style::TRANSPARENT)
        .axis_style(MUTED.stroke_width(SCALE))
        .label_style(TICK.style());
    if matches!(panel.side, Side::Lanes(_)) {
        mesh.disable_y_mesh();
    }
    mesh.draw()?;
    let middle = f64::midpoint(left, right);
    write(page, time.title, (middle, bottom + 42.0), TICK.centered())?;
    for shape in &panel.shapes {
        canvas.shape(shape)?;
    }
    for (at, _) in &panel.marks.events {
        canvas.dashed(*at, (low, high), EVENT)?;
    }
    for label in events {
        let y = names + (label.row as f64 + 0.5) * ROW - 4.0;
        write(page, label.text, (label.x, y), EVENT_TEXT)?;
    }
    Ok(())
}
