//! How things stand: who runs, who is a member, who owns what, what is committed.

use crate::model::Name;
use crate::model::fact::{ConsumerFact, Fact, GroupFact, MemberState};
use crate::model::id::{ConsumerId, GroupId, PartitionId};
use std::collections::{BTreeMap, BTreeSet};

/// The state of a run, as its facts tell it.
#[derive(Clone, Debug)]
pub struct Live {
    /// By id.
    pub consumers: Vec<ConsumerState>,
    /// By id.
    pub groups: Vec<GroupState>,
}

/// A consumer.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ConsumerState {
    /// Whether its process runs.
    pub running: bool,
    /// Whether the coordinator counts it as a member.
    pub member: bool,
    /// The id under which it last became one.
    pub member_id: Option<Name>,
    /// What it owns.
    pub owned: Vec<PartitionId>,
    /// How far it is from one assignment to the next.
    pub change: Change,
    /// The generation of its last assignment.
    pub assigned: Option<i32>,
    /// In which generation of the group it last asked to join.
    pub asked_in: i32,
}

/// How far a consumer is from one assignment to the next.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Change {
    /// It has what it was assigned.
    #[default]
    Done,
    /// It gave something up and has not been assigned anything since.
    GaveUp,
    /// It takes over what it was assigned, and may not fetch all of it yet.
    TakesOver,
}

/// A group.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GroupState {
    /// Members by id, as the coordinator counts them.
    pub members: BTreeMap<Name, ConsumerId>,
    /// Its generation, or its epoch.
    pub generation: i32,
    /// Under KIP-848: the epoch of the target, and the epoch and state of each member.
    pub modern: Option<Modern>,
    /// Whether it is stable.
    pub stable: bool,
    /// What its strategy gave to more than one member of this generation.
    pub given_twice: Vec<PartitionId>,
    /// Committed offset by partition.
    pub committed: Vec<Option<u64>>,
    /// Who owns a partition.
    pub owner: Vec<Option<ConsumerId>>,
    /// Where the owner reads a partition, as its facts tell: after what it has processed.
    pub position: Vec<Option<u64>>,
}

/// What a group under KIP-848 has besides.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Modern {
    /// The epoch of its target.
    pub target: i32,
    /// Its members by id.
    pub members: BTreeMap<Name, ModernMember>,
    /// The member that has a partition in the coordinator's books.
    pub holders: BTreeMap<PartitionId, Name>,
    /// Who was removed, or left for a while, and has not been assigned anything since.
    pub cut_off: BTreeSet<ConsumerId>,
    /// What a member was handed and said that it did not have, so that it was taken from it again. It
    /// may take it at that moment, and owns it until it hears of it.
    pub disclaimed: BTreeSet<(PartitionId, ConsumerId)>,
}

/// A member under KIP-848, as the coordinator sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ModernMember {
    /// Its epoch.
    pub epoch: i32,
    /// How far it is with its target.
    pub state: MemberState,
    /// What has been handed to it and not been given up, sorted.
    pub held: Vec<PartitionId>,
    /// Of that, what it has to give up.
    pub revoking: Vec<PartitionId>,
}

impl ConsumerState {
    /// Whether it gave up something and has not been assigned anything since.
    pub fn is_rebalancing(&self) -> bool {
        self.change == Change::GaveUp
    }

    /// Whether it may not fetch yet all that it was assigned.
    pub(super) fn takes_over(&self) -> bool {
        self.change == Change::TakesOver
    }

    /// Whether it has not asked to join this generation of its group.
    pub(super) fn is_absent_in(&self, generation: i32) -> bool {
        self.asked_in < generation.saturating_sub(1)
    }
}

impl Modern {
    fn remove(&mut self, member: &Name) {
        for partition in self.members.remove(member).into_iter().flat_map(|member| member.held) {
            self.holders.remove(&partition);
        }
    }
}

impl ModernMember {
    /// What is not held any more with `held`, although the member had not been asked for it, or
    /// was still `taking` it: its heartbeat told of an earlier assignment.
    pub(super) fn disclaimed<'a>(
        &'a self,
        held: &'a [PartitionId],
        taking: bool,
    ) -> impl Iterator<Item = PartitionId> + 'a {
        let asked = move |p: &PartitionId| !taking && self.revoking.contains(p);
        self.held.iter().copied().filter(move |p| !asked(p) && held.binary_search(p).is_err())
    }
}

