//! Offsets of transactions: `TxnOffsetCommit`, and the markers that end a transaction
//! (kafka-semantics 7.6; `OffsetMetadataManager.commitTransactionalOffset`).

use super::commit::is_too_long;
use crate::coordinator::consumer::OlderEpoch;
use crate::coordinator::effect::{Effect, Ticket};
use crate::coordinator::group::Group;
use crate::coordinator::shard::Shard;
use crate::coordinator::write::{ErrorAnswer, OnError, Write};
use crate::kernel::time::Instant;
use crate::model::error::ErrorCode;
use crate::model::message::Response;
use crate::model::message::offset::{
    EndTransactionRequest, OffsetCommitResponse, OffsetCommitResponsePartition,
    OffsetCommitResponseTopic, TxnOffsetCommitRequest,
};
use crate::model::record::{OffsetCommitKey, OffsetCommitValue, Record};
use crate::model::uuid::Uuid;

/// A version of `OffsetCommit` that knows member epochs; transactions need not say theirs.
const ANY_VERSION: i16 = i16::MAX;

impl Shard {
    pub(in crate::coordinator) fn commit_in_transaction(
        &mut self,
        now: Instant,
        ticket: Ticket,
        request: Box<TxnOffsetCommitRequest>,
        out: &mut Vec<Effect>,
    ) {
        let outcome = self.transaction_records(now, ticket, &request);
        let on_error = OnError { ticket, answer: ErrorAnswer::TxnCommit(request) };
        self.finish(now, outcome, Some(on_error), out);
    }

    fn transaction_records(
        &mut self,
        now: Instant,
        ticket: Ticket,
        request: &TxnOffsetCommitRequest,
    ) -> Result<Write, ErrorCode> {
        let group_id = &request.group_id;
        if group_id.is_empty() {
            return Err(ErrorCode::InvalidGroupId);
        }
        let older = self.validate_in_transaction(now, request)?;
        let commit_timestamp = self.config.clock_ms(now);
        let max = self.config.offset_metadata_max_bytes;
        let (mut records, mut topics) = (Vec::new(), Vec::new());
        for topic in &request.topics {
            let topic_id = self.image.by_name(&topic.name).map_or(Uuid::ZERO, |topic| topic.id);
            if older.is_some() && topic_id == Uuid::ZERO {
                return Err(ErrorCode::IllegalGeneration);
            }
            let mut partitions = Vec::with_capacity(topic.partitions.len());
            for partition in &topic.partitions {
                let partition_index = partition.partition_index;
                let error_code = if is_too_long(partition, max) {
                    ErrorCode::OffsetMetadataTooLarge
                } else {
                    if let Some(older) = &older {
                        older.check(topic_id, partition_index).map_err(generation_error)?;
                    }
                    let (group, topic) = (group_id.clone(), topic.name.clone());
                    let value = OffsetCommitValue {
                        offset: partition.committed_offset,
                        leader_epoch: partition.committed_leader_epoch,
                        metadata: partition.committed_metadata.clone().unwrap_or_default(),
                        commit_timestamp,
                        ..OffsetCommitValue::default()
                    };
                    records.push(Record::OffsetCommit {
                        key: OffsetCommitKey { group, topic, partition: partition_index },
                        value: Some(value),
                        producer_id: Some(request.producer_id),
                    });
                    ErrorCode::None
                };
                partitions.push(OffsetCommitResponsePartition { partition_index, error_code });
            }
            topics.push(OffsetCommitResponseTopic { name: topic.name.clone(), partitions });
        }
        let response = Response::TxnOffsetCommit(Box::new(OffsetCommitResponse { topics }));
        let reply = Some((ticket, response));
        Ok(Write { records, apply: true, reply, ..Write::default() })
    }

    /// Whether the group accepts the commit; a simple group comes into being by it. `Some`: of a
    /// consumer group, depending on the partition.
    fn validate_in_transaction(
        &mut self,
        now: Instant,
        request: &TxnOffsetCommitRequest,
    ) -> Result<Option<OlderEpoch>, ErrorCode> {
        let (member, generation) = (&request.member_id, request.generation_id);
        let instance = request.group_instance_id.as_ref();
        match self.groups.get(&request.group_id) {
            None if generation < 0 => {
                self.create_group(now, &request.group_id);
                Ok(None)
            }
            None => Err(ErrorCode::IllegalGeneration),
            Some(Group::Classic(group)) => {
                group.validate_commit(member, instance, generation, true).map(|()| None)
            }
            // An old client does not say who it is.
            Some(Group::Consumer(_))
                if generation == -1 && member.is_empty() && instance.is_none() =>
            {
                Ok(None)
            }
            Some(Group::Consumer(group)) => {
                group.validate_commit(member, generation, ANY_VERSION).map_err(generation_error)
            }
            Some(Group::Share(_)) => Err(ErrorCode::GroupIdNotFound),
        }
    }

    /// The marker of a transaction's end is written.
    pub(in crate::coordinator) fn end_transaction(
        &mut self,
        now: Instant,
        ticket: Ticket,
        request: &EndTransactionRequest,
        out: &mut Vec<Effect>,
    ) {
        let &EndTransactionRequest { producer_id, commit, .. } = request;
        let records = vec![Record::EndTransaction { producer_id, commit }];
        let reply = Some((ticket, Response::EndTransaction(ErrorCode::None)));
        let write = Write { records, apply: true, reply, ..Write::default() };
        let on_error = OnError { ticket, answer: ErrorAnswer::EndTransaction };
        self.finish(now, Ok(write), Some(on_error), out);
    }
}

/// Producers know generations only.
fn generation_error(error: ErrorCode) -> ErrorCode {
    match error {
        ErrorCode::StaleMemberEpoch => ErrorCode::IllegalGeneration,
        other => other,
    }
}
