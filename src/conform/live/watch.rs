//! What a simulated run shows: the same things as the log of a real client.

use crate::kernel::time::Instant;
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
    /// Records processed, each batch when it ended.
    pub records: Vec<(ConsumerId, Processed)>,
    /// What coordinators answered.
    pub answers: Vec<(Instant, Answer)>,
    /// Offsets that were committed.
    pub commits: Vec<(Instant, ConsumerId, PartitionId, u64)>,
}

impl Observer for Watch {
    fn consumer(&mut self, info: &ConsumerInfo) {
        self.consumers.push(info.clone());
    }

    fn fact(&mut self, at: Instant, fact: &Fact) {
        let Fact::Consumer { consumer, what } = fact else { return };
        match what {
            ConsumerFact::Processed(processed) => self.records.push((*consumer, *processed)),
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
