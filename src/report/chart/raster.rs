//! A canvas of pixels whose text stands where SVG puts it.

use plotters::backend::BitMapBackend;
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
};

/// plotters' bitmap. Centered on a height, its letters stand higher by this share of their size
/// than SVG's do.
const TOO_HIGH: f64 = 0.11;

/// A bitmap.
pub(super) struct Raster<'a>(pub(super) BitMapBackend<'a>);

type Bare = <BitMapBackend<'static> as DrawingBackend>::ErrorType;
type Painted = Result<(), DrawingErrorKind<Bare>>;

impl DrawingBackend for Raster<'_> {
    type ErrorType = Bare;

    fn get_size(&self) -> (u32, u32) {
        self.0.get_size()
    }

    fn ensure_prepared(&mut self) -> Painted {
        self.0.ensure_prepared()
    }

    fn present(&mut self) -> Painted {
        self.0.present()
    }

    fn draw_pixel(&mut self, at: BackendCoord, color: BackendColor) -> Painted {
        self.0.draw_pixel(at, color)
    }

    fn draw_line<S: BackendStyle>(
        &mut self,
        from: BackendCoord,
        to: BackendCoord,
        style: &S,
    ) -> Painted {
        self.0.draw_line(from, to, style)
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        from: BackendCoord,
        to: BackendCoord,
        style: &S,
        fill: bool,
    ) -> Painted {
        self.0.draw_rect(from, to, style, fill)
    }

    fn draw_text<S: BackendTextStyle>(
        &mut self,
        text: &str,
        style: &S,
        (x, y): BackendCoord,
    ) -> Painted {
        let lower = (style.size() * TOO_HIGH).round() as i32;
        self.0.draw_text(text, style, (x, y + lower))
    }
}
