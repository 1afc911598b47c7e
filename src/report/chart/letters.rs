//! Text in charts. Its font travels with the program, so every machine measures and paints alike.

use super::palette::Color;
use super::render::SCALE;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color as _, FontDesc, FontFamily, FontStyle, TextStyle, register_font};
use std::sync::LazyLock;

/// What SVG asks for: the font that text is measured with, one as wide, anything.
const FAMILY: &str = "DejaVu Sans, Verdana, sans-serif";

static FONT: LazyLock<()> = LazyLock::new(|| {
    let faces =
        [(FontStyle::Normal, dejavu::sans::regular()), (FontStyle::Bold, dejavu::sans::bold())];
    for (style, bytes) in faces {
        assert!(register_font(FAMILY, style, bytes).is_ok(), "the crate ships whole fonts");
    }
});

/// How a text looks.
#[derive(Clone, Copy)]
pub(super) struct Letters {
    /// Logical pixels.
    size: f64,
    bold: bool,
    color: Color,
    across: HPos,
}

impl Letters {
    /// Letters of this size that begin where they are put, with their middle at its height.
    pub(super) const fn new(size: f64, color: Color) -> Letters {
        Letters { size, bold: false, color, across: HPos::Left }
    }

    /// In bold.
    pub(super) const fn bold(self) -> Letters {
        Letters { bold: true, ..self }
    }

    /// Around where they are put.
    pub(super) const fn centered(self) -> Letters {
        Letters { across: HPos::Center, ..self }
    }

    /// As plotters asks for it.
    pub(super) fn style(self) -> TextStyle<'static> {
        LazyLock::force(&FONT);
        let style = if self.bold { FontStyle::Bold } else { FontStyle::Normal };
        let size = self.size * f64::from(SCALE);
        let font = FontDesc::new(FontFamily::Name(FAMILY), size, style);
        let place = Pos::new(self.across, VPos::Center);
        TextStyle { font, color: self.color.to_backend_color(), pos: place }
    }

    /// Width of a text (logical pixels).
    pub(super) fn width(self, text: &str) -> f64 {
        let (width, _) = self.style().font.box_size(text).expect("the font is registered");
        f64::from(width) / f64::from(SCALE)
    }

    /// The text if it fits into `width`, or both its ends: names often differ at their end.
    pub(super) fn fit(self, text: &str, width: f64) -> String {
        if self.width(text) <= width {
            return text.to_owned();
        }
        let characters: Vec<char> = text.chars().collect();
        let shortened = |keep: usize| {
            let head: String = characters[..keep.div_ceil(2)].iter().collect();
            let tail: String = characters[characters.len() - keep / 2..].iter().collect();
            format!("{}…{}", head.trim_end(), tail.trim_start())
        };
        let fits = |keep: &usize| self.width(&shortened(*keep)) <= width;
        (1..characters.len()).rev().find(fits).map(shortened).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cut_fits() {
        let letters = Letters::new(14.0, Color::default());
        let name = "a-topic-with-a-long-name-12";
        for width in [10.0, 40.0, 90.0, 150.0] {
            let text = letters.fit(name, width);
            assert!(letters.width(&text) <= width, "{text:?} is wider than {width}");
        }
        assert_eq!(letters.fit(name, 1_000.0), name);
        assert!(letters.fit(name, 90.0).ends_with("-12"), "the end tells names apart");
    }
}
