//! What a coordinator asks of the world.

use crate::model::Name;
use crate::model::fact::{RebalanceReason, RemovalReason};
use crate::model::message::Response;
use crate::model::record::Record;

/// Names a request that waits for its reply; the caller chooses it.
pub type Ticket = u64;

/// An effect of a request or a timer, in the order in which they happen.
#[derive(Clone, PartialEq, Debug)]
pub enum Effect {
    /// Answer the request with this ticket.
    Reply {
        /// The request.
        ticket: Ticket,
        /// The answer.
        response: Response,
    },
    /// Append these records to the partition's log as one batch, and say at once through
    /// [`Shard::appended`](super::shard::Shard::appended) whether that went well.
    Append {
        /// The batch.
        records: Vec<Record>,
    },
    /// Something happened in a group that no reply or record tells.
    Note(Note),
}

/// A change inside a group, for the trace.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Note {
    /// A classic group began to prepare a rebalance.
    Preparing {
        /// The group.
        group: Name,
        /// Why.
        reason: RebalanceReason,
    },
    /// A classic group entered a new generation.
    Generation {
        /// The group.
        group: Name,
        /// Its number.
        generation: i32,
        /// The selected assignor; `None`: the group is empty.
        protocol: Option<Name>,
        /// Member id of the leader.
        leader: Option<Name>,
        /// Ids of its members, in the coordinator's order.
        members: Vec<Name>,
    },
    /// A classic group became stable: its assignment is stored and sent.
    Stable {
        /// The group.
        group: Name,
        /// The generation.
        generation: i32,
    },
    /// A member joined the coordinator's list of members.
    MemberAdded {
        /// The group.
        group: Name,
        /// The member.
        member: Name,
        /// `client.id` of who joined.
        client_id: Name,
    },
    /// A member is gone from the coordinator's list.
    MemberRemoved {
        /// The group.
        group: Name,
        /// The member.
        member: Name,
        /// Why.
        reason: RemovalReason,
    },
}
