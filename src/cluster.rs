//! Brokers, partition logs and the way to them, without any IO (kafka-semantics 9).

pub mod controller;
pub mod fetch;
pub mod log;
pub mod nearest;
pub mod offsets_log;
pub mod offsets_topic;
pub mod placement;
pub mod replicas;
pub mod sessions;
pub mod tcp;
