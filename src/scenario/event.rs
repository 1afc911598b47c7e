//! Faults and operations that the scenario schedules.

use super::Scenario;
use super::network::Wire;
use crate::kernel::dist::Dist;
use crate::kernel::factor::Factor;
use crate::kernel::rate::Rate;
use crate::kernel::time::{Instant, Span};
use crate::model::id::{BrokerId, GroupId, ProducerId, TopicId};

/// One `[[events]]` block.
#[derive(Clone, PartialEq, Debug)]
pub struct Event {
    /// When it happens: one moment, or several where the block says `every`.
    pub at: Vec<Instant>,
    /// What happens.
    pub action: Action,
}

/// What an event does.
#[derive(Clone, PartialEq, Debug)]
pub enum Action {
    /// The process dies without a word.
    Crash {
        /// Who dies.
        target: Target,
        /// How long until it starts again; `None`: never.
        restart_after: Option<Span>,
    },
    /// A clean `close()`.
    Close {
        /// Who closes.
        target: Target,
        /// How long until it starts again; `None`: never.
        restart_after: Option<Span>,
    },
    /// A stopped consumer starts again.
    StartConsumer {
        /// Who starts.
        target: Target,
    },
    /// The group gets its next consumer.
    StartNext {
        /// Which group.
        group: GroupId,
    },
    /// Crash and start under the same name.
    Restart {
        /// Who restarts.
        target: Target,
        /// How long the process is gone.
        down: Span,
    },
    /// The whole process stands still (garbage collection, SIGSTOP).
    Pause {
        /// Who stands still.
        target: Target,
        /// How long.
        span: Span,
    },
    /// The application is late for its next poll; heartbeats go on.
    Busy {
        /// Who is late.
        target: Target,
        /// How long.
        span: Span,
    },
    /// Applications pause partitions, and go on polling.
    PausePartitions {
        /// Whose.
        target: Target,
        /// Which, of those that each of them owns then.
        which: Which,
        /// How long; `None`: to the end of the run.
        span: Option<Span>,
    },
    /// Processing takes longer (or less long) than usual.
    Slow {
        /// Whose processing.
        target: Target,
        /// Processing time as a multiple of the usual.
        factor: Factor,
        /// How long; `None`: to the end of the run.
        span: Option<Span>,
    },
    /// Consumers are started or closed until so many run in each group.
    Scale {
        /// Which groups.
        groups: Vec<GroupId>,
        /// How many shall run.
        to: u32,
    },
    /// The rate of producers changes at once.
    SetRate {
        /// Which producers.
        producers: Vec<ProducerId>,
        /// To what.
        change: RateChange,
        /// When the profile holds again; `None`: never.
        span: Option<Span>,
    },
    /// A topic gets more partitions.
    AddPartitions {
        /// Which topic.
        topic: TopicId,
        /// How many it has then.
        to: u32,
    },
    /// A topic is created.
    CreateTopic {
        /// Which one.
        topic: TopicId,
    },
    /// A topic is deleted.
    DeleteTopic {
        /// Which one.
        topic: TopicId,
    },
    /// The network is cut: nothing arrives, connections stay open.
    Cut {
        /// Between whom.
        wire: Wire,
        /// How long; `None`: to the end of the run.
        span: Option<Span>,
    },
    /// The network is slower.
    Delay {
        /// Between whom.
        wire: Wire,
        /// By how much, one way.
        by: Dist,
        /// How long; `None`: to the end of the run.
        span: Option<Span>,
    },
    /// Something happens to brokers.
    Brokers {
        /// Which.
        brokers: Vec<BrokerId>,
        /// The rack whose brokers they all are, if the file names that.
        rack: Option<String>,
        /// What.
        what: BrokerAction,
    },
}

/// What happens to brokers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BrokerAction {
    /// They die without a word.
    Kill {
        /// How long until they start again; `None`: never.
        restart_after: Option<Span>,
    },
    /// They shut down in order: their leaders move first.
    Stop {
        /// How long until they start again; `None`: never.
        restart_after: Option<Span>,
    },
    /// They start again.
    Start,
    /// Their processes stand still.
    Pause {
        /// How long.
        span: Span,
    },
    /// They take longer, or less long, for each request.
    Slow {
        /// Their time as a multiple of the usual.
        factor: Factor,
        /// How long; `None`: to the end of the run.
        span: Option<Span>,
    },
}

impl BrokerAction {
    const fn name(self) -> &'static str {
        match self {
            BrokerAction::Kill { .. } => "kill_broker",
            BrokerAction::Stop { .. } => "stop_broker",
            BrokerAction::Start => "start_broker",
            BrokerAction::Pause { .. } => "pause",
            BrokerAction::Slow { .. } => "slow_broker",
        }
    }

    fn describe(self) -> String {
        match self {
            BrokerAction::Kill { restart_after } | BrokerAction::Stop { restart_after } => {
                returning(restart_after)
            }
            BrokerAction::Start => String::new(),
            BrokerAction::Pause { span } => format!(" for {span}"),
            BrokerAction::Slow { factor, span } => format!(" by {factor}{}", lasting(span)),
        }
    }
}

/// Some of the partitions that a consumer owns.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Which {
    /// Whatever it owns.
    All,
    /// All of a topic.
    OfTopic(TopicId),
    /// Some of a topic, by their numbers.
    Some(TopicId, Vec<u32>),
}

impl Which {
    fn describe(&self, scenario: &Scenario) -> String {
        let name = |topic: &TopicId| &scenario.topics[topic.index()].name;
        match self {
            Which::All => String::new(),
            Which::OfTopic(topic) => format!(" of {}", name(topic)),
            Which::Some(topic, numbers) => {
                let labels = numbers.iter().map(|number| format!("{}-{number}", name(topic)));
                format!(" of {}", join(labels))
            }
        }
    }
}

