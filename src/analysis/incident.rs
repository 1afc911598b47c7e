//! Incidents: when a group could not read, commit or own its partitions, and what that came from.

use super::ownership::{Vacancy, tenures, vacancies};
use super::paused::{Pause, pauses};
use crate::cluster::fetch::Logs;
use crate::kernel::time::{Instant, Span};
use crate::model::fact::{
    BrokerFact, ConsumerFact, Fact, GroupFact, PartitionFact, RebalanceReason, Standstill,
};
use crate::model::id::{BrokerId, ConsumerId, GroupId, PartitionId};
use crate::scenario::Scenario;
use crate::scenario::event::Action;
use crate::trace::Trace;
use crate::world::Run;
use std::collections::BTreeMap;

/// Nobody calls anything shorter an incident.
pub const NOTABLE: Span = Span::from_ms(500);

/// A time in which a group could not do something.
#[derive(Clone, PartialEq, Debug)]
pub struct Incident {
    /// Since when.
    pub from: Instant,
    /// Until when; the end of the run if it was not over.
    pub to: Instant,
    /// What it could not do.
    pub what: Trouble,
    /// The `[[events]]` block that it came from, from 0; `None`: none.
    pub origin: Option<usize>,
}

/// What a group cannot do, and why.
#[derive(Clone, PartialEq, Debug)]
pub enum Trouble {
    /// Nothing new can be read of these partitions.
    Unreadable {
        /// Which.
        partitions: Vec<PartitionId>,
        /// Why.
        why: Standstill,
    },
    /// No commit takes effect.
    Uncommitted(Standstill),
    /// Nobody coordinates.
    Uncoordinated {
        /// Who did before.
        before: BrokerId,
        /// Who does now; `None`: nobody yet.
        now: Option<Successor>,
    },
    /// Nobody owns these partitions, which somebody owned.
    Unowned {
        /// Which.
        partitions: Vec<PartitionId>,
        /// How they lost their owner.
        loss: Loss,
    },
    /// Their owner's application has paused these partitions.
    Paused {
        /// Which.
        partitions: Vec<PartitionId>,
        /// Whose application.
        owner: ConsumerId,
    },
}

/// A coordinator that took over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Successor {
    /// Who.
    pub broker: BrokerId,
    /// How many records it had to read first.
    pub records: u64,
    /// How long that took.
    pub loading: Span,
}

/// How partitions lose their owner.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Loss {
    /// Its process died.
    Crashed(ConsumerId),
    /// It closed.
    Closed(ConsumerId),
    /// It found itself out of the group.
    Lost(ConsumerId),
    /// It gave them up for others.
    Revoked {
        /// Why the group rebalances; `None`: under KIP-848 it does not say.
        reason: Option<RebalanceReason>,
        /// Who joined last and kept the others waiting.
        held_up_by: Option<ConsumerId>,
    },
}

/// The incidents of a group, in order of their beginning.
pub fn incidents(run: &Run, scenario: &Scenario, group: GroupId, end: Instant) -> Vec<Incident> {
    let history = History::of(run, scenario, group, end);
    let mut all = history.unreadable(&run.group_partitions[group.index()]);
    all.extend(history.uncommitted());
    all.extend(history.uncoordinated());
    all.extend(history.unowned());
    all.extend(history.paused());
    all.retain(|incident| incident.to.since(incident.from) >= NOTABLE);
    all.sort_by_key(|incident| (incident.from, incident.to));
    all
}

/// Partitions that were lost in the same way.
type Losses = (Loss, Vec<PartitionId>);

