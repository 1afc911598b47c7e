//! Topics that are deleted, and others of their name that come after them. What clients do was looked at
//! on a cluster of Kafka 4.3.1: two topics, two consumers, `max.poll.interval.ms` of 25 s.

use super::{run_with_facts, scenario};
use rejoin::kernel::time::{Instant, Span};
use rejoin::model::error::ErrorCode;
use rejoin::model::fact::{
    ConsumerFact, Fact, GroupFact, PartitionFact, PositionSource, ProducerFact,
};
use rejoin::model::id::{BrokerId, ConsumerId, GroupId, PartitionId, ProducerId};
use rejoin::scenario::Scenario;
use rejoin::trace::cause::{Cause, How};

/// Partitions 0 and 1 are `keep`'s, 2 and 3 `gone`'s, 4 and 5 those of the second `gone`.
const GONE: [PartitionId; 2] = [PartitionId(2), PartitionId(3)];

/// The topic `gone` is deleted at 20 s.
fn deleted(config: &str, more: &str) -> Scenario {
    scenario(&format!(
        "duration = '100s'
         [cluster]
         config = {{ group.initial.rebalance.delay.ms = 0 }}
         [topics.keep]
         partitions = 2
         [topics.gone]
         partitions = 2
         [producers.steady]
         topic = 'keep'
         rate = '20/s'
         partitioner = 'round-robin'
         [producers.struck]
         topic = 'gone'
         rate = '20/s'
         partitioner = 'round-robin'
         config = {{ linger.ms = 500, max.block.ms = 15000, delivery.timeout.ms = 30000, \
                    request.timeout.ms = 10000 }}
         [groups.g]
         topics = ['keep', 'gone']
         consumers = 2
         [groups.g.config]
         auto.offset.reset = 'earliest'
         auto.commit.interval.ms = 1000
         max.poll.interval.ms = 25000
         {config}
         [[events]]
         at = '20s'
         delete_topic = 'gone'
         {more}"
    ))
}

const EAGER: &str = "session.timeout.ms = 10000\npartition.assignment.strategy = ['range']";
const COOPERATIVE: &str =
    "session.timeout.ms = 10000\npartition.assignment.strategy = ['cooperative-sticky']";
const MODERN: &str = "group.protocol = 'consumer'";
const AGAIN: &str = "[[events]]\nat = '70800ms'\ncreate_topic = 'gone'";

/// What a consumer did from a moment on (s), with the moments.
fn did(facts: &[(Instant, Fact)], who: usize, from: u64) -> Vec<(f64, &ConsumerFact)> {
    let ours = facts.iter().filter_map(|(at, fact)| match fact {
        Fact::Consumer { consumer, what } if *consumer == ConsumerId::new(who) => {
            Some((at.since(Instant::ZERO).as_secs_f64(), what))
        }
        _ => None,
    });
    ours.filter(|(at, _)| *at >= from as f64).collect()
}

/// Records that a consumer processed between two moments (s).
fn processed(facts: &[(Instant, Fact)], who: usize, from: u64, to: u64) -> u64 {
    let within = did(facts, who, from).into_iter().filter(|(at, _)| *at < to as f64);
    let records = within.map(|(_, what)| match what {
        ConsumerFact::Processed(p) => p.to - p.from,
        _ => 0,
    });
    records.sum()
}

#[test]
fn an_eager_leader_that_auto_commits_stands_still_as_long_as_it_may() {
    let (run, facts) = run_with_facts(&deleted(EAGER, ""));
    let facts = &facts.facts;
    let first = |who, wanted: fn(&ConsumerFact) -> bool| {
        did(facts, who, 20).into_iter().find(|(_, what)| wanted(what)).unwrap().0
    };
    // The leader wants to join anew, and commits first; that fails, and it tries again for
    // `max.poll.interval.ms`, fetching nothing. On the cluster: from 20.1 s to 45.3 s.
    let joins = first(0, |what| *what == ConsumerFact::JoinSent);
    assert!((45.0..45.3).contains(&joins), "{joins}");
    assert_eq!(processed(facts, 0, 21, 70), 0);
    // The other one goes on until it hears of the rebalance, and then fares likewise: it is removed
    // when the rebalance timeout ends. On the cluster: at 70.4 s.
    assert!(processed(facts, 1, 21, 45) > 200);
    assert_eq!(processed(facts, 1, 49, 70), 0);
    let removed = facts.iter().find_map(|(at, fact)| match fact {
        Fact::Group { what: GroupFact::MemberRemoved { consumer: ConsumerId(1), .. }, .. } => {
            Some(at.since(Instant::ZERO).as_secs_f64())
        }
        _ => None,
    });
    assert!((70.0..70.3).contains(&removed.unwrap()), "{removed:?}");
    // Commits of the other topic are taken all the time.
    let refused = did(facts, 1, 20).into_iter().filter(|(at, what)| {
        *at < 45.0 && **what == ConsumerFact::CommitFailed(ErrorCode::UnknownTopicOrPartition)
    });
    assert!(refused.count() > 100, "a tenth of a second apart");
    let committed = run.trace.live.groups[0].committed.clone();
    assert!(committed[0] > Some(900) && committed[2..] == [None, None], "{committed:?}");
}

