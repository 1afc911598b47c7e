//! Replays recorded answers of Kafka against this build and tells every difference.

pub mod assignment;
mod canon;
pub mod dialogue;
mod player;
pub mod script;
pub mod server_assignment;
mod settings;
mod topics;
