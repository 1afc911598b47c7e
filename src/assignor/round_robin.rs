//! `roundrobin`: all partitions in order, dealt to the members in turn (`RoundRobinAssignor`).

use super::frame::Frame;
use super::{Answer, AssignError, Assignor, Question};

/// Deals partition by partition; members that don't subscribe to the topic are passed over.
pub(super) struct RoundRobin;

impl Assignor for RoundRobin {
    fn name(&self) -> &'static str {
        "roundrobin"
    }

    fn assign(&self, question: &Question) -> Result<Answer, AssignError> {
        if question.members.is_empty() {
            return Err(AssignError::IllegalArgument);
        }
        let frame = Frame::new(question);
        let line = frame.line_up();
        let audiences = frame.audiences();
        let places = frame.places(&audiences, &line);
        let mut audience_of = vec![0; frame.topics.len()];
        for (number, audience) in audiences.iter().enumerate() {
            for &topic in &audience.topics {
                audience_of[topic as usize] = number;
            }
        }
        let mut given = Vec::with_capacity(frame.total as usize);
        // Whose turn it is, in the line of all members.
        let mut turn = 0;
        for (topic, of) in (0_u32..).zip(&frame.topics) {
            let subscribers = &places[audience_of[topic as usize]];
            let mut next = subscribers.partition_point(|&place| place < turn);
            for index in 0..of.partitions {
                if next == subscribers.len() {
                    next = 0;
                }
                turn = subscribers[next] + 1;
                let member = line[subscribers[next] as usize];
                given.push((member, (topic, index)));
                next += 1;
            }
        }
        Ok(frame.answer_one_by_one(&given, |partition| partition))
    }

    fn reads_load(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Member, Topic};
    use super::*;
    use crate::model::Name;

    /// kafka-semantics 13.
    #[test]
    fn the_turn_carries_on_across_topics() {
        let names: [Name; 3] = ["t0", "t1", "t2"].map(Into::into);
        let topic = |(name, partitions): (&Name, u32)| Topic {
            name: name.clone(),
            partitions,
            ..Topic::default()
        };
        let member = |n: usize| Member {
            id: format!("c{n}").into(),
            topics: names[..=n].to_vec(),
            ..Member::default()
        };
        let question = Question {
            topics: names.iter().zip(1..).map(topic).collect(),
            members: (0..3).map(member).collect(),
            seen: -1,
        };
        let answer = RoundRobin.assign(&question).expect("there are members");
        let lists: Vec<_> = answer.iter().map(|(_, list)| list.by_topic()).collect();
        let of =
            |n: usize| lists[n].iter().map(|t| (&*t.topic, &*t.partitions)).collect::<Vec<_>>();
        assert_eq!(of(0), [("t0", &[0][..])]);
        assert_eq!(of(1), [("t1", &[0][..])]);
        assert_eq!(of(2), [("t1", &[1][..]), ("t2", &[0, 1, 2])]);
    }
}
