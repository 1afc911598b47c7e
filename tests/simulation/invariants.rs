//! Each invariant breaks when what it forbids happens.

use crate::handwritten::*;
use rejoin::kernel::time::Instant;
use rejoin::model::fact::{ConsumerFact, GroupFact, PositionSource};
use rejoin::model::id::BrokerId;
use rejoin::trace::cause::How;

#[test]
fn two_owners_of_a_partition_in_one_generation() {
    let mut trace = trace();
    tell(&mut trace, assigned(FIRST, 1)).unwrap();
    tell(&mut trace, assigned(FIRST, 1)).expect("the same owner again is fine");
    let result = tell(&mut trace, assigned(SECOND, 1));
    breaks(result, "one owner per partition and generation", "search-1 and search-2 both own");
}

#[test]
fn the_next_generation_may_have_another_owner() {
    let mut trace = trace();
    tell(&mut trace, assigned(FIRST, 1)).unwrap();
    tell(&mut trace, consumer(FIRST, ConsumerFact::Revoked(vec![PARTITION]))).unwrap();
    tell(&mut trace, generation(2)).unwrap();
    tell(&mut trace, assigned(SECOND, 2)).unwrap();
}

#[test]
fn a_member_is_given_what_another_one_still_owns() {
    let mut trace = trace();
    tell(&mut trace, assigned(FIRST, 1)).unwrap();
    tell(&mut trace, consumer(FIRST, ConsumerFact::JoinSent)).unwrap();
    tell(&mut trace, generation(2)).unwrap();
    let result = tell(&mut trace, assigned(SECOND, 2));
    breaks(result, "no member is given what another one owns", "search-1 still owns");
}

/// A static member that does not rejoin in time is not removed, and knows nothing.
#[test]
fn who_did_not_rejoin_may_think_that_it_owns() {
    let mut trace = trace();
    tell(&mut trace, assigned(FIRST, 1)).unwrap();
    tell(&mut trace, generation(2)).unwrap();
    tell(&mut trace, assigned(SECOND, 2)).unwrap();
}

#[test]
fn who_is_no_member_any_more_may_think_that_it_owns() {
    let mut trace = trace();
    tell(&mut trace, assigned(FIRST, 1)).unwrap();
    let reason = rejoin::model::fact::RemovalReason::SessionExpired;
    let member = "search-1".into();
    tell(&mut trace, group(GroupFact::MemberRemoved { consumer: FIRST, member, reason })).unwrap();
    tell(&mut trace, generation(2)).unwrap();
    tell(&mut trace, assigned(SECOND, 2)).unwrap();
}

#[test]
fn a_generation_that_does_not_grow() {
    for next in [1, 0] {
        let result = tell(&mut trace(), generation(next));
        breaks(result, "generations only grow", "after 1");
    }
}

#[test]
fn a_commit_of_a_past_generation() {
    let mut trace = trace();
    trace
        .accept(Instant::from_secs(1), &committed(FIRST, "search-1", 1))
        .expect("a member may commit");
    tell(&mut trace, generation(2)).unwrap();
    let result = trace.accept(Instant::from_secs(1), &committed(FIRST, "search-1", 1));
    breaks(result, "no commit is accepted from a fenced member", "generation 1 of 2");
}

#[test]
fn a_commit_of_somebody_who_is_no_member() {
    let mut trace = trace();
    let reason = rejoin::model::fact::RemovalReason::SessionExpired;
    let member = "search-1".into();
    let removed = GroupFact::MemberRemoved { consumer: FIRST, member, reason };
    tell(&mut trace, group(removed)).unwrap();
    let result = trace.accept(Instant::from_secs(1), &committed(FIRST, "search-1", 1));
    breaks(result, "no commit is accepted from a fenced member", "who is no member");
}

#[test]
fn a_record_processed_that_nobody_had_come_to() {
    let mut trace = trace();
    tell(&mut trace, processed(0, 10)).unwrap();
    tell(&mut trace, processed(10, 12)).unwrap();
    let result = tell(&mut trace, processed(13, 20));
    breaks(result, "every record is accounted for", "offset 13");
}

