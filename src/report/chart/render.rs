//! Paints a sheet with plotters, as SVG and as PNG.

use super::letters::Letters;
use super::palette::{Color, INK, MUTED, PAPER};
use super::panel;
use super::plane::{cross, hatch};
use super::raster::Raster;
use super::sheet::{Key, Sheet, Swatch};
use plotters::backend::{BitMapBackend, SVGBackend};
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind, IntoDrawingArea};
use plotters::element::{PathElement, Rectangle, Text};
use plotters::style::Color as _;
use plotters_backend::DrawingBackend;

/// Backends count in whole pixels; this many make a logical one.
pub(super) const SCALE: u32 = 2;
/// Width of every picture (logical pixels, as all that follows).
const WIDTH: u32 = 1_280;
/// Free space around everything.
pub(super) const MARGIN: f64 = 24.0;
/// Height of title and subtitle.
const HEADER: f64 = 76.0;
/// Height of a line of the legend, of the note.
const LINE: f64 = 24.0;

const TITLE: Letters = Letters::new(24.0, INK).bold();
const TEXT: Letters = Letters::new(15.0, INK);
const SMALL: Letters = Letters::new(15.0, MUTED);

pub(super) type Area<B> = DrawingArea<B, Shift>;
pub(super) type Painted<B> = Result<(), DrawingAreaErrorKind<<B as DrawingBackend>::ErrorType>>;
/// A place in backend pixels.
pub(super) type Pixel = (i32, i32);

/// Backend pixels of a logical length.
pub(super) fn px(logical: f64) -> i32 {
    (logical * f64::from(SCALE)).round() as i32
}

/// Writes a text at a place (logical pixels).
pub(super) fn write<B: DrawingBackend>(
    area: &Area<B>,
    text: &str,
    (x, y): (f64, f64),
    letters: Letters,
) -> Painted<B> {
    area.draw(&Text::new(text, (px(x), px(y)), letters.style()))
}

/// The sheet as an SVG file.
pub(super) fn svg(sheet: &Sheet) -> String {
    let size = size(sheet);
    let mut svg = String::new();
    let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
    paint(sheet, &area).expect("memory takes every shape");
    drop(area);
    let large = format!("width=\"{}\" height=\"{}\"", size.0, size.1);
    let small = format!("width=\"{}\" height=\"{}\" role=\"img\"", size.0 / SCALE, size.1 / SCALE);
    let title = sheet.title.replace('&', "&amp;").replace('<', "&lt;");
    svg.replacen(&large, &small, 1).replacen(">\n", &format!(">\n<title>{title}</title>\n"), 1)
}

/// The sheet as a PNG file.
pub(super) fn png(sheet: &Sheet) -> Vec<u8> {
    let (width, height) = size(sheet);
    let mut pixels = vec![0; (width * height * 3) as usize];
    let bitmap = BitMapBackend::with_buffer(&mut pixels, (width, height));
    let area = Raster(bitmap).into_drawing_area();
    paint(sheet, &area).expect("memory takes every pixel");
    drop(area);
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().expect("memory takes every byte");
    writer.write_image_data(&pixels).expect("the buffer is as large as the image");
    writer.finish().expect("memory takes every byte");
    file
}

/// Width and height in backend pixels.
fn size(sheet: &Sheet) -> (u32, u32) {
    let edges = edges(sheet);
    let panels: f64 = sheet.panels.iter().map(|panel| panel::height(panel, edges)).sum();
    let legend = LINE * legend(&sheet.legend).last().map_or(0.0, |(_, row, _)| row + 1.0);
    let note = if sheet.note.is_empty() { 0.0 } else { LINE };
    let height = MARGIN + HEADER + legend + panels + note + MARGIN;
    (WIDTH * SCALE, px(height).cast_unsigned())
}

/// Left and right edge of all plots: one above the other they share their time axis.
fn edges(sheet: &Sheet) -> (f64, f64) {
    let left = sheet.panels.iter().map(panel::left).fold(60.0, f64::max);
    (MARGIN + left, f64::from(WIDTH) - MARGIN)
}

fn paint<B: DrawingBackend>(sheet: &Sheet, area: &Area<B>) -> Painted<B> {
    area.fill(&PAPER)?;
    let room = f64::from(WIDTH) - 2.0 * MARGIN;
    write(area, &TITLE.fit(&sheet.title, room), (MARGIN, MARGIN + 14.0), TITLE)?;
    write(area, &SMALL.fit(&sheet.subtitle, room), (MARGIN, MARGIN + 44.0), SMALL)?;
    let mut top = MARGIN + HEADER;
    for (x, row, key) in legend(&sheet.legend) {
        paint_key(area, key, (x, top + (row + 0.5) * LINE - 6.0))?;
    }
    top += LINE * legend(&sheet.legend).last().map_or(0.0, |(_, row, _)| row + 1.0);
    let edges = edges(sheet);
    for one in &sheet.panels {
        panel::paint(one, area, edges, top)?;
        top += panel::height(one, edges);
    }
    write(area, &SMALL.fit(&sheet.note, room), (MARGIN, top + LINE / 2.0), SMALL)?;
    area.present()
}

/// Where each entry of a legend stands: its x, and its row.
fn legend(keys: &[Key]) -> Vec<(f64, f64, &Key)> {
    let (mut x, mut row) = (MARGIN, 0.0);
    let mut placed = Vec::with_capacity(keys.len());
    for key in keys {
        let width = 30.0 + TEXT.width(&key.text);
        if x > MARGIN && x + width > f64::from(WIDTH) - MARGIN {
            (x, row) = (MARGIN, row + 1.0);
        }
        placed.push((x, row, key));
        x += width + 22.0;
    }
    placed
}

fn paint_key<B: DrawingBackend>(area: &Area<B>, key: &Key, (x, y): (f64, f64)) -> Painted<B> {
    let place = |dx: f64, dy: f64| (px(x + dx), px(y + dy));
    let frame = [place(0.0, -7.0), place(22.0, 7.0)];
    let path = |points: Vec<Pixel>, color: Color, width: f64| {
        PathElement::new(points, color.stroke_width(px(width).cast_unsigned()))
    };
    match key.swatch {
        Swatch::Area(color) => area.draw(&Rectangle::new(frame, color.filled()))?,
        Swatch::Line(color) => {
            area.draw(&path(vec![place(0.0, 0.0), place(22.0, 0.0)], color, 2.5))?;
        }
        Swatch::Dashed(color) => {
            for dy in [-8.0, -2.0, 4.0] {
                area.draw(&path(vec![place(11.0, dy), place(11.0, dy + 4.0)], color, 1.5))?;
            }
        }
        Swatch::Hatch => hatch(area, frame)?,
        Swatch::Cross(color) => cross(area, place(11.0, 0.0), color)?,
    }
    write(area, &key.text, (x + 30.0, y), TEXT)
}
