//! What happened, in a few numbers: what a person reads in ten seconds and `summary.json` holds.

use super::activity::{Activity, Spell, activities};
use super::incident::{Incident, incidents};
use super::measure::end_of;
use super::ownership::{Tenure, tenures, vacancies};
use super::producers::{self, ProducerSummary};
use super::recovery::{Recovery, recoveries};
use super::stall::stalls;
use crate::kernel::time::{Instant, Span};
use crate::model::fact::{ConsumerFact, Failure, GroupFact};
use crate::model::id::{BrokerId, ConsumerId, GroupId, PartitionId, TopicId};
use crate::scenario::Scenario;
use crate::trace::Trace;
use crate::trace::cause::Cause;
use crate::trace::ledger::Account;
use crate::world::Run;
use std::collections::BTreeMap;

/// A run in a few numbers.
#[derive(Clone, PartialEq, Debug)]
pub struct Summary {
    /// The scenario's name.
    pub name: String,
    /// The question that it answers.
    pub question: String,
    /// Seed of the run.
    pub seed: u64,
    /// Its length.
    pub duration: Span,
    /// Events that it took.
    pub events: u64,
    /// Fingerprint of everything that happened.
    pub digest: u64,
    /// Records in all logs at the end, backlogs included.
    pub produced: u64,
    /// One for each topic.
    pub topics: Vec<TopicSummary>,
    /// One for each producer.
    pub producers: Vec<ProducerSummary>,
    /// One for each group.
    pub groups: Vec<GroupSummary>,
    /// One for each event of the scenario that struck somebody who owned something.
    pub recoveries: Vec<Recovery>,
}

/// What became of the records of a topic.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TopicSummary {
    /// Its name.
    pub name: String,
    /// Records in its logs at the end that consumers may see.
    pub produced: u64,
    /// Records that had been acknowledged and are lost, by cause.
    pub lost: BTreeMap<Cause, u64>,
    /// Records that were written twice, by cause.
    pub written_twice: BTreeMap<Cause, u64>,
}

/// A group in a few numbers.
#[derive(Clone, PartialEq, Debug)]
pub struct GroupSummary {
    /// The group.
    pub group: GroupId,
    /// Its name.
    pub name: String,
    /// Its partition of `__consumer_offsets`.
    pub offsets_partition: u32,
    /// That partition's leader: the group's coordinator.
    pub coordinator: BrokerId,
    /// Partitions that it reads.
    pub partitions: usize,
    /// Members at the end, as the coordinator counts them.
    pub members: usize,
    /// The last generation.
    pub generation: i32,
    /// Completed rebalances.
    pub rebalances: usize,
    /// Time in which live consumers could not process because of rebalances, summed.
    pub stalled: Span,
    /// Time in which partitions that had an owner had none, summed.
    pub unowned: Span,
    /// The longest such time of one partition.
    pub longest_unowned: Span,
    /// Who is a running member at the end, with what it owns.
    pub owners: Vec<(ConsumerId, Vec<PartitionId>)>,
    /// Who idled, and how long.
    pub idle: Vec<Idle>,
    /// The largest lag seen, and when.
    pub peak_lag: (u64, Instant),
    /// Lag at the end.
    pub final_lag: u64,
    /// Distinct records processed.
    pub processed: u64,
    /// Attempts beyond the first, by cause.
    pub duplicates: BTreeMap<Cause, u64>,
    /// Records jumped over, by cause.
    pub skipped: BTreeMap<Cause, u64>,
    /// Records not yet processed nor jumped over.
    pub waiting: u64,
    /// Fatal errors, by consumer.
    pub failures: Vec<(ConsumerId, Failure)>,
    /// When it could not read, commit or own its partitions, and why.
    pub incidents: Vec<Incident>,
}

/// A member that owned nothing while its group was stable.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Idle {
    /// Who.
    pub consumer: ConsumerId,
    /// Since when, the first time.
    pub since: Instant,
    /// How long, all told.
    pub time: Span,
    /// Whether it still idles at the end.
    pub at_end: bool,
}

/// Sums a run up.
pub fn summarize(run: &mut Run, scenario: &Scenario) -> Summary {
    let end = end_of(scenario);
    let topics: Vec<TopicSummary> =
        run.topics.ids().map(|topic| summarize_topic(run, topic, end)).collect();
    let produced = topics.iter().map(|topic| topic.produced).sum();
    let recoveries = recoveries(run, end);
    let producers = producers::summarize(run, scenario, end);
    let groups =
        (0..scenario.groups.len()).map(|g| summarize_group(run, scenario, GroupId::new(g), end));
    Summary {
        name: scenario.name.clone(),
        question: scenario.question.clone(),
        seed: scenario.seed,
        duration: scenario.duration,
        groups: groups.collect(),
        events: run.trace.events,
        digest: run.trace.digest(),
        produced,
        topics,
        producers,
        recoveries,
    }
}