#[test]
fn a_committed_offset_beyond_what_was_processed() {
    let mut trace = trace();
    tell(&mut trace, processed(0, 10)).unwrap();
    tell(&mut trace, positioned(10)).expect("a new owner begins where the last one stopped");
    let result = tell(&mut trace, positioned(11));
    breaks(result, "every record is accounted for", "offset 11 is committed");
}

#[test]
fn a_log_that_is_shorter_than_what_was_processed() {
    let mut trace = trace();
    tell(&mut trace, processed(0, 10)).unwrap();
    let account = trace.ledger.account(GROUP, PARTITION).unwrap();
    assert_eq!(account.imbalance(10), None);
    assert_eq!(account.imbalance(25), None, "the rest waits");
    assert!(account.imbalance(9).is_some());
}

#[test]
fn a_consumer_that_hears_of_a_past_generation() {
    let mut trace = trace();
    tell(&mut trace, generation(2)).unwrap();
    tell(&mut trace, assigned(FIRST, 2)).unwrap();
    let result = tell(&mut trace, assigned(FIRST, 1));
    breaks(result, "generations only grow", "search-1 is given generation 1 after 2");
}

#[test]
fn two_leaders_in_one_epoch() {
    let mut trace = trace();
    tell(&mut trace, leads(2, 1)).unwrap();
    tell(&mut trace, leads(1, 2)).unwrap();
    for epoch in [2, 1] {
        let mut trace = self::trace();
        tell(&mut trace, leads(2, 2)).unwrap();
        let result = tell(&mut trace, leads(3, epoch));
        breaks(result, "one leader per partition and epoch", "broker-3 leads");
    }
}

#[test]
fn a_clean_election_that_loses_what_was_replicated() {
    let invariant = "what is replicated is not lost";
    tell(&mut trace(), cut(90, 0, false)).expect("with acks=1 the end may go");
    breaks(tell(&mut trace(), cut(89, 0, false)), invariant, "below its high watermark 90");
    breaks(tell(&mut trace(), cut(95, 2, false)), invariant, "lost 2 records");
    tell(&mut trace(), cut(40, 60, true)).expect("an unclean one may lose anything");
}

#[test]
fn a_high_watermark_that_goes_back() {
    let mut trace = trace();
    let at = Instant::from_secs(2);
    let invariant = "nobody reads beyond the high watermark";
    trace.look(at, &[50]).unwrap();
    trace.look(at, &[50]).unwrap();
    breaks(trace.look(at, &[49]), invariant, "went from 50 to 49");
    let mut trace = self::trace();
    trace.look(at, &[90]).unwrap();
    tell(&mut trace, cut(40, 0, true)).unwrap();
    trace.look(at, &[40]).expect("the log was cut");
}

#[test]
fn a_group_that_reads_or_commits_what_nobody_can_see() {
    let invariant = "nobody reads beyond the high watermark";
    let at = Instant::from_secs(2);
    let mut trace = trace();
    tell(&mut trace, processed(0, 10)).unwrap();
    trace.look(at, &[10]).unwrap();
    tell(&mut trace, processed(10, 12)).unwrap();
    breaks(trace.look(at, &[11]), invariant, "is at 12 of 11");
    let mut trace = self::trace();
    let offsets = vec![(PARTITION, 5)];
    let commit = ConsumerFact::Committed { generation: 1, member: "search-1".into(), offsets };
    tell(&mut trace, consumer(FIRST, commit)).unwrap();
    trace.look(at, &[5]).unwrap();
    let offsets = vec![(PARTITION, 7)];
    let commit = ConsumerFact::Committed { generation: 1, member: "search-1".into(), offsets };
    tell(&mut trace, consumer(FIRST, commit)).unwrap();
    breaks(trace.look(at, &[6]), invariant, "committed 7 of 6");
}

#[test]
fn a_record_that_comes_again_for_no_reason() {
    let mut trace = trace();
    tell(&mut trace, assigned(FIRST, 1)).unwrap();
    tell(&mut trace, positioned(0)).unwrap();
    tell(&mut trace, processed(0, 10)).unwrap();
    let result = tell(&mut trace, processed(8, 12));
    breaks(result, "every record is accounted for", "offsets 8 to 10 are processed again");
}