#[test]
fn a_cooperative_leader_goes_on_reading_meanwhile() {
    let (_, facts) = run_with_facts(&deleted(COOPERATIVE, ""));
    for who in 0..2 {
        assert!(processed(&facts.facts, who, 21, 69) > 450, "{who}");
    }
    let removed = |(_, fact): &&(Instant, Fact)| {
        matches!(fact, Fact::Group { what: GroupFact::MemberRemoved { .. }, .. })
    };
    assert_eq!(facts.facts.iter().filter(removed).count(), 1, "as with eager members");
}

#[test]
fn under_kip_848_the_topic_is_given_up_at_once() {
    let (run, facts) = run_with_facts(&deleted(MODERN, ""));
    let revoked = (0..2).flat_map(|who| did(&facts.facts, who, 20)).find(|(_, what)| {
        matches!(what, ConsumerFact::Revoked(partitions) if partitions.contains(&GONE[0]))
    });
    // With the next heartbeat, and without waiting for a commit that fails. On the cluster: after 1.9 s.
    assert!(revoked.unwrap().0 < 25.5, "{revoked:?}");
    let owned = |who: usize| run.trace.live.consumers[who].owned.len();
    assert_eq!([owned(0), owned(1)], [1, 1]);
    assert!(processed(&facts.facts, 0, 30, 90) + processed(&facts.facts, 1, 30, 90) > 1_150);
}

#[test]
fn another_topic_of_the_name_begins_at_nothing() {
    for config in [EAGER, COOPERATIVE, MODERN] {
        let (mut run, facts) = run_with_facts(&deleted(config, AGAIN));
        let second = [PartitionId(4), PartitionId(5)];
        assert_eq!(run.topics.label(second[1]), "gone-1 (2)");
        assert_ne!(
            run.topics.id(run.topics.of(GONE[0]).0),
            run.topics.id(run.topics.of(second[0]).0)
        );
        for partition in second {
            let positions = facts.facts.iter().filter_map(|(_, fact)| match fact {
                Fact::Consumer {
                    what: ConsumerFact::Positioned { partition: p, offset, source },
                    ..
                } if *p == partition => Some((*offset, *source)),
                _ => None,
            });
            let positions: Vec<_> = positions.collect();
            assert_eq!(positions[0], (0, PositionSource::Reset), "{config}");
            // 29 s at 10 records a second.
            let log = &run.logs.partitions[partition.index()];
            let end = log.visible_end(Instant::from_secs(100), &mut run.logs.producers);
            assert!((285..=292).contains(&end), "{config}: {end}");
            let account = run.trace.ledger.account(GroupId(0), partition).unwrap();
            assert!(account.processed.len() > 270 && account.skipped.is_empty(), "{account:?}");
        }
        // What it had committed of the first one was forgotten.
        assert!(run.trace.live.groups[0].committed[2].is_none());
        assert!(run.trace.live.groups[0].committed[4] > Some(200), "{config}");
    }
}

