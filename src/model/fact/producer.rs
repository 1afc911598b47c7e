//! What happens to producers.

use crate::kernel::time::Instant;

/// What happens to a producer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ProducerFact {
    /// Its buffer is full: `send()` blocks the application.
    Blocked,
    /// There is room again.
    Unblocked {
        /// Since when it was blocked.
        since: Instant,
        /// Records that the application could not create meanwhile.
        kept_back: u64,
        /// Of these, how many calls of `send()` failed after `max.block.ms`.
        refused: u64,
    },
}
