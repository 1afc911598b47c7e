//! A consumer process: what it is made of, and how inputs reach it.

use super::application::{Application, Draws};
use super::classic::heartbeat::HeartbeatThread;
use super::classic::member::Member;
use super::classic::offers::Offers;
use super::commit::Commits;
use super::connections::Connections;
use super::effect::{Connection, Effect, Note};
use super::fetcher::Fetcher;
use super::lookup::{Lookup, Pending};
use super::metadata::Metadata;
use super::modern::member::Membership;
use super::pausing::PauseRequest;
use super::subscription::{Subscription, Topics};
use super::thread::{Thread, Wait, Work};
use crate::assignor::Strategy;
use crate::kernel::factor::Factor;
use crate::kernel::time::{Instant, Span};
use crate::model::Name;
use crate::model::config::{ConsumerConfig, GroupProtocol};
use crate::model::fact::Failure;
use crate::model::id::BrokerId;
use crate::model::message::Response;
use crate::model::message::fetch::FetchResponse;
use crate::model::uuid::Uuid;

/// A consumer process, from its start to its end.
///
/// Call [`Consumer::wake`] when [`Consumer::next_step_at`] or [`Consumer::next_timer_at`] has come,
/// and at the end of each tick in which a response was received: what arrives in one tick is
/// handled together.
#[derive(Debug)]
pub struct Consumer {
    pub(super) group: Name,
    pub(super) settings: ConsumerConfig,
    pub(super) application: Application,
    pub(super) draws: Draws,
    pub(super) topics: Topics,
    pub(super) thread: Thread,
    /// Late for the next poll by this much.
    pub(super) busy: Span,
    pub(super) close_requested: bool,
    /// What the application is to pause as soon as it comes out of `poll`.
    pub(super) pauses: Vec<PauseRequest>,
    /// What another thread processes, or has processed while the application was inside `poll`.
    pub(super) worker: Option<Work>,
    /// Standing still until then.
    pub(super) frozen: Option<Frozen>,
    pub(super) metadata: Metadata,
    pub(super) lookup: Lookup,
    /// The membership under KIP-848; without it the three below, for the classic protocol.
    pub(super) modern: Option<Box<Membership>>,
    pub(super) offers: Offers,
    pub(super) member: Member,
    pub(super) heartbeat: HeartbeatThread,
    pub(super) subscription: Subscription,
    pub(super) fetcher: Fetcher,
    pub(super) commits: Commits,
    pub(super) pending: Vec<Pending>,
    /// Responses that arrived and were not handled yet.
    pub(super) inbox: Vec<(u64, Response)>,
    pub(super) connections: Connections,
    pub(super) correlation: u64,
    /// Since when the application thread watches the network, if it does.
    pub(super) watching_since: Instant,
    /// Whether something arrived since the last pass.
    pub(super) woken: bool,
    /// When `poll` goes through its duties again although nothing arrived.
    pub(super) retry_at: Instant,
    /// The generation in which the question for committed offsets was refused that nobody has seen to (classic).
    pub(super) offsets_refused: Option<i32>,
    /// How often that happened in the present call of `poll`.
    pub(super) offsets_attempts: u32,
    /// An error that the next `poll` throws.
    pub(super) fatal: Option<Failure>,
    /// Whether everything owned can be fetched, and that was told.
    pub(super) ready: bool,
    /// When `close()` stops waiting.
    pub(super) close_deadline: Instant,
    /// When the application thread goes on by itself.
    step_at: Instant,
}

/// A process that stands still.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frozen {
    since: Instant,
    until: Instant,
}

/// What a consumer is started with.
#[derive(Debug)]
pub struct Setup {
    /// `group.id`
    pub group: Name,
    /// What it subscribes to.
    pub topics: Topics,
    /// Its settings.
    pub settings: ConsumerConfig,
    /// The strategies that it offers, the preferred first.
    pub strategies: Vec<Strategy>,
    /// What the application does.
    pub application: Application,
    /// Its random streams.
    pub draws: Draws,
    /// Brokers to ask first (`bootstrap.servers`).
    pub bootstrap: Vec<BrokerId>,
}

