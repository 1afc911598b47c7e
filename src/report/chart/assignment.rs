//! Who owns what: a swim lane for each consumer, coloured by partition.

use super::marks::{keys, of_group, seconds, whole};
use super::palette::{EVENT, IDLE, INK, MUTED, PAUSED, RUNNING, text_on};
use super::sheet::{Extent, Key, Panel, Shape, Sheet, Side, Swatch};
use super::tint::Tints;
use crate::analysis::activity::{Activity, activities};
use crate::analysis::measure::end_of;
use crate::analysis::ownership::{Tenure, tenures};
use crate::analysis::paused::{Pause, pauses};
use crate::analysis::stall::stalls;
use crate::kernel::time::Instant;
use crate::model::fact::{ConsumerFact, Fact};
use crate::model::id::{ConsumerId, GroupId, PartitionId};
use crate::report::figures::count;
use crate::report::names::Names;
use crate::world::Run;
use std::collections::{BTreeMap, BTreeSet};

/// Height of all lanes together (logical pixels).
const HEIGHT: u32 = 420;
/// A lane is at least so high, and at most so.
const LANE: (u32, u32) = (6, 64);
/// Part of a lane above and below which is left free.
const GAP: f64 = 0.1;
/// Part of a stripe above and below that is left of a partition which is paused.
const EDGE: f64 = 0.15;
/// So many lanes are drawn in a group.
const LANES: usize = 300;
/// A stripe of a lane has at least so many logical pixels; else one of its partitions stands for
/// several.
const STRIPE: f64 = 1.5;

/// The chart.
pub(super) fn sheet(run: &Run, names: Names<'_>, tints: &Tints<'_>) -> Sheet {
    let groups: Vec<GroupId> = (0..names.scenario.groups.len()).map(GroupId::new).collect();
    let lanes: usize = groups.iter().map(|&group| crew(names, group).len().min(LANES)).sum();
    let height = (HEIGHT / lanes.max(1) as u32).clamp(LANE.0, LANE.1);
    let mut hidden = 0;
    let panel = |&group: &GroupId| {
        let crew = crew(names, group);
        hidden += crew.len().saturating_sub(LANES);
        let lanes = Lanes { run, names, tints, group, height, lane: number(&crew) };
        lanes.panel(&crew)
    };
    let panels: Vec<Panel> = groups.iter().map(panel).collect();
    let mut legend = tints.keys(names, Swatch::Area);
    let shows = |what: fn(&Shape) -> bool| panels.iter().any(|p| p.shapes.iter().any(what));
    if shows(|shape| matches!(shape, Shape::Hatch(_))) {
        legend.push(Key { swatch: Swatch::Hatch, text: "stalled by a rebalance".to_owned() });
    }
    if shows(|shape| matches!(shape, Shape::Bar(_, IDLE))) {
        legend.push(Key::area(IDLE, "idle"));
    }
    if shows(|shape| matches!(shape, Shape::Bar(_, PAUSED))) {
        legend.push(Key::area(PAUSED, "paused by its application"));
    }
    if shows(|shape| matches!(shape, Shape::Cross(..))) {
        legend.push(Key { swatch: Swatch::Cross(EVENT), text: "crash".to_owned() });
    }
    legend.extend(keys(&panels));
    let note = match hidden {
        0 => String::new(),
        1 => "One more consumer is not drawn.".to_owned(),
        more => format!("{} more consumers are not drawn.", count(more as u64)),
    };
    let title = "Assignment: who owns which partition".to_owned();
    Sheet { title, legend, panels, note, ..Sheet::default() }
}

/// The consumers of a group.
fn crew(names: Names<'_>, group: GroupId) -> Vec<ConsumerId> {
    let all = (0..names.consumers.len()).map(ConsumerId::new);
    all.filter(|&id| names.group_of(id) == group).collect()
}

/// Lanes by consumer.
fn number(crew: &[ConsumerId]) -> BTreeMap<ConsumerId, f64> {
    crew.iter().take(LANES).enumerate().map(|(lane, &id)| (id, lane as f64)).collect()
}

/// The lanes of a group.
struct Lanes<'a> {
    run: &'a Run,
    names: Names<'a>,
    tints: &'a Tints<'a>,
    group: GroupId,
    height: u32,
    lane: BTreeMap<ConsumerId, f64>,
}