/// A producer's new rate.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RateChange {
    /// This rate.
    To(Rate),
    /// The profile's rate times this.
    Times(Factor),
}

/// Whom an event strikes.
#[derive(Clone, PartialEq, Debug)]
pub enum Target {
    /// These consumers, by name.
    Consumers(Vec<String>),
    /// Everybody who runs in the group.
    Group(GroupId),
    /// This share of those who run, rounded up, drawn from the event's stream; of a start, of those
    /// who don't run.
    Share {
        /// Which group.
        group: GroupId,
        /// The share, at most one.
        share: Factor,
    },
    /// So many of those who run, drawn from the event's stream; of a start, of those who don't run.
    Random {
        /// Which group.
        group: GroupId,
        /// How many.
        count: u32,
    },
}

/// What events do, as their keys say it.
pub const ACTIONS: &[&str] = &[
    "crash",
    "close",
    "start",
    "restart",
    "pause",
    "busy",
    "pause_partitions",
    "slow",
    "scale",
    "rate",
    "add_partitions",
    "create_topic",
    "delete_topic",
    "cut",
    "delay",
    "kill_broker",
    "stop_broker",
    "start_broker",
    "slow_broker",
    "kill_rack",
];

impl Action {
    /// The key that says it in a scenario file.
    pub fn name(&self) -> &'static str {
        match self {
            Action::Crash { .. } => "crash",
            Action::Close { .. } => "close",
            Action::StartConsumer { .. } | Action::StartNext { .. } => "start",
            Action::Restart { .. } => "restart",
            Action::Pause { .. } => "pause",
            Action::Busy { .. } => "busy",
            Action::PausePartitions { .. } => "pause_partitions",
            Action::Slow { .. } => "slow",
            Action::Scale { .. } => "scale",
            Action::SetRate { .. } => "rate",
            Action::AddPartitions { .. } => "add_partitions",
            Action::CreateTopic { .. } => "create_topic",
            Action::DeleteTopic { .. } => "delete_topic",
            Action::Cut { .. } => "cut",
            Action::Delay { .. } => "delay",
            Action::Brokers { rack: Some(_), .. } => "kill_rack",
            Action::Brokers { what, .. } => what.name(),
        }
    }

    /// What happens, for people: `crash search-1`, `scale search to 5`.
    pub fn describe(&self, scenario: &Scenario) -> String {
        let group = |id: &GroupId| scenario.groups[id.index()].name.clone();
        let (whom, more) = match self {
            Action::Crash { target, restart_after } | Action::Close { target, restart_after } => {
                (target.describe(scenario), returning(*restart_after))
            }
            Action::StartConsumer { target } => (target.describe(scenario), String::new()),
            Action::StartNext { group: id } => (group(id), String::new()),
            Action::Restart { target, down } => {
                (target.describe(scenario), format!(", back after {down}"))
            }
            Action::Pause { target, span } | Action::Busy { target, span } => {
                (target.describe(scenario), format!(" for {span}"))
            }
            Action::PausePartitions { target, which, span } => {
                let which = which.describe(scenario);
                (target.describe(scenario), which + &lasting(*span))
            }
            Action::Slow { target, factor, span } => {
                (target.describe(scenario), format!(" by {factor}{}", lasting(*span)))
            }
            Action::Scale { groups, to } => (join(groups.iter().map(group)), format!(" to {to}")),
            Action::SetRate { producers, change, span } => {
                let names = producers.iter().map(|id| scenario.producers[id.index()].name.clone());
                let change = match change {
                    RateChange::To(rate) => format!(" to {rate}"),
                    RateChange::Times(factor) => format!(" times {factor}"),
                };
                (join(names), change + &lasting(*span))
            }
            Action::AddPartitions { topic, to } => {
                (scenario.topics[topic.index()].name.clone(), format!(" to {to}"))
            }
            Action::CreateTopic { topic } | Action::DeleteTopic { topic } => {
                (scenario.topics[topic.index()].name.clone(), String::new())
            }
            Action::Cut { wire, span } => (wire.describe("from", scenario), lasting(*span)),
            Action::Delay { wire, by, span } => {
                let by = Span::from_us(by.mean() as u64);
                (wire.describe("to", scenario), format!(" by {by}{}", lasting(*span)))
            }
            Action::Brokers { brokers, rack, what } => {
                let names = brokers.iter().map(|broker| format!("broker-{}", broker.0));
                (rack.clone().unwrap_or_else(|| join(names)), what.describe())
            }
        };
        format!("{} {whom}{more}", self.name())
    }
}

impl Target {
    /// Who it is, for people: `search-1, search-2`, `25% of search`.
    pub fn describe(&self, scenario: &Scenario) -> String {
        let name = |id: &GroupId| &scenario.groups[id.index()].name;
        match self {
            Target::Consumers(names) => names.join(", "),
            Target::Group(group) => format!("all of {}", name(group)),
            Target::Share { group, share } => {
                let percent = Factor::from_millionths(share.millionths() * 100);
                format!("{percent}% of {}", name(group))
            }
            Target::Random { group, count } => format!("{count} of {}", name(group)),
        }
    }
}

fn lasting(span: Option<Span>) -> String {
    span.map(|span| format!(" for {span}")).unwrap_or_default()
}

fn returning(restart_after: Option<Span>) -> String {
    restart_after.map(|span| format!(", back after {span}")).unwrap_or_default()
}

fn join(names: impl Iterator<Item = String>) -> String {
    names.collect::<Vec<_>>().join(", ")
}
