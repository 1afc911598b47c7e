//! What the consumer subscribes to, what it owns, and where it reads (`SubscriptionState`).

use super::metadata::Metadata;
use crate::kernel::time::{Instant, Span};
use crate::model::Name;
use crate::model::fact::PositionSource;
use crate::model::id::{BrokerId, PartitionId};

/// What the application subscribes to.
#[derive(Clone, Debug)]
pub enum Topics {
    /// These topics, sorted.
    Named(Vec<Name>),
    /// Every topic whose whole name matches.
    Pattern(regex_lite::Regex),
    /// Every topic whose whole name matches this, as the coordinator finds out (KIP-848).
    Expression(Name),
}

impl Topics {
    /// The names that this means, as far as the metadata knows them; sorted.
    pub(super) fn resolve(&self, metadata: &Metadata) -> Vec<Name> {
        match self {
            Topics::Named(names) => names.clone(),
            Topics::Expression(_) => Vec::new(),
            Topics::Pattern(regex) => {
                let names = metadata.topics().iter().map(|topic| &topic.name);
                let mut names: Vec<Name> =
                    names.filter(|name| regex.is_match(name)).cloned().collect();
                names.sort();
                names
            }
        }
    }
}

/// Where a partition is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Position {
    /// Not known: the committed offset has to be asked for.
    Initializing,
    /// To be reset; not asked for again before this moment.
    AwaitingReset { retry_at: Instant, why: PositionSource },
    /// An offset that the leader has to confirm; not asked again before `retry_at`. It is the
    /// committed one, or it was known until the leader changed.
    AwaitingValidation { offset: u64, retry_at: Instant, committed: bool },
    /// Known: the next offset to read.
    At(u64),
}

/// A partition that the consumer owns.
#[derive(Clone, Copy, Debug)]
pub(super) struct Owned {
    pub partition: PartitionId,
    pub position: Position,
    /// Who leads it.
    pub leader: Option<BrokerId>,
    /// The epoch of that leader.
    pub epoch: i32,
    /// Whom to ask instead, and how long (KIP-392).
    pub nearer: Option<(BrokerId, Instant)>,
    /// The epoch in which the record before the position was written; -1: not known.
    pub read_epoch: i32,
    /// About to be given up: neither fetched nor returned.
    pub pending_revocation: bool,
    /// Neither fetched nor returned for as long as the application wants that.
    pub pause: Pause,
}

/// What the application has paused a partition for (`TopicPartitionState.paused`: one flag in Kafka,
/// so it is the application that remembers why). A partition that is given anew is not paused.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Pause {
    /// Until when it wants no records of it.
    pub until: Option<Instant>,
    /// Until what it has is processed.
    pub for_work: bool,
}

impl Pause {
    pub(super) fn is_on(self) -> bool {
        self.until.is_some() || self.for_work
    }
}

impl Owned {
    /// Whether its committed offset has to be asked for. Not if it is about to be given up.
    pub(super) fn is_initializing(&self) -> bool {
        self.position == Position::Initializing && !self.pending_revocation
    }

    pub(super) fn is_fetchable(&self) -> bool {
        matches!(self.position, Position::At(_)) && !self.pending_revocation && !self.pause.is_on()
    }

    /// Whom to ask for its records now (`AbstractFetch.selectReadReplica`).
    pub(super) fn source(&self, now: Instant) -> Option<BrokerId> {
        let nearer = self.nearer.filter(|&(_, until)| now <= until);
        self.leader.map(|leader| nearer.map_or(leader, |(replica, _)| replica))
    }
}

/// Partitions with their positions.
#[derive(Clone, Debug, Default)]
pub(super) struct Subscription {
    /// Sorted by partition.
    owned: Vec<Owned>,
    /// Rows of `owned` in the order in which they are fetched: who gave data goes to the end.
    order: Vec<u32>,
    missing_positions: usize,
}

impl Subscription {
    /// In the order in which they are fetched.
    pub(super) fn in_order(&self) -> impl Iterator<Item = &Owned> {
        self.order.iter().map(|&row| &self.owned[row as usize])
    }

    fn row(&self, partition: PartitionId) -> Option<usize> {
        self.owned.binary_search_by_key(&partition, |owned| owned.partition).ok()
    }

    pub(super) fn get(&self, partition: PartitionId) -> Option<&Owned> {
        self.row(partition).map(|row| &self.owned[row])
    }