impl Consumer {
    /// Starts a process: it subscribes and polls.
    pub fn start(mut setup: Setup, now: Instant, out: &mut Vec<Effect>) -> Self {
        let modern = setup.settings.group_protocol == GroupProtocol::Consumer;
        let id = |draws: &mut Draws| Uuid(draws.client.uuid()).to_string().into();
        let topics = match &setup.topics {
            Topics::Named(names) => names.clone(),
            Topics::Pattern(_) | Topics::Expression(_) => Vec::new(),
        };
        let modern = modern.then(|| Box::new(Membership::new(id(&mut setup.draws), topics)));
        let mut consumer = Consumer {
            group: setup.group,
            commits: Commits::new(now, &setup.settings),
            settings: setup.settings,
            application: setup.application,
            draws: setup.draws,
            topics: setup.topics,
            thread: Thread::Polling { wait: Wait::Nothing, since: now },
            busy: Span::ZERO,
            close_requested: false,
            pauses: Vec::new(),
            worker: None,
            frozen: None,
            metadata: Metadata::default(),
            lookup: Lookup::new(setup.bootstrap),
            modern,
            offers: Offers::new(setup.strategies),
            member: Member::new(),
            heartbeat: HeartbeatThread::new(),
            subscription: Subscription::default(),
            fetcher: Fetcher::default(),
            pending: Vec::new(),
            inbox: Vec::new(),
            connections: Connections::default(),
            correlation: 0,
            watching_since: now,
            woken: true,
            retry_at: Instant::NEVER,
            offsets_refused: None,
            offsets_attempts: 0,
            fatal: None,
            ready: false,
            close_deadline: Instant::NEVER,
            step_at: now,
        };
        consumer.wake(now, out);
        consumer
    }

    /// Ends the process without a word. What it was working on is told as far as it got, and the
    /// random streams go on to its next life.
    pub fn crash(mut self, now: Instant, out: &mut Vec<Effect>) -> Draws {
        let now = self.frozen.map_or(now, |frozen| frozen.since);
        self.stop_work(now, out);
        self.draws
    }

    /// Asks for a clean `close()`: after the records at hand, at once inside `poll`.
    pub fn close(&mut self, now: Instant, out: &mut Vec<Effect>) {
        self.close_requested = true;
        self.woken = true;
        self.wake(now, out);
    }

    /// Stops the whole process for a while.
    pub fn pause(&mut self, now: Instant, span: Span) {
        let until = now + span;
        match &mut self.frozen {
            Some(frozen) => frozen.until = frozen.until.max(until),
            None => self.frozen = Some(Frozen { since: now, until }),
        }
    }

    /// Keeps the application busy for a while; heartbeats go on. It is late with the records in hand,
    /// after the present one; with those that the next `poll` returns, or after it.
    pub fn keep_busy(&mut self, now: Instant, span: Span, out: &mut Vec<Effect>) {
        if let Thread::Processing(work) = &mut self.thread {
            work.stand_still(now, span);
        } else {
            self.busy += span;
        }
        self.woken = self.modern.is_none();
        self.plan_pass(now);
        self.wake(now, out);
    }

    /// Makes processing take so many times its usual time from the next batch on.
    pub fn set_pace(&mut self, pace: Factor) {
        self.application.pace = pace;
    }

    /// Takes back the random streams of a process that has closed.
    pub fn into_draws(self) -> Draws {
        self.draws
    }

    /// Whether the process has ended by itself.
    pub fn is_stopped(&self) -> bool {
        matches!(self.thread, Thread::Stopped)
    }

    /// A response arrived. Whether [`Consumer::wake`] shall be called at the end of this tick.
    pub fn receive(&mut self, now: Instant, correlation: u64, response: Response) -> bool {
        self.inbox.push((correlation, response));
        self.arrived(now)
    }

