//! Paints shapes in the plane of a panel.

use super::letters::Letters;
use super::palette::{Color, STALL};
use super::render::{Area, Painted, Pixel, SCALE, px};
use super::sheet::{Extent, Shape};
use plotters::element::{PathElement, Polygon, Rectangle, Text};
use plotters::style::Color as _;
use plotters_backend::DrawingBackend;

/// Free space beside a text in a box (logical pixels).
const INDENT: f64 = 9.0;

/// A page, and where (time, value) is on it.
pub(super) struct Plane<'a, B: DrawingBackend, F: Fn(f64, f64) -> Pixel> {
    /// The page.
    pub(super) page: &'a Area<B>,
    /// Backend pixel of a time and a value.
    pub(super) at: F,
}

impl<B: DrawingBackend, F: Fn(f64, f64) -> Pixel> Plane<'_, B, F> {
    /// Paints a shape.
    pub(super) fn shape(&self, shape: &Shape) -> Painted<B> {
        match shape {
            Shape::Bar(extent, color) => self.bar(*extent, *color),
            Shape::Hatch(extent) => self.stall(*extent),
            Shape::Label(extent, text, color) => self.label(*extent, text, *color),
            Shape::Line(points, width, color) => {
                let points: Vec<Pixel> =
                    points.iter().map(|&(t, value)| (self.at)(t, value)).collect();
                let style = color.stroke_width(width * SCALE);
                self.page.draw(&PathElement::new(thin_out(&points), style))
            }
            Shape::Band(points, color) => {
                let low = points.iter().map(|&(t, low, _)| (self.at)(t, low));
                let high = points.iter().rev().map(|&(t, _, high)| (self.at)(t, high));
                let outline: Vec<Pixel> = low.chain(high).collect();
                self.page.draw(&Polygon::new(outline, color.filled()))
            }
            Shape::Cross((t, value), color) => cross(self.page, (self.at)(*t, *value), *color),
        }
    }

    /// Corners of a box, at least one logical pixel wide.
    fn frame(&self, extent: Extent) -> [Pixel; 2] {
        let (a, b) = ((self.at)(extent.from, extent.low), (self.at)(extent.to, extent.high));
        let right = b.0.max(a.0 + SCALE.cast_signed());
        [(a.0, a.1.min(b.1)), (right, a.1.max(b.1))]
    }

    /// Hatches a box, or fills it where lines find no room.
    fn stall(&self, extent: Extent) -> Painted<B> {
        let frame = self.frame(extent);
        if frame[1].0 - frame[0].0 < px(6.0) {
            return self.moment(extent, STALL);
        }
        hatch(self.page, frame)
    }

    /// Paints a box that has to be seen, however narrow it is.
    pub(super) fn moment(&self, extent: Extent, color: Color) -> Painted<B> {
        let [(left, top), (right, bottom)] = self.frame(extent);
        let right = right.max(left + px(2.0));
        self.page.draw(&Rectangle::new([(left, top), (right, bottom)], color.filled()))
    }

    /// Paints a filled box.
    pub(super) fn bar(&self, extent: Extent, color: Color) -> Painted<B> {
        self.page.draw(&Rectangle::new(self.frame(extent), color.filled()))
    }

    /// Paints a dashed upright line.
    pub(super) fn dashed(&self, t: f64, (low, high): (f64, f64), color: Color) -> Painted<B> {
        let ((x, bottom), (_, top)) = ((self.at)(t, low), (self.at)(t, high));
        for y in (top..bottom).step_by(px(9.0).cast_unsigned() as usize) {
            let dash = vec![(x, y), (x, (y + px(5.0)).min(bottom))];
            self.page.draw(&PathElement::new(dash, color.stroke_width(px(1.5).cast_unsigned())))?;
        }
        Ok(())
    }

    /// Writes a text into a box if it fits.
    fn label(&self, extent: Extent, text: &str, color: Color) -> Painted<B> {
        let [(left, top), (right, bottom)] = self.frame(extent);
        let height = f64::from(bottom - top) / f64::from(SCALE);
        let letters = Letters::new((height * 0.8).min(15.0), color);
        let room = f64::from(right - left) / f64::from(SCALE);
        if height < 11.0 || letters.width(text) + 2.0 * INDENT > room {
            return Ok(());
        }
        let start = (left + px(INDENT), i32::midpoint(top, bottom));
        self.page.draw(&Text::new(text, start, letters.style()))
    }
}

/// Leaves out points between two on one column of pixels: the line looks the same.
fn thin_out(points: &[Pixel]) -> Vec<Pixel> {
    let mut kept: Vec<Pixel> = Vec::with_capacity(points.len());
    for column in points.chunk_by(|a, b| a.0 == b.0) {
        let (low, high) = (column.iter().min_by_key(|p| p.1), column.iter().max_by_key(|p| p.1));
        let mut shown: Vec<Pixel> =
            [column.first(), low, high, column.last()].into_iter().flatten().copied().collect();
        shown.dedup();
        kept.extend(shown);
    }
    kept
}

/// Hatches a box.
pub(super) fn hatch<B: DrawingBackend>(
    page: &Area<B>,
    [(left, top), (right, bottom)]: [Pixel; 2],
) -> Painted<B> {
    let style = STALL.stroke_width(px(1.2).cast_unsigned());
    let height = bottom - top;
    // Each line rises to the right; its ends are cut at the sides.
    for start in (left - height..right).step_by(px(6.0).cast_unsigned() as usize) {
        let (from, to) = (start.max(left), (start + height).min(right));
        if from < to {
            let line = vec![(from, bottom - (from - start)), (to, bottom - (to - start))];
            page.draw(&PathElement::new(line, style))?;
        }
    }
    Ok(())
}

/// Paints a cross.
pub(super) fn cross<B: DrawingBackend>(page: &Area<B>, (x, y): Pixel, color: Color) -> Painted<B> {
    let r = px(5.5);
    for line in [vec![(x - r, y - r), (x + r, y + r)], vec![(x - r, y + r), (x + r, y - r)]] {
        page.draw(&PathElement::new(line, color.stroke_width(px(2.5).cast_unsigned())))?;
    }
    Ok(())
}
