//! What happened in a run, fact by fact: what a person would want on a timeline.

mod producer;
mod reason;
mod standstill;

pub use producer::ProducerFact;
pub use reason::{RebalanceReason, RemovalReason};
pub use standstill::Standstill;

use super::Name;
use super::error::ErrorCode;
use super::id::{BrokerId, ConsumerId, GroupId, PartitionId, ProducerId};
use crate::kernel::time::Instant;
use std::fmt;

/// A fact of a run.
#[derive(Clone, PartialEq, Debug)]
pub enum Fact {
    /// An event of the scenario struck.
    Struck {
        /// Which `[[events]]` block, from 0.
        event: usize,
        /// Whom it struck.
        consumers: Vec<ConsumerId>,
    },
    /// A consumer of a group did, or suffered, something.
    Consumer {
        /// Who.
        consumer: ConsumerId,
        /// What.
        what: ConsumerFact,
    },
    /// The coordinator of a group did something.
    Group {
        /// Which group.
        group: GroupId,
        /// What.
        what: GroupFact,
    },
    /// Something happened to a broker.
    Broker {
        /// Which.
        broker: BrokerId,
        /// What.
        what: BrokerFact,
    },
    /// Something happened to a partition.
    Partition {
        /// Which.
        partition: PartitionId,
        /// What.
        what: PartitionFact,
    },
    /// Something happened to a producer.
    Producer {
        /// Which of the scenario.
        producer: ProducerId,
        /// Which of its identical ones, from 1.
        number: u32,
        /// What.
        what: ProducerFact,
    },
}

/// What happens to a broker.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BrokerFact {
    /// It died without a word.
    Killed,
    /// It shut down in order: its leaders moved first.
    Stopped,
    /// Its process stands still.
    Paused {
        /// Until then.
        until: Instant,
    },
    /// Its process started.
    Started,
    /// The controller took it out of service.
    Fenced,
    /// The controller took it into service.
    Unfenced,
}

/// What happens to a partition.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PartitionFact {
    /// The controller chose a leader; `None`: nobody can lead.
    Leader {
        /// Who leads.
        leader: Option<BrokerId>,
        /// How often the leader has changed.
        epoch: i32,
    },
    /// These replicas are in sync now.
    InSync(Vec<BrokerId>),
    /// It exists from now on.
    Created,
    /// A new leader's log is shorter than the old one's: its offsets from `to` on are gone.
    Truncated {
        /// Who led before.
        old_leader: Option<BrokerId>,
        /// The new leader's epoch.
        epoch: i32,
        /// The new end.
        to: u64,
        /// One beyond the last offset that is gone.
        end: u64,
        /// What consumers could see until now.
        high_watermark: u64,
        /// Of these, records that had been acknowledged to producers …
        acknowledged: u64,
        /// … and of those, records that all in-sync replicas had to have before (`acks=all`).
        replicated: u64,
        /// Whether the new leader was not in sync.
        unclean: bool,
    },
    /// The log begins here now: older records have been deleted.
    StartMoved {
        /// The first offset that is left.
        to: u64,
    },
    /// From now on nothing new becomes visible.
    StandsStill(Standstill),
    /// What is written becomes visible again.
    Flows,
    /// It is deleted with its topic.
    Deleted {
        /// One beyond the last record that was there.
        end: u64,
    },
    /// A producer that got no answer wrote these offsets once more: they repeat records before them.
    Repeated {
        /// The first.
        from: u64,
        /// One beyond the last.
        to: u64,
    },
    /// A producer gave up records that it meant for this partition.
    Undelivered {
        /// How many.
        records: u64,
    },
}

