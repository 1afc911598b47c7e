//! Topics, partitions, assignments, protocol words, messages, effects and facts: plain data.

pub mod base64;
pub mod config;
pub mod consumer_protocol;
pub mod error;
pub mod fact;
pub mod id;
pub mod message;
pub mod record;
pub mod topic;
pub mod uuid;
pub mod workload;

/// A name that many hold: a group's, a member's, a topic's.
pub type Name = std::sync::Arc<str>;
