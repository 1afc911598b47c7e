//! Committed offsets: commit, fetch, and the records they are (kafka-semantics 3.14, 7.6;
//! `OffsetMetadataManager`).

use super::classic::group::ClassicGroup;
use super::classic::state::GroupState;
use super::consumer::OlderEpoch;
use super::effect::{Effect, Ticket};
use super::shard::Shard;
use super::write::{ErrorAnswer, OnError, Write};
use crate::kernel::time::Instant;
use crate::kernel::timeline_map::TimelineMap;
use crate::model::Name;
use crate::model::error::ErrorCode;
use crate::model::message::RequestContext;
use crate::model::message::offset::{
    OffsetCommitPartition, OffsetCommitRequest, OffsetCommitResponse,
    OffsetCommitResponsePartition, OffsetCommitResponseTopic, OffsetFetchRequest,
    OffsetFetchResponse, OffsetFetchResponsePartition, OffsetFetchResponseTopic, OffsetFetchTopic,
};
use crate::model::record::{OffsetCommitKey, OffsetCommitValue, Record};
use crate::model::uuid::Uuid;
use std::borrow::Cow;

/// From this version on a commit to an unknown group hears `GROUP_ID_NOT_FOUND`.
const GROUP_ID_NOT_FOUND_VERSION: i16 = 9;

type Partitions = TimelineMap<u32, OffsetCommitValue>;

/// Committed offsets by group, topic and partition, in the order of Kafka's maps.
#[derive(Debug, Default)]
pub(super) struct Offsets {
    groups: TimelineMap<Name, TimelineMap<Name, Partitions>>,
}

impl Offsets {
    /// Changes memory as a record says.
    pub(super) fn apply(&mut self, key: &OffsetCommitKey, value: Option<OffsetCommitValue>) {
        let Some(value) = value else { return self.remove(key) };
        if !self.groups.contains_key(&key.group) {
            self.groups.put(key.group.clone(), TimelineMap::new());
        }
        let topics = self.groups.get_mut(&key.group).expect("just put");
        if !topics.contains_key(&key.topic) {
            topics.put(key.topic.clone(), TimelineMap::new());
        }
        topics.get_mut(&key.topic).expect("just put").put(key.partition, value);
    }

    fn remove(&mut self, key: &OffsetCommitKey) {
        let Some(topics) = self.groups.get_mut(&key.group) else { return };
        let Some(partitions) = topics.get_mut(&key.topic) else { return };
        partitions.remove(&key.partition);
        if partitions.is_empty() {
            topics.remove(&key.topic);
        }
        if topics.is_empty() {
            self.groups.remove(&key.group);
        }
    }

    fn get(&self, group: &Name, topic: &Name, partition: u32) -> Option<&OffsetCommitValue> {
        self.groups.get(group)?.get(topic)?.get(&partition)
    }

    /// Tombstones for the offsets of topics that are gone. An offset that does not say which topic
    /// of its name it is of goes with it.
    pub(super) fn tombstones_of_topics(&self, deleted: &[(Name, Uuid)]) -> Vec<Record> {
        let mut records = Vec::new();
        for (group, topics) in self.groups.iter() {
            for (topic, id) in deleted {
                for (&partition, value) in topics.get(topic).into_iter().flat_map(Partitions::iter)
                {
                    if value.topic_id == Uuid::ZERO || value.topic_id == *id {
                        let (group, topic) = (group.clone(), topic.clone());
                        let key = OffsetCommitKey { group, topic, partition };
                        records.push(Record::OffsetCommit { key, value: None });
                    }
                }
            }
        }
        records
    }

    /// Tombstones for all offsets of a group.
    pub(super) fn tombstones(&self, group: &Name) -> Vec<Record> {
        let Some(topics) = self.groups.get(group) else { return Vec::new() };
        let mut records = Vec::new();
        for (topic, partitions) in topics.iter() {
            for &partition in partitions.keys() {
                let key = OffsetCommitKey { group: group.clone(), topic: topic.clone(), partition };
                records.push(Record::OffsetCommit { key, value: None });
            }
        }
        records
    }
}

