//! Analysis of traces written by hand: who did what, who owned what, who stalled.

use rejoin::analysis::activity::Activity::{Active, Gone, Idle, Waiting};
use rejoin::analysis::activity::{Activity, Spell, activities};
use rejoin::analysis::ownership::{tenures, vacancies};
use rejoin::analysis::rebalance::rebalances;
use rejoin::analysis::spread::{Spread, worst};
use rejoin::analysis::stall::stalls;
use rejoin::kernel::time::{Instant, Span};
use rejoin::model::fact::{ConsumerFact, Fact, GroupFact, RebalanceReason, RemovalReason};
use rejoin::model::id::{ConsumerId, GroupId, PartitionId};
use rejoin::parse::{self, Source};
use rejoin::trace::{ConsumerInfo, Trace};

const END: u64 = 100;

/// A trace of one group, told second by second.
struct Story {
    trace: Trace,
}

impl Story {
    fn new(consumers: usize, partitions: usize) -> Self {
        let text = "duration = '100s'\n[topics.t]\n[groups.g]\ntopics = ['t']";
        let parsed = parse::scenario(&Source::new("story.toml", text), &[]).expect("a scenario");
        let mut trace = Trace::new(&parsed.runs[0].scenario, partitions, Span::from_secs(1));
        for number in 1..=consumers {
            trace.add_consumer(ConsumerInfo { name: format!("g-{number}"), group: G });
        }
        Story { trace }
    }

    fn tell(&mut self, at: u64, fact: Fact) -> &mut Self {
        self.trace.record(Instant::from_secs(at), fact).expect("a possible story");
        self
    }

    fn consumer(&mut self, at: u64, consumer: usize, what: ConsumerFact) -> &mut Self {
        self.tell(at, Fact::Consumer { consumer: ConsumerId::new(consumer), what })
    }

    fn group(&mut self, at: u64, what: GroupFact) -> &mut Self {
        self.tell(at, Fact::Group { group: G, what })
    }

    fn starts(&mut self, at: u64, consumer: usize) -> &mut Self {
        self.consumer(at, consumer, ConsumerFact::Started)
    }

    fn joins(&mut self, at: u64, consumer: usize) -> &mut Self {
        let (member, consumer) = (format!("m-{consumer}").into(), ConsumerId::new(consumer));
        self.group(at, GroupFact::MemberAdded { consumer, member })
    }

    fn removed(&mut self, at: u64, consumer: usize) -> &mut Self {
        let (member, consumer) = (format!("m-{consumer}").into(), ConsumerId::new(consumer));
        let reason = RemovalReason::SessionExpired;
        self.group(at, GroupFact::MemberRemoved { consumer, member, reason })
    }

    fn prepares(&mut self, at: u64) -> &mut Self {
        self.group(at, GroupFact::Preparing { reason: RebalanceReason::MemberJoined })
    }

    fn begins(&mut self, at: u64, generation: i32) -> &mut Self {
        let (leader, members) = (None, Vec::new());
        let protocol = Some("range".into());
        self.group(at, GroupFact::Generation { generation, protocol, leader, members })
    }

    fn stable(&mut self, at: u64, generation: i32) -> &mut Self {
        self.group(at, GroupFact::Stable { generation })
    }

    fn assigned(&mut self, at: u64, consumer: usize, generation: i32, to: &[usize]) -> &mut Self {
        let partitions = partitions(to);
        self.consumer(at, consumer, ConsumerFact::Assigned { generation, partitions })
    }

    fn revoked(&mut self, at: u64, consumer: usize, from: &[usize]) -> &mut Self {
        self.consumer(at, consumer, ConsumerFact::Revoked(partitions(from)))
    }

    fn spells(&self) -> Vec<(usize, Activity, u64, u64)> {
        let mut spells = activities(&self.trace, G, at(END)).spells;
        spells.sort_by_key(|spell| (spell.consumer, spell.from));
        let tell = |spell: &Spell| {
            (spell.consumer.index(), spell.activity, seconds(spell.from), seconds(spell.to))
        };
        spells.iter().map(tell).collect()
    }

    fn tenures(&self) -> Vec<(usize, usize, u64, u64)> {
        tenures(&self.trace, G, at(END))
            .iter()
            .map(|t| (t.partition.index(), t.owner.index(), seconds(t.from), seconds(t.to)))
            .collect()
    }

    fn vacancies(&self) -> Vec<(usize, u64, u64)> {
        vacancies(&tenures(&self.trace, G, at(END)), at(END), |_| None)
            .iter()
            .map(|v| (v.partition.index(), seconds(v.from), seconds(v.to)))
            .collect()
    }

    fn stalls(&self) -> Vec<(usize, u64, u64)> {
        let stalls = stalls(&self.trace, G, at(END));
        stalls.iter().map(|s| (s.consumer.index(), seconds(s.from), seconds(s.to))).collect()
    }
}

const G: GroupId = GroupId(0);

fn at(seconds: u64) -> Instant {
    Instant::from_secs(seconds)
}

fn seconds(at: Instant) -> u64 {
    at.as_us() / 1_000_000
}

fn partitions(indices: &[usize]) -> Vec<PartitionId> {
    indices.iter().map(|&index| PartitionId::new(index)).collect()
}

#[test]
fn a_crashed_consumer_stays_until_it_is_removed() {
    let mut story = Story::new(1, 1);
    story.starts(0, 0).joins(3, 0).begins(3, 1).assigned(4, 0, 1, &[0]).stable(4, 1);
    story.consumer(40, 0, ConsumerFact::Crashed).removed(85, 0);
    assert_eq!(story.spells(), [(0, Waiting, 0, 4), (0, Active, 4, 40), (0, Gone, 40, 85)]);
}

