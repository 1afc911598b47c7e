//! What administrators ask: describe, list and delete groups.

use super::classic::group::{CONSUMER_PROTOCOL_TYPE, ClassicGroup};
use super::classic::state::GroupState;
use super::effect::{Effect, Ticket};
use super::group::Group;
use super::shard::Shard;
use super::write::{Deletion, ErrorAnswer, OnError, Then, Write};
use crate::kernel::java_map::JavaSet;
use crate::kernel::time::Instant;
use crate::model::Name;
use crate::model::consumer_protocol::ProtocolBytes;
use crate::model::error::ErrorCode;
use crate::model::message::Response;
use crate::model::message::consumer_group::DescribedConsumerGroup;
use crate::model::message::group::{
    DeletableGroupResult, DescribedGroup, DescribedGroupMember, ListGroupsResponse, ListedGroup,
};
use crate::model::message::share_group::DescribedShareGroup;

/// The protocol type of share groups.
const SHARE_PROTOCOL_TYPE: &str = "share";

/// From this version on `DescribeGroups` says so if there is no such group.
const GROUP_ID_NOT_FOUND_VERSION: i16 = 6;

impl Shard {
    /// `DescribeGroups`: classic groups with their members.
    pub(super) fn describe(&self, groups: &[Name], api_version: i16) -> Vec<DescribedGroup> {
        let unknown = if api_version >= GROUP_ID_NOT_FOUND_VERSION {
            ErrorCode::GroupIdNotFound
        } else {
            ErrorCode::None
        };
        let describe = |id: &Name| match self.committed_group(id) {
            Some(group) => group.describe(),
            None => DescribedGroup {
                group_id: id.clone(),
                group_state: GroupState::Dead.name().into(),
                error_code: unknown,
                ..DescribedGroup::default()
            },
        };
        groups.iter().map(describe).collect()
    }

    /// `ConsumerGroupDescribe`: a classic group is none.
    pub(super) fn describe_consumer_groups(
        &self,
        groups: Vec<Name>,
    ) -> Vec<DescribedConsumerGroup> {
        let describe = |group_id: Name| match self.committed_consumer_group(&group_id) {
            Some(group) => group.describe(&self.ghosts_of(&group_id), &self.config, &self.image),
            None => DescribedConsumerGroup {
                error_code: ErrorCode::GroupIdNotFound,
                group_id,
                ..DescribedConsumerGroup::default()
            },
        };
        groups.into_iter().map(describe).collect()
    }

    /// `ShareGroupDescribe`: other groups are none.
    pub(super) fn describe_share_groups(&self, groups: Vec<Name>) -> Vec<DescribedShareGroup> {
        let describe = |group_id: Name| match self.committed_share_group(&group_id) {
            Some(group) => group.describe(&self.ghosts_of(&group_id), &self.image),
            None => DescribedShareGroup {
                error_code: ErrorCode::GroupIdNotFound,
                group_id,
                ..DescribedShareGroup::default()
            },
        };
        groups.into_iter().map(describe).collect()
    }

    /// `ListGroups`.
    pub(super) fn list(&self) -> ListGroupsResponse {
        let listed = |(id, group): (&Name, &Group)| {
            let (protocol_type, state) = match group {
                Group::Classic(_) => {
                    let group = self.committed_group(id)?;
                    (group.protocol_type.clone().unwrap_or_default(), group.state().name())
                }
                Group::Consumer(_) => {
                    let group = self.committed_consumer_group(id)?;
                    (CONSUMER_PROTOCOL_TYPE.into(), group.state().name())
                }
                Group::Share(_) => {
                    let group = self.committed_share_group(id)?;
                    (SHARE_PROTOCOL_TYPE.into(), group.state())
                }
            };
            Some(ListedGroup {
                group_id: id.clone(),
                protocol_type,
                group_state: state.into(),
                group_type: group.kind().into(),
            })
        };
        let groups = self.groups.iter().filter_map(listed).collect();
        ListGroupsResponse { groups, ..ListGroupsResponse::default() }
    }