impl Lanes<'_> {
    fn panel(&self, crew: &[ConsumerId]) -> Panel {
        let mut shapes = self.lives();
        shapes.extend(self.owned());
        shapes.extend(self.stalled());
        shapes.extend(self.crashed());
        let labels: Vec<String> =
            crew.iter().take(LANES).map(|&id| self.names.consumer(id).to_owned()).collect();
        let title = format!("{}: partitions by consumer", self.names.group(self.group));
        Panel {
            title,
            height: self.height * labels.len().max(1) as u32,
            time: whole(self.names),
            side: Side::Lanes(labels),
            marks: of_group(self.run, self.names, self.group),
            shapes,
        }
    }

    /// A part of a consumer's lane, from one share of its height to another.
    fn part(
        &self,
        consumer: ConsumerId,
        (from, to): (Instant, Instant),
        (low, high): (f64, f64),
    ) -> Option<Extent> {
        let top = self.lane.get(&consumer)? + GAP;
        let at = |share: f64| top + share * (1.0 - 2.0 * GAP);
        Some(Extent { from: seconds(from), to: seconds(to), low: at(low), high: at(high) })
    }

    /// What consumers do while they own nothing.
    fn lives(&self) -> Vec<Shape> {
        let spells = activities(&self.run.trace, self.group, end_of(self.names.scenario)).spells;
        let mut shapes = Vec::new();
        for spell in spells {
            let time = (spell.from, spell.to);
            let Some(extent) = self.part(spell.consumer, time, (0.0, 1.0)) else { continue };
            match spell.activity {
                Activity::Idle => {
                    shapes.push(Shape::Bar(extent, IDLE));
                    shapes.push(Shape::Label(extent, "idle".to_owned(), INK));
                }
                Activity::Active | Activity::Rebalancing | Activity::Waiting => {
                    shapes.push(Shape::Bar(extent, RUNNING));
                }
                Activity::Gone => {
                    let text = "gone, but still a member".to_owned();
                    shapes.push(Shape::Label(extent, text, MUTED));
                }
            }
        }
        shapes
    }

    /// A stripe for each partition that a consumer owns at a time.
    fn owned(&self) -> Vec<Shape> {
        let mut of_consumer: BTreeMap<ConsumerId, Vec<Tenure>> = BTreeMap::new();
        for tenure in tenures(&self.run.trace, self.group, end_of(self.names.scenario)) {
            of_consumer.entry(tenure.owner).or_default().push(tenure);
        }
        let mut paused: BTreeMap<ConsumerId, Vec<Pause>> = BTreeMap::new();
        for pause in pauses(&self.run.trace, self.group, end_of(self.names.scenario)) {
            paused.entry(pause.owner).or_default().push(pause);
        }
        let mut shapes = Vec::new();
        for (&consumer, tenures) in &of_consumer {
            let paused = paused.get(&consumer).map_or(&[][..], Vec::as_slice);
            for period in periods(tenures) {
                self.stripes(consumer, &period, paused, &mut shapes);
            }
        }
        shapes
    }

    /// The stripes of a time in which a consumer owned the same partitions; of those that are paused
    /// only the edges are left.
    fn stripes(
        &self,
        consumer: ConsumerId,
        period: &Period,
        paused: &[Pause],
        shapes: &mut Vec<Shape>,
    ) {
        let room = f64::from(self.height) * (1.0 - 2.0 * GAP) / STRIPE;
        let every = (period.owned.len() as f64 / room).ceil().max(1.0) as usize;
        let shown: Vec<PartitionId> = period.owned.iter().step_by(every).copied().collect();
        for (index, &partition) in shown.iter().enumerate() {
            let share = |n: usize| n as f64 / shown.len() as f64;
            let stripe = (share(index), share(index + 1));
            let Some(extent) = self.part(consumer, (period.from, period.to), stripe) else {
                return;
            };
            let color = self.tints.color(self.group, partition);
            shapes.push(Shape::Bar(extent, color));
            shapes.push(Shape::Label(extent, self.names.partition(partition), text_on(color)));
            let height = stripe.1 - stripe.0;
            let inside = (stripe.0 + height * EDGE, stripe.1 - height * EDGE);
            for pause in paused.iter().filter(|pause| pause.partition == partition) {
                let time = (pause.from.max(period.from), pause.to.min(period.to));
                let within = Some(time).filter(|(from, to)| from < to);
                let Some(extent) = within.and_then(|time| self.part(consumer, time, inside)) else {
                    continue;
                };
                shapes.push(Shape::Bar(extent, PAUSED));
                shapes.push(Shape::Label(extent, "paused".to_owned(), INK));
            }
        }
    }

    fn stalled(&self) -> Vec<Shape> {
        let stalls = stalls(&self.run.trace, self.group, end_of(self.names.scenario));
        let parts = stalls.iter().map(|s| self.part(s.consumer, (s.from, s.to), (0.0, 1.0)));
        parts.flatten().map(Shape::Hatch).collect()
    }

    fn crashed(&self) -> Vec<Shape> {
        let crashes = self.run.trace.facts.iter().filter_map(|(at, fact)| match fact {
            Fact::Consumer { consumer, what: ConsumerFact::Crashed } => Some((*at, *consumer)),
            _ => None,
        });
        let place = |(at, id)| Some((seconds(at), self.lane.get(&id)? + 0.5));
        crashes.filter_map(place).map(|place| Shape::Cross(place, EVENT)).collect()
    }
}

/// A time in which a consumer owned the same partitions.
#[derive(Debug, PartialEq)]
struct Period {
    from: Instant,
    to: Instant,
    owned: BTreeSet<PartitionId>,
}

/// The times of one consumer in which it owned something.
fn periods(tenures: &[Tenure]) -> Vec<Period> {
    // At one moment what ends comes before what begins.
    let ends = tenures.iter().map(|tenure| (tenure.to, false, tenure.partition));
    let begins = tenures.iter().map(|tenure| (tenure.from, true, tenure.partition));
    let mut changes: Vec<(Instant, bool, PartitionId)> = ends.chain(begins).collect();
    changes.sort_unstable();
    let (mut owned, mut since) = (BTreeSet::new(), Instant::ZERO);
    let mut periods = Vec::new();
    for (at, begins, partition) in changes {
        if since < at && !owned.is_empty() {
            periods.push(Period { from: since, to: at, owned: owned.clone() });
        }
        since = at;
        if begins {
            owned.insert(partition);
        } else {
            owned.remove(&partition);
        }
    }
    periods
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_ends_when_a_partition_comes_or_goes() {
        let tenure = |partition, from, to| Tenure {
            partition: PartitionId::new(partition),
            owner: ConsumerId::new(0),
            from: Instant::from_us(from),
            to: Instant::from_us(to),
        };
        let periods = periods(&[tenure(0, 10, 50), tenure(1, 10, 30), tenure(2, 30, 50)]);
        let short: Vec<(u64, u64, Vec<usize>)> = periods
            .iter()
            .map(|p| (p.from.as_us(), p.to.as_us(), p.owned.iter().map(|id| id.index()).collect()))
            .collect();
        assert_eq!(short, [(10, 30, vec![0, 1]), (30, 50, vec![0, 2])]);
    }
}
