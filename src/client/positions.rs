//! Where to read: committed offsets first, which leaders confirm, then the reset policy
//! (kafka-semantics 6.10).

use super::consumer::Consumer;
use super::effect::{Connection, Effect, Note};
use super::lookup::PendingKind;
use super::subscription::Position;
use crate::kernel::time::{Instant, Span};
use crate::model::config::ResetPolicy;
use crate::model::error::ErrorCode;
use crate::model::fact::{Failure, PositionSource};
use crate::model::id::{BrokerId, PartitionId};
use crate::model::message::fetch::{
    EpochQuestion, FetchResponse, ListOffsetsRequest, ListOffsetsResponse,
    OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse, OffsetFound, OffsetQuestion,
    OffsetSpec,
};
use crate::model::message::offset::{OffsetFetchRequest, OffsetFetchResponse, OffsetFetchTopic};

/// How far a classic consumer is with the positions that are missing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Positions {
    /// None is missing that `poll` would wait for.
    Sought,
    /// Committed offsets are awaited.
    Awaited,
    /// They were refused, and `poll` sleeps before it asks again.
    Pause(Span),
}

impl Consumer {
    /// Asks for the positions that are missing (`ClassicKafkaConsumer.updateFetchPositions`). `poll`
    /// waits for committed offsets, but not for resets.
    pub(super) fn update_positions(&mut self, now: Instant, out: &mut Vec<Effect>) -> Positions {
        if self.subscription.has_all_positions() {
            return Positions::Sought;
        }
        self.validate_positions(now, out);
        if self.subscription.is_initializing() {
            return self.ask_for_committed_offsets(now, out);
        }
        self.reset_positions(now, out);
        Positions::Sought
    }

    /// Goes on with `ConsumerCoordinator.fetchCommittedOffsets`.
    fn ask_for_committed_offsets(&mut self, now: Instant, out: &mut Vec<Effect>) -> Positions {
        let generation = self.member.generation.id;
        if self.offsets_refused.take() == Some(generation) {
            let pause = self.backoff(self.offsets_attempts);
            self.offsets_attempts += 1;
            return Positions::Pause(pause);
        }
        if self.lookup.coordinator.is_none() {
            self.look_up_coordinator(now, out);
        } else if !self.is_pending(&PendingKind::OffsetFetch(generation)) {
            self.send_offset_fetch(now, out);
        }
        Positions::Awaited
    }

    /// Committed offsets, asked for in `generation`, are asked for again after a backoff.
    pub(super) fn ask_for_offsets_later(&mut self, now: Instant, generation: i32) {
        let Some(m) = &mut self.modern else {
            self.offsets_refused = Some(generation);
            return;
        };
        let attempts = m.offsets_attempts;
        m.offsets_attempts += 1;
        let at = now + self.backoff(attempts);
        self.modern_mut().offsets_at = at;
    }

