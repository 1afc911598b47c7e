//! What clients and brokers say to each other: the requests and responses of Kafka's protocol,
//! with the field names of its message schemas and their defaults.

pub mod assignment;
pub mod cluster;
pub mod consumer_group;
pub mod fetch;
pub mod group;
pub mod offset;
pub mod share_group;

use crate::model::Name;
use crate::model::error::ErrorCode;
use cluster::{FindCoordinatorRequest, FindCoordinatorResponse, MetadataResponse};
use consumer_group::{
    ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse, DescribedConsumerGroup,
};
use fetch::{
    FetchRequest, FetchResponse, ListOffsetsRequest, ListOffsetsResponse,
    OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse,
};
use group::{
    DeletableGroupResult, DescribedGroup, HeartbeatRequest, HeartbeatResponse, JoinGroupRequest,
    JoinGroupResponse, LeaveGroupRequest, LeaveGroupResponse, ListGroupsResponse, SyncGroupRequest,
    SyncGroupResponse,
};
use offset::{
    EndTransactionRequest, OffsetCommitRequest, OffsetCommitResponse, OffsetDeleteRequest,
    OffsetDeleteResponse, OffsetFetchRequest, OffsetFetchResponse, TxnOffsetCommitRequest,
};
use share_group::{DescribedShareGroup, ShareGroupHeartbeatRequest, ShareGroupHeartbeatResponse};
use std::sync::Arc;

/// What the coordinator learns about a request besides its body.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RequestContext {
    /// Version of the API that the client speaks.
    pub api_version: i16,
    /// `client.id`
    pub client_id: Name,
    /// Where the client is, as describe shows it.
    pub client_host: Name,
}

/// A request of a client to a broker.
#[derive(Clone, PartialEq, Debug)]
#[expect(missing_docs, reason = "the names are those of Kafka's APIs")]
pub enum Request {
    Fetch(FetchRequest),
    ListOffsets(ListOffsetsRequest),
    OffsetForLeaderEpoch(OffsetForLeaderEpochRequest),
    Metadata,
    FindCoordinator(FindCoordinatorRequest),
    JoinGroup(Box<JoinGroupRequest>),
    SyncGroup(Box<SyncGroupRequest>),
    Heartbeat(Box<HeartbeatRequest>),
    LeaveGroup(Box<LeaveGroupRequest>),
    OffsetCommit(Box<OffsetCommitRequest>),
    OffsetFetch(Box<OffsetFetchRequest>),
    TxnOffsetCommit(Box<TxnOffsetCommitRequest>),
    OffsetDelete(Box<OffsetDeleteRequest>),
    EndTransaction(EndTransactionRequest),
    ConsumerGroupHeartbeat(Box<ConsumerGroupHeartbeatRequest>),
    ShareGroupHeartbeat(Box<ShareGroupHeartbeatRequest>),
    DescribeGroups(Vec<Name>),
    ConsumerGroupDescribe(Vec<Name>),
    ShareGroupDescribe(Vec<Name>),
    ListGroups,
    DeleteGroups(Vec<Name>),
}

/// A broker's answer.
#[derive(Clone, PartialEq, Debug)]
#[expect(missing_docs, reason = "the names are those of Kafka's APIs")]
pub enum Response {
    Fetch(FetchResponse),
    ListOffsets(ListOffsetsResponse),
    OffsetForLeaderEpoch(OffsetForLeaderEpochResponse),
    Metadata(Arc<MetadataResponse>),
    FindCoordinator(FindCoordinatorResponse),
    JoinGroup(Box<JoinGroupResponse>),
    SyncGroup(Box<SyncGroupResponse>),
    Heartbeat(HeartbeatResponse),
    LeaveGroup(Box<LeaveGroupResponse>),
    OffsetCommit(Box<OffsetCommitResponse>),
    OffsetFetch(Box<OffsetFetchResponse>),
    TxnOffsetCommit(Box<OffsetCommitResponse>),
    OffsetDelete(Box<OffsetDeleteResponse>),
    EndTransaction(ErrorCode),
    ConsumerGroupHeartbeat(Box<ConsumerGroupHeartbeatResponse>),
    ShareGroupHeartbeat(Box<ShareGroupHeartbeatResponse>),
    DescribeGroups(Vec<DescribedGroup>),
    ConsumerGroupDescribe(Vec<DescribedConsumerGroup>),
    ShareGroupDescribe(Vec<DescribedShareGroup>),
    ListGroups(ListGroupsResponse),
    DeleteGroups(Vec<DeletableGroupResult>),
}

/// Lets a group request or response become a [`Request`] or [`Response`] without naming both.
macro_rules! from_message {
    ($($message:ty => $enum:ident::$variant:ident),+ $(,)?) => {$(
        impl From<$message> for $enum {
            fn from(message: $message) -> Self {
                $enum::$variant(message.into())
            }
        }
    )+};
}

from_message! {
    JoinGroupRequest => Request::JoinGroup,
    SyncGroupRequest => Request::SyncGroup,
    HeartbeatRequest => Request::Heartbeat,
    LeaveGroupRequest => Request::LeaveGroup,
    OffsetCommitRequest => Request::OffsetCommit,
    OffsetFetchRequest => Request::OffsetFetch,
    TxnOffsetCommitRequest => Request::TxnOffsetCommit,
    OffsetDeleteRequest => Request::OffsetDelete,
    EndTransactionRequest => Request::EndTransaction,
    ConsumerGroupHeartbeatRequest => Request::ConsumerGroupHeartbeat,
    ShareGroupHeartbeatRequest => Request::ShareGroupHeartbeat,
    FindCoordinatorRequest => Request::FindCoordinator,
    ListOffsetsRequest => Request::ListOffsets,
    OffsetForLeaderEpochRequest => Request::OffsetForLeaderEpoch,
    FetchRequest => Request::Fetch,
    JoinGroupResponse => Response::JoinGroup,
    SyncGroupResponse => Response::SyncGroup,
    HeartbeatResponse => Response::Heartbeat,
    LeaveGroupResponse => Response::LeaveGroup,
    OffsetCommitResponse => Response::OffsetCommit,
    OffsetFetchResponse => Response::OffsetFetch,
    ConsumerGroupHeartbeatResponse => Response::ConsumerGroupHeartbeat,
    ShareGroupHeartbeatResponse => Response::ShareGroupHeartbeat,
    FindCoordinatorResponse => Response::FindCoordinator,
    ListOffsetsResponse => Response::ListOffsets,
    OffsetForLeaderEpochResponse => Response::OffsetForLeaderEpoch,
    FetchResponse => Response::Fetch,
}
