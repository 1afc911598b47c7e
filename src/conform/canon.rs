//! What may differ between Kafka and this build without harm, brought into one form: the order of
//! sets.

use super::dialogue::{Observation, Observed};
use crate::model::consumer_protocol::ProtocolBytes;
use crate::model::message::Response;
use crate::model::message::assignment::{NamedTopicPartitions, TopicPartitions};
use crate::model::record::Record;
use crate::model::record::consumer::EpochPartitions;

/// An observation in canonical form. Only where a group may be one under KIP-848 does the broker
/// make assignments of classic members, in the order of its maps (`modern`); that of a leader's
/// assignment is exact.
pub(super) fn canonical(mut observation: Observation, modern: bool) -> Observation {
    match &mut observation.what {
        Observed::Reply { response, .. } => {
            if modern {
                sort_classic_assignments(response);
            }
            canonical_response(response);
        }
        Observed::Records(records) => {
            for record in records.iter_mut() {
                if let Record::GroupMetadata { value: Some(value), .. } = record
                    && modern
                {
                    let members = value.members.iter_mut();
                    members.for_each(|member| sort_classic(&mut member.assignment));
                }
                canonical_record(record);
            }
            sort_leavers(records);
        }
        Observed::Snapshots { .. } | Observed::State(_) => {}
    }
    observation
}

fn sort_classic_assignments(response: &mut Response) {
    match response {
        Response::SyncGroup(response) => sort_classic(&mut response.assignment),
        Response::DescribeGroups(groups) => {
            for member in groups.iter_mut().flat_map(|group| &mut group.members) {
                sort_classic(&mut member.member_assignment);
            }
        }
        _ => {}
    }
}

fn canonical_record(record: &mut Record) {
    match record {
        Record::ConsumerGroupTargetAssignmentMember { value: Some(value), .. }
        | Record::ShareGroupTargetAssignmentMember { value: Some(value), .. } => {
            sort(&mut value.topic_partitions);
        }
        Record::ConsumerGroupCurrentMemberAssignment { value: Some(value), .. } => {
            sort_epochs(&mut value.assigned_partitions);
            sort_epochs(&mut value.partitions_pending_revocation);
        }
        Record::ShareGroupCurrentMemberAssignment { value: Some(value), .. } => {
            sort(&mut value.assigned_partitions);
        }
        Record::ShareGroupStatePartitionMetadata { value: Some(value), .. } => {
            sort_named(&mut value.initializing_topics);
            sort_named(&mut value.initialized_topics);
            sort_named(&mut value.deleting_topics);
        }
        _ => {}
    }
}

/// Members that leave together stand in a set that goes by the address of an enum: any order is
/// Kafka's. Each is three tombstones.
fn sort_leavers(records: &mut [Record]) {
    let leaver = |records: &[Record]| match records {
        [
            Record::ConsumerGroupCurrentMemberAssignment { key, value: None },
            Record::ConsumerGroupTargetAssignmentMember { value: None, .. },
            Record::ConsumerGroupMemberMetadata { value: None, .. },
            ..,
        ] => Some(key.member_id.clone()),
        _ => None,
    };
    let mut ids = Vec::new();
    while let Some(id) = records.get(3 * ids.len()..).and_then(leaver) {
        ids.push(id);
    }
    let (leavers, _) = records.split_at_mut(3 * ids.len());
    let mut triples: Vec<Vec<Record>> = leavers.chunks(3).map(<[Record]>::to_vec).collect();
    triples.sort_by_cached_key(|triple| leaver(triple));
    for (place, record) in leavers.iter_mut().zip(triples.into_iter().flatten()) {
        *place = record;
    }
}

fn sort(topics: &mut [TopicPartitions]) {
    for topic in &mut *topics {
        topic.partitions.sort_unstable();
    }
    topics.sort_unstable();
}

fn sort_classic(assignment: &mut ProtocolBytes) {
    if let ProtocolBytes::Assignment(assignment) = assignment {
        for topic in &mut assignment.assigned_partitions {
            topic.partitions.sort_unstable();
        }
        assignment.assigned_partitions.sort_by(|a, b| a.topic.cmp(&b.topic));
    }
}

fn sort_named(topics: &mut [NamedTopicPartitions]) {
    for topic in &mut *topics {
        topic.partitions.sort_unstable();
    }
    topics.sort_unstable();
}

fn sort_epochs(topics: &mut [EpochPartitions]) {
    for topic in &mut *topics {
        let epochs = topic.partitions.iter().zip(&topic.assignment_epochs);
        let mut pairs: Vec<(u32, i32)> = epochs.map(|(&p, &epoch)| (p, epoch)).collect();
        pairs.sort_unstable();
        (topic.partitions, topic.assignment_epochs) = pairs.into_iter().unzip();
    }
    topics.sort_unstable();
}

fn canonical_response(response: &mut Response) {
    match response {
        Response::ConsumerGroupHeartbeat(response) => {
            if let Some(assignment) = &mut response.assignment {
                sort(&mut assignment.topic_partitions);
            }
        }
        // Of a refused fetch the coordinator says no more than the error; the request layer adds
        // the group.
        Response::OffsetFetch(response) if !response.error_code.is_none() => {
            response.group_id = "".into();
        }
        Response::ConsumerGroupDescribe(groups) => {
            for member in groups.iter_mut().flat_map(|group| &mut group.members) {
                for owned in [&mut member.assignment, &mut member.target_assignment] {
                    sort_named(&mut owned.topic_partitions);
                }
            }
        }
        Response::ShareGroupHeartbeat(response) => {
            if let Some(assignment) = &mut response.assignment {
                sort(&mut assignment.topic_partitions);
            }
        }
        Response::ShareGroupDescribe(groups) => {
            for member in groups.iter_mut().flat_map(|group| &mut group.members) {
                sort_named(&mut member.assignment.topic_partitions);
            }
        }
        _ => {}
    }
}
