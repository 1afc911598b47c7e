//! Which event of the scenario is behind what happens to consumers, groups and brokers.
//!
//! An event explains only what follows from it: a crash the death of that process, a pause a silence
//! that it overlaps, a start the rebalance in which its consumer takes part first. What an event has
//! been blamed for once does not stick to whatever comes later.

use super::cause::{Cause, How};
use super::live::Live;
use crate::kernel::time::{Instant, Span};
use crate::model::fact::{ConsumerFact, Fact, GroupFact, RemovalReason};
use crate::model::id::{BrokerId, ConsumerId, GroupId, TopicId};
use crate::scenario::Scenario;
use crate::scenario::event::{Action, BrokerAction};
use crate::scenario::group::Subscription;
use crate::scenario::network::{Place, Wire};
use std::collections::BTreeMap;

/// What an event of the scenario can be blamed for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Reach {
    /// It ends processes that run …
    ends: bool,
    /// … or starts processes, perhaps later.
    starts: bool,
    /// It holds up whoever it strikes, so long.
    holds: Option<Span>,
    /// Brokers that it strikes.
    brokers: Vec<BrokerId>,
    /// A topic that it changes.
    topic: Option<TopicId>,
}

/// An event that holds somebody up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Strike {
    event: usize,
    from: Instant,
    until: Instant,
}

/// What struck a consumer.
#[derive(Clone, Debug, Default)]
struct Struck {
    /// What ends its present life, or ended the last one.
    ends: Option<usize>,
    /// Whether it has been told to close.
    closing: bool,
    /// What its next join comes from.
    starts: Option<usize>,
    /// What holds it up.
    holds: Vec<Strike>,
    /// Why it is no member any more, without having left by itself.
    cut_off: Option<Cause>,
    /// Whether its last commit failed.
    commit_failed: bool,
}

/// What is behind the rebalances of a group.
#[derive(Clone, Copy, Debug, Default)]
struct Triggers {
    /// Behind the next generation.
    next: Option<usize>,
    /// Behind the present one.
    present: Option<usize>,
}

/// How long a silence lasts before it has consequences.
#[derive(Clone, Copy, Debug)]
struct Patience {
    session: Span,
    poll: Span,
}

/// Everything that may have to be blamed.
#[derive(Debug)]
pub(super) struct Blames {
    reaches: Vec<Reach>,
    consumers: Vec<Struck>,
    groups: Vec<Triggers>,
    patience: Vec<Patience>,
    /// By group: the topics that it reads; `None`: all that a pattern matches.
    reads: Vec<Option<Vec<TopicId>>>,
    /// By group: its coordinator's broker was lost, and nothing has been settled since.
    failovers: Vec<Option<Cause>>,
    /// The last event that struck each broker.
    brokers: BTreeMap<BrokerId, usize>,
    /// Events that struck brokers or the network.
    cluster: Vec<Strike>,
    /// The last event that changed a topic.
    topic: Option<(usize, Instant)>,
}

impl Blames {
    pub(super) fn new(scenario: &Scenario) -> Self {
        let patience = |group: &crate::scenario::group::Group| {
            let configs = group.consumers.iter().map(|consumer| &consumer.template.config);
            let configs = configs.chain([&group.template.config]);
            let modern = group.config.consumer_session_timeout;
            let modern = modern.unwrap_or(scenario.cluster.config.group_consumer_session_timeout);
            let session = configs.clone().map(|config| config.session_timeout).max();
            Patience {
                session: session.unwrap_or(modern).max(modern),
                poll: configs.map(|config| config.max_poll_interval).max().unwrap_or(Span::ZERO),
            }
        };
        let reads = |group: &crate::scenario::group::Group| match &group.subscription {
            Subscription::Topics(topics) => Some(topics.clone()),
            Subscription::Pattern(_) | Subscription::BrokerPattern(_) => None,
        };
        Blames {
            reaches: scenario.events.iter().map(|event| reach(&event.action, scenario)).collect(),
            consumers: Vec::new(),
            groups: vec![Triggers::default(); scenario.groups.len()],
            patience: scenario.groups.iter().map(patience).collect(),
            reads: scenario.groups.iter().map(reads).collect(),
            failovers: vec![None; scenario.groups.len()],
            brokers: BTreeMap::new(),
            cluster: Vec::new(),
            topic: None,
        }
    }

