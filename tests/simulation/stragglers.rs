//! Who reads or commits what is not its own any more, and does not know it yet: what others repeat then
//! has a cause.

use crate::handwritten::*;
use crate::{run_with_facts, scenario};
use rejoin::kernel::time::Instant;
use rejoin::model::fact::{ConsumerFact, Fact, GroupFact, RemovalReason};
use rejoin::model::id::{ConsumerId, GroupId};
use rejoin::trace::Trace;
use rejoin::trace::cause::{Cause, How};

/// What was repeated, and why.
fn repeated(trace: &Trace) -> Vec<(Cause, u64)> {
    let account = trace.ledger.account(GROUP, PARTITION).expect("somebody read it");
    account.duplicates.iter().map(|(cause, records)| (*cause, *records)).collect()
}

fn processed_by(who: ConsumerId, from: u64, to: u64) -> Fact {
    let Fact::Consumer { what, .. } = processed(from, to) else { unreachable!() };
    consumer(who, what)
}

fn positioned_at(who: ConsumerId, offset: u64) -> Fact {
    let Fact::Consumer { what, .. } = positioned(offset) else { unreachable!() };
    consumer(who, what)
}

fn commits(who: ConsumerId, member: &str, generation: i32, offset: u64) -> Fact {
    let offsets = vec![(PARTITION, offset)];
    consumer(who, ConsumerFact::Committed { generation, member: member.into(), offsets })
}

/// A static member that polls just after the join phase of 10 s: the group has gone on without it, and
/// its partition is another's already, from what it had committed.
#[test]
fn a_static_member_that_joins_too_late_has_its_records_read_again() {
    let scenario = scenario(
        r#"
        duration = "1m"

        [topics.orders]
        partitions = 2

        [producers.shop]
        topic = "orders"
        rate = "200/s"
        partitioner = "round-robin"

        [groups.search]
        topics = ["orders"]
        consumers = [{}, { start = "40s" }]
        static_members = true

        [groups.search.config]
        partition.assignment.strategy = ["range"]
        auto.offset.reset = "earliest"
        max.poll.interval.ms = 10000
        session.timeout.ms = 30000
        heartbeat.interval.ms = 9000

        [[events]]
        at = "40500ms"
        busy = "search-1"
        for = "9900ms"
        "#,
    );
    let (run, facts) = run_with_facts(&scenario);
    let removed = |(_, fact): &(Instant, Fact)| {
        matches!(fact, Fact::Group { what: GroupFact::MemberRemoved { .. }, .. })
    };
    assert!(!facts.facts.iter().any(removed), "static members stay");
    let accounts = run.trace.ledger.accounts(GroupId(0));
    let causes = accounts.flat_map(|(_, account)| account.duplicates.keys().copied());
    let late = Cause { event: Some(0), how: How::RebalanceTimeout };
    assert_eq!(causes.collect::<Vec<_>>(), [late, late], "what it keeps and what it loses");
}

/// It said that it did not have what it was about to take over, and read it until it heard that it was
/// another's.
#[test]
fn what_is_taken_over_late_is_read_twice() {
    let mut trace = trace();
    tell(&mut trace, group(GroupFact::Epoch { epoch: 2 })).unwrap();
    tell(&mut trace, member(FIRST, 2, true)).unwrap();
    tell(&mut trace, assigned(FIRST, 2)).unwrap();
    tell(&mut trace, positioned_at(FIRST, 0)).unwrap();
    tell(&mut trace, member(FIRST, 2, false)).unwrap();
    tell(&mut trace, member(SECOND, 2, true)).unwrap();
    tell(&mut trace, assigned(SECOND, 2)).unwrap();
    tell(&mut trace, positioned_at(SECOND, 0)).unwrap();
    tell(&mut trace, processed_by(FIRST, 0, 20)).unwrap();
    tell(&mut trace, processed_by(SECOND, 0, 30)).unwrap();
    assert_eq!(repeated(&trace), [(Cause::of(How::Rebalance), 20)]);
}

