//! Membership under KIP-848: the background thread heartbeats and hears what the member is to own,
//! the application thread gives up and takes over (kafka-semantics 6.6, 6.7; `AsyncKafkaConsumer`).

mod heartbeat;
pub(super) mod member;
mod poll;
mod reconcile;
