//! A classic group as a record of the log, and back (kafka-semantics 3.15, 7.2).

use super::group::ClassicGroup;
use super::member::Member;
use super::state::GroupState;
use crate::model::Name;
use crate::model::consumer_protocol::ProtocolBytes;
use crate::model::error::ErrorCode;
use crate::model::message::group::JoinGroupProtocol;
use crate::model::record::{GroupKey, GroupMetadataValue, MemberMetadata, Record};
use std::collections::BTreeMap;

impl ClassicGroup {
    fn record(&self, value: GroupMetadataValue) -> Record {
        let current_state_timestamp = self.state_timestamp_ms.unwrap_or(-1);
        let value = Some(GroupMetadataValue { current_state_timestamp, ..value });
        Record::GroupMetadata { key: GroupKey { group: self.id.clone() }, value }
    }

    /// The group with its members and this assignment.
    pub(super) fn metadata_record(
        &self,
        assignment: &BTreeMap<Name, ProtocolBytes>,
    ) -> Result<Record, ErrorCode> {
        let members = self.members.values().map(|member| {
            Some(MemberMetadata {
                member_id: member.id.clone(),
                group_instance_id: member.instance.clone(),
                client_id: member.client_id.clone(),
                client_host: member.client_host.clone(),
                rebalance_timeout: member.rebalance_timeout_ms,
                session_timeout: member.session_timeout_ms,
                subscription: member.metadata(self.protocol.as_deref()?)?.clone(),
                assignment: assignment.get(&member.id)?.clone(),
            })
        });
        Ok(self.record(GroupMetadataValue {
            protocol_type: self.protocol_type.clone().unwrap_or_else(|| "".into()),
            generation: self.generation,
            protocol: self.protocol.clone(),
            leader: self.leader.clone(),
            members: members.collect::<Option<_>>().ok_or(ErrorCode::UnknownServerError)?,
            ..GroupMetadataValue::default()
        }))
    }

    /// A group that has just come into being.
    pub(in crate::coordinator) fn creation_record(&self) -> Record {
        let value = GroupMetadataValue { protocol: None, leader: None, ..Default::default() };
        self.record(value)
    }

    /// The group is gone.
    pub(in crate::coordinator) fn tombstone(&self) -> Record {
        Record::GroupMetadata { key: GroupKey { group: self.id.clone() }, value: None }
    }

    /// The group that a record describes: stable with its members, or empty without.
    pub(in crate::coordinator) fn from_record(id: Name, value: GroupMetadataValue) -> Self {
        let mut group = ClassicGroup::new(id, 0);
        group.generation = value.generation;
        group.protocol_type = Some(value.protocol_type.clone()).filter(|t| !t.is_empty());
        group.leader = value.leader;
        let timestamp = Some(value.current_state_timestamp).filter(|&t| t != -1);
        let state = if value.members.is_empty() { GroupState::Empty } else { GroupState::Stable };
        let protocol = value.protocol.clone().unwrap_or_else(|| "".into());
        for member in value.members {
            let rebalance_timeout_ms = match member.rebalance_timeout {
                -1 => member.session_timeout,
                timeout => timeout,
            };
            let metadata = member.subscription;
            let member = Member {
                id: member.member_id,
                instance: member.group_instance_id,
                client_id: member.client_id,
                client_host: member.client_host,
                rebalance_timeout_ms,
                session_timeout_ms: member.session_timeout,
                protocols: vec![JoinGroupProtocol { name: protocol.clone(), metadata }],
                assignment: member.assignment,
                awaiting_join: None,
                awaiting_sync: None,
                is_new: false,
            };
            group.add(member, value.protocol_type.clone());
        }
        group.protocol = value.protocol;
        group.restore_state(state, timestamp);
        group.subscribed_topics = group.compute_subscribed_topics().unwrap_or_default();
        group
    }
}