    /// Owned partitions, sorted.
    pub(super) fn partitions(&self) -> Vec<PartitionId> {
        self.owned.iter().map(|owned| owned.partition).collect()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.owned.is_empty()
    }

    /// Owns exactly these, sorted. What was owned before keeps its position. They are fetched by topic
    /// and index at first (`PartitionStates.set`).
    pub(super) fn assign(&mut self, partitions: &[PartitionId], metadata: &Metadata) {
        let own = |&partition: &PartitionId| {
            self.get(partition).copied().unwrap_or(Owned {
                partition,
                position: Position::Initializing,
                leader: metadata.leader(partition).0,
                epoch: metadata.leader(partition).1,
                nearer: None,
                read_epoch: -1,
                pending_revocation: false,
                pause: Pause::default(),
            })
        };
        self.owned = partitions.iter().map(own).collect();
        debug_assert!(self.owned.is_sorted_by_key(|owned| owned.partition));
        self.order = (0..self.owned.len() as u32).collect();
        self.order.sort_by_cached_key(|&row| {
            let (topic, index) = metadata.name(self.owned[row as usize].partition);
            (topic.clone(), index)
        });
        let missing = |owned: &&Owned| !matches!(owned.position, Position::At(_));
        self.missing_positions = self.owned.iter().filter(missing).count();
    }

    pub(super) fn mark_pending_revocation(&mut self) {
        for owned in &mut self.owned {
            owned.pending_revocation = true;
        }
    }

    /// Whether committed offsets are missing.
    pub(super) fn is_initializing(&self) -> bool {
        self.missing_positions > 0 && self.owned.iter().any(Owned::is_initializing)
    }

    /// These are about to be given up.
    pub(super) fn mark_revoked(&mut self, partitions: &[PartitionId]) {
        for &partition in partitions {
            if let Some(row) = self.row(partition) {
                self.owned[row].pending_revocation = true;
            }
        }
    }

    /// The application wants no records of these before `until`, as far as they are owned; `None`: of
    /// whatever is owned. Which of them were not paused before.
    pub(super) fn pause(
        &mut self,
        partitions: Option<&[PartitionId]>,
        until: Instant,
    ) -> Vec<PartitionId> {
        let mut paused = Vec::new();
        for owned in &mut self.owned {
            if partitions.is_none_or(|partitions| partitions.contains(&owned.partition)) {
                if owned.pause.until.is_none() {
                    paused.push(owned.partition);
                }
                owned.pause.until = owned.pause.until.max(Some(until));
            }
        }
        paused
    }

    /// The application wants records again of what it had paused until now. Of which.
    pub(super) fn resume(&mut self, now: Instant) -> Vec<PartitionId> {
        let over = |owned: &&mut Owned| owned.pause.until.is_some_and(|until| until <= now);
        let resumed = self.owned.iter_mut().filter(over).map(|owned| {
            owned.pause.until = None;
            owned.partition
        });
        resumed.collect()
    }

    /// The application wants no records of anything that it owns as long as it processes others; or it
    /// does again.
    pub(super) fn pause_for_work(&mut self, works: bool) {
        for owned in &mut self.owned {
            owned.pause.for_work = works;
        }
    }

    /// When the application next wants records again of something.
    pub(super) fn next_resume(&self) -> Instant {
        let ends = self.owned.iter().filter_map(|owned| owned.pause.until);
        ends.min().unwrap_or(Instant::NEVER)
    }

    pub(super) fn set_position(&mut self, partition: PartitionId, position: Position) {
        let Some(row) = self.row(partition) else { return };
        let known = |position| usize::from(matches!(position, Position::At(_)));
        self.missing_positions += known(self.owned[row].position);
        self.missing_positions -= known(position);
        self.owned[row].position = position;
    }

    /// The records before the position are of this epoch.
    pub(super) fn read_in(&mut self, partition: PartitionId, epoch: i32) {
        if let Some(row) = self.row(partition) {
            self.owned[row].read_epoch = epoch;
        }
    }

    /// Whether somebody has to be found who leads a partition.
    pub(super) fn lacks_leader(&self) -> bool {
        self.owned.iter().any(|owned| owned.leader.is_none())
    }

