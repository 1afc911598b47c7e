//! Time, ids, the agenda, random streams and distributions. Knows nothing of Kafka.

pub mod agenda;
pub mod counts;
mod deviate;
pub mod digest;
pub mod dist;
pub mod factor;
pub mod id;
pub mod java_hash;
pub mod java_map;
pub mod java_order;
pub mod murmur;
pub mod random;
pub mod rate;
pub mod time;
pub mod timeline_forest;
pub mod timeline_map;
pub mod timeline_table;
pub mod timers;
