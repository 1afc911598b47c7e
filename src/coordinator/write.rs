//! The outcome of an operation: records, a reply that waits for them, and what else happens then.

use super::consumer::Timer;
use super::effect::Ticket;
use super::share::PartitionSet;
use super::timer::{TimerEvent, TimerName};
use crate::model::Name;
use crate::model::consumer_protocol::ProtocolBytes;
use crate::model::error::ErrorCode;
use crate::model::message::Response;
use crate::model::message::consumer_group::ConsumerGroupHeartbeatResponse;
use crate::model::message::group::{
    DeletableGroupResult, HeartbeatResponse, JoinGroupProtocol, JoinGroupResponse,
    LeaveGroupRequest, LeaveGroupResponse, MemberIdentity, MemberResponse, SyncGroupResponse,
};
use crate::model::message::offset::{
    OffsetCommitRequest, OffsetCommitResponse, OffsetDeleteResponse, OffsetFetchResponse,
    TxnOffsetCommitRequest,
};
use crate::model::message::share_group::ShareGroupHeartbeatResponse;
use crate::model::record::Record;
use crate::model::uuid::Uuid;
use std::collections::BTreeMap;

/// What an operation leaves to do (`CoordinatorResult`).
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Write {
    /// Records to append, all or none.
    pub records: Vec<Record>,
    /// Whether memory changes by applying them; classic groups change theirs beforehand.
    pub apply: bool,
    /// The answer to give once they are committed.
    pub reply: Option<(Ticket, Response)>,
    /// What else happens once they are committed, or could not be.
    pub then: Then,
}

/// What happens when the records of an operation are committed or lost.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) enum Then {
    /// Nothing.
    #[default]
    Nothing,
    /// The leader's assignment: give everybody their part, or rebalance again.
    Assign { group: Name, generation: i32, assignment: BTreeMap<Name, ProtocolBytes> },
    /// Timers of a consumer group's members are set.
    Timers { group: Name, timers: Vec<Timer> },
    /// The share coordinator is asked to set up partitions of a share group.
    Initialize { group: Name, partitions: PartitionSet },
    /// Partitions of a share group are set up; if that is lost, they have to be asked for anew.
    Initialized { group: Name, partitions: PartitionSet },
    /// Share groups have been prepared for their deletion: it follows, with that of the others.
    Delete(Deletion),
    /// What a timer did; if that is lost, the timer is tried again.
    Timer(TimerName, TimerEvent),
    /// A static member came back under a new id: answer its join, or undo the replacement.
    ReplaceStatic(Box<StaticReplacement>),
}

/// A deletion of groups that has begun.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Deletion {
    pub ticket: Ticket,
    /// Groups whose turn it is.
    pub groups: Vec<Name>,
    /// What there is to answer about others.
    pub refused: Vec<DeletableGroupResult>,
}

/// An operation that follows when nothing is on its way into the log.
#[derive(Debug)]
pub(super) enum FollowUp {
    /// The second operation of a deletion.
    Delete(Deletion),
    /// Topics are gone: share groups forget their partitions.
    ForgetTopics(Vec<(Name, Uuid)>),
    /// The share coordinator has set up partitions of a group.
    Initialized { group: Name, partitions: PartitionSet },
    /// It has, but the log did not take it.
    InitializedInVain { group: Name, partitions: PartitionSet },
}

/// How to answer, or undo, the replacement of a static member.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct StaticReplacement {
    pub group: Name,
    pub instance: Name,
    pub old_member: Name,
    pub new_member: Name,
    /// Who led the group before.
    pub old_leader: Option<Name>,
    /// The join to answer.
    pub ticket: Ticket,
    /// Whether the client understands `skipAssignment` (`JoinGroup` v9).
    pub supports_skipping: bool,
    pub old_protocols: Vec<JoinGroupProtocol>,
    pub old_rebalance_timeout_ms: i32,
    pub old_session_timeout_ms: i32,
}

impl Write {
    /// Nothing to write and nothing to say.
    pub(super) fn nothing() -> Self {
        Write::default()
    }

