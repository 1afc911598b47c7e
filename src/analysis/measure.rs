//! One number for one expectation: the metrics of the vocabulary, by scope and window.

use super::gauge::Gauge;
use super::history::{Against, History, lag, lag_at};
use super::latency::latency;
use super::ownership::{Tenure, tenures, vacancies};
use super::producers::{blocked, created, undelivered};
use super::records::{
    batches, done_by, jumped, lost, once_by, reached_by, repeated_by, written_twice,
};
use super::recovery::{Recovery, recoveries};
use super::stall::stalls;
use crate::kernel::time::{Instant, Span};
use crate::model::fact::Fact;
use crate::model::id::{ConsumerId, GroupId, PartitionId, ProducerId, TopicId};
use crate::scenario::Scenario;
use crate::scenario::expect::{Expect, Scope, Stat, Window};
use crate::scenario::metric::Metric;
use crate::trace::cause::Cause;
use crate::trace::live::Live;
use crate::trace::steps::Batch;
use crate::world::Run;

/// A measured value, or why there is none.
pub type Measured = Result<f64, String>;

/// Measures what an expectation names.
pub fn measure(run: &mut Run, scenario: &Scenario, expect: &Expect) -> Measured {
    Question { scenario, scope: &expect.scope, window: expect.window, end: end_of(scenario) }
        .answer(run, expect.metric)
}

/// The last moment of a run.
pub fn end_of(scenario: &Scenario) -> Instant {
    Instant::ZERO + scenario.duration
}

/// What is asked of a run.
struct Question<'a> {
    scenario: &'a Scenario,
    scope: &'a Scope,
    window: Window,
    end: Instant,
}