impl GroupState {
    /// Whether every member of a group under KIP-848 owns what the broker means it to own.
    pub fn is_reconciled(&self) -> bool {
        self.modern.as_ref().is_some_and(|modern| {
            let done = |member: &Name| {
                modern.members.get(member).is_some_and(|member| {
                    member.epoch == modern.target && member.state == MemberState::Stable
                })
            };
            modern.target == self.generation && self.members.keys().all(done)
        })
    }
}

impl Live {
    /// Nobody runs, nothing is committed.
    pub fn new(groups: usize, partitions: usize) -> Self {
        let group = GroupState {
            members: BTreeMap::new(),
            generation: 0,
            modern: None,
            stable: false,
            given_twice: Vec::new(),
            committed: vec![None; partitions],
            owner: vec![None; partitions],
            position: vec![None; partitions],
        };
        Live { consumers: Vec::new(), groups: vec![group; groups] }
    }

    /// The committed offset of a partition; before the first commit 0.
    pub(super) fn committed(&self, group: GroupId, partition: PartitionId) -> u64 {
        self.groups[group.index()].committed[partition.index()].unwrap_or(0)
    }

    /// One more consumer, who does not run yet.
    pub fn add_consumer(&mut self) {
        self.consumers.push(ConsumerState::default());
    }

    /// Whether a consumer is a running member that owns nothing while its group is stable. One
    /// whose assignment is still on its way to it does not idle.
    pub fn is_idle(&self, group: GroupId, consumer: ConsumerId) -> bool {
        let state = &self.consumers[consumer.index()];
        let group = &self.groups[group.index()];
        let has_heard = match &group.modern {
            Some(modern) => {
                let member = state.member_id.as_ref().and_then(|id| modern.members.get(id));
                member.is_some_and(|member| member.held.is_empty())
            }
            None => state.assigned == Some(group.generation),
        };
        group.stable && state.running && state.member && has_heard && state.owned.is_empty()
    }

    /// A consumer owns only what it keeps any more.
    fn disown(
        &mut self,
        group: GroupId,
        consumer: ConsumerId,
        keeps: impl Fn(&PartitionId) -> bool,
    ) {
        let group = &mut self.groups[group.index()];
        let owned = &mut self.consumers[consumer.index()].owned;
        for partition in owned.extract_if(.., |partition| !keeps(partition)) {
            if group.owner[partition.index()] == Some(consumer) {
                group.owner[partition.index()] = None;
                group.position[partition.index()] = None;
            }
        }
    }

    /// Takes a fact of a group in.
    pub fn record(&mut self, group: GroupId, fact: &Fact) {
        match fact {
            Fact::Struck { .. }
            | Fact::Broker { .. }
            | Fact::Partition { .. }
            | Fact::Producer { .. } => {}
            Fact::Consumer { consumer, what } => self.consumer(group, *consumer, what),
            Fact::Group { what, .. } => self.group(group, what),
        }
    }

    fn consumer(&mut self, group: GroupId, consumer: ConsumerId, what: &ConsumerFact) {
        let state = &mut self.consumers[consumer.index()];
        match what {
            ConsumerFact::Started => state.running = true,
            ConsumerFact::Crashed | ConsumerFact::Closed => {
                state.running = false;
                state.change = Change::Done;
                state.assigned = None;
                self.disown(group, consumer, |_| false);
            }
            ConsumerFact::Revoked(partitions) | ConsumerFact::Lost(partitions) => {
                state.change = Change::GaveUp;
                state.assigned = None;
                let gone: BTreeSet<&PartitionId> = partitions.iter().collect();
                self.disown(group, consumer, |partition| !gone.contains(partition));
            }
            ConsumerFact::Assigned { generation, partitions } => {
                let given: BTreeSet<&PartitionId> = partitions.iter().collect();
                self.disown(group, consumer, |partition| given.contains(partition));
                let state = &mut self.consumers[consumer.index()];
                state.owned.clone_from(partitions);
                state.change = Change::TakesOver;
                state.assigned = Some(*generation);
                // A static member that comes back asks in the generation whose share it gets.
                state.asked_in = state.asked_in.min(generation.saturating_sub(1));
                let group = &mut self.groups[group.index()];
                if let Some(modern) = group.modern.as_mut().filter(|_| *generation > 0) {
                    modern.cut_off.remove(&consumer);
                }
                for partition in partitions {
                    group.owner[partition.index()] = Some(consumer);
                }
            }
            ConsumerFact::GivenTwice(partitions) => {
                self.groups[group.index()].given_twice.clone_from(partitions);
            }
            ConsumerFact::Ready => state.change = Change::Done,
            ConsumerFact::JoinSent => state.asked_in = self.groups[group.index()].generation,
            ConsumerFact::Positioned { partition, offset, .. } => {
                self.groups[group.index()].position[partition.index()] = Some(*offset);
            }
            ConsumerFact::Processed(p) => {
                let group = &mut self.groups[group.index()];
                if group.owner[p.partition.index()] == Some(consumer) {
                    group.position[p.partition.index()] = Some(p.to);
                }
            }
            ConsumerFact::Committed { offsets, .. } => {
                for &(partition, offset) in offsets {
                    self.groups[group.index()].committed[partition.index()] = Some(offset);
                }
            }
            _ => {}
        }
    }

