//! Whether a coordinator serves, and what is answered while it does not (kafka-semantics 7.4;
//! `CoordinatorRuntime.withActiveContextOrThrow`, `GroupCoordinatorService`).

use super::consumer::validate as consumer;
use super::effect::{Effect, Ticket};
use super::shard::Shard;
use super::share::validate as share;
use super::write::{ErrorAnswer, OnError};
use crate::model::Name;
use crate::model::error::ErrorCode;
use crate::model::message::consumer_group::DescribedConsumerGroup;
use crate::model::message::group::{DescribedGroup, HeartbeatResponse, ListGroupsResponse};
use crate::model::message::share_group::DescribedShareGroup;
use crate::model::message::{Request, RequestContext, Response};

/// Where a coordinator is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Serving {
    /// It serves.
    #[default]
    Active,
    /// It reads its log: clients ask again (`COORDINATOR_LOAD_IN_PROGRESS`).
    Loading,
    /// Another broker leads the partition: clients look for it (`NOT_COORDINATOR`).
    Unloaded,
}

impl Serving {
    /// What is wrong with a coordinator that does not serve.
    const fn error(self) -> ErrorCode {
        match self {
            Serving::Active => ErrorCode::None,
            Serving::Loading => ErrorCode::CoordinatorLoadInProgress,
            Serving::Unloaded => ErrorCode::NotCoordinator,
        }
    }
}

impl Shard {
    /// Answers a request while the coordinator does not serve. What is wrong with the request itself
    /// is said first: no group is needed to see it.
    pub(super) fn refuse(
        &mut self,
        ticket: Ticket,
        client: &RequestContext,
        request: Request,
        out: &mut Vec<Effect>,
    ) {
        let error = self.serving.error();
        let answer = match request {
            Request::DescribeGroups(groups) => Response::DescribeGroups(described(groups, error)),
            Request::ConsumerGroupDescribe(groups) => {
                let group = |group_id| DescribedConsumerGroup {
                    group_id,
                    error_code: error,
                    ..Default::default()
                };
                Response::ConsumerGroupDescribe(groups.into_iter().map(group).collect())
            }
            Request::ShareGroupDescribe(groups) => {
                let group = |group_id| DescribedShareGroup {
                    group_id,
                    error_code: error,
                    ..Default::default()
                };
                Response::ShareGroupDescribe(groups.into_iter().map(group).collect())
            }
            // All coordinators of a broker are asked; one that is gone is none.
            Request::ListGroups => Response::ListGroups(ListGroupsResponse {
                error_code: match error {
                    ErrorCode::NotCoordinator => ErrorCode::None,
                    error => error,
                },
                ..ListGroupsResponse::default()
            }),
            // Who is alive stays alive while the group is being read.
            Request::Heartbeat(request)
                if !request.group_id.is_empty() && self.serving == Serving::Loading =>
            {
                HeartbeatResponse::default().into()
            }
            request => {
                let (wrong, answer) = self.judge(client, request);
                let on_error = OnError { ticket, answer };
                return self.tickets.refuse(Some(on_error), wrong.unwrap_or(error), out);
            }
        };
        self.tickets.answer(ticket, answer, out);
    }

    /// What is wrong with a request whatever the groups are, and the form of its error answer.
    fn judge(&self, client: &RequestContext, request: Request) -> (Option<ErrorCode>, ErrorAnswer) {
        let named = |group: &Name| group.is_empty().then_some(ErrorCode::InvalidGroupId);
        match request {
            Request::JoinGroup(request) => {
                let config = &self.config;
                let bounds = config.min_session_timeout_ms..=config.max_session_timeout_ms;
                let in_bounds = bounds.contains(&request.session_timeout_ms);
                let wrong = named(&request.group_id)
                    .or((!in_bounds).then_some(ErrorCode::InvalidSessionTimeout));
                // Only what is wrong with the request is told with the member's id.
                let member = wrong.map(|_| request.member_id).unwrap_or_default();
                (wrong, ErrorAnswer::JoinAs(member))
            }
            Request::SyncGroup(request) => (named(&request.group_id), ErrorAnswer::Sync),
            Request::Heartbeat(request) => (named(&request.group_id), ErrorAnswer::Heartbeat),
            Request::LeaveGroup(request) => {
                (named(&request.group_id), ErrorAnswer::Leave(*request))
            }
            Request::ConsumerGroupHeartbeat(request) => (
                consumer::request(&request, client.api_version, &self.config).err(),
                ErrorAnswer::ConsumerHeartbeat,
            ),
            Request::ShareGroupHeartbeat(request) => {
                (share::request(&request).err(), ErrorAnswer::ShareHeartbeat)
            }
            Request::OffsetCommit(request) => (None, ErrorAnswer::Commit(request)),
            Request::TxnOffsetCommit(request) => {
                (named(&request.group_id), ErrorAnswer::TxnCommit(request))
            }
            Request::OffsetDelete(request) => {
                (named(&request.group_id), ErrorAnswer::DeleteOffsets)
            }
            Request::EndTransaction(_) => (None, ErrorAnswer::EndTransaction),
            Request::OffsetFetch(request) => {
                (None, ErrorAnswer::Fetch { group_id: request.group_id })
            }
            Request::DeleteGroups(groups) => (None, ErrorAnswer::Delete(groups)),
            other => unreachable!("answered otherwise: {other:?}"),
        }
    }
}

fn described(groups: Vec<Name>, error_code: ErrorCode) -> Vec<DescribedGroup> {
    let group = |group_id| DescribedGroup { error_code, group_id, ..DescribedGroup::default() };
    groups.into_iter().map(group).collect()
}
