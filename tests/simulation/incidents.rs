//! What a group's stalls came from.

use crate::{run_with_facts, scenario};
use rejoin::analysis::incident::{Incident, Loss, Trouble, incidents};
use rejoin::kernel::time::{Instant, Span};
use rejoin::model::fact::{RebalanceReason, Standstill};
use rejoin::model::id::{BrokerId, ConsumerId, GroupId, PartitionId};

/// Three brokers; the group's coordinator is the second one, its topic lies on the others.
const BASE: &str = r#"
    name = "incidents"
    duration = "120s"
    [cluster]
    brokers = 3
    load_rate = 1
    [cluster.config]
    auto.leader.rebalance.enable = false
    [topics.orders]
    partitions = 2
    replicas = [[1, 3], [1, 3]]
    [producers.shop]
    topic = "orders"
    rate = "100/s"
    [groups.search]
    topics = ["orders"]
    consumers = 2
    coordinator = 2
    [groups.search.config]
    auto.offset.reset = "earliest"
    session.timeout.ms = 10000
"#;

/// The incidents of the base with these events.
fn after(events: &str) -> Vec<Incident> {
    let scenario = scenario(&BASE.replacen("[cluster]", &format!("{events}[cluster]"), 1));
    let (run, _) = run_with_facts(&scenario);
    incidents(&run, &scenario, GroupId::new(0), Instant::ZERO + scenario.duration)
}

fn event(at: &str, what: &str) -> String {
    format!("[[events]]\nat = {at:?}\n{what}\n")
}

fn at(seconds: u64) -> Instant {
    Instant::ZERO + Span::from_secs(seconds)
}

/// The one incident of a kind.
fn only(all: &[Incident], is_it: impl Fn(&Trouble) -> bool) -> &Incident {
    let mut found = all.iter().filter(|incident| is_it(&incident.what));
    match (found.next(), found.next()) {
        (Some(incident), None) => incident,
        _ => panic!("{all:#?}"),
    }
}

#[test]
fn a_group_that_nothing_happens_to_has_none() {
    assert_eq!(after(""), []);
}

#[test]
fn a_coordinator_that_died_is_named_with_its_successor() {
    let all = after(&event("40s", "kill_broker = \"broker-2\""));
    let incident = only(&all, |what| matches!(what, Trouble::Uncoordinated { .. }));
    let Trouble::Uncoordinated { before: BrokerId(2), now: Some(now) } = incident.what else {
        panic!("{incident:?}")
    };
    assert_eq!((incident.from, incident.origin), (at(40), Some(0)));
    // A record a second is read: the time without a coordinator ends with the last of them.
    assert_eq!(now.loading, Span::from_secs(now.records));
    assert!(now.records >= 1 && incident.to > at(46) + now.loading, "{incident:?}");
    assert_ne!(now.broker, BrokerId(2));
}

#[test]
fn a_silent_follower_is_named_until_it_is_fenced() {
    let all = after(&event("40s", "kill_broker = \"broker-3\""));
    let why = Standstill::WaitsFor(BrokerId(3));
    let partitions = vec![PartitionId(0), PartitionId(1)];
    let unreadable = only(&all, |what| matches!(what, Trouble::Unreadable { .. }));
    assert_eq!(unreadable.what, Trouble::Unreadable { partitions, why });
    let uncommitted = only(&all, |what| *what == Trouble::Uncommitted(why));
    for incident in [unreadable, uncommitted] {
        assert_eq!((incident.from, incident.origin), (at(40), Some(0)));
        assert!(at(46) < incident.to && incident.to < at(51), "{incident:?}");
    }
    assert_eq!(all.len(), 2);
}

#[test]
fn a_leader_that_stands_still_is_named() {
    let all = after(&event("40s", "pause = \"broker-1\"\nfor = \"5s\""));
    let incident = only(&all, |what| matches!(what, Trouble::Unreadable { .. }));
    let partitions = vec![PartitionId(0), PartitionId(1)];
    let why = Standstill::LeaderSilent(BrokerId(1));
    let what = Trouble::Unreadable { partitions, why };
    assert_eq!(*incident, Incident { from: at(40), to: at(45), what, origin: Some(0) });
}

#[test]
fn a_crash_is_named_until_somebody_owns_its_partitions() {
    let all = after(&event("40s", "crash = \"search-1\""));
    let incident = only(&all, |_| true);
    let Trouble::Unowned { partitions, loss: Loss::Crashed(_) } = &incident.what else {
        panic!("{incident:?}")
    };
    assert_eq!((incident.from, incident.origin, partitions.len()), (at(40), Some(0), 1));
    assert!(at(47) < incident.to && incident.to < at(53), "{incident:?}");
}

#[test]
fn a_member_that_closes_is_named_if_nobody_takes_over() {
    let all = after(&event("40s", "close = \"search\""));
    let closed = all.iter().map(|incident| match &incident.what {
        Trouble::Unowned { loss: Loss::Closed(consumer), .. } => Some(*consumer),
        _ => None,
    });
    let mut closed: Vec<Option<ConsumerId>> = closed.collect();
    closed.sort_unstable();
    assert_eq!(closed, [Some(ConsumerId(0)), Some(ConsumerId(1))], "{all:#?}");
    assert!(all.iter().all(|incident| incident.origin == Some(0)));
}

#[test]
fn a_member_that_held_up_a_rebalance_is_named() {
    let busy = event("40s", "busy = \"search-2\"\nfor = \"9s\"");
    let all = after(&(busy + &event("41s", "start = \"search\"")));
    let held_up = |what: &Trouble| {
        matches!(what, Trouble::Unowned { loss: Loss::Revoked { held_up_by: Some(_), .. }, .. })
    };
    let incident = only(&all, held_up);
    let Trouble::Unowned { loss: Loss::Revoked { reason, .. }, .. } = incident.what else {
        panic!("{incident:?}")
    };
    assert_eq!((reason, incident.origin), (Some(RebalanceReason::MemberJoined), Some(0)));
    assert!(at(49) <= incident.to && incident.to < at(50), "{incident:?}");
}