    pub(super) fn add_consumer(&mut self) {
        self.consumers.push(Struck::default());
    }

    /// Takes a fact in; `live` is how things stood before it.
    pub(super) fn record(&mut self, at: Instant, group: GroupId, fact: &Fact, live: &Live) {
        match fact {
            Fact::Struck { event, consumers } => self.strike(at, *event, consumers, live),
            Fact::Consumer { consumer, what } => self.consumer(at, group, *consumer, what),
            Fact::Group { what, .. } => self.group(at, group, what, live),
            Fact::Broker { .. } | Fact::Partition { .. } | Fact::Producer { .. } => {}
        }
    }

    fn strike(&mut self, at: Instant, event: usize, consumers: &[ConsumerId], live: &Live) {
        let reach = self.reaches[event].clone();
        let until = |span| at.saturating_add(span);
        for consumer in consumers {
            let struck = &mut self.consumers[consumer.index()];
            let runs = live.consumers[consumer.index()].running;
            if reach.ends && runs {
                struck.ends = Some(event);
                struck.closing = true;
            }
            if reach.starts {
                struck.starts = Some(event);
            }
            if let Some(span) = reach.holds {
                struck.holds.push(Strike { event, from: at, until: until(span) });
            }
        }
        for &broker in &reach.brokers {
            self.brokers.insert(broker, event);
        }
        if !reach.brokers.is_empty() {
            let span = reach.holds.unwrap_or(Span::ZERO);
            self.cluster.push(Strike { event, from: at, until: until(span) });
        }
        if let Some(topic) = reach.topic {
            self.topic = Some((event, at));
            for (triggers, reads) in self.groups.iter_mut().zip(&self.reads) {
                if reads.as_ref().is_none_or(|reads| reads.contains(&topic)) {
                    triggers.next = Some(event);
                }
            }
        }
    }

    fn consumer(&mut self, at: Instant, group: GroupId, id: ConsumerId, what: &ConsumerFact) {
        match what {
            ConsumerFact::Started => {
                let starts = self.consumers[id.index()].starts;
                self.consumers[id.index()] = Struck { starts, ..Struck::default() };
            }
            ConsumerFact::PollTimeout => {
                let event = self.behind_silence(at, id, self.patience[group.index()].poll);
                self.cut_off(id, Cause { event, how: How::PollTimeout });
            }
            ConsumerFact::Assigned { .. } => self.consumers[id.index()].starts = None,
            ConsumerFact::CommitFailed(_) => self.consumers[id.index()].commit_failed = true,
            ConsumerFact::Committed { .. } => self.consumers[id.index()].commit_failed = false,
            _ => {}
        }
    }

    fn group(&mut self, at: Instant, group: GroupId, what: &GroupFact, live: &Live) {
        let triggers = &mut self.groups[group.index()];
        match what {
            GroupFact::MemberAdded { consumer, .. } => {
                let event = self.consumers[consumer.index()].starts;
                triggers.next = event.or(triggers.next);
            }
            GroupFact::MemberRemoved { consumer, reason, .. } => {
                let event = self.removed(at, group, *consumer, *reason, live);
                let triggers = &mut self.groups[group.index()];
                triggers.next = event.or(triggers.next);
            }
            GroupFact::Generation { .. } | GroupFact::Epoch { .. } => {
                triggers.present = triggers.next.take();
                self.failovers[group.index()] = None;
            }
            GroupFact::CoordinatorLost { broker } => {
                let event = self.brokers.get(broker).copied();
                self.failovers[group.index()] =
                    Some(Cause { event, how: How::CoordinatorFailover });
            }
            GroupFact::Loaded { members, .. } => {
                for consumer in live.groups[group.index()].members.values() {
                    if members.iter().all(|(known, _)| known != consumer) {
                        self.cut_off(*consumer, self.failover(group));
                    }
                }
            }
            _ => {}
        }
    }