    /// A fetch was answered: as [`Consumer::receive`], on the way that is taken most.
    pub fn receive_fetch(
        &mut self,
        now: Instant,
        connection: Connection,
        response: FetchResponse,
    ) -> bool {
        // Nobody sees the buffer before the next poll, so it does not matter who reads the socket.
        self.connections.answered(connection);
        self.hear_of_sources(now, &response);
        self.fetcher.receive(connection.broker, response);
        let refused = !self.fetcher.refused.is_empty();
        if refused {
            self.handle_refused(now);
            self.hear_of_metadata(now);
        }
        self.woken |= self.modern.is_none() || matches!(self.thread, Thread::Polling { .. });
        self.woken && self.is_polling() && self.arrived(now)
    }

    /// A connection broke, or was refused: what was asked on it fails. Whether [`Consumer::wake`]
    /// shall be called at the end of this tick.
    pub fn disconnected(&mut self, now: Instant, connection: Connection) -> bool {
        self.connections.broke(connection);
        self.arrived(now)
    }

    /// Metadata may be wanted sooner than was planned.
    fn hear_of_metadata(&mut self, now: Instant) {
        let next = self.next_metadata().max(now);
        match &mut self.modern {
            Some(m) => m.next_wake = m.next_wake.min(next),
            None => self.heartbeat.next_wake = self.heartbeat.next_wake.min(next),
        }
    }

    pub(super) fn arrived(&mut self, now: Instant) -> bool {
        self.wake_application();
        if self.modern.is_some() {
            // The background thread hears it at once.
            return self.frozen.is_none();
        }
        self.heartbeat.next_wake = self.next_heartbeat_wake(now);
        self.is_polling() && self.frozen.is_none()
    }

    /// Something happened that whoever watches the network looks at. Under KIP-848 `poll` does not,
    /// only who waits for the answer to a commit.
    pub(super) fn wake_application(&mut self) {
        self.woken |= self.modern.is_none() || !matches!(self.thread, Thread::Polling { .. });
    }

    /// Whether the application thread is inside `poll` and watches the network.
    pub(super) fn is_polling(&self) -> bool {
        matches!(self.thread, Thread::Polling { .. } | Thread::Closing)
            || matches!(&self.thread, Thread::Committing(commit) if commit.in_flight)
    }

    /// When the application next goes on by itself.
    pub fn next_step_at(&self) -> Instant {
        self.frozen.map_or(self.step_at.min(self.worker_end()), |frozen| frozen.until)
    }

    /// When one of the client's timers ends: heartbeat, session, auto-commit, overdue answers.
    pub fn next_timer_at(&self) -> Instant {
        if self.frozen.is_some() {
            return Instant::NEVER;
        }
        let timer = match &self.modern {
            Some(m) => m.next_wake,
            None => self.heartbeat.next_wake.min(self.next_auto_commit()),
        };
        timer.min(self.connections.overdue_at())
    }

    /// Does everything that is due. Waking early does no harm.
    pub fn wake(&mut self, now: Instant, out: &mut Vec<Effect>) {
        if let Some(frozen) = self.frozen {
            if now < frozen.until {
                return;
            }
            self.thaw(frozen);
        }
        self.give_up_overdue(now, out);
        loop {
            let background = if self.modern.is_some() {
                self.run_background(now, out)
            } else {
                self.run_heartbeat_thread(now, out)
            };
            let works = self.run_worker(now, out);
            let application = self.run_application_thread(now, out);
            if !background && !works && !application {
                break;
            }
        }
        self.step_at = self.next_step();
        self.heartbeat.next_wake = self.next_heartbeat_wake(now);
    }

    /// The process goes on: its work ends as much later as it stood still. What it does to a record is
    /// mostly waiting, and that is over: the one in hand counts as done before.
    fn thaw(&mut self, frozen: Frozen) {
        self.frozen = None;
        let lost = frozen.until - frozen.since;
        if let Thread::Processing(work) = &mut self.thread {
            work.stand_still(frozen.since, lost);
        }
        if let Some(work) = &mut self.worker {
            work.stand_still(frozen.since, lost);
        }
    }

    /// `group.instance.id` of a static member.
    pub(super) fn instance(&self) -> Option<Name> {
        self.settings.group_instance_id.as_deref().map(Name::from)
    }

    pub(super) fn note(note: Note, out: &mut Vec<Effect>) {
        out.push(Effect::Note(note));
    }
}
