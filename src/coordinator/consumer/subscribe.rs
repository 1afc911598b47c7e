//! Who a heartbeat speaks for: a member that the group knows, a new one, or a static one that
//! takes the place of another (kafka-semantics 4.3, 4.7).

use super::heartbeat::Heartbeat;
use super::member::Member;
use super::outcome::Outcome;
use super::{record, validate};
use crate::model::Name;
use crate::model::error::ErrorCode;
use crate::model::message::consumer_group::{JOIN_EPOCH, LEAVE_STATIC_EPOCH};
use std::sync::Arc;

impl Heartbeat<'_> {
    /// The member as it is before the heartbeat.
    pub(super) fn member(&self, id: &Name, out: &mut Outcome) -> Result<Arc<Member>, ErrorCode> {
        match &self.request.instance_id {
            None => self.dynamic_member(id),
            Some(instance) => self.static_member(id, instance, out),
        }
    }

    fn joins(&self) -> bool {
        self.request.member_epoch == JOIN_EPOCH
    }

    fn validate_epoch(&self, member: &Member) -> Result<(), ErrorCode> {
        if self.is_classic {
            return Ok(());
        }
        validate::epoch(member, self.request.member_epoch, self.owned())
    }

    fn dynamic_member(&self, id: &Name) -> Result<Arc<Member>, ErrorCode> {
        match self.group.member(id) {
            Some(member) => {
                self.validate_epoch(member)?;
                Ok(member.clone())
            }
            None if self.joins() => Ok(Arc::new(Member::new(id.clone()))),
            None => Err(ErrorCode::UnknownMemberId),
        }
    }

    fn static_member(
        &self,
        id: &Name,
        instance: &Name,
        out: &mut Outcome,
    ) -> Result<Arc<Member>, ErrorCode> {
        let Some(known) = self.group.static_member_id(Some(instance)) else {
            if !self.joins() {
                return Err(ErrorCode::UnknownMemberId);
            }
            let known = self.group.member(id).cloned();
            return Ok(known.unwrap_or_else(|| Arc::new(Member::new(id.clone()))));
        };
        let member = self.group.member(known).ok_or(ErrorCode::UnknownMemberId)?;
        if !self.joins() {
            if member.id != *id {
                return Err(ErrorCode::FencedInstanceId);
            }
            self.validate_epoch(member)?;
            return Ok(member.clone());
        }
        // Only a member that has said that it leaves for a while can be replaced, also by itself;
        // but the classic protocol has no such word.
        let both_new = !self.is_classic && member.classic.is_none();
        if both_new && member.epoch != LEAVE_STATIC_EPOCH {
            return Err(ErrorCode::UnreleasedInstanceId);
        }
        let new = Member { id: id.clone(), epoch: 0, previous_epoch: 0, ..(**member).clone() };
        self.replace(member, &new, out);
        Ok(Arc::new(new))
    }

    /// Puts `new` in the place of `old`, with its target. The old one's timers run on: they find
    /// nobody, or, if these records are lost, the old one.
    fn replace(&self, old: &Member, new: &Member, out: &mut Outcome) {
        let group = &self.group.id;
        out.records.extend(record::no_member(group, &old.id));
        out.records.push(record::member(group, new));
        out.records.push(record::target(group, &new.id, &self.group.targets.of(&old.id)));
        out.records.push(record::current(group, new));
    }
}
