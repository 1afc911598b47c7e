//! A classic group becomes a consumer group because a member of the new protocol joins it
//! (`GroupMetadataManager.convertToConsumerGroup`, `ConsumerGroup.fromClassicGroup`).

use crate::assignor::server::{Partitions, Target};
use crate::coordinator::classic::group::{ClassicGroup, Context};
use crate::coordinator::config::CoordinatorConfig;
use crate::coordinator::consumer::group::ConsumerGroup;
use crate::coordinator::consumer::member::Member;
use crate::coordinator::consumer::outcome::{Outcome, Timer};
use crate::coordinator::consumer::record;
use crate::coordinator::image::TopicImage;
use crate::coordinator::modern::partitions::Owned;
use crate::kernel::java_map::{JavaMap, JavaSet};
use crate::model::consumer_protocol::ProtocolBytes;
use crate::model::error::ErrorCode;
use crate::model::message::group::{JoinGroupResponse, SyncGroupResponse};
use crate::model::record::consumer::ClassicMemberValue;
use crate::model::uuid::Uuid;
use std::sync::Arc;

impl ClassicGroup {
    /// Whether the group may become a consumer group.
    pub(in crate::coordinator::consumer) fn may_upgrade(&self, config: &CoordinatorConfig) -> bool {
        config.migration_policy.allows_upgrade()
            && self.uses_consumer_protocol()
            && self.members.len() <= config.consumer_group_max_size
    }

    /// Everybody who waits hears that there is another rebalance.
    pub(in crate::coordinator::consumer) fn send_back(&mut self, cx: &mut Context) {
        let error_code = ErrorCode::RebalanceInProgress;
        for id in self.member_ids() {
            let member_id = id.clone();
            let join = JoinGroupResponse { error_code, member_id, ..JoinGroupResponse::default() };
            self.complete_join(&id, join, cx);
        }
        for id in self.member_ids() {
            let sync = SyncGroupResponse { error_code, ..SyncGroupResponse::default() };
            self.complete_sync(&id, sync, cx);
        }
    }

    /// The consumer group with the same members, who speak the classic protocol as before.
    pub(in crate::coordinator::consumer) fn upgrade(
        &self,
        image: &TopicImage,
        out: &mut Outcome,
    ) -> Result<ConsumerGroup, ErrorCode> {
        out.records.push(self.tombstone());
        let mut group = ConsumerGroup::new(self.id.clone());
        group.epoch = self.generation;
        group.targets.epoch = self.generation;
        for member in self.members.values() {
            let target = target(&member.assignment, image)?;
            let protocol = self.protocol.as_ref().ok_or(ErrorCode::UnknownServerError)?;
            let metadata = member.metadata(protocol).ok_or(ErrorCode::UnknownServerError)?;
            let ProtocolBytes::Subscription(subscription) = metadata else {
                return Err(ErrorCode::GroupIdNotFound);
            };
            let new = Member {
                epoch: self.generation,
                previous_epoch: self.generation,
                instance: member.instance.clone(),
                rack: subscription.rack_id.clone().filter(|rack| !rack.is_empty()),
                rebalance_timeout_ms: member.rebalance_timeout_ms,
                client_id: member.client_id.clone(),
                client_host: member.client_host.clone(),
                topics: subscription.topics.as_slice().into(),
                assigned: Arc::new(owned(&target, self.generation)),
                classic: Some(Arc::new(ClassicMemberValue {
                    session_timeout_ms: member.session_timeout_ms,
                    supported_protocols: member.protocols.clone(),
                })),
                ..Member::new(member.id.clone())
            };
            group.targets.by_member.put(new.id.clone(), Arc::new(target));
            group.put_member(&Arc::new(new));
        }
        group.metadata_hash = image.hash_of(group.counts.topics());
        group.create(out);
        Ok(group)
    }
}

/// What a classic assignment names of topics that exist, in the order of Kafka's maps, which the
/// next assignment follows.
fn target(assignment: &ProtocolBytes, image: &TopicImage) -> Result<Target, ErrorCode> {
    let assignment = match assignment {
        ProtocolBytes::Empty => return Ok(Target::new()),
        ProtocolBytes::Assignment(assignment) => assignment,
        _ => return Err(ErrorCode::GroupIdNotFound),
    };
    // An assignor of the members' own would lose what it keeps there.
    if assignment.user_data.as_ref().is_some_and(|data| !data.b64.is_empty()) {
        return Err(ErrorCode::GroupIdNotFound);
    }
    let mut topics: JavaMap<Uuid, JavaSet<u32>> = JavaMap::new();
    for part in &assignment.assigned_partitions {
        if let Some(topic) = image.by_name(&part.topic) {
            topics.put(topic.id, JavaSet::of_collection(part.partitions.clone()));
        }
    }
    let partitions = |(&topic, set): (&Uuid, &JavaSet<u32>)| Partitions {
        topic,
        partitions: set.keys().copied().collect(),
    };
    Ok(topics.iter().map(partitions).collect())
}

/// All of it, as of this generation.
fn owned(target: &Target, generation: i32) -> Owned {
    let epochs = |part: &Partitions| part.partitions.iter().map(|&p| (p, generation)).collect();
    target.iter().map(|part| (part.topic, epochs(part))).collect()
}

impl ConsumerGroup {
    /// Everything about the group as records, and sessions for its members.
    fn create(&self, out: &mut Outcome) {
        let members = || self.members.values();
        out.records.extend(members().map(|member| record::member(&self.id, member)));
        out.records.push(record::epoch(&self.id, self.epoch, self.metadata_hash));
        let target = |m: &Arc<Member>| record::target(&self.id, &m.id, &self.targets.of(&m.id));
        out.records.extend(members().map(target));
        let (epoch, timestamp_ms) = (self.targets.epoch, self.targets.timestamp_ms);
        out.records.push(record::target_epoch(&self.id, epoch, timestamp_ms));
        out.records.extend(members().map(|member| record::current(&self.id, member)));
        for member in members() {
            if let Some(classic) = &member.classic {
                let (member, timeout_ms) = (member.id.clone(), classic.session_timeout_ms);
                out.timers.push(Timer::ClassicSession { member, timeout_ms });
            }
        }
    }
}
