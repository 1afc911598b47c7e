//! Whom to ask, and what is asked of whom: the coordinator's lookup and requests in flight.

use super::classic::member::{FailedJoin, Generation};
use super::commit::{CommitKind, is_retriable};
use super::consumer::Consumer;
use super::effect::{Connection, Effect, Note};
use crate::kernel::time::{Instant, Span};
use crate::model::error::ErrorCode;
use crate::model::fact::Failure;
use crate::model::id::{BrokerId, PartitionId};
use crate::model::message::cluster::{FindCoordinatorRequest, FindCoordinatorResponse};
use crate::model::message::{Request, Response};

/// How much longer than the others may take a member waits for the answer to its join.
const JOIN_LAPSE: Span = Span::from_ms(5_000);

/// Who coordinates the group.
#[derive(Clone, Debug)]
pub(super) struct Lookup {
    pub coordinator: Option<BrokerId>,
    brokers: Vec<BrokerId>,
    /// The last question, as long as nobody has seen to its end (`findCoordinatorFuture`).
    pub question: Question,
    /// How many questions there were.
    asked: u32,
    /// Failed attempts of the present search.
    pub attempts: u32,
    /// When the background thread of KIP-848 may ask again.
    retry_at: Instant,
    /// What the present search goes on with (classic).
    pub next: NextOfSearch,
}

/// What became of a question who coordinates the group.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Question {
    /// Nobody has asked, or all was seen to.
    None,
    InFlight,
    /// The coordinator was named.
    Answered,
    /// It was named, but its connection is not to be opened yet.
    Unavailable,
    /// There was no answer, or none that helps.
    Failed,
}

/// What a search for the coordinator goes on with after a pause.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum NextOfSearch {
    /// Another question.
    Question,
    /// It asks for metadata first.
    Metadata,
    /// It waits for metadata that are newer than these.
    MetadataAfter(u64),
}

impl Lookup {
    pub(super) fn new(brokers: Vec<BrokerId>) -> Self {
        Lookup {
            coordinator: None,
            brokers,
            question: Question::None,
            asked: 0,
            attempts: 0,
            retry_at: Instant::ZERO,
            next: NextOfSearch::Question,
        }
    }
}

/// A request in flight.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    correlation: u64,
    connection: Connection,
    kind: PendingKind,
    /// When the client stops waiting for the answer.
    deadline: Instant,
}

impl Pending {
    pub(super) fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Nobody waits for it any more, if it is a `commitSync`.
    pub(super) fn await_no_more(&mut self) {
        if let PendingKind::Commit(kind @ CommitKind::Sync, _) = &mut self.kind {
            *kind = CommitKind::Async;
        }
    }

    pub(super) fn kind(&self) -> &PendingKind {
        &self.kind
    }

    pub(super) fn into_kind(self) -> PendingKind {
        self.kind
    }

    pub(super) fn connection(&self) -> Connection {
        self.connection
    }

    pub(super) fn correlation(&self) -> u64 {
        self.correlation
    }
}

/// What a response is an answer to, with what has to be known of the request.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum PendingKind {
    Metadata,
    /// The question of this number.
    FindCoordinator(u32),
    Join(Generation),
    Sync(Generation),
    Heartbeat(Generation),
    ConsumerHeartbeat,
    Leave,
    Commit(CommitKind, Generation),
    /// Asked in this generation.
    OffsetFetch(i32),
    /// Of these partitions.
    ListOffsets(Vec<PartitionId>),
    /// Of these partitions, with these epochs.
    OffsetForLeaderEpoch(Vec<(PartitionId, i32)>),
}