/// What a consumer does or suffers.
#[derive(Clone, PartialEq, Debug)]
pub enum ConsumerFact {
    /// Its process started.
    Started,
    /// Its process died without a word.
    Crashed,
    /// It closed cleanly.
    Closed,
    /// Its whole process stands still.
    Paused {
        /// Until then.
        until: Instant,
    },
    /// A fatal error ended its poll loop.
    Failed(Failure),
    /// It learned who coordinates its group.
    CoordinatorFound(BrokerId),
    /// It does not know any more who coordinates its group.
    CoordinatorLost,
    /// It asked to join.
    JoinSent,
    /// It left because its application did not poll in time.
    PollTimeout,
    /// It leads the group, and its strategy gave these to more than one member.
    GivenTwice(Vec<PartitionId>),
    /// `onPartitionsRevoked`.
    Revoked(Vec<PartitionId>),
    /// `onPartitionsLost`.
    Lost(Vec<PartitionId>),
    /// `onPartitionsAssigned`.
    Assigned {
        /// The generation, or the member's epoch; 0: that of a membership which is over.
        generation: i32,
        /// Everything that it owns now.
        partitions: Vec<PartitionId>,
    },
    /// Its application paused these: `poll` returns none of their records, and goes on. What it loses in
    /// a rebalance is not paused any more.
    PartitionsPaused(Vec<PartitionId>),
    /// Its application resumed these.
    PartitionsResumed(Vec<PartitionId>),
    /// It knows where to read a partition.
    Positioned {
        /// The partition.
        partition: PartitionId,
        /// The next offset to read.
        offset: u64,
        /// Where that comes from.
        source: PositionSource,
    },
    /// It may fetch everything that it owns.
    Ready,
    /// It processed records.
    Processed(Processed),
    /// The coordinator accepted its commit.
    Committed {
        /// The generation that the commit named.
        generation: i32,
        /// The member that the commit named.
        member: Name,
        /// The offsets.
        offsets: Vec<(PartitionId, u64)>,
    },
    /// A commit of its failed.
    CommitFailed(ErrorCode),
}

/// What ends a poll loop.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Failure {
    /// The coordinator refused it for good.
    Refused(ErrorCode),
    /// No offset is committed and `auto.offset.reset` is `none`
    /// (`NoOffsetForPartitionException`).
    NoOffsetForPartition,
    /// A position lies outside the log and `auto.offset.reset` is `none`
    /// (`OffsetOutOfRangeException`).
    OffsetOutOfRange,
    /// The log was cut before a position and `auto.offset.reset` is `none`
    /// (`LogTruncationException`).
    LogTruncation,
    /// It led the group, and the strategy threw this exception of Java.
    Assignor(&'static str),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Refused(code) => code.fmt(f),
            Failure::OffsetOutOfRange => f.write_str("OFFSET_OUT_OF_RANGE"),
            Failure::LogTruncation => f.write_str("LOG_TRUNCATION"),
            Failure::NoOffsetForPartition => f.write_str("NO_OFFSET_FOR_PARTITION"),
            Failure::Assignor(class) => f.write_str(class),
        }
    }
}