    /// A member is removed: the event behind that.
    fn removed(
        &mut self,
        at: Instant,
        group: GroupId,
        consumer: ConsumerId,
        reason: RemovalReason,
        live: &Live,
    ) -> Option<usize> {
        if !live.consumers[consumer.index()].running {
            return self.consumers[consumer.index()].ends;
        }
        // The last thing that is left of an earlier life, or of a join that was not answered in time.
        let state = &live.groups[group.index()];
        if state.members.values().filter(|other| **other == consumer).count() > 1 {
            return None;
        }
        let Patience { session, poll } = self.patience[group.index()];
        let (how, window) = match reason {
            RemovalReason::Left => {
                let struck = &self.consumers[consumer.index()];
                return struck.cut_off.map_or(struck.ends, |cause| cause.event);
            }
            RemovalReason::SessionExpired => (How::SessionTimeout, session),
            RemovalReason::RebalanceTimeout | RemovalReason::SyncTimeout => {
                (How::RebalanceTimeout, poll)
            }
            RemovalReason::Replaced => (How::Replaced, Span::ZERO),
            RemovalReason::GroupFull => (How::Rebalance, Span::ZERO),
        };
        let event = self.behind_silence(at, consumer, window);
        self.cut_off(consumer, Cause { event, how });
        event
    }

    /// A member is none any more, and does not know it yet. The first reason counts.
    fn cut_off(&mut self, consumer: ConsumerId, cause: Cause) {
        let struck = &mut self.consumers[consumer.index()];
        struck.cut_off.get_or_insert(cause);
        struck.starts = cause.event;
    }

    /// The last event that held a consumer up, or else the cluster, in the time before `at`.
    fn behind_silence(&self, at: Instant, consumer: ConsumerId, window: Span) -> Option<usize> {
        let since = at.as_us().saturating_sub(window.as_us());
        let overlaps =
            |strike: &&Strike| strike.until >= Instant::from_us(since) && strike.from <= at;
        let own = self.consumers[consumer.index()].holds.iter().rev().find(overlaps);
        own.or_else(|| self.cluster.iter().rev().find(overlaps)).map(|strike| strike.event)
    }

    /// Why a consumer is no member any more, if it has been cut off.
    pub(super) fn cut_off_by(&self, consumer: ConsumerId) -> Option<Cause> {
        self.consumers[consumer.index()].cut_off
    }

    /// Why a static member has not joined in time.
    pub(super) fn absent(&self, at: Instant, group: GroupId, consumer: ConsumerId) -> Cause {
        let event = self.behind_silence(at, consumer, self.patience[group.index()].poll);
        Cause { event, how: How::RebalanceTimeout }
    }

    /// Why a consumer commits what it does not own any more.
    pub(super) fn late_commit(&self, consumer: ConsumerId) -> Cause {
        let event = self.cut_off_by(consumer).and_then(|cause| cause.event);
        Cause { event, how: How::LateCommit }
    }

    /// A consumer has heard that it had been cut off: why.
    pub(super) fn lost(&mut self, group: GroupId, consumer: ConsumerId, live: &Live) -> Cause {
        if let Some(cause) = self.consumers[consumer.index()].cut_off.take() {
            return cause;
        }
        if let Some(failover) = self.failovers[group.index()] {
            return failover;
        }
        let assigned = live.consumers[consumer.index()].assigned;
        let how = match assigned {
            Some(generation) if generation < live.groups[group.index()].generation => {
                How::RebalanceTimeout
            }
            _ => How::SessionTimeout,
        };
        Cause { event: self.groups[group.index()].present, how }
    }

    /// A process has ended.
    pub(super) fn ended(&self, consumer: ConsumerId, how: How) -> Cause {
        let struck = &self.consumers[consumer.index()];
        let how = if how == How::Close && struck.commit_failed { How::CommitFailed } else { how };
        Cause { event: struck.ends, how }
    }

