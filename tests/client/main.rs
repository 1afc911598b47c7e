//! A consumer without a world, against brokers by script: what fails, and what the client makes of it.

mod brokers;
mod closing;
mod commit_modes;
mod commits;
mod committed_offsets;
mod coordinators;
mod errors;
mod fetching;
mod heartbeat_thread;
mod heartbeats;
mod lateness;
mod offset_errors;
mod passes;
mod patterns;
mod pausing;
mod racks;
mod rebalances;
mod reconciliations;
mod resets;
mod search;
mod sources;
mod steps;
mod timeouts;
mod worker;
