//! What marks a time axis: events of the scenario and rebalances.

use super::palette::{EVENT, REBALANCE};
use super::sheet::{Key, Marks, Panel, Swatch};
use crate::analysis::measure::end_of;
use crate::analysis::rebalance::rebalances;
use crate::kernel::time::Instant;
use crate::model::fact::Fact;
use crate::model::id::GroupId;
use crate::report::names::Names;
use crate::world::Run;

/// Seconds since the start of the run.
pub(super) fn seconds(at: Instant) -> f64 {
    at.as_us() as f64 / 1e6
}

/// The whole run in seconds.
pub(super) fn whole(names: Names<'_>) -> (f64, f64) {
    (0.0, names.scenario.duration.as_secs_f64())
}

/// Rebalances of a group, and events that struck it or nobody in particular.
pub(super) fn of_group(run: &Run, names: Names<'_>, group: GroupId) -> Marks {
    let struck = run.trace.facts.iter().filter_map(|(at, fact)| match fact {
        Fact::Struck { event, consumers } => Some((*at, *event, consumers)),
        _ => None,
    });
    let ours = struck.filter(|(_, _, consumers)| {
        consumers.is_empty() || consumers.iter().any(|&id| names.group_of(id) == group)
    });
    let events = ours.map(|(at, event, _)| {
        let action = &names.scenario.events[event].action;
        (seconds(at), action.describe(names.scenario))
    });
    let rebalances = rebalances(&run.trace, group, end_of(names.scenario));
    Marks {
        events: events.collect(),
        rebalances: rebalances.iter().map(|r| (seconds(r.from), seconds(r.to))).collect(),
    }
}

impl Marks {
    /// Those within a part of the run.
    pub(super) fn within(mut self, (from, to): (f64, f64)) -> Marks {
        self.events.retain(|&(at, _)| from <= at && at <= to);
        self.rebalances.retain(|&(start, end)| start <= to && end >= from);
        for (start, end) in &mut self.rebalances {
            (*start, *end) = (start.max(from), end.min(to));
        }
        self
    }
}

/// Entries of a legend for the marks of these panels.
pub(super) fn keys(panels: &[Panel]) -> Vec<Key> {
    let mut keys = Vec::new();
    if panels.iter().any(|panel| !panel.marks.rebalances.is_empty()) {
        keys.push(Key::area(REBALANCE, "rebalance"));
    }
    if panels.iter().any(|panel| !panel.marks.events.is_empty()) {
        keys.push(Key { swatch: Swatch::Dashed(EVENT), text: "event of the scenario".to_owned() });
    }
    keys
}
