//! A leader that was not in sync takes over (`unclean.leader.election.enable`): what it lacks is gone,
//! whoever had acknowledged it, and consumers that are beyond its end go back or fail (KIP-320).

use crate::{Facts, run_with_facts, scenario};
use rejoin::analysis::summary::summarize;
use rejoin::kernel::time::Instant;
use rejoin::model::fact::{ConsumerFact, Fact, Failure, PartitionFact, PositionSource};
use rejoin::model::id::{ConsumerId, PartitionId};
use rejoin::trace::cause::{Cause, How};

/// What its leader and broker 2 have, which is cut off at 20 s; and what broker 3 has, too.
const DIVERGED: PartitionId = PartitionId(0);
const CLEAN: PartitionId = PartitionId(1);

/// A hundred records a second in each partition, all of them acknowledged by everybody in sync. The only
/// leader dies at 80 s; broker 2 has not been in sync for half a minute then.
fn text(unclean: bool, group: &str) -> String {
    format!(
        "duration = '2m'
        [cluster]
        brokers = 3
        config = {{ offsets.topic.replication.factor = 1 }}
        [topics.orders]
        replicas = [[1, 2], [1, 3]]
        config = {{ unclean.leader.election.enable = {unclean} }}
        [producers.shop]
        topic = 'orders'
        rate = '200/s'
        partitioner = 'round-robin'
        config = {{ acks = 'all' }}
        [groups.search]
        topics = ['orders']
        coordinator = 3
        {group}
        [[events]]
        at = '20s'
        cut = 'broker-2'
        between = ['broker-1', 'broker-2']
        for = '90s'
        [[events]]
        at = '80s'
        kill_broker = 'broker-1'
        restart_after = '20s'
        "
    )
}

/// Where a log was cut, and how much was acknowledged of what is gone.
fn cuts(facts: &Facts, of: PartitionId) -> Vec<(u64, u64)> {
    let cut = |(_, fact): &(Instant, Fact)| match fact {
        Fact::Partition { partition, what: PartitionFact::Truncated { to, acknowledged, .. } }
            if *partition == of =>
        {
            Some((*to, *acknowledged))
        }
        _ => None,
    };
    facts.facts.iter().filter_map(cut).collect()
}

/// The positions that were taken after a moment (s), and where they come from.
fn positions(facts: &Facts, after: u64) -> Vec<(PartitionId, u64, PositionSource)> {
    let later = facts.facts.iter().filter(|(at, _)| *at > Instant::from_secs(after));
    let position = |(_, fact): &(Instant, Fact)| match fact {
        Fact::Consumer { what: ConsumerFact::Positioned { partition, offset, source }, .. } => {
            Some((*partition, *offset, *source))
        }
        _ => None,
    };
    later.filter_map(position).collect()
}

/// Ranges that a consumer processed of a partition, joined where one follows the other.
fn read(facts: &Facts, who: ConsumerId, of: PartitionId) -> Vec<(u64, u64)> {
    let mut ranges: Vec<(u64, u64)> = Vec::new();
    for (_, fact) in &facts.facts {
        let Fact::Consumer { consumer, what: ConsumerFact::Processed(batch) } = fact else {
            continue;
        };
        if *consumer != who || batch.partition != of {
            continue;
        }
        match ranges.last_mut().filter(|last| last.1 == batch.from) {
            Some(last) => last.1 = batch.to,
            None => ranges.push((batch.from, batch.to)),
        }
    }
    ranges
}

const EARLIEST: &str = "auto.offset.reset = 'earliest'";

