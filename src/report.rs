//! Reports of a run as text and bytes; nothing here opens a file.

pub mod chart;
pub mod events;
pub mod expectation;
pub mod figures;
pub mod json;
pub mod names;
pub mod series;
pub mod text;
