//! Replays recorded answers of Kafka against this build and tells every difference.
//!
//! A file of answers is JSON, one case a line, and may be packed with gzip. What kind of case a
//! line is shows in the line itself ([`case::Kind`]). [`file::replay`] goes through a file with
//! memory for one batch of lines and gives a [`tally::Tally`].

pub mod assignment;
pub mod batch;
mod canon;
pub mod case;
pub mod dialogue;
pub mod difference;
pub mod file;
pub mod hash;
pub mod live;
mod log;
mod player;
mod request;
pub mod script;
pub mod server_assignment;
mod settings;
pub mod tally;
pub mod text;
mod topics;
