//! `range`: per topic, contiguous partitions to the members in order (`RangeAssignor`).

mod rack;

use super::frame::{Frame, Run};
use super::racks::Racks;
use super::{Answer, AssignError, Assignor, Question};

/// Kafka's default strategy.
pub(super) struct Range;

impl Assignor for Range {
    fn name(&self) -> &'static str {
        "range"
    }

    fn assign(&self, question: &Question) -> Result<Answer, AssignError> {
        let frame = Frame::new(question);
        let line = frame.line_up();
        let audiences = frame.audiences();
        let mut subscribers = frame.places(&audiences, &line);
        for places in &mut subscribers {
            for place in places {
                *place = line[*place as usize];
            }
        }
        if let Some(racks) = Racks::read(&frame)
            && let Some(answer) = rack::assign(&frame, &racks, &audiences, &subscribers)
        {
            return Ok(answer);
        }

        let mut audience_of = vec![0; frame.topics.len()];
        for (number, audience) in audiences.iter().enumerate() {
            for &topic in &audience.topics {
                audience_of[topic as usize] = number;
            }
        }
        let mut runs = Vec::new();
        for topic in frame.topics_as_mapped() {
            let subscribers = &subscribers[audience_of[topic as usize]];
            let partitions = frame.topics[topic as usize].partitions;
            let Quota { each, extra } = Quota::of(partitions, subscribers);
            let mut from = 0;
            for (rank, &member) in (0..).zip(subscribers) {
                if from == partitions {
                    break;
                }
                let to = from + each + u32::from(rank < extra);
                runs.push((member, Run { topic, from, to }));
                from = to;
            }
        }
        Ok(frame.answer_of_runs(&runs))
    }

    fn reads_load(&self) -> bool {
        false
    }
}

/// How many partitions of a topic each of its subscribers gets.
#[derive(Clone, Copy)]
struct Quota {
    each: u32,
    /// So many get one more.
    extra: u32,
}

impl Quota {
    fn of(partitions: u32, subscribers: &[u32]) -> Self {
        let count = subscribers.len() as u32;
        Quota { each: partitions / count, extra: partitions % count }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{List, Member, Topic};
    use super::*;
    use crate::model::Name;

    fn members(ids: &[(&str, Option<&str>)]) -> Vec<Member> {
        let member = |&(id, instance): &(&str, Option<&str>)| Member {
            id: id.into(),
            instance: instance.map(Into::into),
            topics: vec!["t1".into(), "t2".into()],
            ..Member::default()
        };
        ids.iter().map(member).collect()
    }

    fn topics<const N: usize>(names: [&str; N]) -> Vec<Topic> {
        names.map(|name| Topic { name: name.into(), partitions: 3, ..Topic::default() }).to_vec()
    }

    fn shown(topics: Vec<Topic>, members: Vec<Member>) -> String {
        let answer = Range.assign(&Question { topics, members, seen: -1 });
        let answer = answer.expect("range never fails");
        let one = |(id, list): (&Name, List)| {
            let topics = list.by_topic();
            let topics = topics.iter().map(|t| format!(" {}{:?}", t.topic, t.partitions));
            format!("{id}{}", topics.collect::<String>())
        };
        answer.iter().map(one).collect::<Vec<_>>().join(" | ")
    }

    /// kafka-semantics 13.
    #[test]
    fn the_first_members_get_the_odd_partitions_of_every_topic() {
        let shown = shown(topics(["t1", "t2"]), members(&[("c0", None), ("c1", None)]));
        assert_eq!(shown, "c0 t1[0, 1] t2[0, 1] | c1 t1[2] t2[2]");
    }

    #[test]
    fn static_members_come_first_by_instance() {
        let members = members(&[("a", Some("i1")), ("b", Some("i0")), ("0dyn", None)]);
        assert_eq!(shown(topics(["t1"]), members), "a t1[1] | b t1[0] | 0dyn t1[2]");
    }
}
