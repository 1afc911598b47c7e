//! Cases with expectations: a regression test of assignment strategies, which `rejoin test` runs.

use super::case::Case;
use super::expect::Compare;
use crate::assignor::churn::Step;

/// Cases and what must be true of them.
#[derive(Clone, Debug)]
pub struct Suite {
    /// What it is called.
    pub name: String,
    /// What it asks, for people.
    pub question: Option<String>,
    /// The cases; names are unique.
    pub cases: Vec<Case>,
    /// What must be true.
    pub expects: Vec<Expect>,
}

/// One `[[expect]]` block of a suite.
#[derive(Clone, PartialEq, Debug)]
pub struct Expect {
    /// Line of the block in its file.
    pub line: u32,
    /// What is measured.
    pub figure: Figure,
    /// Of this case only.
    pub case: Option<String>,
    /// Of this strategy only.
    pub assignor: Option<String>,
    /// Which of the case's steps.
    pub steps: Steps,
    /// What it must be.
    pub compare: Compare,
}

/// The first assignment of a case and those after its changes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Steps {
    /// The one after this change, as the case writes it; `None`: the first assignment.
    After(Option<String>),
    /// All of them, made one number.
    All(Stat),
}

/// How the figures of a case's steps become one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stat {
    /// That of the last step.
    Last,
    /// The largest.
    Max,
    /// The smallest.
    Min,
    /// Their sum.
    Sum,
}

impl Stat {
    /// As files write it.
    pub const fn name(self) -> &'static str {
        match self {
            Stat::Last => "last",
            Stat::Max => "max",
            Stat::Min => "min",
            Stat::Sum => "sum",
        }
    }

    /// One number of several; `None`: there are none.
    pub fn of(self, values: &[f64]) -> Option<f64> {
        let last = *values.last()?;
        let values = values.iter().copied();
        Some(match self {
            Stat::Last => last,
            Stat::Max => values.fold(f64::NEG_INFINITY, f64::max),
            Stat::Min => values.fold(f64::INFINITY, f64::min),
            Stat::Sum => values.sum(),
        })
    }
}

/// What an assignment is worth, in one number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Figure {
    /// Partitions of the member with the most minus those of the one with the fewest.
    Spread,
    /// The same within a topic, among its subscribers; the largest of all topics.
    TopicSpread,
    /// Jain's index of fairness.
    Jain,
    /// Members without a partition.
    Idle,
    /// Partitions that went from one member that stays to another.
    Moves,
    /// Moves beyond the fewest that even sizes need.
    ExcessMoves,
    /// Partitions without a replica in their owner's rack.
    RackMismatches,
    /// Partitions without an owner.
    Unassigned,
    /// Rebalances until nothing moves any more.
    Rounds,
}

impl Figure {
    /// All figures, in the order in which they are told.
    pub const ALL: [Figure; 9] = [
        Figure::Spread,
        Figure::TopicSpread,
        Figure::Jain,
        Figure::Idle,
        Figure::Moves,
        Figure::ExcessMoves,
        Figure::RackMismatches,
        Figure::Unassigned,
        Figure::Rounds,
    ];

    /// As files write it.
    pub const fn name(self) -> &'static str {
        match self {
            Figure::Spread => "spread",
            Figure::TopicSpread => "topic_spread",
            Figure::Jain => "jain",
            Figure::Idle => "idle",
            Figure::Moves => "moves",
            Figure::ExcessMoves => "excess_moves",
            Figure::RackMismatches => "rack_mismatches",
            Figure::Unassigned => "unassigned",
            Figure::Rounds => "rounds",
        }
    }

    /// In what it is counted.
    pub const fn unit(self) -> &'static str {
        match self {
            Figure::Jain => "",
            Figure::Idle => "members",
            Figure::Rounds => "rounds",
            Figure::Spread
            | Figure::TopicSpread
            | Figure::Moves
            | Figure::ExcessMoves
            | Figure::RackMismatches
            | Figure::Unassigned => "partitions",
        }
    }

    /// Whether more of it is better.
    pub const fn more_is_better(self) -> bool {
        matches!(self, Figure::Jain)
    }

    /// The figure of a step; `None`: there are no racks to compare.
    pub fn of(self, step: &Step) -> Option<f64> {
        let figures = step.figures();
        let count = match self {
            Figure::Jain => return Some(figures.jain()),
            Figure::Spread => figures.spread(),
            Figure::TopicSpread => figures.worst_topic_spread(),
            Figure::Idle => figures.idle.len(),
            Figure::Moves => figures.moves,
            Figure::ExcessMoves => figures.moves.saturating_sub(figures.fewest.moves),
            Figure::RackMismatches => figures.rack_mismatches?,
            Figure::Unassigned => figures.unassigned,
            Figure::Rounds => step.rounds as usize,
        };
        Some(count as f64)
    }
}
