//! rejoin: a deterministic discrete-event simulator of Kafka consumer groups.

pub mod analysis;
pub mod assignor;
pub mod cli;
pub mod client;
pub mod cluster;
pub mod conform;
pub mod coordinator;
pub mod fuzz;
pub mod kernel;
pub mod model;
pub mod parse;
pub mod report;
pub mod scenario;
pub mod trace;
pub mod world;