fn summarize_topic(run: &mut Run, topic: TopicId, end: Instant) -> TopicSummary {
    let (mut produced, mut lost, mut written_twice) = (0, BTreeMap::new(), BTreeMap::new());
    for partition in run.topics.partitions(topic) {
        let log = &run.logs.partitions[partition.index()];
        produced += log.visible_end(end, &mut run.logs.producers);
        let account = run.trace.ledger.log(*partition);
        for cut in account.cuts.iter().filter(|cut| cut.lost > 0) {
            *lost.entry(cut.cause).or_default() += cut.lost;
        }
        for repeat in &account.repeats {
            *written_twice.entry(repeat.cause).or_default() += repeat.records;
        }
    }
    TopicSummary { name: run.topics.name(topic).to_string(), produced, lost, written_twice }
}

fn summarize_group(
    run: &mut Run,
    scenario: &Scenario,
    group: GroupId,
    end: Instant,
) -> GroupSummary {
    let trace = &run.trace;
    let (offsets_partition, coordinator) = run.coordinators[group.index()];
    let tenures: Vec<Tenure> = tenures(trace, group, end);
    let vacancies: Vec<Span> = vacancies(&tenures, end, |p| run.logs.deleted(p))
        .iter()
        .map(|vacancy| vacancy.to.since(vacancy.from))
        .collect();
    let stalled = stalls(trace, group, end).iter().map(|stall| stall.to.since(stall.from)).sum();
    let (mut duplicates, mut skipped) = (BTreeMap::new(), BTreeMap::new());
    for (_, account) in trace.ledger.accounts(group) {
        for (&cause, count) in &account.duplicates {
            *duplicates.entry(cause).or_default() += count;
        }
        for jump in &account.jumps {
            *skipped.entry(jump.cause).or_default() += jump.to - jump.from;
        }
    }
    let samples = &trace.samples.groups[group.index()];
    let peak = samples.total_lag.iter().zip(&trace.samples.times).max_by_key(|(lag, at)| {
        // The first moment of the largest lag.
        (**lag, std::cmp::Reverse(**at))
    });
    let partitions = &run.group_partitions[group.index()];
    let logs = &mut run.logs;
    let waits = |&partition: &PartitionId| {
        let log = &logs.partitions[partition.index()];
        let account = trace.ledger.account(group, partition);
        let done = account.map_or(0, Account::frontier).max(log.start());
        log.visible_end(end, &mut logs.producers).saturating_sub(done)
    };
    let waiting = partitions.iter().map(waits).sum();
    GroupSummary {
        group,
        name: scenario.groups[group.index()].name.clone(),
        offsets_partition,
        coordinator,
        partitions: partitions.len(),
        members: trace.live.groups[group.index()].members.len(),
        generation: trace.live.groups[group.index()].generation,
        rebalances: trace.group_facts(group).filter(completes).count(),
        stalled,
        unowned: vacancies.iter().copied().sum(),
        longest_unowned: vacancies.iter().copied().max().unwrap_or(Span::ZERO),
        owners: owners(run, group),
        idle: idle(&run.trace, group, end),
        peak_lag: peak.map_or((0, Instant::ZERO), |(&lag, &at)| (lag, at)),
        final_lag: run.trace.samples.groups[group.index()].total_lag.last().copied().unwrap_or(0),
        processed: run.trace.ledger.totals(group).0,
        duplicates,
        skipped,
        waiting,
        failures: failures(run, group),
        incidents: incidents(run, scenario, group, end),
    }
}

fn owners(run: &Run, group: GroupId) -> Vec<(ConsumerId, Vec<PartitionId>)> {
    let live = &run.trace.live;
    let members = (0..live.consumers.len()).map(ConsumerId::new).filter(|id| {
        let state = &live.consumers[id.index()];
        run.trace.consumers[id.index()].group == group && state.running && state.member
    });
    members.map(|id| (id, live.consumers[id.index()].owned.clone())).collect()
}

fn failures(run: &Run, group: GroupId) -> Vec<(ConsumerId, Failure)> {
    let failed = run.trace.consumer_facts(group).filter_map(|(_, consumer, what)| match what {
        ConsumerFact::Failed(failure) => Some((consumer, *failure)),
        _ => None,
    });
    failed.collect()
}

/// Whether a fact is the completion of a rebalance.
fn completes((_, what): &(Instant, &GroupFact)) -> bool {
    what.completes_rebalance()
}

/// Who idled in a group, in order of the first time.
fn idle(trace: &Trace, group: GroupId, end: Instant) -> Vec<Idle> {
    let mut spells = activities(trace, group, end).spells;
    spells.retain(|spell| spell.activity == Activity::Idle);
    spells.sort_by_key(|spell| (spell.from, spell.consumer));
    let mut rows: Vec<Option<usize>> = vec![None; trace.consumers.len()];
    let mut idle: Vec<Idle> = Vec::new();
    for Spell { consumer, from, to, .. } in spells {
        let row = *rows[consumer.index()].get_or_insert(idle.len());
        if row == idle.len() {
            idle.push(Idle { consumer, since: from, time: Span::ZERO, at_end: false });
        }
        idle[row].time += to.since(from);
        idle[row].at_end = to == end;
    }
    idle
}
