//! A member of a consumer group (`ConsumerGroupMember`).

use super::state::MemberState;
use crate::coordinator::modern::partitions::Owned;
use crate::coordinator::modern::subscriptions::is_same_set;
use crate::model::Name;
use crate::model::message::RequestContext;
use crate::model::message::consumer_group::ConsumerGroupHeartbeatRequest;
use crate::model::record::consumer::ClassicMemberValue;
use std::sync::Arc;

/// A member as records describe it; it is never changed, but replaced.
#[derive(Clone, Debug)]
pub(in crate::coordinator) struct Member {
    /// Its id.
    pub id: Name,
    /// Its epoch: 0 until its first reconciliation, −2 while a static member is away.
    pub epoch: i32,
    /// Its epoch before, which it may still use if it has not heard of the new one.
    pub previous_epoch: i32,
    /// How far it is.
    pub state: MemberState,
    /// `group.instance.id` of a static member.
    pub instance: Option<Name>,
    /// `client.rack`
    pub rack: Option<Name>,
    /// How long it may take to give up partitions (ms).
    pub rebalance_timeout_ms: i32,
    /// `client.id`
    pub client_id: Name,
    /// Where it is.
    pub client_host: Name,
    /// Topics that it names: a set, in the order in which Java's was filled.
    pub topics: Arc<[Name]>,
    /// Its regular expression; empty: none.
    pub regex: Name,
    /// The assignor that it wants.
    pub assignor: Option<Name>,
    /// What it owns.
    pub assigned: Arc<Owned>,
    /// What it has to give up.
    pub revoking: Arc<Owned>,
    /// What it says besides if it speaks the classic protocol.
    pub classic: Option<Arc<ClassicMemberValue>>,
}

impl Member {
    /// A member that has said nothing yet.
    pub(super) fn new(id: Name) -> Self {
        Member {
            id,
            epoch: 0,
            previous_epoch: -1,
            state: MemberState::Stable,
            instance: None,
            rack: None,
            rebalance_timeout_ms: -1,
            client_id: "".into(),
            client_host: "".into(),
            topics: Arc::default(),
            regex: "".into(),
            assignor: None,
            assigned: Arc::default(),
            revoking: Arc::default(),
            classic: None,
        }
    }

    /// Its regular expression.
    pub(super) fn regex(&self) -> Option<&Name> {
        Some(&self.regex).filter(|regex| !regex.is_empty())
    }

    /// Whether it has arrived at the target of this epoch.
    pub(super) fn is_reconciled_to(&self, target_epoch: i32) -> bool {
        self.state == MemberState::Stable && self.epoch == target_epoch
    }

    /// Moves to an epoch, which may be the present one.
    pub(super) fn enter_epoch(&mut self, epoch: i32) {
        self.previous_epoch = self.epoch;
        self.epoch = epoch;
    }

    /// What it says about itself after a heartbeat; `None`: the same as before.
    pub(super) fn updated(
        &self,
        request: &ConsumerGroupHeartbeatRequest,
        client: &RequestContext,
    ) -> Option<Member> {
        let r = request;
        let differs = |new: &Option<Name>, old: &Option<Name>| new.is_some() && new != old;
        let topics = r.subscribed_topic_names.as_deref();
        let changes = self.classic.is_some()
            || differs(&r.instance_id, &self.instance)
            || differs(&r.rack_id, &self.rack)
            || differs(&r.server_assignor, &self.assignor)
            || r.subscribed_topic_regex.as_ref().is_some_and(|regex| *regex != self.regex)
            || (r.rebalance_timeout_ms != -1
                && r.rebalance_timeout_ms != self.rebalance_timeout_ms)
            || client.client_id != self.client_id
            || client.client_host != self.client_host
            || topics.is_some_and(|topics| *topics != *self.topics);
        if !changes {
            return None;
        }
        let mut member = self.clone();
        let set = |new: &Option<Name>, old: &mut Option<Name>| {
            if new.is_some() {
                old.clone_from(new);
            }
        };
        set(&r.instance_id, &mut member.instance);
        set(&r.rack_id, &mut member.rack);
        set(&r.server_assignor, &mut member.assignor);
        if let Some(regex) = &r.subscribed_topic_regex {
            member.regex = regex.clone();
        }
        if r.rebalance_timeout_ms != -1 {
            member.rebalance_timeout_ms = r.rebalance_timeout_ms;
        }
        member.classic = None;
        member.client_id = client.client_id.clone();
        member.client_host = client.client_host.clone();
        if let Some(topics) = topics {
            member.topics = topics.into();
        }
        Some(member)
    }

    /// Whether both say the same about themselves: their records would be equal.
    pub(super) fn says_the_same(&self, other: &Member) -> bool {
        self.instance == other.instance
            && self.rack == other.rack
            && self.assignor == other.assignor
            && self.regex == other.regex
            && self.rebalance_timeout_ms == other.rebalance_timeout_ms
            && self.client_id == other.client_id
            && self.client_host == other.client_host
            && self.classic == other.classic
            && is_same_set(&self.topics, &other.topics)
    }

    /// Whether both own the same and are equally far.
    pub(super) fn stands_the_same(&self, other: &Member) -> bool {
        self.epoch == other.epoch
            && self.previous_epoch == other.previous_epoch
            && self.state == other.state
            && self.assigned == other.assigned
            && self.revoking == other.revoking
    }
}
