//! Static members (KIP-345): who comes back, who is fenced, who is missed.

use crate::{run_with_facts, scenario};
use rejoin::model::error::ErrorCode;
use rejoin::model::fact::{ConsumerFact, Fact, Failure, GroupFact, RemovalReason};

fn text(events: &str, instance: &str) -> String {
    format!(
        r#"
        name = "static"
        duration = "120s"
        [topics.orders]
        partitions = 4
        [groups.search]
        topics = ["orders"]
        consumers = 2
        static_members = true
        config = {{ session.timeout.ms = 20000 {instance} }}
        {events}
        "#
    )
}

/// Generations of the group, and why members were removed.
fn told(text: &str) -> (Vec<i32>, Vec<RemovalReason>, Vec<Failure>) {
    let (_, facts) = run_with_facts(&scenario(text));
    let (mut generations, mut removals, mut failures) = (Vec::new(), Vec::new(), Vec::new());
    for (_, fact) in facts.facts {
        match fact {
            Fact::Group { what: GroupFact::Generation { generation, .. }, .. } => {
                generations.push(generation);
            }
            Fact::Group { what: GroupFact::MemberRemoved { reason, .. }, .. } => {
                removals.push(reason);
            }
            Fact::Consumer { what: ConsumerFact::Failed(failure), .. } => failures.push(failure),
            _ => {}
        }
    }
    (generations, removals, failures)
}

#[test]
fn back_within_the_session_it_replaces_itself() {
    for how in ["crash", "close"] {
        for who in ["search-1", "search-2"] {
            let event =
                format!("[[events]]\nat = \"40s\"\n{how} = \"{who}\"\nrestart_after = \"10s\"");
            let (generations, removals, failures) = told(&text(&event, ""));
            assert_eq!(generations, [1], "{how} {who}");
            assert_eq!(removals, [RemovalReason::Replaced]);
            assert!(failures.is_empty());
        }
    }
}

#[test]
fn away_for_longer_its_session_ends() {
    let event = "[[events]]\nat = \"40s\"\nclose = \"search-2\"\nrestart_after = \"30s\"";
    let (generations, removals, _) = told(&text(event, ""));
    assert_eq!(generations, [1, 2, 3]);
    assert_eq!(removals, [RemovalReason::SessionExpired]);
}

#[test]
fn of_two_with_one_instance_id_the_first_is_fenced_and_ends() {
    let (_, removals, failures) = told(&text("", ", group.instance.id = \"twin\""));
    assert_eq!(failures, [Failure::Refused(ErrorCode::FencedInstanceId)]);
    assert_eq!(removals, [RemovalReason::Replaced]);
}

/// A leader that came back finds the assignment made (KIP-814), but watches the topics as before: with more
/// partitions the group rebalances. What was added while it was away it takes for what was assigned
/// (`ConsumerCoordinator.onLeaderElected`).
#[test]
fn a_leader_that_came_back_notices_new_partitions() {
    for (added, generations) in [("60s", vec![1, 2]), ("45s", vec![1])] {
        let events = format!(
            "[[events]]
             at = \"40s\"
             crash = \"search-1\"
             restart_after = \"10s\"
             [[events]]
             at = \"{added}\"
             add_partitions = \"orders\"
             to = 6"
        );
        let (seen, removals, _) = told(&text(&events, ", metadata.max.age.ms = 5000"));
        assert_eq!(seen, generations, "{added}");
        assert_eq!(removals, [RemovalReason::Replaced], "{added}");
    }
}
