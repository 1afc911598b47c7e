//! Consumer groups of the new protocol (KIP-848, kafka-semantics 4): members send heartbeats, and
//! the coordinator computes what each is to own and leads it there, member by member.
//!
//! An operation reads the group and makes records; the group changes only by
//! [applying](group::ConsumerGroup) them. What is memory alone (timers, the refresh of topics, a
//! resolution under way) is listed in an [`Outcome`](outcome::Outcome).

mod classic;
mod commit;
mod contradiction;
mod describe;
mod fence;
pub(super) mod group;
mod heartbeat;
mod leave;
pub(super) mod member;
mod outcome;
mod reconcile;
mod record;
mod regex;
mod replay;
mod request;
mod snapshot;
mod state;
mod subscribe;
mod target;
pub(super) mod validate;

pub(super) use commit::OlderEpoch;
pub(super) use outcome::Timer;
pub(super) use replay::{Undo, revert};