    /// Asks for the committed offsets that are missing. Under KIP-848 the coordinator looks who asks.
    pub(super) fn send_offset_fetch(&mut self, now: Instant, out: &mut Vec<Effect>) {
        let missing = self.subscription.in_order();
        let missing = missing.filter(|owned| owned.is_initializing());
        let mut topics: Vec<OffsetFetchTopic> = Vec::new();
        for partition in missing.map(|owned| owned.partition) {
            let (name, index) = self.metadata.name(partition);
            match topics.iter_mut().find(|topic| topic.name == *name) {
                Some(topic) => topic.partition_indexes.push(index),
                None => topics.push(OffsetFetchTopic {
                    name: name.clone(),
                    topic_id: self.metadata.topic_id(partition),
                    partition_indexes: vec![index],
                }),
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
        self.send_to_coordinator(now, kind, request, out);
    }

    /// Committed offsets arrived, asked for in `generation`.
    pub(super) fn on_offset_fetch(
        &mut self,
        now: Instant,
        generation: i32,
        response: &OffsetFetchResponse,
        out: &mut Vec<Effect>,
    ) {
        let current = self.modern.is_some() || generation == self.member.generation.id;
        match response.error_code {
            ErrorCode::None => {}
            ErrorCode::CoordinatorNotAvailable | ErrorCode::NotCoordinator => {
                self.mark_coordinator_unknown(now, out);
                return self.ask_for_offsets_later(now, generation);
            }
            code if self.asks_for_offsets_again(code) => {
                return self.ask_for_offsets_later(now, generation);
            }
            code => return self.refuse_offsets(current, code),
        }
        if let Some(m) = &mut self.modern {
            m.offsets_attempts = 0;
        }
        // The answer to a question that a rebalance has overtaken.
        if !current {
            return;
        }
        let all = || response.topics.iter().flat_map(|topic| &topic.partitions);
        let failed = all().map(|answer| answer.error_code).filter(|code| !code.is_none());
        let unexpected = |code: &ErrorCode| match code {
            ErrorCode::UnstableOffsetCommit => false,
            ErrorCode::UnknownTopicOrPartition => self.modern.is_none(),
            _ => true,
        };
        if let Some(code) = failed.clone().find(unexpected) {
            return self.refuse_offsets(current, code);
        }
        if failed.count() > 0 {
            // Something is on its way into the log: none counts before it is there.
            return self.ask_for_offsets_later(now, generation);
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
                    self.subscription.read_in(partition, answer.committed_leader_epoch);
                    if answer.committed_leader_epoch < 0 {
                        self.set_position(partition, offset, PositionSource::Committed, out);
                        continue;
                    }
                    let (retry_at, committed) = (now, true);
                    let unsure = Position::AwaitingValidation { offset, retry_at, committed };
                    self.subscription.set_position(partition, unsure);
                } else {
                    self.reset(now, partition, PositionSource::Reset);
                }
            }
        }
        self.announce_ready(out);
        if self.modern.is_some() {
            self.complete_poll_event(now, out);
        }
    }

    /// Whether a refusal to tell committed offsets is over soon (`RetriableException`), or because the
    /// member's epoch has grown meanwhile.
    fn asks_for_offsets_again(&self, code: ErrorCode) -> bool {
        match code {
            ErrorCode::CoordinatorLoadInProgress
            | ErrorCode::RequestTimedOut
            | ErrorCode::UnstableOffsetCommit => true,
            ErrorCode::StaleMemberEpoch => self.modern.as_ref().is_some_and(|m| m.epoch > 0),
            _ => false,
        }
    }

    /// Committed offsets are not to be had: `poll` throws (`OffsetFetchResponseHandler`;
    /// `CommitRequestManager.OffsetFetchRequestState`). Nobody waits for an answer that a rebalance has
    /// overtaken.
    fn refuse_offsets(&mut self, current: bool, code: ErrorCode) {
        if current {
            self.fatal = Some(Failure::Refused(code));
        }
    }

    /// Asks the leaders whether committed offsets still lie in their logs. A commit carries the
    /// epoch of the leader that the records came from; with it nothing is fetched before the present
    /// one has looked (KIP-320; `OffsetFetcher.validatePositionsIfNeeded`).
    pub(super) fn validate_positions(&mut self, now: Instant, out: &mut Vec<Effect>) {
        let mut questions: Vec<(BrokerId, Vec<EpochQuestion>)> = Vec::new();
        for owned in self.subscription.in_order() {
            let due = matches!(
                owned.position,
                Position::AwaitingValidation { retry_at, .. } if retry_at <= now
            );
            let Some(leader) = owned.leader.filter(|&leader| due && self.can_ask(leader, now))
            else {
                continue;
            };
            let question = EpochQuestion {
                partition: owned.partition,
                current_leader_epoch: owned.epoch,
                leader_epoch: owned.read_epoch,
            };
            match questions.iter_mut().find(|(broker, _)| *broker == leader) {
                Some((_, partitions)) => partitions.push(question),
                None => questions.push((leader, vec![question])),
            }
        }
        if self.modern.is_some() {
            // Whom the client has no connection with is asked the next time; a classic client gets
            // there within the same call of `poll`.
            questions.retain(|(broker, _)| self.connections.meet(*broker));
        }
        for (broker, partitions) in questions {
            let retry_at = now + self.settings.request_timeout;
            let asked = partitions.iter().map(|q| (q.partition, q.current_leader_epoch)).collect();
            for question in &partitions {
                let partition = question.partition;
                if let Some((offset, committed)) = self.unsure_offset(partition) {
                    let asked = Position::AwaitingValidation { offset, retry_at, committed };
                    self.subscription.set_position(partition, asked);
                }
            }
            let connection = Connection { broker, coordinator: false };
            let request = OffsetForLeaderEpochRequest { partitions };
            self.send(now, connection, PendingKind::OffsetForLeaderEpoch(asked), request, out);
        }
    }

