//! Sessions of brokers with the controller (kafka-semantics 9.1; `BrokerHeartbeatManager`,
//! `BrokerHeartbeatTracker`, `PeriodicTaskControlManager`): when the controller notices that a
//! broker is gone. Heartbeats are regular, so nothing happens until one of them fails.

use crate::kernel::random::Stream;
use crate::kernel::time::{Instant, Span};
use crate::model::id::BrokerId;

/// Between two brokers that are fenced (`PeriodicTask`, "immediately": 10 ms later).
const NEXT: Span = Span::from_ms(10);

/// When brokers report, and when the controller looks who did not.
#[derive(Clone, Debug)]
pub struct Sessions {
    /// `broker.heartbeat.interval.ms`
    interval: Span,
    /// `broker.session.timeout.ms`
    timeout: Span,
    /// By broker: when its first heartbeat came.
    phases: Vec<Span>,
    /// When the controller looked first.
    check: Span,
    /// When it may fence the next one.
    free_at: Instant,
}

impl Sessions {
    /// Brokers and controller started at random moments before the run.
    pub fn new(brokers: usize, interval: Span, timeout: Span, draws: &mut Stream) -> Self {
        let mut below = |span: Span| Span::from_us(draws.below(span.as_us().max(1)));
        Sessions {
            interval,
            timeout,
            phases: (0..brokers).map(|_| below(interval)).collect(),
            check: below(Self::period(timeout)),
            free_at: Instant::ZERO,
        }
    }

    /// How often the controller looks: eight times within a session.
    fn period(timeout: Span) -> Span {
        Span::from_us((timeout.as_us() / 8).max(1_000))
    }

    /// A broker that started reports from then on.
    pub fn began(&mut self, broker: BrokerId, now: Instant) {
        let interval = self.interval.as_us().max(1);
        self.phases[broker.index() - 1] = Span::from_us(now.as_us() % interval);
    }

    /// When the controller fences a broker that fell silent at `since`.
    pub fn ends(&self, broker: BrokerId, since: Instant) -> Instant {
        let interval = self.interval.as_us().max(1);
        let phase = self.phases[broker.index() - 1].as_us();
        // Before the first heartbeat of the run there was another one, of which time knows nothing.
        let since_phase = since.as_us() + interval - phase;
        let last = (since.as_us() + interval) - since_phase % interval;
        let stale = last + self.timeout.as_us() - interval;
        let (check, period) = (self.check.as_us(), Self::period(self.timeout).as_us());
        // The first look after the session's end.
        let looks = (stale + 1).saturating_sub(check).div_ceil(period);
        Instant::from_us((check + looks * period).max(since.as_us()))
    }

    /// The controller fences one broker at a time. `None`: it may fence one now; else when.
    pub fn fence(&mut self, now: Instant) -> Option<Instant> {
        if now < self.free_at {
            return Some(self.free_at);
        }
        self.free_at = now + NEXT;
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::random::{Purpose, Streams};

    const SECOND: Span = Span::from_secs(1);

    fn sessions(seed: u64) -> Sessions {
        let mut draws = Streams::new(seed).stream("controller", Purpose("sessions"));
        Sessions::new(3, Span::from_secs(2), Span::from_secs(9), &mut draws)
    }

    #[test]
    fn a_dead_broker_is_noticed_after_seven_to_ten_seconds() {
        let mut all: Vec<u64> = Vec::new();
        for seed in 0..200 {
            let died = Instant::from_secs(16) + SECOND * (seed % 3);
            let fenced = sessions(seed).ends(BrokerId(2), died);
            all.push(fenced.since(died).as_ms());
        }
        let (least, most) = (all.iter().min().unwrap(), all.iter().max().unwrap());
        assert!(
            (7_000..7_500).contains(least) && (9_700..=10_125).contains(most),
            "{least} {most}"
        );
    }

    #[test]
    fn the_last_heartbeat_begins_the_session() {
        let mut sessions = sessions(1);
        sessions.phases = vec![Span::from_ms(500); 3];
        sessions.check = Span::ZERO;
        // Last heartbeat at 14.5 s, session to 23.5 s, looked at every 1.125 s: at 23.625 s.
        let ends =
            |ms: u64| sessions.ends(BrokerId(1), Instant::from_us(ms * 1_000)).as_us() / 1_000;
        assert_eq!(ends(16_499), 23_625);
        assert_eq!(ends(14_500), 23_625);
        assert_eq!(ends(16_500), 25_875);
        assert_eq!(ends(100), 7_875);
    }

    #[test]
    fn dead_brokers_are_fenced_one_by_one() {
        let mut sessions = sessions(1);
        let at = Instant::from_secs(9);
        assert_eq!(sessions.fence(at), None);
        let next = sessions.fence(at).unwrap();
        assert_eq!(next, at + Span::from_ms(10));
        assert_eq!(sessions.fence(next), None);
    }
}
