//! Where to read: committed offsets first, which leaders confirm, then the reset policy
//! (kafka-semantics 6.10).

use super::consumer::Consumer;
use super::effect::{Connection, Effect, Note};
use super::lookup::PendingKind;
use super::subscription::Position;
use crate::kernel::time::Instant;
use crate::model::config::ResetPolicy;
use crate::model::error::ErrorCode;
use crate::model::fact::{Failure, PositionSource};
use crate::model::id::{BrokerId, PartitionId};
use crate::model::message::fetch::{
    EpochEnd, EpochQuestion, ListOffsetsRequest, ListOffsetsResponse, OffsetForLeaderEpochRequest,
    OffsetForLeaderEpochResponse, OffsetFound, OffsetQuestion, OffsetSpec,
};
use crate::model::message::offset::{OffsetFetchRequest, OffsetFetchResponse, OffsetFetchTopic};

impl Consumer {
    /// Asks for the positions that are missing. Whether `poll` may go on: it waits for committed
    /// offsets, but not for resets.
    pub(super) fn update_positions(&mut self, now: Instant, out: &mut Vec<Effect>) -> bool {
        if self.subscription.has_all_positions() {
            return true;
        }
        if self.subscription.is_initializing() {
            if self.lookup.coordinator.is_none() {
                self.look_up_coordinator(out);
            } else if !self.is_pending(&PendingKind::OffsetFetch(self.member.generation.id)) {
                self.send_offset_fetch(out);
            }
            return false;
        }
        self.validate_positions(now, out);
        self.reset_positions(now, out);
        true
    }

    /// Asks for the committed offsets that are missing. Under KIP-848 the coordinator looks who asks.
    pub(super) fn send_offset_fetch(&mut self, out: &mut Vec<Effect>) {
        let missing = self.subscription.in_order();
        let missing = missing.filter(|owned| owned.position == Position::Initializing);
        let mut topics: Vec<OffsetFetchTopic> = Vec::new();
        for partition in missing.map(|owned| owned.partition) {
            let (name, index) = self.metadata.name(partition);
            match topics.iter_mut().find(|topic| topic.name == *name) {
                Some(topic) => topic.partition_indexes.push(index),
                None => topics
                    .push(OffsetFetchTopic { name: name.clone(), partition_indexes: vec![index] }),
            }
        }
        let member = self.modern.as_ref().filter(|m| m.epoch > 0);
        let request = OffsetFetchRequest {
            group_id: self.group.clone(),
            member_id: member.map(|m| m.id.clone()),
            member_epoch: member.map_or(-1, |m| m.epoch),
            topics: Some(topics),
            require_stable: true,
        };
        let kind = PendingKind::OffsetFetch(self.member.generation.id);
        self.send_to_coordinator(kind, request, out);
    }

    /// Committed offsets arrived, asked for in `generation`.
    pub(super) fn on_offset_fetch(
        &mut self,
        now: Instant,
        generation: i32,
        response: &OffsetFetchResponse,
        out: &mut Vec<Effect>,
    ) {
        match response.error_code {
            ErrorCode::None => {}
            ErrorCode::CoordinatorNotAvailable | ErrorCode::NotCoordinator => {
                self.mark_coordinator_unknown(now, out);
                return self.retry_later(now);
            }
            _ => return self.retry_later(now),
        }
        // The answer to a question that a rebalance has overtaken.
        if generation != self.member.generation.id {
            return;
        }
        for topic in &response.topics {
            for answer in &topic.partitions {
                let partition = self.metadata.partition(&topic.name, answer.partition_index);
                let partition = partition.expect("only what exists was asked for");
                let owned = self.subscription.get(partition);
                if owned.is_none_or(|owned| owned.position != Position::Initializing) {
                    continue;
                }
                if let Ok(offset) = u64::try_from(answer.committed_offset) {
                    if answer.committed_leader_epoch < 0 {
                        self.set_position(partition, offset, PositionSource::Committed, out);
                        continue;
                    }
                    let unsure = Position::AwaitingValidation { offset, retry_at: now };
                    self.subscription.set_position(partition, unsure);
                } else if self.settings.auto_offset_reset == ResetPolicy::None {
                    self.fatal = Some(Failure::NoOffsetForPartition);
                } else {
                    let reset = Position::AwaitingReset { retry_at: now };
                    self.subscription.set_position(partition, reset);
                }
            }
        }
        self.announce_ready(out);
        if self.modern.is_some() {
            self.complete_poll_event(now, out);
        }
    }