impl Consumer {
    /// Sends a request.
    pub(super) fn send(
        &mut self,
        now: Instant,
        connection: Connection,
        kind: PendingKind,
        request: impl Into<Request>,
        out: &mut Vec<Effect>,
    ) {
        self.correlation += 1;
        let correlation = self.correlation;
        let deadline = now + self.patience(&kind);
        self.connections.expect_by(deadline);
        if !connection.coordinator && self.metadata.is_known() {
            self.connections.meet(connection.broker);
        }
        self.pending.push(Pending { correlation, connection, kind, deadline });
        out.push(Effect::Send { connection, correlation, request: request.into() });
    }

    /// How long the client waits for an answer. A join waits for the others
    /// (`AbstractCoordinator.JOIN_GROUP_TIMEOUT_LAPSE`).
    fn patience(&self, kind: &PendingKind) -> Span {
        let usual = self.settings.request_timeout;
        match kind {
            PendingKind::Join(_) => usual.max(self.settings.max_poll_interval + JOIN_LAPSE),
            _ => usual,
        }
    }

    /// Sends a request to the coordinator, who must be known.
    pub(super) fn send_to_coordinator(
        &mut self,
        now: Instant,
        kind: PendingKind,
        request: impl Into<Request>,
        out: &mut Vec<Effect>,
    ) {
        let broker = self.lookup.coordinator.expect("the coordinator is known");
        self.send(now, Connection { broker, coordinator: true }, kind, request, out);
    }

    /// The broker that owes the fewest answers among those with an open connection; without any, one
    /// that the client has not met or, after that, the one whose connection may be opened soonest
    /// (`NetworkClient.leastLoadedNode`).
    pub(super) fn any_broker(&mut self, now: Instant) -> Connection {
        let known = self.metadata.brokers();
        let known = if known.is_empty() { &self.lookup.brokers } else { known };
        let first = self.draws.client.below(known.len() as u64) as usize;
        let burden = |connection: &Connection| {
            let opens = self.connections.lost_until(*connection);
            let asked = self.pending.iter().filter(|p| p.connection == *connection).count();
            let fetches = self.fetcher.deadlines().any(|(other, _)| other == *connection);
            let stranger = !self.connections.has_met(connection.broker);
            (opens.is_some(), stranger, opens.map(|at| at.max(now)), asked + usize::from(fetches))
        };
        let connection = |&broker: &BrokerId| Connection { broker, coordinator: false };
        let from_first = known[first..].iter().chain(&known[..first]).map(connection);
        from_first.min_by_key(burden).expect("there are brokers")
    }

    /// Asks who the coordinator is, unless that is being asked.
    pub(super) fn look_up_coordinator(&mut self, now: Instant, out: &mut Vec<Effect>) {
        if self.lookup.question != Question::InFlight {
            self.lookup.question = Question::InFlight;
            self.lookup.asked += 1;
            let connection = self.any_broker(now);
            let request = FindCoordinatorRequest { group_id: self.group.clone() };
            let kind = PendingKind::FindCoordinator(self.lookup.asked);
            self.send(now, connection, kind, request, out);
        }
    }

    fn on_find_coordinator(
        &mut self,
        now: Instant,
        question: u32,
        response: FindCoordinatorResponse,
        out: &mut Vec<Effect>,
    ) {
        if !response.error_code.is_none() {
            if !is_retriable(response.error_code) {
                self.fatal = Some(Failure::Refused(response.error_code));
            }
            return self.lookup_ended(now, question, Question::Failed, out);
        }
        self.heartbeat.restart_session(now, &self.settings);
        Self::note(Note::CoordinatorFound(response.node), out);
        let connection = Connection { broker: response.node, coordinator: true };
        if self.modern.is_none() && self.connections.is_unavailable(connection, now) {
            // Nobody can be asked before the connection is open: not found yet.
            self.lookup_ended(now, question, Question::Unavailable, out);
        } else {
            self.lookup.coordinator = Some(response.node);
            self.lookup_ended(now, question, Question::Answered, out);
            if self.modern.is_none() {
                out.push(Effect::Connect(connection));
            }
        }
    }

