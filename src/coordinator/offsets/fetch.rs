//! `OffsetFetch` (kafka-semantics 7.6; `OffsetMetadataManager.fetchOffsets`).
//!
//! Who requires stable offsets sees the present, also of transactions, and waits until it is
//! committed. Others see what is committed.

use super::store::{Key, Stored};
use crate::coordinator::effect::{Effect, Ticket};
use crate::coordinator::group::Group;
use crate::coordinator::shard::Shard;
use crate::coordinator::write::{ErrorAnswer, OnError, Write};
use crate::kernel::time::Instant;
use crate::kernel::timeline_table::LATEST;
use crate::model::Name;
use crate::model::error::ErrorCode;
use crate::model::message::offset::{
    OffsetFetchRequest, OffsetFetchResponse, OffsetFetchResponsePartition,
    OffsetFetchResponseTopic, OffsetFetchTopic,
};

impl Shard {
    pub(in crate::coordinator) fn fetch_offsets(
        &mut self,
        now: Instant,
        ticket: Ticket,
        request: &OffsetFetchRequest,
        out: &mut Vec<Effect>,
    ) {
        let group_id = request.group_id.clone();
        let on_error =
            OnError { ticket, answer: ErrorAnswer::Fetch { group_id: group_id.clone() } };
        let exists = match self.validate_fetch(request) {
            Ok(exists) => exists,
            Err(code) => return self.finish(now, Err(code), Some(on_error), out),
        };
        let topics = match &request.topics {
            Some(topics) => {
                topics.iter().map(|topic| self.offsets_of(request, topic, exists)).collect()
            }
            None if exists => self.all_offsets(request),
            None => Vec::new(),
        };
        let response = OffsetFetchResponse { group_id, topics, ..Default::default() };
        if !request.require_stable {
            return self.tickets.answer(ticket, response.into(), out);
        }
        self.finish(now, Ok(Write::reply(ticket, response)), Some(on_error), out);
    }

    /// Whether there is a group that has offsets, and lets the member fetch them. Offsets of a
    /// group that is gone are as good as gone.
    fn validate_fetch(&self, request: &OffsetFetchRequest) -> Result<bool, ErrorCode> {
        let (id, member) = (&request.group_id, request.member_id.as_ref());
        if request.require_stable {
            return match self.groups.get(id) {
                Some(Group::Consumer(group)) => {
                    group.validate_fetch(member, request.member_epoch).map(|()| true)
                }
                Some(Group::Classic(_)) => Ok(true),
                Some(Group::Share(_)) | None => Ok(false),
            };
        }
        match self.committed_consumer_group(id) {
            Some(group) => group.validate_fetch(member, request.member_epoch).map(|()| true),
            None => Ok(self.committed_group(id).is_some()),
        }
    }

    /// The epoch that a request looks at.
    fn epoch_of(&self, request: &OffsetFetchRequest) -> u64 {
        if request.require_stable { LATEST } else { self.committed }
    }

    fn offsets_of(
        &self,
        request: &OffsetFetchRequest,
        topic: &OffsetFetchTopic,
        exists: bool,
    ) -> OffsetFetchResponseTopic {
        let (offsets, epoch) = (&self.offsets, self.epoch_of(request));
        let path = [Key::from(&request.group_id), Key::from(&topic.name)];
        let table = offsets.stored.descend(offsets.committed(), &path, epoch);
        let table = table.filter(|_| exists);
        let answer = |&partition: &u32| {
            if self.is_unstable(request, &topic.name, partition) {
                return unstable(partition);
            }
            let leaf = table.and_then(|id| offsets.stored.leaf(id, &partition.into(), epoch));
            found(partition, leaf.filter(|leaf| leaf.is_of(topic.topic_id)))
        };
        let partitions = topic.partition_indexes.iter().map(answer).collect();
        OffsetFetchResponseTopic { name: topic.name.clone(), partitions }
    }

    fn all_offsets(&self, request: &OffsetFetchRequest) -> Vec<OffsetFetchResponseTopic> {
        let (offsets, epoch) = (&self.offsets, self.epoch_of(request));
        let path = [Key::from(&request.group_id)];
        let Some(topics) = offsets.stored.descend(offsets.committed(), &path, epoch) else {
            return Vec::new();
        };
        let mut answer = Vec::new();
        for (topic, table) in offsets.stored.children(topics, epoch) {
            let Key::Name(name) = topic else { continue };
            let one = |(partition, stored): (&Key, &Stored)| {
                let Key::Number(partition) = partition else { return None };
                let partition = u32::try_from(*partition).ok()?;
                let unstable_here = self.is_unstable(request, name, partition);
                Some(if unstable_here {
                    unstable(partition)
                } else {
                    found(partition, Some(stored))
                })
            };
            let partitions = offsets.stored.leaves(table, epoch).filter_map(one).collect();
            answer.push(OffsetFetchResponseTopic { name: name.clone(), partitions });
        }
        answer
    }

    /// Whether a transaction may still change the offset, and the request wants to know.
    fn is_unstable(&self, request: &OffsetFetchRequest, topic: &Name, partition: u32) -> bool {
        request.require_stable && self.offsets.is_open(&request.group_id, topic, partition)
    }
}

fn found(partition_index: u32, stored: Option<&Stored>) -> OffsetFetchResponsePartition {
    match stored {
        Some(Stored { value, .. }) => OffsetFetchResponsePartition {
            partition_index,
            committed_offset: value.offset,
            committed_leader_epoch: value.leader_epoch,
            metadata: Some(value.metadata.clone()),
            ..OffsetFetchResponsePartition::default()
        },
        None => OffsetFetchResponsePartition {
            partition_index,
            committed_offset: -1,
            ..OffsetFetchResponsePartition::default()
        },
    }
}

fn unstable(partition_index: u32) -> OffsetFetchResponsePartition {
    let error_code = ErrorCode::UnstableOffsetCommit;
    OffsetFetchResponsePartition { error_code, ..found(partition_index, None) }
}
