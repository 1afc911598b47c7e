//! What happened: facts in order, the ledger of records, the invariants, samples for charts.
//!
//! The world tells every fact once, in order; what is derived from them here never asks the world
//! back, but for log ends at the moments that it is told.

mod blame;
pub mod cause;
pub mod invariant;
pub mod ledger;
pub mod live;
mod marks;
pub mod ranges;
pub mod samples;
pub mod steps;
pub mod wanted;

use crate::kernel::digest::Digest;
use crate::kernel::time::{Instant, Span};
use crate::model::error::ErrorCode;
use crate::model::fact::{ConsumerFact, Fact, GroupFact};
use crate::model::id::{ConsumerId, GroupId};
use crate::model::topic::Topics;
use crate::scenario::Scenario;
use invariant::Invariants;
pub use invariant::Violation;
use ledger::Ledger;
use live::Live;
use samples::Samples;
use steps::Steps;
use wanted::Wanted;

/// Sees every fact as it happens, the frequent ones too that a [`Trace`] does not keep.
pub trait Observer {
    /// The topics of the run, before everything else.
    fn topics(&mut self, _topics: &Topics) {}
    /// One more consumer, with the next id.
    fn consumer(&mut self, _info: &ConsumerInfo) {}
    /// A fact.
    fn fact(&mut self, at: Instant, fact: &Fact);
    /// A consumer hears from its coordinator, or who that is.
    fn answer(&mut self, _at: Instant, _answer: &Answer) {}
}

/// What a coordinator answered a consumer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Answer {
    /// The consumer.
    pub consumer: ConsumerId,
    /// What was asked.
    pub api: Api,
    /// When it was asked.
    pub sent: Instant,
    /// What went wrong.
    pub error: ErrorCode,
    /// The member's epoch (KIP-848).
    pub epoch: Option<i32>,
}

/// What a consumer asks its coordinator.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Api {
    /// `FindCoordinator`, which any broker answers.
    FindCoordinator,
    /// `JoinGroup`
    JoinGroup,
    /// `SyncGroup`
    SyncGroup,
    /// `Heartbeat`
    Heartbeat,
    /// `ConsumerGroupHeartbeat`
    ConsumerGroupHeartbeat,
    /// `OffsetCommit`
    OffsetCommit,
}

/// Nobody looks.
impl Observer for () {
    fn fact(&mut self, _: Instant, _: &Fact) {}
}

/// A consumer that took part in a run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConsumerInfo {
    /// Its name.
    pub name: String,
    /// Its group.
    pub group: GroupId,
}

/// The trace of a run.
#[derive(Debug)]
pub struct Trace {
    /// Facts in order, without records processed and offsets committed.
    pub facts: Vec<(Instant, Fact)>,
    /// Everybody who ran, by id.
    pub consumers: Vec<ConsumerInfo>,
    /// How things stand now.
    pub live: Live,
    /// Every record accounted for.
    pub ledger: Ledger,
    /// What charts and series show.
    pub samples: Samples,
    /// Exact histories, where somebody will ask for them.
    pub steps: Steps,
    /// Events of the agenda that the run took.
    pub events: u64,
    digest: Digest,
    invariants: Invariants,
}

impl Trace {
    /// An empty trace of a scenario.
    pub fn new(scenario: &Scenario, partitions: usize, sample: Span) -> Self {
        let groups = scenario.groups.len();
        Trace {
            facts: Vec::new(),
            consumers: Vec::new(),
            live: Live::new(groups, partitions),
            ledger: Ledger::new(scenario, partitions),
            samples: Samples::new(groups, sample),
            steps: Steps::new(Wanted::new(scenario), partitions),
            events: 0,
            digest: Digest::default(),
            invariants: Invariants::new(groups, partitions),
        }
    }

    /// A consumer takes part from now on.
    pub fn add_consumer(&mut self, info: ConsumerInfo) -> ConsumerId {
        self.consumers.push(info);
        self.live.add_consumer();
        self.ledger.add_consumer();
        ConsumerId::new(self.consumers.len() - 1)
    }

    /// Takes a fact in. An invariant that breaks ends the run.
    pub fn record(&mut self, at: Instant, fact: Fact) -> Result<(), Violation> {
        self.digest.write_u64(at.as_us());
        self.invariants.check(at, &fact, &self.consumers, &self.live)?;
        let group = self.group_of(&fact).unwrap_or_default();
        let repeated = self.ledger.record(at, group, &fact, &self.live);
        let repeated = repeated.map_err(|detail| Violation::accounting(at, detail))?;
        self.steps.record(at, group, &fact, repeated);
        self.live.record(group, &fact);
        match &fact {
            Fact::Consumer { what: ConsumerFact::Processed(p), .. } => {
                self.digest.write_u64(p.to);
            }
            Fact::Consumer { what: ConsumerFact::Committed { offsets, .. }, .. } => {
                self.digest.write_u64(offsets.iter().map(|&(_, offset)| offset).sum());
            }
            _ => {
                self.digest.write_str(&format!("{fact:?}"));
                self.facts.push((at, fact));
            }
        }
        Ok(())
    }

    /// Looks at what consumers can see of each partition now.
    pub fn look(&mut self, at: Instant, ends: &[u64]) -> Result<(), Violation> {
        self.invariants.check_ends(at, ends, &self.ledger, &self.live)
    }

    /// A coordinator takes a commit of offsets: the fact is told when its replicas have it, perhaps
    /// after the next generation has begun.
    pub fn accept(&self, at: Instant, commit: &Fact) -> Result<(), Violation> {
        invariant::check_commit(at, commit, &self.consumers, &self.live)
    }

    /// Whose group did it; `None`: it is not a group's.
    fn group_of(&self, fact: &Fact) -> Option<GroupId> {
        match fact {
            Fact::Consumer { consumer, .. } => Some(self.consumers[consumer.index()].group),
            Fact::Group { group, .. } => Some(*group),
            Fact::Struck { .. }
            | Fact::Broker { .. }
            | Fact::Partition { .. }
            | Fact::Producer { .. } => None,
        }
    }

    /// The facts of a group, in order.
    pub fn facts_of(&self, group: GroupId) -> impl Iterator<Item = (Instant, &Fact)> {
        let ours = move |fact: &Fact| self.group_of(fact) == Some(group);
        self.facts.iter().filter(move |(_, fact)| ours(fact)).map(|(at, fact)| (*at, fact))
    }

    /// What the consumers of a group did, in order.
    pub fn consumer_facts(
        &self,
        group: GroupId,
    ) -> impl Iterator<Item = (Instant, ConsumerId, &ConsumerFact)> {
        self.facts_of(group).filter_map(|(at, fact)| match fact {
            Fact::Consumer { consumer, what } => Some((at, *consumer, what)),
            _ => None,
        })
    }

    /// What the coordinator of a group did, in order.
    pub fn group_facts(&self, group: GroupId) -> impl Iterator<Item = (Instant, &GroupFact)> {
        self.facts_of(group).filter_map(|(at, fact)| match fact {
            Fact::Group { what, .. } => Some((at, what)),
            _ => None,
        })
    }

    /// A number that two runs share only if the same happened in both.
    pub fn digest(&self) -> u64 {
        self.digest.finish()
    }
}