    /// Whether the connection to a leader is open, or may be opened.
    fn can_ask(&self, broker: BrokerId, now: Instant) -> bool {
        !self.connections.is_unavailable(Connection { broker, coordinator: false }, now)
    }

    /// The offset of a partition whose leader has not confirmed it yet, and whether that is the
    /// committed one.
    fn unsure_offset(&self, partition: PartitionId) -> Option<(u64, bool)> {
        match self.subscription.get(partition)?.position {
            Position::AwaitingValidation { offset, committed, .. } => Some((offset, committed)),
            _ => None,
        }
    }

    /// A leader told where epochs end: a position beyond the end of its epoch lies in a part of the
    /// log that is gone (`SubscriptionState.maybeCompleteValidation`).
    pub(super) fn on_offset_for_leader_epoch(
        &mut self,
        now: Instant,
        asked: &[(PartitionId, i32)],
        response: &OffsetForLeaderEpochResponse,
        out: &mut Vec<Effect>,
    ) {
        for end in &response.partitions {
            if !end.error_code.is_none() {
                self.metadata.want();
                self.ask_leaders_again(now, [end.partition]);
                continue;
            }
            let Some((offset, committed)) = self.unsure_offset(end.partition) else { continue };
            let epoch = self.subscription.get(end.partition).map_or(-1, |owned| owned.epoch);
            if !asked.contains(&(end.partition, epoch)) {
                // The leader has changed once more, and is asked, too.
                continue;
            }
            let (known, diverges) = (end.leader_epoch >= 0, end.end_offset < offset);
            if (diverges || !known) && self.settings.auto_offset_reset == ResetPolicy::None {
                self.fatal = Some(Failure::LogTruncation);
            } else if !known {
                self.reset(now, end.partition, PositionSource::Truncated);
            } else if diverges {
                self.subscription.read_in(end.partition, end.leader_epoch);
                let source = PositionSource::Truncated;
                self.set_position(end.partition, end.end_offset, source, out);
            } else if committed {
                self.set_position(end.partition, offset, PositionSource::Committed, out);
            } else {
                self.subscription.set_position(end.partition, Position::At(offset));
            }
        }
        self.announce_ready(out);
        self.fetch_if_reset(now, out);
    }

    /// Leaders that were asked about positions, but did not help, are asked again after a backoff.
    pub(super) fn ask_leaders_again(
        &mut self,
        now: Instant,
        partitions: impl IntoIterator<Item = PartitionId>,
    ) {
        let at = now + self.settings.retry_backoff;
        for partition in partitions {
            self.subscription.ask_again(partition, at);
        }
        if self.modern.is_none() {
            self.retry_at = self.retry_at.min(at);
        }
    }

    /// A partition is to be read from where the reset policy says, if there is one.
    fn reset(&mut self, now: Instant, partition: PartitionId, why: PositionSource) {
        if self.settings.auto_offset_reset == ResetPolicy::None {
            self.fatal = Some(match why {
                PositionSource::OutOfRange => Failure::OffsetOutOfRange,
                _ => Failure::NoOffsetForPartition,
            });
            return;
        }
        let reset = Position::AwaitingReset { retry_at: now, why };
        self.subscription.set_position(partition, reset);
    }

