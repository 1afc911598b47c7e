//! How far a producer's records have come into a partition's log: they flow, or they wait while
//! nobody takes them or nobody says so (kafka-semantics 8.3).
//!
//! The past stays as it was: what changes begins a new segment.

use crate::kernel::time::{Instant, Span};
use crate::model::id::BrokerId;
use std::collections::BTreeMap;

/// What has been delivered into one partition, over time.
#[derive(Clone, Debug)]
pub(super) struct Channel {
    segments: Vec<Segment>,
    /// What had left, in parts of records, step by step from the beginning of a stretch in which they
    /// crawl.
    pub crawled: BTreeMap<Instant, Vec<u128>>,
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
    /// Records given up when it begins, or lost on their way without anybody being told.
    pub given_up: u64,
    /// What is written once more when it begins: the last records before `base`.
    pub again: Again,
}

/// Records in a log that repeat others.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Again {
    /// How many.
    pub records: u64,
    /// The first one that they repeat, as it was created, from 1 …
    pub first: u64,
    /// … and how many from there on, over and over again.
    pub originals: u64,
}

impl Again {
    /// Which created record the `nth` of them repeats, from 0.
    pub(super) fn original(self, nth: u64) -> u64 {
        self.first + nth % self.originals.max(1)
    }
}

/// What happens to records.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Course {
    /// They are in the log so long after they left the producer.
    Flows(Span),
    /// The same, but they queue for a broker that answers late.
    Crawls(Crawl),
    /// They wait.
    Waits(Wait),
}

/// Records queue: `max.in.flight.requests.per.connection` requests at a time are out, each with a batch
/// of the partition, and the next one leaves when one of them is answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Crawl {
    /// They are in the log so long after they left.
    pub way: Span,
    /// How many leave in a round trip, …
    pub records: u64,
    /// … and how long that takes.
    pub trip: Span,
    /// How many had left when it began, by the count of the log.
    pub left: u64,
}

/// Records wait.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Wait {
    /// Why, and since when for this reason.
    pub why: Why,
    pub since: Instant,
    /// Since when for whatever reason.
    pub began: Instant,
    /// Who led when it began.
    pub leader: Option<BrokerId>,
    /// Records whose acknowledgement the producer has.
    pub answered: u64,
    /// When the first request left that it has no answer to.
    pub asked: Instant,
    /// How often it has sent again what the leader took, before this reason.
    pub copies: u64,
}

/// Why records wait.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Why {
    /// Connections to the leader broke, or nobody leads: the client asks for metadata and tries
    /// again.
    Refused,
    /// Fewer replicas are in sync than must be: `NOT_ENOUGH_REPLICAS`, and the client tries again.
    TooFew,
    /// The leader stands still: the client hears nothing until `request.timeout.ms` is over.
    Silent(BrokerId),
    /// Somebody in sync is silent: the leader takes as many requests as may be in flight, and
    /// answers none.
    Unacknowledged,
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
        let (base, surplus, given_up, again) = (0, 0, 0, Again::default());
        let first = Segment { from, base, course, surplus, given_up, again };
        Channel { segments: vec![first], crawled: BTreeMap::new() }
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

    /// The stretch in which the `nth` record of the log was delivered, as the log stood at `as_of`.
    pub(super) fn of_record(&self, nth: u64, as_of: Instant) -> Segment {
        let begun = self.segments.partition_point(|segment| segment.from <= as_of);
        // A log that was cut falls back: what was delivered last is in the log.
        let at = self.segments[..begun].iter().rposition(|segment| segment.before() < nth);
        self.segments[at.unwrap_or(0)]
    }

    pub(super) fn push(&mut self, segment: Segment) {
        if self.last().from == segment.from {
            self.segments.pop();
            self.crawled.remove(&segment.from);
        }
        self.segments.push(segment);
    }
}

impl Segment {
    /// A stretch that begins at `at` and goes on like this one.
    pub(super) fn next(self, at: Instant) -> Segment {
        Segment { from: at, again: Again::default(), ..self }
    }

    /// Records in the log just before it begins.
    pub(super) const fn before(&self) -> u64 {
        self.base - self.again.records
    }

    /// Why records wait; `None`: they flow.
    pub(super) const fn wait(self) -> Option<Wait> {
        match self.course {
            Course::Waits(wait) => Some(wait),
            Course::Flows(_) | Course::Crawls(_) => None,
        }
    }
}

impl Wait {
    /// How often the requests in flight have been sent again by `now`, and taken again: a leader that
    /// stands still finds them once when it goes on, however often the client gave up; one that lacks
    /// replicas refuses what comes later (`Partition.appendRecordsToLeader`); one that only cannot
    /// acknowledge takes them each time.
    pub(super) fn copies(&self, now: Instant, request_timeout: Span) -> u64 {
        let timeouts = now.since(self.since).as_us() / request_timeout.as_us().max(1);
        self.copies
            + match self.why {
                Why::Refused => 0,
                Why::TooFew | Why::Silent(_) => timeouts.min(1),
                Why::Unacknowledged => timeouts,
            }
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

/// How long a batch is tried that is sent again so often at most, with these pauses.
pub(super) fn longest_try(retries: u32, first: Span, longest: Span) -> Span {
    let (mut all, mut pause, mut left) = (Span::ZERO, first.min(longest), u64::from(retries));
    while left > 0 {
        if pause == longest || pause.is_zero() {
            return all.saturating_add(Span::from_us(pause.as_us().saturating_mul(left)));
        }
        all += pause;
        pause = (pause + pause).min(longest);
        left -= 1;
    }
    all
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

    #[test]
    fn retries_end() {
        let tried = |retries| longest_try(retries, Span::from_ms(100), Span::from_secs(1)).as_ms();
        assert_eq!([0, 1, 3, 4, 6].map(tried), [0, 100, 700, 1_500, 3_500]);
        assert!(tried(u32::MAX) > 1_000_000_000);
    }
}
