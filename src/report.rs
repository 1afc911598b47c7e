//! Reports of a run as text and bytes; nothing here opens a file.

pub mod assignment;
pub mod case;
pub mod chart;
mod columns;
pub mod events;
pub mod expectation;
pub mod figures;
mod incidents;
pub mod json;
pub mod names;
pub mod series;
pub mod suite;
pub mod text;