impl Shard {
    pub(super) fn commit(
        &mut self,
        now: Instant,
        ticket: Ticket,
        client: &RequestContext,
        request: Box<OffsetCommitRequest>,
        out: &mut Vec<Effect>,
    ) {
        let outcome = self.commit_records(now, ticket, client, &request, out);
        let on_error = OnError { ticket, answer: ErrorAnswer::Commit(request) };
        self.finish(now, outcome, Some(on_error), out);
    }

    fn commit_records(
        &mut self,
        now: Instant,
        ticket: Ticket,
        client: &RequestContext,
        request: &OffsetCommitRequest,
        out: &mut Vec<Effect>,
    ) -> Result<Write, ErrorCode> {
        let older = self.validate_commit(now, client, request, out)?;
        let commit_timestamp = self.config.clock_ms(now);
        let max = self.config.offset_metadata_max_bytes;
        let (mut records, mut topics) = (Vec::new(), Vec::new());
        for topic in &request.topics {
            let mut partitions = Vec::with_capacity(topic.partitions.len());
            for partition in &topic.partitions {
                let partition_index = partition.partition_index;
                let too_large = utf16_length(partition) > max;
                let error_code = if too_large {
                    ErrorCode::OffsetMetadataTooLarge
                } else {
                    if let Some(older) = &older {
                        older.check(topic.topic_id, partition_index)?;
                    }
                    let key = OffsetCommitKey {
                        group: request.group_id.clone(),
                        topic: topic.name.clone(),
                        partition: partition_index,
                    };
                    let value = OffsetCommitValue {
                        offset: partition.committed_offset,
                        leader_epoch: partition.committed_leader_epoch,
                        metadata: partition.committed_metadata.clone().unwrap_or_default(),
                        commit_timestamp,
                        expire_timestamp: match request.retention_time_ms {
                            -1 => -1,
                            retention => commit_timestamp + retention,
                        },
                        topic_id: topic.topic_id,
                    };
                    records.push(Record::OffsetCommit { key, value: Some(value) });
                    ErrorCode::None
                };
                partitions.push(OffsetCommitResponsePartition { partition_index, error_code });
            }
            topics.push(OffsetCommitResponseTopic { name: topic.name.clone(), partitions });
        }
        let reply = Some((ticket, OffsetCommitResponse { topics }.into()));
        Ok(Write { records, apply: true, reply, ..Write::default() })
    }

    /// Whether the group accepts the commit; a simple group comes into being by it. `Some`: of a
    /// consumer group, depending on the partition.
    fn validate_commit(
        &mut self,
        now: Instant,
        client: &RequestContext,
        request: &OffsetCommitRequest,
        out: &mut Vec<Effect>,
    ) -> Result<Option<OlderEpoch>, ErrorCode> {
        let generation = request.generation_id_or_member_epoch;
        if let Some(group) = self.consumer_group(&request.group_id) {
            return group.validate_commit(&request.member_id, generation, client.api_version);
        }
        if self.share_group(&request.group_id).is_some() {
            return Err(ErrorCode::GroupIdNotFound);
        }
        if !self.groups.contains_key(&request.group_id) {
            if generation < 0 {
                self.create_group(now, &request.group_id);
                return Ok(None);
            }
            return Err(if client.api_version >= GROUP_ID_NOT_FOUND_VERSION {
                ErrorCode::GroupIdNotFound
            } else {
                ErrorCode::IllegalGeneration
            });
        }
        let validated = self.with_group(now, &request.group_id, out, |group, cx| {
            group.validate_commit(request)?;
            // A commit keeps the member's session.
            if matches!(group.state(), GroupState::Stable | GroupState::PreparingRebalance) {
                group.restart_session(&request.member_id, cx);
            }
            Ok(None)
        });
        validated.expect("the group exists")
    }

