//! Each invariant of groups under KIP-848 breaks when what it forbids happens, and holds where Kafka
//! promises nothing.

use crate::handwritten::*;
use rejoin::kernel::time::Instant;
use rejoin::model::Name;
use rejoin::model::fact::{ConsumerFact, GroupFact, MemberState};
use rejoin::model::id::PartitionId;

#[test]
fn a_partition_twice_in_the_coordinators_books() {
    let mut trace = trace();
    tell(&mut trace, group(GroupFact::Epoch { epoch: 2 })).unwrap();
    tell(&mut trace, member(FIRST, 2, true)).unwrap();
    let result = tell(&mut trace, member(SECOND, 2, true));
    breaks(result, "no member is given what another one owns", "while search-1 has it");
    let mut trace = self::trace();
    tell(&mut trace, group(GroupFact::Epoch { epoch: 2 })).unwrap();
    tell(&mut trace, member(FIRST, 2, true)).unwrap();
    tell(&mut trace, member(FIRST, 3, false)).unwrap();
    tell(&mut trace, member(SECOND, 3, true)).expect("it is free");
}

#[test]
fn an_owner_under_kip_848_that_said_too_early_that_it_gave_up() {
    let mut trace = trace();
    tell(&mut trace, group(GroupFact::Epoch { epoch: 2 })).unwrap();
    tell(&mut trace, member(FIRST, 2, true)).unwrap();
    tell(&mut trace, assigned(FIRST, 2)).unwrap();
    tell(&mut trace, consumer(FIRST, ConsumerFact::Ready)).unwrap();
    tell(&mut trace, revokes(FIRST, 2)).unwrap();
    tell(&mut trace, member(FIRST, 3, false)).unwrap();
    tell(&mut trace, member(SECOND, 3, true)).unwrap();
    let result = tell(&mut trace, assigned(SECOND, 3));
    breaks(result, "no member is given what another one owns", "search-1 still owns");
}

/// What it acknowledges is an earlier assignment, and the coordinator takes it by its word.
#[test]
fn an_owner_under_kip_848_that_says_too_early_that_it_has_nothing() {
    let mut trace = trace();
    tell(&mut trace, group(GroupFact::Epoch { epoch: 2 })).unwrap();
    tell(&mut trace, member(FIRST, 2, true)).unwrap();
    tell(&mut trace, assigned(FIRST, 2)).unwrap();
    tell(&mut trace, member(FIRST, 3, false)).unwrap();
    tell(&mut trace, member(SECOND, 3, true)).unwrap();
    tell(&mut trace, assigned(SECOND, 3)).expect("Kafka promises nothing here");
}

/// The same while it is in `onPartitionsAssigned`: a new coordinator asks for all that it has.
#[test]
fn an_owner_under_kip_848_that_says_so_before_it_has_taken_over() {
    let mut trace = trace();
    tell(&mut trace, group(GroupFact::Epoch { epoch: 2 })).unwrap();
    tell(&mut trace, member(FIRST, 2, true)).unwrap();
    tell(&mut trace, assigned(FIRST, 2)).unwrap();
    tell(&mut trace, revokes(FIRST, 2)).unwrap();
    tell(&mut trace, member(FIRST, 3, false)).unwrap();
    tell(&mut trace, member(SECOND, 3, true)).unwrap();
    tell(&mut trace, assigned(SECOND, 3)).expect("Kafka promises nothing here");
}

/// It hears of both assignments in the epoch in which the coordinator has given the partition away.
#[test]
fn a_partition_taken_over_late_has_two_owners_in_one_epoch() {
    let mut trace = trace();
    tell(&mut trace, group(GroupFact::Epoch { epoch: 2 })).unwrap();
    tell(&mut trace, member(FIRST, 2, true)).unwrap();
    tell(&mut trace, member(FIRST, 2, false)).unwrap();
    tell(&mut trace, member(SECOND, 2, true)).unwrap();
    tell(&mut trace, assigned(SECOND, 2)).unwrap();
    tell(&mut trace, assigned(FIRST, 2)).expect_err("the other one has not given it up");
    let mut trace = self::trace();
    tell(&mut trace, group(GroupFact::Epoch { epoch: 2 })).unwrap();
    tell(&mut trace, member(FIRST, 2, true)).unwrap();
    tell(&mut trace, assigned(FIRST, 2)).unwrap();
    tell(&mut trace, member(FIRST, 2, false)).unwrap();
    tell(&mut trace, member(SECOND, 2, true)).unwrap();
    tell(&mut trace, assigned(SECOND, 2)).expect("Kafka promises nothing here");
}