    /// A response to a fetch says whom to ask from now on: who leads, or who is nearer.
    pub(super) fn hear_of_sources(&mut self, now: Instant, response: &FetchResponse) {
        for &(partition, leader, epoch) in &response.leaders {
            self.subscription.follow_leader(now, partition, leader, epoch);
        }
        for &(partition, replica) in &response.preferred {
            self.subscription.prefer(now, partition, replica, self.settings.metadata_max_age);
        }
    }

    /// Sees to what brokers refused to read (`FetchCollector.handleInitializeErrors`).
    pub(super) fn handle_refused(&mut self, now: Instant) {
        for refused in std::mem::take(&mut self.fetcher.refused) {
            let partition = refused.partition;
            self.subscription.move_to_end(partition);
            match refused.error_code {
                ErrorCode::OffsetOutOfRange => {
                    // What a follower does not have, the leader may.
                    if self.subscription.prefer_leader(partition) {
                        continue;
                    }
                    let owned = self.subscription.get(partition);
                    if owned.is_some_and(|owned| owned.position == Position::At(refused.from)) {
                        self.reset(now, partition, PositionSource::OutOfRange);
                    }
                }
                // The broker has not heard of the new leader yet, or does not say what is wrong.
                ErrorCode::UnknownLeaderEpoch | ErrorCode::UnknownServerError => {}
                ErrorCode::NotLeaderOrFollower
                | ErrorCode::KafkaStorageError
                | ErrorCode::FencedLeaderEpoch
                | ErrorCode::OffsetNotAvailable
                | ErrorCode::UnknownTopicOrPartition => {
                    self.metadata.want();
                    self.subscription.prefer_leader(partition);
                }
                unexpected => self.fatal = Some(Failure::Refused(unexpected)),
            }
        }
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
            let due = matches!(
                owned.position,
                Position::AwaitingReset { retry_at, .. } if retry_at <= now
            );
            let Some(leader) = owned.leader.filter(|&leader| due && self.can_ask(leader, now))
            else {
                continue;
            };
            let (partition, leader_epoch) = (owned.partition, owned.epoch);
            let question = OffsetQuestion { partition, leader_epoch, spec };
            match questions.iter_mut().find(|(broker, _)| *broker == leader) {
                Some((_, partitions)) => partitions.push(question),
                None => questions.push((leader, vec![question])),
            }
        }
        for (broker, partitions) in questions {
            let retry_at = now + self.settings.request_timeout;
            let asked = partitions.iter().map(|question| question.partition).collect();
            for question in &partitions {
                if let Some(why) = self.awaited_reset(question.partition) {
                    let asked = Position::AwaitingReset { retry_at, why };
                    self.subscription.set_position(question.partition, asked);
                }
            }
            let connection = Connection { broker, coordinator: false };
            let request = ListOffsetsRequest { partitions };
            self.send(now, connection, PendingKind::ListOffsets(asked), request, out);
        }
    }

    /// A leader told where to begin. Where it knows no such record, the question is repeated after
    /// `request.timeout.ms`.
    pub(super) fn on_list_offsets(
        &mut self,
        now: Instant,
        response: ListOffsetsResponse,
        out: &mut Vec<Effect>,
    ) {
        for OffsetFound { partition, error_code, offset, leader_epoch } in response.partitions {
            let Some(why) = self.awaited_reset(partition) else { continue };
            if !error_code.is_none() {
                self.metadata.want();
                self.ask_leaders_again(now, [partition]);
            } else if let Some(offset) = offset {
                self.subscription.read_in(partition, leader_epoch);
                self.set_position(partition, offset, why, out);
            }
        }
        self.announce_ready(out);
        self.fetch_if_reset(now, out);
    }

    /// Why a position is being reset, if it is.
    fn awaited_reset(&self, partition: PartitionId) -> Option<PositionSource> {
        match self.subscription.get(partition)?.position {
            Position::AwaitingReset { why, .. } => Some(why),
            _ => None,
        }
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