/// What is asked for again and again, in order of time.
struct History<'a> {
    trace: &'a Trace,
    logs: &'a Logs,
    scenario: &'a Scenario,
    group: GroupId,
    end: Instant,
    /// What its consumers did.
    consumers: Vec<(Instant, (ConsumerId, &'a ConsumerFact))>,
    /// What its coordinator did.
    coordinator: Vec<(Instant, &'a GroupFact)>,
    /// Events, and whom they struck.
    strikes: Vec<(Instant, (usize, &'a [ConsumerId]))>,
    /// Brokers that went away, or stood still.
    gone: Vec<(Instant, BrokerId)>,
}

/// What happened from `from` to `to`.
fn between<T>(facts: &[(Instant, T)], from: Instant, to: Instant) -> &[(Instant, T)] {
    let first = facts.partition_point(|(at, _)| *at < from);
    let next = facts.partition_point(|(at, _)| *at <= to);
    &facts[first..next.max(first)]
}

/// What had happened by `to`, the last first.
fn until<T>(facts: &[(Instant, T)], to: Instant) -> impl Iterator<Item = &T> {
    between(facts, Instant::ZERO, to).iter().rev().map(|(_, what)| what)
}

impl<'a> History<'a> {
    fn of(run: &'a Run, scenario: &'a Scenario, group: GroupId, end: Instant) -> Self {
        let (trace, logs) = (&run.trace, &run.logs);
        let consumers = trace.consumer_facts(group).map(|(at, who, what)| (at, (who, what)));
        let (mut strikes, mut gone) = (Vec::new(), Vec::new());
        for (at, fact) in &trace.facts {
            match fact {
                Fact::Struck { event, consumers } => strikes.push((*at, (*event, &consumers[..]))),
                Fact::Broker {
                    broker,
                    what: BrokerFact::Killed | BrokerFact::Stopped | BrokerFact::Paused { .. },
                } => gone.push((*at, *broker)),
                _ => {}
            }
        }
        let (consumers, coordinator) = (consumers.collect(), trace.group_facts(group).collect());
        History { trace, logs, scenario, group, end, consumers, coordinator, strikes, gone }
    }

    fn unreadable(&self, read: &[PartitionId]) -> Vec<Incident> {
        let mut since: BTreeMap<PartitionId, (Instant, Standstill)> = BTreeMap::new();
        // Partitions that stood still together are one incident.
        let mut together: BTreeMap<(Instant, Instant, Standstill), Vec<PartitionId>> =
            BTreeMap::new();
        for (at, fact) in &self.trace.facts {
            let Fact::Partition { partition, what } = fact else { continue };
            let at = *at;
            let began = match what {
                PartitionFact::StandsStill(why) => since.insert(*partition, (at, *why)),
                PartitionFact::Flows | PartitionFact::Deleted { .. } => since.remove(partition),
                _ => None,
            };
            if let Some((from, why)) = began {
                together.entry((from, at, why)).or_default().push(*partition);
            }
        }
        for (partition, (from, why)) in since {
            together.entry((from, self.end, why)).or_default().push(partition);
        }
        let incident = |((from, to, why), mut partitions): (_, Vec<PartitionId>)| {
            partitions.retain(|partition| read.contains(partition));
            partitions.sort_unstable();
            let origin = self.origin_of_standstill(why, from);
            let what = Trouble::Unreadable { partitions, why };
            Incident { from, to, what, origin }
        };
        let mut all: Vec<Incident> = together.into_iter().map(incident).collect();
        all.retain(|incident| {
            !matches!(&incident.what, Trouble::Unreadable { partitions, .. } if partitions.is_empty())
        });
        all
    }

    fn uncommitted(&self) -> Vec<Incident> {
        let mut all = Vec::new();
        let mut since: Option<(Instant, Standstill)> = None;
        let mut over = |since: Option<(Instant, Standstill)>, to: Instant| {
            if let Some((from, why)) = since {
                let origin = self.origin_of_standstill(why, from);
                all.push(Incident { from, to, what: Trouble::Uncommitted(why), origin });
            }
        };
        for &(at, what) in &self.coordinator {
            match what {
                GroupFact::CommitsStandStill(why) => over(since.replace((at, *why)), at),
                GroupFact::CommitsFlow => over(since.take(), at),
                _ => {}
            }
        }
        over(since, self.end);
        // While nobody coordinates, that is the trouble.
        all.retain(|incident| {
            matches!(
                incident.what,
                Trouble::Uncommitted(Standstill::WaitsFor(_) | Standstill::TooFewInSync)
            )
        });
        all
    }

    fn uncoordinated(&self) -> Vec<Incident> {
        let mut all: Vec<Incident> = Vec::new();
        let mut open = false;
        let mut loading: Option<(Instant, u64)> = None;
        for &(at, what) in &self.coordinator {
            match what {
                GroupFact::CoordinatorLost { broker } if !open => {
                    open = true;
                    let what = Trouble::Uncoordinated { before: *broker, now: None };
                    let origin = self.origin_of_broker(*broker, at);
                    all.push(Incident { from: at, to: self.end, what, origin });
                }
                GroupFact::Loading { records, .. } => loading = Some((at, *records)),
                GroupFact::Loaded { broker, .. } if open => {
                    open = false;
                    let (Some((since, records)), Some(incident)) = (loading, all.last_mut()) else {
                        continue;
                    };
                    incident.to = at;
                    if let Trouble::Uncoordinated { now, .. } = &mut incident.what {
                        let loading = at.since(since);
                        *now = Some(Successor { broker: *broker, records, loading });
                    }
                }
                _ => {}
            }
        }
        all
    }

    fn unowned(&self) -> Vec<Incident> {
        let tenures = tenures(self.trace, self.group, self.end);
        // Partitions that were lost together, in the same way, are one incident.
        let mut together: BTreeMap<(Instant, Instant), Vec<Losses>> = BTreeMap::new();
        for Vacancy { partition, owner, from, to } in
            vacancies(&tenures, self.end, |p| self.logs.deleted(p))
        {
            if to.since(from) < NOTABLE {
                continue;
            }
            let loss = self.loss(owner, from, to);
            let losses = together.entry((from, to)).or_default();
            match losses.iter_mut().find(|(other, _)| *other == loss) {
                Some((_, partitions)) => partitions.push(partition),
                None => losses.push((loss, vec![partition])),
            }
        }
        let incident = |(from, to), (loss, partitions)| {
            let origin = match loss {
                Loss::Crashed(consumer) | Loss::Closed(consumer) | Loss::Lost(consumer) => {
                    self.origin_of_loss(consumer, from)
                }
                Loss::Revoked { held_up_by, .. } => {
                    held_up_by.and_then(|consumer| self.origin_of_loss(consumer, from))
                }
            };
            Incident { from, to, what: Trouble::Unowned { partitions, loss }, origin }
        };
        for (_, partitions) in together.values_mut().flatten() {
            partitions.sort_unstable();
        }
        let all = together
            .into_iter()
            .flat_map(|(when, losses)| losses.into_iter().map(move |loss| incident(when, loss)));
        all.collect()
    }

    fn paused(&self) -> Vec<Incident> {
        // Partitions that were paused together are one incident.
        let mut together: BTreeMap<(Instant, Instant, ConsumerId), Vec<PartitionId>> =
            BTreeMap::new();
        for Pause { from, to, owner, partition } in pauses(self.trace, self.group, self.end) {
            together.entry((from, to, owner)).or_default().push(partition);
        }
        let incident = |((from, to, owner), mut partitions): (_, Vec<PartitionId>)| {
            partitions.sort_unstable();
            let origin = self.origin_of_consumer(owner, from, |action| {
                matches!(action, Action::PausePartitions { .. })
            });
            Incident { from, to, what: Trouble::Paused { partitions, owner }, origin }
        };
        together.into_iter().map(incident).collect()
    }

    /// How an owner lost what it owned at `from`; others owned it at `to`.
    fn loss(&self, owner: ConsumerId, from: Instant, to: Instant) -> Loss {
        for (_, (consumer, what)) in between(&self.consumers, from, from) {
            match what {
                _ if *consumer != owner => {}
                ConsumerFact::Crashed => return Loss::Crashed(owner),
                ConsumerFact::Closed => return Loss::Closed(owner),
                ConsumerFact::Lost(_) => return Loss::Lost(owner),
                _ => {}
            }
        }
        if self.closes(owner, from) {
            return Loss::Closed(owner);
        }
        let reason = until(&self.coordinator, to).find_map(|what| match what {
            GroupFact::Preparing { reason } => Some(*reason),
            _ => None,
        });
        Loss::Revoked { reason, held_up_by: self.last_to_join(from, to) }
    }

    /// Whether a consumer gave up its partitions because it was about to close.
    fn closes(&self, owner: ConsumerId, from: Instant) -> bool {
        let later = between(&self.consumers, from, self.end).iter();
        let mut later = later.filter(|(_, (consumer, _))| *consumer == owner);
        let next = later.find_map(|(_, (_, what))| match what {
            ConsumerFact::Closed => Some(true),
            ConsumerFact::JoinSent | ConsumerFact::Assigned { .. } | ConsumerFact::Crashed => {
                Some(false)
            }
            _ => None,
        });
        next.unwrap_or(false)
    }

    /// Who joined last for the generation that came in a time, if others had waited for long.
    fn last_to_join(&self, from: Instant, to: Instant) -> Option<ConsumerId> {
        let after = between(&self.coordinator, from, to);
        let generation =
            |(_, what): &&(Instant, &GroupFact)| matches!(what, GroupFact::Generation { .. });
        let (completed, _) = *after.iter().find(generation)?;
        let joins = between(&self.consumers, from, completed).iter().rev();
        let (at, (consumer, _)) =
            joins.into_iter().find(|(_, (_, what))| **what == ConsumerFact::JoinSent)?;
        (at.since(from) >= NOTABLE).then_some(*consumer)
    }

    fn origin_of_standstill(&self, why: Standstill, from: Instant) -> Option<usize> {
        match why.broker() {
            Some(broker) => self.origin_of_broker(broker, from),
            None => self.last_strike(from, |action| {
                matches!(action, Action::Brokers { .. } | Action::Cut { .. })
            }),
        }
    }

    /// What struck a broker last, or the network.
    fn origin_of_broker(&self, broker: BrokerId, from: Instant) -> Option<usize> {
        let is_gone = until(&self.gone, from).any(|gone| *gone == broker);
        self.last_strike(from, |action| match action {
            Action::Brokers { brokers, .. } => is_gone && brokers.contains(&broker),
            Action::Cut { .. } => true,
            _ => false,
        })
    }

    /// What struck a consumer last, of what may cost it its partitions.
    fn origin_of_loss(&self, consumer: ConsumerId, from: Instant) -> Option<usize> {
        self.origin_of_consumer(consumer, from, |action| {
            !matches!(action, Action::PausePartitions { .. })
        })
    }

    /// The last event of a kind that struck a consumer.
    fn origin_of_consumer(
        &self,
        consumer: ConsumerId,
        from: Instant,
        is_it: impl Fn(&Action) -> bool,
    ) -> Option<usize> {
        let mut strikes = until(&self.strikes, from);
        let strikes = strikes.by_ref().filter(|(event, struck)| {
            is_it(&self.scenario.events[*event].action) && struck.contains(&consumer)
        });
        strikes.map(|(event, _)| *event).next()
    }

    /// The last event of a kind that had struck by `from`.
    fn last_strike(&self, from: Instant, is_it: impl Fn(&Action) -> bool) -> Option<usize> {
        let events = until(&self.strikes, from).map(|(event, _)| *event);
        events.into_iter().find(|&event| is_it(&self.scenario.events[event].action))
    }
}