#[test]
fn who_is_beyond_the_new_end_goes_back_to_it_and_reads_what_comes_there() {
    for protocol in ["classic", "consumer"] {
        let group = format!("config = {{ {EARLIEST}, group.protocol = '{protocol}' }}");
        let scenario = scenario(&text(true, &group));
        let (mut run, facts) = run_with_facts(&scenario);
        let [(to, acknowledged)] = cuts(&facts, DIVERGED)[..] else { panic!("one cut") };
        // What came within 20 s; and what came within the minute after that.
        assert!((1_998..=2_000).contains(&to), "{to}");
        assert!((5_998..=6_002).contains(&acknowledged), "{acknowledged}");
        let lost = cuts(&facts, CLEAN).into_iter().map(|(_, acknowledged)| acknowledged);
        assert_eq!(lost.sum::<u64>(), 0, "{protocol}");
        assert_eq!(positions(&facts, 20), [(DIVERGED, to, PositionSource::Truncated)]);
        let end = to + acknowledged;
        let [before, after] = read(&facts, ConsumerId(0), DIVERGED)[..] else {
            panic!("two reads")
        };
        assert_eq!((before, after.0), ((0, end), to), "{protocol}");
        assert!(after.1 > to + 3_900, "{protocol}: {after:?}");
        assert_eq!(read(&facts, ConsumerId(0), CLEAN).len(), 1, "{protocol}");
        let summary = summarize(&mut run, &scenario);
        let cause = Cause { event: Some(1), how: How::UncleanElection };
        assert_eq!(Vec::from_iter(&summary.topics[0].lost), [(&cause, &acknowledged)]);
        let group = &summary.groups[0];
        assert_eq!((group.duplicates.len(), group.skipped.len(), group.waiting), (0, 0, 0));
    }
}

/// Ten records a second: at 80 s it has not come as far as the new leader has.
#[test]
fn who_has_not_come_as_far_reads_on() {
    for protocol in ["classic", "consumer"] {
        let config = format!("{EARLIEST}, group.protocol = '{protocol}', max.poll.records = 10");
        let group = format!("process = '100ms'\nconfig = {{ {config} }}");
        let (_, facts) = run_with_facts(&scenario(&text(true, &group)));
        assert_eq!(cuts(&facts, DIVERGED).len(), 1);
        assert_eq!(positions(&facts, 20), [], "{protocol}");
        let [(0, to)] = read(&facts, ConsumerId(0), DIVERGED)[..] else { panic!("{protocol}") };
        assert!((300..1_200).contains(&to), "{protocol}: {to}");
    }
}

/// `LogTruncationException`: the second consumer goes on where the first one committed.
#[test]
fn who_may_not_choose_where_to_go_on_fails() {
    for protocol in ["classic", "consumer"] {
        let none = "config = { auto.offset.reset = 'none' }";
        let group = format!(
            "consumers = [{{}}, {{ start = '16s', {none} }}]
            config = {{ {EARLIEST}, group.protocol = '{protocol}' }}
            [[events]]
            at = '15s'
            close = 'search-1'"
        );
        let scenario = scenario(&text(true, &group));
        let (mut run, facts) = run_with_facts(&scenario);
        let group = &summarize(&mut run, &scenario).groups[0];
        assert_eq!(group.failures, [(ConsumerId(1), Failure::LogTruncation)], "{protocol}");
        assert_eq!(positions(&facts, 20), [], "{protocol}");
        assert!(group.skipped.is_empty(), "{protocol}: {:?}", group.skipped);
    }
}

#[test]
fn without_unclean_elections_the_old_leader_is_waited_for() {
    let scenario = scenario(&text(false, &format!("config = {{ {EARLIEST} }}")));
    let (mut run, facts) = run_with_facts(&scenario);
    assert_eq!(positions(&facts, 20), []);
    let summary = summarize(&mut run, &scenario);
    assert!(summary.topics[0].lost.is_empty(), "{:?}", summary.topics[0].lost);
    let group = &summary.groups[0];
    assert_eq!((group.duplicates.len(), group.skipped.len(), group.waiting), (0, 0, 0));
    // A record that was created in the last milliseconds still waits for `linger.ms`.
    assert!((23_996..=24_000).contains(&group.processed), "{}", group.processed);
}
