//! Group coordinators and their partitions of `__consumer_offsets`.

use super::messages::MessageId;
use super::replication::Standing;
use super::{COORDINATOR, Event, World};
use crate::cluster::offsets_log::OffsetsLog;
use crate::coordinator::effect::{Effect, Note};
use crate::coordinator::shard::Shard;
use crate::kernel::time::{Instant, Span};
use crate::model::Name;
use crate::model::error::ErrorCode;
use crate::model::fact::{ConsumerFact, Fact, GroupFact};
use crate::model::id::{BrokerId, ConsumerId, GroupId, PartitionId};
use crate::model::message::{Request, RequestContext};
use crate::model::record::Record;
use crate::model::uuid::Uuid;
use std::collections::VecDeque;

/// The coordinator of one offsets partition.
#[derive(Debug)]
pub(super) struct Coordinator {
    /// The partition of `__consumer_offsets`.
    pub partition: u32,
    /// Who coordinates; nobody while the partition has no leader, or that one is dead.
    pub broker: Option<BrokerId>,
    pub shard: Shard,
    pub log: OffsetsLog,
    /// How its log stands.
    pub standing: Standing,
    /// What consumers committed and what tombstones took away that is not committed yet, each with
    /// the log's end after it.
    pub uncommitted: VecDeque<(u64, Fact)>,
    /// When the next batch is committed.
    pub commits_at: Instant,
    /// When it will have read its log.
    pub loading: Instant,
    /// When its next timer event is due.
    pub armed: Instant,
}

/// Who commits, as the request says.
pub(super) struct Committer {
    consumer: ConsumerId,
    generation: i32,
    member: Name,
}

/// The version of each API that a client of 4.3.1 speaks.
fn api_version(request: &Request) -> i16 {
    match request {
        Request::JoinGroup(_) | Request::OffsetCommit(_) | Request::OffsetFetch(_) => 9,
        Request::SyncGroup(_) | Request::LeaveGroup(_) => 5,
        Request::Heartbeat(_) => 4,
        _ => 1,
    }
}

