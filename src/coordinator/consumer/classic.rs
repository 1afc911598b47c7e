//! Members of consumer groups that speak the classic protocol, and groups that change from one
//! protocol to the other (kafka-semantics 4.9).

pub(super) mod downgrade;
mod heartbeat;
mod join;
mod leave;
mod request;
mod sync;
pub(super) mod upgrade;