/// A process that was killed and started again is a member twice, until its first session ends.
#[test]
fn epochs_of_two_memberships_of_one_consumer() {
    let mut trace = trace();
    tell(&mut trace, group(GroupFact::Epoch { epoch: 3 })).unwrap();
    tell(&mut trace, member(FIRST, 2, true)).unwrap();
    let again: Name = "search-1-again".into();
    let added = GroupFact::MemberAdded { consumer: FIRST, member: again.clone() };
    tell(&mut trace, group(added)).unwrap();
    let now = |epoch, partitions: &[PartitionId]| GroupFact::Member {
        consumer: FIRST,
        member: again.clone(),
        epoch,
        state: MemberState::Stable,
        partitions: partitions.to_vec(),
        revoking: Vec::new(),
    };
    tell(&mut trace, group(now(3, &[]))).unwrap();
    tell(&mut trace, member(FIRST, 2, true)).expect("a late heartbeat of the first one");
    let result = tell(&mut trace, group(now(3, &[PARTITION])));
    breaks(result, "no member is given what another one owns", "while search-1 has it");
    let result = tell(&mut trace, group(now(2, &[])));
    breaks(result, "generations only grow", "epoch 2 after 3");
}

#[test]
fn an_epoch_that_goes_back_and_a_commit_of_the_future() {
    let mut trace = trace();
    tell(&mut trace, group(GroupFact::Epoch { epoch: 3 })).unwrap();
    tell(&mut trace, member(FIRST, 3, true)).unwrap();
    trace
        .accept(Instant::from_secs(1), &committed(FIRST, "search-1", 2))
        .expect("an epoch that it had");
    let result = trace.accept(Instant::from_secs(1), &committed(FIRST, "search-1", 4));
    breaks(result, "no commit is accepted from a fenced member", "which it never had");
    let result = tell(&mut trace, group(GroupFact::Epoch { epoch: 2 }));
    breaks(result, "generations only grow", "epoch 2 after 3");
}

#[test]
fn a_members_epoch_that_goes_back() {
    let mut trace = trace();
    tell(&mut trace, group(GroupFact::Epoch { epoch: 3 })).unwrap();
    tell(&mut trace, member(FIRST, 3, true)).unwrap();
    tell(&mut trace, member(FIRST, 3, true)).expect("another state at the same epoch");
    let result = tell(&mut trace, member(FIRST, 2, true));
    breaks(result, "generations only grow", "search-1 is at epoch 2 after 3");
    tell(&mut trace, member(SECOND, 2, false)).expect("another one may be behind");
    tell(&mut trace, member(FIRST, -2, true)).expect("a static member leaves for a while");
}

/// A group that was empty begins anew, and so may who left it.
#[test]
fn who_comes_back_may_begin_anew() {
    let mut trace = trace();
    tell(&mut trace, group(GroupFact::Epoch { epoch: 5 })).unwrap();
    for (who, epoch) in [(FIRST, 5), (SECOND, 4)] {
        tell(&mut trace, member(who, epoch, false)).unwrap();
    }
    tell(&mut trace, assigned(FIRST, 5)).unwrap();
    for (consumer, member) in [(FIRST, "search-1"), (SECOND, "search-2")] {
        let (member, reason) = (member.into(), rejoin::model::fact::RemovalReason::Left);
        tell(&mut trace, group(GroupFact::MemberRemoved { consumer, member, reason })).unwrap();
    }
    tell(&mut trace, group(GroupFact::Epoch { epoch: 1 })).expect("nobody is left");
    let added = GroupFact::MemberAdded { consumer: FIRST, member: "search-3".into() };
    tell(&mut trace, group(added)).unwrap();
    tell(&mut trace, member(FIRST, 1, true)).unwrap();
    tell(&mut trace, assigned(FIRST, 1)).unwrap();
}
