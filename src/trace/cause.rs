//! Why records were processed again, never processed, or lost.

use crate::scenario::Scenario;
use crate::scenario::event::ACTIONS;

/// Why: how it came about, and which event of the scenario is behind it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Cause {
    /// This `[[events]]` block, from 0; `None`: it came about without any.
    pub event: Option<usize>,
    /// What it led to.
    pub how: How,
}

macro_rules! ways {
    ($($(#[$doc:meta])* $how:ident $name:literal $meaning:literal;)+) => {
        /// How records come to be processed again, skipped or lost.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        pub enum How {$(
            #[doc = $meaning]
            $how,
        )+}

        impl How {
            /// Every way, in the order of the documentation.
            pub const ALL: &'static [How] = &[$(How::$how),+];

            /// Its name in expectations and reports.
            pub const fn name(self) -> &'static str {
                match self {$(How::$how => $name,)+}
            }

            /// What happens.
            pub const fn meaning(self) -> &'static str {
                match self {$(How::$how => $meaning,)+}
            }
        }
    };
}

ways! {
    Crash "crash"
        "The process died before it had committed.";
    Close "close"
        "The consumer closed and did not commit everything.";
    PollTimeout "poll_timeout"
        "The application did not poll within `max.poll.interval.ms`: the member was cut off.";
    SessionTimeout "session_timeout"
        "The coordinator heard nothing for a session and gave the member up.";
    RebalanceTimeout "rebalance_timeout"
        "The group went on without a member that took too long to rejoin, to sync or to give up \
         its partitions.";
    Replaced "replaced"
        "Another process took the member's `group.instance.id`.";
    Rebalance "rebalance"
        "A rebalance took the partition away before the commit.";
    LateCommit "late_commit"
        "A consumer that did not own the partition any more committed, and set the group's offset back.";
    GivenTwice "given_twice"
        "The strategy gave the partition to more than one member.";
    CommitFailed "commit_failed"
        "The last commit before the partition was given up failed.";
    CoordinatorFailover "coordinator_failover"
        "The next coordinator did not find a member or a commit in its log.";
    OffsetsExpired "offsets_expired"
        "The committed offset was deleted: `offsets.retention.minutes`, or with its topic.";
    Reset "reset"
        "`auto.offset.reset`, because nothing was committed or the position lay outside the log.";
    Retention "retention"
        "The log deleted the records before anybody had read them.";
    TopicDeleted "topic_deleted"
        "The topic was deleted before anybody had read the records.";
    Truncation "truncation"
        "Another replica leads, which had not got the records; their offsets were given to others.";
    UncleanElection "unclean_election"
        "The same, and the new leader was not in sync (`unclean.leader.election.enable`); \
         `truncation` means these, too.";
    CommitBeforeProcessing "commit"
        "The records were committed before they were processed: by the application, or by auto-commit \
         while another thread had them (`poll_while_processing`).";
    ProducerRetry "producer_retry"
        "A producer without idempotence wrote the records twice.";
}

impl Cause {
    /// Something that came about without an event.
    pub const fn of(how: How) -> Self {
        Cause { event: None, how }
    }

    /// Whether an expectation that names this cause means it: the event's action, or the way.
    pub fn is_called(self, name: &str, scenario: &Scenario) -> bool {
        let action = self.event.map(|event| scenario.events[event].action.name());
        action == Some(name)
            || self.how.name() == name
            || (self.how == How::UncleanElection && name == How::Truncation.name())
    }

    /// The name under which reports count it: the event's action, if one is behind it.
    pub fn name(self, scenario: &Scenario) -> &'static str {
        self.event.map_or(self.how.name(), |event| scenario.events[event].action.name())
    }
}

/// All names that an expectation may use: actions of events, then ways.
pub fn names() -> impl Iterator<Item = &'static str> + Clone {
    let ways = How::ALL.iter().map(|how| how.name());
    ACTIONS.iter().copied().chain(ways.filter(|name| !ACTIONS.contains(name)))
}