impl World<'_> {
    /// A consumer asks its coordinator.
    pub(super) fn ask_coordinator(&mut self, id: MessageId, request: Request) {
        let Some(request) = self.without_unknown_topics(id, request) else { return };
        let message = self.messages.get(id);
        let (consumer, broker) = (message.consumer, message.connection.broker);
        let slot = &mut self.slots[consumer.index()];
        let row = self.coordinator_of[slot.group.index()];
        let context = RequestContext {
            api_version: api_version(&request),
            client_id: slot.name.clone(),
            client_host: self.client_host.clone(),
        };
        let committer = match &request {
            Request::OffsetCommit(commit) => Some(Committer {
                consumer,
                generation: commit.generation_id_or_member_epoch,
                member: commit.member_id.clone(),
            }),
            _ => None,
        };
        let ticket = self.messages.ticket(id);
        let mut effects = std::mem::take(&mut self.coordinator_effects);
        let uuids = &mut slot.uuids;
        let coordinator = &mut self.coordinators[row];
        let shard = match coordinator.broker {
            Some(here) if here == broker => &mut coordinator.shard,
            _ => &mut self.no_coordinator,
        };
        shard.handle(self.now, ticket, &context, request, &mut || Uuid(uuids.uuid()), &mut effects);
        self.perform(row, &mut effects, committer.as_ref());
        self.coordinator_effects = effects;
    }

    /// Timers of a coordinator are due.
    pub(super) fn coordinator_timer(&mut self, row: usize) {
        if !super::disarm(&mut self.coordinators[row].armed, self.now) {
            return;
        }
        let broker = self.coordinators[row].broker;
        if broker.is_none_or(|broker| !self.machine(broker).serves()) {
            return;
        }
        let mut effects = std::mem::take(&mut self.coordinator_effects);
        while self.coordinators[row].shard.on_timer(self.now, &mut effects) {
            self.perform(row, &mut effects, None);
        }
        self.arm_coordinator(row);
        self.coordinator_effects = effects;
    }

    /// Does what a coordinator asks, in order, and arms its next timer.
    pub(super) fn perform(
        &mut self,
        row: usize,
        effects: &mut Vec<Effect>,
        committer: Option<&Committer>,
    ) {
        let mut todo = std::mem::take(effects);
        // Under KIP-848 a member is gone when its removal is in the log.
        let mut removals: Vec<Note> = Vec::new();
        while !todo.is_empty() {
            for effect in todo.drain(..) {
                match effect {
                    Effect::Note(note) if self.removes_modern(&note) => removals.push(note),
                    Effect::Reply { ticket, response } => {
                        let id = self.messages.of_ticket(ticket);
                        self.respond(id, response);
                    }
                    Effect::Append { records } => {
                        for note in std::mem::take(&mut removals) {
                            if !self.refuses_records(row) {
                                self.note(note);
                            }
                        }
                        self.append(row, records, committer, effects);
                    }
                    Effect::Note(note) => self.note(note),
                }
            }
            std::mem::swap(&mut todo, effects);
        }
        self.arm_coordinator(row);
    }

    pub(super) fn arm_coordinator(&mut self, row: usize) {
        let coordinator = &mut self.coordinators[row];
        if let Some(deadline) = coordinator.shard.next_deadline()
            && deadline < coordinator.armed
        {
            coordinator.armed = deadline;
            let event = Event::CoordinatorTimer(row as u32);
            self.agenda.push(deadline.max(self.now), COORDINATOR, event);
        }
    }

    /// Whether the log takes no records: too few replicas are in sync.
    fn refuses_records(&self, row: usize) -> bool {
        matches!(self.coordinators[row].standing, Standing::TooFew | Standing::Leaderless)
    }

    fn removes_modern(&self, note: &Note) -> bool {
        let Note::MemberRemoved { group, .. } = note else { return false };
        self.trace.live.groups[self.group_named(group).index()].modern.is_some()
    }

    /// Records go into the log, if enough replicas are in sync, and are committed when those have
    /// them.
    fn append(
        &mut self,
        row: usize,
        records: Vec<Record>,
        committer: Option<&Committer>,
        effects: &mut Vec<Effect>,
    ) {
        let standing = self.coordinators[row].standing;
        if self.refuses_records(row) {
            let refused = Err(ErrorCode::NotEnoughReplicas);
            return self.coordinators[row].shard.appended(self.now, refused, effects);
        }
        let offsets: Vec<(PartitionId, u64)> =
            records.iter().filter_map(|record| self.committed_offset(record)).collect();
        self.tell_modern(&records);
        let (groups, gone) = self.tombstones(&records);
        for group in groups {
            self.tell(Fact::Group { group, what: GroupFact::Deleted });
        }
        let coordinator = &mut self.coordinators[row];
        let end = coordinator.log.append(self.now, records);
        if let Some(committer) = committer.filter(|_| !offsets.is_empty()) {
            let fact = Fact::Consumer {
                consumer: committer.consumer,
                what: ConsumerFact::Committed {
                    generation: committer.generation,
                    member: committer.member.clone(),
                    offsets,
                },
            };
            if let Err(violation) = self.trace.accept(self.now, &fact) {
                self.violation.get_or_insert(violation);
            }
            coordinator.uncommitted.push_back((end, fact));
        }
        coordinator.uncommitted.extend(gone.into_iter().map(|fact| (end, fact)));
        coordinator.shard.appended(self.now, Ok(end), effects);
        if let Standing::Flowing(Span::ZERO) = standing {
            coordinator.log.commit(self.now, Span::ZERO);
            self.committed_up_to(row, end, effects);
        } else {
            self.commit_later(row);
        }
    }

    /// The in-sync replicas have everything up to `end`.
    pub(super) fn committed_up_to(&mut self, row: usize, end: u64, effects: &mut Vec<Effect>) {
        while let Some((_, fact)) =
            self.coordinators[row].uncommitted.pop_front_if(|(at, _)| *at <= end)
        {
            self.tell(fact);
        }
        self.coordinators[row].shard.committed(self.now, end, effects);
    }

    fn committed_offset(&self, record: &Record) -> Option<(PartitionId, u64)> {
        let Record::OffsetCommit { key, value: Some(value), .. } = record else { return None };
        let partition = self.partition_named(&key.topic, key.partition)?;
        Some((partition, u64::try_from(value.offset).ok()?))
    }

    /// The partition of this topic and index.
    pub(super) fn partition_named(&self, topic: &str, index: u32) -> Option<PartitionId> {
        let topic = self.topic_named(topic)?;
        self.topics.partitions(topic).get(index as usize).copied()
    }

    /// Who is behind a member id. A coordinator that has read an old log knows members again that
    /// another one had removed.
    pub(super) fn consumer_of(&self, group: &Name, member: &Name) -> ConsumerId {
        self.members[self.group_named(group).index()][member]
    }

    pub(super) fn group_named(&self, name: &Name) -> GroupId {
        let position = self.scenario.groups.iter().position(|group| *group.name == **name);
        GroupId::new(position.expect("coordinators know only the scenario's groups"))
    }

    fn note(&mut self, note: Note) {
        let (group, what) = match note {
            Note::Preparing { group, reason } => (group, GroupFact::Preparing { reason }),
            Note::Generation { group, generation, protocol, leader, members } => {
                let leader = leader.map(|member| self.consumer_of(&group, &member));
                let members = members.iter().map(|member| self.consumer_of(&group, member));
                let members = members.collect();
                (group, GroupFact::Generation { generation, protocol, leader, members })
            }
            Note::Stable { group, generation } => (group, GroupFact::Stable { generation }),
            Note::MemberAdded { group, member, client_id } => {
                let consumer = self.by_name[&*client_id];
                (group, GroupFact::MemberAdded { consumer, member })
            }
            Note::MemberRemoved { group, member, reason } => {
                let consumer = self.consumer_of(&group, &member);
                (group, GroupFact::MemberRemoved { consumer, member, reason })
            }
        };
        let group = self.group_named(&group);
        self.tell_group(group, what);
    }

    /// Tells what a coordinator did, and remembers who is behind a new member id.
    pub(super) fn tell_group(&mut self, group: GroupId, what: GroupFact) {
        if let GroupFact::MemberAdded { consumer, member } = &what {
            self.members[group.index()].insert(member.clone(), *consumer);
        }
        self.tell(Fact::Group { group, what });
    }
}
