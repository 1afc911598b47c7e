//! Facts written by hand, told to a trace one by one.

use crate::scenario;
use rejoin::kernel::time::{Instant, Span};
use rejoin::model::Name;
use rejoin::model::fact::{
    ConsumerFact, Fact, GroupFact, MemberState, PartitionFact, PositionSource, Processed,
};
use rejoin::model::id::{BrokerId, ConsumerId, GroupId, PartitionId};
use rejoin::trace::{ConsumerInfo, Trace, Violation};

pub(crate) const GROUP: GroupId = GroupId(0);
pub(crate) const FIRST: ConsumerId = ConsumerId(0);
pub(crate) const SECOND: ConsumerId = ConsumerId(1);
pub(crate) const PARTITION: PartitionId = PartitionId(0);

/// A trace of a group of two consumers, who are members of generation 1.
pub(crate) fn trace() -> Trace {
    trace_of("")
}

/// The same of a group that is described further.
pub(crate) fn trace_of(keys: &str) -> Trace {
    let text = r#"
        duration = "1m"
        [topics.orders]
        [groups.search]
        topics = ["orders"]
        consumers = 2
        "#;
    let scenario = scenario(&format!("{text}{keys}"));
    let mut trace = Trace::new(&scenario, 1, Span::from_secs(1));
    for (id, name) in [(FIRST, "search-1"), (SECOND, "search-2")] {
        trace.add_consumer(ConsumerInfo { name: name.to_owned(), group: GROUP });
        let added = GroupFact::MemberAdded { consumer: id, member: name.into() };
        tell(&mut trace, group(added)).unwrap();
    }
    tell(&mut trace, generation(1)).unwrap();
    trace
}

pub(crate) fn tell(trace: &mut Trace, fact: Fact) -> Result<(), Violation> {
    trace.record(Instant::from_secs(1), fact)
}

pub(crate) fn group(what: GroupFact) -> Fact {
    Fact::Group { group: GROUP, what }
}

pub(crate) fn consumer(consumer: ConsumerId, what: ConsumerFact) -> Fact {
    Fact::Consumer { consumer, what }
}

pub(crate) fn generation(generation: i32) -> Fact {
    let (leader, members) = (Some(FIRST), vec![FIRST, SECOND]);
    group(GroupFact::Generation { generation, protocol: Some("range".into()), leader, members })
}

pub(crate) fn assigned(who: ConsumerId, generation: i32) -> Fact {
    consumer(who, ConsumerFact::Assigned { generation, partitions: vec![PARTITION] })
}

pub(crate) fn committed(who: ConsumerId, member: &str, generation: i32) -> Fact {
    let offsets = vec![(PARTITION, 0)];
    consumer(who, ConsumerFact::Committed { generation, member: member.into(), offsets })
}

pub(crate) fn processed(from: u64, to: u64) -> Fact {
    processed_of(0, from, to)
}

pub(crate) fn processed_of(epoch: i32, from: u64, to: u64) -> Fact {
    let at = Instant::from_secs(1);
    let partition = PARTITION;
    let what = Processed { partition, from, to, epoch, start: at, end: at, returned: at };
    consumer(FIRST, ConsumerFact::Processed(what))
}

pub(crate) fn positioned(offset: u64) -> Fact {
    let source = PositionSource::Committed;
    consumer(FIRST, ConsumerFact::Positioned { partition: PARTITION, offset, source })
}

#[track_caller]
pub(crate) fn breaks(result: Result<(), Violation>, invariant: &str, detail: &str) {
    let violation = result.expect_err("it must break");
    assert_eq!(violation.invariant, invariant);
    assert!(violation.detail.contains(detail), "{violation}");
}

/// A member under KIP-848 in the coordinator's books that has to give the partition up.
pub(crate) fn revokes(consumer: ConsumerId, epoch: i32) -> Fact {
    let (partitions, revoking) = (Vec::new(), vec![PARTITION]);
    let state = MemberState::UnrevokedPartitions;
    let member = id(consumer);
    group(GroupFact::Member { consumer, member, epoch, state, partitions, revoking })
}

/// A member under KIP-848 in the coordinator's books.
pub(crate) fn member(consumer: ConsumerId, epoch: i32, owns: bool) -> Fact {
    let partitions = if owns { vec![PARTITION] } else { Vec::new() };
    let (state, revoking, member) = (MemberState::Stable, Vec::new(), id(consumer));
    group(GroupFact::Member { consumer, member, epoch, state, partitions, revoking })
}

/// The id of a consumer's membership.
pub(crate) fn id(consumer: ConsumerId) -> Name {
    if consumer == FIRST { "search-1".into() } else { "search-2".into() }
}

pub(crate) fn partition(what: PartitionFact) -> Fact {
    Fact::Partition { partition: PARTITION, what }
}

pub(crate) fn leads(broker: u32, epoch: i32) -> Fact {
    partition(PartitionFact::Leader { leader: Some(BrokerId(broker)), epoch })
}

/// Broker 2 takes over from broker 1 in epoch 1, and has only the first `to` of 100 records, of
/// which consumers could see 90.
pub(crate) fn cut(to: u64, replicated: u64, unclean: bool) -> Fact {
    partition(PartitionFact::Truncated {
        old_leader: Some(BrokerId(1)),
        epoch: 1,
        to,
        end: 100,
        high_watermark: 90,
        acknowledged: replicated,
        replicated,
        unclean,
    })
}