#[test]
fn what_nobody_had_read_is_skipped_with_the_topic() {
    // A record takes 100 ms: a fifth of what comes to `gone` until 20 s is read.
    let mut scenario = deleted(MODERN, "");
    scenario.groups[0].consumers[0].template.process = rejoin::kernel::dist::Dist::Fixed(100_000);
    scenario.groups[0].consumers[1].template.process = rejoin::kernel::dist::Dist::Fixed(100_000);
    let (run, _) = run_with_facts(&scenario);
    for partition in GONE {
        let account = run.trace.ledger.account(GroupId(0), partition).unwrap();
        let [jump] = &account.jumps[..] else { panic!("{account:?}") };
        let cause = Cause { event: Some(0), how: How::TopicDeleted };
        assert_eq!((jump.cause, jump.at), (cause, Instant::from_secs(20)));
        let all = run.logs.partitions[partition.index()].start();
        assert_eq!(account.skipped.len() + account.processed.len(), all);
        assert!(account.skipped.len() > 50, "{account:?}");
    }
}

#[test]
fn a_producer_without_topic_stands_in_send() {
    for (more, refused, blocked) in [("", 5, 80_000), (AGAIN, 3, 50_800)] {
        let (mut run, facts) = run_with_facts(&deleted(MODERN, more));
        let struck = ProducerId(1);
        let row = run.producer_rows[struck.index()];
        let producer = &mut run.logs.producers[row];
        let end = Instant::from_secs(100);
        // A call fails after `max.block.ms`, and then the next one. What waited for `linger.ms` is
        // given up after `delivery.timeout.ms`: 10 records a second and partition, half a second.
        assert_eq!(producer.refused(end), refused);
        assert_eq!(producer.blocked(Instant::ZERO, end), Span::from_ms(blocked));
        let given_up = producer.undelivered(end) - refused;
        assert!((5..=11).contains(&given_up), "{given_up}");
        let told = |(_, fact): &&(Instant, Fact)| matches!(fact, Fact::Producer { producer, what: ProducerFact::Blocked, .. } if *producer == struck);
        assert_eq!(facts.facts.iter().filter(told).count(), 1);
    }
}

#[test]
fn what_a_producer_still_has_goes_to_the_next_topic_of_the_name() {
    let again = "[[events]]\nat = '22s'\ncreate_topic = 'gone'";
    let (mut run, _) = run_with_facts(&deleted(MODERN, again));
    let end = Instant::from_secs(100);
    assert_eq!(run.logs.producers[1].undelivered(end), 0);
    let created = run.logs.producers[1].total(end);
    let mut in_log =
        |partition: u32| run.logs.partitions[partition as usize].end(end, &mut run.logs.producers);
    // All of it is in one of the two, but for what waits for `linger.ms` at the end.
    let all: u64 = (2..6).map(&mut in_log).sum();
    assert!(all <= created && all + 11 >= created, "{all} of {created}");
}

/// A topic that is created while a broker is away knows nothing of the time before: that broker has none of
/// its records, and may not lead (`ReplicationControlManager.buildPartitionRegistration`).
#[test]
fn who_was_away_when_a_topic_was_created_is_not_eligible_to_lead_it() {
    let scenario = scenario(
        "duration = '80s'
         [cluster]
         brokers = 3
         [topics.gone]
         replicas = [[2, 3]]
         config = { min.insync.replicas = 2 }
         [producers.struck]
         topic = 'gone'
         rate = '20/s'
         config = { acks = 1, enable.idempotence = false }
         [groups.g]
         topics = ['gone']
         [[events]]
         at = '10s'
         stop_broker = 'broker-3'
         [[events]]
         at = '20s'
         delete_topic = 'gone'
         [[events]]
         at = '30s'
         create_topic = 'gone'
         [[events]]
         at = '40s'
         stop_broker = 'broker-2'
         [[events]]
         at = '50s'
         start_broker = 'broker-3'
         [[events]]
         at = '65s'
         start_broker = 'broker-2'",
    );
    let (_, facts) = run_with_facts(&scenario);
    let changes = facts.facts.iter().filter_map(|(at, fact)| match fact {
        Fact::Partition { partition: PartitionId(1), what } => Some((at.as_us() / 1_000_000, what)),
        _ => None,
    });
    let leaders: Vec<_> = changes
        .filter_map(|(at, what)| match what {
            PartitionFact::Leader { leader, epoch } => Some((at, *leader, *epoch)),
            PartitionFact::Truncated { .. } => panic!("nobody lacks anything"),
            _ => None,
        })
        .collect();
    assert_eq!(leaders, [(40, None, 1), (65, Some(BrokerId(2)), 2)]);
}
