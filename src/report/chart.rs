//! Charts of a run: lag, consumers, assignment and recovery, as SVG and PNG.
//!
//! Each chart is a sheet, plain data made from the analysis of the run;
//! `render` paints sheets with plotters. Colours are told apart by people with any colour vision.

mod assignment;
mod axis;
mod consumers;
mod lag;
mod letters;
mod marks;
mod palette;
mod panel;
mod plane;
mod raster;
mod recovery;
mod render;
mod sheet;
mod tint;

use super::figures::span;
use super::names::Names;
use crate::analysis::summary::Summary;
use crate::scenario::Scenario;
use crate::world::Run;
use sheet::Sheet;
use tint::Tints;

/// A chart.
#[derive(Clone, PartialEq, Debug)]
pub struct Chart {
    /// File name without ending.
    pub name: &'static str,
    sheet: Sheet,
}

impl Chart {
    /// As SVG.
    pub fn svg(&self) -> String {
        render::svg(&self.sheet)
    }

    /// As PNG, with twice as many pixels as the SVG has units.
    pub fn png(&self) -> Vec<u8> {
        render::png(&self.sheet)
    }
}

/// All charts of a run.
pub fn charts(run: &mut Run, scenario: &Scenario, summary: &Summary) -> Vec<Chart> {
    let mut subtitle = format!("{} · {}", scenario.name, span(scenario.duration));
    if !scenario.question.is_empty() {
        subtitle = format!("{subtitle} · {}", scenario.question);
    }
    let recovery = recovery::sheet(run, scenario, summary);
    let (run, names) = (&*run, Names::of(run, scenario));
    let tints = Tints::new(run);
    let sheets = [
        ("lag", lag::sheet(run, names, &tints)),
        ("consumers", consumers::sheet(run, names)),
        ("assignment", assignment::sheet(run, names, &tints)),
        ("recovery", recovery),
    ];
    let chart =
        |(name, sheet)| Chart { name, sheet: Sheet { subtitle: subtitle.clone(), ..sheet } };
    sheets.map(chart).into()
}
