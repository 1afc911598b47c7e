//! How far a producer's records have come into a partition's log: they flow, or they wait while
//! nobody takes them (kafka-semantics 8.3).
//!
//! The past stays as it was: what changes begins a new segment.

use crate::kernel::time::{Instant, Span};

/// What has been delivered into one partition, over time.
#[derive(Clone, Debug)]
pub(super) struct Channel {
    segments: Vec<Segment>,
}

/// A stretch of time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Segment {
    pub from: Instant,
    /// Records delivered when it begins.
    pub base: u64,
    pub course: Course,
    /// Records in the log more than created: what was written twice, less what was given up or lost.
    pub surplus: i64,
}

/// What happens to records.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Course {
    /// They are in the log so long after they left the producer.
    Flows(Span),
    /// They wait; since when, and whether only for acknowledgements.
    Waits { since: Instant },
}

/// What a pause has cost.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Outcome {
    /// Records given up: older than `delivery.timeout.ms`.
    pub expired: u64,
    /// Records written a second time.
    pub repeated: u64,
}

impl Channel {
    pub(super) fn new() -> Self {
        let (from, course) = (Instant::ZERO, Course::Flows(Span::ZERO));
        Channel { segments: vec![Segment { from, base: 0, course, surplus: 0 }] }
    }

    /// The present stretch.
    pub(super) fn last(&self) -> Segment {
        *self.segments.last().expect("there is a first segment")
    }

    /// Whether nothing has ever changed.
    pub(super) fn is_steady(&self) -> bool {
        self.segments.len() == 1
    }

    /// The stretch that a moment lies in.
    pub(super) fn at(&self, at: Instant) -> Segment {
        let last = self.last();
        if last.from <= at {
            return last;
        }
        let next = self.segments.partition_point(|segment| segment.from <= at);
        self.segments[next.saturating_sub(1)]
    }

    /// The stretch in which the `nth` record was delivered.
    pub(super) fn of_record(&self, nth: u64) -> Segment {
        // A log that was cut falls back: what was delivered last is in the log.
        let at = self.segments.iter().rposition(|segment| segment.base < nth);
        self.segments[at.unwrap_or(0)]
    }

    pub(super) fn push(&mut self, segment: Segment) {
        if self.last().from == segment.from {
            self.segments.pop();
        }
        self.segments.push(segment);
    }
}

impl Segment {
    /// Whether records wait.
    pub(super) const fn waits(self) -> bool {
        matches!(self.course, Course::Waits { .. })
    }
}

/// When a producer tries again for the first time at or after `now`, if it has been trying since
/// `since` with these pauses, doubled each time.
pub(super) fn next_attempt(since: Instant, now: Instant, first: Span, longest: Span) -> Instant {
    let (mut at, mut pause) = (since, first.max(Span::from_ms(1)));
    let longest = longest.max(pause);
    while at < now {
        if pause == longest {
            let rest = now.since(at).as_us();
            return at + Span::from_us(rest.div_ceil(longest.as_us()) * longest.as_us());
        }
        at += pause;
        pause = (pause + pause).min(longest);
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_are_further_and_further_apart() {
        let attempt = |now| {
            let (since, now) = (Instant::from_secs(10), Instant::from_ms(now));
            next_attempt(since, now, Span::from_ms(100), Span::from_secs(1)).as_ms()
        };
        assert_eq!([10_000, 10_001, 10_101, 10_301].map(attempt), [10_000, 10_100, 10_300, 10_700]);
        assert_eq!([10_701, 11_501, 18_000].map(attempt), [11_500, 12_500, 18_500]);
    }
}
