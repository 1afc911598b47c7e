//! Charts of a run.

use crate::analysis::summary::Summary;
use crate::scenario::Scenario;
use crate::world::Run;

/// A chart.
#[derive(Clone, Debug)]
pub struct Chart {
    /// File name without ending.
    pub name: &'static str,
}

impl Chart {
    /// As SVG.
    pub fn svg(&self) -> String {
        String::new()
    }
    /// As PNG.
    pub fn png(&self) -> Vec<u8> {
        Vec::new()
    }
}

/// All charts of a run.
pub fn charts(_run: &mut Run, _scenario: &Scenario, _summary: &Summary) -> Vec<Chart> {
    Vec::new()
}