    /// `DeleteGroups`: share groups first, all others in a second operation, which begins when the
    /// first one's records are committed (`GroupCoordinatorService.deleteGroups`).
    pub(super) fn delete(
        &mut self,
        now: Instant,
        ticket: Ticket,
        groups: Vec<Name>,
        out: &mut Vec<Effect>,
    ) {
        let on_error = OnError { ticket, answer: ErrorAnswer::Delete(groups.clone()) };
        let (mut records, mut refused, mut rest) = (Vec::new(), Vec::new(), Vec::new());
        let groups = JavaSet::of_collection(groups);
        for group_id in groups.keys().cloned() {
            match self.share_group(&group_id) {
                Some(group) if !group.members.is_empty() => {
                    let error_code = ErrorCode::NonEmptyGroup;
                    refused.push(DeletableGroupResult { group_id, error_code });
                    continue;
                }
                Some(group) => records.extend(group.forget_partitions(&self.image)),
                None => {}
            }
            rest.push(group_id);
        }
        let then = Then::Delete(Deletion { ticket, groups: rest, refused });
        let write = Write { records, apply: true, then, ..Write::default() };
        self.finish(now, Ok(write), Some(on_error), out);
    }

    /// Deletes empty groups and their offsets.
    pub(super) fn delete_now(&mut self, now: Instant, deletion: Deletion, out: &mut Vec<Effect>) {
        let Deletion { ticket, groups, refused: mut results } = deletion;
        if groups.is_empty() {
            return self.tickets.answer(ticket, Response::DeleteGroups(results), out);
        }
        let mut records = Vec::new();
        for group_id in &groups {
            let tombstones = match self.groups.get(group_id) {
                None => Err(ErrorCode::GroupIdNotFound),
                Some(Group::Classic(group)) => match group.state() {
                    GroupState::Dead => Err(ErrorCode::GroupIdNotFound),
                    GroupState::Empty => Ok(vec![group.tombstone()]),
                    _ => Err(ErrorCode::NonEmptyGroup),
                },
                Some(Group::Consumer(group)) => group.tombstones().ok_or(ErrorCode::NonEmptyGroup),
                Some(Group::Share(group)) => group.tombstones().ok_or(ErrorCode::NonEmptyGroup),
            };
            if let Ok(tombstones) = &tombstones {
                records.extend(self.offsets.tombstones(group_id));
                records.extend_from_slice(tombstones);
            }
            let error_code = tombstones.err().unwrap_or_default();
            results.push(DeletableGroupResult { group_id: group_id.clone(), error_code });
        }
        let reply = Some((ticket, Response::DeleteGroups(results)));
        let write = Write { records, apply: true, reply, ..Write::default() };
        let on_error = OnError { ticket, answer: ErrorAnswer::Delete(groups) };
        self.finish(now, Ok(write), Some(on_error), out);
    }
}

impl ClassicGroup {
    fn describe(&self) -> DescribedGroup {
        let protocol = self.protocol.as_ref().filter(|_| self.state() == GroupState::Stable);
        let member = |m: &super::classic::member::Member| DescribedGroupMember {
            member_id: m.id.clone(),
            group_instance_id: m.instance.clone(),
            client_id: m.client_id.clone(),
            client_host: m.client_host.clone(),
            member_metadata: protocol
                .and_then(|name| m.metadata(name))
                .map_or(ProtocolBytes::Empty, Clone::clone),
            member_assignment: m.assignment.clone(),
        };
        DescribedGroup {
            group_id: self.id.clone(),
            group_state: self.state().name().into(),
            protocol_type: self.protocol_type.clone().unwrap_or_default(),
            protocol_data: protocol.cloned().unwrap_or_default(),
            members: self.members.values().map(member).collect(),
            ..DescribedGroup::default()
        }
    }
}
