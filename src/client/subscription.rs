//! What the consumer subscribes to, what it owns, and where it reads (`SubscriptionState`).

use super::metadata::Metadata;
use crate::kernel::time::Instant;
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
}

impl Topics {
    /// The names that this means, as far as the metadata knows them; sorted.
    pub(super) fn resolve(&self, metadata: &Metadata) -> Vec<Name> {
        match self {
            Topics::Named(names) => names.clone(),
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
    /// Whom to ask for its records.
    pub leader: Option<BrokerId>,
    /// The epoch of that leader.
    pub epoch: i32,
    /// The epoch in which the record before the position was written; -1: not known.
    pub read_epoch: i32,
    /// About to be given up: neither fetched nor returned.
    pub pending_revocation: bool,
}

impl Owned {
    pub(super) fn is_fetchable(&self) -> bool {
        matches!(self.position, Position::At(_)) && !self.pending_revocation
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

    /// Owns exactly these, sorted. What was owned before keeps its position.
    pub(super) fn assign(&mut self, partitions: &[PartitionId], metadata: &Metadata) {
        let own = |&partition: &PartitionId| {
            self.get(partition).copied().unwrap_or(Owned {
                partition,
                position: Position::Initializing,
                leader: metadata.leader(partition).0,
                epoch: metadata.leader(partition).1,
                read_epoch: -1,
                pending_revocation: false,
            })
        };
        self.owned = partitions.iter().map(own).collect();
        debug_assert!(self.owned.is_sorted_by_key(|owned| owned.partition));
        self.order = (0..self.owned.len() as u32).collect();
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
        self.missing_positions > 0
            && self.owned.iter().any(|owned| owned.position == Position::Initializing)
    }

    /// These are about to be given up.
    pub(super) fn mark_revoked(&mut self, partitions: &[PartitionId]) {
        for &partition in partitions {
            if let Some(row) = self.row(partition) {
                self.owned[row].pending_revocation = true;
            }
        }
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

    /// Asks other leaders from now on. Where the epoch has changed, the new leader has to confirm
    /// the position first (`SubscriptionState.maybeValidatePositionForCurrentLeader`).
    pub(super) fn follow_leaders(&mut self, now: Instant, metadata: &Metadata) {
        let mut unsure = Vec::new();
        for owned in &mut self.owned {
            let (leader, epoch) = metadata.leader(owned.partition);
            owned.leader = leader;
            if epoch <= owned.epoch {
                continue;
            }
            owned.epoch = epoch;
            if let (Position::At(offset), true) = (owned.position, owned.read_epoch >= 0) {
                unsure.push((owned.partition, offset));
            }
        }
        for (partition, offset) in unsure {
            let unsure = Position::AwaitingValidation { offset, retry_at: now, committed: false };
            self.set_position(partition, unsure);
        }
    }

    /// Leaders that were asked about positions are asked again.
    pub(super) fn ask_again(&mut self, at: Instant) {
        for owned in &mut self.owned {
            match &mut owned.position {
                Position::AwaitingReset { retry_at, .. }
                | Position::AwaitingValidation { retry_at, .. } => *retry_at = at,
                Position::Initializing | Position::At(_) => {}
            }
        }
    }

    /// Reads on from `offset`, if the partition is still owned and its position known (`seek`).
    pub(super) fn seek(&mut self, partition: PartitionId, offset: u64) {
        let known = |owned: &Owned| matches!(owned.position, Position::At(_));
        if self.get(partition).is_some_and(known) {
            self.set_position(partition, Position::At(offset));
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
