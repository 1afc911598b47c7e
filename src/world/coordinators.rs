//! Group coordinators and their partitions of `__consumer_offsets`.

use super::messages::MessageId;
use super::{COORDINATOR, Event, World};
use crate::coordinator::effect::{Effect, Note};
use crate::coordinator::shard::Shard;
use crate::kernel::time::Instant;
use crate::model::Name;
use crate::model::fact::{ConsumerFact, Fact, GroupFact};
use crate::model::id::{BrokerId, ConsumerId, GroupId, PartitionId};
use crate::model::message::{Request, RequestContext};
use crate::model::record::Record;
use crate::model::uuid::Uuid;

/// The coordinator of one offsets partition.
#[derive(Debug)]
pub(super) struct Coordinator {
    /// The partition of `__consumer_offsets`.
    pub partition: u32,
    /// Its leader.
    pub broker: BrokerId,
    pub shard: Shard,
    /// One beyond the last record in the partition's log.
    pub log_end: u64,
    /// When its next timer event is due.
    pub armed: Instant,
}

/// Who commits, as the request says.
struct Committer {
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
        let consumer = self.messages.get(id).consumer;
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
        let mut effects = std::mem::take(&mut self.coordinator_effects);
        let uuids = &mut slot.uuids;
        self.coordinators[row].shard.handle(
            self.now,
            u64::from(id.0),
            &context,
            request,
            &mut || Uuid(uuids.uuid()),
            &mut effects,
        );
        self.perform(row, &mut effects, committer.as_ref());
        self.coordinator_effects = effects;
    }

    /// Timers of a coordinator are due.
    pub(super) fn coordinator_timer(&mut self, row: usize) {
        if !super::disarm(&mut self.coordinators[row].armed, self.now) {
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
    fn perform(&mut self, row: usize, effects: &mut Vec<Effect>, committer: Option<&Committer>) {
        let mut todo = std::mem::take(effects);
        while !todo.is_empty() {
            for effect in todo.drain(..) {
                match effect {
                    Effect::Reply { ticket, response } => {
                        self.respond(MessageId(ticket as u32), response);
                    }
                    Effect::Append { records } => self.append(row, &records, committer, effects),
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

    /// Records go into the log, and are committed at once: every replica has them.
    fn append(
        &mut self,
        row: usize,
        records: &[Record],
        committer: Option<&Committer>,
        effects: &mut Vec<Effect>,
    ) {
        let offsets: Vec<(PartitionId, u64)> =
            records.iter().filter_map(|record| self.committed_offset(record)).collect();
        if let Some(committer) = committer.filter(|_| !offsets.is_empty()) {
            self.tell(Fact::Consumer {
                consumer: committer.consumer,
                what: ConsumerFact::Committed {
                    generation: committer.generation,
                    member: committer.member.clone(),
                    offsets,
                },
            });
        }
        self.tell_modern(records);
        let coordinator = &mut self.coordinators[row];
        coordinator.log_end += records.len() as u64;
        coordinator.shard.appended(self.now, Ok(coordinator.log_end), effects);
        coordinator.shard.committed(self.now, coordinator.log_end, effects);
    }

    fn committed_offset(&self, record: &Record) -> Option<(PartitionId, u64)> {
        let Record::OffsetCommit { key, value: Some(value), .. } = record else { return None };
        let topic = self.topics.by_name(&key.topic)?;
        let partition = *self.topics.partitions(topic).get(key.partition as usize)?;
        Some((partition, u64::try_from(value.offset).ok()?))
    }

    /// Who is behind a member id: the trace was told when the member was added.
    pub(super) fn consumer_of(&self, group: &Name, member: &Name) -> ConsumerId {
        self.trace.live.groups[self.group_named(group).index()].members[member]
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
        self.tell(Fact::Group { group, what });
    }
}