    /// Asks the leaders that the metadata name, and no replicas that are gone.
    pub(super) fn follow_leaders(&mut self, now: Instant, metadata: &Metadata) {
        for row in 0..self.owned.len() {
            let owned = &mut self.owned[row];
            let partition = owned.partition;
            owned.nearer = owned.nearer.filter(|&(id, _)| metadata.is_online(partition, id));
            let (leader, epoch) = metadata.leader(partition);
            self.follow(now, row, leader, epoch);
        }
    }

    /// A broker told who leads a partition.
    pub(super) fn follow_leader(
        &mut self,
        now: Instant,
        partition: PartitionId,
        leader: BrokerId,
        epoch: i32,
    ) {
        if let Some(row) = self.row(partition) {
            self.follow(now, row, Some(leader), epoch);
        }
    }

    /// Another leader has to confirm the position first; somebody who led before is none
    /// (`SubscriptionState.maybeValidatePositionForCurrentLeader`, `Metadata.updateLatestMetadata`).
    fn follow(&mut self, now: Instant, row: usize, leader: Option<BrokerId>, epoch: i32) {
        let owned = &mut self.owned[row];
        if leader.is_none() || epoch >= owned.epoch {
            owned.leader = leader;
        }
        if leader.is_none() || epoch <= owned.epoch {
            return;
        }
        (owned.epoch, owned.nearer) = (epoch, None);
        let (partition, has_epoch) = (owned.partition, owned.read_epoch >= 0);
        let (offset, committed) = match owned.position {
            Position::At(offset) if has_epoch => (offset, false),
            Position::AwaitingValidation { offset, committed, .. } => (offset, committed),
            _ => return,
        };
        let unsure = Position::AwaitingValidation { offset, retry_at: now, committed };
        self.set_position(partition, unsure);
    }

    /// A replica is to be asked for a partition, for a while. Naming it again prolongs nothing.
    pub(super) fn prefer(
        &mut self,
        now: Instant,
        partition: PartitionId,
        replica: BrokerId,
        lease: Span,
    ) {
        if let Some(row) = self.row(partition) {
            let nearer = &mut self.owned[row].nearer;
            if nearer.is_none_or(|(other, until)| other != replica || until < now) {
                *nearer = Some((replica, now.saturating_add(lease)));
            }
        }
    }

    /// The leader of a partition is to be asked. Whether somebody else was.
    pub(super) fn prefer_leader(&mut self, partition: PartitionId) -> bool {
        self.row(partition).is_some_and(|row| self.owned[row].nearer.take().is_some())
    }

    /// A replica did not answer: leaders are to be asked.
    pub(super) fn avoid(&mut self, replica: BrokerId) {
        for owned in &mut self.owned {
            owned.nearer = owned.nearer.filter(|&(other, _)| other != replica);
        }
    }

    /// A leader that was asked about a position is asked again.
    pub(super) fn ask_again(&mut self, partition: PartitionId, at: Instant) {
        let Some(row) = self.row(partition) else { return };
        match &mut self.owned[row].position {
            Position::AwaitingReset { retry_at, .. }
            | Position::AwaitingValidation { retry_at, .. } => *retry_at = at,
            Position::Initializing | Position::At(_) => {}
        }
    }

    /// Reads on from `offset`, if the partition is still owned and had a position. No leader is asked
    /// about an offset that the application names (`SubscriptionState.seekUnvalidated`).
    pub(super) fn seek(&mut self, partition: PartitionId, offset: u64) {
        let known = |owned: &Owned| {
            matches!(owned.position, Position::At(_) | Position::AwaitingValidation { .. })
        };
        if self.get(partition).is_some_and(known) {
            self.set_position(partition, Position::At(offset));
            self.read_in(partition, -1);
        }
    }

    pub(super) fn move_to_end(&mut self, partition: PartitionId) {
        let Some(row) = self.row(partition) else { return };
        if let Some(at) = self.order.iter().position(|&other| other as usize == row) {
            self.order[at..].rotate_left(1);
        }
    }

    pub(super) fn has_all_positions(&self) -> bool {
        self.missing_positions == 0
    }

    /// Positions of all partitions that have one: what a commit without arguments commits.
    pub(super) fn all_consumed(&self) -> Vec<(PartitionId, u64)> {
        let known = |owned: &Owned| match owned.position {
            Position::At(offset) => Some((owned.partition, offset)),
            _ => None,
        };
        self.owned.iter().filter_map(known).collect()
    }
}