    fn group(&mut self, group: GroupId, what: &GroupFact) {
        let state = &mut self.groups[group.index()];
        match what {
            GroupFact::CoordinatorLost { .. }
            | GroupFact::Loading { .. }
            | GroupFact::CommitsStandStill(_)
            | GroupFact::CommitsFlow => {}
            GroupFact::OffsetsFound { offsets } => {
                for &(partition, offset) in offsets {
                    state.committed[partition.index()] = offset;
                }
            }
            GroupFact::Loaded { generation, members, .. } => {
                self.reload(group, *generation, members);
            }
            GroupFact::MemberAdded { consumer, member } => {
                state.members.insert(member.clone(), *consumer);
                let consumer = &mut self.consumers[consumer.index()];
                (consumer.member, consumer.member_id) = (true, Some(member.clone()));
            }
            GroupFact::MemberRemoved { consumer, member, .. } => {
                state.members.remove(member);
                if let Some(modern) = &mut state.modern {
                    modern.remove(member);
                    modern.cut_off.insert(*consumer);
                }
                let still = state.members.values().any(|id| id == consumer);
                self.consumers[consumer.index()].member = still;
            }
            GroupFact::OffsetsDeleted { partitions } => {
                for partition in partitions {
                    state.committed[partition.index()] = None;
                }
            }
            GroupFact::Deleted => {
                (state.generation, state.modern, state.stable) = (0, None, false);
            }
            GroupFact::Preparing { .. } => state.stable = false,
            GroupFact::Generation { generation, .. } => {
                state.generation = *generation;
                state.given_twice.clear();
                state.modern = None;
            }
            GroupFact::Stable { .. } => state.stable = true,
            GroupFact::Epoch { epoch } => {
                state.generation = *epoch;
                state.stable = false;
                state.modern.get_or_insert_default();
            }
            GroupFact::Target { epoch, .. } => {
                state.stable = false;
                state.modern.get_or_insert_default().target = *epoch;
            }
            GroupFact::Member { consumer, member, epoch, state: at, partitions, revoking } => {
                let modern = state.modern.get_or_insert_default();
                let held = held(partitions, revoking);
                if let Some(before) = modern.members.get(member) {
                    let taking = self.consumers[consumer.index()].takes_over();
                    let disclaimed = before.disclaimed(&held, taking).map(|p| (p, *consumer));
                    modern.disclaimed.extend(disclaimed);
                }
                for &partition in partitions {
                    modern.disclaimed.remove(&(partition, *consumer));
                }
                modern.remove(member);
                modern.holders.extend(held.iter().map(|&partition| (partition, member.clone())));
                let revoking = revoking.clone();
                let now = ModernMember { epoch: *epoch, state: *at, held, revoking };
                modern.members.insert(member.clone(), now);
                state.stable = false;
                if *epoch < 0 {
                    modern.cut_off.insert(*consumer);
                }
            }
        }
    }

    /// A new coordinator knows only what the log told it.
    fn reload(&mut self, group: GroupId, generation: i32, members: &[(ConsumerId, Name)]) {
        let state = &mut self.groups[group.index()];
        for consumer in state.members.values() {
            self.consumers[consumer.index()].member = false;
        }
        state.members = members.iter().map(|(id, name)| (name.clone(), *id)).collect();
        for consumer in state.members.values() {
            self.consumers[consumer.index()].member = true;
        }
        if let Some(modern) = &mut state.modern {
            let gone = modern.members.keys().filter(|member| !state.members.contains_key(*member));
            for member in gone.cloned().collect::<Vec<Name>>() {
                modern.remove(&member);
            }
        }
        state.generation = generation;
        state.stable = state.modern.is_none() || state.is_reconciled();
    }
}

/// All that a member has in the coordinator's books, sorted.
pub(super) fn held(partitions: &[PartitionId], revoking: &[PartitionId]) -> Vec<PartitionId> {
    let mut held = [partitions, revoking].concat();
    held.sort_unstable();
    held
}