    /// A consumer gives partitions up: why.
    pub(super) fn revoked(&self, group: GroupId, consumer: ConsumerId, live: &Live) -> Cause {
        let struck = &self.consumers[consumer.index()];
        if struck.closing {
            return self.ended(consumer, How::Close);
        }
        let triggers = self.groups[group.index()];
        let state = &live.groups[group.index()];
        let assigned = live.consumers[consumer.index()].assigned;
        // Who has what the present generation gave it takes part in the next one.
        let present = triggers.present.filter(|_| assigned != Some(state.generation));
        let event = triggers.next.or(present);
        let how = if struck.commit_failed { How::CommitFailed } else { How::Rebalance };
        Cause { event, how }
    }

    /// Why a coordinator does not know what another one knew.
    pub(super) fn failover(&self, group: GroupId) -> Cause {
        self.failovers[group.index()].unwrap_or(Cause::of(How::CoordinatorFailover))
    }

    /// Why a partition's log was cut, whose leader was `old`.
    pub(super) fn cut(&self, old: Option<BrokerId>, unclean: bool) -> Cause {
        let how = if unclean { How::UncleanElection } else { How::Truncation };
        Cause { event: old.and_then(|old| self.brokers.get(&old).copied()), how }
    }

    /// The event behind a partition that comes or goes.
    pub(super) fn behind_change_of_topic(&self, at: Instant) -> Option<usize> {
        self.topic.filter(|(_, when)| *when == at).map(|(event, _)| event)
    }

    /// The last event that struck a broker or the network before `at`.
    pub(super) fn behind_retry(&self, at: Instant) -> Option<usize> {
        self.cluster.iter().rev().find(|strike| strike.from <= at).map(|strike| strike.event)
    }
}

fn reach(action: &Action, scenario: &Scenario) -> Reach {
    let forever = Span::from_us(u64::MAX);
    let mut reach = Reach::default();
    match action {
        Action::Crash { restart_after, .. } | Action::Close { restart_after, .. } => {
            (reach.ends, reach.starts) = (true, restart_after.is_some());
        }
        Action::Restart { .. } | Action::Scale { .. } => (reach.ends, reach.starts) = (true, true),
        Action::StartConsumer { .. } | Action::StartNext { .. } => reach.starts = true,
        Action::Pause { span, .. } | Action::Busy { span, .. } => reach.holds = Some(*span),
        Action::Slow { span, .. } => reach.holds = Some(span.unwrap_or(forever)),
        Action::Cut { wire, span } | Action::Delay { wire, span, .. } => {
            reach.holds = Some(span.unwrap_or(forever));
            reach.brokers = brokers_of(wire, scenario);
        }
        Action::Brokers { brokers, what, .. } => {
            reach.brokers.clone_from(brokers);
            // A broker that is gone is missed until others lead what it led.
            let session = scenario.cluster.config.broker_session_timeout;
            reach.holds = Some(match what {
                BrokerAction::Pause { span } => span.saturating_add(session),
                BrokerAction::Slow { span, .. } => span.unwrap_or(forever),
                BrokerAction::Kill { .. } | BrokerAction::Stop { .. } | BrokerAction::Start => {
                    session.saturating_add(session)
                }
            });
        }
        Action::AddPartitions { topic, .. }
        | Action::CreateTopic { topic }
        | Action::DeleteTopic { topic } => {
            reach.topic = Some(*topic);
        }
        Action::SetRate { .. } | Action::PausePartitions { .. } => {}
    }
    reach
}

/// The brokers on either side of a wire; those of all, where the controller is on one.
fn brokers_of(wire: &Wire, scenario: &Scenario) -> Vec<BrokerId> {
    let cluster = &scenario.cluster;
    let places = || wire.one.iter().chain(wire.other.iter().flatten());
    let is_at = |broker: BrokerId, place: &Place| match place {
        Place::Broker(id) => *id == broker,
        Place::Rack(rack) => cluster.racks[broker.index() - 1].as_ref() == Some(rack),
        Place::Controller => wire.other.is_none(),
        Place::Consumers(_) | Place::Producer(_) => false,
    };
    cluster.brokers().filter(|&id| places().any(|place| is_at(id, place))).collect()
}