    /// Nothing to write; the answer still waits for earlier writes.
    pub(super) fn reply(ticket: Ticket, response: impl Into<Response>) -> Self {
        Write { reply: Some((ticket, response.into())), apply: true, ..Write::default() }
    }

    /// Whether the operation is over.
    pub(super) fn is_nothing(&self) -> bool {
        self.records.is_empty() && self.reply.is_none() && self.then == Then::Nothing
    }
}

/// How to tell a client that its operation failed, if its own handler has not answered
/// (`CoordinatorOperationExceptionHelper` and its users in `GroupCoordinatorService`).
#[derive(Clone, PartialEq, Debug)]
pub(super) struct OnError {
    pub ticket: Ticket,
    pub answer: ErrorAnswer,
}

/// The form of an error answer, with what it repeats of the request.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum ErrorAnswer {
    Join,
    JoinAs(Name),
    Sync,
    Heartbeat,
    ConsumerHeartbeat,
    ShareHeartbeat,
    Leave(LeaveGroupRequest),
    Commit(Box<OffsetCommitRequest>),
    TxnCommit(Box<TxnOffsetCommitRequest>),
    EndTransaction,
    DeleteOffsets,
    Fetch { group_id: Name },
    Delete(Vec<Name>),
}

impl OnError {
    pub(super) fn response(&self, error: ErrorCode) -> Response {
        let error_code = error.of_failed_write();
        match &self.answer {
            ErrorAnswer::Join => {
                JoinGroupResponse { error_code, ..JoinGroupResponse::default() }.into()
            }
            ErrorAnswer::JoinAs(member_id) => {
                let member_id = member_id.clone();
                JoinGroupResponse { error_code, member_id, ..JoinGroupResponse::default() }.into()
            }
            ErrorAnswer::Sync => {
                SyncGroupResponse { error_code, ..SyncGroupResponse::default() }.into()
            }
            ErrorAnswer::Heartbeat => HeartbeatResponse { error_code }.into(),
            ErrorAnswer::ConsumerHeartbeat => ConsumerGroupHeartbeatResponse {
                error_code,
                ..ConsumerGroupHeartbeatResponse::default()
            }
            .into(),
            ErrorAnswer::ShareHeartbeat => {
                ShareGroupHeartbeatResponse { error_code, ..ShareGroupHeartbeatResponse::default() }
                    .into()
            }
            // No such group: nobody in it is known.
            ErrorAnswer::Leave(request) if error_code == ErrorCode::UnknownMemberId => {
                let member = |m: &MemberIdentity| MemberResponse {
                    member_id: m.member_id.clone(),
                    group_instance_id: m.group_instance_id.clone(),
                    error_code,
                };
                let members = request.members.iter().map(member).collect();
                LeaveGroupResponse { members, ..LeaveGroupResponse::default() }.into()
            }
            ErrorAnswer::Leave(_) => {
                LeaveGroupResponse { error_code, ..LeaveGroupResponse::default() }.into()
            }
            ErrorAnswer::Commit(request) => {
                OffsetCommitResponse::of_error(&request.topics, error_code).into()
            }
            ErrorAnswer::TxnCommit(request) => {
                let response = OffsetCommitResponse::of_error(&request.topics, error_code);
                Response::TxnOffsetCommit(Box::new(response))
            }
            // Brokers hear what happened.
            ErrorAnswer::EndTransaction => Response::EndTransaction(error),
            ErrorAnswer::DeleteOffsets => Response::OffsetDelete(Box::new(OffsetDeleteResponse {
                error_code,
                ..OffsetDeleteResponse::default()
            })),
            ErrorAnswer::Fetch { group_id } => OffsetFetchResponse {
                group_id: group_id.clone(),
                error_code,
                ..OffsetFetchResponse::default()
            }
            .into(),
            ErrorAnswer::Delete(groups) => {
                let result = |group_id: &Name| DeletableGroupResult {
                    group_id: group_id.clone(),
                    error_code,
                };
                Response::DeleteGroups(groups.iter().map(result).collect())
            }
        }
    }
}
