//! A file for `rejoin test`: cases, and what strategies must make of them.

use super::case::Case;
use super::expect::COMPARISONS;
use super::strategy::StrategyRef;
use crate::parse::leaf::Amount;
use crate::parse::shape::{AnyList, List};
use crate::parse::spec::Rule;
use crate::parse::table::{table, words};
use crate::scenario::suite::{Figure, Stat};

table! {
    /// A regression test of assignment strategies.
    Suite, "suite", "the top of the file", [Rule::Required("cases")];

    /// What it is called.
    name: String = "the file's name";
    /// What it asks, for people.
    question: String;
    /// Strategies to ask in each case that names none: names, or programs.
    assignors: AnyList<StrategyRef> = "[\"range\"]";
    /// Groups, and what happens to them.
    cases: List<Case, 1, 10_000>;
    /// What must be true.
    expect: AnyList<SuiteExpect>;
}

table! {
    /// What must be true of cases. Without a case it is about each one, without a strategy about
    /// each one that is asked, without a step about the last one.
    SuiteExpect, "expectation of a suite", "[[expect]]",
    [
        Rule::Required("figure"),
        Rule::AtMostOne(&["after", "stat"]),
        Rule::ExactlyOne(COMPARISONS),
    ];

    /// What is measured.
    figure: Figure;
    /// Of this case, by its name.
    case: String;
    /// Of this strategy.
    assignor: String;
    /// After this change, written as in `then`; `"start"` is the first assignment.
    after: String;
    /// Of all steps together.
    stat: Stat = "\"last\"";
    /// It is this.
    equals: Amount;
    /// It is this or more.
    at_least: Amount;
    /// It is this or less.
    at_most: Amount;
    /// It is one of these two or in between.
    between: List<Amount, 2, 2>;
    /// It is this, within some percent.
    near: super::expect::Near;
}

words!(Figure {
    "spread" = Figure::Spread, "Partitions of the member with the most minus those of the one with the fewest.";
    "topic_spread" = Figure::TopicSpread, "The same within a topic; the largest of all topics.";
    "jain" = Figure::Jain, "Jain's index of fairness: 1 if all members have as many.";
    "idle" = Figure::Idle, "Members without a partition.";
    "moves" = Figure::Moves, "Partitions that went from one member that stays to another.";
    "excess_moves" = Figure::ExcessMoves, "Moves beyond the fewest that even sizes need.";
    "rack_mismatches" = Figure::RackMismatches, "Partitions without a replica in their owner's rack.";
    "unassigned" = Figure::Unassigned, "Partitions without an owner.";
    "rounds" = Figure::Rounds, "Rebalances until nothing moves any more.";
});

words!(Stat {
    "last" = Stat::Last, "The last step's.";
    "max" = Stat::Max, "The largest.";
    "min" = Stat::Min, "The smallest.";
    "sum" = Stat::Sum, "The sum.";
});