impl Question<'_> {
    fn answer(&self, run: &mut Run, metric: Metric) -> Measured {
        match metric {
            Metric::Lag => self.lag(run, Against::Committed),
            Metric::PositionLag => self.lag(run, Against::Position),
            Metric::LogEndOffset | Metric::CommittedOffset | Metric::Position => {
                self.offset(run, metric)
            }
            Metric::Members
            | Metric::IdleConsumers
            | Metric::RebalancingConsumers
            | Metric::OwnedPartitions
            | Metric::Generation => Ok(self.value(&self.replayed(run, metric)?)),
            Metric::Rebalances => self.rebalances(run),
            Metric::StalledTime => self.stalled(run),
            Metric::UnownedTime => self.unowned(run),
            Metric::DetectionTime => self.phase(run, Recovery::detection),
            Metric::RebalanceTime => self.phase(run, Recovery::rebalance),
            Metric::CatchUpTime => self.phase(run, Recovery::catch_up),
            Metric::Processed | Metric::Duplicates | Metric::Skipped | Metric::Waiting => {
                self.ledger(run, metric)
            }
            Metric::Lost | Metric::WrittenTwice => Ok(self.log(run, metric)),
            Metric::Throughput => self.throughput(run),
            Metric::Undelivered => {
                let (from, to, _) = self.bounds();
                Ok(undelivered(run, self.scenario, self.producer()?, from, to) as f64)
            }
            Metric::BlockedTime => {
                let (from, to, _) = self.bounds();
                Ok(blocked(run, self.scenario, self.producer()?, from, to).as_secs_f64())
            }
            Metric::Latency => {
                let (from, to, stat) = self.bounds();
                latency(run, self.group()?, from, to, stat)
                    .ok_or_else(|| "no record was processed in this time".to_owned())
            }
        }
    }

    fn group(&self) -> Result<GroupId, String> {
        self.scope.group.ok_or_else(|| "no group is named".to_owned())
    }

    fn producer(&self) -> Result<ProducerId, String> {
        self.scope.producer.ok_or_else(|| "no producer is named".to_owned())
    }

    /// The window, `at` as one that ends there.
    fn bounds(&self) -> (Instant, Instant, Stat) {
        match self.window {
            Window::At(at) => (Instant::ZERO, at, Stat::Last),
            Window::Over { from, to, stat } => (from, to, stat),
        }
    }

    fn value(&self, gauge: &Gauge) -> f64 {
        match self.window {
            Window::At(at) => gauge.at(at),
            Window::Over { from, to, stat } => gauge.over(from, to, stat),
        }
    }

    /// The partitions in scope, among those that the group reads.
    fn partitions(&self, run: &Run) -> Result<Vec<PartitionId>, String> {
        let group = self.group()?;
        let in_scope = |partition: &PartitionId| {
            let (topic, index) = run.topics.of(*partition);
            self.scope.topic.is_none_or(|wanted| run.topics.is_same(wanted, topic))
                && self.scope.partition.is_none_or(|wanted| wanted == index)
        };
        let read = run.group_partitions[group.index()].iter().copied();
        Ok(read.filter(in_scope).collect())
    }

    fn lag(&self, run: &mut Run, against: Against) -> Measured {
        let partitions = self.partitions(run)?;
        let histories = History::of(run, self.group()?, &partitions, self.end);
        Ok(match self.window {
            Window::At(at) => lag_at(run, &histories, against, at) as f64,
            Window::Over { to, stat: Stat::Last, .. } => {
                lag_at(run, &histories, against, to) as f64
            }
            Window::Over { from, to, stat } => {
                lag(run, &histories, against, from, to).over(from, to, stat)
            }
        })
    }

    fn offset(&self, run: &mut Run, metric: Metric) -> Measured {
        let (_, at, _) = self.bounds();
        let partition = match self.scope.topic.zip(self.scope.partition) {
            Some((topic, index)) => partition_at(run, topic, index, at),
            None => return Err("a topic and a partition must be named".to_owned()),
        };
        if metric == Metric::LogEndOffset {
            let log = &run.logs.partitions[partition.index()];
            return Ok(log.visible_end(at, &mut run.logs.producers) as f64);
        }
        let history = &History::of(run, self.group()?, &[partition], self.end)[0];
        let (offset, nothing) = match metric {
            Metric::CommittedOffset => (history.committed(at), "nothing is committed by then"),
            _ => (history.position(at), "nobody has a position there then"),
        };
        offset.map(|offset| offset as f64).ok_or_else(|| nothing.to_owned())
    }

    /// A gauge that follows from the facts alone.
    fn replayed(&self, run: &Run, metric: Metric) -> Result<Gauge, String> {
        let group = self.group()?;
        let trace = &run.trace;
        let mut live = Live::new(self.scenario.groups.len(), run.topics.partition_count());
        for _ in &trace.consumers {
            live.add_consumer();
        }
        let members = || {
            let ids = (0..trace.consumers.len()).map(ConsumerId::new);
            ids.filter(|id| trace.consumers[id.index()].group == group)
        };
        let wanted = match &self.scope.consumer {
            Some(name) => Some(
                members()
                    .find(|id| trace.consumers[id.index()].name == *name)
                    .ok_or_else(|| format!("{name} never ran"))?,
            ),
            None => None,
        };
        let mut gauge = Gauge::default();
        gauge.step(Instant::ZERO, 0.0);
        for (at, fact) in trace.facts_of(group) {
            live.record(group, fact);
            let state = &live.groups[group.index()];
            let consumer = |id: ConsumerId| &live.consumers[id.index()];
            let value = match metric {
                Metric::Members => state.members.len(),
                Metric::Generation => usize::try_from(state.generation).unwrap_or(0),
                Metric::IdleConsumers => members().filter(|&id| live.is_idle(group, id)).count(),
                Metric::RebalancingConsumers => members()
                    .filter(|&id| consumer(id).running && consumer(id).is_rebalancing())
                    .count(),
                _ => match wanted {
                    Some(id) => consumer(id).owned.len(),
                    None => members().map(|id| consumer(id).owned.len()).sum(),
                },
            };
            gauge.step(at, value as f64);
        }
        Ok(gauge)
    }

    fn rebalances(&self, run: &Run) -> Measured {
        let (group, (from, to, _)) = (self.group()?, self.bounds());
        let counts = |(at, fact): &&(Instant, Fact)| {
            let began = matches!(
                fact, Fact::Group { group: g, what } if *g == group && what.completes_rebalance()
            );
            began && *at <= to && (*at > from || from == Instant::ZERO)
        };
        Ok(run.trace.facts.iter().filter(counts).count() as f64)
    }

    /// The sum or the longest of intervals, clipped to the window.
    fn intervals(&self, intervals: impl Iterator<Item = (Instant, Instant)>) -> f64 {
        let (from, to, stat) = self.bounds();
        let clipped = intervals.map(|(a, b)| b.min(to).since(a.max(from)).as_secs_f64());
        match stat {
            Stat::Max => clipped.fold(0.0, f64::max),
            _ => clipped.sum(),
        }
    }

    fn stalled(&self, run: &Run) -> Measured {
        let wanted = |id: ConsumerId| {
            let name = &run.trace.consumers[id.index()].name;
            self.scope.consumer.as_ref().is_none_or(|consumer| consumer == name)
        };
        let stalls = stalls(&run.trace, self.group()?, self.end);
        let ours = stalls.iter().filter(|stall| wanted(stall.consumer));
        Ok(self.intervals(ours.map(|stall| (stall.from, stall.to))))
    }

    fn unowned(&self, run: &Run) -> Measured {
        let partitions = self.partitions(run)?;
        let tenures: Vec<Tenure> = tenures(&run.trace, self.group()?, self.end);
        let vacancies = vacancies(&tenures, self.end, |p| run.logs.deleted(p));
        let ours = vacancies.iter().filter(|vacancy| partitions.contains(&vacancy.partition));
        Ok(self.intervals(ours.map(|vacancy| (vacancy.from, vacancy.to))))
    }

    fn phase(&self, run: &mut Run, phase: fn(&Recovery) -> Option<Span>) -> Measured {
        let recoveries = recoveries(run, self.end);
        let wanted = |recovery: &&Recovery| {
            self.scope.event.is_none_or(|event| event == recovery.event)
                && self.scope.group.is_none_or(|group| group == recovery.group)
        };
        let spans = recoveries.iter().filter(wanted).filter_map(phase);
        let longest = spans.max();
        longest.map(Span::as_secs_f64).ok_or_else(|| match self.scope.event {
            Some(event) => format!("event {} has no such phase in this run", event + 1),
            None => "no event has such a phase in this run".to_owned(),
        })
    }

    fn is_cause(&self, cause: Cause) -> bool {
        self.scope.cause.as_ref().is_none_or(|wanted| cause.is_called(wanted, self.scenario))
    }

    fn ledger(&self, run: &mut Run, metric: Metric) -> Measured {
        let (group, (from, to, _)) = (self.group()?, self.bounds());
        let mut total = 0;
        for partition in self.partitions(run)? {
            let account = run.trace.ledger.account(group, partition);
            total += match (metric, account) {
                (Metric::Waiting, account) => {
                    let batches = batches(run, group, partition);
                    let done = account.map_or(0, |account| {
                        if self.is_whole() && to == self.end {
                            return account.frontier();
                        }
                        reached_by(account, run.trace.ledger.log(partition), batches, to)
                    });
                    let log = &run.logs.partitions[partition.index()];
                    let end = log.visible_end(to, &mut run.logs.producers);
                    end.saturating_sub(done.max(log.start_at(to)))
                }
                (_, None) => 0,
                (Metric::Skipped, Some(account)) => {
                    jumped(account, from, to, |cause| self.is_cause(cause))
                }
                (Metric::Processed, Some(_)) => {
                    let done = |at| self.once(run, group, partition, at);
                    done(to) - done(from)
                }
                (_, Some(account)) if self.is_whole() => {
                    let ours =
                        account.duplicates.iter().filter(|(cause, _)| self.is_cause(**cause));
                    ours.map(|(_, records)| records).sum()
                }
                (_, Some(_)) => {
                    let batches = batches(run, group, partition);
                    let ours = |cause, _| self.is_cause(cause);
                    let repeats = |batch: &Batch| {
                        repeated_by(batch, to, ours) - repeated_by(batch, from, ours)
                    };
                    batches.iter().map(repeats).sum()
                }
            };
        }
        Ok(total as f64)
    }

    /// What became of records in the logs in scope.
    fn log(&self, run: &Run, metric: Metric) -> f64 {
        let (from, to, _) = self.bounds();
        let partitions = run.topics.ids().flat_map(|topic| run.topics.partitions(topic));
        let in_scope = |partition: &&PartitionId| {
            let (topic, index) = run.topics.of(**partition);
            self.scope.topic.is_none_or(|wanted| wanted == topic)
                && self.scope.partition.is_none_or(|wanted| wanted == index)
        };
        let count = if metric == Metric::Lost { lost } else { written_twice };
        let of = |&partition: &PartitionId| {
            count(run.trace.ledger.log(partition), from, to, &|cause| self.is_cause(cause))
        };
        partitions.filter(in_scope).map(of).sum::<u64>() as f64
    }

    fn is_whole(&self) -> bool {
        self.window.is_whole(self.scenario.duration)
    }

    /// Distinct records of a partition processed by `at`.
    fn once(&self, run: &Run, group: GroupId, partition: PartitionId, at: Instant) -> u64 {
        let account = run.trace.ledger.account(group, partition);
        match account {
            Some(account) if self.is_whole() && at == self.end => account.distinct(),
            _ => once_by(batches(run, group, partition), at, false),
        }
    }

    fn throughput(&self, run: &mut Run) -> Measured {
        let (from, to, _) = self.bounds();
        let seconds = to.since(from).as_secs_f64();
        let records = if let Some(producer) = self.scope.producer {
            created(run, self.scenario, producer, from, to)
        } else {
            let group = self.group()?;
            let mut done = 0;
            if self.is_whole() {
                let (once, again) = run.trace.ledger.totals(group);
                return Ok((once + again) as f64 / seconds);
            }
            for partition in self.partitions(run)? {
                for batch in batches(run, group, partition) {
                    done += done_by(&batch.processed, to) - done_by(&batch.processed, from);
                }
            }
            done
        };
        Ok(if seconds > 0.0 { records as f64 / seconds } else { 0.0 })
    }
}

/// The partition of this index in the topic of this name that was created last by `at`.
fn partition_at(run: &Run, topic: TopicId, index: u32, at: Instant) -> PartitionId {
    let of = |topic| run.topics.partitions(topic)[index as usize];
    let born = |topic| run.logs.partitions[of(topic).index()].born();
    let lives = run.topics.lives(run.topics.name(topic));
    of(lives.rev().find(|&topic| born(topic) <= at).unwrap_or(topic))
}
