//! Cuts and delays: what clients, coordinators and brokers make of them.

use crate::{run_with_facts, scenario};
use rejoin::kernel::time::{Instant, Span};
use rejoin::model::fact::{BrokerFact, ConsumerFact, Fact, GroupFact, PartitionFact};
use rejoin::model::id::BrokerId;

/// Three brokers; two consumers read two partitions of leaders 1 and 3, their coordinator is
/// broker 3.
const START: &str = r#"
duration = "3m"
seed = 5
[cluster]
brokers = 3
[cluster.config]
group.initial.rebalance.delay.ms = 0
[topics.orders]
replicas = [[1, 2], [3, 1]]
[producers.shop]
topic = "orders"
rate = "200/s"
partitioner = "round-robin"
[groups.search]
topics = ["orders"]
consumers = 2
process = "2ms"
coordinator = 3
[groups.search.config]
auto.offset.reset = "earliest"
"#;

fn with(event: &str) -> String {
    format!("{START}\n[[events]]\nat = \"40s\"\n{event}\n")
}

/// Moments at which something happened.
fn moments(facts: &[(Instant, Fact)], wanted: impl Fn(&Fact) -> bool) -> Vec<f64> {
    let ours = facts.iter().filter(|(_, fact)| wanted(fact));
    ours.map(|(at, _)| at.as_us() as f64 / 1e6).collect()
}

fn removed(fact: &Fact) -> bool {
    matches!(fact, Fact::Group { what: GroupFact::MemberRemoved { .. }, .. })
}

fn is_near(at: f64, wanted: f64) -> bool {
    (at - wanted).abs() < 0.02
}

#[test]
fn a_consumer_cut_off_for_less_than_its_session_stays() {
    let scenario = scenario(&with("cut = \"search-1\"\nfor = \"20s\""));
    let (run, facts) = run_with_facts(&scenario);
    assert_eq!(moments(&facts.facts, removed), [] as [f64; 0]);
    // What was lost just after 40 s is sent again after 0.2 + 0.4 + … + 12.8 s: at 65.4 s. Then the
    // consumer reads on.
    let processed: Vec<f64> = moments(&facts.facts, |fact| {
        matches!(fact, Fact::Consumer { consumer, what: ConsumerFact::Processed(batch) }
            if consumer.0 == 0 && batch.start > Instant::from_ms(41_500))
    });
    assert!((65.4..66.5).contains(&processed[0]), "{processed:?}");
    let total = run.trace.ledger.totals(rejoin::model::id::GroupId(0));
    assert_eq!(total.1, 0, "nothing twice");
}

#[test]
fn a_consumer_cut_off_for_longer_is_removed_and_finds_out_when_it_asks() {
    let scenario = scenario(&with("cut = \"search-1\"\nfor = \"60s\""));
    let (_, facts) = run_with_facts(&scenario);
    let removed = moments(&facts.facts, removed);
    assert!(removed.len() == 1 && (82.0..85.1).contains(&removed[0]), "{removed:?}");
    // It keeps what it owns until the coordinator tells it, after the cut.
    let lost = moments(
        &facts.facts,
        |fact| matches!(fact, Fact::Consumer { consumer, what: ConsumerFact::Lost(_) } if consumer.0 == 0),
    );
    assert!(lost.len() == 1 && (100.0..132.0).contains(&lost[0]), "{lost:?}");
    // It gives the coordinator up when the answer to its heartbeat is overdue.
    let unknown = moments(&facts.facts, |fact| {
        matches!(fact, Fact::Consumer { consumer, what: ConsumerFact::CoordinatorLost }
            if consumer.0 == 0)
    });
    assert!((70.0..73.1).contains(&unknown[0]), "{unknown:?}");
}