/// A process that stood still finds the answer to its last `SyncGroup` when it goes on. It has been removed
/// meanwhile, and reads what is another's until it hears of that.
#[test]
fn what_was_given_before_a_removal_and_is_taken_over_after_it_is_read_twice() {
    let mut trace = trace();
    let (member, reason) = ("search-1".into(), RemovalReason::SessionExpired);
    let removed = GroupFact::MemberRemoved { consumer: FIRST, member, reason };
    tell(&mut trace, consumer(FIRST, ConsumerFact::Started)).unwrap();
    tell(&mut trace, group(removed)).unwrap();
    tell(&mut trace, generation(2)).unwrap();
    tell(&mut trace, assigned(SECOND, 2)).unwrap();
    tell(&mut trace, positioned_at(SECOND, 0)).unwrap();
    tell(&mut trace, assigned(FIRST, 1)).unwrap();
    tell(&mut trace, positioned_at(FIRST, 0)).unwrap();
    tell(&mut trace, processed_by(SECOND, 0, 20)).unwrap();
    tell(&mut trace, processed_by(FIRST, 0, 30)).unwrap();
    assert_eq!(repeated(&trace), [(Cause::of(How::SessionTimeout), 20)]);
}

/// A group without members takes any commit (`ConsumerGroup.validateOffsetCommit`), that of a member
/// too that has been removed and tries again and again.
#[test]
fn a_late_commit_sets_the_group_back() {
    let mut trace = trace();
    tell(&mut trace, assigned(FIRST, 1)).unwrap();
    tell(&mut trace, processed_by(FIRST, 0, 10)).unwrap();
    tell(&mut trace, consumer(FIRST, ConsumerFact::PollTimeout)).unwrap();
    let left = |consumer: ConsumerId, member: &str| {
        let (member, reason) = (member.into(), RemovalReason::Left);
        group(GroupFact::MemberRemoved { consumer, member, reason })
    };
    tell(&mut trace, left(FIRST, "search-1")).unwrap();
    tell(&mut trace, generation(2)).unwrap();
    tell(&mut trace, assigned(SECOND, 2)).unwrap();
    tell(&mut trace, processed_by(SECOND, 10, 40)).unwrap();
    tell(&mut trace, commits(SECOND, "search-2", 2, 40)).unwrap();
    tell(&mut trace, consumer(SECOND, ConsumerFact::Revoked(vec![PARTITION]))).unwrap();
    tell(&mut trace, left(SECOND, "search-2")).unwrap();
    tell(&mut trace, commits(FIRST, "search-1", -1, 10)).unwrap();
    let added = GroupFact::MemberAdded { consumer: SECOND, member: "search-2-again".into() };
    tell(&mut trace, group(added)).unwrap();
    tell(&mut trace, generation(3)).unwrap();
    tell(&mut trace, assigned(SECOND, 3)).unwrap();
    tell(&mut trace, positioned_at(SECOND, 10)).unwrap();
    tell(&mut trace, processed_by(SECOND, 10, 50)).unwrap();
    assert_eq!(repeated(&trace), [(Cause::of(How::LateCommit), 30)]);
}

/// Kafka's `cooperative-sticky` does so in rare cases (vector `vanished-partition`), and both members read.
#[test]
fn what_the_strategy_gave_twice_is_read_twice() {
    let mut trace = trace();
    let twice = ConsumerFact::GivenTwice(vec![PARTITION]);
    tell(&mut trace, consumer(FIRST, twice)).unwrap();
    tell(&mut trace, assigned(FIRST, 1)).unwrap();
    tell(&mut trace, assigned(SECOND, 1)).expect("the strategy said so");
    tell(&mut trace, processed_by(FIRST, 0, 20)).unwrap();
    tell(&mut trace, processed_by(SECOND, 0, 30)).unwrap();
    assert_eq!(repeated(&trace), [(Cause::of(How::GivenTwice), 20)]);
    for who in [FIRST, SECOND] {
        tell(&mut trace, consumer(who, ConsumerFact::Revoked(vec![PARTITION]))).unwrap();
        tell(&mut trace, consumer(who, ConsumerFact::JoinSent)).unwrap();
    }
    tell(&mut trace, generation(2)).unwrap();
    tell(&mut trace, assigned(FIRST, 2)).unwrap();
    let result = tell(&mut trace, assigned(SECOND, 2));
    breaks(result, "one owner per partition and generation", "search-1 and search-2 both own");
}

/// An owner whose position went back commits less than before, and that is no late commit.
#[test]
fn an_owner_may_commit_less_than_before() {
    let mut trace = trace();
    tell(&mut trace, assigned(FIRST, 1)).unwrap();
    tell(&mut trace, processed_by(FIRST, 0, 10)).unwrap();
    tell(&mut trace, commits(FIRST, "search-1", 1, 10)).unwrap();
    tell(&mut trace, commits(FIRST, "search-1", 1, 5)).unwrap();
    let result = tell(&mut trace, processed_by(FIRST, 5, 10));
    breaks(result, "every record is accounted for", "nothing explains why");
}
