//! All numbers that any report shows: pure functions of a finished run.

pub mod cost;
pub mod gauge;
pub mod history;
pub mod latency;
pub mod measure;
pub mod ownership;
pub mod recovery;
pub mod stall;
pub mod summary;
pub mod verdict;