#[test]
fn a_broker_cut_off_is_fenced_and_comes_back() {
    let scenario = scenario(&with("cut = \"broker-1\"\nfor = \"60s\""));
    let (_, facts) = run_with_facts(&scenario);
    let broker = |wanted: BrokerFact| {
        moments(&facts.facts, |fact| matches!(fact, Fact::Broker { what, .. } if *what == wanted))
    };
    let fenced = broker(BrokerFact::Fenced);
    assert!(fenced.len() == 1 && (47.0..50.2).contains(&fenced[0]), "{fenced:?}");
    // Gave up after 4.5 s, then after 10, 20 and 30 s more: an attempt at 44.5 + 10 + 20 s, which
    // is repeated after 1, 3, 7, 15 and, not before 100 s, 30 s.
    let unfenced = broker(BrokerFact::Unfenced);
    assert!(is_near(unfenced[0], 104.5), "{unfenced:?}");
    let leaders: Vec<Option<u32>> = facts
        .facts
        .iter()
        .filter_map(|(_, fact)| match fact {
            Fact::Partition { what: PartitionFact::Leader { leader, .. }, .. } => {
                Some(leader.map(|broker| broker.0))
            }
            _ => None,
        })
        .collect();
    assert_eq!(leaders, [Some(2)]);
    let (run, _) = run_with_facts(&scenario);
    let end = rejoin::analysis::measure::end_of(&scenario);
    let mut run = run;
    let log = &run.logs.partitions[0];
    let behind = log.visible_end(end, &mut run.logs.producers);
    assert!(behind > 17_900, "all of it arrived: {behind}");
}

#[test]
fn a_follower_that_is_cut_off_leaves_by_lag_time_and_reading_waits_for_that() {
    let scenario = scenario(&with("cut = \"broker-2\"\nbetween = \"broker-1\"\nfor = \"60s\""));
    let (mut run, facts) = run_with_facts(&scenario);
    let isr: Vec<(f64, Vec<u32>)> = facts
        .facts
        .iter()
        .filter_map(|(at, fact)| match fact {
            Fact::Partition { partition, what: PartitionFact::InSync(isr) } if partition.0 == 0 => {
                Some((at.as_us() as f64 / 1e6, isr.iter().map(|broker| broker.0).collect()))
            }
            _ => None,
        })
        .collect();
    assert_eq!(isr.len(), 2, "{isr:?}");
    assert!((70.0..85.1).contains(&isr[0].0) && isr[0].1 == [1], "{isr:?}");
    assert!((100.0..101.0).contains(&isr[1].0) && isr[1].1 == [1, 2], "{isr:?}");
    let log = &run.logs.partitions[0];
    let mut visible = |ms: u64| log.visible_end(Instant::from_ms(ms), &mut run.logs.producers);
    let frozen = visible(40_010);
    let left = (isr[0].0 * 1e3) as u64;
    assert_eq!(visible(left - 10), frozen, "the high watermark stood still");
    assert!(visible(left + 10) > frozen + 2_900);
}

#[test]
fn a_follower_that_has_everything_is_in_sync_however_long_it_is_cut_off() {
    let quiet = with("cut = \"broker-2\"\nbetween = \"broker-1\"\nfor = \"60s\"")
        .replace("rate = \"200/s\"", "rate = \"200/s\"\nstop = \"30s\"");
    let (_, facts) = run_with_facts(&scenario(&quiet));
    let isr = moments(&facts.facts, |fact| {
        matches!(fact, Fact::Partition { what: PartitionFact::InSync(_), .. })
    });
    assert_eq!(isr, [] as [f64; 0]);
}

#[test]
fn too_few_in_sync_take_nothing() {
    let text = with("cut = \"broker-2\"\nbetween = \"broker-1\"\nfor = \"60s\"").replace(
        "group.initial.rebalance.delay.ms = 0",
        "group.initial.rebalance.delay.ms = 0\nmin.insync.replicas = 2",
    );
    let scenario = scenario(&text);
    let (mut run, _) = run_with_facts(&scenario);
    let log = &run.logs.partitions[0];
    let mut visible = |ms: u64| log.visible_end(Instant::from_ms(ms), &mut run.logs.producers);
    assert_eq!(visible(40_010), visible(99_990), "not even when the leader is alone in sync");
    assert!(visible(103_000) > visible(40_010) + 5_000, "all of it comes when it is not");
}

