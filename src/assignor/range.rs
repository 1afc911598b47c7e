//! `range`: per topic, contiguous partitions to the members in order (`RangeAssignor`).

use super::{Answer, Assignor, Member, Question};
use std::cmp::Ordering;

/// Kafka's default strategy.
pub(super) struct Range;

impl Assignor for Range {
    fn name(&self) -> &'static str {
        "range"
    }

    fn assign(&self, question: &Question) -> Answer {
        let mut order: Vec<usize> = (0..question.members.len()).collect();
        order.sort_by(|&a, &b| member_order(&question.members[a], &question.members[b]));
        let mut answer: Answer =
            question.members.iter().map(|m| (m.id.clone(), Vec::new())).collect();
        for topic in &question.topics {
            let subscribers: Vec<usize> = order
                .iter()
                .copied()
                .filter(|&m| question.members[m].topics.contains(&topic.name))
                .collect();
            let Some(count) = u32::try_from(subscribers.len()).ok().filter(|&n| n > 0) else {
                continue;
            };
            let (each, extra) = (topic.partitions / count, topic.partitions % count);
            let mut next = 0;
            for (rank, member) in (0..).zip(subscribers) {
                let end = next + each + u32::from(rank < extra);
                answer[member].1.extend((next..end).map(|p| (topic.name.clone(), p)));
                next = end;
            }
        }
        answer
    }
}

/// Static members by instance id, before dynamic ones by member id
/// (`AbstractPartitionAssignor.MemberInfo`).
fn member_order(a: &Member, b: &Member) -> Ordering {
    match (&a.instance, &b.instance) {
        (Some(a), Some(b)) => a.cmp(b),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => a.id.cmp(&b.id),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Topic, grouped};
    use super::*;

    fn members(ids: &[(&str, Option<&str>)]) -> Vec<Member> {
        let member = |&(id, instance): &(&str, Option<&str>)| Member {
            id: id.into(),
            instance: instance.map(Into::into),
            topics: vec!["t1".into(), "t2".into()],
        };
        ids.iter().map(member).collect()
    }

    fn shown(question: &Question) -> String {
        let one = |(id, partitions): (_, Vec<_>)| {
            let topics = grouped(&partitions);
            let topics = topics.iter().map(|t| format!(" {}{:?}", t.topic, t.partitions));
            format!("{id}{}", topics.collect::<String>())
        };
        Range.assign(question).into_iter().map(one).collect::<Vec<_>>().join(" | ")
    }

    /// kafka-semantics 13.
    #[test]
    fn the_first_members_get_the_odd_partitions_of_every_topic() {
        let topics = ["t1", "t2"].map(|name| Topic { name: name.into(), partitions: 3 }).to_vec();
        let question = Question { topics, members: members(&[("c0", None), ("c1", None)]) };
        assert_eq!(shown(&question), "c0 t1[0, 1] t2[0, 1] | c1 t1[2] t2[2]");
    }

    #[test]
    fn static_members_come_first_by_instance() {
        let topics = vec![Topic { name: "t1".into(), partitions: 3 }];
        let members = members(&[("a", Some("i1")), ("b", Some("i0")), ("0dyn", None)]);
        assert_eq!(shown(&Question { topics, members }), "a t1[1] | b t1[0] | 0dyn t1[2]");
    }
}
