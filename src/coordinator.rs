//! The group coordinator of one partition of `__consumer_offsets`, without any IO.
//!
//! A [`Shard`](shard::Shard) takes requests and timers with the time at which they happen and
//! answers with [`Effect`](effect::Effect)s: replies, and records for its log. What it must not
//! forget changes by records only; a new shard that applies the same records knows the same.
//! Joins in progress, parked requests and timers are memory and die with the shard, as in Kafka
//! (`CoordinatorRuntime`, `GroupCoordinatorShard`).

mod admin;
pub mod classic;
mod committed;
pub mod config;
mod consumer;
pub mod effect;
mod group;
pub mod image;
pub mod load;
mod metadata;
pub mod metadata_hash;
mod modern;
pub mod offsets;
mod request;
pub mod serving;
pub mod shard;
mod share;
pub mod snapshot;
mod tickets;
mod timer;
mod write;
