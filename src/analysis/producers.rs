//! What producers created, and what became of it, at any moment of a finished run.

use crate::client::producer::Producer;
use crate::kernel::time::{Instant, Span};
use crate::model::id::ProducerId;
use crate::scenario::Scenario;
use crate::world::Run;

/// A producer of the scenario, all its identical ones together, in a few numbers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProducerSummary {
    /// Its name.
    pub name: String,
    /// Records created.
    pub created: u64,
    /// Records that it gave up, or lost without being told.
    pub given_up: u64,
    /// How long applications stood in `send()` because the buffer was full, summed.
    pub blocked: Span,
    /// Records that they could not create meanwhile.
    pub kept_back: u64,
    /// Of these, calls of `send()` that failed.
    pub refused: u64,
}

impl ProducerSummary {
    /// Whether not all went well.
    pub fn has_trouble(&self) -> bool {
        !self.blocked.is_zero() || self.given_up > 0
    }
}

/// Sums a number up over the identical producers that stand for one of the scenario.
fn sum<N: std::iter::Sum>(
    run: &mut Run,
    scenario: &Scenario,
    producer: ProducerId,
    number: impl FnMut(&mut Producer) -> N,
) -> N {
    let first = run.producer_rows[producer.index()];
    let count = scenario.producers[producer.index()].count as usize;
    run.logs.producers[first..first + count].iter_mut().map(number).sum()
}

/// Records that a producer created for its topic in (from, to].
pub(super) fn created(
    run: &mut Run,
    scenario: &Scenario,
    id: ProducerId,
    from: Instant,
    to: Instant,
) -> u64 {
    let topic = scenario.producers[id.index()].topic;
    let partitions = run.topics.partitions(topic).len() as u32;
    let within = |producer: &mut Producer| {
        let of = |index| producer.count(index, to) - producer.count(index, from);
        (0..partitions).map(of).sum::<u64>()
    };
    sum(run, scenario, id, within)
}

/// Records that a producer gave up, lost or refused in (from, to].
pub(super) fn undelivered(
    run: &mut Run,
    scenario: &Scenario,
    id: ProducerId,
    from: Instant,
    to: Instant,
) -> u64 {
    let within = |producer: &mut Producer| {
        producer.undelivered(to).saturating_sub(producer.undelivered(from))
    };
    sum(run, scenario, id, within)
}

/// How long the applications of a producer were blocked in (from, to].
pub(super) fn blocked(
    run: &mut Run,
    scenario: &Scenario,
    id: ProducerId,
    from: Instant,
    to: Instant,
) -> Span {
    sum(run, scenario, id, |producer| producer.blocked(from, to))
}

/// All producers of a scenario.
pub(super) fn summarize(run: &mut Run, scenario: &Scenario, end: Instant) -> Vec<ProducerSummary> {
    let one = |index| {
        let id = ProducerId::new(index);
        ProducerSummary {
            name: scenario.producers[index].name.clone(),
            created: created(run, scenario, id, Instant::ZERO, end),
            given_up: sum(run, scenario, id, |p| p.undelivered(end) - p.refused(end)),
            blocked: blocked(run, scenario, id, Instant::ZERO, end),
            kept_back: sum(run, scenario, id, |p| p.kept_back(end)),
            refused: sum(run, scenario, id, |p| p.refused(end)),
        }
    };
    (0..scenario.producers.len()).map(one).collect()
}
