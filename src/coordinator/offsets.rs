//! Committed offsets: what is asked about them, and the records they are (kafka-semantics 3.14, 7.5,
//! 7.6; `OffsetMetadataManager`).

mod commit;
mod delete;
mod expiry;
mod fetch;
mod store;
mod transactions;

pub(super) use store::Offsets;
