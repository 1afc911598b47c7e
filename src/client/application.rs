//! The application around a consumer: how long it works, and when it commits.

use crate::kernel::dist::Dist;
use crate::kernel::factor::Factor;
use crate::kernel::random::Stream;
use crate::kernel::time::Span;
use crate::model::config::{CommitMode, WorkRevoked};
use crate::model::id::PartitionId;

/// What the application does with records and callbacks.
#[derive(Clone, PartialEq, Debug)]
pub struct Application {
    /// Processing time per record (µs).
    pub process: Dist,
    /// Processing time per record of single partitions.
    pub process_by: Vec<(PartitionId, Dist)>,
    /// Processing time as a multiple of the usual.
    pub pace: Factor,
    /// When it commits.
    pub commit: CommitMode,
    /// Time spent in `onPartitionsRevoked` (µs).
    pub on_revoked: Dist,
    /// Time spent in `onPartitionsAssigned` (µs).
    pub on_assigned: Dist,
    /// Time spent in `onPartitionsLost` (µs).
    pub on_lost: Dist,
    /// Argument of `poll`.
    pub poll_timeout: Span,
    /// Whether another thread processes records, and what happens to them in `onPartitionsRevoked`.
    pub poll_while_processing: Option<WorkRevoked>,
}

impl Application {
    /// How long a record takes on average (µs), where partitions do not differ.
    pub fn mean_processing(&self) -> f64 {
        self.process.mean() * self.pace.millionths() as f64 / Factor::SCALE as f64
    }

    /// How long `n` records of a partition take.
    pub(super) fn processing(&self, partition: PartitionId, n: u64, draws: &mut Stream) -> Span {
        let own = self.process_by.iter().find(|(p, _)| *p == partition);
        let dist = own.map_or(&self.process, |(_, dist)| dist);
        if dist.is_zero() {
            return Span::ZERO;
        }
        Span::from_us(self.pace.times(dist.draw_sum(n, draws)))
    }
}

/// A consumer's own random streams, one for each purpose. They outlive its process.
#[derive(Debug)]
pub struct Draws {
    /// Processing times.
    pub process: Stream,
    /// Time spent in callbacks.
    pub callbacks: Stream,
    /// Backoff jitter, and which broker to ask.
    pub client: Stream,
}
