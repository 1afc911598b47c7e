//! A member of a classic group, as the coordinator sees it.

use crate::coordinator::effect::Ticket;
use crate::kernel::time::Span;
use crate::model::Name;
use crate::model::consumer_protocol::ProtocolBytes;
use crate::model::message::group::JoinGroupProtocol;

/// A member of a classic group (`ClassicGroupMember`).
#[derive(Clone, PartialEq, Debug)]
pub struct Member {
    /// Its id.
    pub id: Name,
    /// `group.instance.id` of a static member.
    pub instance: Option<Name>,
    /// `client.id`
    pub client_id: Name,
    /// Where it is.
    pub client_host: Name,
    /// How long the group waits for it to rejoin (ms).
    pub rebalance_timeout_ms: i32,
    /// Without a heartbeat for this long it is gone (ms).
    pub session_timeout_ms: i32,
    /// Assignors that it offers, in order of preference, each with its subscription.
    pub protocols: Vec<JoinGroupProtocol>,
    /// Its part of the assignment.
    pub assignment: ProtocolBytes,
    /// Its `JoinGroup`, while that waits for an answer.
    pub awaiting_join: Option<Ticket>,
    /// Its `SyncGroup`, while that waits for an answer.
    pub awaiting_sync: Option<Ticket>,
    /// Whether its first join has not been answered yet.
    pub is_new: bool,
}

impl Member {
    /// The session timeout.
    pub fn session_timeout(&self) -> Span {
        millis(self.session_timeout_ms)
    }

    /// Whether it counts as alive without a heartbeat: its own request waits for us. A new member
    /// does not: it would wait for ever (`hasSatisfiedHeartbeat`).
    pub fn has_satisfied_heartbeat(&self) -> bool {
        !self.is_new && (self.awaiting_join.is_some() || self.awaiting_sync.is_some())
    }

    /// Its subscription for the assignor `protocol`, if it offers that.
    pub fn metadata(&self, protocol: &str) -> Option<&ProtocolBytes> {
        self.protocols.iter().find(|p| *p.name == *protocol).map(|p| &p.metadata)
    }
}

/// A time that the protocol carries in milliseconds.
pub(super) fn millis(ms: i32) -> Span {
    Span::from_ms(u64::try_from(ms).unwrap_or(0))
}
