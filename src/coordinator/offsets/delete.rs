//! `OffsetDelete`: an administrator takes offsets away (`OffsetMetadataManager.deleteOffsets`).

use super::store::tombstone_of;
use crate::coordinator::classic::state::GroupState;
use crate::coordinator::effect::{Effect, Ticket};
use crate::coordinator::group::Group;
use crate::coordinator::shard::Shard;
use crate::coordinator::write::{ErrorAnswer, OnError, Write};
use crate::kernel::time::Instant;
use crate::model::error::ErrorCode;
use crate::model::message::Response;
use crate::model::message::offset::{
    OffsetCommitResponsePartition, OffsetCommitResponseTopic, OffsetDeleteRequest,
    OffsetDeleteResponse,
};

impl Shard {
    pub(in crate::coordinator) fn delete_offsets(
        &mut self,
        now: Instant,
        ticket: Ticket,
        request: &OffsetDeleteRequest,
        out: &mut Vec<Effect>,
    ) {
        let outcome = self.delete_records(ticket, request);
        let on_error = OnError { ticket, answer: ErrorAnswer::DeleteOffsets };
        self.finish(now, outcome, Some(on_error), out);
    }

    fn delete_records(
        &self,
        ticket: Ticket,
        request: &OffsetDeleteRequest,
    ) -> Result<Write, ErrorCode> {
        let group_id = &request.group_id;
        if group_id.is_empty() {
            return Err(ErrorCode::InvalidGroupId);
        }
        let group = self.groups.get(group_id).ok_or(ErrorCode::GroupIdNotFound)?;
        validate(group)?;
        let (mut records, mut topics) = (Vec::new(), Vec::new());
        for topic in &request.topics {
            let subscribed = group.is_subscribed_to(&topic.name);
            let mut partitions = Vec::with_capacity(topic.partitions.len());
            for partition in &topic.partitions {
                let partition_index = partition.partition_index;
                let error_code =
                    if subscribed { ErrorCode::GroupSubscribedToTopic } else { ErrorCode::None };
                let offsets = &self.offsets;
                if !subscribed
                    && (offsets.has_committed(group_id, &topic.name, partition_index)
                        || offsets.is_open(group_id, &topic.name, partition_index))
                {
                    records.push(tombstone_of(group_id, &topic.name, partition_index));
                }
                partitions.push(OffsetCommitResponsePartition { partition_index, error_code });
            }
            topics.push(OffsetCommitResponseTopic { name: topic.name.clone(), partitions });
        }
        let response = OffsetDeleteResponse { topics, ..OffsetDeleteResponse::default() };
        let reply = Some((ticket, Response::OffsetDelete(Box::new(response))));
        Ok(Write { records, apply: true, reply, ..Write::default() })
    }
}

/// Whether offsets of the group may be deleted: of groups with members only if these are consumers,
/// whose topics are known.
fn validate(group: &Group) -> Result<(), ErrorCode> {
    match group {
        Group::Classic(group) => match group.state() {
            GroupState::Dead => Err(ErrorCode::GroupIdNotFound),
            GroupState::Empty => Ok(()),
            _ if group.uses_consumer_protocol() => Ok(()),
            _ => Err(ErrorCode::NonEmptyGroup),
        },
        Group::Consumer(_) => Ok(()),
        Group::Share(_) => Err(ErrorCode::GroupIdNotFound),
    }
}

impl Group {
    /// Whether its members subscribe to the topic. Of a classic group of consumers that says
    /// nothing readable about it, all topics count.
    pub(super) fn is_subscribed_to(&self, topic: &str) -> bool {
        match self {
            Group::Classic(group) => match &group.subscribed_topics {
                Some(topics) => topics.contains(topic),
                None => group.uses_consumer_protocol(),
            },
            Group::Consumer(group) => group.counts.contains(topic),
            Group::Share(group) => group.counts.contains(topic),
        }
    }
}
