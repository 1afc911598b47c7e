//! Static members: the same instance comes back under a new member id (kafka-semantics 3.4).

use super::group::{ClassicGroup, Context};
use super::join::Join;
use super::state::GroupState;
use crate::coordinator::effect::Note;
use crate::coordinator::write::{StaticReplacement, Then, Write};
use crate::model::Name;
use crate::model::error::ErrorCode;
use crate::model::fact::{RebalanceReason, RemovalReason};
use crate::model::message::group::{JoinGroupResponse, SyncGroupResponse};
use std::collections::BTreeMap;

/// From this version on a returning leader may be told to leave the assignment alone (KIP-814).
const SKIP_ASSIGNMENT_VERSION: i16 = 9;

impl ClassicGroup {
    /// An instance that the group knows as `old` joins without a member id: `new` takes its place.
    pub(super) fn replace_static(
        &mut self,
        join: Join,
        old: &Name,
        new: &Name,
        cx: &mut Context,
    ) -> Result<Write, ErrorCode> {
        let old_leader = self.leader.clone();
        let instance = join.request.group_instance_id.clone().expect("a static member");
        self.rename_static(&instance, old, new, cx);
        cx.note(Note::MemberRemoved {
            group: self.id.clone(),
            member: old.clone(),
            reason: RemovalReason::Replaced,
        });
        let client_id = join.client.client_id.clone();
        cx.note(Note::MemberAdded { group: self.id.clone(), member: new.clone(), client_id });
        let before = self.members.get(new).expect("just added").clone();
        let timeouts = (join.request.rebalance_timeout_ms, join.request.session_timeout_ms);
        self.update_member(new, join.request.protocols, timeouts, Some(join.ticket));
        let selected = Some(self.select_protocol().ok_or(ErrorCode::UnknownServerError)?);
        match self.state() {
            GroupState::Stable if selected == self.protocol => {
                let assignment: BTreeMap<_, _> =
                    self.members.values().map(|m| (m.id.clone(), m.assignment.clone())).collect();
                let record = self.metadata_record(&assignment)?;
                let then = Then::ReplaceStatic(Box::new(StaticReplacement {
                    group: self.id.clone(),
                    instance,
                    old_member: old.clone(),
                    new_member: new.clone(),
                    old_leader,
                    ticket: join.ticket,
                    supports_skipping: join.client.api_version >= SKIP_ASSIGNMENT_VERSION,
                    old_protocols: before.protocols,
                    old_rebalance_timeout_ms: before.rebalance_timeout_ms,
                    old_session_timeout_ms: before.session_timeout_ms,
                }));
                Ok(Write { records: vec![record], then, ..Write::default() })
            }
            GroupState::Stable => {
                self.rebalance_or_complete_join(RebalanceReason::MemberRejoined, cx)
            }
            // The leader may already be assigning to the old id.
            GroupState::CompletingRebalance => {
                self.prepare_rebalance(RebalanceReason::MemberRejoined, cx)
            }
            GroupState::PreparingRebalance => self.maybe_complete_join(cx),
            GroupState::Empty | GroupState::Dead => Err(ErrorCode::UnknownServerError),
        }
    }

    /// Gives a static member another id. Whoever still uses the old one is fenced.
    fn rename_static(&mut self, instance: &Name, old: &Name, new: &Name, cx: &mut Context) {
        let error_code = ErrorCode::FencedInstanceId;
        let join = JoinGroupResponse {
            error_code,
            member_id: old.clone(),
            protocol_name: None,
            ..JoinGroupResponse::default()
        };
        self.complete_join(old, join, cx);
        let sync = SyncGroupResponse { error_code, ..SyncGroupResponse::default() };
        self.complete_sync(old, sync, cx);
        let mut member = self.members.remove(old).expect("a member");
        member.id = new.clone();
        member.is_new = false;
        self.members.put(new.clone(), member);
        if self.is_leader(old) {
            self.leader = Some(new.clone());
        }
        self.static_members.insert(instance.clone(), new.clone());
        // The old id's session ends without effect: nobody has that id any more.
        self.restart_session(new, cx);
    }

    /// The record with the new id is committed: answer the join without a rebalance. If it is
    /// lost, the old id comes back.
    pub(in crate::coordinator) fn finish_replacement(
        &mut self,
        replacement: StaticReplacement,
        written: Result<(), ErrorCode>,
        cx: &mut Context,
    ) {
        let r = replacement;
        let old_leader = r.old_leader.unwrap_or_else(|| "".into());
        if let Err(code) = written {
            let timeouts = (r.old_rebalance_timeout_ms, r.old_session_timeout_ms);
            self.update_member(&r.new_member, r.old_protocols, timeouts, None);
            self.rename_static(&r.instance, &r.new_member, &r.old_member, cx);
            let response = JoinGroupResponse {
                error_code: code.of_failed_write(),
                leader: old_leader,
                ..self.join_response(&"".into())
            };
            return cx.reply(r.ticket, response);
        }
        let mut response = self.join_response(&r.new_member);
        if r.supports_skipping {
            response.skip_assignment = self.is_leader(&r.new_member);
            if response.skip_assignment {
                // Once another rebalance has begun, Kafka fails to list the members and says nothing:
                // the join waits for the end of that rebalance.
                let listed =
                    !matches!(self.state(), GroupState::PreparingRebalance | GroupState::Dead);
                let Some(members) = self.members_for_leader().ok().filter(|_| listed) else {
                    return;
                };
                response.members = members;
            }
        } else {
            // An old client must not believe that it leads, or it would assign.
            response.leader = old_leader;
        }
        self.complete_join(&r.new_member, response, cx);
    }
}