#[test]
fn the_controller_hears_nothing_of_a_broker_that_clients_reach() {
    let event = "cut = \"broker-1\"\nbetween = \"controller\"\nfor = \"60s\"";
    let (_, facts) = run_with_facts(&scenario(&with(event)));
    let fenced = moments(&facts.facts, |fact| {
        matches!(fact, Fact::Broker { broker: BrokerId(1), what: BrokerFact::Fenced })
    });
    assert_eq!(fenced.len(), 1);
    let isr: Vec<Vec<u32>> = facts
        .facts
        .iter()
        .filter_map(|(_, fact)| match fact {
            Fact::Partition { partition, what: PartitionFact::InSync(isr) } if partition.0 == 0 => {
                Some(isr.iter().map(|broker| broker.0).collect())
            }
            _ => None,
        })
        .collect();
    assert_eq!(isr, [vec![2], vec![2, 1]], "it follows, and is counted again when it is heard");
}

#[test]
fn a_delay_counts_one_way_and_leaves_other_draws_alone() {
    let event = "delay = \"search-1\"\nvalue = \"200ms\"\nfor = \"60s\"";
    let (_, slow) = run_with_facts(&scenario(&with(event)));
    let (_, fast) = run_with_facts(&scenario(START));
    let heartbeats = |facts: &[(Instant, Fact)], consumer: u32, from: u64, to: u64| {
        let committed: Vec<u64> = facts
            .iter()
            .filter_map(|(at, fact)| match fact {
                Fact::Consumer { consumer: c, what: ConsumerFact::Committed { .. } }
                    if c.0 == consumer
                        && *at >= Instant::from_secs(from)
                        && *at < Instant::from_secs(to) =>
                {
                    Some(at.as_us())
                }
                _ => None,
            })
            .collect();
        committed
    };
    assert_eq!(
        heartbeats(&slow.facts, 1, 0, 180),
        heartbeats(&fast.facts, 1, 0, 180),
        "the other consumer's messages take as long as before"
    );
    let (late, usual) = (heartbeats(&slow.facts, 0, 40, 45), heartbeats(&fast.facts, 0, 40, 45));
    let later = late[0] - usual[0];
    assert!((200_000..203_000).contains(&later), "a request is 200 ms later: {later} us");
}

#[test]
fn a_slow_network_between_brokers_delays_what_is_visible() {
    let event = "delay = \"broker-2\"\nbetween = \"broker-1\"\nvalue = \"50ms\"";
    let (run, _) = run_with_facts(&scenario(&with(event)));
    let behind = run.logs.partitions[0].behind().expect("it flows");
    assert!((Span::from_ms(100)..Span::from_ms(102)).contains(&behind), "{behind}");
    let other = run.logs.partitions[1].behind().expect("it flows");
    assert!(other < Span::from_ms(2), "{other}");
}

#[test]
fn a_rack_reaches_itself() {
    let text = with("cut = \"a\"\nfor = \"30s\"")
        .replace("[[1, 2], [3, 1]]", "[[1], [3]]\nbacklog = 50000")
        .replace("brokers = 3", "brokers = 3\nracks = [\"a\", \"b\", \"c\"]")
        .replace("consumers = 2", "consumers = [{ rack = \"a\" }, { rack = \"b\" }]");
    let (_, facts) = run_with_facts(&scenario(&text));
    // search-1 reads the backlog of broker-1, which is in its rack, too, but loses its coordinator.
    let reads = |from: u64, to: u64| {
        moments(&facts.facts, |fact| {
            matches!(fact, Fact::Consumer { consumer, what: ConsumerFact::Processed(batch) }
                if consumer.0 == 0
                    && batch.start > Instant::from_secs(from) && batch.end < Instant::from_secs(to))
        })
    };
    assert!(!reads(43, 47).is_empty(), "more than what one fetch brought before the cut");
    let fenced =
        moments(&facts.facts, |fact| matches!(fact, Fact::Broker { what: BrokerFact::Fenced, .. }));
    assert_eq!(fenced.len(), 1, "the controller is in no rack");
}

#[test]
fn a_producer_that_is_cut_off_delivers_later() {
    let (mut run, _) = run_with_facts(&scenario(&with("cut = \"shop\"\nfor = \"20s\"")));
    let log = &run.logs.partitions[0];
    let mut end = |ms: u64| log.end(Instant::from_ms(ms), &mut run.logs.producers);
    assert_eq!(end(40_001), end(65_390), "sent again at 65.4 s");
    assert!(end(65_500) > end(40_001) + 2_400);
}
