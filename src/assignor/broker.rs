//! The broker's strategies, asked as the client's are: the same question, targets for owned
//! partitions. So one can lay them beside each other.

use super::server::target::{self, Known, Request};
use super::server::{Partitions, ServerAssignor, SubscriptionType, Topic};
use super::{Answer, AssignError, Assignor, Question};
use crate::kernel::murmur::murmur2;
use crate::model::Name;
use crate::model::consumer_protocol::TopicPartitions;
use crate::model::uuid::Uuid;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A strategy of the broker under a name of its own: Kafka has two of the name `range`.
pub(super) struct OnBroker {
    pub(super) name: &'static str,
    pub(super) strategy: &'static dyn ServerAssignor,
}

impl Assignor for OnBroker {
    fn name(&self) -> &str {
        self.name
    }

    fn assign(&self, question: &Question) -> Result<Answer, AssignError> {
        let ids =
            question.topics.iter().map(|t| (t.name.clone(), t.id.unwrap_or_else(|| id(&t.name))));
        let ids: BTreeMap<Name, Uuid> = ids.collect();
        let request = request(question, &ids);
        let written = target::compute(&request, self.strategy).map_err(AssignError::Broker)?;
        let mut targets: BTreeMap<Name, _> = written.changed.into_iter().collect();

        let names: Vec<Name> = question.topics.iter().map(|topic| topic.name.clone()).collect();
        let places: BTreeMap<Uuid, u32> = names.iter().map(|name| ids[name]).zip(0..).collect();
        let mut answer = Answer::new(names);
        for member in &request.members {
            // Without a record the last target stands.
            let target = targets.remove(&member.id).or_else(|| member.target.as_deref().cloned());
            let partitions = target.iter().flatten().filter_map(|of| {
                let place = *places.get(&of.topic)?;
                Some(of.partitions.iter().map(move |&index| (place, index)))
            });
            answer.push(member.id.clone(), partitions.flatten());
        }
        Ok(answer)
    }

    fn keeps_ownership(&self) -> bool {
        true
    }

    fn is_shared(&self) -> bool {
        self.name == "simple"
    }

    fn reads_load(&self) -> bool {
        false
    }
}

/// The question of the builder of targets.
fn request(question: &Question, ids: &BTreeMap<Name, Uuid>) -> Request {
    let topic = |topic: &super::Topic| Topic {
        name: topic.name.clone(),
        id: ids[&topic.name],
        partitions: topic.partitions,
        racks: topic.racks.iter().cloned().collect(),
    };
    let partitions = |of: &TopicPartitions| Partitions {
        // A topic that is gone has an id like any other.
        topic: ids.get(&of.topic).copied().unwrap_or_else(|| id(&of.topic)),
        partitions: of.partitions.clone(),
    };
    let member = |member: &super::Member| Known {
        id: member.id.clone(),
        instance: member.instance.clone(),
        rack: member.rack.clone(),
        topics: member.topics.iter().cloned().collect(),
        target: Some(Arc::new(member.had().iter().map(partitions).collect())),
    };
    let members: Vec<Known> = question.members.iter().map(member).collect();
    Request {
        topics: question.topics.iter().map(topic).collect(),
        subscription: SubscriptionType::of(members.iter().map(|member| &member.topics)),
        members,
        updates: Vec::new(),
        assignable: None,
    }
}

/// An id for a topic of which only the name is known. Kafka draws ids at random, so any one will
/// do that is a function of the name.
fn id(name: &str) -> Uuid {
    let salted = |salt: u8| {
        let mut bytes = name.as_bytes().to_vec();
        bytes.push(salt);
        u128::from(murmur2(&bytes).cast_unsigned())
    };
    Uuid((0..4).fold(0, |id, salt| id << 32 | salted(salt)))
}
