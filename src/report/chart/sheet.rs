//! What a chart shows, as data: panels above each other on time axes. [`super::render`] paints it.

use super::palette::Color;

/// One picture.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Sheet {
    /// What it shows.
    pub(super) title: String,
    /// Of which run.
    pub(super) subtitle: String,
    /// What its colours mean.
    pub(super) legend: Vec<Key>,
    /// From top to bottom.
    pub(super) panels: Vec<Panel>,
    /// What has to be said below.
    pub(super) note: String,
}

/// An entry of a legend.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Key {
    /// What it looks like.
    pub(super) swatch: Swatch,
    /// What it means.
    pub(super) text: String,
}

impl Key {
    /// A filled area.
    pub(super) fn area(color: Color, text: impl Into<String>) -> Key {
        Key { swatch: Swatch::Area(color), text: text.into() }
    }

    /// A line.
    pub(super) fn line(color: Color, text: impl Into<String>) -> Key {
        Key { swatch: Swatch::Line(color), text: text.into() }
    }
}

/// The look of an entry of a legend.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Swatch {
    /// A filled box.
    Area(Color),
    /// A line.
    Line(Color),
    /// A dashed upright line.
    Dashed(Color),
    /// A hatched box.
    Hatch,
    /// A cross.
    Cross(Color),
}

/// Shapes over one time axis.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Panel {
    /// What stands above it.
    pub(super) title: String,
    /// Height of the plot without title, marks and axis (logical pixels).
    pub(super) height: u32,
    /// The part of the run that it shows (seconds).
    pub(super) time: (f64, f64),
    /// The other axis.
    pub(super) side: Side,
    /// What happened to all that it shows.
    pub(super) marks: Marks,
    /// From back to front.
    pub(super) shapes: Vec<Shape>,
}

/// The upright axis.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Side {
    /// From 0 up to at least this value.
    Count(f64),
    /// Lanes from top to bottom, each one unit high: lane 2 lies between 2 and 3.
    Lanes(Vec<String>),
}

/// Faults, operations and rebalances.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Marks {
    /// Events of the scenario: when and what.
    pub(super) events: Vec<(f64, String)>,
    /// Rebalances: from, to.
    pub(super) rebalances: Vec<(f64, f64)>,
}

/// A box in the plane of a panel: time × value.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Extent {
    /// From when (seconds).
    pub(super) from: f64,
    /// Until when.
    pub(super) to: f64,
    /// Lower value; in lanes the upper edge.
    pub(super) low: f64,
    /// Higher value; in lanes the lower edge.
    pub(super) high: f64,
}

/// Something in the plane of a panel.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Shape {
    /// A filled box. It shows even if it is narrower than a pixel.
    Bar(Extent, Color),
    /// A box that something covers or stops.
    Hatch(Extent),
    /// A text in a box, if it fits.
    Label(Extent, String, Color),
    /// A line through (time, value).
    Line(Vec<(f64, f64)>, u32, Color),
    /// The area between two lines over the same moments: (time, lower, upper).
    Band(Vec<(f64, f64, f64)>, Color),
    /// A cross at (time, value).
    Cross((f64, f64), Color),
}
