//! `OffsetCommit` (kafka-semantics 3.14, 4.10; `OffsetMetadataManager.commitOffset`).

use crate::coordinator::classic::group::ClassicGroup;
use crate::coordinator::classic::state::GroupState;
use crate::coordinator::consumer::OlderEpoch;
use crate::coordinator::effect::{Effect, Ticket};
use crate::coordinator::shard::Shard;
use crate::coordinator::write::{ErrorAnswer, OnError, Write};
use crate::kernel::time::Instant;
use crate::model::Name;
use crate::model::error::ErrorCode;
use crate::model::message::RequestContext;
use crate::model::message::offset::{
    OffsetCommitPartition, OffsetCommitRequest, OffsetCommitResponse,
    OffsetCommitResponsePartition, OffsetCommitResponseTopic,
};
use crate::model::record::{OffsetCommitKey, OffsetCommitValue, Record};

/// From this version on a commit to an unknown group hears `GROUP_ID_NOT_FOUND`.
const GROUP_ID_NOT_FOUND_VERSION: i16 = 9;

impl Shard {
    pub(in crate::coordinator) fn commit(
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
                let too_large = is_too_long(partition, max);
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
                    records.push(Record::OffsetCommit {
                        key,
                        value: Some(value),
                        producer_id: None,
                    });
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
            group.validate_commit(
                &request.member_id,
                request.group_instance_id.as_ref(),
                generation,
                false,
            )?;
            // A commit keeps the member's session.
            if matches!(group.state(), GroupState::Stable | GroupState::PreparingRebalance) {
                group.restart_session(&request.member_id, cx);
            }
            Ok(None)
        });
        validated.expect("the group exists")
    }
}

impl ClassicGroup {
    /// Whether the group accepts the commit, by state, member and generation, in Kafka's order.
    /// Transactions may also do without a member, and may commit before the assignment is known.
    pub(super) fn validate_commit(
        &self,
        member: &Name,
        instance: Option<&Name>,
        generation: i32,
        transactional: bool,
    ) -> Result<(), ErrorCode> {
        if self.state() == GroupState::Dead {
            return Err(ErrorCode::CoordinatorNotAvailable);
        }
        // An administrator, or a consumer that assigns its partitions itself.
        if generation < 0 && self.state() == GroupState::Empty {
            return Ok(());
        }
        if generation >= 0 || !member.is_empty() || instance.is_some() {
            self.validate_member(member, instance)?;
            if generation != self.generation {
                return Err(ErrorCode::IllegalGeneration);
            }
        } else if !transactional && self.state() != GroupState::Empty {
            return Err(ErrorCode::UnknownMemberId);
        }
        // The member has its join answered but no assignment yet: it cannot have read anything.
        if !transactional && self.state() == GroupState::CompletingRebalance {
            return Err(ErrorCode::RebalanceInProgress);
        }
        Ok(())
    }
}

/// Whether the client's note exceeds `offset.metadata.max.bytes`, which Kafka counts in characters.
pub(super) fn is_too_long(partition: &OffsetCommitPartition, max: usize) -> bool {
    partition.committed_metadata.as_ref().is_some_and(|note| note.encode_utf16().count() > max)
}
