//! Time, ids, the agenda, random streams and distributions. Knows nothing of Kafka.

pub mod agenda;
pub mod dist;
pub mod id;
pub mod rate;
pub mod time;
