//! What really happened on a cluster of Kafka 4.3.1 with its Java consumers, against what this build
//! says would happen.
//!
//! A file is one experiment: how it was set up, and what was measured in each of its runs. Of the
//! setup a scenario is made ([`scenario`]), each run is simulated with its own event times
//! ([`replay`]), the same names are measured and compared ([`compare`]).

pub mod compare;
pub mod experiment;
mod gaps;
mod measures;
pub mod replay;
mod samples;
pub mod scenario;
mod stalls;
pub mod text;
mod watch;
