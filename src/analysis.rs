//! All numbers that any report shows: pure functions of a finished run.

pub mod activity;
pub mod cost;
pub mod gauge;
pub mod history;
pub mod incident;
pub mod latency;
pub mod measure;
pub mod ownership;
pub mod paused;
pub mod producers;
pub mod rebalance;
mod records;
pub mod recovery;
pub mod spread;
pub mod stall;
pub mod standing;
pub mod suite;
pub mod summary;
pub mod verdict;
