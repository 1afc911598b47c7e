//! What a client asks of the world, and what it tells.

use super::classic::member::Generation;
use crate::assignor::{Question, Strategy};
use crate::model::error::ErrorCode;
use crate::model::fact::{Failure, PositionSource, Processed};
use crate::model::id::{BrokerId, PartitionId};
use crate::model::message::Request;

/// A connection to a broker. Requests to the group's coordinator have one of their own, as in
/// `AbstractCoordinator`; a broker answers the requests of a connection one after the other.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Connection {
    /// The broker.
    pub broker: BrokerId,
    /// Whether it is the connection to the coordinator.
    pub coordinator: bool,
}

/// An effect, in the order in which they happen.
#[derive(Clone, PartialEq, Debug)]
pub enum Effect {
    /// Send a request; its response comes back with the same correlation id.
    Send {
        /// Where to.
        connection: Connection,
        /// Names the request in its response.
        correlation: u64,
        /// The request.
        request: Request,
    },
    /// Ask a strategy, which may want to know more than clients do; what it answers goes to
    /// [`Consumer::lead`](super::consumer::Consumer::lead) at once.
    Assign(Box<Assigning>),
    /// Open a connection, to see whether that works.
    Connect(Connection),
    /// Give up a connection: what is on its way back on it is lost.
    Disconnect(Connection),
    /// Something happened.
    Note(Note),
}

/// What the leader of a group asks.
#[derive(Clone, PartialEq, Debug)]
pub struct Assigning {
    /// Whom.
    pub strategy: Strategy,
    /// What. Load and capacity are not filled in.
    pub question: Question,
    /// In which generation.
    pub(super) generation: Generation,
}

/// What happens inside a client, for the trace.
#[derive(Clone, PartialEq, Debug)]
pub enum Note {
    /// The client learned who coordinates its group.
    CoordinatorFound(BrokerId),
    /// The client does not know any more who coordinates its group.
    CoordinatorLost,
    /// It asked to join.
    JoinSent,
    /// It leads the group, and its strategy gave these to more than one member.
    GivenTwice(Vec<PartitionId>),
    /// `onPartitionsRevoked`: it gives these up.
    Revoked(Vec<PartitionId>),
    /// `onPartitionsLost`: these are not its own any more.
    Lost(Vec<PartitionId>),
    /// `onPartitionsAssigned`: it owns these now, all told.
    Assigned {
        /// The generation, or the epoch; 0: that of a membership which is over.
        generation: i32,
        /// Everything that it owns.
        partitions: Vec<PartitionId>,
    },
    /// The application paused these.
    Paused(Vec<PartitionId>),
    /// The application resumed these.
    Resumed(Vec<PartitionId>),
    /// It knows where to read a partition.
    Positioned {
        /// The partition.
        partition: PartitionId,
        /// The next offset to read.
        offset: u64,
        /// Where that comes from.
        source: PositionSource,
    },
    /// It knows where to read everything that it owns, and may fetch.
    Ready,
    /// Records left a poll and were processed.
    Processed(Processed),
    /// A commit was accepted.
    Committed,
    /// A commit failed.
    CommitFailed(ErrorCode),
    /// It left the group because the application did not poll in time.
    PollTimeout,
    /// A fatal error ended its poll loop.
    Failed(Failure),
    /// It has closed.
    Closed,
}
