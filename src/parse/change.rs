//! Changes of a group, as a person writes them: `join m4`, `grow orders 12`.

use super::quantity;
use crate::assignor::Member;
use crate::assignor::churn::{Change, Misfit};
use crate::model::Name;

/// How changes are written, for messages.
const FORMS: &str = "\"leave m2\", \"join m4\", \"replace m1 m5\", \"grow orders 12\" or \
                         \"rebalance\"";

/// Reads a change; the error says what was expected.
pub fn change(text: &str) -> Result<Change, String> {
    let mut words = text.split_whitespace();
    let verb = words.next().unwrap_or_default();
    let rest: Vec<&str> = words.collect();
    match (verb, &rest[..]) {
        ("leave", ids) if !ids.is_empty() => {
            let ids = ids.iter().flat_map(|word| word.split(',')).filter(|id| !id.is_empty());
            Ok(Change::Leave(ids.map(Name::from).collect()))
        }
        ("join", [id, options @ ..]) => join(id, options).map(Change::Join),
        ("replace", [old, new]) => Ok(Change::Replace { old: (*old).into(), new: (*new).into() }),
        ("grow", [topic, count]) => {
            let count = count.parse().ok().filter(|&count: &u32| count <= 1_000_000);
            let partitions = count.ok_or("expected how many partitions the topic has then")?;
            Ok(Change::Grow { topic: (*topic).into(), partitions })
        }
        ("rebalance", []) => Ok(Change::Rebalance),
        _ => Err(format!("expected {FORMS}")),
    }
}

/// `m4 topics=a,b rack=r1 instance=i1 capacity=500/s`
fn join(id: &str, options: &[&str]) -> Result<Member, String> {
    let mut member = Member { id: id.into(), ..Member::default() };
    for option in options {
        match option.split_once('=') {
            Some(("topics", topics)) => {
                member.topics = topics.split(',').map(Name::from).collect();
                member.topics.sort();
                member.topics.dedup();
            }
            Some(("rack", rack)) => member.rack = Some(rack.into()),
            Some(("instance", instance)) => member.instance = Some(instance.into()),
            Some(("capacity", rate)) => {
                let rate = quantity::rate(rate).ok();
                member.capacity = Some(rate.ok_or("expected a capacity such as 500/s")?);
            }
            _ => {
                return Err(format!(
                    "{option:?} is none of topics=a,b, rack=r, instance=i and capacity=500/s"
                ));
            }
        }
    }
    Ok(member)
}

/// Why a change does not fit the group, in words.
pub fn misfit(misfit: &Misfit) -> String {
    match misfit {
        Misfit::NoMember(id) => format!("nobody called {id:?} is in the group by then"),
        Misfit::MemberExists(id) => format!("{id:?} is in the group already"),
        Misfit::NoTopic(name) => format!("there is no topic {name:?}"),
        Misfit::Shrinks(name, count) => {
            format!("topics only grow: {name:?} has {count} partitions by then")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_read() {
        assert_eq!(change("leave a, b"), Ok(Change::Leave(vec!["a".into(), "b".into()])));
        assert_eq!(change(" rebalance "), Ok(Change::Rebalance));
        let grow = Change::Grow { topic: "t".into(), partitions: 12 };
        assert_eq!(change("grow t 12"), Ok(grow));
        let Ok(Change::Join(member)) = change("join m4 topics=b,a rack=r1 capacity=5/s") else {
            panic!("it joins");
        };
        assert_eq!(member.topics, ["a".into(), "b".into()]);
        assert_eq!(member.rack, Some("r1".into()));
    }

    #[test]
    fn other_texts_are_not() {
        for text in ["", "leave", "join", "grow t", "grow t many", "explode", "join m colour=red"] {
            assert!(change(text).is_err(), "{text}");
        }
    }
}