/// A record is its offset and the epoch of its leader: what has the same offset may be another.
#[test]
fn records_that_were_cut_off_are_others_than_those_that_follow() {
    let mut trace = trace();
    tell(&mut trace, assigned(FIRST, 1)).unwrap();
    tell(&mut trace, positioned(0)).unwrap();
    tell(&mut trace, processed(0, 60)).unwrap();
    tell(&mut trace, cut(40, 0, true)).unwrap();
    tell(&mut trace, leads(2, 1)).unwrap();
    let source = PositionSource::Truncated;
    let back = ConsumerFact::Positioned { partition: PARTITION, offset: 40, source };
    // What it had in hand when the log was cut, it still processes.
    tell(&mut trace, processed(60, 70)).unwrap();
    tell(&mut trace, consumer(FIRST, back)).unwrap();
    tell(&mut trace, processed_of(1, 40, 50)).expect("new records");
    let account = trace.ledger.account(GROUP, PARTITION).unwrap();
    assert_eq!((account.repeated(), account.distinct(), account.frontier()), (0, 80, 50));
    assert_eq!(account.imbalance(55), None);
}

/// A consumer that does not look whether its position still lies in the log goes on behind new
/// records.
#[test]
fn a_position_in_a_part_of_the_log_that_is_gone_skips_what_takes_its_place() {
    let mut trace = trace();
    tell(&mut trace, assigned(FIRST, 1)).unwrap();
    tell(&mut trace, positioned(0)).unwrap();
    tell(&mut trace, processed(0, 60)).unwrap();
    tell(&mut trace, cut(40, 0, true)).unwrap();
    tell(&mut trace, leads(2, 1)).unwrap();
    tell(&mut trace, positioned(60)).expect("it was committed before");
    tell(&mut trace, processed_of(1, 60, 65)).unwrap();
    let account = trace.ledger.account(GROUP, PARTITION).unwrap();
    let jumps: Vec<_> = account.jumps.iter().map(|j| (j.from, j.to, j.cause.how)).collect();
    assert_eq!(jumps, [(40, 60, How::UncleanElection)]);
    assert_eq!(account.imbalance(70), None);
}

/// The same if it had more in hand when the log was cut: it reads on where that ends.
#[test]
fn what_was_in_hand_when_the_log_was_cut_may_reach_beyond_what_was_committed() {
    let mut trace = trace();
    tell(&mut trace, assigned(FIRST, 1)).unwrap();
    tell(&mut trace, positioned(0)).unwrap();
    tell(&mut trace, processed(0, 50)).unwrap();
    tell(&mut trace, cut(40, 0, true)).unwrap();
    tell(&mut trace, leads(2, 1)).unwrap();
    tell(&mut trace, processed(50, 70)).expect("it is in the buffer");
    tell(&mut trace, processed_of(1, 70, 75)).unwrap();
    let account = trace.ledger.account(GROUP, PARTITION).unwrap();
    let jumps: Vec<_> = account.jumps.iter().map(|j| (j.from, j.to, j.cause.how)).collect();
    assert_eq!(jumps, [(40, 70, How::UncleanElection)]);
    let result = tell(&mut trace, processed_of(1, 76, 80));
    breaks(result, "every record is accounted for", "offset 76");
}

/// A coordinator whose log was cut counts a generation again: it has other owners.
#[test]
fn a_generation_that_the_log_has_lost_comes_again() {
    let loaded = |generation| {
        let members = vec![(FIRST, "search-1".into()), (SECOND, "search-2".into())];
        group(GroupFact::Loaded { broker: BrokerId(2), generation, members })
    };
    for (known, holds) in [(1, true), (2, false)] {
        let mut trace = trace();
        tell(&mut trace, generation(2)).unwrap();
        tell(&mut trace, assigned(FIRST, 2)).unwrap();
        tell(&mut trace, consumer(FIRST, ConsumerFact::Revoked(vec![PARTITION]))).unwrap();
        tell(&mut trace, loaded(known)).unwrap();
        if holds {
            tell(&mut trace, generation(2)).expect("it is the next one");
        }
        assert_eq!(tell(&mut trace, assigned(SECOND, 2)).is_ok(), holds, "{known}");
    }
}