    /// A question came to its end. What the client waits for is the last one, unless it gave that up.
    fn lookup_ended(&mut self, now: Instant, question: u32, end: Question, out: &mut Vec<Effect>) {
        if self.modern.is_none() {
            if question == self.lookup.asked && self.lookup.question == Question::InFlight {
                self.lookup.question = end;
            }
            return self.send_waiting_commits(now, out);
        }
        self.lookup.question = Question::None;
        if end == Question::Answered {
            // Should it be lost again at once (`RequestState.onSuccessfulAttempt`).
            self.lookup.attempts = 0;
            self.lookup.retry_at = now + self.backoff(0);
        } else {
            self.lookup.attempts += 1;
            self.lookup.retry_at = now + self.backoff(self.lookup.attempts - 1);
        }
    }

    /// When the background thread of KIP-848 looks the coordinator up.
    pub(super) fn next_lookup(&self) -> Instant {
        let asked = self.lookup.question == Question::InFlight;
        let idle = self.lookup.coordinator.is_none() && !asked;
        if idle { self.lookup.retry_at } else { Instant::NEVER }
    }

    /// Forgets the coordinator and closes the connection to it. What was asked of it fails, and
    /// whoever finds it again has to wait for `reconnect.backoff.ms` to be over
    /// (`ClusterConnectionStates`, `AbstractCoordinator.ensureCoordinatorReady`).
    pub(super) fn mark_coordinator_unknown(&mut self, now: Instant, out: &mut Vec<Effect>) {
        if let Some(broker) = self.lookup.coordinator.take() {
            let connection = Connection { broker, coordinator: true };
            self.lose_connection(now, connection);
            out.push(Effect::Disconnect(connection));
            Self::note(Note::CoordinatorLost, out);
            self.wake_application();
        }
    }

    /// The pause before another attempt.
    pub(super) fn backoff(&mut self, attempts: u32) -> Span {
        self.jittered(self.settings.retry_backoff, self.settings.retry_backoff_max, attempts)
    }

    /// A pause that doubles with each attempt, with a jitter of 20 %, capped
    /// (`ExponentialBackoff`).
    pub(super) fn jittered(&mut self, first: Span, longest: Span, attempts: u32) -> Span {
        let term = u128::from(first.as_us()) << attempts.min(32);
        let jittered = term * u128::from(800 + self.draws.client.below(401)) / 1000;
        Span::from_us(jittered.min(longest.as_us().into()) as u64)
    }

    /// Whether a request of this kind is in flight.
    pub(super) fn is_pending(&self, kind: &PendingKind) -> bool {
        self.pending.iter().any(|pending| pending.kind == *kind)
    }

    /// The number of the last request.
    pub(super) fn last_request(&self) -> u64 {
        self.correlation
    }

    /// Whether a leader owes an answer about where to begin, asked after this request.
    pub(super) fn awaits_resets(&self, since: u64) -> bool {
        let lists = |kind: &PendingKind| matches!(kind, PendingKind::ListOffsets(_));
        let asked = |p: &Pending| lists(&p.kind) && p.correlation > since;
        self.pending.iter().any(asked)
    }

    /// Whether a `commitSync` is in flight.
    pub(super) fn is_committing_sync(&self) -> bool {
        self.pending.iter().any(|p| matches!(p.kind, PendingKind::Commit(CommitKind::Sync, _)))
    }

    /// Whether the coordinator owes an answer.
    pub(super) fn awaits_coordinator(&self) -> bool {
        self.pending.iter().any(|pending| pending.connection.coordinator)
    }

