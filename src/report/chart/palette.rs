//! Colours that people with any colour vision can tell apart (Okabe and Ito), and that differ in
//! lightness where they meet.

pub(super) use plotters::style::RGBColor as Color;

const fn hex(rgb: u32) -> Color {
    Color((rgb >> 16) as u8, (rgb >> 8) as u8, rgb as u8)
}

/// The background.
pub(super) const PAPER: Color = hex(0x00FF_FFFF);
/// Text and the most important line.
pub(super) const INK: Color = hex(0x0022_2222);
/// Text that explains.
pub(super) const MUTED: Color = hex(0x0060_6060);
/// Lines of a grid.
pub(super) const GRID: Color = hex(0x00E4_E4E4);
/// Where a process runs.
pub(super) const RUNNING: Color = hex(0x00EE_EEEE);
/// Events of the scenario.
pub(super) const EVENT: Color = hex(0x00B8_3A00);
/// Time that a rebalance takes.
pub(super) const REBALANCE: Color = hex(0x00DD_D5F0);
/// Partitions that an application has paused.
pub(super) const PAUSED: Color = hex(0x00DF_E7E7);
/// What a rebalance stalls.
pub(super) const STALL: Color = hex(0x0055_6677);

/// Consumers that own partitions.
pub(super) const ACTIVE: Color = hex(0x0047_8CC0);
/// Consumers between two assignments.
pub(super) const BETWEEN: Color = hex(0x00E6_9F00);
/// Consumers that own nothing.
pub(super) const IDLE: Color = hex(0x00CD_CDCD);
/// Consumers that wait for their group.
pub(super) const WAITING: Color = hex(0x00F3_EBCF);

/// From the fault to the removal of the member.
pub(super) const DETECTION: Color = hex(0x00E6_9F00);
/// From the removal to the new owner.
pub(super) const REASSIGNMENT: Color = hex(0x0022_2222);
/// From the new owner to the lag before.
pub(super) const CATCH_UP: Color = hex(0x0056_B4E9);

/// The spread of many partitions: all of them …
pub(super) const OUTER: Color = hex(0x00E3_ECF5);
/// … and the half in the middle.
pub(super) const INNER: Color = hex(0x00B9_D0E6);
/// … and their median.
pub(super) const MEDIAN: Color = hex(0x0044_72A0);

/// Things that have names: neighbours differ in lightness as in hue.
const NAMED: [Color; 8] = [
    hex(0x0000_72B2),
    hex(0x00E6_9F00),
    hex(0x0000_7F5F),
    hex(0x0056_B4E9),
    hex(0x004B_2E83),
    hex(0x00CC_79A7),
    hex(0x0070_7070),
    hex(0x00F0_E442),
];

/// Things in a row: from dark to light (viridis).
const ROW: [Color; 8] = [
    hex(0x0044_0154),
    hex(0x0046_327E),
    hex(0x0036_5C8D),
    hex(0x0027_7F8E),
    hex(0x001F_A187),
    hex(0x004A_C16D),
    hex(0x00A0_DA39),
    hex(0x00FD_E725),
];

/// How many partitions can have a colour of their own.
pub(super) const DISTINCT: usize = NAMED.len();

/// The colour of the `index`th of a few things.
pub(super) fn named(index: usize) -> Color {
    NAMED[index % NAMED.len()]
}

/// The colour of the `index`th of `count` things: each its own, or by eighths from dark to light.
pub(super) fn of(index: usize, count: usize) -> Color {
    if count <= DISTINCT { named(index) } else { ROW[eighth(index, count)] }
}

/// The `index`th of `count` things stands in this eighth of the row.
pub(super) fn eighth(index: usize, count: usize) -> usize {
    (index * ROW.len() / count.max(1)).min(ROW.len() - 1)
}

/// Black or white, whichever can be read on this colour.
pub(super) fn text_on(Color(red, green, blue): Color) -> Color {
    let lightness = 299 * u32::from(red) + 587 * u32::from(green) + 114 * u32::from(blue);
    if lightness > 140_000 { INK } else { PAPER }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// CIE lightness, 0 … 100.
    fn lightness(Color(red, green, blue): Color) -> f64 {
        let linear = |part: u8| libm::pow(f64::from(part) / 255.0, 2.2);
        let y = 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
        116.0 * libm::cbrt(y) - 16.0
    }

    #[test]
    fn neighbours_differ_in_lightness() {
        for colors in [
            &NAMED[..],
            &ROW,
            &[ACTIVE, BETWEEN, IDLE, WAITING],
            &[DETECTION, REASSIGNMENT, CATCH_UP],
            &[PAPER, OUTER, INNER, MEDIAN],
        ] {
            for pair in colors.windows(2) {
                let apart = (lightness(pair[0]) - lightness(pair[1])).abs();
                assert!(apart > 5.0, "{pair:?} differ by {apart:.0} only");
            }
        }
    }

    #[test]
    fn text_can_be_read_on_every_colour() {
        for color in NAMED.into_iter().chain(ROW).chain([EVENT, IDLE]) {
            let apart = (lightness(color) - lightness(text_on(color))).abs();
            assert!(apart > 40.0, "text on {color:?} differs by {apart:.0} only");
        }
    }
}