    pub(super) fn fetch_offsets(
        &mut self,
        now: Instant,
        ticket: Ticket,
        request: &OffsetFetchRequest,
        out: &mut Vec<Effect>,
    ) {
        let group_id = request.group_id.clone();
        if let Err(code) = self.validate_fetch(request) {
            let on_error = OnError { ticket, answer: ErrorAnswer::Fetch { group_id } };
            return self.finish(now, Err(code), Some(on_error), out);
        }
        let topics = match &request.topics {
            // Offsets of a group that is gone are as good as gone.
            Some(topics) => {
                let exists = self.groups.contains_key(&group_id);
                let get = |topic: &Name, p| {
                    found(p, self.offsets.get(&group_id, topic, p).filter(|_| exists))
                };
                let topic = |t: &OffsetFetchTopic| OffsetFetchResponseTopic {
                    name: t.name.clone(),
                    partitions: t.partition_indexes.iter().map(|&p| get(&t.name, p)).collect(),
                };
                topics.iter().map(topic).collect()
            }
            None => self.all_offsets(&group_id),
        };
        let response =
            OffsetFetchResponse { group_id: group_id.clone(), topics, ..Default::default() };
        if !request.require_stable {
            return self.tickets.answer(ticket, response.into(), out);
        }
        let on_error = OnError { ticket, answer: ErrorAnswer::Fetch { group_id } };
        self.finish(now, Ok(Write::reply(ticket, response)), Some(on_error), out);
    }

    /// Whether the group lets the member fetch offsets. One that waits for what is on its way sees
    /// the present group, others the committed one.
    fn validate_fetch(&self, request: &OffsetFetchRequest) -> Result<(), ErrorCode> {
        let group = if request.require_stable {
            self.consumer_group(&request.group_id).map(Cow::Borrowed)
        } else {
            self.committed_consumer_group(&request.group_id)
        };
        group.map_or(Ok(()), |group| {
            group.validate_fetch(request.member_id.as_ref(), request.member_epoch)
        })
    }

    fn all_offsets(&self, group: &Name) -> Vec<OffsetFetchResponseTopic> {
        let topics = self.groups.get(group).and(self.offsets.groups.get(group));
        let Some(topics) = topics else { return Vec::new() };
        let topic = |(name, partitions): (&Name, &Partitions)| OffsetFetchResponseTopic {
            name: name.clone(),
            partitions: partitions.iter().map(|(&p, value)| found(p, Some(value))).collect(),
        };
        topics.iter().map(topic).collect()
    }
}

impl ClassicGroup {
    /// Whether the group accepts the commit, by state, member and generation, in Kafka's order.
    fn validate_commit(&self, request: &OffsetCommitRequest) -> Result<(), ErrorCode> {
        let generation = request.generation_id_or_member_epoch;
        let instance = request.group_instance_id.as_ref();
        if self.state() == GroupState::Dead {
            return Err(ErrorCode::CoordinatorNotAvailable);
        }
        // An administrator, or a consumer that assigns its partitions itself.
        if generation < 0 && self.state() == GroupState::Empty {
            return Ok(());
        }
        if generation >= 0 || !request.member_id.is_empty() || instance.is_some() {
            self.validate_member(&request.member_id, instance)?;
            if generation != self.generation {
                return Err(ErrorCode::IllegalGeneration);
            }
        } else if self.state() != GroupState::Empty {
            return Err(ErrorCode::UnknownMemberId);
        }
        // The member has its join answered but no assignment yet: it cannot have read anything.
        if self.state() == GroupState::CompletingRebalance {
            return Err(ErrorCode::RebalanceInProgress);
        }
        Ok(())
    }
}

fn utf16_length(partition: &OffsetCommitPartition) -> usize {
    partition.committed_metadata.as_ref().map_or(0, |note| note.encode_utf16().count())
}

fn found(partition_index: u32, value: Option<&OffsetCommitValue>) -> OffsetFetchResponsePartition {
    match value {
        Some(value) => OffsetFetchResponsePartition {
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
