//! A consumer without a world, against brokers by script: what fails, and what the client makes of it.

mod brokers;
mod coordinators;
mod passes;
mod racks;
mod search;
mod sources;
mod timeouts;
