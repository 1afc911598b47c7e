//! What a step of a dialogue asks of the coordinator.

use super::player::Unsupported;
use super::script::Step;
use crate::model::Name;
use crate::model::message::Request;
use crate::model::message::consumer_group::ConsumerGroupHeartbeatRequest;
use crate::model::message::group::{
    HeartbeatRequest, JoinGroupRequest, LeaveGroupRequest, SyncGroupRequest,
};
use crate::model::message::offset::{
    EndTransactionRequest, OffsetCommitRequest, OffsetDeleteRequest, OffsetFetchRequest,
    TxnOffsetCommitRequest,
};
use crate::model::message::share_group::ShareGroupHeartbeatRequest;
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// The version that a client of 4.3.1 speaks.
pub(super) fn default_version(api: &str) -> i16 {
    match api {
        "JoinGroup" | "OffsetCommit" | "OffsetFetch" => 9,
        "SyncGroup" | "LeaveGroup" | "TxnOffsetCommit" => 5,
        "Heartbeat" => 4,
        _ => 1,
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Groups {
    groups: Vec<Name>,
}

/// The request of a step.
pub(super) fn request(api: &str, step: &Step) -> Result<Request, Unsupported> {
    fn body<T: DeserializeOwned>(step: &Step) -> Result<T, Unsupported> {
        T::deserialize(&step.req).map_err(|e| Unsupported(format!("#{}: {e}", step.n)))
    }
    Ok(match api {
        "JoinGroup" => body::<JoinGroupRequest>(step)?.into(),
        "SyncGroup" => body::<SyncGroupRequest>(step)?.into(),
        "Heartbeat" => body::<HeartbeatRequest>(step)?.into(),
        "LeaveGroup" => body::<LeaveGroupRequest>(step)?.into(),
        "OffsetCommit" => body::<OffsetCommitRequest>(step)?.into(),
        "TxnOffsetCommit" => body::<TxnOffsetCommitRequest>(step)?.into(),
        "EndTxn" => body::<EndTransactionRequest>(step)?.into(),
        "OffsetDelete" => body::<OffsetDeleteRequest>(step)?.into(),
        "OffsetFetch" => {
            let require_stable = step.require_stable;
            OffsetFetchRequest { require_stable, ..body(step)? }.into()
        }
        "ConsumerGroupHeartbeat" => body::<ConsumerGroupHeartbeatRequest>(step)?.into(),
        "ShareGroupHeartbeat" => body::<ShareGroupHeartbeatRequest>(step)?.into(),
        "ShareGroupDescribe" => Request::ShareGroupDescribe(body::<Groups>(step)?.groups),
        "DescribeGroups" => Request::DescribeGroups(body::<Groups>(step)?.groups),
        "ConsumerGroupDescribe" => Request::ConsumerGroupDescribe(body::<Groups>(step)?.groups),
        "DeleteGroups" => Request::DeleteGroups(body::<Groups>(step)?.groups),
        "ListGroups" => Request::ListGroups,
        _ => return Err(Unsupported(api.to_owned())),
    })
}