    /// Handles what has arrived, and what will not arrive any more.
    pub(super) fn handle_inbox(&mut self, now: Instant, out: &mut Vec<Effect>) {
        if self.connections.any_broken() {
            self.handle_broken(now, out);
        }
        for (correlation, response) in std::mem::take(&mut self.inbox) {
            let at = self.pending.iter().position(|p| p.correlation == correlation);
            if let Some(pending) = at.map(|at| self.pending.swap_remove(at)) {
                self.connections.answered(pending.connection);
                self.on_response(now, pending.kind, response, out);
            }
        }
        let coordinator = self.lookup.coordinator;
        let given_up =
            |p: &mut Pending| p.connection.coordinator && Some(p.connection.broker) != coordinator;
        let mut lost: Vec<Pending> = self.pending.extract_if(.., given_up).collect();
        lost.sort_by_key(|pending| pending.correlation);
        for pending in lost {
            self.on_disconnect(now, pending.kind, out);
        }
    }

    fn on_response(
        &mut self,
        now: Instant,
        kind: PendingKind,
        response: Response,
        out: &mut Vec<Effect>,
    ) {
        match (kind, response) {
            (PendingKind::Metadata, Response::Metadata(response)) => {
                self.on_metadata(now, response, out);
            }
            (PendingKind::FindCoordinator(question), Response::FindCoordinator(response)) => {
                self.on_find_coordinator(now, question, response, out);
            }
            (PendingKind::Join(sent), Response::JoinGroup(response)) => {
                self.on_join(now, &sent, *response, out);
            }
            (PendingKind::Sync(sent), Response::SyncGroup(response)) => {
                self.on_sync(now, &sent, *response, out);
            }
            (PendingKind::Heartbeat(sent), Response::Heartbeat(response)) => {
                self.on_heartbeat(now, &sent, response.error_code, out);
            }
            (PendingKind::ConsumerHeartbeat, Response::ConsumerGroupHeartbeat(response)) => {
                self.on_consumer_heartbeat(now, *response, out);
            }
            (PendingKind::Leave, Response::LeaveGroup(_) | Response::ConsumerGroupHeartbeat(_)) => {
            }
            (PendingKind::Commit(kind, sent), Response::OffsetCommit(response)) => {
                self.on_commit(now, kind, &sent, response.first_error(), out);
            }
            (PendingKind::OffsetFetch(generation), Response::OffsetFetch(response)) => {
                self.on_offset_fetch(now, generation, &response, out);
            }
            (PendingKind::ListOffsets(_), Response::ListOffsets(response)) => {
                self.on_list_offsets(now, response, out);
            }
            (
                PendingKind::OffsetForLeaderEpoch(asked),
                Response::OffsetForLeaderEpoch(response),
            ) => {
                self.on_offset_for_leader_epoch(now, &asked, &response, out);
            }
            (kind, response) => unreachable!("{response:?} is no answer to {kind:?}"),
        }
    }

    /// The connection is gone, and the answer with it (`DisconnectException`, retriable).
    pub(super) fn on_disconnect(&mut self, now: Instant, kind: PendingKind, out: &mut Vec<Effect>) {
        let lost = ErrorCode::CoordinatorNotAvailable;
        match kind {
            PendingKind::Join(_) | PendingKind::Sync(_) => self.fail_join(FailedJoin::Later),
            PendingKind::Heartbeat(sent) => self.on_heartbeat(now, &sent, lost, out),
            PendingKind::ConsumerHeartbeat => self.on_heartbeat_lost(now),
            PendingKind::Commit(kind, sent) => self.on_commit(now, kind, &sent, lost, out),
            PendingKind::OffsetFetch(generation) => self.ask_for_offsets_later(now, generation),
            PendingKind::FindCoordinator(question) => {
                self.lookup_ended(now, question, Question::Failed, out);
            }
            PendingKind::ListOffsets(partitions) => self.ask_leaders_again(now, partitions),
            PendingKind::OffsetForLeaderEpoch(asked) => {
                self.ask_leaders_again(now, asked.into_iter().map(|(partition, _)| partition));
            }
            PendingKind::Metadata => self.metadata.failed(now, self.settings.retry_backoff),
            PendingKind::Leave => {}
        }
    }
}
