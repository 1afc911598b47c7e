//! What the application thread is doing.

use super::classic::member::Generation;
use super::fetcher::Part;
use super::modern::member::Event;
use crate::kernel::time::Instant;
use crate::model::consumer_protocol::Assignment;
use crate::model::fact::Processed;
use crate::model::id::PartitionId;

/// The application thread of a consumer: `while (true) { process(poll(timeout)); commit(); }`.
#[derive(Clone, Debug)]
pub(super) enum Thread {
    /// Inside `poll`, waiting for the network. Responses are handled as they come; the pass over
    /// everything that is due is repeated whenever one came.
    Polling {
        /// What ends the wait before the pass goes on.
        wait: Wait,
        /// When the present `poll` was called; the application calls it again at once when it
        /// returns nothing.
        since: Instant,
    },
    /// Inside `poll`, asleep before another attempt. The network is left alone.
    Sleeping {
        until: Instant,
        /// When this call of `poll` began.
        since: Instant,
        /// What it then goes on waiting for.
        wait: Wait,
    },
    /// The application works on records. The heartbeat thread goes on.
    Processing(Work),
    /// `commitSync`, which waits for its answer or for another attempt.
    Committing(SyncCommit),
    /// The application does something else and is late for its next `poll`.
    Busy { until: Instant },
    /// Inside a rebalance callback.
    Callback { until: Instant, callback: Callback },
    /// Inside `close`, waiting for the answers to the last requests.
    Closing,
    /// The process is gone.
    Stopped,
}

/// What a wait for the network waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Wait {
    /// Nothing: `poll` was just called and first sees to its duties.
    Nothing,
    /// Records, which it then returns at once; anything else makes it see to its duties again.
    Records,
    /// Who coordinates the group.
    Coordinator,
    /// The committed offsets of new partitions.
    CommittedOffsets,
    /// Metadata that are newer than these, before a join for a pattern.
    MetadataAfter(u64),
}

/// Records on their way through the application.
#[derive(Clone, Debug)]
pub(super) struct Work {
    /// The segment that is processed now, partition by partition.
    pub now: Vec<Processed>,
    /// What the same poll returned besides, still to do.
    pub rest: Vec<Part>,
    /// When the segment ends.
    pub end: Instant,
    /// Partitions that were given up meanwhile: what is still done of them is not committed.
    pub dropped: Vec<PartitionId>,
}

/// A `commitSync` under way.
#[derive(Clone, Debug)]
pub(super) struct SyncCommit {
    pub offsets: Vec<(PartitionId, u64)>,
    /// Whether the network is watched, because an answer is awaited or the coordinator is looked for.
    pub in_flight: bool,
    /// Whether the coordinator is looked for.
    pub searches: bool,
    /// When it goes on although nothing arrived.
    pub retry_at: Instant,
    pub attempts: u32,
    /// When the API gives up (`default.api.timeout.ms`).
    pub deadline: Instant,
    pub then: AfterCommit,
}

/// What becomes of another thread's work on partitions that are given up.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Settled {
    /// When the record in hand is done, if it is waited for.
    pub until: Instant,
    /// What is to be committed then; `None`: nothing.
    pub commits: Option<Vec<(PartitionId, u64)>>,
}

/// Where the application goes on after a `commitSync`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum AfterCommit {
    /// The rest of the batch, or the next poll.
    Continue(Vec<Part>),
    /// The batch that was committed beforehand.
    Process(Vec<Part>),
    /// The rest of `onPartitionsRevoked`.
    Leaving(Leaving),
    /// The rest of what the background thread asked for (KIP-848).
    Event(Event),
    /// The rest of `close`.
    Close,
    /// The rest of `close`, after commits that waited for a coordinator have left.
    Sent,
    /// The rest of `onPartitionsRevoked` in `close`.
    CloseRevoke,
}

/// A rebalance callback that takes its time, and where the client goes on after it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Callback {
    /// `onPartitionsRevoked` or `onPartitionsLost`.
    Leaving(Leaving),
    /// `onPartitionsAssigned`.
    Assigned,
    /// What the background thread asked for (KIP-848).
    Event(Event),
    /// `onPartitionsRevoked` or `onPartitionsLost` in `close`.
    Closing,
    /// `onPartitionsRevoked` waits for what another thread has in hand, then commits what is done.
    Worker(Settled, Box<AfterCommit>),
}

/// Partitions are given up.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Leaving {
    /// Whether they are lost with the membership.
    pub lost: bool,
    /// What remains, sorted.
    pub keeps: Vec<PartitionId>,
    pub then: Next,
}

/// What a member does after it has given partitions up.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Next {
    /// It joins.
    Join,
    /// It takes over what it was given.
    TakeOver(Given),
}

/// What a member was given.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Given {
    /// In which generation.
    pub generation: Generation,
    pub assignment: Assignment,
    /// All partitions of it, sorted.
    pub partitions: Vec<PartitionId>,
}