#[test]
fn who_owns_nothing_idles_only_while_the_group_is_stable() {
    let mut story = Story::new(2, 1);
    story.starts(0, 0).starts(0, 1).joins(1, 0).joins(1, 1).begins(3, 1);
    story.assigned(4, 0, 1, &[0]).assigned(5, 1, 1, &[]).stable(6, 1).prepares(50);
    let second: Vec<_> = story.spells().into_iter().filter(|spell| spell.0 == 1).collect();
    assert_eq!(second, [(1, Waiting, 0, 6), (1, Idle, 6, 50), (1, Waiting, 50, END)]);
}

#[test]
fn heads_are_counted_at_the_end_of_each_tick_that_changes_them() {
    let mut story = Story::new(2, 1);
    story.starts(1, 0).starts(1, 1).joins(2, 0).joins(2, 1);
    story.consumer(9, 1, ConsumerFact::Crashed).consumer(9, 0, ConsumerFact::JoinSent);
    story.consumer(12, 0, ConsumerFact::JoinSent).removed(20, 1);
    let counts = activities(&story.trace, G, at(END)).headcounts;
    let shown: Vec<_> = counts.iter().map(|c| (seconds(c.at), c.members, c.running())).collect();
    assert_eq!(shown, [(0, 0, 0), (1, 0, 2), (2, 2, 2), (9, 2, 1), (20, 1, 1)]);
}

#[test]
fn what_is_assigned_again_to_its_owner_is_one_tenure() {
    let mut story = Story::new(2, 3);
    story.assigned(1, 0, 1, &[0, 1]).assigned(1, 1, 1, &[2]).assigned(9, 0, 2, &[1, 2]);
    assert_eq!(story.tenures(), [(0, 0, 1, 9), (1, 0, 1, END), (2, 1, 1, 9), (2, 0, 9, END)]);
}

#[test]
fn a_revocation_ends_only_what_the_consumer_owns() {
    let mut story = Story::new(2, 2);
    story.assigned(1, 0, 1, &[0, 1]).assigned(5, 1, 2, &[1]).revoked(9, 0, &[0, 1]);
    assert_eq!(story.tenures(), [(0, 0, 1, 9), (1, 0, 1, 5), (1, 1, 5, END)]);
}

#[test]
fn a_vacancy_lasts_until_the_next_owner() {
    let mut story = Story::new(2, 2);
    story.assigned(1, 0, 1, &[0, 1]).consumer(40, 0, ConsumerFact::Crashed);
    story.assigned(85, 1, 2, &[0]).consumer(90, 1, ConsumerFact::Crashed);
    assert_eq!(story.vacancies(), [(0, 40, 85), (1, 40, END), (0, 90, END)]);
}

#[test]
fn a_stall_lasts_until_the_consumer_may_fetch_again() {
    let mut story = Story::new(1, 1);
    story.assigned(1, 0, 1, &[0]).revoked(20, 0, &[0]).consumer(21, 0, ConsumerFact::JoinSent);
    story.assigned(30, 0, 2, &[0]).consumer(31, 0, ConsumerFact::Ready).revoked(50, 0, &[0]);
    assert_eq!(story.stalls(), [(0, 20, 31), (0, 50, END)]);
}

#[test]
fn who_closes_does_not_stall_unless_it_had_rejoined() {
    let mut story = Story::new(2, 2);
    story.assigned(1, 0, 1, &[0]).assigned(1, 1, 1, &[1]);
    story.revoked(20, 0, &[0]).consumer(21, 0, ConsumerFact::Closed);
    story.revoked(20, 1, &[1]).consumer(20, 1, ConsumerFact::JoinSent);
    story.consumer(25, 1, ConsumerFact::Closed);
    assert_eq!(story.stalls(), [(1, 20, 25)]);
}

#[test]
fn a_rebalance_lasts_until_the_group_is_stable() {
    let mut story = Story::new(1, 1);
    story.prepares(0).begins(3, 1).stable(4, 1).prepares(10).begins(12, 2).prepares(15);
    let none =
        GroupFact::Generation { generation: 3, protocol: None, leader: None, members: Vec::new() };
    story.group(20, none).prepares(30).begins(31, 4);
    let shown: Vec<_> = rebalances(&story.trace, G, at(END))
        .iter()
        .map(|r| (r.generation, seconds(r.from), seconds(r.to)))
        .collect();
    assert_eq!(shown, [(1, 0, 4), (2, 10, 15), (3, 15, 20), (4, 30, END)]);
}

#[test]
fn a_spread_is_of_values_that_occur() {
    let spread = Spread::of(&mut [7, 1, 3, 5]);
    assert_eq!(spread, Spread { min: 1, lower: 1, median: 3, upper: 5, max: 7 });
    assert_eq!(Spread::of(&mut []), Spread::default());
}

#[test]
fn the_worst_partitions_come_first() {
    let mut story = Story::new(0, 4);
    let samples = &mut story.trace.samples;
    samples.times = vec![at(0), at(1), at(2)];
    let lag = [[0, 5, 0, 9], [8, 5, 0, 2], [8, 6, 0, 0]];
    samples.groups[0].lag = lag.map(|row| row.map(Some).to_vec()).to_vec();
    let peaks = worst(samples, 0, &partitions(&[0, 1, 2, 3]), 3);
    let shown: Vec<_> =
        peaks.iter().map(|peak| (peak.partition.index(), peak.lag, seconds(peak.at))).collect();
    assert_eq!(shown, [(3, 9, 0), (0, 8, 1), (1, 6, 2)]);
}
