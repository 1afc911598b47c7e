//! What a simulated run shows: the same things as the log of a real client.

use crate::kernel::time::{Instant, Span};
use crate::model::fact::{ConsumerFact, Fact, Processed};
use crate::model::id::{ConsumerId, PartitionId};
use crate::trace::{Answer, ConsumerInfo, Observer};

/// Everything that was seen, in order.
#[derive(Debug, Default)]
pub(super) struct Watch {
    /// Who took part, by id.
    pub consumers: Vec<ConsumerInfo>,
    /// What consumers did.
    pub facts: Vec<(Instant, ConsumerId, ConsumerFact)>,
    /// Records processed, in the portions of which the player's clients tell.
    pub records: Vec<(ConsumerId, Processed)>,
    /// What coordinators answered.
    pub answers: Vec<(Instant, Answer)>,
    /// Offsets that were committed.
    pub commits: Vec<(Instant, ConsumerId, PartitionId, u64)>,
}

/// The player's clients tell of what they have processed after a record, if they did not for so long.
const SILENCE: Span = Span::from_ms(10);

/// A batch in the portions of which a client tells.
fn portions(batch: &Processed) -> impl Iterator<Item = Processed> {
    let (records, spent) = (batch.to - batch.from, batch.end.since(batch.start).as_us());
    // One record takes spent / records.
    let each = (SILENCE.as_us() * records).checked_div(spent).map_or(records, |whole| {
        let short = whole * spent < SILENCE.as_us() * records;
        (whole + u64::from(short)).clamp(1, records)
    });
    let batch = *batch;
    (batch.from..batch.to).step_by(each.max(1) as usize).map(move |from| {
        let to = (from + each).min(batch.to);
        let after =
            |offset: u64| batch.start + Span::from_us(spent * (offset - batch.from) / records);
        Processed { from, to, start: after(from), end: after(to), ..batch }
    })
}

impl Observer for Watch {
    fn consumer(&mut self, info: &ConsumerInfo) {
        self.consumers.push(info.clone());
    }

    fn fact(&mut self, at: Instant, fact: &Fact) {
        let Fact::Consumer { consumer, what } = fact else { return };
        match what {
            ConsumerFact::Processed(processed) => {
                self.records.extend(portions(processed).map(|portion| (*consumer, portion)));
            }
            ConsumerFact::Committed { offsets, .. } => {
                let commits = offsets.iter().map(|&(p, offset)| (at, *consumer, p, offset));
                self.commits.extend(commits);
            }
            what => self.facts.push((at, *consumer, what.clone())),
        }
    }

    fn answer(&mut self, at: Instant, answer: &Answer) {
        self.answers.push((at, *answer));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(records: u64, spent: u64) -> Vec<(u64, u64, u64)> {
        let start = Instant::from_us(1_000_000);
        let batch = Processed {
            partition: PartitionId(0),
            from: 5,
            to: 5 + records,
            start,
            end: start + Span::from_us(spent),
            returned: start,
            epoch: 0,
        };
        let portions = portions(&batch);
        portions.map(|p| (p.from, p.to, p.end.since(start).as_us())).collect()
    }

    #[test]
    fn clients_tell_of_a_batch_every_ten_milliseconds() {
        assert_eq!(batch(7, 0), [(5, 12, 0)]);
        assert_eq!(batch(7, 9_000), [(5, 12, 9_000)]);
        assert_eq!(batch(7, 28_000), [(5, 8, 12_000), (8, 11, 24_000), (11, 12, 28_000)]);
        assert_eq!(batch(2, 20_000), [(5, 6, 10_000), (6, 7, 20_000)]);
        assert_eq!(batch(1, 90_000), [(5, 6, 90_000)]);
    }
}