    /// Asks the leaders whether committed offsets still lie in their logs. A commit carries the
    /// epoch of the leader that the records came from; with it nothing is fetched before the present
    /// one has looked (KIP-320; `OffsetFetcher.validatePositionsIfNeeded`).
    pub(super) fn validate_positions(&mut self, now: Instant, out: &mut Vec<Effect>) {
        let mut questions: Vec<(BrokerId, Vec<PartitionId>)> = Vec::new();
        for owned in self.subscription.in_order() {
            let due = matches!(
                owned.position,
                Position::AwaitingValidation { retry_at, .. } if retry_at <= now
            );
            let Some(leader) = owned.leader.filter(|_| due) else { continue };
            match questions.iter_mut().find(|(broker, _)| *broker == leader) {
                Some((_, partitions)) => partitions.push(owned.partition),
                None => questions.push((leader, vec![owned.partition])),
            }
        }
        for (broker, partitions) in questions {
            let retry_at = now + self.settings.request_timeout;
            for &partition in &partitions {
                if let Some(offset) = self.unsure_offset(partition) {
                    let asked = Position::AwaitingValidation { offset, retry_at };
                    self.subscription.set_position(partition, asked);
                }
            }
            let connection = Connection { broker, coordinator: false };
            let question =
                |partition| EpochQuestion { partition, current_leader_epoch: -1, leader_epoch: 0 };
            let partitions = partitions.into_iter().map(question).collect();
            let request = OffsetForLeaderEpochRequest { partitions };
            self.send(connection, PendingKind::OffsetForLeaderEpoch, request, out);
        }
    }

    /// The committed offset of a partition whose leader has not confirmed it yet.
    fn unsure_offset(&self, partition: PartitionId) -> Option<u64> {
        match self.subscription.get(partition)?.position {
            Position::AwaitingValidation { offset, .. } => Some(offset),
            _ => None,
        }
    }

    /// A leader confirmed committed offsets.
    pub(super) fn on_offset_for_leader_epoch(
        &mut self,
        response: &OffsetForLeaderEpochResponse,
        out: &mut Vec<Effect>,
    ) {
        for &EpochEnd { partition, .. } in &response.partitions {
            if let Some(offset) = self.unsure_offset(partition) {
                self.set_position(partition, offset, PositionSource::Committed, out);
            }
        }
        self.announce_ready(out);
    }

    /// Asks the leaders where the reset policy points to.
    pub(super) fn reset_positions(&mut self, now: Instant, out: &mut Vec<Effect>) {
        let spec = match self.settings.auto_offset_reset {
            ResetPolicy::Earliest => OffsetSpec::Earliest,
            ResetPolicy::Latest | ResetPolicy::None => OffsetSpec::Latest,
            ResetPolicy::ByDuration(age) => OffsetSpec::MaxAge(age),
        };
        let mut questions: Vec<(BrokerId, Vec<OffsetQuestion>)> = Vec::new();
        for owned in self.subscription.in_order() {
            let due =
                matches!(owned.position, Position::AwaitingReset { retry_at } if retry_at <= now);
            let Some(leader) = owned.leader.filter(|_| due) else { continue };
            let question = OffsetQuestion { partition: owned.partition, leader_epoch: -1, spec };
            match questions.iter_mut().find(|(broker, _)| *broker == leader) {
                Some((_, partitions)) => partitions.push(question),
                None => questions.push((leader, vec![question])),
            }
        }
        for (broker, partitions) in questions {
            let retry = Position::AwaitingReset { retry_at: now + self.settings.request_timeout };
            for question in &partitions {
                self.subscription.set_position(question.partition, retry);
            }
            let connection = Connection { broker, coordinator: false };
            let request = ListOffsetsRequest { partitions };
            self.send(connection, PendingKind::ListOffsets, request, out);
        }
    }

    /// A leader told where to begin. Where it knows no such record, the question is repeated after
    /// `request.timeout.ms`.
    pub(super) fn on_list_offsets(&mut self, response: ListOffsetsResponse, out: &mut Vec<Effect>) {
        for OffsetFound { partition, offset, .. } in response.partitions {
            let owned = self.subscription.get(partition);
            let awaited =
                owned.is_some_and(|o| matches!(o.position, Position::AwaitingReset { .. }));
            if let Some(offset) = offset.filter(|_| awaited) {
                self.set_position(partition, offset, PositionSource::Reset, out);
            }
        }
        self.announce_ready(out);
        self.fetch_if_reset(out);
    }

    fn set_position(
        &mut self,
        partition: PartitionId,
        offset: u64,
        source: PositionSource,
        out: &mut Vec<Effect>,
    ) {
        self.subscription.set_position(partition, Position::At(offset));
        out.push(Effect::Note(Note::Positioned { partition, offset, source }));
    }

    /// Tells, once for each assignment, that everything owned can be fetched.
    pub(super) fn announce_ready(&mut self, out: &mut Vec<Effect>) {
        if !self.ready && self.subscription.has_all_positions() {
            self.ready = true;
            out.push(Effect::Note(Note::Ready));
        }
    }
}
