//! Faults and operations that the scenario schedules.

use crate::kernel::rate::Rate;
use crate::kernel::time::{Instant, Span};
use crate::model::id::{GroupId, ProducerId};

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
    /// Processing takes longer (or less long) than usual.
    Slow {
        /// Whose processing.
        target: Target,
        /// Processing time in percent of the usual.
        percent: u32,
        /// How long; `None`: to the end of the run.
        span: Option<Span>,
    },
    /// Consumers are started or closed until so many run.
    Scale {
        /// Which group.
        group: GroupId,
        /// How many shall run.
        to: u32,
    },
    /// A producer's rate changes at once.
    SetRate {
        /// Which producer.
        producer: ProducerId,
        /// To what.
        change: RateChange,
        /// When the profile holds again; `None`: never.
        span: Option<Span>,
    },
}

/// A producer's new rate.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RateChange {
    /// This rate.
    To(Rate),
    /// The profile's rate times `percent` / 100.
    Percent(u32),
}

/// Whom an event strikes.
#[derive(Clone, PartialEq, Debug)]
pub enum Target {
    /// These consumers, by name.
    Consumers(Vec<String>),
    /// Everybody who runs in the group.
    Group(GroupId),
    /// This share of those who run, rounded up, drawn from the event's stream.
    Share {
        /// Which group.
        group: GroupId,
        /// The share in percent.
        percent: u32,
    },
    /// So many of those who run, drawn from the event's stream.
    Random {
        /// Which group.
        group: GroupId,
        /// How many.
        count: u32,
    },
}
