//! What the leader of a group does: it asks the strategy that the coordinator selected, and sends
//! everybody's part with its `SyncGroup` (`ConsumerCoordinator.onLeaderElected`).

use super::member::{FailedJoin, Generation};
use crate::assignor::{Answer, AssignError, List, Member, Question, Topic};
use crate::client::consumer::Consumer;
use crate::client::effect::{Assigning, Effect, Note};
use crate::kernel::time::Instant;
use crate::model::Name;
use crate::model::consumer_protocol::{Assignment, ProtocolBytes, TopicPartitions};
use crate::model::error::ErrorCode;
use crate::model::fact::Failure;
use crate::model::id::PartitionId;
use crate::model::message::cluster::TopicMetadata;
use crate::model::message::group::{JoinGroupResponseMember, SyncGroupAssignment};
use std::collections::{BTreeMap, BTreeSet};

/// The strategy whose answers `ConsumerCoordinator` trusts.
const TRUSTED: &str = "cooperative-sticky";

impl Consumer {
    /// Asks who gets what.
    pub(super) fn ask_strategy(
        &mut self,
        generation: Generation,
        members: &[JoinGroupResponseMember],
        out: &mut Vec<Effect>,
    ) {
        let name = generation.protocol.as_deref().unwrap_or_default();
        let Some(offer) = self.offers.by_name(name) else {
            return self.fail_join(FailedJoin::Fatal(ErrorCode::InconsistentGroupProtocol));
        };
        let (strategy, seen) = (offer.strategy.clone(), offer.seen);
        let question = self.question(members, seen);
        out.push(Effect::Assign(Box::new(Assigning { strategy, question, generation })));
    }

    /// From now on the member sees to it that the group notices when its topics change.
    pub(super) fn watch_topics(&mut self, members: &[JoinGroupResponseMember]) {
        let of_member = |m: &JoinGroupResponseMember| match &m.metadata {
            ProtocolBytes::Subscription(subscription) => subscription.topics.clone(),
            _ => Vec::new(),
        };
        let topics: BTreeSet<Name> = members.iter().flat_map(of_member).collect();
        let topics: Vec<Name> = topics.into_iter().collect();
        self.member.assigned_when = Some(self.snapshot(&topics));
    }

    fn question(&self, members: &[JoinGroupResponseMember], seen: i32) -> Question {
        let member = |m: &JoinGroupResponseMember| {
            let (id, instance) = (m.member_id.clone(), m.group_instance_id.clone());
            match &m.metadata {
                ProtocolBytes::Subscription(subscription) => Member::of(id, instance, subscription),
                _ => Member { id, instance, ..Member::default() },
            }
        };
        let members: Vec<Member> = members.iter().map(member).collect();
        let subscribed: BTreeSet<&Name> = members.iter().flat_map(|m| &m.topics).collect();
        let known = self.metadata.topics().iter().filter(|t| subscribed.contains(&t.name));
        let topic = |t: &TopicMetadata| Topic {
            name: t.name.clone(),
            partitions: t.partitions.len() as u32,
            racks: self.metadata.racks(t),
            ..Topic::default()
        };
        Question { topics: known.map(topic).collect(), members, seen }
    }

    /// The strategy has answered, or Kafka's code throws: then so does the leader's `poll`.
    pub fn lead(
        &mut self,
        now: Instant,
        asked: &Assigning,
        answer: Result<Answer, AssignError>,
        out: &mut Vec<Effect>,
    ) {
        let (strategy, question) = (&asked.strategy, &asked.question);
        let answer = answer.and_then(|answer| {
            let checks = self.offers.cooperative && strategy.name() != TRUSTED;
            if checks && moves_what_is_owned(question, &answer) {
                return Err(AssignError::IllegalState);
            }
            Ok(answer)
        });
        match answer {
            Ok(answer) => {
                let latest = strategy.assignor().latest_generation(question);
                self.offers.saw(strategy.name(), latest);
                let part = |(member_id, list): (&Name, List)| SyncGroupAssignment {
                    member_id: member_id.clone(),
                    assignment: ProtocolBytes::Assignment(Assignment {
                        assigned_partitions: list.by_topic(),
                        ..Assignment::default()
                    }),
                };
                let parts = answer.iter().map(part).collect();
                let twice = self.given_twice(&answer);
                if !twice.is_empty() {
                    Self::note(Note::GivenTwice(twice), out);
                }
                self.send_sync(now, asked.generation.clone(), parts, out);
            }
            Err(error) => {
                let class = error.class().unwrap_or("java.lang.RuntimeException");
                self.fatal = Some(Failure::Assignor(class));
                self.woken = true;
                self.wake(now, out);
            }
        }
    }
}

impl Consumer {
    /// Partitions that the strategy gave to several members: Kafka's `cooperative-sticky` does so in
    /// rare cases, and nobody notices.
    fn given_twice(&self, answer: &Answer) -> Vec<PartitionId> {
        let mut given = BTreeSet::new();
        let all = answer.iter().flat_map(|(_, list)| list.iter());
        let again = all.filter(|&place| !given.insert(place));
        let known = |name: &Name| self.metadata.topics().iter().find(|topic| topic.name == *name);
        let id = |(topic, index)| Some(known(topic)?.partitions.get(index as usize)?.partition);
        again.filter_map(id).collect()
    }
}

/// Whether a partition goes to somebody while another one claims it: a cooperative group must let
/// it be given up first (`validateCooperativeAssignment`).
fn moves_what_is_owned(question: &Question, answer: &Answer) -> bool {
    let owned: BTreeMap<&Name, &[TopicPartitions]> =
        question.members.iter().map(|member| (&member.id, &*member.owned)).collect();
    let (mut added, mut given_up) = (BTreeSet::new(), BTreeSet::new());
    for (member, list) in answer.iter() {
        let given: BTreeSet<(&Name, u32)> = list.iter().collect();
        let claims = owned.get(member).copied().unwrap_or_default();
        let claims: BTreeSet<(&Name, u32)> = claims
            .iter()
            .flat_map(|of| of.partitions.iter().map(move |&index| (&of.topic, index)))
            .collect();
        added.extend(given.difference(&claims).map(|&(topic, index)| (topic.clone(), index)));
        given_up.extend(claims.difference(&given).map(|&(topic, index)| (topic.clone(), index)));
    }
    !added.is_disjoint(&given_up)
}