/// What a coordinator does.
#[derive(Clone, PartialEq, Debug)]
pub enum GroupFact {
    /// The broker that coordinated is gone, or leads the partition no longer.
    CoordinatorLost {
        /// Which broker.
        broker: BrokerId,
    },
    /// Another broker coordinates, and reads the log first.
    Loading {
        /// Which broker.
        broker: BrokerId,
        /// How many records there are to read.
        records: u64,
        /// Until when.
        until: Instant,
    },
    /// The new coordinator has read its log, and serves: this is what it knows.
    Loaded {
        /// Which broker.
        broker: BrokerId,
        /// The group's generation, or its epoch.
        generation: i32,
        /// Its members; of others it knows nothing.
        members: Vec<(ConsumerId, Name)>,
    },
    /// From now on no commit takes effect: the log of the group's offsets stands still.
    CommitsStandStill(Standstill),
    /// Commits take effect again.
    CommitsFlow,
    /// A member joined its list of members.
    MemberAdded {
        /// Who.
        consumer: ConsumerId,
        /// The member's id.
        member: Name,
    },
    /// A member is gone from its list.
    MemberRemoved {
        /// Who.
        consumer: ConsumerId,
        /// The member's id.
        member: Name,
        /// Why.
        reason: RemovalReason,
    },
    /// It began to prepare a rebalance.
    Preparing {
        /// Why.
        reason: RebalanceReason,
    },
    /// A new generation began.
    Generation {
        /// Its number.
        generation: i32,
        /// The selected assignor; `None`: the group is empty.
        protocol: Option<Name>,
        /// Who leads.
        leader: Option<ConsumerId>,
        /// Who takes part.
        members: Vec<ConsumerId>,
    },
    /// Committed offsets are gone: nobody has needed them for `offsets.retention.minutes`, or their
    /// topic was deleted.
    OffsetsDeleted {
        /// Of these partitions.
        partitions: Vec<PartitionId>,
    },
    /// The group is gone: it had no members and no offsets any more. The next one of its name begins
    /// anew.
    Deleted,
    /// The assignment is stored and sent; under KIP-848 every member owns its target.
    Stable {
        /// The generation, or the group's epoch.
        generation: i32,
    },
    /// The group entered a new epoch (KIP-848): who is in it, or what there is to read, changed.
    Epoch {
        /// The epoch.
        epoch: i32,
    },
    /// The broker computed who is to own what (KIP-848).
    Target {
        /// The epoch of the group that it is for.
        epoch: i32,
        /// Whether somebody is to own what it did not before.
        moves: bool,
    },
    /// A coordinator has read its log, which holds other committed offsets than were confirmed before.
    OffsetsFound {
        /// The committed offset of each; `None`: there is none.
        offsets: Vec<(PartitionId, Option<u64>)>,
    },
    /// A member is at another epoch, or in another state (KIP-848).
    Member {
        /// Who.
        consumer: ConsumerId,
        /// The member's id: an earlier life of the consumer may still be a member, too.
        member: Name,
        /// The member's epoch.
        epoch: i32,
        /// How far it is with its target.
        state: MemberState,
        /// What the coordinator has handed to it.
        partitions: Vec<PartitionId>,
        /// What it has not given up yet.
        revoking: Vec<PartitionId>,
    },
}

/// How far a member is with what it is to own (`MemberState` of KIP-848).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MemberState {
    /// It has all of its target.
    Stable,
    /// It has to give something up first.
    UnrevokedPartitions,
    /// It waits for what others have to give up.
    UnreleasedPartitions,
    /// A broker that has been downgraded wrote it.
    Unknown,
}

impl MemberState {
    /// The state with this number in records.
    pub const fn of(number: i8) -> Self {
        match number {
            0 => MemberState::Stable,
            1 => MemberState::UnrevokedPartitions,
            2 => MemberState::UnreleasedPartitions,
            _ => MemberState::Unknown,
        }
    }

    /// Kafka's name, in small letters.
    pub const fn name(self) -> &'static str {
        match self {
            MemberState::Stable => "stable",
            MemberState::UnrevokedPartitions => "unrevoked_partitions",
            MemberState::UnreleasedPartitions => "unreleased_partitions",
            MemberState::Unknown => "unknown",
        }
    }
}

impl GroupFact {
    /// Whether a rebalance is counted here: a new generation, or under KIP-848 a new target that
    /// moves something.
    pub const fn completes_rebalance(&self) -> bool {
        matches!(self, GroupFact::Generation { .. } | GroupFact::Target { moves: true, .. })
    }
}

/// Where a position comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PositionSource {
    /// The group's committed offset.
    Committed,
    /// `auto.offset.reset`.
    Reset,
    /// `auto.offset.reset`, because the position lay outside the log.
    OutOfRange,
    /// The log was cut, and the leader says where.
    Truncated,
}

/// Records [from, to) of a partition, processed evenly between two moments.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Processed {
    /// The partition.
    pub partition: PartitionId,
    /// The first offset.
    pub from: u64,
    /// One beyond the last.
    pub to: u64,
    /// The epoch of the leader that they were read from.
    pub epoch: i32,
    /// When the first one began.
    pub start: Instant,
    /// When the last one ended.
    pub end: Instant,
    /// When `poll` returned them, perhaps among others.
    pub returned: Instant,
}
