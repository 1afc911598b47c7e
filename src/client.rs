//! Kafka's clients, without any IO: the consumer with its application thread and its heartbeat
//! thread, its membership, its fetches and its commits (kafka-semantics 6).
//!
//! A [`Consumer`](consumer::Consumer) takes responses and the passing of time and answers with
//! [`Effect`](effect::Effect)s. It shares nothing with the coordinator but messages.

pub mod application;
mod classic;
mod close;
mod commit;
mod connections;
pub mod consumer;
pub mod effect;
mod fetch_session;
mod fetcher;
mod lookup;
mod metadata;
mod modern;
mod pausing;
mod poll;
mod positions;
mod process;
pub mod producer;
pub mod subscription;
mod thread;
mod worker;
